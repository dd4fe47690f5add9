//! Values that tieline.toml writes as text: durations (`250ms`, `1m30s`), sizes (`64KiB`), addresses, names.
//!
//! Each is a schemars type whose schema carries `x-tieline-value`, so that the checker knows how to judge the text. The
//! rules are the runtime's (its `config` module); they are written again here because the tools do not build on it.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Deserialize;

/// The schema keyword that names the kind of a text.
pub(super) const KIND: &str = "x-tieline-value";

macro_rules! texts {
    ($($(#[$doc:meta])* $name:ident = $title:literal, $kind:literal, $about:literal, [$($example:literal),*];)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
        #[serde(transparent)]
        pub(crate) struct $name(String);

        impl JsonSchema for $name {
            fn schema_name() -> Cow<'static, str> {
                $title.into()
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!({ "description": $about, "type": "string", "examples": [$($example),*], KIND: $kind })
            }
        }
    )*};
}

texts! {
    /// A length of time, zero included.
    DurationText = "Duration", "duration",
        "Whole numbers, each with its unit (h, m, s, ms, us, ns), the longer units first.",
        ["250ms", "5s", "1m30s", "0s"];
    /// A length of time above zero.
    TimeText = "Time", "time",
        "A duration above zero: whole numbers, each with its unit (h, m, s, ms, us, ns), the longer units first.",
        ["5s", "250ms", "1m30s"];
    /// A size in octets.
    SizeText = "Size", "size",
        "A whole number of octets and its unit: B, KiB, MiB, GiB, kB, KB, MB or GB.",
        ["64KiB", "10MiB"];
    /// Where a service is reached.
    AddressText = "Address", "address",
        "An http or https URL, with a path or without; `host:port`; or `dns:///name:port`.",
        ["http://user-service:8000/api/v1", "localhost:50051", "dns:///user-service:50051"];
    /// One of several endpoints of a service.
    EndpointText = "Endpoint", "endpoint",
        "An address, with `;weight=3`, `;zone=eu-1a` or `;priority=1` behind it where that matters.",
        ["http://user-service-1:8000", "http://user-service-2:8000;weight=2"];
    /// The name of a header.
    HeaderText = "Header", "header",
        "The name of a header.",
        ["x-user-id"];
    /// The name of an SRV record.
    SrvText = "SrvName", "srv",
        "The name of an SRV record: `_service._protocol.name`.",
        ["_http._tcp.users.example"];
    /// A path on a host.
    PathText = "Path", "path",
        "A path from the root of the host.",
        ["/health"];
    /// A status, or several in a row.
    StatusesText = "Statuses", "statuses",
        "An HTTP status, or the first and the last of several.",
        ["200", "200-299"];
    /// The name of an environment variable.
    VariableText = "Variable", "variable",
        "The name of an environment variable: capitals, digits and `_`.",
        ["USER_API_URL"];
    /// A name that a header can carry.
    NameText = "Name", "name",
        "A name that a header can carry.",
        ["user-service"];
}

/// What is wrong with a text of this kind, and how it is written.
pub(super) fn fault(kind: &str, text: &str) -> Option<(&'static str, &'static str)> {
    let (right, label, help) = match kind {
        "duration" => (
            nanoseconds(text).is_some(),
            "this is not a duration",
            "write whole numbers with their units, such as \"250ms\", \"5s\" or \"1m30s\"",
        ),
        "time" => (
            nanoseconds(text).is_some_and(|nanoseconds| nanoseconds > 0),
            "this is not a duration above zero",
            "write whole numbers with their units, such as \"250ms\", \"5s\" or \"1m30s\"",
        ),
        "size" => (
            is_size(text),
            "this is not a size",
            "write a whole number and its unit, such as \"64KiB\" or \"10MiB\"",
        ),
        "address" => (
            is_address(text),
            "this is not the address of a service",
            "write a URL such as \"http://user-service:8000/api/v1\", \"host:port\" or \"dns:///name:port\", without \
             credentials, query and fragment",
        ),
        "endpoint" => (
            is_endpoint(text),
            "this is not an endpoint of a service",
            "write an address such as \"http://user-service-1:8000\", with \";weight=3\", \";zone=eu-1a\" or \
             \";priority=1\" behind it where that matters",
        ),
        "srv" => (
            text.starts_with('_') && text.contains("._"),
            "this is not the name of an SRV record",
            "write a name such as \"_http._tcp.users.example\"",
        ),
        "path" => (
            text.starts_with('/')
                && !text.contains([' ', '#', '"', '<', '>'])
                && !text.contains(char::is_control),
            "this is not a path",
            "write a path from the root of the host, such as \"/health\"",
        ),
        "statuses" => (
            is_statuses(text),
            "these are no statuses",
            "write a status such as \"200\", or the first and the last of several, such as \"200-299\"",
        ),
        "header" => (
            is_header(text),
            "this is not the name of a header",
            "write a name such as \"x-user-id\"",
        ),
        "variable" => (
            is_variable(text),
            "this is not the name of an environment variable",
            "name a variable, such as \"USER_API_URL\"; its value stays in the environment",
        ),
        "name" => (
            !text.trim().is_empty() && !text.contains(char::is_control),
            "this is not a name that a header can carry",
            "write a short name without line breaks",
        ),
        _ => return None,
    };
    (!right).then_some((label, help))
}

/// An address with attributes behind it.
fn is_endpoint(text: &str) -> bool {
    let mut parts = text.split(';');
    let has_address = parts.next().is_some_and(is_address);
    let is_attribute = |part: &str| match part
        .split_once('=')
        .map(|(name, value)| (name.trim(), value.trim()))
    {
        Some(("weight", value)) => value
            .parse()
            .is_ok_and(|weight: u32| (1..=65_535).contains(&weight)),
        Some(("priority", value)) => value.parse::<u32>().is_ok(),
        Some(("zone", value)) => !value.is_empty(),
        _ => false,
    };
    has_address && parts.all(is_attribute)
}

/// A status, or the first and the last of several.
fn is_statuses(text: &str) -> bool {
    let (first, last) = text.split_once('-').unwrap_or((text, text));
    let status = |text: &str| {
        text.trim()
            .parse()
            .ok()
            .filter(|status: &u16| (100..=599).contains(status))
    };
    matches!((status(first), status(last)), (Some(first), Some(last)) if first <= last)
}

/// A token (RFC 9110, 5.6.2).
fn is_header(text: &str) -> bool {
    let is_token = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c);
    !text.is_empty() && text.chars().all(is_token)
}

/// A duration in nanoseconds: whole numbers with units, the longer ones first and none twice.
fn nanoseconds(text: &str) -> Option<u64> {
    let mut units = [
        ("h", 3_600_000_000_000),
        ("m", 60_000_000_000),
        ("s", 1_000_000_000),
        ("ms", 1_000_000),
        ("us", 1_000),
        ("ns", 1_u64),
    ]
    .iter();
    let mut rest = text.trim();
    let mut total = None;
    while !rest.is_empty() {
        let (number, unit, after) = quantity(rest)?;
        // Looks only among the units that are shorter than the one before.
        let (_, size) = units.find(|(name, _)| *name == unit)?;
        total = Some(total.unwrap_or(0_u64).checked_add(number.checked_mul(*size)?)?);
        rest = after;
    }
    total
}

fn is_size(text: &str) -> bool {
    let Some((number, unit, "")) = quantity(text.trim()) else {
        return false;
    };
    let scale: u64 = match unit {
        "B" => 1,
        "kB" | "KB" => 1000,
        "MB" => 1_000_000,
        "GB" => 1_000_000_000,
        "KiB" => 1 << 10,
        "MiB" => 1 << 20,
        "GiB" => 1 << 30,
        _ => return false,
    };
    number.checked_mul(scale).is_some()
}

/// A leading number, the letters behind it, and the rest.
fn quantity(text: &str) -> Option<(u64, &str, &str)> {
    let (number, rest) = text.split_at(text.find(|c: char| !c.is_ascii_digit())?);
    let letters = rest
        .find(|c: char| !c.is_ascii_alphabetic())
        .unwrap_or(rest.len());
    let (unit, rest) = rest.split_at(letters);
    Some((number.parse().ok()?, unit, rest))
}

fn is_address(text: &str) -> bool {
    let text = text.trim();
    if text.contains(|c: char| c.is_whitespace() || c.is_control() || matches!(c, '@' | '?' | '#')) {
        return false;
    }
    if let Some(target) = text.strip_prefix("dns:") {
        return match target.strip_prefix("//") {
            None => is_target(target),
            Some(rest) => rest.strip_prefix('/').is_some_and(is_target),
        };
    }
    let Some((scheme, rest)) = text.split_once("://") else {
        return is_target(text);
    };
    let known = scheme.eq_ignore_ascii_case("http") || scheme.eq_ignore_ascii_case("https");
    let authority = rest.split('/').next().unwrap_or_default();
    let has_port = authority.rfind(':') > authority.rfind(']');
    known && !authority.is_empty() && (!has_port || is_target(authority))
}

/// `host:port`.
fn is_target(text: &str) -> bool {
    text.rsplit_once(':').is_some_and(|(host, port)| {
        !host.is_empty()
            && !host.contains('/')
            && port.starts_with(|c: char| c.is_ascii_digit())
            && port.parse::<u16>().is_ok()
    })
}

fn is_variable(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_uppercase() || c == '_')
        && text
            .chars()
            .all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_numbers_with_units_the_longer_first() {
        for (good, expected) in [
            ("250ms", 250_000_000),
            ("5s", 5_000_000_000),
            ("1m30s", 90_000_000_000),
            ("0s", 0),
            ("10us", 10_000),
        ] {
            assert_eq!(nanoseconds(good), Some(expected), "{good}");
        }
        for bad in [
            "",
            "5",
            "s",
            "5 s",
            "-1s",
            "5sec",
            "1.5s",
            "30s1m",
            "1s1s",
            "99999999999999999999s",
            "9999999999h",
        ] {
            assert_eq!(nanoseconds(bad), None, "{bad}");
        }
        assert!(fault("time", "0s").is_some() && fault("duration", "0s").is_none());
    }

    #[test]
    fn sizes_have_a_whole_number_and_a_unit() {
        assert!(is_size("64KiB") && is_size("1B") && is_size("10MiB"));
        for bad in ["64", "64 KiB", "64kib", "1.5MiB", "99999999999GiB", "1KiB1B"] {
            assert!(!is_size(bad), "{bad}");
        }
    }

    #[test]
    fn addresses_are_urls_host_and_port_or_dns_targets() {
        for good in [
            "http://other-service:8000/api/v1",
            "https://api.example.com",
            "http://[::1]/x",
            "localhost:50051",
            "[::1]:50051",
            "dns:///user-service:50051",
            "dns:user-service:50051",
        ] {
            assert!(is_address(good), "{good}");
        }
        for bad in [
            "",
            "user-service",
            "ftp://x",
            "http:///path",
            "http://a b",
            "host:port",
            "dns://",
            "dns://8.8.8.8/x:1",
            "http://user:secret@host",
            "http://host/?a=b",
            "http://host:99999",
        ] {
            assert!(!is_address(bad), "{bad}");
        }
    }

    #[test]
    fn a_pasted_key_is_not_the_name_of_a_variable() {
        assert!(is_variable("SERVICE_API_KEY") && is_variable("_X1"));
        for bad in ["", "sk-live-123", "9KEY", "Service_Key"] {
            assert!(!is_variable(bad), "{bad}");
        }
    }
}
