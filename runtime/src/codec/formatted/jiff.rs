//! Dates and times with the values of `jiff`: what generated code uses unless another library is asked for.

use jiff::fmt::temporal::SpanParser;

use super::{Format, InvalidFormat, Node, NodeMut, Value, formatted_text, span};

formatted_text! {
    /// A point in time (RFC 3339 `date-time`), kept as the text it came as.
    DateTime, Format::DateTime, "an RFC 3339 date-time such as 2025-12-30T10:00:00Z",
    as jiff::Timestamp, |text| text.parse().ok(), jiff::Timestamp::to_string
}

formatted_text! {
    /// A day (RFC 3339 `full-date`), kept as the text it came as.
    Date, Format::Date, "an RFC 3339 full-date such as 2025-12-30",
    as jiff::civil::Date, |text| text.parse().ok(), jiff::civil::Date::to_string
}

formatted_text! {
    /// A time of day (RFC 3339 `full-time`), kept as the text it came as. Its value leaves out how far it is from UTC;
    /// one that is made of a value is in UTC.
    Time, Format::Time, "an RFC 3339 full-time such as 10:00:00Z",
    as jiff::civil::Time, |text| span::time_of_day(text).parse().ok(), |time| format!("{time}Z")
}

formatted_text! {
    /// How long something takes (RFC 3339 appendix A), kept as the text it came as.
    Duration, Format::Duration, "an ISO 8601 duration such as P3DT12H30M",
    as jiff::Span, |text| SpanParser::new().parse_span(text).ok(), jiff::Span::to_string
}

impl DateTime {
    /// This point in time, in UTC.
    pub fn from_timestamp(timestamp: jiff::Timestamp) -> Self {
        timestamp.into()
    }

    /// The current time, in UTC.
    pub fn now() -> Self {
        Self::from_timestamp(jiff::Timestamp::now())
    }

    /// The point in time that the text means.
    pub fn timestamp(&self) -> Result<jiff::Timestamp, InvalidFormat> {
        self.value()
    }
}
