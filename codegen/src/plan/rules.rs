//! What else is required of a value, as the runtime's tables say it.

use tieline_contract::model::{Rule, Scalar, Type, TypeKind, TypeUse};

use super::name::{self, Case};
use super::ty::Names;

/// A rule of the runtime's tables.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum RulePlan {
    /// `Rule::MinLength(1)` and its like: name, number.
    Count(&'static str, u64),
    /// `Rule::Minimum(0.0)` and its like: name, number.
    Number(&'static str, f64),
    /// A regular expression.
    Pattern(String),
    UniqueItems,
    /// JSON texts.
    OneOf(Vec<String>),
    /// The name of a format.
    Format(String),
    /// Rules of each item or entry.
    Each(Vec<RulePlan>),
    /// A schema, and the Rust names of the types that it refers to.
    Check(String, Vec<String>),
}

/// The rules of a value that its type does not bring along: those said where it is used. Of named types, enumerations
/// alone have no place for theirs.
pub(crate) fn of_use(names: &Names<'_>, value: &TypeUse) -> Vec<RulePlan> {
    let mut rules = of_list(names, &value.rules);
    match &value.ty {
        Type::Named(name) => {
            if let Some(def) = names
                .def(name)
                .filter(|def| matches!(def.kind, TypeKind::Enum(_)))
            {
                rules.extend(of_list(names, &def.rules));
            }
        }
        Type::Scalar(scalar) => rules.extend(format(*scalar).map(|name| RulePlan::Format(name.to_owned()))),
        Type::List(part) | Type::Map(part) => {
            let each = of_use(names, part);
            if !each.is_empty() {
                rules.push(RulePlan::Each(each));
            }
        }
        Type::Json => {}
    }
    rules
}

const fn format(scalar: Scalar) -> Option<&'static str> {
    match scalar {
        Scalar::DateTime => Some("DateTime"),
        Scalar::Date => Some("Date"),
        Scalar::Time => Some("Time"),
        Scalar::Duration => Some("Duration"),
        Scalar::Uuid => Some("Uuid"),
        Scalar::Ipv4 => Some("Ipv4"),
        Scalar::Ipv6 => Some("Ipv6"),
        _ => None,
    }
}

/// Rules as they stand. A rule of a kind that the tables do not know is left out: the type only gets wider.
pub(crate) fn of_list(names: &Names<'_>, rules: &[Rule]) -> Vec<RulePlan> {
    rules.iter().filter_map(|rule| one(names, rule)).collect()
}

fn one(names: &Names<'_>, rule: &Rule) -> Option<RulePlan> {
    let number = |name, number: &serde_json::Number| {
        Some(RulePlan::Number(name, number.as_f64().filter(|n| n.is_finite())?))
    };
    match rule {
        Rule::MinLength(count) => Some(RulePlan::Count("MinLength", *count)),
        Rule::MaxLength(count) => Some(RulePlan::Count("MaxLength", *count)),
        Rule::MinItems(count) => Some(RulePlan::Count("MinItems", *count)),
        Rule::MaxItems(count) => Some(RulePlan::Count("MaxItems", *count)),
        Rule::MinProperties(count) => Some(RulePlan::Count("MinProperties", *count)),
        Rule::MaxProperties(count) => Some(RulePlan::Count("MaxProperties", *count)),
        Rule::Minimum(limit) => number("Minimum", limit),
        Rule::Maximum(limit) => number("Maximum", limit),
        Rule::ExclusiveMinimum(limit) => number("ExclusiveMinimum", limit),
        Rule::ExclusiveMaximum(limit) => number("ExclusiveMaximum", limit),
        Rule::MultipleOf(step) => number("MultipleOf", step),
        Rule::Pattern(text) => Some(RulePlan::Pattern(text.clone())),
        Rule::Format(name) => Some(RulePlan::Format(name::plain(Case::Type, name))),
        Rule::UniqueItems => Some(RulePlan::UniqueItems),
        Rule::OneOf(values) => Some(RulePlan::OneOf(values.iter().map(ToString::to_string).collect())),
        Rule::Check(check) => {
            let types = check.types.iter().map(|name| names.rust.get(name).cloned());
            Some(RulePlan::Check(
                check.schema.to_string(),
                types.collect::<Option<_>>()?,
            ))
        }
        _ => None,
    }
}
