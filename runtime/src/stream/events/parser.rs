//! The event stream format (WHATWG HTML, section 9.2.6), read from chunks cut anywhere.

use std::collections::VecDeque;
use std::time::Duration;

use memchr::memchr2;

use crate::error::Fault;
use crate::stream::too_large;

/// An event whose data has not been read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct RawEvent {
    pub(super) data: String,
    pub(super) event: Option<String>,
    pub(super) id: Option<String>,
    pub(super) retry: Option<Duration>,
}

/// Reads events.
pub(super) struct Parser {
    /// The line whose end has not come.
    line: Vec<u8>,
    /// Whether the last octet was a carriage return, which a line feed may follow.
    after_return: bool,
    /// Whether no line has ended yet: a byte order mark may stand before the first.
    at_start: bool,
    data: String,
    event: String,
    block_retry: Option<Duration>,
    id: String,
    last_event_id: String,
    retry: Option<Duration>,
    ready: VecDeque<RawEvent>,
    limit: usize,
}

impl Parser {
    pub(super) fn new(limit: usize) -> Self {
        Self {
            line: Vec::new(),
            after_return: false,
            at_start: true,
            data: String::new(),
            event: String::new(),
            block_retry: None,
            id: String::new(),
            last_event_id: String::new(),
            retry: None,
            ready: VecDeque::new(),
            limit,
        }
    }

    /// Forgets what has no end, before another connection.
    pub(super) fn restart(&mut self) {
        let fresh = Self::new(self.limit);
        *self = Self {
            id: self.last_event_id.clone(),
            last_event_id: std::mem::take(&mut self.last_event_id),
            retry: self.retry,
            ready: std::mem::take(&mut self.ready),
            ..fresh
        };
    }

    /// The id to ask again with; empty when there was none.
    pub(super) fn last_event_id(&self) -> &str {
        &self.last_event_id
    }

    /// How long the server wants clients to wait before they ask again.
    pub(super) fn retry(&self) -> Option<Duration> {
        self.retry
    }

    /// The next event whose end has come.
    pub(super) fn next(&mut self) -> Option<RawEvent> {
        self.ready.pop_front()
    }

    /// Takes octets in.
    ///
    /// # Errors
    /// An event is larger than may be held.
    pub(super) fn push(&mut self, mut octets: &[u8]) -> Result<(), Fault> {
        if self.after_return && !octets.is_empty() {
            self.after_return = false;
            octets = octets.strip_prefix(b"\n").unwrap_or(octets);
        }
        while let Some(end) = memchr2(b'\r', b'\n', octets) {
            self.hold(&octets[..end])?;
            let rest = &octets[end + 1..];
            octets = if octets[end] == b'\r' {
                self.after_return = rest.is_empty();
                rest.strip_prefix(b"\n").unwrap_or(rest)
            } else {
                rest
            };
            self.end_line();
        }
        self.hold(octets)
    }

    fn hold(&mut self, octets: &[u8]) -> Result<(), Fault> {
        if self.line.len() + octets.len() + self.data.len() > self.limit {
            return Err(too_large("an event of the stream", self.limit));
        }
        self.line.extend_from_slice(octets);
        Ok(())
    }

    fn end_line(&mut self) {
        let line = std::mem::take(&mut self.line);
        let mut octets = line.as_slice();
        if std::mem::take(&mut self.at_start) {
            octets = octets.strip_prefix(b"\xef\xbb\xbf").unwrap_or(octets);
        }
        if octets.is_empty() {
            self.end_block();
        } else {
            self.field(&String::from_utf8_lossy(octets));
        }
        // Its room is used again.
        self.line = line;
        self.line.clear();
    }

    fn field(&mut self, line: &str) {
        let (name, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match name {
            "data" => {
                self.data.push_str(value);
                self.data.push('\n');
            }
            "event" => value.clone_into(&mut self.event),
            "id" if !value.contains('\0') => value.clone_into(&mut self.id),
            "retry" if !value.is_empty() && value.bytes().all(|octet| octet.is_ascii_digit()) => {
                let wait = Duration::from_millis(value.parse().unwrap_or(u64::MAX));
                self.retry = Some(wait);
                self.block_retry = Some(wait);
            }
            // A comment has an empty name.
            _ => {}
        }
    }

    fn end_block(&mut self) {
        self.last_event_id.clone_from(&self.id);
        let event = std::mem::take(&mut self.event);
        let retry = self.block_retry.take();
        let mut data = std::mem::take(&mut self.data);
        if data.pop().is_some() {
            self.ready.push_back(RawEvent {
                data,
                event: (!event.is_empty()).then_some(event),
                id: (!self.id.is_empty()).then(|| self.id.clone()),
                retry,
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Random;

    fn parsed(chunks: &[&[u8]]) -> Vec<RawEvent> {
        let mut parser = Parser::new(1 << 16);
        for chunk in chunks {
            parser.push(chunk).unwrap();
        }
        std::iter::from_fn(|| parser.next()).collect()
    }

    fn shown(chunks: &[&[u8]]) -> Vec<(String, String, String)> {
        let events = parsed(chunks).into_iter();
        let shown = |event: RawEvent| {
            (
                event.event.unwrap_or_default(),
                event.id.unwrap_or_default(),
                event.data,
            )
        };
        events.map(shown).collect()
    }

    fn owned(events: &[(&str, &str, &str)]) -> Vec<(String, String, String)> {
        let owned = |(a, b, c): &(&str, &str, &str)| ((*a).to_owned(), (*b).to_owned(), (*c).to_owned());
        events.iter().map(owned).collect()
    }

    #[test]
    fn the_examples_of_the_specification_read_as_it_says() {
        let stocks = b"data: YHOO\ndata: +2\ndata: 10\n\n";
        assert_eq!(shown(&[stocks]), owned(&[("", "", "YHOO\n+2\n10")]));
        let blocks =
            b": test stream\n\ndata: first event\nid: 1\n\ndata:second event\nid\n\ndata:  third event\n\n";
        assert_eq!(
            shown(&[blocks]),
            owned(&[
                ("", "1", "first event"),
                ("", "", "second event"),
                ("", "", " third event")
            ])
        );
        let empty = b"data\n\ndata\ndata\n\ndata:";
        assert_eq!(shown(&[empty]), owned(&[("", "", ""), ("", "", "\n")]));
        let same = b"data:test\n\ndata: test\n\n";
        assert_eq!(shown(&[same]), owned(&[("", "", "test"), ("", "", "test")]));
    }

    #[test]
    fn what_the_specification_ignores_is_ignored() {
        let stream = b"\xef\xbb\xbfevent: a\nid: x\0y\nretry: 1.5\nunknown: z\n\
            data: 1\n\n\xef\xbb\xbfdata: no second mark\n\nevent: dropped without data\n\ndata: 2\n\ndata: no end\n";
        assert_eq!(shown(&[stream]), owned(&[("a", "", "1"), ("", "", "2")]));
    }

    #[test]
    fn the_wait_and_the_id_outlive_their_event_and_a_restart() {
        let mut parser = Parser::new(64);
        parser.push(b"id: 7\nretry: 250\n\nid: 8\ndata: cut").unwrap();
        assert_eq!(parser.next(), None);
        assert_eq!(
            (parser.last_event_id(), parser.retry()),
            ("7", Some(Duration::from_millis(250)))
        );
        parser.restart();
        parser.push(b"data: whole\n\n").unwrap();
        let event = parser.next().unwrap();
        assert_eq!(
            (event.data.as_str(), event.id.as_deref(), event.retry),
            ("whole", Some("7"), None)
        );
    }

    #[test]
    fn an_event_larger_than_the_limit_is_refused() {
        let mut parser = Parser::new(16);
        parser.push(b"data: 0123456\n\n").unwrap();
        let outcome = parser.push(b"data: 0123456\ndata: 0123456\n\n");
        assert!(outcome.unwrap_err().message().contains("16 octets"));
    }

    /// Lines with every end, fields and chunk boundaries anywhere: as a reader that sees all at once, line by line.
    #[test]
    fn chunk_boundaries_and_line_ends_change_nothing() {
        const LINES: [&str; 12] = [
            "data: a",
            "data",
            "data:\u{e4}\u{1F600}",
            "event: e",
            "id: 1",
            "id",
            "retry: 10",
            ": comment",
            "",
            "",
            "x: y",
            "data: b:c",
        ];
        let random = Random::seeded(7);
        for _ in 0..2_000 {
            let (mut stream, mut plain) = (Vec::new(), Vec::new());
            if random.below(4) == 0 {
                stream.extend_from_slice(b"\xef\xbb\xbf");
            }
            for _ in 0..random.below(20) {
                let line = LINES[random.below(LINES.len() as u64) as usize];
                let end = ["\n", "\r", "\r\n"][random.below(3) as usize];
                plain.extend_from_slice(line.as_bytes());
                plain.push(b'\n');
                // A return before an empty line that ends in a line feed would be one end.
                let end = if line.is_empty() && end == "\n" && stream.ends_with(b"\r") {
                    "\r"
                } else {
                    end
                };
                stream.extend_from_slice(line.as_bytes());
                stream.extend_from_slice(end.as_bytes());
            }
            let mut chunks = Vec::new();
            let mut rest = stream.as_slice();
            while !rest.is_empty() {
                let (chunk, after) = rest.split_at(random.below(rest.len() as u64 + 1) as usize);
                chunks.push(chunk);
                rest = after;
            }
            assert_eq!(
                parsed(&chunks),
                parsed(&[&plain]),
                "{:?}",
                String::from_utf8_lossy(&stream)
            );
        }
    }
}
