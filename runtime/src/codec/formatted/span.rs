//! Durations of a fixed length.

use jiff::fmt::temporal::SpanParser;
use jiff::{SignedDuration, SpanRelativeTo};

/// The length of an ISO 8601 duration. Years and months have none: they depend on when they begin.
#[cfg_attr(not(any(feature = "chrono", feature = "time")), allow(dead_code))]
pub(super) fn length(text: &str) -> Option<SignedDuration> {
    let span = SpanParser::new().parse_span(text).ok()?;
    let day = SpanRelativeTo::days_are_24_hours();
    span.to_duration(day).ok()
}

/// The part of an RFC 3339 `full-time` that is the time of day, without how far it is from UTC.
pub(super) fn time_of_day(text: &str) -> &str {
    let end = text.find(['Z', 'z', '+', '-']).unwrap_or(text.len());
    &text[..end]
}
