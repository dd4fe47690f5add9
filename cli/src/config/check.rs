//! Judges a TOML tree by the schema of the types that it is to be read into, and gathers all problems with their places.
//!
//! The schema comes from schemars, so that keys, types and ranges are written once, in the types. Only the keywords
//! that schemars writes for these are known here.

use std::collections::BTreeMap;

use serde_json::Value as Json;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use tieline_contract::nearest::nearest;
use tieline_contract::problem::{Diagnostic, Place, Problem, Problems, escape_token};
use tieline_contract::source::{FileId, SourceMap, Span};

use super::values;
use crate::diagnostics;

/// The text of a file, for places in it.
#[derive(Clone, Copy)]
pub(super) struct Located<'a> {
    pub(super) sources: &'a SourceMap,
    pub(super) file: FileId,
}

impl Located<'_> {
    /// A problem at a range of octets, `path` being the keys that lead there.
    pub(super) fn problem(
        self,
        diagnostic: &Diagnostic,
        range: std::ops::Range<usize>,
        path: &[String],
    ) -> Problem {
        let mut place = self.place(range);
        place.pointer = path.iter().fold(String::new(), |at, key| below(&at, key));
        Problem::new(diagnostic, place)
    }

    /// The places of a value, which stands at `root`, and of all in it, by JSON pointer below it.
    pub(super) fn places(self, value: &Spanned<DeValue<'_>>, root: &str) -> BTreeMap<String, Place> {
        let mut places = BTreeMap::new();
        let mut open = vec![(String::new(), value)];
        while let Some((pointer, value)) = open.pop() {
            match value.get_ref() {
                DeValue::Table(table) => {
                    open.extend(
                        table
                            .iter()
                            .map(|(key, value)| (below(&pointer, key.get_ref()), value)),
                    );
                }
                DeValue::Array(items) => {
                    let items = items.iter().enumerate();
                    open.extend(items.map(|(at, item)| (below(&pointer, &at.to_string()), item)));
                }
                _ => {}
            }
            let mut place = self.place(value.span());
            place.pointer = format!("{root}{pointer}");
            places.insert(pointer, place);
        }
        places
    }

    fn place(self, range: std::ops::Range<usize>) -> Place {
        let offset = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
        self.sources.place(Span {
            file: self.file,
            start: offset(range.start),
            end: offset(range.end),
        })
    }
}

/// The JSON pointer (RFC 6901) of a key below another.
fn below(pointer: &str, key: &str) -> String {
    format!("{pointer}/{}", escape_token(key))
}

/// All problems of the table.
pub(super) fn check(table: &Spanned<DeTable<'_>>, schema: &Json, located: Located<'_>) -> Problems {
    let mut check = Check {
        root: schema,
        located,
        path: Vec::new(),
        problems: Problems::new(),
    };
    check.table(table.get_ref(), table.span(), schema);
    check.problems
}

struct Check<'a> {
    root: &'a Json,
    located: Located<'a>,
    path: Vec<String>,
    problems: Problems,
}

impl<'a> Check<'a> {
    fn value(&mut self, value: &Spanned<DeValue<'_>>, schema: &'a Json) {
        let schema = self.follow(schema);
        let span = value.span();
        let value = value.get_ref();
        if !fits(value, schema) {
            let wanted = wanted(schema);
            let problem = self.problem(&diagnostics::WRONG_TYPE, span);
            let problem = problem.label(format!("this is {}", article(value.type_str())));
            self.problems.push(problem.help(format!("write {wanted}")));
            return;
        }
        match value {
            DeValue::Table(table) => self.table(table, span, schema),
            DeValue::Array(items) => {
                if items.is_empty() && schema.get("minItems").is_some() {
                    let problem = self.problem(&diagnostics::BAD_VALUE, span);
                    let problem = problem.label("this list is empty");
                    self.problems
                        .push(problem.help("name at least one value, or leave the key out"));
                }
                if let Some(schema) = schema.get("items") {
                    for (at, item) in items.iter().enumerate() {
                        self.within(at.to_string(), |check| check.value(item, schema));
                    }
                }
            }
            DeValue::String(text) => self.text(text, span, schema),
            DeValue::Integer(_) | DeValue::Float(_) => self.number(value, span, schema),
            DeValue::Boolean(_) | DeValue::Datetime(_) => {}
        }
    }

    fn table(&mut self, table: &DeTable<'_>, span: std::ops::Range<usize>, schema: &'a Json) {
        let properties = schema.get("properties").and_then(Json::as_object);
        let others = schema.get("additionalProperties");
        let mut meant: Vec<&str> = Vec::new();
        for (key, value) in table {
            let name: &str = key.get_ref();
            let known = properties.and_then(|properties| properties.get(name));
            match (known, others) {
                (Some(schema), _) => self.within(name.to_owned(), |check| check.value(value, schema)),
                (None, Some(Json::Bool(false))) => {
                    let keys = properties.into_iter().flat_map(|properties| properties.keys());
                    let keys: Vec<&str> = keys.map(String::as_str).collect();
                    let near = nearest(name, keys.iter().copied());
                    meant.extend(near);
                    self.within(name.to_owned(), |check| {
                        check.unknown(name, key.span(), near, &keys);
                    });
                }
                (None, Some(schema @ Json::Object(_))) => {
                    self.within(name.to_owned(), |check| check.value(value, schema));
                }
                (None, _) => {}
            }
        }
        let required = schema
            .get("required")
            .and_then(Json::as_array)
            .into_iter()
            .flatten();
        for name in required.filter_map(Json::as_str) {
            // A misspelt key is not missing, too.
            if !table.contains_key(name) && !meant.contains(&name) {
                let problem = self.problem(&diagnostics::MISSING_KEY, span.clone());
                self.problems.push(problem.about(format!("`{name}`")));
            }
        }
    }

    fn unknown(&mut self, name: &str, span: std::ops::Range<usize>, near: Option<&str>, known: &[&str]) {
        let help = match near {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("known here: {}", known.join(", ")),
        };
        let problem = self.problem(&diagnostics::UNKNOWN_KEY, span);
        let problem = problem.about(format!("`{name}`")).help(help);
        let lower = name.to_lowercase();
        let secret = ["key", "secret", "token", "password"]
            .iter()
            .any(|word| lower.contains(word));
        let keep = name.chars().count();
        self.problems
            .push(if secret { veiled(problem, keep) } else { problem });
    }

    fn text(&mut self, text: &str, span: std::ops::Range<usize>, schema: &Json) {
        let kind = schema
            .get(values::KIND)
            .and_then(Json::as_str)
            .unwrap_or_default();
        if let Some((label, help)) = values::fault(kind, text) {
            let problem = self.problem(&diagnostics::BAD_VALUE, span);
            let problem = problem.label(label).help(help);
            // A key in the place of a variable's name, or credentials in an address.
            let secret = kind == "variable" || (kind == "address" && text.contains('@'));
            self.problems
                .push(if secret { veiled(problem, 0) } else { problem });
        }
    }

    fn number(&mut self, value: &DeValue<'_>, span: std::ops::Range<usize>, schema: &Json) {
        let number = match value {
            DeValue::Integer(integer) => {
                i128::from_str_radix(integer.as_str(), integer.radix()).map_or(f64::INFINITY, |n| n as f64)
            }
            DeValue::Float(float) => float.as_str().parse().unwrap_or(f64::NAN),
            _ => return,
        };
        let bound = |name: &str| schema.get(name).and_then(Json::as_f64);
        let least = bound("minimum");
        let greatest = bound("maximum").or_else(|| greatest_of(schema));
        // Written so that not a number lies outside.
        let above = schema.get("exclusiveMinimum").and_then(Json::as_f64);
        let inside = least.is_none_or(|least| number >= least)
            && above.is_none_or(|above| number > above)
            && greatest.is_none_or(|greatest| number <= greatest)
            && number.is_finite();
        if inside {
            return;
        }
        let help = match (least, greatest) {
            _ if above.is_some() => {
                let end = greatest.map_or(String::new(), |greatest| format!(" and at most {greatest}"));
                format!("write a number above {}{end}", above.unwrap_or_default())
            }
            (Some(least), Some(greatest)) => format!("write a number from {least} to {greatest}"),
            (Some(least), None) => format!("write a number not below {least}"),
            _ => "write a smaller number".to_owned(),
        };
        let problem = self.problem(&diagnostics::BAD_VALUE, span);
        self.problems.push(problem.label("out of range").help(help));
    }

    fn problem(&self, diagnostic: &Diagnostic, span: std::ops::Range<usize>) -> Problem {
        self.located.problem(diagnostic, span, &self.path)
    }

    fn within(&mut self, key: String, work: impl FnOnce(&mut Self)) {
        self.path.push(key);
        work(self);
        self.path.pop();
    }

    /// The schema that is meant: behind a reference.
    fn follow(&self, schema: &'a Json) -> &'a Json {
        let target = schema.get("$ref").and_then(Json::as_str);
        let found = target
            .and_then(|target| target.strip_prefix('#'))
            .and_then(|at| self.root.pointer(at));
        found.map_or(schema, |found| self.follow(found))
    }
}

/// A problem whose excerpt ends `keep` characters behind its start: what follows may be a secret that was put into the
/// file by mistake, and must not get into logs.
pub(super) fn veiled(mut problem: Problem, keep: usize) -> Problem {
    if let Some(place) = &mut problem.place {
        let end = (place.column as usize).saturating_sub(1) + keep;
        if place.excerpt.chars().count() > end {
            let kept: String = place.excerpt.chars().take(end).collect();
            place.excerpt = if keep > 0 { kept + " …" } else { kept + "…" };
            place.end_column = place.column + keep.max(1) as u32;
        }
    }
    problem
}

/// The greatest value of schemars' integer formats.
fn greatest_of(schema: &Json) -> Option<f64> {
    match schema.get("format").and_then(Json::as_str) {
        Some("uint32") => Some(f64::from(u32::MAX)),
        Some("uint16") => Some(f64::from(u16::MAX)),
        _ => None,
    }
}

/// The JSON types that a schema allows; none: any.
fn types(schema: &Json) -> Vec<&str> {
    match schema.get("type") {
        Some(Json::String(one)) => vec![one],
        Some(Json::Array(several)) => several.iter().filter_map(Json::as_str).collect(),
        _ => Vec::new(),
    }
}

fn fits(value: &DeValue<'_>, schema: &Json) -> bool {
    let allowed = types(schema);
    let names: &[&str] = match value {
        DeValue::String(_) => &["string"],
        DeValue::Integer(_) => &["integer", "number"],
        DeValue::Float(_) => &["number"],
        DeValue::Boolean(_) => &["boolean"],
        DeValue::Array(_) => &["array"],
        DeValue::Table(_) => &["object"],
        DeValue::Datetime(_) => &[],
    };
    allowed.is_empty() || names.iter().any(|name| allowed.contains(name))
}

/// What a schema asks for, in words.
fn wanted(schema: &Json) -> String {
    let examples = schema.get("examples").and_then(Json::as_array);
    if let Some(example) = examples.and_then(|examples| examples.first()) {
        return format!("a text such as {example}");
    }
    let words: Vec<&str> = types(schema)
        .into_iter()
        .filter_map(|name| match name {
            "string" => Some("a text in quotes"),
            "integer" => Some("a whole number"),
            "number" => Some("a number"),
            "boolean" => Some("true or false"),
            "array" => Some("a list in [ ]"),
            "object" => Some("a table"),
            _ => None,
        })
        .collect();
    words.join(" or ")
}

fn article(kind: &str) -> String {
    let vowel = kind.starts_with(['a', 'e', 'i', 'o', 'u']);
    format!("{} {kind}", if vowel { "an" } else { "a" })
}
