//! Dates and times with the values of the `time` crate (feature `time`).

use ::time::format_description::well_known::Rfc3339;
use ::time::{Month, OffsetDateTime, UtcOffset};

use super::{Format, Node, NodeMut, Value, formatted_text, span};

formatted_text! {
    /// A point in time (RFC 3339 `date-time`), kept as the text it came as.
    DateTime, Format::DateTime, "an RFC 3339 date-time such as 2025-12-30T10:00:00Z",
    as OffsetDateTime, point, write_point
}

formatted_text! {
    /// A day (RFC 3339 `full-date`), kept as the text it came as.
    Date, Format::Date, "an RFC 3339 full-date such as 2025-12-30",
    as ::time::Date, day, ::time::Date::to_string
}

formatted_text! {
    /// A time of day (RFC 3339 `full-time`), kept as the text it came as. Its value leaves out how far it is from UTC, and
    /// is the last moment before a leap second in it; one that is made of a value is in UTC.
    Time, Format::Time, "an RFC 3339 full-time such as 10:00:00Z",
    as ::time::Time, time_of_day, write_time_of_day
}

formatted_text! {
    /// How long something takes (RFC 3339 appendix A), kept as the text it came as. Years and months have no fixed
    /// length, and so no value; a day is one of 24 hours.
    Duration, Format::Duration, "an ISO 8601 duration of a fixed length such as P3DT12H30M",
    as ::time::Duration,
    |text| {
        let length = span::length(text)?;
        Some(::time::Duration::new(length.as_secs(), length.subsec_nanos()))
    },
    |length| ::jiff::SignedDuration::new(length.whole_seconds(), length.subsec_nanoseconds()).to_string()
}

/// The crate reads no lower case letters, and no space.
fn point(text: &str) -> Option<OffsetDateTime> {
    let (date, time) = text.split_at_checked(10)?;
    let text = format!("{date}T{}", time.get(1..)?.to_ascii_uppercase());
    OffsetDateTime::parse(&text, &Rfc3339).ok()
}

/// An offset with seconds, which RFC 3339 does not know, becomes UTC.
fn write_point(time: &OffsetDateTime) -> String {
    let in_utc = || time.to_offset(UtcOffset::UTC).format(&Rfc3339);
    let written = time.format(&Rfc3339).or_else(|_| in_utc());
    written.unwrap_or_else(|_| time.to_string())
}

fn day(text: &str) -> Option<::time::Date> {
    let mut parts = text.splitn(3, '-');
    let year = parts.next()?.parse().ok()?;
    let month = Month::try_from(parts.next()?.parse::<u8>().ok()?).ok()?;
    ::time::Date::from_calendar_date(year, month, parts.next()?.parse().ok()?).ok()
}

fn time_of_day(text: &str) -> Option<::time::Time> {
    let clock = span::time_of_day(text).parse::<jiff::civil::Time>().ok()?;
    let part = |part: i8| u8::try_from(part).ok();
    let (hour, minute, second) = (part(clock.hour())?, part(clock.minute())?, part(clock.second())?);
    let is_leap = text.get(6..8) == Some("60");
    let fraction = if is_leap {
        999_999_999
    } else {
        u32::try_from(clock.subsec_nanosecond()).ok()?
    };
    ::time::Time::from_hms_nano(hour, minute, second, fraction).ok()
}

fn write_time_of_day(time: &::time::Time) -> String {
    let (hour, minute, second, nanoseconds) = time.as_hms_nano();
    let fraction = format!(".{nanoseconds:09}");
    let fraction = fraction.trim_end_matches('0').trim_end_matches('.');
    format!("{hour:02}:{minute:02}:{second:02}{fraction}Z")
}
