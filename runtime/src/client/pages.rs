//! Lists that come in pages: as a stream of pages, or of their items.
//!
//! A page is asked for when the one before has been read. Every loop ends: a next page that was read before is an error,
//! and so is a page by number that repeats the one before it.

use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::pin::Pin;

use futures_core::Stream;
use futures_util::StreamExt as _;
use futures_util::stream;
use http::HeaderMap;
use http::uri::PathAndQuery;

use super::Client;
use crate::adapter::redirect;
use crate::call::{Call, CallOptions};
use crate::code::Code;
use crate::codec::{Constant, Node, NodeMut, Record, Value, json};
use crate::error::{Error, ErrorKind, Fault};
use crate::http::Endpoint;
use crate::operation::{Binding, Pagination, ReplySet};
use crate::rest;

/// A request for a list that comes in pages. Implemented by generated code.
pub trait Paginated: Call<Response: ReplySet> + Record + Clone + Sync {
    /// What the list is of.
    type Item: Send + 'static;
    /// How the pages follow each other.
    const PAGINATION: Pagination;

    /// The items of a page.
    fn items(page: Self::Output) -> Vec<Self::Item>;
}

/// The pages of a list, each what awaiting its call would give. After an error there is nothing more.
pub type Pages<R> =
    Pin<Box<dyn Stream<Item = Result<<R as Call>::Output, Error<<R as Call>::Failure>>> + Send>>;

/// The items of a list, whatever page they are on. After an error there is nothing more.
pub type PageItems<R> =
    Pin<Box<dyn Stream<Item = Result<<R as Paginated>::Item, Error<<R as Call>::Failure>>> + Send>>;

/// The pages of a list, from the one that `request` asks for.
pub fn pages<R: Paginated>(client: &Client, request: R, options: CallOptions) -> Pages<R> {
    let client = client.clone();
    let cursor = Cursor {
        request,
        options,
        seen: HashSet::new(),
        last: None,
    };
    let start: Option<Result<(Client, Cursor<R>), Fault>> = Some(Ok((client, cursor)));
    Box::pin(stream::try_unfold(start, |state| async move {
        let (client, mut cursor) = match state {
            None => return Ok(None),
            Some(Ok(state)) => state,
            Some(Err(fault)) => return Err(Error::from(fault)),
        };
        let reply = cursor
            .request
            .clone()
            .send(&client, cursor.options.clone())
            .await?;
        let moved = cursor.advance(&client, R::PAGINATION, reply.headers(), reply.body().active().2);
        let page = R::output(reply.into_body());
        let next = match moved {
            Ok(true) => Some(Ok((client, cursor))),
            Ok(false) => None,
            Err(fault) => Some(Err(named::<R>(&client, fault))),
        };
        Ok(Some((page, next)))
    }))
}

/// The items of a list, from the page that `request` asks for.
pub fn items<R: Paginated>(client: &Client, request: R, options: CallOptions) -> PageItems<R> {
    let pages = pages(client, request, options);
    Box::pin(pages.flat_map(|page| {
        stream::iter(match page {
            Ok(page) => R::items(page).into_iter().map(Ok).collect::<Vec<_>>(),
            Err(error) => vec![Err(error)],
        })
    }))
}

fn named<R: Call>(client: &Client, fault: Fault) -> Fault {
    fault.of_call(client.service().to_owned(), R::OPERATION.id, 0, None)
}

/// Where a reader of a list is.
struct Cursor<R> {
    request: R,
    options: CallOptions,
    /// The pages that were asked for, by what asked for them.
    seen: HashSet<u64>,
    /// The content of the last page, where pages are told apart by nothing else.
    last: Option<u64>,
}

impl<R: Record + Call> Cursor<R> {
    /// Moves on to the next page; `false` when there is none.
    fn advance(
        &mut self,
        client: &Client,
        pagination: Pagination,
        headers: &HeaderMap,
        body: &dyn Value,
    ) -> Result<bool, Fault> {
        match pagination {
            Pagination::Link => match next_link(headers) {
                Some(url) => self.go_to(client, &url),
                None => Ok(false),
            },
            Pagination::Url(at) => match text_at(body, at) {
                Some(url) => self.go_to(client, &url),
                None => Ok(false),
            },
            Pagination::Cursor { input, at, more } => {
                let is_last = !more.is_empty() && truth_at(body, more) == Some(false);
                match text_at(body, at).filter(|_| !is_last) {
                    None => Ok(false),
                    Some(cursor) => {
                        self.note(&cursor)?;
                        self.set(input, &cursor)
                    }
                }
            }
            Pagination::Page { input, first } => {
                let next = self.number(input).unwrap_or(first).saturating_add(1);
                self.by_number(input, next, body)
            }
            Pagination::Offset { input } => {
                let count = items_of(body);
                let next = self.number(input).unwrap_or(0).saturating_add(count as u64);
                self.by_number(input, next, body)
            }
        }
    }

    fn by_number(&mut self, input: usize, next: u64, body: &dyn Value) -> Result<bool, Fault> {
        if items_of(body) == 0 {
            return Ok(false);
        }
        let content = Some(hash(&json::to_vec(body)));
        if content == self.last {
            return Err(round());
        }
        self.last = content;
        self.set(input, itoa::Buffer::new().format(next))
    }

    /// Goes to a URL, of the same origin: what shows who asks is for that alone.
    fn go_to(&mut self, client: &Client, url: &str) -> Result<bool, Fault> {
        let (endpoint, here) = self.here(client)?;
        let Some((to, path)) = redirect::target(&endpoint, &here, url) else {
            return Err(malformed("the next page of the list is no URL"));
        };
        let is_same =
            to.host() == endpoint.host() && to.port() == endpoint.port() && to.scheme() == endpoint.scheme();
        // Any endpoint of the service will do, whichever has said so.
        let endpoints = client.0.endpoints.as_ref();
        let is_another = !is_same && endpoints.is_some_and(|endpoints| endpoints.knows(&to));
        let (to, is_same) = if is_another {
            (endpoint.root(), true)
        } else {
            (to, is_same)
        };
        if !is_same {
            return Err(malformed("the next page of the list is at another origin"));
        }
        self.note(path.as_str())?;
        self.options.target = Some((to.with_protocol(endpoint.protocol()), path));
        Ok(true)
    }

    /// The URL of the page that was read.
    fn here(&self, client: &Client) -> Result<(Endpoint, PathAndQuery), Fault> {
        if let Some(target) = &self.options.target {
            return Ok(target.clone());
        }
        let operation = R::OPERATION;
        let own = client
            .0
            .operation_endpoints
            .get(operation.index)
            .cloned()
            .flatten();
        let endpoint = own.unwrap_or_else(|| client.endpoint().clone());
        let path = match &operation.binding {
            Binding::Http(binding) => rest::write_request(binding, &self.request)?.path,
            Binding::Grpc(_) => String::new(),
        };
        let path: http::Uri = path.parse().map_err(|_| malformed("the path is no URI path"))?;
        let here = endpoint.join(&path).map_err(crate::adapter::transport_fault)?;
        Ok((endpoint, here))
    }

    /// Remembers what asks for the next page.
    fn note(&mut self, page: &str) -> Result<(), Fault> {
        if self.seen.insert(hash(page.as_bytes())) {
            Ok(())
        } else {
            Err(round())
        }
    }

    fn number(&self, input: usize) -> Option<u64> {
        match self.request.field(input)?.node() {
            Node::Int(number) => u64::try_from(number).ok(),
            Node::Uint(number) => Some(number),
            Node::Text(text) => text.parse().ok(),
            _ => None,
        }
    }

    fn set(&mut self, input: usize, text: &str) -> Result<bool, Fault> {
        let place = self.request.field_mut(input);
        if place.is_some_and(|place| put(place, text)) {
            Ok(true)
        } else {
            Err(malformed(
                "the parameter cannot hold what leads to the next page of the list",
            ))
        }
    }
}

fn malformed(message: &'static str) -> Fault {
    Fault::new(ErrorKind::Decode, Code::Internal, message)
}

fn round() -> Fault {
    malformed("the list goes round: its next page is one that was read before")
}

fn hash(octets: &[u8]) -> u64 {
    let mut hasher = DefaultHasher::new();
    octets.hash(&mut hasher);
    hasher.finish()
}

/// Puts text into a place of whatever type. `false`: it does not fit.
fn put(place: &mut dyn Value, text: &str) -> bool {
    fn number<T: std::str::FromStr>(place: &mut T, text: &str) -> bool {
        text.parse().map(|number| *place = number).is_ok()
    }
    match place.node_mut() {
        NodeMut::Optional(optional) | NodeMut::Nullable(optional) => put(optional.fill(), text),
        NodeMut::Text(place) => {
            text.clone_into(place);
            true
        }
        NodeMut::I32(place) => number(place, text),
        NodeMut::I64(place) => number(place, text),
        NodeMut::U32(place) => number(place, text),
        NodeMut::U64(place) => number(place, text),
        NodeMut::Integer(place) => number(place, text),
        NodeMut::Enum(place) => place.set(Constant::Text(text)),
        _ => false,
    }
}

/// Calls `look` with the value at a path, if there is one.
fn at<T>(value: &dyn Value, path: &[&str], look: impl FnOnce(Node<'_>) -> Option<T>) -> Option<T> {
    let Some((name, rest)) = path.split_first() else {
        return look(value.node());
    };
    match value.node() {
        Node::Record(record) => {
            let fields = record.shape().fields;
            let index = fields.iter().position(|field| field.name == *name)?;
            at(record.field(index)?, rest, look)
        }
        Node::Map(map) => at(map.entry(name)?, rest, look),
        _ => None,
    }
}

/// A text or number at a path, unless it is empty.
fn text_at(body: &dyn Value, path: &[&str]) -> Option<String> {
    let text = at(body, path, |node| match node {
        Node::Text(text) => Some(text.to_owned()),
        Node::Int(number) => Some(number.to_string()),
        Node::Uint(number) => Some(number.to_string()),
        Node::Decimal(number) => Some(number.to_string()),
        _ => None,
    })?;
    (!text.is_empty()).then_some(text)
}

fn truth_at(body: &dyn Value, path: &[&str]) -> Option<bool> {
    at(body, path, |node| match node {
        Node::Bool(truth) => Some(truth),
        _ => None,
    })
}

/// How many items a page has: the body's own, or those of its one list.
fn items_of(body: &dyn Value) -> usize {
    match body.node() {
        Node::List(list) => list.len(),
        Node::Record(record) => {
            let fields = 0..record.shape().fields.len();
            let lists = fields.filter_map(|index| match record.field(index)?.node() {
                Node::List(list) => Some(list.len()),
                _ => None,
            });
            lists.max().unwrap_or(0)
        }
        _ => 0,
    }
}

/// The target of the link to the next page (RFC 8288, 3).
fn next_link(headers: &HeaderMap) -> Option<String> {
    let all = headers.get_all(http::header::LINK).iter();
    let mut texts = all.filter_map(|value| value.to_str().ok());
    texts.find_map(next_of)
}

/// Of `<url>; rel="next"; title="a, b", <url>; …`, the URL whose relations name the next page.
fn next_of(mut text: &str) -> Option<String> {
    loop {
        let (_, rest) = text.split_once('<')?;
        let (url, rest) = rest.split_once('>')?;
        let end = unquoted(rest, ',').unwrap_or(rest.len());
        let (mut parameters, mut is_next) = (&rest[..end], false);
        while let Some(start) = unquoted(parameters, ';') {
            parameters = &parameters[start + 1..];
            let one = &parameters[..unquoted(parameters, ';').unwrap_or(parameters.len())];
            if let Some((name, value)) = one.split_once('=')
                && name.trim().eq_ignore_ascii_case("rel")
            {
                let mut relations = value.trim().trim_matches('"').split_ascii_whitespace();
                is_next = relations.any(|relation| relation.eq_ignore_ascii_case("next"));
                break;
            }
        }
        if is_next {
            return Some(url.trim().to_owned());
        }
        text = rest.get(end + 1..)?;
    }
}

/// Where a character stands first outside of quotes.
fn unquoted(text: &str, wanted: char) -> Option<usize> {
    let (mut quoted, mut escaped) = (false, false);
    for (at, character) in text.char_indices() {
        match character {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            other if other == wanted && !quoted => return Some(at),
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_link_to_the_next_page_is_found_among_others() {
        for (text, next) in [
            (r#"<https://h/x?page=2>; rel="next""#, Some("https://h/x?page=2")),
            (
                r#"<https://h/a,b>; rel="prev"; title="a, <b>; rel=next", </n>; rel=next"#,
                Some("/n"),
            ),
            (r#"<https://h/x>; rel="last  NEXT""#, Some("https://h/x")),
            (
                r#"<https://h/x>; title="a \" , b"; rel="next""#,
                Some("https://h/x"),
            ),
            (r#"<https://h/x>; rel="nextish""#, None),
            (r#"<https://h/x>; rev="next""#, None),
            ("", None),
            ("<https://h/x", None),
        ] {
            assert_eq!(next_of(text).as_deref(), next, "{text}");
        }
    }
}
