//! Media types of parts: what the contract says, which may be several, and what a part has.

/// Media types that the contract says of each part: property, list separated by commas.
pub(super) type Types<'a> = &'a [(&'a str, &'a str)];

/// What the contract says of a part.
pub(super) fn said<'a>(types: Types<'a>, name: &str) -> Option<&'a str> {
    types.iter().find(|(of, _)| *of == name).map(|(_, said)| *said)
}

fn each(said: &str) -> impl Iterator<Item = &str> + Clone {
    said.split(',').map(str::trim).filter(|one| !one.is_empty())
}

/// The media type that a value is written in. Of several, JSON if it is the first; a range says nothing.
pub(super) fn of_value(said: &str) -> Option<&str> {
    let mut all = each(said);
    let first = all.next()?;
    ((all.next().is_none() || is_json(first)) && !first.contains('*')).then_some(first)
}

/// The media type of a file that says none: the one of the contract that the file's name shows, else its first.
pub(super) fn of_file<'a>(said: &'a str, file_name: Option<&str>) -> Option<&'a str> {
    let ending = file_name.and_then(|name| Some(name.rsplit_once('.')?.1.to_ascii_lowercase()));
    let is_shown = |media_type: &&str| {
        let subtype = essence(media_type)
            .rsplit('/')
            .next()
            .map(str::to_ascii_lowercase);
        let subtype = subtype.as_deref().map(|subtype| subtype.trim_end_matches("+xml"));
        match ending.as_deref() {
            None => false,
            Some("jpg") => subtype == Some("jpeg"),
            Some("tif") => subtype == Some("tiff"),
            Some("txt") => subtype == Some("plain"),
            ending => subtype == ending,
        }
    };
    let mut concrete = each(said).filter(|media_type| !media_type.contains('*'));
    let first = concrete.clone().next();
    concrete.find(is_shown).or(first)
}

/// Whether a part of this media type is one that the contract says.
pub(super) fn fits(said: &str, media_type: &str) -> bool {
    let found = essence(media_type);
    let mut all = each(said).map(essence).peekable();
    all.peek().is_none()
        || all.any(|wanted| match wanted.strip_suffix('*') {
            Some("*/" | "") => true,
            Some(range) => found
                .get(..range.len())
                .is_some_and(|start| start.eq_ignore_ascii_case(range)),
            None => wanted.eq_ignore_ascii_case(found),
        })
}

pub(super) fn is_json(media_type: &str) -> bool {
    let essence = essence(media_type);
    essence.eq_ignore_ascii_case("application/json") || essence.to_ascii_lowercase().ends_with("+json")
}

/// The media type without its parameters.
fn essence(media_type: &str) -> &str {
    media_type.split(';').next().unwrap_or_default().trim()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_without_a_media_type_has_the_one_of_the_contract_that_its_name_shows() {
        let said = "image/png, image/jpeg,image/svg+xml";
        for (name, expected) in [
            (Some("a.JPG"), "image/jpeg"),
            (Some("a.b.svg"), "image/svg+xml"),
            (Some("a.gif"), "image/png"),
            (Some("png"), "image/png"),
            (None, "image/png"),
        ] {
            assert_eq!(of_file(said, name), Some(expected), "{name:?}");
        }
        assert_eq!(of_file("image/*, text/plain", Some("a.png")), Some("text/plain"));
        assert_eq!(of_file("*/*", Some("a.png")), None);
    }

    #[test]
    fn a_value_is_written_in_the_only_media_type_or_in_json_if_it_is_the_first() {
        assert_eq!(of_value("text/markdown"), Some("text/markdown"));
        assert_eq!(
            of_value("application/geo+json, text/plain"),
            Some("application/geo+json")
        );
        assert_eq!(of_value("text/plain, application/json"), None);
        assert_eq!(of_value("text/*"), None);
    }

    #[test]
    fn media_types_fit_lists_and_ranges_whatever_their_parameters() {
        for (said, media_type, expected) in [
            ("image/png, image/jpeg", "IMAGE/JPEG", true),
            ("image/png, image/jpeg", "image/gif", false),
            ("image/*", "image/gif; q=1", true),
            ("image/*", "imag", false),
            ("image/*", "video/mp4", false),
            ("*/*", "video/mp4", true),
            ("", "video/mp4", true),
            ("text/plain; charset=utf-8", "text/plain", true),
        ] {
            assert_eq!(fits(said, media_type), expected, "{media_type} of {said}");
        }
    }
}
