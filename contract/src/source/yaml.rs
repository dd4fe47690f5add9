//! YAML text to a tree (YAML 1.2, core schema), by the event parser beneath serde-saphyr.
//!
//! Anchors and aliases repeat nodes, within a budget; merge keys (`<<`) fill in what an object does not say itself.

use std::collections::HashMap;

use serde_saphyr::granit_parser::{self, ErrorKind, Event, Marker, Parser, ScalarStyle, StrInput};

use crate::problem::{Diagnostic, Place, Problem};

use super::json::duplicate_key;
use super::node::{Entry, Kind, Node, Object};
use super::{FileId, MAX_ALIAS_BYTES, MAX_DEPTH, SourceMap, Span, diagnostics, scalar};

/// Reads a YAML text that holds one document.
pub(super) fn parse(sources: &SourceMap, file: FileId) -> Result<Node, Problem> {
    let text = sources.text(file);
    let options = granit_parser::options! {
        emit_comments: false,
        flow_nesting_limit: MAX_DEPTH + 2,
        block_nesting_limit: MAX_DEPTH + 2,
    };
    let parser = Parser::new_from_str_with_options(&text, options);
    let mut reader = Reader {
        sources,
        file,
        length: text.len(),
        parser,
        open: Vec::new(),
        root: None,
        anchors: HashMap::new(),
        repeated: 0,
    };
    while reader.step()? {}
    reader
        .root
        .ok_or_else(|| Problem::new(&diagnostics::EMPTY, Place::file(sources.name(file))))
}

/// Builds the tree from events, with the open collections on a stack of its own: a document's depth never becomes
/// depth of calls.
struct Reader<'a> {
    sources: &'a SourceMap,
    file: FileId,
    length: usize,
    parser: Parser<'a, StrInput<'a>>,
    open: Vec<Open>,
    root: Option<Node>,
    anchors: HashMap<usize, (Node, usize)>,
    /// Bytes of nodes that anchors and aliases have repeated so far.
    repeated: usize,
}

/// A collection whose end has not come yet.
struct Open {
    parts: Parts,
    start: Span,
    /// Where its last child ends.
    end: u32,
    anchor: usize,
}

enum Parts {
    Array(Vec<Node>),
    Object {
        object: Object,
        merges: Vec<Object>,
        key: Option<Key>,
    },
}

struct Key {
    text: Box<str>,
    span: Span,
    /// A plain `<<`.
    merges: bool,
}

impl<'a> Reader<'a> {
    /// Takes one event. `false` at the end of the stream.
    fn step(&mut self) -> Result<bool, Problem> {
        let (event, span) = self.next()?;
        match event {
            Event::StreamEnd => return Ok(false),
            Event::DocumentStart(..) if self.root.is_some() => {
                return Err(self.wrong(&diagnostics::SEVERAL_DOCUMENTS, span));
            }
            Event::Scalar(text, style, anchor, tag) => {
                let plain = style == ScalarStyle::Plain;
                let typed = plain && !tag.is_some_and(|tag| tag.is_yaml_core_schema_tag("str"));
                let kind = if typed {
                    scalar::resolve(&text)
                } else {
                    Kind::String((&*text).into())
                };
                self.anchor(
                    anchor,
                    &Node {
                        kind: kind.clone(),
                        span,
                    },
                )?;
                if !self.take_key(&text, span, plain && text == "<<") {
                    self.complete(Node { kind, span }, span.end)?;
                }
            }
            Event::SequenceStart(_, anchor, _) => self.open(Parts::Array(Vec::new()), span, anchor)?,
            Event::MappingStart(_, anchor, _) => {
                let parts = Parts::Object {
                    object: Object::default(),
                    merges: Vec::new(),
                    key: None,
                };
                self.open(parts, span, anchor)?;
            }
            Event::SequenceEnd | Event::MappingEnd => self.close(span)?,
            Event::Alias(id) => self.alias(id, span)?,
            _ => {}
        }
        Ok(true)
    }

    fn next(&mut self) -> Result<(Event<'a>, Span), Problem> {
        match self.parser.next_event() {
            Some(Ok((event, span))) => {
                let (start, end) = (self.offset(&span.start), self.offset(&span.end));
                Ok((
                    event,
                    Span {
                        file: self.file,
                        start,
                        end,
                    },
                ))
            }
            Some(Err(error)) => {
                let at = self.offset(error.marker());
                let place = self.sources.place(Span {
                    file: self.file,
                    start: at,
                    end: at,
                });
                let diagnostic = match error.kind() {
                    ErrorKind::RecursionLimitExceeded => &diagnostics::TOO_DEEP,
                    _ => &diagnostics::BAD_YAML,
                };
                Err(Problem::new(diagnostic, place).about(error.info()))
            }
            None => Ok((
                Event::StreamEnd,
                Span {
                    file: self.file,
                    start: 0,
                    end: 0,
                },
            )),
        }
    }

    fn offset(&self, mark: &Marker) -> u32 {
        mark.byte_offset().unwrap_or(0).min(self.length) as u32
    }

    fn wrong(&self, diagnostic: &Diagnostic, span: Span) -> Problem {
        Problem::new(diagnostic, self.sources.place(span))
    }

    /// Whether the innermost collection is an object that waits for a key.
    fn wants_key(&self) -> bool {
        matches!(
            self.open.last(),
            Some(Open {
                parts: Parts::Object { key: None, .. },
                ..
            })
        )
    }

    /// Takes a scalar as a key, when one is due.
    fn take_key(&mut self, text: &str, span: Span, merges: bool) -> bool {
        match self.open.last_mut() {
            Some(Open {
                parts: Parts::Object { key: key @ None, .. },
                ..
            }) => {
                *key = Some(Key {
                    text: text.into(),
                    span,
                    merges,
                });
                true
            }
            _ => false,
        }
    }

    fn open(&mut self, parts: Parts, span: Span, anchor: usize) -> Result<(), Problem> {
        if self.wants_key() {
            return Err(self.wrong(&diagnostics::KEY_NOT_SCALAR, span));
        }
        if self.open.len() > MAX_DEPTH {
            return Err(self.wrong(&diagnostics::TOO_DEEP, span));
        }
        self.open.push(Open {
            parts,
            start: span,
            end: span.end,
            anchor,
        });
        Ok(())
    }

    fn close(&mut self, span: Span) -> Result<(), Problem> {
        let Some(Open {
            parts,
            start,
            end,
            anchor,
        }) = self.open.pop()
        else {
            return Ok(());
        };
        let kind = match parts {
            Parts::Array(items) => Kind::Array(items),
            Parts::Object {
                mut object, merges, ..
            } => {
                fill(&mut object, &merges);
                Kind::Object(object)
            }
        };
        // A block collection's end event is empty and stands at the next token: its last child says where it ends.
        let end = if span.end > span.start { span.end } else { end };
        let node = Node {
            kind,
            span: Span { end, ..start },
        };
        self.anchor(anchor, &node)?;
        self.complete(node, end)
    }

    /// Gives a node, written up to `end`, to the collection that it belongs to.
    fn complete(&mut self, node: Node, end: u32) -> Result<(), Problem> {
        let Some(parent) = self.open.last_mut() else {
            self.root = Some(node);
            return Ok(());
        };
        parent.end = parent.end.max(end);
        match &mut parent.parts {
            Parts::Array(items) => items.push(node),
            Parts::Object { object, merges, key } => {
                let Some(key) = key.take() else { return Ok(()) };
                if key.merges {
                    let span = node.span;
                    let Some(more) = merged(node) else {
                        return Err(self.wrong(&diagnostics::BAD_MERGE, span));
                    };
                    merges.extend(more);
                } else if let Err(entry) = object.insert(Entry {
                    key: key.text,
                    key_span: key.span,
                    value: node,
                }) {
                    self.sources.note(duplicate_key(self.sources, object, &entry));
                    object.join(entry);
                }
            }
        }
        Ok(())
    }

    fn anchor(&mut self, anchor: usize, node: &Node) -> Result<(), Problem> {
        if anchor > 0 {
            self.spend(node, node.span)?;
            self.anchors.insert(anchor, (node.clone(), node.height()));
        }
        Ok(())
    }

    fn alias(&mut self, id: usize, span: Span) -> Result<(), Problem> {
        let Some((node, height)) = self.anchors.get(&id) else {
            return Err(self
                .wrong(&diagnostics::BAD_YAML, span)
                .about("an alias inside its own anchor"));
        };
        if self.open.len() + height > MAX_DEPTH {
            return Err(self.wrong(&diagnostics::TOO_DEEP, span));
        }
        let node = node.clone();
        self.spend(&node, span)?;
        if self.wants_key() {
            let text = node
                .scalar_text()
                .ok_or_else(|| self.wrong(&diagnostics::KEY_NOT_SCALAR, span))?;
            self.take_key(text, span, false);
            return Ok(());
        }
        self.complete(node, span.end)
    }

    fn spend(&mut self, node: &Node, span: Span) -> Result<(), Problem> {
        self.repeated += node.weight();
        if self.repeated > MAX_ALIAS_BYTES {
            return Err(self.wrong(&diagnostics::TOO_MUCH_REPEATED, span));
        }
        Ok(())
    }
}

/// The objects of a merge key's value.
fn merged(value: Node) -> Option<Vec<Object>> {
    let object = |node: Node| match node.kind {
        Kind::Object(object) => Some(object),
        _ => None,
    };
    match value.kind {
        Kind::Array(items) => items.into_iter().map(object).collect(),
        kind => object(Node {
            kind,
            span: value.span,
        })
        .map(|object| vec![object]),
    }
}

/// Merge keys: what the object says itself wins, then the earlier of the merged.
fn fill(object: &mut Object, merges: &[Object]) {
    for entry in merges.iter().flat_map(Object::entries) {
        // An entry given back stood there already, and stays.
        let _ = object.insert(entry.clone());
    }
}
