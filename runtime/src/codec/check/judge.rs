//! Whether a value satisfies a check.

use std::borrow::Cow;

use super::Check;
use super::instance::{Instance, Items, Members, canonical};
use super::keywords::{self, Keyword, Keywords, Limits, Schema};
use crate::codec::validate::Judge;
use crate::codec::{Decimal, JsonKind, Node, PathSegment, Value, json};

/// What the keywords of a schema have looked at, for those that speak of all else.
#[derive(Default)]
struct Seen {
    all_members: bool,
    members: Vec<String>,
    all_items: bool,
    items: Vec<usize>,
}

impl Seen {
    fn add(&mut self, other: Self) {
        self.all_members |= other.all_members;
        self.members.extend(other.members);
        self.all_items |= other.all_items;
        self.items.extend(other.items);
    }
}

/// The check whose keywords are judged.
#[derive(Clone, Copy)]
struct Within<'c> {
    check: &'static Check,
    keywords: &'c Keywords,
}

impl Judge {
    /// Notes what of `check` the value breaks.
    pub(in crate::codec) fn check(&mut self, check: &'static Check, value: &dyn Value) {
        let keywords = check.keywords();
        self.schema(Within { check, keywords }, &keywords.root, value);
    }

    /// `None`: the schema is broken.
    fn schema(&mut self, within: Within<'_>, schema: &Schema, value: &dyn Value) -> Option<Seen> {
        if let Node::Foreign(foreign) = value.node() {
            return self.schema(within, schema, &foreign.to_json());
        }
        let instance = Instance::of(value)?;
        let mut seen = Seen::default();
        let before = self.broken();
        for keyword in &schema.0 {
            self.keyword(within, keyword, value, &instance, &mut seen);
            if self.is_quiet() && self.broken() > before {
                return None;
            }
        }
        (self.broken() == before).then_some(seen)
    }

    /// As [`Self::schema`], without a word about what is broken.
    fn quietly(&mut self, within: Within<'_>, schema: &Schema, value: &dyn Value) -> Option<Seen> {
        self.quiet(|judge| judge.schema(within, schema, value))
    }

    fn keyword(
        &mut self,
        within: Within<'_>,
        keyword: &Keyword,
        value: &dyn Value,
        instance: &Instance<'_>,
        seen: &mut Seen,
    ) {
        match keyword {
            Keyword::Never => self.violation("no value is allowed here"),
            Keyword::Type(kinds, null) => {
                if !is_of(instance, kinds, *null) {
                    self.violation(kinds_message(kinds, *null));
                }
            }
            Keyword::Constants(constants, shown) => {
                if !constants.contains(&canonical(value)) {
                    self.violation(format!("must be one of {shown}"));
                }
            }
            Keyword::Typed(number) => self.typed(within.check, *number, value),
            Keyword::Named(name) => {
                if let Some(schema) = within.keywords.named.get(name) {
                    let inner = self.once(std::ptr::from_ref(schema) as usize, |judge| {
                        judge.schema(within, schema, value)
                    });
                    seen.add(inner.flatten().unwrap_or_default());
                }
            }
            Keyword::All(schemas) => {
                for schema in schemas {
                    seen.add(self.schema(within, schema, value).unwrap_or_default());
                }
            }
            Keyword::Any(schemas) => self.any(within, schemas, value, seen),
            Keyword::One(schemas) => self.one(within, schemas, value, seen),
            Keyword::Not(schema) => {
                if self.quietly(within, schema, value).is_some() {
                    self.violation("must not be what the contract excludes by `not`");
                }
            }
            Keyword::If(condition, then, otherwise) => {
                let branch = match self.quietly(within, condition, value) {
                    Some(looked) => {
                        seen.add(looked);
                        then
                    }
                    None => otherwise,
                };
                seen.add(self.schema(within, branch, value).unwrap_or_default());
            }
            _ => match instance {
                Instance::Number(number) => self.number(keyword, number),
                Instance::Text(text) => self.text(keyword, text),
                Instance::Items(items) => self.items(within, keyword, items, seen),
                Instance::Members(members) => self.members(within, keyword, members, value, seen),
                Instance::Null | Instance::Bool(_) => {}
            },
        }
    }

    /// Whether the value can be read as a type, and obeys the rules of that.
    fn typed(&mut self, check: &'static Check, number: usize, value: &dyn Value) {
        let Some(blank) = check.types.get(number) else {
            return;
        };
        let place = std::ptr::from_ref(blank) as usize;
        self.fits(&json::to_vec(value), &mut *blank(), &[], place);
    }

    fn any(&mut self, within: Within<'_>, schemas: &[Schema], value: &dyn Value, seen: &mut Seen) {
        let mut fits = false;
        for schema in schemas {
            if let Some(looked) = self.quietly(within, schema, value) {
                fits = true;
                seen.add(looked);
                if !within.keywords.annotated {
                    break;
                }
            }
        }
        if !fits {
            self.violation("must be one of the alternatives of `anyOf`");
        }
    }

    fn one(&mut self, within: Within<'_>, schemas: &[Schema], value: &dyn Value, seen: &mut Seen) {
        let mut fits = 0;
        for schema in schemas {
            if let Some(looked) = self.quietly(within, schema, value) {
                fits += 1;
                seen.add(looked);
            }
        }
        if fits != 1 {
            self.violation(format!(
                "must be exactly one of the alternatives of `oneOf`, not {fits}"
            ));
        }
    }

    fn number(&mut self, keyword: &Keyword, number: &Decimal) {
        let (broken, demand, limit) = match keyword {
            Keyword::Least(limit) => (number < limit, "at least", limit),
            Keyword::Most(limit) => (number > limit, "at most", limit),
            Keyword::Above(limit) => (number <= limit, "more than", limit),
            Keyword::Below(limit) => (number >= limit, "less than", limit),
            Keyword::MultipleOf(step) => (!number.is_multiple_of(step), "a multiple of", step),
            _ => return,
        };
        if broken {
            self.violation(format!("must be {demand} {limit}"));
        }
    }

    fn text(&mut self, keyword: &Keyword, text: &str) {
        match keyword {
            Keyword::Length(limits) => self.count(limits, text.chars().count(), "characters"),
            Keyword::Pattern(Some(pattern), shown) if !pattern.is_match(text) => {
                self.violation(format!("must match the pattern {shown}"));
            }
            Keyword::Format(format) if !format.accepts(text) => {
                self.violation(format!("must be of the format {}", format.name()));
            }
            _ => {}
        }
    }

    fn items(&mut self, within: Within<'_>, keyword: &Keyword, items: &Items<'_>, seen: &mut Seen) {
        match keyword {
            Keyword::Items(limits) => self.count(limits, items.len(), "items"),
            Keyword::UniqueItems => {
                let mut texts: Vec<String> = items.iter().map(canonical).collect();
                texts.sort_unstable();
                if texts.windows(2).any(|pair| pair[0] == pair[1]) {
                    self.violation("must not have equal items");
                }
            }
            Keyword::List(prefix, rest) => {
                for (index, item) in items.iter().enumerate() {
                    if let Some(schema) = prefix.get(index).or(rest.as_deref()) {
                        self.inside(PathSegment::Index(index), |judge| {
                            judge.schema(within, schema, item);
                        });
                    }
                }
                seen.all_items |= rest.is_some();
                seen.items.extend(0..prefix.len());
            }
            Keyword::Contains(schema, limits) => {
                let mut found = 0;
                for (index, item) in items.iter().enumerate() {
                    let fits = self.inside(PathSegment::Index(index), |judge| {
                        judge.quietly(within, schema, item).is_some()
                    });
                    if fits {
                        found += 1;
                        seen.items.push(index);
                    }
                }
                self.count(limits, found, "items of the kind that `contains` describes");
            }
            Keyword::OtherItems(schema) => {
                for (index, item) in items.iter().enumerate() {
                    if !seen.all_items && !seen.items.contains(&index) {
                        self.inside(PathSegment::Index(index), |judge| {
                            judge.schema(within, schema, item);
                        });
                    }
                }
                seen.all_items = true;
            }
            _ => {}
        }
    }

    fn members(
        &mut self,
        within: Within<'_>,
        keyword: &Keyword,
        members: &Members<'_>,
        value: &dyn Value,
        seen: &mut Seen,
    ) {
        match keyword {
            Keyword::Properties(limits) => self.count(limits, members.len(), "properties"),
            Keyword::Required(names) => self.required(names, members),
            Keyword::DependentRequired(all) => {
                for (name, names) in all {
                    if members.get(name).is_some() {
                        self.required(names, members);
                    }
                }
            }
            Keyword::DependentSchemas(all) => {
                for (name, schema) in all {
                    if members.get(name).is_some() {
                        seen.add(self.schema(within, schema, value).unwrap_or_default());
                    }
                }
            }
            Keyword::Names(schema) => members.each(&mut |name, _| {
                self.inside(key(name), |judge| {
                    judge.schema(within, schema, &name.to_owned());
                });
            }),
            Keyword::Members(said) => self.each_member(within, said, members, seen),
            Keyword::OtherMembers(schema) => {
                members.each(&mut |name, value| {
                    if !seen.all_members && !seen.members.iter().any(|known| known == name) {
                        self.inside(key(name), |judge| {
                            judge.schema(within, schema, value);
                        });
                    }
                });
                seen.all_members = true;
            }
            _ => {}
        }
    }

    fn each_member(
        &mut self,
        within: Within<'_>,
        said: &keywords::Members,
        members: &Members<'_>,
        seen: &mut Seen,
    ) {
        members.each(&mut |name, value| {
            let mut schemas = Vec::from_iter(said.named.get(name));
            let mut known = !schemas.is_empty();
            for (pattern, schema) in &said.matching {
                match pattern {
                    Some(pattern) if !pattern.is_match(name) => {}
                    Some(_) => {
                        known = true;
                        schemas.push(schema);
                    }
                    // It may match: then the others do not apply.
                    None => known = true,
                }
            }
            if !known {
                schemas.extend(said.others.as_deref());
            }
            if within.keywords.annotated && (known || said.others.is_some()) {
                seen.members.push(name.to_owned());
            }
            self.inside(key(name), |judge| {
                for schema in schemas {
                    judge.schema(within, schema, value);
                }
            });
        });
    }

    fn required(&mut self, names: &[String], members: &Members<'_>) {
        for name in names {
            if members.get(name).is_none() {
                self.violation(format!("must have the property `{name}`"));
            }
        }
    }

    fn count(&mut self, limits: &Limits, found: usize, of: &str) {
        let found = found as u64;
        if found < limits.least {
            self.violation(format!("must have at least {} {of}", limits.least));
        } else if found > limits.most {
            self.violation(format!("must have at most {} {of}", limits.most));
        }
    }
}

fn key(name: &str) -> PathSegment {
    PathSegment::Key(Cow::Owned(name.to_owned()))
}

fn is_of(instance: &Instance<'_>, kinds: &[JsonKind], null: bool) -> bool {
    let has = |kind| kinds.contains(&kind);
    match instance {
        Instance::Null => null,
        Instance::Bool(_) => has(JsonKind::Bool),
        Instance::Number(number) => has(JsonKind::Number) || (has(JsonKind::Integer) && number.is_whole()),
        Instance::Text(_) => has(JsonKind::String),
        Instance::Items(_) => has(JsonKind::Array),
        Instance::Members(_) => has(JsonKind::Object),
    }
}

fn kinds_message(kinds: &[JsonKind], null: bool) -> String {
    let names = kinds.iter().map(|kind| match kind {
        JsonKind::Bool => "true or false",
        JsonKind::Integer => "an integer",
        JsonKind::Number => "a number",
        JsonKind::String => "text",
        JsonKind::Array => "a list",
        JsonKind::Object => "an object",
    });
    let names: Vec<&str> = names.chain(null.then_some("null")).collect();
    format!("must be {}", names.join(" or "))
}
