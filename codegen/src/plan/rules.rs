//! What else is required of a value, as the runtime's tables say it.

use std::collections::HashSet;

use tieline_contract::model::{Rule, Scalar, Type, TypeKind, TypeName, TypeUse};

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
    Format(&'static str),
    /// Rules of each item or entry.
    Each(Vec<RulePlan>),
}

/// All rules of a value where it is used: those said there, and those of the aliases it goes through. Objects judge
/// themselves by their own tables.
pub(crate) fn of_use(names: &Names<'_>, value: &TypeUse) -> Vec<RulePlan> {
    let mut rules = of_list(&value.rules);
    let mut each = Vec::new();
    let mut value = value;
    let mut passed: HashSet<&TypeName> = HashSet::new();
    loop {
        match &value.ty {
            Type::Named(name) => {
                let Some(def) = names.def(name).filter(|_| passed.insert(name)) else {
                    break;
                };
                match &def.kind {
                    TypeKind::Struct(_) => break,
                    TypeKind::Enum(_) | TypeKind::Union(_) => {
                        rules.extend(of_list(&def.rules));
                        break;
                    }
                    TypeKind::Alias(target) => {
                        rules.extend(of_list(&def.rules));
                        rules.extend(of_list(&target.rules));
                        value = target;
                    }
                }
            }
            Type::Scalar(scalar) => {
                rules.extend(format(*scalar).map(RulePlan::Format));
                break;
            }
            Type::List(part) | Type::Map(part) => {
                // A list of itself, through an alias, would not end.
                if !matches!(&part.ty, Type::Named(name) if passed.contains(name)) {
                    each = of_part(names, part, &mut passed);
                }
                break;
            }
            Type::Json => break,
        }
    }
    if !each.is_empty() {
        rules.push(RulePlan::Each(each));
    }
    let mut seen = Vec::new();
    rules.retain(|rule| {
        let new = !seen.contains(rule);
        seen.push(rule.clone());
        new
    });
    rules
}

/// As [`of_use`], below the aliases in `passed`.
fn of_part(names: &Names<'_>, part: &TypeUse, passed: &mut HashSet<&TypeName>) -> Vec<RulePlan> {
    let is_cyclic = |value: &TypeUse| {
        let mut open = vec![value];
        let mut seen = HashSet::new();
        while let Some(value) = open.pop() {
            match &value.ty {
                Type::List(part) | Type::Map(part) => open.push(part),
                Type::Named(name) => {
                    if passed.contains(name) || !seen.insert(name) {
                        return true;
                    }
                    if let Some(TypeKind::Alias(target)) = names.def(name).map(|def| &def.kind) {
                        open.push(target);
                    }
                }
                Type::Scalar(_) | Type::Json => {}
            }
        }
        false
    };
    if is_cyclic(part) {
        of_list(&part.rules)
    } else {
        of_use(names, part)
    }
}

const fn format(scalar: Scalar) -> Option<&'static str> {
    match scalar {
        Scalar::DateTime => Some("DateTime"),
        Scalar::Date => Some("Date"),
        Scalar::Uuid => Some("Uuid"),
        _ => None,
    }
}

/// Rules as they stand. A rule of a kind that the tables do not know is left out: the type only gets wider.
pub(crate) fn of_list(rules: &[Rule]) -> Vec<RulePlan> {
    rules.iter().filter_map(one).collect()
}

fn one(rule: &Rule) -> Option<RulePlan> {
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
        Rule::UniqueItems => Some(RulePlan::UniqueItems),
        Rule::OneOf(values) => Some(RulePlan::OneOf(values.iter().map(ToString::to_string).collect())),
        _ => None,
    }
}
