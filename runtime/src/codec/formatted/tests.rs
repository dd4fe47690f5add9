//! What is well-formed has a value in each library, and keeps its text.

use super::{DateTime, Ipv4, Ipv6};

const POINTS: [&str; 8] = [
    "2025-12-30T10:00:00Z",
    "2025-12-30T10:00:00.000Z",
    "2025-12-30t10:00:00.123456789z",
    "2025-12-30 10:00:00+05:30",
    "2025-12-30T10:00:00-00:00",
    "1937-01-01T12:00:27.87+00:20",
    "1990-12-31T23:59:60Z",
    "0001-01-01T00:00:00Z",
];
const DAYS: [&str; 3] = ["2025-12-30", "2024-02-29", "0001-01-01"];
const TIMES: [&str; 5] = [
    "10:00:00Z",
    "10:00:00.5+02:00",
    "23:59:60Z",
    "00:00:00.000000001z",
    "10:00:00-00:00",
];
const FIXED: [(&str, i64); 4] = [
    ("P3DT12H30M5S", 3 * 86_400 + 12 * 3_600 + 30 * 60 + 5),
    ("PT36H", 36 * 3_600),
    ("P2W", 14 * 86_400),
    ("PT0S", 0),
];

macro_rules! keep_their_texts {
    ($($name:ident: $dates:path, $day:path, $time:path, $duration:path;)*) => {$(
        #[test]
        fn $name() {
            use $dates as DateTime;
            use $day as Date;
            use $time as Time;
            use $duration as Duration;
            for text in POINTS {
                let point = DateTime::parse(text).expect(text);
                let value = point.value().unwrap_or_else(|error| panic!("{text}: {error}"));
                assert_eq!(point.as_str(), text);
                let again = DateTime::from(value);
                assert!(again.is_well_formed(), "{text} became {again}");
                assert_eq!(again.value().expect(text), value, "{text} became {again}");
            }
            for text in DAYS {
                let value = Date::parse(text).expect(text).value().expect(text);
                assert_eq!(Date::from(value).as_str(), text);
            }
            for text in TIMES {
                let time = Time::parse(text).expect(text);
                let value = time.value().unwrap_or_else(|error| panic!("{text}: {error}"));
                let again = Time::from(value);
                assert_eq!(again.value().expect("made of a value"), value, "{text} became {again}");
            }
            for (text, _) in FIXED {
                let value = Duration::parse(text).expect(text).value().expect(text);
                assert!(Duration::from(value).is_well_formed(), "{text}");
            }
            for text in ["yesterday", "2025-02-30T10:00:00Z", ""] {
                let point = DateTime::from_text(text);
                assert!(point.value().is_err(), "{text}");
                assert_eq!(point.as_str(), text);
            }
        }
    )*};
}

keep_their_texts! {
    texts_of_jiff_are_kept: super::DateTime, super::Date, super::Time, super::Duration;
}

#[cfg(feature = "chrono")]
keep_their_texts! {
    texts_of_chrono_are_kept:
        super::chrono::DateTime, super::chrono::Date, super::chrono::Time, super::chrono::Duration;
}

#[cfg(feature = "time")]
keep_their_texts! {
    texts_of_time_are_kept: super::time::DateTime, super::time::Date, super::time::Time, super::time::Duration;
}

#[test]
fn one_point_in_time_is_the_same_in_each_library() {
    for text in POINTS.into_iter().filter(|text| !text.contains(":60")) {
        let milliseconds = DateTime::parse(text)
            .expect(text)
            .timestamp()
            .expect(text)
            .as_millisecond();
        #[cfg(feature = "chrono")]
        {
            let chrono = super::chrono::DateTime::parse(text)
                .expect(text)
                .value()
                .expect(text);
            assert_eq!(chrono.timestamp_millis(), milliseconds, "{text}");
        }
        #[cfg(feature = "time")]
        {
            let time = super::time::DateTime::parse(text)
                .expect(text)
                .value()
                .expect(text);
            let nanoseconds = i128::from(milliseconds) * 1_000_000;
            assert_eq!(
                time.unix_timestamp_nanos() / 1_000_000,
                nanoseconds / 1_000_000,
                "{text}"
            );
        }
        let _ = milliseconds;
    }
}

#[cfg(all(feature = "chrono", feature = "time"))]
#[test]
fn durations_have_a_value_where_their_length_is_fixed() {
    use super::{Duration, chrono, time};
    for (text, seconds) in FIXED {
        let length = chrono::Duration::parse(text).expect(text).value().expect(text);
        assert_eq!(length.num_seconds(), seconds, "{text}");
        let length = time::Duration::parse(text).expect(text).value().expect(text);
        assert_eq!(length.whole_seconds(), seconds, "{text}");
    }
    for text in ["P1Y", "P2M", "P1Y2M3DT4H"] {
        assert!(Duration::parse(text).expect(text).value().is_ok(), "{text}");
        assert!(
            chrono::Duration::parse(text).expect(text).value().is_err(),
            "{text}"
        );
        assert!(
            time::Duration::parse(text).expect(text).value().is_err(),
            "{text}"
        );
    }
}

#[test]
fn addresses_keep_how_they_are_written() {
    let address = Ipv6::parse("0:0::1").expect("an address");
    assert_eq!(address.value(), Ok(std::net::Ipv6Addr::LOCALHOST));
    assert_eq!(address.as_str(), "0:0::1");
    assert_eq!(Ipv6::from(std::net::Ipv6Addr::LOCALHOST).as_str(), "::1");
    assert_eq!(Ipv4::from(std::net::Ipv4Addr::LOCALHOST).as_str(), "127.0.0.1");
    assert!(Ipv4::parse("127.0.0.01").is_err());
    assert!(Ipv4::from_text("127.0.0.01").value().is_err());
}
