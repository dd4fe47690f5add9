//! Dates and times with the values of `chrono` (feature `chrono`).

use ::chrono::{FixedOffset, NaiveDate, NaiveTime, SecondsFormat, TimeDelta, TimeZone};

use super::{Format, Node, NodeMut, Value, formatted_text, span};

formatted_text! {
    /// A point in time (RFC 3339 `date-time`), kept as the text it came as.
    DateTime, Format::DateTime, "an RFC 3339 date-time such as 2025-12-30T10:00:00Z",
    as ::chrono::DateTime<FixedOffset>,
    |text| ::chrono::DateTime::parse_from_rfc3339(text).ok(),
    |time| time.to_rfc3339_opts(SecondsFormat::AutoSi, true)
}

formatted_text! {
    /// A day (RFC 3339 `full-date`), kept as the text it came as.
    Date, Format::Date, "an RFC 3339 full-date such as 2025-12-30",
    as NaiveDate, |text| text.parse().ok(), NaiveDate::to_string
}

formatted_text! {
    /// A time of day (RFC 3339 `full-time`), kept as the text it came as. Its value leaves out how far it is from UTC;
    /// one that is made of a value is in UTC.
    Time, Format::Time, "an RFC 3339 full-time such as 10:00:00Z",
    as NaiveTime, |text| span::time_of_day(text).parse().ok(), |time| format!("{time}Z")
}

formatted_text! {
    /// How long something takes (RFC 3339 appendix A), kept as the text it came as. Years and months have no fixed
    /// length, and so no value; a day is one of 24 hours.
    Duration, Format::Duration, "an ISO 8601 duration of a fixed length such as P3DT12H30M",
    as TimeDelta,
    |text| {
        let length = span::length(text)?;
        TimeDelta::new(length.as_secs(), u32::try_from(length.subsec_nanos()).ok()?)
    },
    |delta| ::jiff::SignedDuration::new(delta.num_seconds(), delta.subsec_nanos()).to_string()
}

impl From<::chrono::DateTime<::chrono::Utc>> for DateTime {
    fn from(time: ::chrono::DateTime<::chrono::Utc>) -> Self {
        Self::of(&time)
    }
}

impl DateTime {
    /// This point in time, of whatever zone it is.
    pub fn of<Z: TimeZone>(time: &::chrono::DateTime<Z>) -> Self {
        time.fixed_offset().into()
    }
}
