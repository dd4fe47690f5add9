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
            _ => Scalar::F64,
        },
        Type::String if merged.base64 => Scalar::Bytes,
        Type::String => match format {
            "date-time" => Scalar::DateTime,
            "date" => Scalar::Date,
            "uuid" => Scalar::Uuid,
            "byte" => Scalar::Bytes,
            _ => Scalar::String,
        },
        Type::Array | Type::Object => return None,
    })
}

fn integer(format: &str, rules: &[Rule]) -> Scalar {
    match format {
        "int8" | "int16" | "int32" => Scalar::I32,
        "uint8" | "uint16" | "uint32" => Scalar::U32,
        "uint64" | "uint" => Scalar::U64,
        _ if beyond_i64(rules) => Scalar::U64,
        _ => Scalar::I64,
    }
}

/// Whether values larger than `i64::MAX` are meant, and none below zero.
fn beyond_i64(rules: &[Rule]) -> bool {
    let large = rules.iter().any(|rule| match rule {
        Rule::Maximum(bound) => bound.as_i64().is_none() && bound.as_u64().is_some(),
        _ => false,
    });
    let natural = rules.iter().any(|rule| match rule {
        Rule::Minimum(bound) | Rule::ExclusiveMinimum(bound) => {
            bound.as_f64().is_some_and(|bound| bound >= 0.0)
        }
        _ => false,
    });
    large && natural
}

/// Whether `validate` judges texts by this format.
pub(super) fn is_judged(format: &str) -> bool {
    matches!(format, "date-time" | "date" | "uuid")
}
