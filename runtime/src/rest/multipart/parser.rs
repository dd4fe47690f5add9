//! The parts of a body as its octets come, in pieces of any size: never more is held than the headers of a part, or as
//! much as may be the start of a boundary.
//!
//! ```text
//! start -> (preamble) -> boundary -> head -> content -> boundary -> ... -> "--" -> end
//! ```

use bytes::{Bytes, BytesMut};
use memchr::{memchr_iter, memmem};

use super::head::{self, Head};

/// How many parts a body may have: each costs more than its octets.
const MOST_PARTS: usize = 10_000;

/// How many octets the headers of one part may have.
const LONGEST_HEAD: usize = 16 * 1024;

/// What comes next in a body.
#[derive(Debug)]
pub(crate) enum Event {
    /// A part begins.
    Head(Head),
    /// More of its content.
    Content(Bytes),
    /// It ends.
    End,
}

/// What is wrong with a body: the end of a sentence about it.
pub(crate) type Broken = &'static str;

/// Reads parts as they come.
#[derive(Debug)]
pub(crate) struct Parser {
    /// A boundary with the line end before it.
    delimiter: memmem::Finder<'static>,
    held: Bytes,
    /// How much of `held` is known to have no end of the headers.
    scanned: usize,
    state: State,
    parts: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// The first boundary may stand at the very start.
    Start,
    /// What comes before the first boundary is nobody's.
    Preamble,
    /// Behind a boundary.
    Boundary,
    Head,
    Content,
    /// What comes after the last boundary is nobody's either.
    End,
}

impl Parser {
    /// A parser of a body of this boundary.
    pub(crate) fn new(boundary: &str) -> Self {
        let delimiter = format!("\r\n--{boundary}");
        Self {
            delimiter: memmem::Finder::new(&delimiter).into_owned(),
            held: Bytes::new(),
            scanned: 0,
            state: State::Start,
            parts: 0,
        }
    }

    /// Takes more octets. Everything of those before must have been [read](Self::next).
    pub(crate) fn push(&mut self, octets: Bytes) {
        if self.held.is_empty() {
            self.held = octets;
            return;
        }
        // Little is held, and it grows in place if nobody shares it.
        let held = std::mem::take(&mut self.held).try_into_mut();
        let mut held = held.unwrap_or_else(|shared| BytesMut::from(&shared[..]));
        held.extend_from_slice(&octets);
        self.held = held.freeze();
    }

    /// What comes next. `None`: more octets are needed, or the body has ended.
    pub(crate) fn next(&mut self) -> Result<Option<Event>, Broken> {
        loop {
            let before = self.state;
            let event = match self.state {
                State::Start => self.start(),
                State::Preamble => self.preamble(),
                State::Boundary => self.boundary()?,
                State::Head => self.head()?,
                State::Content => self.content(),
                State::End => {
                    self.held.clear();
                    return Ok(None);
                }
            };
            if event.is_some() || self.state == before {
                return Ok(event);
            }
        }
    }

    /// Judges the body's end.
    pub(crate) fn finish(&self) -> Result<(), Broken> {
        match self.state {
            State::End => Ok(()),
            State::Start | State::Preamble => Err("has no boundary"),
            State::Boundary | State::Head | State::Content => Err("is cut off"),
        }
    }

    fn start(&mut self) -> Option<Event> {
        let first = &self.delimiter.needle()[2..];
        if self.held.starts_with(first) {
            let length = first.len();
            self.pass(length, State::Boundary);
        } else if !first.starts_with(&self.held) {
            self.state = State::Preamble;
        }
        None
    }

    fn preamble(&mut self) -> Option<Event> {
        let length = self.delimiter.needle().len();
        match self.delimiter.find(&self.held) {
            Some(at) => self.pass(at + length, State::Boundary),
            None => {
                let passed = self.held.len() - self.undecided();
                self.pass(passed, State::Preamble);
            }
        }
        None
    }

    fn boundary(&mut self) -> Result<Option<Event>, Broken> {
        if self.held.starts_with(b"--") {
            self.pass(2, State::End);
            return Ok(None);
        }
        let is_blank = |octet: &&u8| matches!(octet, b' ' | b'\t');
        let blank = self.held.iter().take_while(is_blank).count();
        let rest = &self.held[blank..];
        if rest.starts_with(b"\r\n") {
            if self.parts == MOST_PARTS {
                return Err("has too many parts");
            }
            self.parts += 1;
            self.scanned = 0;
            // The line's end is the start of what ends the headers of a part that has none.
            self.pass(blank, State::Head);
        } else if blank > LONGEST_HEAD || !(b"\r\n".starts_with(rest) || blank == 0 && rest == b"-") {
            return Err("is cut off");
        }
        Ok(None)
    }

    fn head(&mut self) -> Result<Option<Event>, Broken> {
        const END: &[u8] = b"\r\n\r\n";
        let delimiter = self.delimiter.needle();
        let window = &self.held[..self.held.len().min(LONGEST_HEAD)];
        let from = |length: usize| self.scanned.saturating_sub(length - 1);
        let end = memmem::find(&window[from(END.len())..], END).map(|at| at + from(END.len()));
        let start = from(delimiter.len());
        let next = self.delimiter.find(&window[start..]).map(|at| at + start);
        let (end, passed) = match (end, next) {
            // A part without content may share its line end with the boundary behind it, and have no empty line.
            (end, Some(next)) if end.is_none_or(|end| next < end + END.len()) => (next, next),
            (Some(end), _) => {
                let content = end + END.len();
                let (after, first) = (&self.held[content..], &delimiter[2..]);
                if after.starts_with(first) {
                    (end, end + 2)
                } else if first.starts_with(after) {
                    return Ok(None);
                } else {
                    (end, content)
                }
            }
            (None, _) if window.len() == LONGEST_HEAD => {
                return Err("has a part without an end of its headers");
            }
            (None, _) => {
                self.scanned = window.len();
                return Ok(None);
            }
        };
        let head = head::read(&self.held[..end])?;
        self.pass(passed, State::Content);
        Ok(Some(Event::Head(head)))
    }

    fn content(&mut self) -> Option<Event> {
        match self.delimiter.find(&self.held) {
            Some(0) => {
                let length = self.delimiter.needle().len();
                self.pass(length, State::Boundary);
                Some(Event::End)
            }
            Some(at) => Some(Event::Content(self.held.split_to(at))),
            None => {
                let decided = self.held.len() - self.undecided();
                (decided > 0).then(|| Event::Content(self.held.split_to(decided)))
            }
        }
    }

    /// How many of the last octets may be the start of a boundary.
    fn undecided(&self) -> usize {
        let delimiter = self.delimiter.needle();
        let tail = &self.held[self.held.len().saturating_sub(delimiter.len() - 1)..];
        let mut starts = memchr_iter(b'\r', tail);
        let start = starts.find(|start| delimiter.starts_with(&tail[*start..]));
        start.map_or(0, |start| tail.len() - start)
    }

    fn pass(&mut self, octets: usize, state: State) {
        // Nothing of it is left to be shared with the peer's buffer.
        self.held = self.held.split_off(octets);
        self.state = state;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The parts of a body that comes in pieces of this length.
    fn parts(body: &str, piece: usize) -> Result<Vec<(String, String)>, Broken> {
        let mut parser = Parser::new("x");
        let mut parts: Vec<(String, Vec<u8>)> = Vec::new();
        let mut open = false;
        for octets in body.as_bytes().chunks(piece) {
            parser.push(Bytes::copy_from_slice(octets));
            while let Some(event) = parser.next()? {
                match event {
                    Event::Head(head) => {
                        assert!(!open);
                        open = true;
                        parts.push((head.name.unwrap_or_default(), Vec::new()));
                    }
                    Event::Content(octets) => {
                        assert!(open && !octets.is_empty());
                        parts.last_mut().unwrap().1.extend_from_slice(&octets);
                    }
                    Event::End => {
                        assert!(open);
                        open = false;
                    }
                }
            }
        }
        parser.finish()?;
        let text = |octets: Vec<u8>| String::from_utf8(octets).unwrap();
        Ok(parts
            .into_iter()
            .map(|(name, content)| (name, text(content)))
            .collect())
    }

    const A: &str = "Content-Disposition: form-data; name=a";

    #[test]
    fn parts_are_the_same_however_the_octets_come() {
        let part = |name: &str, content: &str| (name.to_owned(), content.to_owned());
        for (body, expected) in [
            (format!("--x\r\n{A}\r\n\r\n1\r\n--x--"), vec![part("a", "1")]),
            (
                format!(
                    "pre\r\n-\r\n--x \t\r\n{A}\r\n\r\n\r\n--y\r\n-\r\n\r\n--x\r\n{A}\r\n\r\n\r\n--x--\r\npost\r\n--x"
                ),
                vec![part("a", "\r\n--y\r\n-\r\n"), part("a", "")],
            ),
            // Without an empty line, or one shared with the boundary.
            (
                format!("--x\r\n{A}\r\n--x\r\n{A}\r\n\r\n--x\r\n--x\r\n\r\n2\r\n--x--"),
                vec![part("a", ""), part("a", ""), part("", ""), part("", "2")],
            ),
            (format!("--x\r\n{A}\r\n\r\n--\r\n--x--"), vec![part("a", "--")]),
            (
                format!("--x\r\n{A}\r\n\r\n\r\r\n\r\r\n--x--"),
                vec![part("a", "\r\r\n\r")],
            ),
            ("--x--".to_owned(), vec![]),
        ] {
            for piece in 1..=body.len() {
                assert_eq!(parts(&body, piece), Ok(expected.clone()), "{piece} of {body:?}");
            }
        }
    }

    #[test]
    fn what_is_malformed_is_told_apart_however_the_octets_come() {
        let whole = format!("--x\r\n{A}\r\n\r\n1\r\n--x--");
        for piece in [1, 2, 7, whole.len()] {
            for length in 0..whole.len() {
                assert!(parts(&whole[..length], piece).is_err(), "{length} in {piece}");
            }
            assert_eq!(parts("nothing", piece), Err("has no boundary"));
            assert_eq!(parts("--xy\r\n", piece), Err("is cut off"));
            let endless = format!("--x\r\nX: {}", "y".repeat(LONGEST_HEAD));
            let no_end = "has a part without an end of its headers";
            assert_eq!(parts(&endless, piece), Err(no_end));
            let padded = format!("--x{}", " ".repeat(LONGEST_HEAD + 2));
            assert_eq!(parts(&padded, piece), Err("is cut off"));
        }
        let many = "--x\r\n\r\n\r\n".repeat(MOST_PARTS + 1);
        assert_eq!(parts(&many, 1000), Err("has too many parts"));
    }

    #[test]
    fn no_more_is_held_than_may_be_the_start_of_a_boundary() {
        let mut parser = Parser::new("boundary");
        parser.push(Bytes::from(format!("--boundary\r\n{A}\r\n\r\n")));
        assert!(
            matches!(parser.next(), Ok(None)),
            "the boundary may follow at once"
        );
        for _ in 0..100 {
            parser.push(Bytes::from(vec![b'z'; 1000]));
            while let Ok(Some(_)) = parser.next() {}
            assert_eq!(parser.held.len(), 0);
        }
        parser.push(Bytes::from_static(b"z\r\n--bound"));
        while let Ok(Some(_)) = parser.next() {}
        assert_eq!(parser.held, "\r\n--bound");
    }
}
