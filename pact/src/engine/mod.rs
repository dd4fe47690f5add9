//! The only place that knows the `pact_*` crates: reading pacts and matching by the specification.
//!
//! Nothing of theirs leaves it, so that their versions are no part of our API.

mod compare;
mod lock;
mod read;

use bytes::Bytes;
use http::{HeaderMap, StatusCode};
use pact_models::path_exp::{DocPath, PathToken};
use pact_models::v4::synch_http::SynchronousHttp;

pub(crate) use self::lock::locked;
pub(crate) use self::read::{Content, Loaded, LoadedInteraction, interaction, pact};

/// An HTTP interaction that something real is compared with.
#[derive(Debug, Clone)]
pub(crate) struct Expected(SynchronousHttp);

/// A request, as it was sent.
#[derive(Debug, Clone)]
pub(crate) struct ActualRequest {
    pub(crate) method: http::Method,
    pub(crate) path: String,
    pub(crate) query: Option<String>,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

/// A reply, as it came.
#[derive(Debug, Clone)]
pub(crate) struct ActualReply {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

/// A step from a body into a part of it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Step {
    /// A property.
    Key(String),
    /// An item.
    Item(usize),
    /// Every property.
    AnyKey,
    /// Every item.
    AnyItem,
}

/// The path expression of the pact specification: `$.pets[*].name`. `None`: it has no way to write one of the keys,
/// as one with a quote.
pub(crate) fn path_text(path: &[Step]) -> Option<String> {
    let mut text = DocPath::root();
    for step in path {
        match step {
            Step::Key(key) => text.push_field(key.clone()),
            Step::Item(index) => text.push_index(*index),
            Step::AnyKey => text.push_star(),
            Step::AnyItem => text.push_star_index(),
        };
    }
    let read = DocPath::new(text.to_string()).ok()?;
    (read.tokens() == text.tokens()).then(|| text.to_string())
}

/// A path expression as a JSON pointer; as it is, if it cannot be one.
fn pointer_of(path: &str) -> String {
    if path == "/" {
        return String::new();
    }
    let Ok(parsed) = DocPath::new(path) else {
        return path.to_owned();
    };
    let mut pointer = String::new();
    for token in parsed.tokens() {
        let step = match token {
            PathToken::Root => continue,
            PathToken::Field(name) => name.replace('~', "~0").replace('/', "~1"),
            PathToken::Index(index) => index.to_string(),
            PathToken::Star | PathToken::StarIndex => "*".to_owned(),
        };
        pointer.push('/');
        pointer.push_str(&step);
    }
    pointer
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_become_expressions_and_pointers() {
        let path = [
            Step::Key("pets".into()),
            Step::AnyItem,
            Step::Key("full name".into()),
        ];
        assert_eq!(path_text(&path).as_deref(), Some("$.pets[*]['full name']"));
        assert_eq!(path_text(&[Step::Key("a'b".into())]), None);
        assert_eq!(pointer_of("$.pets[0]['full name']"), "/pets/0/full name");
        assert_eq!(pointer_of("$"), "");
    }
}
