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
                self.stop();
                return Poll::Ready(Some(Err(too_large("an item of the stream", self.limit))));
            }
            let Some(octets) = &mut self.octets else {
                self.seen = 0;
                let last = trimmed(self.held.split().freeze());
                return Poll::Ready((!last.is_empty()).then_some(Ok(last)));
            };
            match ready!(octets.as_mut().poll_next(cx)) {
                Some(Ok(octets)) => self.held.extend_from_slice(&octets),
                Some(Err(error)) => {
                    self.stop();
                    return Poll::Ready(Some(Err(fault_of(error))));
                }
                None => self.octets = None,
            }
        }
    }

    /// Forgets the rest.
    fn stop(&mut self) {
        self.octets = None;
        self.held.clear();
        self.seen = 0;
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

#[cfg(test)]
mod tests {
    use futures_util::{FutureExt as _, StreamExt as _};

    use super::*;
    use crate::random::Random;

    fn cut(chunks: Vec<Bytes>, framing: Framing, limit: usize) -> Result<Vec<Bytes>, Fault> {
        let octets = Box::pin(futures_util::stream::iter(chunks.into_iter().map(Ok)));
        let mut lines = Lines::new(octets, framing, limit);
        let items = futures_util::stream::poll_fn(move |cx| lines.poll(cx));
        let items = items.collect::<Vec<_>>().now_or_never();
        items.expect("all is there").into_iter().collect()
    }

    #[test]
    fn chunk_boundaries_line_ends_and_empty_lines_change_nothing() {
        let random = Random::seeded(11);
        for round in 0..2_000 {
            let framing = if round % 2 == 0 {
                Framing::Lines
            } else {
                Framing::Sequence
            };
            let items: Vec<Bytes> = (0..random.below(8))
                .map(|_| random.below(1_000_000).to_string().into())
                .collect();
            let mut body = Vec::new();
            for item in &items {
                match framing {
                    Framing::Sequence => body.extend_from_slice(&frame(item.to_vec(), framing)),
                    _ => {
                        body.extend_from_slice(["", "\n", " \r\n"][random.below(3) as usize].as_bytes());
                        body.extend_from_slice(item);
                        body.extend_from_slice(["\n", "\r\n"][random.below(2) as usize].as_bytes());
                    }
                }
            }
            if random.below(2) == 0 && body.ends_with(b"\n") {
                body.pop();
            }
            let (mut chunks, mut rest) = (Vec::new(), Bytes::from(body));
            while !rest.is_empty() {
                chunks.push(rest.split_to(random.below(rest.len() as u64 + 1) as usize));
            }
            assert_eq!(cut(chunks, framing, 1024).unwrap(), items);
        }
    }

    #[test]
    fn an_item_without_an_end_is_refused_when_it_is_too_long() {
        let chunks = |length| vec![Bytes::from_static(b"1\n"), Bytes::from(vec![b'2'; length])];
        assert_eq!(cut(chunks(16), Framing::Lines, 16).unwrap().len(), 2);
        let fault = cut(chunks(17), Framing::Lines, 16).unwrap_err();
        assert!(fault.message().contains("16 octets"), "{fault}");
    }
}
