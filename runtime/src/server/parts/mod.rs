//! A body in parts as it comes: files that are large go to a temporary file, everything else is held in memory.
//!
//! ```text
//! octets -> parser -> parts in memory, up to a limit -> (files beyond it) -> one temporary file
//! ```
//!
//! All of the body is read before the handler runs, so that a handler never sees half an upload, and files may stand
//! anywhere among the other parts.

mod files;
mod spool;

use bytes::{Bytes, BytesMut};
use futures_util::StreamExt as _;
use http::StatusCode;

pub(super) use files::Files;
use spool::Spool;

use super::body::{broken_off, too_large};
use super::refusal::Refusal;
use crate::code::Code;
use crate::codec::{ByteStream, DecodeError};
use crate::error::{ErrorKind, Fault};
use crate::rest::multipart::{Event, Head, Held, Parser, Part};
use crate::stream::Octets;

/// How large a body may be.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    /// In octets, all of it.
    pub(super) body: usize,
    /// What is held in memory of it, where it is in parts.
    pub(super) memory: usize,
}

/// The parts of a body, or why it is none. No parts at all: there is no body.
pub(super) type Parts = Option<Result<Vec<Part>, DecodeError>>;

/// Reads a body to its end.
///
/// # Errors
/// It is too large, breaks off, or finds no room on disk. One that is malformed is for the reader of the request to refuse.
pub(super) async fn read(
    mut octets: ByteStream,
    boundary: Result<String, DecodeError>,
    files: &Files,
    limits: Limits,
) -> Result<Parts, Refusal> {
    let mut parser = boundary.map(|boundary| Parser::new(&boundary));
    let mut collected = Collected {
        files,
        limits,
        parts: Vec::new(),
        held: 0,
        spool: Spool::default(),
    };
    let mut length = 0;
    while let Some(chunk) = octets.next().await {
        let chunk = chunk.map_err(broken_off)?;
        length += chunk.len();
        if length > limits.body {
            return Err(too_large(limits.body));
        }
        // The rest of a body that is malformed is read, so that the connection can be used again.
        if let Ok(reading) = &mut parser {
            reading.push(chunk);
            if let Err(what) = collected.take_from(reading).await? {
                parser = Err(malformed(what));
            }
        }
    }
    if length == 0 {
        return Ok(None);
    }
    let finished = parser.and_then(|parser| parser.finish().map_err(malformed));
    match finished {
        Ok(()) => Ok(Some(Ok(collected.finish().await?))),
        Err(error) => Ok(Some(Err(error))),
    }
}

fn malformed(what: &str) -> DecodeError {
    DecodeError::new(format!("the body in parts {what}"))
}

/// The parts that have come.
struct Collected<'a> {
    files: &'a Files,
    limits: Limits,
    parts: Vec<Collecting>,
    /// How many octets are in memory.
    held: usize,
    spool: Spool,
}

/// A part, as far as it has come.
struct Collecting {
    head: Head,
    is_file: bool,
    content: Content,
}

enum Content {
    Memory(BytesMut),
    /// So much of the spool, from there.
    Spool(u64, u64),
}

impl Collected<'_> {
    /// Takes all that is there. The inner error is what is wrong with the body.
    async fn take_from(&mut self, parser: &mut Parser) -> Result<Result<(), &'static str>, Refusal> {
        loop {
            match parser.next() {
                Ok(Some(Event::Head(head))) => self.begin(head).await?,
                Ok(Some(Event::Content(octets))) => self.more(&octets).await?,
                Ok(Some(Event::End)) => {}
                Ok(None) => return Ok(Ok(())),
                Err(what) => return Ok(Err(what)),
            }
        }
    }

    async fn begin(&mut self, head: Head) -> Result<(), Refusal> {
        self.make_room(head.length()).await?;
        self.held += head.length();
        self.parts.push(Collecting {
            is_file: self.files.has(head.name.as_deref()),
            head,
            content: Content::Memory(BytesMut::new()),
        });
        Ok(())
    }

    async fn more(&mut self, octets: &Bytes) -> Result<(), Refusal> {
        let Some(part) = self.parts.last_mut() else {
            return Ok(());
        };
        if let Content::Spool(_, length) = &mut part.content {
            *length += octets.len() as u64;
            return self.spool.write(octets).await.map_err(no_room);
        }
        if part.is_file && self.held + octets.len() > self.limits.memory {
            let last = self.parts.len() - 1;
            self.move_away(last).await?;
            return Box::pin(self.more(octets)).await;
        }
        self.make_room(octets.len()).await?;
        if let Some(Collecting {
            content: Content::Memory(held),
            ..
        }) = self.parts.last_mut()
        {
            self.held += octets.len();
            // Copied, so that a small part does not keep the buffer that it came in.
            held.extend_from_slice(octets);
        }
        Ok(())
    }

    /// Makes room for so many octets more, by moving files away that have come before.
    async fn make_room(&mut self, octets: usize) -> Result<(), Refusal> {
        let mut index = 0;
        while self.held + octets > self.limits.memory {
            match self.parts.get(index) {
                None => {
                    return Err(Refusal::new(
                        StatusCode::PAYLOAD_TOO_LARGE,
                        format!(
                            "the parts of the body that are no files are longer than {} octets",
                            self.limits.memory
                        ),
                    ));
                }
                Some(part) if part.is_file => self.move_away(index).await?,
                Some(_) => {}
            }
            index += 1;
        }
        Ok(())
    }

    /// Moves what is in memory of a part to the spool.
    async fn move_away(&mut self, index: usize) -> Result<(), Refusal> {
        let start = self.spool.length();
        if let Some(Collecting { content, .. }) = self.parts.get_mut(index)
            && let Content::Memory(held) = content
        {
            let octets = std::mem::take(held);
            *content = Content::Spool(start, octets.len() as u64);
            self.held -= octets.len();
            self.spool.write(&octets).await.map_err(no_room)?;
        }
        Ok(())
    }

    async fn finish(self) -> Result<Vec<Part>, Refusal> {
        let spooled = self.spool.finish().await.map_err(no_room)?;
        let part = |part: Collecting| Part {
            head: part.head,
            content: match (part.content, &spooled) {
                (Content::Memory(octets), _) => Held::Whole(octets.freeze()),
                (Content::Spool(start, length), Some(file)) => {
                    let octets = Octets::on_disk(file.run(start, length));
                    Held::Streamed(octets.limited(self.limits.body))
                }
                // Nothing was written to it.
                (Content::Spool(..), None) => Held::Whole(Bytes::new()),
            },
        };
        Ok(self.parts.into_iter().map(part).collect())
    }
}

fn no_room(error: std::io::Error) -> Refusal {
    let fault = Fault::new(ErrorKind::Internal, Code::Internal, "internal error");
    Refusal::of(fault.because(error).into())
}
