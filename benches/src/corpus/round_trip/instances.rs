//! Values of a document's component schemas: its examples, samples, and mutations of both.

use serde_json::{Map, Value, json};
use tieline::random::Random;

use super::super::generate::Row;
use super::oracle::Oracle;

/// A value and the schema that it is of.
pub(crate) struct Instance {
    pub(crate) type_name: String,
    pub(crate) value: Value,
    /// Where it comes from.
    pub(crate) place: String,
    pub(crate) is_example: bool,
}

/// How many samples are made of each schema, and how many mutations of each value.
const SAMPLES: usize = 6;
const MUTATIONS: usize = 2;

/// How deep samples nest.
const DEPTH: usize = 5;

/// All values of a document, the same for the same seed.
pub(super) fn all(root: &Value, oracle: &Oracle, row: &Row, seed: u64) -> Vec<Instance> {
    let mut values = Vec::new();
    examples(root, oracle, &mut String::new(), &mut values);
    let random = Random::seeded(seed);
    for (name, schema) in oracle.schemas() {
        for number in 0..SAMPLES {
            let sampler = Sampler {
                oracle,
                random: &random,
            };
            values.push(Instance {
                type_name: name.clone(),
                value: sampler.sample(schema, DEPTH),
                place: format!("sample {number}"),
                is_example: false,
            });
        }
    }
    let mut mutations = Vec::new();
    for instance in &values {
        for number in 0..MUTATIONS {
            let mut value = instance.value.clone();
            mutate(&random, &mut value);
            mutations.push(Instance {
                type_name: instance.type_name.clone(),
                value,
                place: format!("mutation {number} of {}", instance.place),
                is_example: false,
            });
        }
    }
    values.extend(mutations);
    // The oracle is asked schema by schema.
    values.sort_by(|a, b| a.type_name.cmp(&b.type_name));
    values.retain(|instance| row.type_names.iter().any(|(name, _)| *name == instance.type_name));
    values
}

/// The examples of component schemas, and of bodies and parameters that are one or a list of one.
fn examples(node: &Value, oracle: &Oracle, at: &mut String, found: &mut Vec<Instance>) {
    if let Value::Object(object) = node {
        let of_schema = at
            .strip_prefix("/components/schemas/")
            .or_else(|| at.strip_prefix("/definitions/"))
            .filter(|name| !name.contains('/'))
            .map(|name| name.replace("~1", "/").replace("~0", "~"));
        if let Some(name) = of_schema {
            let listed = object
                .get("examples")
                .and_then(Value::as_array)
                .into_iter()
                .flatten();
            for value in object.get("example").into_iter().chain(listed) {
                add(&name, value, at, oracle, found);
            }
        } else if let Some(schema) = object.get("schema") {
            let named = object
                .get("examples")
                .and_then(Value::as_object)
                .into_iter()
                .flatten();
            let named = named.filter_map(|(_, example)| example.get("value"));
            for value in object.get("example").into_iter().chain(named) {
                match (reference(schema), schema.get("items").and_then(reference), value) {
                    (Some(name), _, value) => add(&name, value, at, oracle, found),
                    (None, Some(name), Value::Array(items)) => {
                        for item in items {
                            add(&name, item, at, oracle, found);
                        }
                    }
                    _ => {}
                }
            }
        }
    }
    let children: Vec<(String, &Value)> = match node {
        Value::Object(object) => object
            .iter()
            .map(|(key, child)| (key.replace('~', "~0").replace('/', "~1"), child))
            .collect(),
        Value::Array(items) => items
            .iter()
            .enumerate()
            .map(|(key, child)| (key.to_string(), child))
            .collect(),
        _ => Vec::new(),
    };
    for (key, child) in children {
        let before = at.len();
        at.push('/');
        at.push_str(&key);
        examples(child, oracle, at, found);
        at.truncate(before);
    }
}

fn reference(schema: &Value) -> Option<String> {
    let reference = schema.get("$ref")?.as_str()?;
    let name = reference
        .strip_prefix("#/components/schemas/")
        .or_else(|| reference.strip_prefix("#/definitions/"))?;
    Some(name.replace("~1", "/").replace("~0", "~"))
}

fn add(name: &str, value: &Value, at: &str, oracle: &Oracle, found: &mut Vec<Instance>) {
    if oracle.schemas().contains_key(name) {
        found.push(Instance {
            type_name: name.to_owned(),
            value: value.clone(),
            place: at.to_owned(),
            is_example: true,
        });
    }
}

/// Makes values that a schema may well call valid.
pub(crate) struct Sampler<'s> {
    pub(crate) oracle: &'s Oracle,
    pub(crate) random: &'s Random,
}

impl Sampler<'_> {
    fn below(&self, limit: usize) -> usize {
        self.random.below(limit.max(1) as u64) as usize
    }

    pub(crate) fn sample(&self, schema: &Value, depth: usize) -> Value {
        let Some(object) = schema.as_object() else {
            return self.anything();
        };
        if let Some(name) = reference(schema) {
            return match self.oracle.schemas().get(&name) {
                Some(target) if depth > 0 => self.sample(target, depth - 1),
                _ => Value::Null,
            };
        }
        if let Some(constant) = object.get("const") {
            return constant.clone();
        }
        if let Some(Value::Array(constants)) = object.get("enum") {
            return constants
                .get(self.below(constants.len()))
                .cloned()
                .unwrap_or_default();
        }
        let mut value = self.by_type(object, depth);
        for keyword in ["oneOf", "anyOf"] {
            if let Some(Value::Array(branches)) = object.get(keyword)
                && let Some(branch) = branches.get(self.below(branches.len()))
            {
                value = merged(value, self.sample(branch, depth.saturating_sub(1)));
            }
        }
        for member in object
            .get("allOf")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
        {
            value = merged(value, self.sample(member, depth.saturating_sub(1)));
        }
        value
    }

    fn by_type(&self, schema: &Map<String, Value>, depth: usize) -> Value {
        let kinds: Vec<&str> = match schema.get("type") {
            Some(Value::String(kind)) => vec![kind],
            Some(Value::Array(kinds)) => kinds.iter().filter_map(Value::as_str).collect(),
            _ if schema.contains_key("properties") || schema.contains_key("additionalProperties") => {
                vec!["object"]
            }
            _ if schema.contains_key("items") => vec!["array"],
            _ if ["oneOf", "anyOf", "allOf"]
                .iter()
                .any(|key| schema.contains_key(*key)) =>
            {
                return Value::Null;
            }
            _ => return self.anything(),
        };
        match kinds.get(self.below(kinds.len())).copied() {
            Some("object") => self.object(schema, depth),
            Some("array") => {
                let least = schema
                    .get("minItems")
                    .and_then(Value::as_u64)
                    .unwrap_or(0)
                    .min(20) as usize;
                let most = if depth == 0 { least } else { least + self.below(3) };
                let items = schema.get("items").unwrap_or(&Value::Null);
                (0..most)
                    .map(|_| self.sample(items, depth.saturating_sub(1)))
                    .collect()
            }
            Some("string") => self.text(schema),
            Some("integer") => self.number(schema, true),
            Some("number") => {
                let whole = self.below(2) == 0;
                self.number(schema, whole)
            }
            Some("boolean") => json!(self.below(2) == 0),
            _ => Value::Null,
        }
    }

    fn object(&self, schema: &Map<String, Value>, depth: usize) -> Value {
        let required: Vec<&str> = schema
            .get("required")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .collect();
        let mut object = Map::new();
        for (name, property) in schema
            .get("properties")
            .and_then(Value::as_object)
            .into_iter()
            .flatten()
        {
            let wanted = depth > 0 && self.below(2) == 0;
            if wanted || required.contains(&name.as_str()) {
                object.insert(name.clone(), self.sample(property, depth.saturating_sub(1)));
            }
        }
        match schema.get("additionalProperties") {
            Some(Value::Bool(false)) => {}
            Some(other @ Value::Object(_)) if depth > 0 => {
                for number in 0..self.below(3) {
                    object.insert(format!("key {number}"), self.sample(other, depth - 1));
                }
            }
            _ if self.below(3) == 0 => {
                object.insert("unknown to the contract".to_owned(), self.anything());
            }
            _ => {}
        }
        Value::Object(object)
    }

    fn text(&self, schema: &Map<String, Value>) -> Value {
        let text = match schema.get("format").and_then(Value::as_str) {
            Some("date-time") => ["2024-02-29T12:30:00Z", "1999-12-31T23:59:59.123456+05:30"][self.below(2)],
            Some("date") => "2024-02-29",
            Some("uuid") => "67e55044-10b1-426f-9247-bb680e5fe0c8",
            Some("uri" | "url") => "https://example.com/a?b=c#d",
            Some("email") => "a@example.com",
            Some("ipv4") => "192.0.2.1",
            Some("ipv6") => "2001:db8::1",
            Some("byte") => "aGVsbG8=",
            Some("time") => "12:30:00Z",
            Some("duration") => "P1DT2H",
            _ => ["", "a", "text with ünïcödé \u{1F600}", "0", "true", "\"\\\n"][self.below(6)],
        };
        let least = schema
            .get("minLength")
            .and_then(Value::as_u64)
            .unwrap_or(0)
            .min(2000) as usize;
        let missing = least.saturating_sub(text.chars().count());
        let mut text = text.to_owned() + &"x".repeat(missing);
        if let Some(most) = schema.get("maxLength").and_then(Value::as_u64) {
            text = text.chars().take(most as usize).collect();
        }
        json!(text)
    }

    fn number(&self, schema: &Map<String, Value>, whole: bool) -> Value {
        let bound = |keyword: &str| schema.get(keyword).and_then(Value::as_f64);
        let low = bound("minimum")
            .or(bound("exclusiveMinimum").map(|low| low + 1.0))
            .unwrap_or(-100.0);
        let high = bound("maximum")
            .or(bound("exclusiveMaximum").map(|high| high - 1.0))
            .unwrap_or(low.max(0.0) + 1000.0);
        let span = (high - low).clamp(0.0, 1e9);
        let number = low + (self.random.below(1_000_001) as f64 / 1e6) * span;
        if whole {
            json!(number.ceil() as i64)
        } else {
            json!((number * 1000.0).round() / 1000.0)
        }
    }

    fn anything(&self) -> Value {
        match self.below(6) {
            0 => json!("text"),
            1 => json!(7),
            2 => json!(-1.25e10),
            3 => json!([1, "a", null]),
            4 => json!({ "a": { "b": [] } }),
            _ => json!(true),
        }
    }
}

/// Both, where both are objects; the second otherwise, unless it says nothing.
fn merged(first: Value, second: Value) -> Value {
    match (first, second) {
        (Value::Object(mut first), Value::Object(second)) => {
            first.extend(second);
            Value::Object(first)
        }
        (first, Value::Null) => first,
        (_, second) => second,
    }
}

/// Makes one thing different, mostly wrong.
fn mutate(random: &Random, value: &mut Value) {
    let below = |limit: usize| random.below(limit.max(1) as u64) as usize;
    match value {
        Value::Object(object) if !object.is_empty() && below(4) > 0 => {
            let keys: Vec<String> = object.keys().cloned().collect();
            let key = &keys[below(keys.len())];
            match below(4) {
                0 => {
                    object.remove(key);
                }
                1 => {
                    object.insert("no such property".to_owned(), json!(1));
                }
                _ => {
                    if let Some(inner) = object.get_mut(key) {
                        mutate(random, inner);
                    }
                }
            }
        }
        Value::Array(items) if !items.is_empty() && below(4) > 0 => {
            let at = below(items.len());
            match below(3) {
                0 => {
                    let again = items[at].clone();
                    items.push(again);
                }
                _ => mutate(random, &mut items[at]),
            }
        }
        Value::Number(number) if below(2) == 0 => *value = json!(number.as_f64().unwrap_or(0.0) * -1000.5),
        Value::String(text) if below(2) == 0 => text.push_str("\u{e9} and more"),
        place => {
            *place = match below(6) {
                0 => Value::Null,
                1 => json!("text"),
                2 => json!(0),
                3 => json!([]),
                4 => json!({}),
                _ => json!(false),
            }
        }
    }
}
