//! That an operation is deprecated, as contracts and headers say it: `Deprecation` (RFC 9745) and `Sunset` (RFC 8594).

#[cfg(any(feature = "server", test))]
use http::HeaderValue;
use http::{HeaderMap, HeaderName};
#[cfg(feature = "server")]
use jiff::Timestamp;
use jiff::fmt::rfc2822;

/// RFC 9745, 2.
pub(crate) const DEPRECATION: HeaderName = HeaderName::from_static("deprecation");
/// RFC 8594, 3.
pub(crate) const SUNSET: HeaderName = HeaderName::from_static("sunset");

/// That an operation is deprecated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Deprecation {
    /// When it became so or will, in seconds since 1970 began in UTC, where that is said.
    pub since: Option<i64>,
    /// When it ends, in seconds since 1970 began in UTC, where that is said.
    pub sunset: Option<i64>,
}

impl Deprecation {
    /// What the headers of a reply say. Drafts of RFC 9745 said `true` in the place of a date; that is read, too.
    pub fn of(headers: &HeaderMap) -> Option<Self> {
        let text = |name: HeaderName| {
            headers
                .get(name)
                .map(|value| value.to_str().unwrap_or_default().trim())
        };
        let (deprecation, sunset) = (text(DEPRECATION), text(SUNSET));
        if deprecation.is_none_or(|text| text.eq_ignore_ascii_case("false")) && sunset.is_none() {
            return None;
        }
        let seconds = |text: &str| match text.strip_prefix('@') {
            Some(seconds) => seconds.parse().ok(),
            None => date(text),
        };
        Some(Self {
            since: deprecation.and_then(seconds),
            sunset: sunset.and_then(date),
        })
    }

    /// Writes the headers of a reply, unless it has them.
    #[cfg(feature = "server")]
    pub(crate) fn write(&self, headers: &mut HeaderMap) {
        // Where nothing is said of when, it was long ago.
        let since = HeaderValue::from_str(&format!("@{}", self.since.unwrap_or(0)));
        if let Ok(since) = since {
            headers.entry(DEPRECATION).or_insert(since);
        }
        let sunset = self.sunset.and_then(|seconds| {
            let date = Timestamp::from_second(seconds).ok()?;
            let text = rfc2822::DateTimePrinter::new()
                .timestamp_to_rfc9110_string(&date)
                .ok()?;
            HeaderValue::from_str(&text).ok()
        });
        if let Some(sunset) = sunset {
            headers.entry(SUNSET).or_insert(sunset);
        }
    }
}

fn date(text: &str) -> Option<i64> {
    Some(rfc2822::parse(text).ok()?.timestamp().as_second())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(all: &[(&'static str, &'static str)]) -> HeaderMap {
        let pair = |(name, value): &(&'static str, &'static str)| {
            (HeaderName::from_static(name), HeaderValue::from_static(value))
        };
        all.iter().map(pair).collect()
    }

    #[test]
    fn headers_say_since_when_and_until_when() {
        let said = Deprecation::of(&headers(&[
            ("deprecation", "@1688169599"),
            ("sunset", "Sun, 31 Jan 2027 00:00:00 GMT"),
        ]));
        let both = Deprecation {
            since: Some(1_688_169_599),
            sunset: Some(1_801_353_600),
        };
        assert_eq!(said, Some(both));
        let nothing = Deprecation {
            since: None,
            sunset: None,
        };
        assert_eq!(
            Deprecation::of(&headers(&[("deprecation", "true")])),
            Some(nothing)
        );
        assert_eq!(Deprecation::of(&headers(&[("sunset", "soon")])), Some(nothing));
        assert_eq!(Deprecation::of(&headers(&[("deprecation", "false")])), None);
        assert_eq!(Deprecation::of(&HeaderMap::new()), None);
    }

    #[cfg(feature = "server")]
    #[test]
    fn what_is_written_reads_back() {
        let deprecation = Deprecation {
            since: Some(1_688_169_599),
            sunset: Some(1_801_353_600),
        };
        let mut written = HeaderMap::new();
        deprecation.write(&mut written);
        assert_eq!(written["sunset"], "Sun, 31 Jan 2027 00:00:00 GMT");
        assert_eq!(Deprecation::of(&written), Some(deprecation));
    }
}
