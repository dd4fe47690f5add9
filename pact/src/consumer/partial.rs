//! Replies of which only a part is named.
//!
//! What is named must be what the contract says there: known properties, of their types, obeying their rules. What is
//! not named is made up from the types for the consumer under test, and stays out of the pact.

use bytes::Bytes;
use http::StatusCode;
use serde_json::{Map, Value as Json};
use tieline::call::Call;
use tieline::codec::{
    DecodeError, Format, NodeMut, Open, Record, Rule, Union, Value, json as codec, validate_with,
};
use tieline::operation::{Body, Encoding, HttpBinding, Reply, ReplySet, match_status};

use super::check::Side;
use super::describe::{self, Message};
use crate::rules::Rules;

/// How deep a value is made up: types that need themselves have no end.
const DEPTH: usize = 32;

/// The reply of `status` with at least `named`, as the pact keeps it and as the consumer gets it.
pub(super) fn reply<C: Call>(
    binding: &HttpBinding,
    status: StatusCode,
    named: &Json,
) -> Result<(Message, Bytes), Vec<String>>
where
    C::Response: ReplySet,
    C::Failure: ReplySet,
{
    match Side::of(status) {
        Side::Success => {
            if let Some(index) = json_of(binding.successes, status) {
                return part_of::<C::Response>(binding.successes, index, status, named);
            }
        }
        Side::Failure => {
            if let Some(index) = json_of(binding.failures, status) {
                return part_of::<C::Failure>(binding.failures, index, status, named);
            }
        }
    }
    Err(vec![format!(
        "reply: the operation declares no reply with {status}"
    )])
}

/// The reply of this status, of several media types that of JSON.
fn json_of(table: &[Reply], status: StatusCode) -> Option<usize> {
    let first = match_status(table, status)?;
    let is_json = |reply: &Reply| reply.body.is_some_and(|body| body.encoding == Encoding::Json);
    let json = table
        .iter()
        .position(|reply| reply.status == table[first].status && is_json(reply));
    json.or(Some(first))
}

fn part_of<R: ReplySet>(
    table: &[Reply],
    index: usize,
    status: StatusCode,
    named: &Json,
) -> Result<(Message, Bytes), Vec<String>> {
    let body = table[index].body;
    let Some(body) = body.filter(|body| body.encoding == Encoding::Json) else {
        return without_json(body, status, named);
    };
    let mut problems = Vec::new();
    let mut whole = None;
    let decoded = R::decode(index, status, &mut |place| {
        let mut reader = Reader {
            path: String::new(),
            problems: Vec::new(),
        };
        reader.read(named, place, &[]);
        problems = std::mem::take(&mut reader.problems);
        let mut message = Message::partial(status, Some(body), named);
        message.rules = Rules::derive(named, place);
        whole = Some((message, describe::octets(body, place)));
        Ok(())
    });
    if let Err(error) = decoded {
        problems.push(format!("reply: {error}"));
    }
    match whole {
        Some(whole) if problems.is_empty() => Ok(whole),
        _ => Err(problems),
    }
}

/// Only JSON has parts.
fn without_json(
    body: Option<Body>,
    status: StatusCode,
    named: &Json,
) -> Result<(Message, Bytes), Vec<String>> {
    match body {
        None if named.is_null() => Ok((Message::reply(status, None, &Bytes::new()), Bytes::new())),
        None => Err(vec![format!("reply: {status} has no body")]),
        Some(body) => Err(vec![format!(
            "reply: {status} is {}, of which no part can be named",
            body.media_type
        )]),
    }
}

struct Reader {
    path: String,
    problems: Vec<String>,
}

impl Reader {
    /// Puts what is named into `place`, and makes up the rest.
    fn read(&mut self, named: &Json, place: &mut dyn Value, rules: &'static [Rule]) {
        match (place.node_mut(), named) {
            (NodeMut::Optional(optional) | NodeMut::Nullable(optional), Json::Null) => optional.clear(),
            (NodeMut::Optional(optional) | NodeMut::Nullable(optional), _) => {
                self.read(named, optional.fill(), rules);
            }
            (NodeMut::Record(record), Json::Object(entries)) => self.record(entries, record),
            (NodeMut::List(list), Json::Array(items)) => {
                list.clear();
                for (index, item) in items.iter().enumerate() {
                    let place = list.push();
                    self.inside(&index.to_string(), |reader| reader.read(item, place, each(rules)));
                }
                self.judge(place, rules);
            }
            (NodeMut::Map(map), Json::Object(entries)) => {
                map.clear();
                for (key, value) in entries {
                    let place = map.insert(key.clone());
                    self.inside(key, |reader| reader.read(value, place, each(rules)));
                }
                self.judge(place, rules);
            }
            (NodeMut::Union(union), _) => self.alternative(named, union),
            _ => match codec::read(named.to_string().as_bytes(), place) {
                Ok(()) => self.judge(place, rules),
                Err(error) => self.refuse(&error),
            },
        }
    }

    fn record(&mut self, entries: &Map<String, Json>, record: &mut dyn Record) {
        let shape = record.shape();
        for (index, field) in shape.fields.iter().enumerate() {
            let Some(place) = record.field_mut(index) else {
                continue;
            };
            match entries.get(field.name) {
                Some(value) => {
                    self.inside(field.name, |reader| {
                        if value.is_null()
                            && !field.required
                            && matches!(place.node_mut(), NodeMut::Optional(_))
                        {
                            reader
                                .problems
                                .push(format!("reply {}: may be absent, and is never null", reader.path));
                        }
                        reader.read(value, place, field.rules);
                    });
                }
                None if field.required => invent(place, field.rules, DEPTH),
                None => {}
            }
        }
        let unknown = entries
            .iter()
            .filter(|(key, _)| !shape.fields.iter().any(|field| field.name == *key));
        for (key, value) in unknown {
            let rest = (shape.open == Open::Kept)
                .then(|| record.field_mut(shape.fields.len()))
                .flatten();
            self.inside(key, |reader| match rest.map(Value::node_mut) {
                Some(NodeMut::Map(map)) => reader.read(value, map.insert(key.clone()), &[]),
                _ => {
                    let text = format!(
                        "reply {}: {} has no property of this name",
                        reader.path, shape.name
                    );
                    reader.problems.push(text);
                }
            });
        }
    }

    /// Takes the first alternative that the named part fits.
    fn alternative(&mut self, named: &Json, union: &mut dyn Union) {
        let alternatives = union.shape().variants.len();
        for index in 0..alternatives {
            let mut attempt = Reader {
                path: self.path.clone(),
                problems: Vec::new(),
            };
            attempt.read(named, union.select(index), &[]);
            if attempt.problems.is_empty() {
                return;
            }
        }
        let text = format!(
            "reply {}: fits no alternative of {}",
            self.path,
            union.shape().name
        );
        self.problems.push(text);
    }

    fn judge(&mut self, place: &mut dyn Value, rules: &[Rule]) {
        for violation in validate_with(place, rules) {
            // Parts of lists and maps were judged when they were read.
            if violation.path.0.is_empty() {
                self.problems
                    .push(format!("reply {}: {}", self.path, violation.message));
            }
        }
    }

    fn refuse(&mut self, error: &DecodeError) {
        self.problems.push(format!(
            "reply {}{}: {}",
            self.path,
            error.path(),
            error.message()
        ));
    }

    fn inside(&mut self, key: &str, work: impl FnOnce(&mut Self)) {
        let length = self.path.len();
        self.path.push('/');
        self.path.push_str(&key.replace('~', "~0").replace('/', "~1"));
        work(self);
        self.path.truncate(length);
    }
}

/// Fills `place` with a value that the contract allows, as far as simple rules tell.
fn invent(place: &mut dyn Value, rules: &[Rule], depth: usize) {
    if depth == 0 {
        return;
    }
    match place.node_mut() {
        NodeMut::Text(text) => *text = invented_text(rules),
        NodeMut::I32(number) => *number = least(rules) as i32,
        NodeMut::I64(number) => *number = least(rules) as i64,
        NodeMut::U32(number) => *number = least(rules) as u32,
        NodeMut::U64(number) => *number = least(rules) as u64,
        NodeMut::Integer(number) => *number = (least(rules) as i64).into(),
        NodeMut::F32(number) => *number = least(rules) as f32,
        NodeMut::F64(number) => *number = least(rules),
        NodeMut::Enum(enumeration) => {
            if let Some(constant) = enumeration.known().first() {
                // The constant is one of the enumeration's own.
                let _: bool = enumeration.set(*constant);
            }
        }
        NodeMut::Union(union) => invent(union.select(0), &[], depth - 1),
        NodeMut::Record(record) => {
            for (index, field) in record.shape().fields.iter().enumerate() {
                if field.required
                    && let Some(place) = record.field_mut(index)
                {
                    invent(place, field.rules, depth - 1);
                }
            }
        }
        _ => {}
    }
}

fn invented_text(rules: &[Rule]) -> String {
    let mut least = 0;
    for rule in rules {
        match rule {
            Rule::Format(Format::DateTime) => return "2025-01-01T00:00:00Z".into(),
            Rule::Format(Format::Date) => return "2025-01-01".into(),
            Rule::Format(Format::Uuid) => return "00000000-0000-4000-8000-000000000000".into(),
            Rule::Format(format) => return example(*format).into(),
            Rule::OneOf([first, ..]) => {
                if let Ok(text) = serde_json::from_str(first) {
                    return text;
                }
            }
            Rule::MinLength(length) => least = *length as usize,
            _ => {}
        }
    }
    "x".repeat(least)
}

/// A text of a format.
fn example(format: Format) -> &'static str {
    match format {
        Format::Time => "00:00:00Z",
        Format::Duration => "P1D",
        Format::Uri | Format::UriReference | Format::Iri | Format::IriReference | Format::UriTemplate => {
            "https://example.org/"
        }
        Format::Email | Format::IdnEmail => "somebody@example.org",
        Format::Hostname | Format::IdnHostname => "example.org",
        Format::Ipv4 => "192.0.2.1",
        Format::Ipv6 => "2001:db8::1",
        Format::RelativeJsonPointer | Format::Decimal => "0",
        _ => "",
    }
}

/// The number nearest to zero from below that the lower bounds allow.
fn least(rules: &[Rule]) -> f64 {
    rules.iter().fold(0.0, |least: f64, rule| match rule {
        Rule::Minimum(limit) => least.max(*limit),
        Rule::ExclusiveMinimum(limit) => least.max(limit.floor() + 1.0),
        _ => least,
    })
}

fn each(rules: &[Rule]) -> &'static [Rule] {
    rules
        .iter()
        .find_map(|rule| match rule {
            Rule::Each(inner) => Some(*inner),
            _ => None,
        })
        .unwrap_or(&[])
}
