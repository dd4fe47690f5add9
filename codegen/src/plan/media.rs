//! Media types: what the runtime's tables say of each, and what variants are called that stand for one.

use tieline_contract::model::{Encoding, FormStyle, InputPlace, Media, TypeUse};

use super::docs::Docs;
use super::name::{self, Case};
use super::replies;
use super::route::query_style;
use super::ty::{Names, RustType};
use super::xml::XmlPlan;

/// A media type in the runtime's tables.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct MediaPlan {
    pub(crate) encoding: &'static str,
    pub(crate) media_type: String,
    /// The media types of parts: property, media type.
    pub(crate) parts: Vec<(String, String)>,
    /// The styles of a form's properties: property, style.
    pub(crate) styles: Vec<(String, String)>,
    /// The table of its elements, where it is XML.
    pub(crate) xml: Option<XmlPlan>,
}

/// One of several types that a request's body can have: a variant.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct BodyPlan {
    pub(crate) name: String,
    pub(crate) docs: Docs,
    pub(crate) ty: RustType,
    /// Whether no other variant has its type, so that it turns into the body by itself.
    pub(crate) from: bool,
}

/// What a request's body is written as: for each of its types the media types that carry it.
pub(crate) fn of_request(place: &InputPlace) -> Vec<Vec<MediaPlan>> {
    let InputPlace::Body {
        media_type,
        encoding,
        parts,
        styles,
        xml,
        also,
        others,
    } = place
    else {
        return Vec::new();
    };
    let first = Media {
        media_type: media_type.clone(),
        encoding: *encoding,
        parts: parts.clone(),
        styles: styles.clone(),
        xml: xml.clone(),
    };
    let own = std::iter::once(&first).chain(also).map(plan).collect();
    let others = others.iter().map(|other| other.media.iter().map(plan).collect());
    std::iter::once(own).chain(others).collect()
}

/// What all of a query is written as.
pub(crate) fn of_query(encoding: Encoding, styles: &[(String, FormStyle)]) -> MediaPlan {
    let (encoding, media_type) = match encoding {
        Encoding::Form => ("Form", "application/x-www-form-urlencoded"),
        Encoding::Json => ("Json", "application/json"),
        _ => ("Text", "text/plain"),
    };
    MediaPlan {
        encoding,
        media_type: media_type.to_owned(),
        parts: Vec::new(),
        styles: self::styles(styles),
        xml: None,
    }
}

fn styles(styles: &[(String, FormStyle)]) -> Vec<(String, String)> {
    let written = |style: &FormStyle| {
        let reserved = if style.reserved { " + reserved" } else { "" };
        format!("{}{reserved}", query_style(style.style))
    };
    let styles = styles.iter();
    styles
        .map(|(property, style)| (property.clone(), written(style)))
        .collect()
}

fn plan(media: &Media) -> MediaPlan {
    MediaPlan {
        encoding: match media.encoding {
            Encoding::Bytes => "Octets",
            other => replies::encoding(other).unwrap_or("Octets"),
        },
        media_type: media.media_type.clone(),
        parts: media.parts.clone(),
        styles: styles(&media.styles),
        xml: media.xml.as_deref().map(XmlPlan::of),
    }
}

/// The variants of a body of several types. Empty: it has one.
pub(crate) fn bodies(names: &Names<'_>, value: &TypeUse, place: &InputPlace) -> Vec<BodyPlan> {
    let InputPlace::Body {
        media_type,
        encoding,
        also,
        others,
        ..
    } = place
    else {
        return Vec::new();
    };
    if others.is_empty() {
        return Vec::new();
    }
    let own = (value, *encoding, media_type.as_str(), &**also);
    let others = others.iter().filter_map(|other| {
        let (first, also) = other.media.split_first()?;
        Some((&other.value, first.encoding, first.media_type.as_str(), also))
    });
    let all: Vec<_> = std::iter::once(own).chain(others).collect();
    let words: Vec<String> = (all.iter())
        .map(|(_, encoding, media_type, also)| word(*encoding, media_type, also))
        .collect();
    let types: Vec<RustType> = (all.iter())
        .map(|(value, encoding, ..)| {
            replies::stream(names, *encoding, value).map_or_else(|| names.whole(value), |(_, ty)| ty)
        })
        .collect();
    let variants = name::assign(Case::Variant, &words, &[]);
    (all.iter().zip(variants).zip(&types))
        .map(|(((_, _, media_type, _), name), ty)| BodyPlan {
            name,
            docs: Docs::lines(&format!("As `{}`.", media_type.replace('`', "'"))),
            from: (types.iter())
                .filter(|other| names.defined(other) == names.defined(ty))
                .count()
                == 1,
            ty: ty.clone(),
        })
        .collect()
}

/// How far an encoding stands behind JSON: what stands nearest keeps the plain name.
pub(crate) const fn rank(encoding: Encoding) -> u8 {
    match encoding {
        Encoding::Json => 0,
        Encoding::Form => 1,
        Encoding::Multipart => 2,
        Encoding::Xml
        | Encoding::Text
        | Encoding::Events
        | Encoding::TextEvents
        | Encoding::Lines
        | Encoding::Sequence => 3,
        Encoding::Bytes | Encoding::Protobuf => 4,
    }
}

/// What a value in these media types is called: `Json`, `Csv`, `Events`, `Octets`.
pub(crate) fn word(encoding: Encoding, media_type: &str, also: &[Media]) -> String {
    let essence = media_type
        .split(';')
        .next()
        .unwrap_or_default()
        .trim()
        .to_ascii_lowercase();
    let (kind, subtype) = essence.split_once('/').unwrap_or((&essence, "*"));
    let of_subtype = |general: &str| {
        let is_general = matches!(subtype, "*" | "plain" | "octet-stream" | "json") || !also.is_empty();
        let subtype = subtype.strip_suffix("+json").unwrap_or(subtype);
        let subtype = subtype.strip_prefix("vnd.").unwrap_or(subtype);
        let subtype = subtype.strip_prefix("x-").unwrap_or(subtype);
        if is_general {
            general.to_owned()
        } else {
            subtype.to_owned()
        }
    };
    match encoding {
        Encoding::Json => of_subtype("Json"),
        Encoding::Form => "Form".to_owned(),
        Encoding::Multipart => "Multipart".to_owned(),
        Encoding::Events | Encoding::TextEvents => "Events".to_owned(),
        Encoding::Lines | Encoding::Sequence => "Items".to_owned(),
        Encoding::Xml => "Xml".to_owned(),
        Encoding::Text => of_subtype("Text"),
        Encoding::Bytes | Encoding::Protobuf => {
            let is_of_kind = |media: &Media| media.media_type.split('/').next() == Some(kind);
            match kind {
                "image" | "audio" | "video" | "font" if also.iter().all(is_of_kind) => of_subtype(kind),
                _ => of_subtype("Octets"),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variants_are_called_by_what_is_in_them() {
        for (encoding, media_type, expected) in [
            (Encoding::Json, "application/json; charset=utf-8", "Json"),
            (Encoding::Json, "application/vnd.github.star+json", "github.star"),
            (Encoding::Text, "text/csv", "csv"),
            (Encoding::Text, "text/plain", "Text"),
            (Encoding::Bytes, "image/*", "image"),
            (Encoding::Bytes, "image/png", "png"),
            (Encoding::Bytes, "application/x-tar", "tar"),
            (Encoding::Bytes, "*/*", "Octets"),
            (Encoding::Events, "text/event-stream", "Events"),
        ] {
            assert_eq!(word(encoding, media_type, &[]), expected, "{media_type}");
        }
    }
}
