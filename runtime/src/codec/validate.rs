//! Whether a value obeys the rules of its contract.
//!
//! A value can be of its type and still break a rule: reading accepts it, `validate` says what is wrong with it.

use std::borrow::Cow;
use std::fmt;

use super::check::canonical;
use super::{Decimal, Json, Matching, Node, Open, Path, PathSegment, Rule, Union, Value, json};

/// A rule that a value breaks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// Where in the value.
    pub path: Path,
    /// What is required there. Never quotes the value.
    pub message: Cow<'static, str>,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.path.0.is_empty() {
            f.write_str(&self.message)
        } else {
            write!(f, "{}: {}", self.path, self.message)
        }
    }
}

/// All rules that `value` breaks, by its own tables.
pub fn validate(value: &dyn Value) -> Vec<Violation> {
    validate_with(value, &[])
}

/// All rules that `value` breaks, by its own tables and `rules`.
pub fn validate_with(value: &dyn Value, rules: &[Rule]) -> Vec<Violation> {
    let mut judge = Judge::default();
    judge.value(value, rules);
    judge.violations
}

/// How many octets may be read as other types to judge a value. What asks for more, as only types that are defined by
/// each other in a circle do, is taken as fulfilled.
const TRIALS: usize = 64 << 20;

/// Walks a value, and gathers what it breaks.
#[derive(Default)]
pub(super) struct Judge {
    path: Vec<PathSegment>,
    violations: Vec<Violation>,
    /// How much was broken, noted or not.
    broken: usize,
    /// How many judgements under way are about what is not noted.
    quiet: usize,
    /// What is being judged, and how deep in the value: the same again would not end.
    under_way: Vec<(usize, usize)>,
    /// How many octets were read.
    tried: usize,
}

impl Judge {
    /// The value by its own tables, and by `rules`.
    pub(super) fn value(&mut self, value: &dyn Value, rules: &[Rule]) {
        match value.rules() {
            [] => self.parts(value, rules),
            own => self.parts(value, &[own, rules].concat()),
        }
    }

    fn parts(&mut self, value: &dyn Value, rules: &[Rule]) {
        match value.node() {
            // Each item of a stream is judged when it has come.
            Node::Absent | Node::Null | Node::Stream(_) => {}
            Node::Bool(_) => self.rules(rules, value, |_| None),
            Node::Int(number) => self.rules(rules, value, |rule| number_rule(rule, number as f64)),
            Node::Uint(number) => self.rules(rules, value, |rule| number_rule(rule, number as f64)),
            Node::Decimal(number) => self.rules(rules, value, |rule| decimal_rule(rule, number)),
            Node::F32(number) => self.rules(rules, value, |rule| number_rule(rule, number.into())),
            Node::F64(number) => self.rules(rules, value, |rule| number_rule(rule, number)),
            Node::Text(text) => self.rules(rules, value, |rule| text_rule(rule, text)),
            Node::Bytes(_) | Node::File(_) => self.rules(rules, value, |_| None),
            Node::Json(json) => self.json(json, rules, value),
            Node::Foreign(foreign) => self.json(&foreign.to_json(), rules, value),
            Node::List(list) => {
                self.rules(rules, value, |rule| {
                    let mut items = (0..list.len()).filter_map(|index| list.item(index));
                    items_rule(rule, list.len(), &mut items)
                });
                for index in 0..list.len() {
                    if let Some(item) = list.item(index) {
                        self.inside(PathSegment::Index(index), |judge| judge.value(item, each(rules)));
                    }
                }
            }
            Node::Map(map) => {
                self.rules(rules, value, |rule| properties_rule(rule, map.len()));
                self.entries(map, each(rules));
            }
            Node::Record(record) => {
                let shape = record.shape();
                let mut present = 0;
                for (index, field) in shape.fields.iter().enumerate() {
                    let Some(value) = record.field(index) else {
                        continue;
                    };
                    if field.required || !matches!(value.node(), Node::Absent) {
                        present += 1;
                    }
                    self.inside(PathSegment::Key(Cow::Borrowed(field.name)), |judge| {
                        judge.value(value, field.rules);
                    });
                }
                if shape.open.keeps()
                    && let Some(rest) = record.field(shape.fields.len())
                {
                    if let Node::Map(map) = rest.node() {
                        present += map.len();
                    }
                    match (shape.open, rest.node()) {
                        (Open::Forbidden, Node::Map(map)) => self.unnamed(map),
                        (_, Node::Map(map)) => self.entries(map, shape.rest),
                        _ => {}
                    }
                }
                self.rules(shape.rules, value, |rule| properties_rule(rule, present));
                self.rules(rules, value, |rule| properties_rule(rule, present));
            }
            Node::Enum(enumeration) => {
                if !enumeration.is_known() {
                    self.violation(format!(
                        "must be one of the {} values that the contract names",
                        enumeration.known().len()
                    ));
                }
                self.rules(rules, value, |_| None);
            }
            Node::Union(union) => self.union(union, value, rules),
        }
    }

    fn entries(&mut self, map: &dyn super::Map, rules: &[Rule]) {
        map.each(&mut |key, value| {
            self.inside(PathSegment::Key(Cow::Owned(key.to_owned())), |judge| {
                judge.value(value, rules);
            });
            true
        });
    }

    /// The alternative that it holds is judged; where that does not decide, whether others fit is, too.
    fn union(&mut self, union: &dyn Union, value: &dyn Value, rules: &[Rule]) {
        let shape = union.shape();
        let (index, active) = union.active();
        let is_known = index < shape.variants.len();
        let of = |index: usize| shape.alternatives.get(index).copied().unwrap_or_default();
        self.apply(shape.rules, value);
        self.apply(rules, value);
        let fits = is_known && self.quiet(|judge| judge.try_it(|judge| judge.value(active, of(index))));
        let mut others = 0;
        if (shape.matching != Matching::Decided && !fits) || shape.matching == Matching::One {
            let octets = json::to_vec(active);
            let mut fresh = union.fresh();
            let tried = (0..shape.variants.len()).filter(|other| *other != index);
            for other in tried {
                let place = std::ptr::from_ref(shape) as usize + other;
                let fits_other =
                    self.quiet(|judge| judge.fits(&octets, fresh.select(other), of(other), place));
                others += usize::from(fits_other == Some(true));
            }
        }
        match (fits, others) {
            (false, 0) if shape.non_objects && !is_object(active) => {}
            (true, 0) | (false, 1) => {}
            (false, 0) if is_known => self.value(active, of(index)),
            (false, 0) => self.violation("must be one of the alternatives that the contract names"),
            _ if shape.matching == Matching::One => {
                let fitting = others + usize::from(fits);
                self.violation(format!(
                    "must be exactly one of the alternatives that the contract names, not {fitting}"
                ));
            }
            _ => {}
        }
    }

    /// Whether nothing is broken in what `judge` does.
    fn try_it(&mut self, judge: impl FnOnce(&mut Self)) -> bool {
        let before = self.broken;
        judge(self);
        self.broken == before
    }

    /// Runs `judge` without a word about what is broken, and as if nothing had been.
    pub(super) fn quiet<T>(&mut self, judge: impl FnOnce(&mut Self) -> T) -> T {
        let before = self.broken;
        self.quiet += 1;
        let outcome = judge(self);
        self.quiet -= 1;
        self.broken = before;
        outcome
    }

    pub(super) fn is_quiet(&self) -> bool {
        self.quiet > 0
    }

    /// How much is broken so far.
    pub(super) fn broken(&self) -> usize {
        self.broken
    }

    /// Runs `judge` about what is identified by `what` and by how deep it stands, unless that is under way already.
    pub(super) fn once<T>(&mut self, what: usize, judge: impl FnOnce(&mut Self) -> T) -> Option<T> {
        let key = (what, self.path.len());
        if self.under_way.contains(&key) {
            return None;
        }
        self.under_way.push(key);
        let outcome = judge(self);
        self.under_way.pop();
        Some(outcome)
    }

    /// Whether a value that is written as `octets` can be read as another, and that one obeys `rules`. `None`: there
    /// is no saying. Violations are noted.
    pub(super) fn fits(
        &mut self,
        octets: &[u8],
        other: &mut dyn Value,
        rules: &[Rule],
        what: usize,
    ) -> Option<bool> {
        self.tried = self.tried.saturating_add(octets.len());
        if self.tried > TRIALS {
            return None;
        }
        self.once(what, |judge| {
            judge.try_it(|judge| match json::read(octets, other) {
                Ok(()) => judge.value(other, rules),
                Err(error) => judge.violation(error.message().to_owned()),
            })
        })
    }

    /// Properties where the contract allows none but those it names.
    fn unnamed(&mut self, map: &dyn super::Map) {
        map.each(&mut |key, _| {
            self.inside(PathSegment::Key(Cow::Owned(key.to_owned())), |judge| {
                judge.violation("the contract allows no property of this name");
            });
            true
        });
    }

    fn json(&mut self, json: &Json, rules: &[Rule], value: &dyn Value) {
        self.rules(rules, value, |rule| match json {
            Json::String(text) => text_rule(rule, text),
            Json::Number(number) => number_rule(rule, number.as_f64().unwrap_or_default()),
            Json::Array(items) => items_rule(
                rule,
                items.len(),
                &mut items.iter().map(|item| item as &dyn Value),
            ),
            Json::Object(entries) => properties_rule(rule, entries.len()),
            Json::Null | Json::Bool(_) => None,
        });
    }

    fn rules(
        &mut self,
        rules: &[Rule],
        value: &dyn Value,
        mut broken: impl FnMut(&Rule) -> Option<Cow<'static, str>>,
    ) {
        for rule in rules {
            let message = match rule {
                Rule::OneOf(texts) => one_of(texts, value),
                Rule::Check(check) => {
                    self.check(check, value);
                    None
                }
                rule => broken(rule),
            };
            if let Some(message) = message {
                self.violation(message);
            }
        }
    }

    /// Rules that are not about one kind of value.
    fn apply(&mut self, rules: &[Rule], value: &dyn Value) {
        self.rules(rules, value, |_| None);
    }

    pub(super) fn violation(&mut self, message: impl Into<Cow<'static, str>>) {
        self.broken += 1;
        if self.quiet == 0 {
            self.violations.push(Violation {
                path: Path(self.path.clone()),
                message: message.into(),
            });
        }
    }

    pub(super) fn inside<T>(&mut self, segment: PathSegment, judge: impl FnOnce(&mut Self) -> T) -> T {
        self.path.push(segment);
        let outcome = judge(self);
        self.path.pop();
        outcome
    }
}

/// Whether a value is an object; one of a type of the user's may be.
fn is_object(value: &dyn Value) -> bool {
    match value.node() {
        Node::Record(_) | Node::Map(_) | Node::Foreign(_) => true,
        Node::Json(json) => json.is_object(),
        Node::Union(union) => is_object(union.active().1),
        _ => false,
    }
}

fn each(rules: &[Rule]) -> &[Rule] {
    rules
        .iter()
        .find_map(|rule| {
            if let Rule::Each(inner) = rule {
                Some(*inner)
            } else {
                None
            }
        })
        .unwrap_or(&[])
}

fn number_rule(rule: &Rule, number: f64) -> Option<Cow<'static, str>> {
    let broken = match *rule {
        Rule::Minimum(limit) => number < limit,
        Rule::Maximum(limit) => number > limit,
        Rule::ExclusiveMinimum(limit) => number <= limit,
        Rule::ExclusiveMaximum(limit) => number >= limit,
        Rule::MultipleOf(step) => !is_multiple(number, step),
        _ => false,
    };
    broken.then(|| number_demand(rule)).flatten()
}

/// As [`number_rule`], by the digits.
fn decimal_rule(rule: &Rule, number: &Decimal) -> Option<Cow<'static, str>> {
    let of = |limit: f64| Decimal::parse(&limit.to_string());
    let broken = match *rule {
        Rule::Minimum(limit) => *number < of(limit),
        Rule::Maximum(limit) => *number > of(limit),
        Rule::ExclusiveMinimum(limit) => *number <= of(limit),
        Rule::ExclusiveMaximum(limit) => *number >= of(limit),
        Rule::MultipleOf(step) => !number.is_multiple_of(&of(step)),
        _ => false,
    };
    broken.then(|| number_demand(rule)).flatten()
}

fn number_demand(rule: &Rule) -> Option<Cow<'static, str>> {
    let (demand, limit) = match *rule {
        Rule::Minimum(limit) => ("at least", limit),
        Rule::Maximum(limit) => ("at most", limit),
        Rule::ExclusiveMinimum(limit) => ("more than", limit),
        Rule::ExclusiveMaximum(limit) => ("less than", limit),
        Rule::MultipleOf(step) => ("a multiple of", step),
        _ => return None,
    };
    Some(format!("must be {demand} {limit}").into())
}

/// A step that is not above 0 is no step, and asks for nothing. With decimal steps the quotient is rarely exact in binary: a rounding error is forgiven.
fn is_multiple(number: f64, step: f64) -> bool {
    let quotient = number / step;
    step <= 0.0 || (quotient - quotient.round()).abs() <= quotient.abs().max(1.0) * f64::EPSILON
}

fn text_rule(rule: &Rule, text: &str) -> Option<Cow<'static, str>> {
    let length = || text.chars().count() as u64;
    match *rule {
        Rule::MinLength(limit) if length() < limit => {
            Some(format!("must have at least {limit} characters").into())
        }
        Rule::MaxLength(limit) if length() > limit => {
            Some(format!("must have at most {limit} characters").into())
        }
        Rule::Pattern(pattern) if !pattern.is_match(text) => {
            Some(format!("must match the pattern {}", pattern.as_str()).into())
        }
        Rule::Format(format) if !format.accepts(text) => {
            Some(format!("must be of the format {}", format.name()).into())
        }
        _ => None,
    }
}

fn items_rule(
    rule: &Rule,
    length: usize,
    items: &mut dyn Iterator<Item = &dyn Value>,
) -> Option<Cow<'static, str>> {
    match rule {
        Rule::UniqueItems => {
            let mut texts: Vec<_> = items.map(canonical).collect();
            texts.sort_unstable();
            let unique = texts.windows(2).all(|pair| pair[0] != pair[1]);
            (!unique).then_some("must not have equal items".into())
        }
        rule => length_rule(rule, length),
    }
}

fn length_rule(rule: &Rule, length: usize) -> Option<Cow<'static, str>> {
    let length = length as u64;
    match *rule {
        Rule::MinItems(limit) if length < limit => Some(format!("must have at least {limit} items").into()),
        Rule::MaxItems(limit) if length > limit => Some(format!("must have at most {limit} items").into()),
        _ => None,
    }
}

fn properties_rule(rule: &Rule, count: usize) -> Option<Cow<'static, str>> {
    let count = count as u64;
    match *rule {
        Rule::MinProperties(limit) if count < limit => {
            Some(format!("must have at least {limit} properties").into())
        }
        Rule::MaxProperties(limit) if count > limit => {
            Some(format!("must have at most {limit} properties").into())
        }
        _ => None,
    }
}

/// JSON Schema compares numbers by value: `1` and `1.0` are equal.
fn one_of(texts: &[&str], value: &dyn Value) -> Option<Cow<'static, str>> {
    let found = canonical(value);
    let named = texts
        .iter()
        .any(|text| serde_json::from_str::<Json>(text).is_ok_and(|json| canonical(&json) == found));
    (!named).then(|| format!("must be one of {}", texts.join(", ")).into())
}
