//! Which operation a method and a path mean.
//!
//! A tree of path segments. At each the literal child is tried first, then the patterns, those with more literal
//! text first, the bare variable last; the most specific template that has the path decides, as OpenAPI says, even
//! when it lacks the method. Segments are split before they are decoded, so `%2F` stays inside a value.

use std::cmp::Reverse;
use std::collections::HashMap;

use http::Method;
use percent_encoding::{AsciiSet, CONTROLS, percent_decode_str, utf8_percent_encode};

use crate::codec::Record;
use crate::operation::{HttpBinding, Segment};

/// What RFC 3986 does not allow in a path as it is.
const PATH: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'#')
    .add(b'%')
    .add(b'<')
    .add(b'>')
    .add(b'?')
    .add(b'`')
    .add(b'\\')
    .add(b'^');

/// The operations of a service by method and path.
#[derive(Debug, Clone, Default)]
pub(super) struct Routes {
    root: Node,
}

#[derive(Debug, Clone, Default)]
struct Node {
    literals: HashMap<String, Node>,
    /// Most literal text first.
    patterns: Vec<(Vec<Piece>, Node)>,
    ends: Vec<(Method, usize)>,
}

/// A run of a path segment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Piece {
    Text(&'static str),
    Variable,
}

/// What a method and a path mean.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Found<'p> {
    /// This operation, with the texts of its path variables, still percent-encoded.
    Operation(usize, Vec<&'p str>),
    /// The path is known; these are its methods.
    OtherMethods(Vec<Method>),
    /// Nothing.
    Nothing,
}

impl Routes {
    /// Adds an operation. One that is already there for the same method and shape is replaced.
    pub(super) fn insert(&mut self, method: Method, path: &[Segment], operation: usize) {
        let mut node = &mut self.root;
        for pieces in split(path) {
            node = match pieces[..] {
                [Piece::Text(text)] => node.literals.entry(text.to_owned()).or_default(),
                _ => node.pattern(pieces),
            };
        }
        node.ends.retain(|(other, _)| *other != method);
        node.ends.push((method, operation));
    }

    /// Finds the operation of a path, which is percent-encoded as it came.
    pub(super) fn find<'p>(&self, method: &Method, path: &'p str) -> Found<'p> {
        let segments: Vec<&str> = path.strip_prefix('/').unwrap_or(path).split('/').collect();
        let mut captures = Vec::new();
        let Some(node) = self.root.find(&segments, &mut captures) else {
            return Found::Nothing;
        };
        let of = |wanted: &Method| {
            node.ends
                .iter()
                .find(|(method, _)| method == wanted)
                .map(|(_, index)| *index)
        };
        // What answers GET can answer HEAD (RFC 9110, 9.3.2).
        match of(method).or_else(|| (method == Method::HEAD).then(|| of(&Method::GET))?) {
            Some(operation) => Found::Operation(operation, captures),
            None => Found::OtherMethods(node.methods()),
        }
    }
}

impl Node {
    fn pattern(&mut self, pieces: Vec<Piece>) -> &mut Node {
        let known = self.patterns.iter().position(|(other, _)| *other == pieces);
        let at = known.unwrap_or_else(|| {
            let rank = Reverse(literal_length(&pieces));
            let at = self
                .patterns
                .partition_point(|(other, _)| Reverse(literal_length(other)) <= rank);
            self.patterns.insert(at, (pieces, Node::default()));
            at
        });
        &mut self.patterns[at].1
    }

    fn find<'p>(&self, segments: &[&'p str], captures: &mut Vec<&'p str>) -> Option<&Node> {
        let Some((segment, rest)) = segments.split_first() else {
            return (!self.ends.is_empty()).then_some(self);
        };
        let text = percent_decode_str(segment).decode_utf8_lossy();
        if let Some(found) = self
            .literals
            .get(&*text)
            .and_then(|node| node.find(rest, captures))
        {
            return Some(found);
        }
        for (pieces, node) in &self.patterns {
            let before = captures.len();
            if capture(pieces, segment, captures)
                && let Some(found) = node.find(rest, captures)
            {
                return Some(found);
            }
            captures.truncate(before);
        }
        None
    }

    /// In order of their names, with the HEAD that comes with GET.
    fn methods(&self) -> Vec<Method> {
        let mut methods: Vec<Method> = self.ends.iter().map(|(method, _)| method.clone()).collect();
        if methods.contains(&Method::GET) && !methods.contains(&Method::HEAD) {
            methods.push(Method::HEAD);
        }
        methods.sort_by(|left, right| left.as_str().cmp(right.as_str()));
        methods
    }
}

/// Whether `text` is of the pattern. Variables are not empty, and take as little as they can.
fn capture<'p>(pieces: &[Piece], text: &'p str, captures: &mut Vec<&'p str>) -> bool {
    match pieces {
        [] => text.is_empty(),
        [Piece::Text(literal), rest @ ..] => text
            .strip_prefix(literal)
            .is_some_and(|text| capture(rest, text, captures)),
        [Piece::Variable] => {
            captures.push(text);
            !text.is_empty()
        }
        [Piece::Variable, rest @ ..] => {
            let before = captures.len();
            let ends = text
                .char_indices()
                .skip(1)
                .map(|(end, _)| end)
                .chain([text.len()]);
            for end in ends.filter(|end| *end > 0) {
                captures.push(&text[..end]);
                if capture(rest, &text[end..], captures) {
                    return true;
                }
                captures.truncate(before);
            }
            false
        }
    }
}

fn literal_length(pieces: &[Piece]) -> usize {
    let length = |piece: &Piece| {
        if let Piece::Text(text) = piece {
            text.len()
        } else {
            0
        }
    };
    pieces.iter().map(length).sum()
}

/// A template by its path segments.
fn split(path: &[Segment]) -> Vec<Vec<Piece>> {
    let mut segments = vec![Vec::new()];
    for segment in path {
        match segment {
            Segment::Variable(_) => push(&mut segments, Piece::Variable),
            Segment::Literal(text) => {
                for (index, text) in text.split('/').enumerate() {
                    if index > 0 {
                        segments.push(Vec::new());
                    }
                    if !text.is_empty() {
                        push(&mut segments, Piece::Text(text));
                    }
                }
            }
        }
    }
    // A template starts with a slash, before which there is nothing.
    if segments.len() > 1 && segments[0].is_empty() {
        segments.remove(0);
    }
    for segment in &mut segments {
        if segment.is_empty() {
            segment.push(Piece::Text(""));
        }
    }
    segments
}

fn push(segments: &mut [Vec<Piece>], piece: Piece) {
    if let Some(last) = segments.last_mut() {
        last.push(piece);
    }
}

/// The path with the names of its variables: `/pets/{id}`.
pub(super) fn template(binding: &HttpBinding, shape: &dyn Record) -> String {
    let fields = shape.shape().fields;
    let mut text = String::new();
    for segment in binding.path {
        match *segment {
            Segment::Literal(literal) => text.push_str(literal),
            Segment::Variable(index) => {
                let name = fields.get(index).map_or("", |field| field.name);
                text.push('{');
                text.push_str(name);
                text.push('}');
            }
        }
    }
    text
}

/// The template as a route of axum's, which knows literal segments and variable ones, nothing between.
pub(super) fn axum_path(path: &[Segment]) -> String {
    let mut route = String::new();
    for (index, pieces) in split(path).into_iter().enumerate() {
        route.push('/');
        match pieces[..] {
            [Piece::Text(text)] => {
                let text = utf8_percent_encode(text, PATH).to_string();
                route.push_str(&text.replace('{', "{{").replace('}', "}}"));
            }
            _ => route.push_str(&format!("{{p{index}}}")),
        }
    }
    route
}

#[cfg(test)]
mod tests {
    use super::Segment::{Literal, Variable};
    use super::*;

    fn found<'p>(routes: &Routes, path: &'p str) -> Option<(usize, Vec<&'p str>)> {
        match routes.find(&Method::GET, path) {
            Found::Operation(index, captures) => Some((index, captures)),
            _ => None,
        }
    }

    #[test]
    fn the_most_specific_template_wins_whatever_the_order() {
        let templates: [&[Segment]; 5] = [
            &[Literal("/a/"), Variable(0)],
            &[Literal("/a/"), Variable(0), Literal(".json")],
            &[Literal("/a/b")],
            &[Literal("/"), Variable(0), Literal("/b/c")],
            &[Literal("/a/"), Variable(0), Literal("-"), Variable(1)],
        ];
        for turn in 0..templates.len() {
            let mut routes = Routes::default();
            for step in 0..templates.len() {
                let index = (turn + step) % templates.len();
                routes.insert(Method::GET, templates[index], index);
            }
            assert_eq!(found(&routes, "/a/x"), Some((0, vec!["x"])));
            assert_eq!(found(&routes, "/a/x.json"), Some((1, vec!["x"])));
            assert_eq!(found(&routes, "/a/x-y.json"), Some((1, vec!["x-y"])));
            assert_eq!(found(&routes, "/a/b"), Some((2, vec![])));
            assert_eq!(found(&routes, "/a/b/c"), Some((3, vec!["a"])), "back out of /a/b");
            assert_eq!(found(&routes, "/a/x-y-z"), Some((4, vec!["x", "y-z"])));
            assert_eq!(
                found(&routes, "/a/-y"),
                Some((0, vec!["-y"])),
                "variables are not empty"
            );
            assert_eq!(found(&routes, "/a/"), None);
            assert_eq!(found(&routes, "/a/x/"), None);
        }
    }

    #[test]
    fn an_encoded_slash_stays_inside_a_value_and_encoded_literals_match() {
        let mut routes = Routes::default();
        routes.insert(Method::GET, &[Literal("/my pets/"), Variable(0)], 7);
        assert_eq!(found(&routes, "/my%20pets/a%2Fb"), Some((7, vec!["a%2Fb"])));
        assert_eq!(found(&routes, "/my%20pets/\u{e4}-x"), Some((7, vec!["\u{e4}-x"])));
        assert_eq!(
            axum_path(&[Literal("/my pets/"), Variable(0), Literal(":go/{x}")]),
            "/my%20pets/{p1}/{{x}}"
        );
    }

    #[test]
    fn head_comes_with_get_and_other_methods_are_named() {
        let mut routes = Routes::default();
        routes.insert(Method::GET, &[Literal("/")], 0);
        routes.insert(Method::POST, &[Literal("/")], 1);
        assert_eq!(routes.find(&Method::HEAD, "/"), Found::Operation(0, vec![]));
        let others = vec![Method::GET, Method::HEAD, Method::POST];
        assert_eq!(routes.find(&Method::PUT, "/"), Found::OtherMethods(others));
        assert_eq!(routes.find(&Method::PUT, "/x"), Found::Nothing);
    }
}
