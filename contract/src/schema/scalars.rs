//! Types and formats to scalars.

use crate::model::{Rule, Scalar};

use super::merged::{Merged, Type};

/// The scalar of a type with its format; `None` for lists and objects. An unknown format changes nothing.
pub(super) fn scalar(kind: Type, merged: &Merged<'_>) -> Option<Scalar> {
    let format = merged.format.unwrap_or_default();
    Some(match kind {
        Type::Bool => Scalar::Bool,
        Type::Integer => integer(format, &merged.rules),
        Type::Number => match format {
            "float" => Scalar::F32,
            "decimal" | "bigdecimal" => Scalar::Decimal,
            "double" => Scalar::F64,
            _ => Scalar::Number,
        },
        Type::String if merged.base64 => Scalar::Bytes,
        Type::String => match format {
            "date-time" => Scalar::DateTime,
            "date" => Scalar::Date,
            "time" => Scalar::Time,
            "duration" => Scalar::Duration,
            "uuid" => Scalar::Uuid,
            "ipv4" => Scalar::Ipv4,
            "ipv6" => Scalar::Ipv6,
            "byte" => Scalar::Bytes,
            _ => Scalar::String,
        },
        Type::Array | Type::Object => return None,
    })
}

/// What a format says; where it says nothing, the narrowest that the bounds allow. Without either, every integer is
/// valid, and none may be refused.
fn integer(format: &str, rules: &[Rule]) -> Scalar {
    match format {
        "int8" | "int16" | "int32" => Scalar::I32,
        "uint8" | "uint16" | "uint32" => Scalar::U32,
        "uint64" | "uint" => Scalar::U64,
        "int64" | "int" | "long" | "unix-time" | "unixtime" | "timestamp" => Scalar::I64,
        _ => bounded(rules),
    }
}

fn bounded(rules: &[Rule]) -> Scalar {
    let (mut least, mut most) = (None, None);
    for rule in rules {
        match rule {
            Rule::Minimum(bound) | Rule::ExclusiveMinimum(bound) => least = least.max(Some(whole(bound))),
            Rule::Maximum(bound) | Rule::ExclusiveMaximum(bound) => {
                let bound = whole(bound);
                most = Some(most.map_or(bound, |most: i128| most.min(bound)));
            }
            _ => {}
        }
    }
    match (least, most) {
        (Some(least), Some(most)) if least >= i64::MIN.into() && most <= i64::MAX.into() => Scalar::I64,
        (Some(0..), Some(most)) if most <= u64::MAX.into() => Scalar::U64,
        _ => Scalar::Integer,
    }
}

/// A bound without its fraction; one beyond 128 bits is as good as none.
fn whole(bound: &serde_json::Number) -> i128 {
    let float = || bound.as_f64().unwrap_or_default() as i128;
    bound.as_i128().unwrap_or_else(float)
}

/// Formats that `validate` judges texts by: those that the runtime has a grammar for.
pub const JUDGED_FORMATS: [&str; 20] = [
    "date-time",
    "date",
    "time",
    "duration",
    "uuid",
    "uri",
    "uri-reference",
    "iri",
    "iri-reference",
    "uri-template",
    "email",
    "idn-email",
    "hostname",
    "idn-hostname",
    "ipv4",
    "ipv6",
    "json-pointer",
    "relative-json-pointer",
    "regex",
    "decimal",
];

/// Whether `validate` judges texts by this format.
pub(super) fn is_judged(format: &str) -> bool {
    JUDGED_FORMATS.contains(&format)
}

/// What a format demands of a text that is no more than that.
pub(super) fn demand(scalar: Scalar, merged: &Merged<'_>) -> Option<Rule> {
    let format = merged.format.filter(|format| is_judged(format))?;
    (scalar == Scalar::String).then(|| Rule::Format(format.to_owned()))
}
