//! Octets cut into items: lines (NDJSON, JSON Lines), and RFC 7464's sequences.

use std::task::{Context, Poll, ready};

use bytes::{Buf as _, Bytes, BytesMut};
use memchr::memchr;

use super::{fault_of, too_large};
use crate::codec::{ByteStream, Framing};
use crate::error::Fault;

const RECORD_SEPARATOR: u8 = 0x1e;

/// The items of a body, as octets.
pub(super) struct Lines {
    octets: Option<ByteStream>,
    held: BytesMut,
    /// How many of the octets that are held have no end of an item in them.
    seen: usize,
    end: u8,
    limit: usize,
}

impl Lines {
    pub(super) fn new(octets: ByteStream, framing: Framing, limit: usize) -> Self {
        Self {
            octets: Some(octets),
            held: BytesMut::new(),
            seen: 0,
            end: if framing == Framing::Sequence {
                RECORD_SEPARATOR
            } else {
                b'\n'
            },
            limit,
        }
    }

    /// The next item, without its ends. Empty ones are none.
    pub(super) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, Fault>>> {
        loop {
            while let Some(line) = self.cut() {
                if !line.is_empty() {
                    return Poll::Ready(Some(Ok(line)));
                }
            }
            if self.held.len() > self.limit {
                self.octets = None;
                self.held.clear();
                return Poll::Ready(Some(Err(too_large("an item of the stream", self.limit))));
            }
            let Some(octets) = &mut self.octets else {
                let last = trimmed(self.held.split().freeze());
                return Poll::Ready((!last.is_empty()).then_some(Ok(last)));
            };
            match ready!(octets.as_mut().poll_next(cx)) {
                Some(Ok(octets)) => self.held.extend_from_slice(&octets),
                Some(Err(error)) => {
                    self.octets = None;
                    self.held.clear();
                    return Poll::Ready(Some(Err(fault_of(error))));
                }
                None => {
                    self.octets = None;
                    self.seen = 0;
                }
            }
        }
    }

    /// The item whose end is here.
    fn cut(&mut self) -> Option<Bytes> {
        match memchr(self.end, &self.held[self.seen..]) {
            Some(at) => {
                let line = self.held.split_to(self.seen + at).freeze();
                self.held.advance(1);
                self.seen = 0;
                Some(trimmed(line))
            }
            None => {
                self.seen = self.held.len();
                None
            }
        }
    }
}

/// Without JSON's white space around it.
fn trimmed(line: Bytes) -> Bytes {
    let inner = line.trim_ascii();
    line.slice_ref(inner)
}

/// Puts an item's ends around its text.
pub(super) fn frame(text: Vec<u8>, framing: Framing) -> Bytes {
    let mut framed = Vec::with_capacity(text.len() + 2);
    if framing == Framing::Sequence {
        framed.push(RECORD_SEPARATOR);
    }
    framed.extend_from_slice(&text);
    framed.push(b'\n');
    framed.into()
}
