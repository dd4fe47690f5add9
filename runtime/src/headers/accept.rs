//! `Accept`: which media types a caller wants (RFC 9110, section 12.5.1).

use http::{HeaderMap, header};

use super::media_type::{essence, is_json};

/// The greatest quality: it is wanted as much as can be.
const FULL: u16 = 1000;

/// What a caller accepts.
#[derive(Debug, Clone, Default)]
pub(crate) struct Accept {
    /// Ranges and their qualities in thousandths. Empty: anything will do.
    ranges: Vec<(String, u16)>,
}

impl Accept {
    /// What the headers say. What cannot be read of them is passed over.
    pub(crate) fn of(headers: &HeaderMap) -> Self {
        let lines = headers.get_all(header::ACCEPT);
        let lines = lines.iter().filter_map(|line| line.to_str().ok());
        let ranges = lines.flat_map(|line| line.split(',')).filter_map(range);
        Self {
            ranges: ranges.collect(),
        }
    }

    /// How much a media type is wanted, from 0 to 1000.
    pub(crate) fn quality_of(&self, media_type: &str, is_json_value: bool) -> u16 {
        if self.ranges.is_empty() {
            return FULL;
        }
        let offered = essence(media_type);
        // The most specific range decides.
        let mut best = (0, 0);
        for (range, quality) in &self.ranges {
            let precision = precision(range, &offered, is_json_value);
            if precision > best.0 {
                best = (precision, *quality);
            }
        }
        best.1
    }

    /// Which of `offered` is wanted most: the first of equals.
    pub(crate) fn preferred<'m>(&self, offered: &[&'m str]) -> Option<&'m str> {
        let mut best: Option<(&str, u16)> = None;
        for media_type in offered {
            let quality = self.quality_of(media_type, is_json(&essence(media_type)));
            if quality > best.map_or(0, |(_, known)| known) {
                best = Some((media_type, quality));
            }
        }
        best.map(|(media_type, _)| media_type)
    }
}

/// How exactly `range` describes what is offered, which may be a range itself. 0: not at all.
fn precision(range: &str, offered: &str, is_json_value: bool) -> u8 {
    let in_range = |range: &str, one: &str| {
        range
            .strip_suffix('*')
            .is_some_and(|start| one.starts_with(start))
    };
    if range == offered {
        4
    } else if is_json_value && is_json(range) && (is_json(offered) || offered.contains('*')) {
        3
    } else if range == "*/*" {
        1
    } else if in_range(range, offered) || offered == "*/*" || in_range(offered, range) {
        2
    } else {
        0
    }
}

/// A range and its quality. `None`: it is no media range.
fn range(text: &str) -> Option<(String, u16)> {
    let range = essence(text);
    let parameters = text.split(';').skip(1);
    let mut qualities = parameters.filter_map(|parameter| {
        let (name, value) = parameter.split_once('=')?;
        name.trim()
            .eq_ignore_ascii_case("q")
            .then(|| value.trim().parse::<f32>())
    });
    let quality = match qualities.next() {
        None => FULL,
        Some(Ok(quality)) if (0.0..=1.0).contains(&quality) => (quality * f32::from(FULL)).round() as u16,
        Some(_) => return None,
    };
    // Some clients mean everything by a lone star.
    let range = if range == "*" { "*/*".to_owned() } else { range };
    range.contains('/').then_some((range, quality))
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn accept(text: &'static str) -> Accept {
        let mut headers = HeaderMap::new();
        headers.insert(header::ACCEPT, HeaderValue::from_static(text));
        Accept::of(&headers)
    }

    #[test]
    fn the_most_specific_range_decides() {
        let accept =
            accept("text/*;q=0.3, text/html;q=0.7, text/csv;level=1;q=0, */*;q=0.5, broken, text/x;q=2");
        for (media_type, expected) in [
            ("text/plain", 300),
            ("text/html", 700),
            ("text/csv", 0),
            ("image/png", 500),
            ("TEXT/HTML; charset=utf-8", 700),
        ] {
            assert_eq!(accept.quality_of(media_type, false), expected, "{media_type}");
        }
    }

    #[test]
    fn one_kind_of_json_stands_for_another() {
        let accept = accept("application/vnd.pets+json, text/csv;q=0.2");
        assert_eq!(accept.quality_of("application/json", true), FULL);
        assert_eq!(accept.quality_of("application/pdf", false), 0);
        assert_eq!(
            accept.preferred(&["text/csv", "application/json"]),
            Some("application/json")
        );
        assert_eq!(accept.preferred(&["application/pdf"]), None);
    }

    #[test]
    fn who_says_nothing_takes_anything() {
        let accept = Accept::default();
        assert_eq!(
            accept.preferred(&["text/csv", "application/json"]),
            Some("text/csv")
        );
    }

    #[test]
    fn a_range_that_is_offered_is_wanted_by_who_wants_one_of_it() {
        assert_eq!(accept("image/png").quality_of("image/*", false), FULL);
        assert_eq!(accept("text/html").quality_of("image/*", false), 0);
        assert_eq!(accept("text/html").quality_of("*/*", false), FULL);
    }
}
