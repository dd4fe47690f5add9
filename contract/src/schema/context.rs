//! What every part of reading a document needs: the document, its version, and where problems go.

use std::cell::RefCell;
use std::sync::LazyLock;

use crate::model::Origin;
use crate::problem::{Diagnostic, Place, Problem, Problems};
use crate::source::{Broken, BrokenRef, Document, Node, Object, SourceMap, Span};

use super::diagnostics;

/// Which schema language a document speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    /// OpenAPI 3.0's schema object: `nullable`, and nothing stands next to a `$ref`.
    OpenApi30,
    /// JSON Schema 2020-12, as OpenAPI 3.1 uses it.
    JsonSchema202012,
}

/// The document that is read, and the problems gathered so far.
#[derive(Debug)]
pub struct Context<'a> {
    /// The document.
    pub document: &'a Document,
    /// The files, for places.
    pub sources: &'a SourceMap,
    /// The schema language.
    pub dialect: Dialect,
    /// A schema without a type speaks of every kind of value, as JSON Schema says: the document names that as its
    /// dialect.
    pub by_the_letter: bool,
    /// XML beside JSON of the same values is read, too.
    pub xml: bool,
    problems: RefCell<Problems>,
}

/// Whether `jsonSchemaDialect` is JSON Schema itself, and not OpenAPI's.
fn names_json_schema(document: &Document) -> bool {
    let dialect = document.root.get("jsonSchemaDialect").and_then(Node::as_str);
    dialect.is_some_and(|dialect| dialect.contains("://json-schema.org/draft"))
}

impl<'a> Context<'a> {
    /// For one document.
    pub fn new(document: &'a Document, sources: &'a SourceMap, dialect: Dialect) -> Self {
        Self {
            document,
            sources,
            dialect,
            by_the_letter: names_json_schema(document),
            xml: false,
            problems: RefCell::new(Problems::new()),
        }
    }

    /// Gathers a problem.
    pub fn report(&self, problem: Problem) {
        self.problems.borrow_mut().push(problem);
    }

    /// The problems gathered.
    pub fn into_problems(self) -> Problems {
        self.problems.into_inner()
    }

    /// How many problems were gathered.
    pub fn problem_count(&self) -> usize {
        self.problems.borrow().len()
    }

    /// Where a span stands.
    pub fn place(&self, span: Span) -> Place {
        self.document.place(self.sources, span)
    }

    /// A problem at a node.
    pub fn problem(&self, diagnostic: &Diagnostic, node: &Node) -> Problem {
        Problem::new(diagnostic, self.head(node))
    }

    /// Where a node stands. An object or list stands where its key does: its own span can be long.
    pub fn head(&self, node: &Node) -> Place {
        let (pointer, _) = self.document.locate(node.span);
        Place {
            pointer: pointer.to_string(),
            ..self.sources.place(self.head_span(node))
        }
    }

    /// Where something was written, for the model.
    pub fn origin(&self, node: &Node) -> Origin {
        let span = self.head_span(node);
        let (line, column) = self.sources.line_column(span.file, span.start);
        let pointer = self.document.pointer_to(node.span).to_string().into();
        Origin {
            file: self.sources.name(span.file),
            line,
            column,
            pointer,
        }
    }

    fn head_span(&self, node: &Node) -> Span {
        if node.as_object().is_none() && node.as_array().is_none() {
            return node.span;
        }
        let (_, key) = self.document.locate(node.span);
        key.unwrap_or(Span {
            end: (node.span.start + 1).min(node.span.end),
            ..node.span
        })
    }

    /// The node as an object; anything else is a problem that says what it should be. Null, which is what YAML makes of
    /// a key with nothing behind it, is an empty one.
    pub fn object(&self, node: &'a Node, what: &str) -> Option<&'a Object> {
        static EMPTY: LazyLock<Object> = LazyLock::new(Object::default);
        if self.is_blank(node, what, "an object") {
            return Some(&EMPTY);
        }
        node.as_object()
            .or_else(|| self.wrong_kind(node, what, "an object"))
    }

    /// The node as a list; anything else is a problem. Null is an empty one.
    pub fn array(&self, node: &'a Node, what: &str) -> Option<&'a [Node]> {
        if self.is_blank(node, what, "a list") {
            return Some(&[]);
        }
        node.as_array().or_else(|| self.wrong_kind(node, what, "a list"))
    }

    /// The node as text; anything else is a problem. Null says nothing.
    pub fn text(&self, node: &'a Node, what: &str) -> Option<&'a str> {
        if self.is_blank(node, what, "a string") {
            return None;
        }
        node.as_str().or_else(|| self.wrong_kind(node, what, "a string"))
    }

    /// Whether nothing stands where something should.
    fn is_blank(&self, node: &Node, what: &str, expected: &str) -> bool {
        if node.is_null() {
            let problem = self.problem(&diagnostics::BLANK, node);
            self.report(problem.about(format!("{what} is {expected}")));
        }
        node.is_null()
    }

    fn wrong_kind<T>(&self, node: &Node, what: &str, expected: &str) -> Option<T> {
        let problem = self
            .problem(&diagnostics::WRONG_KIND, node)
            .about(format!("{what} is {expected}, not {}", node.kind_name()))
            .label(format!("this is {}", node.kind_name()));
        self.report(problem);
        None
    }

    /// Says why a reference leads nowhere.
    pub fn broken(&self, broken: BrokenRef<'_>) {
        let text = broken.at.scalar_text().unwrap_or_default();
        let diagnostic = match broken.why {
            Broken::NotText => {
                self.wrong_kind::<()>(broken.at, "`$ref`", "a string");
                return;
            }
            Broken::Elsewhere => &diagnostics::REF_ELSEWHERE,
            Broken::Unreadable(why) => {
                let problem = self.problem(&diagnostics::REF_UNREADABLE, broken.at);
                let problem = problem.about(format!("`{text}`: {}", why.message));
                // What a lock says is its own matter, and has its own advice.
                let problem = if why.code == crate::source::diagnostics::NOT_AS_LOCKED.code {
                    problem.help(why.help.clone())
                } else {
                    problem
                };
                self.report(match &why.place {
                    Some(place) if place.line > 0 => problem.related(place.clone(), "the file is wrong here"),
                    _ => problem,
                });
                return;
            }
            Broken::NoAnchor => &diagnostics::REF_NO_ANCHOR,
            Broken::Dangling => &diagnostics::DANGLING_REF,
            Broken::Cycle => &diagnostics::REF_CYCLE,
        };
        self.report(self.problem(diagnostic, broken.at).about(format!("`{text}`")));
    }

    /// Follows references to the end; where that fails, says why.
    pub fn follow(&self, node: &'a Node) -> Option<&'a Node> {
        self.document
            .follow(node)
            .map_err(|broken| self.broken(broken))
            .ok()
    }
}
