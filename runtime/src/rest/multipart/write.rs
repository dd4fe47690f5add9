//! A value as parts, and parts as a body: octets, or a stream where a file comes piece by piece.

use std::collections::HashSet;
use std::hash::{BuildHasher as _, RandomState};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Poll, ready};

use bytes::Bytes;
use futures_util::{StreamExt as _, stream};
use http::{HeaderName, HeaderValue};
use memchr::memmem;

use super::head;
use super::media::{self, Types, is_json};
use crate::code::Code;
use crate::codec::{ByteStream, Content, File, Json, Node, Opening, Value, json, text};
use crate::error::{ErrorKind, Fault};

/// What every boundary starts with.
const PREFIX: &str = "tieline-part-";

/// A part, ready to be joined with others.
struct Part {
    head: Vec<u8>,
    content: Piece,
}

/// A run of a body.
#[derive(Clone)]
enum Piece {
    Octets(Bytes),
    /// What comes, and how much it will be.
    Stream(Opening, Option<u64>),
}

/// A body in parts.
#[derive(Debug)]
pub(crate) struct Written {
    pub(crate) boundary: String,
    pub(crate) content: Content,
    /// The media type of its first part.
    pub(crate) root: Option<String>,
}

/// Writes the parts of an object, or of a list. `types` are the media types of parts that the contract says.
///
/// # Errors
/// A media type that no header can hold, or a stream that was sent already.
pub(crate) fn write(value: &dyn Value, types: Types<'_>) -> Result<Written, Fault> {
    let mut writer = Writer {
        types,
        parts: Vec::new(),
        once: false,
        root: None,
    };
    writer.body(value)?;
    let Writer {
        parts, once, root, ..
    } = writer;
    let whole = parts.iter().all(|part| matches!(part.content, Piece::Octets(_)));
    let boundary = if whole {
        free_boundary(&parts)
    } else {
        unpredictable_boundary()
    };
    let mut pieces = joined(parts, &boundary);
    let content = match (pieces.as_mut_slice(), once) {
        ([Piece::Octets(octets)], _) => Content::Whole(std::mem::take(octets)),
        (_, once) => {
            let length = pieces.iter().try_fold(0_u64, |sum, piece| match piece {
                Piece::Octets(octets) => sum.checked_add(octets.len() as u64),
                Piece::Stream(_, length) => sum.checked_add((*length)?),
            });
            if once {
                Content::Stream {
                    octets: open(pieces),
                    length,
                }
            } else {
                Content::Repeatable {
                    open: Arc::new(move || open(pieces.clone())),
                    length,
                }
            }
        }
    };
    Ok(Written {
        boundary,
        content,
        root,
    })
}

/// The first of the numbered boundaries that no part contains: found in one pass, whatever the parts hold.
fn free_boundary(parts: &[Part]) -> String {
    let mut taken = HashSet::new();
    for part in parts {
        let Piece::Octets(content) = &part.content else {
            continue;
        };
        for at in memmem::find_iter(content, PREFIX) {
            let digits = content.get(at + PREFIX.len()..at + PREFIX.len() + 16);
            taken.extend(digits.and_then(|digits| std::str::from_utf8(digits).ok()?.parse::<u64>().ok()));
        }
    }
    // One more than are taken, so one of them is free.
    let mut numbers = 0..=taken.len() as u64;
    let number = numbers.find(|number| !taken.contains(number)).unwrap_or_default();
    format!("{PREFIX}{number:016}")
}

/// A boundary that nobody can have put into a stream, which cannot be searched before it is sent: 128 bits of SipHash under
/// keys of the operating system.
fn unpredictable_boundary() -> String {
    let keys = RandomState::new();
    format!("{PREFIX}{:016x}{:016x}", keys.hash_one(0), keys.hash_one(1))
}

/// The body, octets that stand side by side as one piece.
fn joined(parts: Vec<Part>, boundary: &str) -> Vec<Piece> {
    let framing = boundary.len() + 8;
    let length = parts.iter().map(|part| {
        let content = match &part.content {
            Piece::Octets(octets) => octets.len(),
            Piece::Stream(..) => 0,
        };
        part.head.len() + content + framing
    });
    let mut pieces = Vec::new();
    let mut octets = Vec::with_capacity(length.sum::<usize>() + framing);
    for part in parts {
        octets.extend_from_slice(format!("--{boundary}\r\n").as_bytes());
        octets.extend_from_slice(&part.head);
        octets.extend_from_slice(b"\r\n");
        match part.content {
            Piece::Octets(content) => octets.extend_from_slice(&content),
            stream @ Piece::Stream(..) => {
                pieces.push(Piece::Octets(std::mem::take(&mut octets).into()));
                pieces.push(stream);
            }
        }
        octets.extend_from_slice(b"\r\n");
    }
    octets.extend_from_slice(format!("--{boundary}--\r\n").as_bytes());
    pieces.push(Piece::Octets(octets.into()));
    pieces
}

/// The pieces one after the other, each opened when its turn has come.
fn open(pieces: Vec<Piece>) -> ByteStream {
    Box::pin(stream::iter(pieces).flat_map(|piece| match piece {
        Piece::Octets(octets) => Box::pin(stream::iter([Ok(octets)])),
        Piece::Stream(open, None) => open(),
        Piece::Stream(open, Some(length)) => measured(open(), length),
    }))
}

/// A stream that fails when it is not as long as was said: the parts behind it would be read wrongly.
fn measured(mut octets: ByteStream, length: u64) -> ByteStream {
    let mut left = Some(length);
    Box::pin(stream::poll_fn(move |cx| {
        let Some(rest) = left else {
            return Poll::Ready(None);
        };
        let next = ready!(octets.as_mut().poll_next(cx));
        left = match &next {
            Some(Ok(chunk)) => rest.checked_sub(chunk.len() as u64),
            _ => None,
        };
        Poll::Ready(match next {
            Some(Ok(_)) if left.is_none() => Some(Err("a file is longer than was said".into())),
            None if rest > 0 => Some(Err("a file is shorter than was said".into())),
            next => next,
        })
    }))
}

struct Writer<'a> {
    types: Types<'a>,
    parts: Vec<Part>,
    /// Whether any part can be sent only once.
    once: bool,
    root: Option<String>,
}

impl Writer<'_> {
    fn body(&mut self, value: &dyn Value) -> Result<(), Fault> {
        match value.node() {
            Node::List(_) => self.part(None, value, media::said(self.types, "")),
            _ => self.object(value),
        }
    }

    fn object(&mut self, value: &dyn Value) -> Result<(), Fault> {
        match value.node() {
            Node::Record(record) => {
                let shape = record.shape();
                for (index, field) in shape.fields.iter().enumerate() {
                    if let Some(value) = record.field(index) {
                        self.property(field.name, value)?;
                    }
                }
                match record.field(shape.fields.len()) {
                    Some(rest) if shape.open.keeps() => self.object(rest),
                    _ => Ok(()),
                }
            }
            Node::Map(map) => {
                let mut written = Ok(());
                map.each(&mut |name, value| {
                    written = self.property(name, value);
                    written.is_ok()
                });
                written
            }
            Node::Union(union) => self.object(union.active().1),
            // Nothing else has properties.
            _ => Ok(()),
        }
    }

    fn property(&mut self, name: &str, value: &dyn Value) -> Result<(), Fault> {
        self.part(Some(name), value, media::said(self.types, name))
    }

    /// A list is a part for each item, under one name or without one. What is absent is no part.
    fn part(&mut self, name: Option<&str>, value: &dyn Value, said: Option<&str>) -> Result<(), Fault> {
        let media_type = said.and_then(media::of_value);
        let as_json = |media_type| (media_type, Bytes::from(json::to_vec(value)));
        let (media_type, content) = match value.node() {
            Node::Absent => return Ok(()),
            Node::Json(Json::Array(items)) => {
                return items.iter().try_for_each(|item| self.part(name, item, said));
            }
            Node::List(list) => {
                let mut items = (0..list.len()).filter_map(|index| list.item(index));
                return items.try_for_each(|item| self.part(name, item, said));
            }
            Node::File(file) => return self.file(name, file, said),
            Node::Union(union) if !media_type.is_some_and(is_json) => {
                return self.part(name, union.active().1, said);
            }
            Node::Record(_) | Node::Map(_) | Node::Json(Json::Object(_)) => {
                as_json(media_type.or(Some("application/json")))
            }
            _ if media_type.is_some_and(is_json) => as_json(media_type),
            _ => (media_type, text::parts(value).to_string().into()),
        };
        if crate::codec::has_streamed(value) {
            return Err(unfit(
                name,
                "has a file that comes piece by piece, which JSON cannot carry",
            ));
        }
        self.add(name, None, media_type, std::iter::empty(), Piece::Octets(content))
    }

    fn file(&mut self, name: Option<&str>, file: &File, said: Option<&str>) -> Result<(), Fault> {
        let file_name = file.name.as_deref();
        let media_type = file.media_type.as_deref();
        let media_type = media_type.or_else(|| media::of_file(said?, file_name));
        let content = match file.leaving() {
            None => return Err(unfit(name, "was sent already")),
            Some(Content::Whole(content)) => Piece::Octets(content),
            Some(Content::Stream { octets, length }) => {
                self.once = true;
                Piece::Stream(once(octets), length)
            }
            Some(Content::Repeatable { open, length }) => Piece::Stream(open, length),
        };
        let media_type = media_type.or(Some("application/octet-stream"));
        self.add(name, file_name.or(name), media_type, file.headers(), content)
    }

    fn add<'h>(
        &mut self,
        name: Option<&str>,
        file_name: Option<&str>,
        media_type: Option<&str>,
        headers: impl Iterator<Item = (&'h HeaderName, &'h HeaderValue)>,
        content: Piece,
    ) -> Result<(), Fault> {
        let head = head::write(name, file_name, media_type, headers);
        let head = head.ok_or_else(|| unfit(name, "has a media type that is no header value"))?;
        if self.parts.is_empty() {
            self.root = Some(media_type.unwrap_or("text/plain").to_owned());
        }
        self.parts.push(Part { head, content });
        Ok(())
    }
}

/// A stream that is opened once.
fn once(octets: ByteStream) -> Opening {
    let left = Mutex::new(Some(octets));
    Arc::new(move || {
        let octets = left.lock().unwrap_or_else(PoisonError::into_inner).take();
        octets.unwrap_or_else(|| Box::pin(stream::iter([Err("the stream was sent already".into())])))
    })
}

fn unfit(name: Option<&str>, why: &str) -> Fault {
    let message = match name {
        Some(name) => format!("the part {name:?} {why}"),
        None => format!("a part {why}"),
    };
    Fault::new(ErrorKind::Encode, Code::InvalidArgument, message)
}
