//! JSON text to a tree (RFC 8259), by jiter.

use jiter::{Jiter, JiterError, NumberAny, Peek};

use crate::problem::Problem;

use super::node::{Entry, Kind, Node, Object};
use super::{FileId, MAX_DEPTH, SourceMap, Span, diagnostics};

/// Reads a JSON text.
pub(super) fn parse(sources: &SourceMap, file: FileId) -> Result<Node, Problem> {
    let text = sources.text(file);
    let mut reader = Reader {
        sources,
        file,
        text: text.as_bytes(),
        jiter: Jiter::new(text.as_bytes()),
    };
    let peek = reader.jiter.peek().map_err(|error| reader.failed(&error))?;
    let node = reader.value(peek, 0)?;
    reader.jiter.finish().map_err(|error| reader.failed(&error))?;
    Ok(node)
}

struct Reader<'a> {
    sources: &'a SourceMap,
    file: FileId,
    text: &'a [u8],
    jiter: Jiter<'a>,
}

impl Reader<'_> {
    fn value(&mut self, peek: Peek, depth: usize) -> Result<Node, Problem> {
        let start = self.jiter.current_index();
        if depth > MAX_DEPTH {
            return Err(Problem::new(
                &diagnostics::TOO_DEEP,
                self.sources.place(self.span(start, start + 1)),
            ));
        }
        let kind = match peek {
            Peek::Null => {
                self.jiter.known_null().map_err(|error| self.failed(&error))?;
                Kind::Null
            }
            Peek::True | Peek::False => {
                Kind::Bool(self.jiter.known_bool(peek).map_err(|error| self.failed(&error))?)
            }
            Peek::String => {
                let text = self.jiter.known_str().map(Box::from);
                Kind::String(text.map_err(|error| self.failed(&error))?)
            }
            Peek::Array => self.array(depth)?,
            Peek::Object => self.object(depth)?,
            _ => self.number(peek, start)?,
        };
        Ok(Node {
            kind,
            span: self.span(start, self.jiter.current_index()),
        })
    }

    fn number(&mut self, peek: Peek, start: usize) -> Result<Kind, Problem> {
        let read: Result<NumberAny, _> = self.jiter.known_number(peek);
        read.map_err(|error| self.failed(&error))?;
        let text = self
            .text
            .get(start..self.jiter.current_index())
            .unwrap_or_default();
        Ok(Kind::Number(String::from_utf8_lossy(text).into()))
    }

    fn array(&mut self, depth: usize) -> Result<Kind, Problem> {
        let mut items = Vec::new();
        let mut next = self.jiter.known_array().map_err(|error| self.failed(&error))?;
        while let Some(peek) = next {
            items.push(self.value(peek, depth + 1)?);
            next = self.jiter.array_step().map_err(|error| self.failed(&error))?;
        }
        Ok(Kind::Array(items))
    }

    fn object(&mut self, depth: usize) -> Result<Kind, Problem> {
        let mut object = Object::default();
        let mut before = self.jiter.current_index() + 1;
        let mut key = self.jiter.known_object().map(|key| key.map(Box::<str>::from));
        while let Some(name) = key.map_err(|error| self.failed(&error))? {
            let key_span = self.key_span(before);
            let peek = self.jiter.peek().map_err(|error| self.failed(&error))?;
            let value = self.value(peek, depth + 1)?;
            before = self.jiter.current_index();
            if let Err(entry) = object.insert(Entry {
                key: name,
                key_span,
                value,
            }) {
                self.sources.note(duplicate_key(self.sources, &object, &entry));
                object.join(entry);
            }
            key = self.jiter.next_key().map(|key| key.map(Box::<str>::from));
        }
        Ok(Kind::Object(object))
    }

    /// The span of the key that was just read: only white space and a comma stand between `before` and its quote,
    /// and only white space and a colon behind it.
    fn key_span(&self, before: usize) -> Span {
        let after = self.jiter.current_index();
        let run = self.text.get(before..after).unwrap_or_default();
        let start = run.iter().position(|byte| *byte == b'"').unwrap_or(0);
        let end = run
            .iter()
            .rposition(|byte| *byte == b'"')
            .map_or(run.len(), |at| at + 1);
        self.span(before + start, before + end)
    }

    fn span(&self, start: usize, end: usize) -> Span {
        Span {
            file: self.file,
            start: start as u32,
            end: end as u32,
        }
    }

    fn failed(&self, error: &JiterError) -> Problem {
        let at = error.index.min(self.text.len());
        let place = self.sources.place(self.span(at, at));
        Problem::new(&diagnostics::BAD_JSON, place).about(&error.error_type)
    }
}

/// The problem of a key that stands twice.
pub(super) fn duplicate_key(sources: &SourceMap, object: &Object, again: &Entry) -> Problem {
    let problem = Problem::new(&diagnostics::DUPLICATE_KEY, sources.place(again.key_span))
        .about(format!("`{}`", again.key));
    match object.entry(&again.key) {
        Some(first) => problem.related(sources.place(first.key_span), "first here"),
        None => problem,
    }
}
