//! Constants: enumerations of text or integers, and rules for all others.

use crate::model::{Enum, EnumConstant, EnumValue, Rule, Scalar, Type as ModelType, TypeKind, TypeUse};
use crate::source::{Kind, Node};

use super::diagnostics;
use super::merged::{Merged, Type};
use super::types::{Shape, Types};

impl<'a> Types<'_, 'a> {
    /// What a schema with `enum` or `const` becomes.
    pub(super) fn constants(&mut self, merged: &Merged<'a>, place: &str) -> Shape {
        let Some((all, owner)) = &merged.constants else {
            return self.by_type(merged, place);
        };
        let constants: Vec<&Node> = all
            .iter()
            .copied()
            .filter(|constant| !constant.is_null())
            .collect();
        let wanted = match merged.types.as_deref() {
            Some([kind]) => Some(*kind),
            _ => None,
        };
        if matches!(wanted, Some(Type::Array | Type::Object)) {
            return self.listed_composites(merged, wanted, &constants, owner, place);
        }
        let read = |constant: &&'a Node| read_constant(constant, wanted);
        let values: Option<Vec<EnumConstant>> = constants.iter().map(read).collect();
        match values {
            Some(values) if !values.is_empty() && of_one_kind(&values) => {
                self.warn_of_other_types(&constants, &values);
                Shape::def(TypeKind::Enum(Enum {
                    values: with_names(values, owner),
                }))
            }
            _ => listed(&constants, all, wanted),
        }
    }

    /// Lists or objects as constants: the type, and a rule.
    fn listed_composites(
        &mut self,
        merged: &Merged<'a>,
        wanted: Option<Type>,
        constants: &[&'a Node],
        owner: &'a Node,
        place: &str,
    ) -> Shape {
        let fits = |constant: &&'a Node| match wanted {
            Some(Type::Array) => constant.as_array().is_some(),
            _ => constant.as_object().is_some(),
        };
        let mut shape = self.by_type(merged, place);
        if constants.iter().all(fits) {
            let rule = Rule::OneOf(constants.iter().map(|constant| constant.to_json()).collect());
            match &mut shape {
                Shape::Use(TypeUse { rules, .. }) | Shape::Def { rules, .. } => rules.push(rule),
            }
        } else {
            let at = owner.get("enum").or_else(|| owner.get("const")).unwrap_or(owner);
            let why = "`enum`: its values are not of the schema's type";
            self.cx
                .report(self.cx.problem(&diagnostics::BAD_KEYWORD, at).about(why));
        }
        shape
    }

    fn warn_of_other_types(&self, constants: &[&'a Node], values: &[EnumConstant]) {
        let other = constants
            .iter()
            .zip(values)
            .find(|(constant, value)| match value {
                EnumConstant::Text(_) => constant.as_str().is_none(),
                EnumConstant::Integer(_) => constant.as_number().is_none(),
            });
        if let Some((constant, _)) = other {
            let text = constant.scalar_text().unwrap_or_default();
            let problem = self.cx.problem(&diagnostics::ENUM_OF_OTHER_TYPE, constant);
            self.cx
                .report(problem.about(format!("`{text}` is {}", constant.kind_name())));
        }
    }

    /// Alternatives that are nothing but constants of one kind: one enumeration, whose values may be titled.
    pub(super) fn titled_constants(branches: &[&'a Node]) -> Option<Shape> {
        let mut values = Vec::new();
        for branch in branches {
            let object = branch.as_object().filter(|object| object.get("$ref").is_none())?;
            let constants = match (object.get("const"), object.get("enum").map(|node| &node.kind)) {
                (Some(constant), None) => vec![constant],
                (None, Some(Kind::Array(constants))) => constants.iter().collect(),
                _ => return None,
            };
            let single = constants.len() == 1;
            for constant in constants.into_iter().filter(|constant| !constant.is_null()) {
                let text = |keyword| object.get(keyword).and_then(Node::as_str).map(str::to_owned);
                values.push(EnumValue {
                    constant: read_constant(constant, None)?,
                    name: single.then(|| text("title")).flatten(),
                    docs: single.then(|| text("description")).flatten(),
                    number: None,
                });
            }
        }
        let kinds: Vec<EnumConstant> = values.iter().map(|value| value.constant.clone()).collect();
        let fits = !values.is_empty() && of_one_kind(&kinds);
        fits.then(|| {
            Shape::def(TypeKind::Enum(Enum {
                values: unique(values),
            }))
        })
    }
}

/// A constant of an enumeration. Where the schema names a type, a number stands for text that forgot its quotes,
/// and digits in quotes for an integer.
fn read_constant(constant: &Node, wanted: Option<Type>) -> Option<EnumConstant> {
    let integer = |constant: &Node| {
        let number = constant.as_number()?;
        number.as_i64().or_else(|| {
            let float = number.as_f64()?;
            (float.fract() == 0.0 && float.abs() < 9e15).then_some(float as i64)
        })
    };
    match (wanted, &constant.kind) {
        (None | Some(Type::String), Kind::String(text)) => Some(EnumConstant::Text(text.to_string())),
        (Some(Type::String), Kind::Number(_) | Kind::Bool(_)) => constant
            .scalar_text()
            .map(|text| EnumConstant::Text(text.to_owned())),
        (None | Some(Type::Integer | Type::Number), Kind::Number(_)) => {
            integer(constant).map(EnumConstant::Integer)
        }
        (Some(Type::Integer), Kind::String(text)) => text.parse().ok().map(EnumConstant::Integer),
        _ => None,
    }
}

fn of_one_kind(values: &[EnumConstant]) -> bool {
    values
        .windows(2)
        .all(|pair| std::mem::discriminant(&pair[0]) == std::mem::discriminant(&pair[1]))
}

/// Constants that no enumeration can hold: their common type where there is one, and a rule.
/// A type for constants of several kinds, and a rule. `with_null` are the same and, where it is one, `null`: of any
/// JSON value the rule must let it pass, too.
fn listed(constants: &[&Node], with_null: &[&Node], wanted: Option<Type>) -> Shape {
    let all = |test: fn(&Node) -> bool| constants.iter().all(|constant| test(constant));
    let ty = if constants.is_empty() {
        ModelType::Json
    } else if all(|constant| constant.as_bool().is_some()) {
        ModelType::Scalar(Scalar::Bool)
    } else if wanted != Some(Type::String) && all(|constant| constant.as_number().is_some()) {
        ModelType::Scalar(Scalar::Number)
    } else {
        ModelType::Json
    };
    let listed = if ty == ModelType::Json {
        with_null
    } else {
        constants
    };
    let rules = match constants {
        [] => Vec::new(),
        _ => vec![Rule::OneOf(
            listed.iter().map(|constant| constant.to_json()).collect(),
        )],
    };
    Shape::Use(TypeUse {
        ty,
        nullable: false,
        rules,
    })
}

/// Names and docs that code generators' extensions give: `x-enum-varnames`, `x-enumNames`, `x-enum-descriptions`,
/// `x-ms-enum`.
fn with_names(constants: Vec<EnumConstant>, owner: &Node) -> Vec<EnumValue> {
    let list = |keywords: [&str; 2]| {
        keywords
            .iter()
            .find_map(|keyword| owner.get(keyword)?.as_array())
            .unwrap_or_default()
    };
    // Lists stand in parallel to `enum` as written: only trust them when the lengths agree.
    let parallel = |nodes: &[Node], at: usize| {
        let fits = nodes.len() == constants.len();
        nodes
            .get(at)
            .filter(|_| fits)
            .and_then(Node::as_str)
            .map(str::to_owned)
    };
    let names = list(["x-enum-varnames", "x-enumNames"]);
    let descriptions = list(["x-enum-descriptions", "x-enumDescriptions"]);
    let microsoft = owner
        .get("x-ms-enum")
        .and_then(|node| node.get("values")?.as_array())
        .unwrap_or_default();
    let values = constants.iter().enumerate().map(|(at, constant)| {
        let text = match constant {
            EnumConstant::Text(text) => text.clone(),
            EnumConstant::Integer(number) => number.to_string(),
        };
        let entry = microsoft
            .iter()
            .find(|entry| entry.get("value").and_then(Node::scalar_text) == Some(text.as_str()));
        let said = |keyword| {
            entry
                .and_then(|entry| entry.get(keyword)?.as_str())
                .map(str::to_owned)
        };
        EnumValue {
            constant: constant.clone(),
            name: parallel(names, at).or_else(|| said("name")),
            docs: parallel(descriptions, at).or_else(|| said("description")),
            number: None,
        }
    });
    unique(values.collect())
}

fn unique(values: Vec<EnumValue>) -> Vec<EnumValue> {
    let mut seen = std::collections::HashSet::new();
    values
        .into_iter()
        .filter(|value| seen.insert(value.constant.clone()))
        .collect()
}
