//! The formats of JSON Schema 2020-12, judged by the grammars that it names.
//!
//! Judging a text asks for no more than its grammar, so none of these brings a library along that parses URIs or maps
//! international names.

mod expression;
mod idn;
mod mail;
mod pointer;
mod template;
mod time;
mod uri;

/// Formats that `validate` asserts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Format {
    /// RFC 3339 `date-time`.
    DateTime,
    /// RFC 3339 `full-date`.
    Date,
    /// RFC 3339 `full-time`.
    Time,
    /// RFC 3339 appendix A `duration`.
    Duration,
    /// RFC 9562 UUID.
    Uuid,
    /// RFC 3986 URI.
    Uri,
    /// RFC 3986 URI, or a relative reference.
    UriReference,
    /// RFC 3987 IRI.
    Iri,
    /// RFC 3987 IRI, or a relative reference.
    IriReference,
    /// RFC 6570 URI template.
    UriTemplate,
    /// RFC 5321 mailbox.
    Email,
    /// RFC 6531 mailbox.
    IdnEmail,
    /// RFC 1123 host name; labels of RFC 5890 are what they say.
    Hostname,
    /// RFC 5890 host name.
    IdnHostname,
    /// An IPv4 address, dotted.
    Ipv4,
    /// RFC 4291 IPv6 address.
    Ipv6,
    /// RFC 6901 JSON pointer.
    JsonPointer,
    /// Relative JSON pointer.
    RelativeJsonPointer,
    /// ECMA-262 regular expression.
    Regex,
    /// A decimal number.
    Decimal,
}

const ALL: [(Format, &str); 20] = [
    (Format::DateTime, "date-time"),
    (Format::Date, "date"),
    (Format::Time, "time"),
    (Format::Duration, "duration"),
    (Format::Uuid, "uuid"),
    (Format::Uri, "uri"),
    (Format::UriReference, "uri-reference"),
    (Format::Iri, "iri"),
    (Format::IriReference, "iri-reference"),
    (Format::UriTemplate, "uri-template"),
    (Format::Email, "email"),
    (Format::IdnEmail, "idn-email"),
    (Format::Hostname, "hostname"),
    (Format::IdnHostname, "idn-hostname"),
    (Format::Ipv4, "ipv4"),
    (Format::Ipv6, "ipv6"),
    (Format::JsonPointer, "json-pointer"),
    (Format::RelativeJsonPointer, "relative-json-pointer"),
    (Format::Regex, "regex"),
    (Format::Decimal, "decimal"),
];

impl Format {
    /// All formats that are judged.
    pub fn all() -> impl Iterator<Item = Self> {
        ALL.iter().map(|(format, _)| *format)
    }

    /// The format that a schema calls by this name.
    pub fn named(name: &str) -> Option<Self> {
        let found = ALL.iter().find(|(_, known)| *known == name);
        found.map(|(format, _)| *format)
    }

    /// What a schema calls it.
    pub fn name(self) -> &'static str {
        let found = ALL.iter().find(|(format, _)| *format == self);
        found.map_or("", |(_, name)| name)
    }

    /// Whether `text` has this format.
    pub fn accepts(self, text: &str) -> bool {
        match self {
            Self::DateTime => time::is_date_time(text),
            Self::Date => time::is_date(text),
            Self::Time => time::is_time(text),
            Self::Duration => time::is_duration(text),
            Self::Uuid => is_uuid(text),
            Self::Uri => text.is_ascii() && uri::is_absolute(text),
            Self::UriReference => text.is_ascii() && uri::is_reference(text),
            Self::Iri => uri::is_absolute(text),
            Self::IriReference => uri::is_reference(text),
            Self::UriTemplate => template::is_template(text),
            Self::Email => text.is_ascii() && mail::is_mailbox(text),
            Self::IdnEmail => mail::is_mailbox(text),
            Self::Hostname => idn::is_hostname(text),
            Self::IdnHostname => idn::is_international(text),
            Self::Ipv4 => text.parse::<std::net::Ipv4Addr>().is_ok(),
            Self::Ipv6 => text.parse::<std::net::Ipv6Addr>().is_ok(),
            Self::JsonPointer => pointer::is_pointer(text),
            Self::RelativeJsonPointer => pointer::is_relative(text),
            Self::Regex => expression::is_expression(text),
            Self::Decimal => text.parse::<super::Decimal>().is_ok(),
        }
    }
}

fn is_uuid(text: &str) -> bool {
    text.len() == 36
        && text.bytes().enumerate().all(|(index, byte)| match index {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
}

#[cfg(test)]
mod tests;
