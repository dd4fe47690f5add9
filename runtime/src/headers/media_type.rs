//! Media types, as headers write them.

use http::{HeaderMap, header};

/// The media type of a body, without parameters and in lower case.
pub(crate) fn content_type(headers: &HeaderMap) -> Option<String> {
    Some(essence(headers.get(header::CONTENT_TYPE)?.to_str().ok()?))
}

/// A media type without parameters, in lower case.
pub(crate) fn essence(media_type: &str) -> String {
    let essence = media_type.split(';').next().unwrap_or(media_type);
    essence.trim().to_ascii_lowercase()
}

/// Whether it is XML by its name.
pub(crate) fn is_xml(media_type: &str) -> bool {
    matches!(media_type, "application/xml" | "text/xml") || media_type.ends_with("+xml")
}

/// Whether it is JSON by its name.
pub(crate) fn is_json(media_type: &str) -> bool {
    matches!(media_type, "application/json" | "text/json") || media_type.ends_with("+json")
}
