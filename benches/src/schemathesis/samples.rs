//! What a stub answers: for each operation of a document, replies made from its response schemas.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::Path;

use serde::Serialize;
use serde_json::{Map, Value};
use tieline::random::Random;
use tieline_contract::model::{Binding, PathSegment};
use tieline_contract::source::{Document, SourceMap};
use tieline_contract::{ReadOptions, read};

use crate::Failure;
use crate::corpus::{Oracle, Sampler};

/// A reply.
#[derive(Debug, Serialize)]
pub(super) struct Answer {
    status: u16,
    media_type: Option<String>,
    headers: Vec<(String, String)>,
    body: String,
}

/// The replies of a document's operations, by their ids.
pub(super) struct Samples {
    pub(super) answers: BTreeMap<String, Vec<Answer>>,
    /// Operations (`GET /pets`) for which no valid reply was found, and why.
    pub(super) without: Vec<(String, String)>,
}

/// How many replies of each kind an operation has.
const REPLIES: usize = 4;
/// How often a value is made before none is found.
const TRIES: usize = 200;
/// How deep values nest at first; less deep when that finds none.
const DEPTH: usize = 4;
/// The failures that a check for wrongly refused requests lets pass.
const FAILURES: [&str; 3] = ["403", "404", "409"];

/// Makes the replies of all operations, the same for the same seed.
pub(super) fn of(document: &Path, seed: u64) -> Result<Samples, Failure> {
    let contract = read(document, &ReadOptions::default())
        .map_err(|problems| problems.to_string())?
        .contract;
    let mut root = load(document)?;
    let mut maker = Maker::default();
    let mut wanted = Vec::new();
    for operation in contract.operations() {
        let Some(Binding::Http(binding)) = operation.bindings.first() else {
            continue;
        };
        let path: String = binding.path.segments.iter().map(written).collect();
        let method = binding.method.as_str().to_ascii_lowercase();
        let node = &root["paths"][&path];
        let node = followed(&root, &followed(&root, node)[&method]).clone();
        let label = format!("{} {path}", binding.method.as_str());
        wanted.push((operation.id.clone(), label, maker.replies(&root, &node)));
    }
    maker.define(&mut root);
    readable(&mut root);
    let oracle = Oracle::of(&root);
    let random = Random::seeded(seed);
    let mut samples = Samples {
        answers: BTreeMap::new(),
        without: Vec::new(),
    };
    for (id, label, replies) in wanted {
        let mut answers = Vec::new();
        let mut why = "it declares no reply".to_owned();
        for reply in &replies {
            for _ in 0..REPLIES {
                match reply.answer(&oracle, &random) {
                    Ok(answer) => answers.push(answer),
                    Err(error) => why = error,
                }
            }
        }
        if answers.iter().all(|answer: &Answer| answer.status >= 400) {
            samples.without.push((label, why));
        }
        samples.answers.insert(id, answers);
    }
    Ok(samples)
}

impl Samples {
    /// The operations that cannot be tested.
    pub(super) fn unanswered(&self) -> BTreeSet<&str> {
        self.without.iter().map(|(operation, _)| &**operation).collect()
    }
}

pub(super) fn load(path: &Path) -> Result<Value, Failure> {
    let mut sources = SourceMap::new();
    let file = sources.load(path).map_err(|problem| problem.to_string())?;
    let document = Document::parse(&sources, file).map_err(|problem| problem.to_string())?;
    Ok(document.root.to_json())
}

/// Takes out of all schemas what no reply may have.
fn readable(node: &mut Value) {
    match node {
        Value::Object(object) => {
            let mut hidden = Vec::new();
            if let Some(Value::Object(properties)) = object.get_mut("properties") {
                let write_only = |(name, property): (&String, &Value)| {
                    (property["writeOnly"] == Value::Bool(true)).then(|| name.clone())
                };
                hidden = properties.iter().filter_map(write_only).collect();
                properties.retain(|name, _| !hidden.contains(name));
            }
            if let Some(Value::Array(required)) = object.get_mut("required") {
                required.retain(|name| !hidden.iter().any(|hidden| name == hidden));
            }
            object.values_mut().for_each(readable);
        }
        Value::Array(items) => items.iter_mut().for_each(readable),
        _ => {}
    }
}

fn written(segment: &PathSegment) -> String {
    match segment {
        PathSegment::Literal(text) => text.clone(),
        PathSegment::Variable(name) => format!("{{{name}}}"),
    }
}

/// What a reference within the document leads to.
fn followed<'a>(root: &'a Value, node: &'a Value) -> &'a Value {
    let mut node = node;
    for _ in 0..10 {
        let Some(pointer) = node["$ref"]
            .as_str()
            .and_then(|reference| reference.strip_prefix('#'))
        else {
            break;
        };
        let pointer = pointer
            .replace("%7B", "{")
            .replace("%7D", "}")
            .replace("%20", " ");
        node = root.pointer(&pointer).unwrap_or(&Value::Null);
    }
    node
}

/// A declared reply.
struct Reply {
    status: u16,
    media_type: Option<String>,
    /// The name under which the body's schema is defined.
    body: Option<String>,
    headers: Vec<(String, String)>,
}

/// Collects the schemas of replies.
#[derive(Default)]
struct Maker {
    schemas: Map<String, Value>,
    known: HashMap<String, String>,
}

impl Maker {
    /// The declared replies that a stub gives: all that mean success, and a few failures.
    fn replies(&mut self, root: &Value, operation: &Value) -> Vec<Reply> {
        let responses = operation["responses"].as_object();
        let declared: Vec<(&String, &Value)> = responses.into_iter().flatten().collect();
        let of = |wanted: &dyn Fn(&str) -> bool| -> Vec<(u16, &Value)> {
            let fit = declared.iter().filter(|(status, _)| wanted(status));
            fit.map(|(status, response)| (number(status), *response))
                .collect()
        };
        let mut chosen = of(&|status| status.starts_with('2'));
        if chosen.is_empty() {
            chosen = of(&|status| status == "default");
        }
        if chosen.is_empty() {
            chosen = of(&|status| !status.starts_with("x-"));
        } else {
            chosen.extend(of(&|status| FAILURES.contains(&status)));
        }
        let produces = operation.get("produces").or_else(|| root.get("produces"));
        let replies = chosen.into_iter().map(|(status, response)| {
            let response = followed(root, response).clone();
            self.reply(root, status, &response, produces)
        });
        replies.collect()
    }

    fn reply(&mut self, root: &Value, status: u16, response: &Value, produces: Option<&Value>) -> Reply {
        let mut media: Vec<(String, Value)> = Vec::new();
        if let Some(content) = response["content"].as_object() {
            media.extend(
                content
                    .iter()
                    .map(|(key, value)| (key.clone(), value["schema"].clone())),
            );
        } else if let Some(schema) = response.get("schema") {
            let listed = produces.and_then(Value::as_array).into_iter().flatten();
            media.extend(
                listed
                    .filter_map(Value::as_str)
                    .map(|name| (name.to_owned(), schema.clone())),
            );
            if media.is_empty() {
                media.push(("application/json".to_owned(), schema.clone()));
            }
        }
        let best = media.iter().find(|(name, _)| is_json(name)).or(media.first());
        let headers = response["headers"].as_object().into_iter().flatten();
        let headers = headers.filter_map(|(name, header)| {
            let header = followed(root, header);
            let required = header["required"] == Value::Bool(true);
            required.then(|| (name.clone(), "1".to_owned()))
        });
        Reply {
            status,
            media_type: best.map(|(name, _)| name.clone()),
            body: best.map(|(_, schema)| self.name(schema)),
            headers: headers.collect(),
        }
    }

    /// A name for a schema, under which it will be defined.
    fn name(&mut self, schema: &Value) -> String {
        let text = schema.to_string();
        let fresh = format!("reply-{}", self.known.len());
        let name = self.known.entry(text).or_insert(fresh).clone();
        let schema = if schema.is_null() {
            Value::Bool(true)
        } else {
            schema.clone()
        };
        self.schemas.insert(name.clone(), schema);
        name
    }

    /// Adds the schemas to those of the document.
    fn define(self, root: &mut Value) {
        let is_2_0 = root.get("swagger").is_some();
        let all = if is_2_0 {
            &mut root["definitions"]
        } else {
            &mut root["components"]["schemas"]
        };
        match all {
            Value::Object(all) => all.extend(self.schemas),
            other => *other = Value::Object(self.schemas),
        }
    }
}

/// A status that a key of `responses` stands for.
fn number(status: &str) -> u16 {
    let first = status
        .chars()
        .next()
        .and_then(|digit| digit.to_digit(10))
        .unwrap_or(2) as u16;
    status.parse().unwrap_or(first * 100)
}

fn is_json(media_type: &str) -> bool {
    let essence = media_type
        .split(';')
        .next()
        .unwrap_or_default()
        .trim()
        .to_ascii_lowercase();
    essence.ends_with("/json") || essence.ends_with("+json") || essence == "*/*" || essence == "application/*"
}

impl Reply {
    fn answer(&self, oracle: &Oracle, random: &Random) -> Result<Answer, String> {
        let body = match &self.body {
            None => String::new(),
            Some(schema) => self.body(oracle, random, schema)?,
        };
        let media_type = self.media_type.as_deref().map(|name| match name {
            "*/*" | "application/*" => "application/json".to_owned(),
            "text/*" => "text/plain".to_owned(),
            "image/*" => "image/png".to_owned(),
            name => name.to_owned(),
        });
        Ok(Answer {
            status: self.status,
            media_type,
            headers: self.headers.clone(),
            body,
        })
    }

    fn body(&self, oracle: &Oracle, random: &Random, schema: &str) -> Result<String, String> {
        if !self.media_type.as_deref().is_some_and(is_json) {
            return Ok("stub".to_owned());
        }
        let sampler = Sampler { oracle, random };
        for attempt in 0..TRIES {
            let depth = DEPTH * (TRIES - attempt) / TRIES + 1;
            let value = sampler.sample(&oracle.schemas()[schema], depth);
            match oracle.is_strictly_valid(schema, &value) {
                Some(true) => return Ok(value.to_string()),
                Some(false) => {}
                None => return Err("the oracle does not understand the schema".to_owned()),
            }
        }
        Err(format!("no valid value was found in {TRIES} tries"))
    }
}
