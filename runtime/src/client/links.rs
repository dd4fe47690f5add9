//! Links: the request that a reply leads to, by OpenAPI's runtime expressions.

use std::fmt::Write as _;

use http::{HeaderMap, StatusCode};

use super::Client;
use crate::call::Reply;
use crate::codec::{DecodeError, Json, Node, Record, Value, json, text};
use crate::error::Error;
use crate::operation::{Binding, HttpBinding, InputPlace, Operation, ReplySet, StatusMatch};

/// An operation that replies lead to, and where what it takes is found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Link {
    /// Its name.
    pub name: &'static str,
    /// The replies that have it, by what the contract calls their statuses.
    pub statuses: &'static [StatusMatch],
    /// What fields of the request are given: an expression, or a text with expressions in braces.
    pub inputs: &'static [(usize, &'static str)],
    /// What fields of the request always are, as JSON.
    pub constants: &'static [(usize, &'static str)],
}

/// Why a link cannot be followed. Values are not shown: they may be secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LinkError {
    /// The reply is none that the contract gives the link.
    #[error("the reply has no link {link}: the contract gives it to others")]
    NotThere {
        /// The link.
        link: &'static str,
    },
    /// The call or its reply does not have what the link gives.
    #[error("the link {link} gives {expression} as {input}, and there is none")]
    Missing {
        /// The link.
        link: &'static str,
        /// What is missing.
        expression: &'static str,
        /// The parameter that it is for.
        input: &'static str,
    },
    /// What the link gives is no value of the parameter.
    #[error("the link {link} gives {expression} as {input}, which is not of its type: {error}")]
    Unfit {
        /// The link.
        link: &'static str,
        /// What was given.
        expression: &'static str,
        /// The parameter that it is for.
        input: &'static str,
        /// What is wrong with it.
        error: DecodeError,
    },
}

/// What came back, success or failure.
pub trait Linked {
    /// Its headers, and which of the operation's replies it is. `None`: none of them.
    fn parts<'a>(&'a self, binding: &HttpBinding) -> Option<Parts<'a>>;
}

/// The parts of what came back.
pub struct Parts<'a> {
    status: StatusCode,
    headers: &'a HeaderMap,
    matched: StatusMatch,
    body: &'a dyn Value,
}

impl<R: ReplySet> Linked for Reply<R> {
    fn parts<'a>(&'a self, binding: &HttpBinding) -> Option<Parts<'a>> {
        let (index, status, body) = self.body().active();
        Some(Parts {
            status,
            headers: self.headers(),
            matched: binding.successes.get(index)?.status,
            body,
        })
    }
}

impl<F: ReplySet> Linked for Error<F> {
    fn parts<'a>(&'a self, binding: &HttpBinding) -> Option<Parts<'a>> {
        let (index, status, body) = self.body()?.active();
        Some(Parts {
            status,
            headers: &self.reply()?.headers,
            matched: binding.failures.get(index)?.status,
            body,
        })
    }
}

/// A call that was made: what expressions speak of.
#[derive(Clone, Copy)]
pub struct Called<'a> {
    operation: &'static Operation,
    reply: &'a dyn Linked,
    request: Option<&'a dyn Record>,
    client: Option<&'a Client>,
}

impl<'a> Called<'a> {
    /// What came back of `operation`.
    pub fn new(operation: &'static Operation, reply: &'a dyn Linked) -> Self {
        Self {
            operation,
            reply,
            request: None,
            client: None,
        }
    }

    /// With what was sent.
    #[must_use]
    pub fn request(mut self, request: &'a dyn Record) -> Self {
        self.request = Some(request);
        self
    }

    /// With the client that sent it.
    #[must_use]
    pub fn client(mut self, client: &'a Client) -> Self {
        self.client = Some(client);
        self
    }

    /// The request that `link` leads to. Fields that the link does not give are blank.
    ///
    /// # Errors
    /// The reply has no such link, or what it gives is not there or does not fit.
    #[inline]
    pub fn follow<T: Record + Value>(&self, link: &Link) -> Result<T, LinkError> {
        let mut request = T::blank();
        self.fill(link, &mut request)?;
        Ok(request)
    }

    fn fill(&self, link: &Link, target: &mut dyn Record) -> Result<(), LinkError> {
        let not_there = LinkError::NotThere { link: link.name };
        let Binding::Http(binding) = &self.operation.binding else {
            return Err(not_there);
        };
        let parts = self.reply.parts(binding).ok_or(not_there.clone())?;
        if !link.statuses.contains(&parts.matched) {
            return Err(not_there);
        }
        let fields = target.shape().fields;
        let name = |at: usize| fields.get(at).map_or("", |field| field.name);
        let constants = link.constants.iter().map(|(at, text)| (at, text, true));
        let inputs = link.inputs.iter().map(|(at, text)| (at, text, false));
        for (at, said, is_constant) in constants.chain(inputs) {
            let found = if is_constant {
                serde_json::from_str(said).ok()
            } else {
                self.evaluate(binding, &parts, said)
            };
            let found = found.ok_or_else(|| LinkError::Missing {
                link: link.name,
                expression: said,
                input: name(*at),
            })?;
            if let Some(place) = target.field_mut(*at) {
                put(&found, place).map_err(|error| LinkError::Unfit {
                    link: link.name,
                    expression: said,
                    input: name(*at),
                    error,
                })?;
            }
        }
        Ok(())
    }

    /// What an expression, or a text with expressions in braces, stands for.
    fn evaluate(&self, binding: &HttpBinding, parts: &Parts<'_>, text: &str) -> Option<Json> {
        if !text.contains("{$") {
            return self.part(binding, parts, text);
        }
        let (mut whole, mut rest) = (String::new(), text);
        while let Some((before, behind)) = rest.split_once("{$") {
            let (name, after) = behind.split_once('}')?;
            whole.push_str(before);
            match self.part(binding, parts, &format!("${name}"))? {
                Json::String(text) => whole.push_str(&text),
                other => {
                    let _ = write!(whole, "{other}");
                }
            }
            rest = after;
        }
        whole.push_str(rest);
        Some(Json::String(whole))
    }

    fn part(&self, binding: &HttpBinding, parts: &Parts<'_>, expression: &str) -> Option<Json> {
        match expression {
            "$url" => return self.url(binding).map(Json::String),
            "$method" => return Some(Json::String(binding.method.as_str().to_owned())),
            "$statusCode" => return Some(Json::from(parts.status.as_u16())),
            _ => {}
        }
        let (source, name) = expression.split_once('.')?;
        match (source, name.split_once('.')) {
            ("$response", Some(("header", name))) => {
                let value = parts.headers.get(name)?.to_str().ok()?;
                Some(Json::String(value.to_owned()))
            }
            ("$response", _) => pointed(parts.body, name.strip_prefix("body")?),
            (_, Some((place @ ("path" | "query" | "header"), name))) => {
                let value = self.sent(binding, |place_of, field| match place_of {
                    InputPlace::Path(_) | InputPlace::ReservedPath(_) => place == "path" && field == name,
                    InputPlace::Query(_) | InputPlace::ReservedQuery(_) => place == "query" && field == name,
                    InputPlace::Header(_) => place == "header" && field.eq_ignore_ascii_case(name),
                    _ => false,
                });
                pointed(value?, "")
            }
            _ => {
                let body = self.sent(binding, |place, _| !place.bodies().is_empty());
                pointed(body?, name.strip_prefix("body")?)
            }
        }
    }

    /// The field of the request that `is_meant`.
    fn sent(
        &self,
        binding: &HttpBinding,
        is_meant: impl Fn(&InputPlace, &str) -> bool,
    ) -> Option<&'a dyn Value> {
        let request = self.request?;
        let fields = binding.inputs.iter().zip(request.shape().fields);
        let mut fields = fields.map(|(place, field)| is_meant(place, field.name));
        request.field(fields.position(|is_meant| is_meant)?)
    }

    /// The URL that was called.
    fn url(&self, binding: &HttpBinding) -> Option<String> {
        let client = self.client?;
        let path = crate::rest::write_request(binding, self.request?).ok()?.path;
        let own = client.0.operation_endpoints.get(self.operation.index);
        let endpoint = own.and_then(Option::as_ref).unwrap_or_else(|| client.endpoint());
        Some(format!("{}{path}", endpoint.to_string().trim_end_matches('/')))
    }
}

/// Puts what was found into a place: as it is, or, where a number is a text on one side, by its text.
fn put(found: &Json, place: &mut dyn Value) -> Result<(), DecodeError> {
    let octets = serde_json::to_vec(found).unwrap_or_default();
    json::read(&octets, place).or_else(|error| match found {
        Json::String(found) => text::read(found, place),
        Json::Number(_) | Json::Bool(_) => text::read(&found.to_string(), place),
        _ => Err(error),
    })
}

/// What a JSON pointer (behind `#`) finds in a value. Null is nothing.
fn pointed(value: &dyn Value, pointer: &str) -> Option<Json> {
    let pointer = pointer.strip_prefix('#').unwrap_or(pointer);
    let mut value = value;
    let mut tokens = pointer.split('/').skip(1);
    let json = loop {
        match value.node() {
            Node::Union(union) => {
                value = union.active().1;
                continue;
            }
            Node::Json(json) => break json.clone(),
            Node::Foreign(foreign) => break foreign.to_json(),
            _ => {}
        }
        let Some(token) = tokens.next() else {
            break whole(value)?;
        };
        let token = unescaped(token);
        value = match value.node() {
            Node::Record(record) => {
                let shape = record.shape();
                let named = shape.fields.iter().position(|field| field.name == token);
                let rest = || match record.field(shape.fields.len())?.node() {
                    Node::Map(rest) if shape.open.keeps() => rest.entry(&token),
                    _ => None,
                };
                named.and_then(|index| record.field(index)).or_else(rest)?
            }
            Node::Map(map) => map.entry(&token)?,
            Node::List(list) => list.item(token.parse().ok()?)?,
            _ => return None,
        };
    };
    let rest = tokens.fold(String::new(), |rest, token| rest + "/" + token);
    json.pointer(&rest).filter(|found| !found.is_null()).cloned()
}

fn whole(value: &dyn Value) -> Option<Json> {
    match value.node() {
        Node::Absent | Node::Null | Node::Stream(_) => None,
        _ => serde_json::from_slice(&json::to_vec(value)).ok(),
    }
}

/// A token of a JSON pointer (RFC 6901), as the name that it stands for.
fn unescaped(token: &str) -> String {
    token.replace("~1", "/").replace("~0", "~")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn pointers_lead_through_lists_and_maps_and_any_json() {
        let value: std::collections::BTreeMap<String, Vec<Json>> =
            [("a/b~c".to_owned(), vec![json!(1), json!({ "d": [2, null] })])].into();
        for (pointer, found) in [
            ("#/a~1b~0c/0", Some(json!(1))),
            ("#/a~1b~0c/1/d/0", Some(json!(2))),
            ("#/a~1b~0c/1/d/1", None),
            ("#/a~1b~0c/1/e", None),
            ("#/a~1b~0c/2", None),
            ("#/a~1b~0c/x", None),
            ("#/other", None),
            ("", Some(json!({ "a/b~c": [1, { "d": [2, null] }] }))),
        ] {
            assert_eq!(pointed(&value, pointer), found, "{pointer}");
        }
    }
}
