//! Since when an operation is deprecated, and when it ends.

/// Since when an operation is deprecated, and when it ends.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Lifecycle {
    /// When it became deprecated.
    pub since: Option<Moment>,
    /// When it ends.
    pub sunset: Option<Moment>,
}

/// A date, or a date and time in UTC.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Moment {
    /// As written.
    pub text: String,
    /// Seconds since 1970 began in UTC.
    pub seconds: i64,
}

impl Moment {
    /// Reads a date (`2027-01-31`), or a date and time of RFC 3339.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let number = |range: std::ops::Range<usize>| -> Option<i64> {
            let digits = text.get(range)?;
            let all = digits.bytes().all(|c| c.is_ascii_digit());
            all.then(|| digits.parse().ok()).flatten()
        };
        let is =
            |at: usize, characters: &[u8]| text.as_bytes().get(at).is_some_and(|c| characters.contains(c));
        let (year, month, day) = (number(0..4)?, number(5..7)?, number(8..10)?);
        let is_date = is(4, b"-") && is(7, b"-") && (1..=12).contains(&month) && (1..=31).contains(&day);
        let midnight = days(year, month, day) * 86_400;
        if !is_date {
            return None;
        }
        let seconds = if text.len() == 10 {
            midnight
        } else {
            let is_time = is(10, b"Tt ") && is(13, b":") && is(16, b":");
            let (hour, minute, second) = (number(11..13)?, number(14..16)?, number(17..19)?);
            let rest = text.get(19..)?;
            let zone = rest.trim_start_matches(|c: char| c == '.' || c.is_ascii_digit());
            let within = is_time && hour < 24 && minute < 60 && second <= 60;
            if !within {
                return None;
            }
            midnight + hour * 3600 + minute * 60 + second - offset(zone)?
        };
        Some(Self {
            text: text.to_owned(),
            seconds,
        })
    }
}

/// The seconds by which a zone is ahead of UTC: `Z`, `+02:00`.
fn offset(zone: &str) -> Option<i64> {
    if zone.eq_ignore_ascii_case("z") {
        return Some(0);
    }
    let (sign, rest) = match zone.split_at_checked(1)? {
        ("+", rest) => (1, rest),
        ("-", rest) => (-1, rest),
        _ => return None,
    };
    let (hours, minutes) = rest.split_once(':')?;
    let (hours, minutes): (i64, i64) = (hours.parse().ok()?, minutes.parse().ok()?);
    ((0..24).contains(&hours) && (0..60).contains(&minutes)).then_some(sign * (hours * 3600 + minutes * 60))
}

/// Days from 1970-01-01 to a day of the Gregorian calendar (Hinnant, "chrono-Compatible Low-Level Date Algorithms").
fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let of_era = year.rem_euclid(400);
    let of_year = (153 * (month + if month > 2 { -3 } else { 9 }) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_and_times_are_read_as_seconds() {
        for (text, seconds) in [
            ("1970-01-01", 0),
            ("2000-03-01", 951_868_800),
            ("2027-01-31", 1_801_353_600),
            ("2023-06-30T23:59:59Z", 1_688_169_599),
            ("2023-07-01T01:59:59.25+02:00", 1_688_169_599),
        ] {
            assert_eq!(
                Moment::parse(text).map(|moment| moment.seconds),
                Some(seconds),
                "{text}"
            );
        }
        for text in [
            "",
            "soon",
            "2027-13-01",
            "2027-1-1",
            "2027-01-31T",
            "2027-01-31T10:00:00",
            "\u{e4}027-01-31",
        ] {
            assert_eq!(Moment::parse(text), None, "{text}");
        }
    }
}
