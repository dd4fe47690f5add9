//! Length-prefixed messages over an HTTP body, both ways.
//!
//! ```text
//! | compressed: 1 byte | length: 4 bytes, big-endian | message |
//! ```

use bytes::{Buf, BufMut, Bytes, BytesMut};

use super::Status;
use crate::code::Code;

/// The size in bytes of the prefix of a message.
const PREFIX: usize = 5;

/// The size in bytes beyond which a received message is refused, unless set:
/// 4 MiB, as in every gRPC implementation.
pub const DEFAULT_MESSAGE_LIMIT: usize = 4 * 1024 * 1024;

/// A message with its prefix, ready for the wire.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frame(Bytes);

impl Frame {
    /// Lets `write` put a message of about `size` bytes right behind the prefix,
    /// so that it is never copied.
    ///
    /// # Errors
    /// [`Code::ResourceExhausted`] beyond 4 GiB, which the prefix cannot say.
    pub fn build(size: usize, write: impl FnOnce(&mut BytesMut)) -> Result<Self, Status> {
        let mut buffer = BytesMut::with_capacity(PREFIX + size);
        buffer.put_bytes(0, PREFIX);
        write(&mut buffer);
        let length = buffer.len().saturating_sub(PREFIX);
        let Ok(length) = u32::try_from(length) else {
            return Err(Status::new(
                Code::ResourceExhausted,
                format!("a message of {length} bytes is longer than gRPC can carry (4 GiB)"),
            ));
        };
        buffer[1..PREFIX].copy_from_slice(&length.to_be_bytes());
        Ok(Self(buffer.freeze()))
    }

    /// Puts a prefix before an encoded message, which is copied.
    pub fn of(message: &[u8]) -> Result<Self, Status> {
        Self::build(message.len(), |buffer| buffer.extend_from_slice(message))
    }

    /// The message without its prefix.
    pub fn message(&self) -> Bytes {
        self.0.slice(PREFIX..)
    }

    /// Prefix and message.
    pub fn into_bytes(self) -> Bytes {
        self.0
    }
}

/// Cuts messages out of the chunks of a body. A message that lies within one
/// chunk is not copied.
#[derive(Debug)]
pub(super) struct Deframer {
    /// What came and is not yet read. Used while `joined` is empty.
    chunk: Bytes,
    /// A message that spans chunks.
    joined: BytesMut,
    limit: usize,
}

impl Deframer {
    pub(super) fn new(limit: usize) -> Self {
        Self {
            chunk: Bytes::new(),
            joined: BytesMut::new(),
            limit,
        }
    }

    /// Takes the next chunk of the body.
    pub(super) fn push(&mut self, chunk: Bytes) {
        if self.is_empty() {
            self.chunk = chunk;
        } else {
            if !self.chunk.is_empty() {
                let rest = std::mem::take(&mut self.chunk);
                self.joined.extend_from_slice(&rest);
            }
            self.joined.extend_from_slice(&chunk);
        }
    }

    /// True when no part of a message is left.
    pub(super) fn is_empty(&self) -> bool {
        self.chunk.is_empty() && self.joined.is_empty()
    }

    /// The next whole message, if it has arrived.
    pub(super) fn next(&mut self) -> Result<Option<Bytes>, Status> {
        if self.joined.is_empty() {
            let Some(length) = self.length(&self.chunk)? else {
                return Ok(None);
            };
            if self.chunk.len() - PREFIX < length {
                let rest = std::mem::take(&mut self.chunk);
                self.joined.reserve(PREFIX + length);
                self.joined.extend_from_slice(&rest);
                return Ok(None);
            }
            self.chunk.advance(PREFIX);
            return Ok(Some(self.chunk.split_to(length)));
        }
        let Some(length) = self.length(&self.joined)? else {
            return Ok(None);
        };
        if self.joined.len() - PREFIX < length {
            self.joined.reserve(PREFIX + length - self.joined.len());
            return Ok(None);
        }
        self.joined.advance(PREFIX);
        let message = self.joined.split_to(length).freeze();
        if !self.joined.is_empty() {
            self.chunk = std::mem::take(&mut self.joined).freeze();
        }
        Ok(Some(message))
    }

    /// The length in the prefix, if the prefix is whole.
    fn length(&self, buffer: &[u8]) -> Result<Option<usize>, Status> {
        let Some([compressed, length @ ..]) = buffer.first_chunk::<PREFIX>() else {
            return Ok(None);
        };
        match compressed {
            0 => {}
            1 => {
                return Err(Status::new(
                    Code::Unimplemented,
                    "the message is compressed, and compression was not agreed on",
                ));
            }
            other => {
                return Err(Status::new(
                    Code::Internal,
                    format!("the message begins with {other}, which gRPC does not define"),
                ));
            }
        }
        let length = u32::from_be_bytes(*length) as usize;
        if length > self.limit {
            return Err(Status::new(
                Code::ResourceExhausted,
                format!(
                    "a message of {length} bytes is longer than the limit of {} bytes",
                    self.limit
                ),
            ));
        }
        Ok(Some(length))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stream_of(messages: &[&[u8]]) -> Bytes {
        let frames = messages
            .iter()
            .map(|message| Frame::of(message).unwrap().into_bytes());
        frames.flatten().collect()
    }

    #[test]
    fn messages_come_out_whole_however_the_chunks_are_cut() {
        let messages: [&[u8]; 4] = [b"hello", b"", b"a longer message", b"x"];
        let wire = stream_of(&messages);
        for size in 1..=wire.len() {
            let mut deframer = Deframer::new(1024);
            let mut found = Vec::new();
            for chunk in wire.chunks(size) {
                deframer.push(Bytes::copy_from_slice(chunk));
                while let Some(message) = deframer.next().unwrap() {
                    found.push(message);
                }
            }
            assert_eq!(found, messages, "chunks of {size}");
            assert!(deframer.is_empty());
        }
    }

    #[test]
    fn a_message_within_one_chunk_is_not_copied() {
        let wire = stream_of(&[b"hello"]);
        let start = wire.as_ptr() as usize;
        let mut deframer = Deframer::new(1024);
        deframer.push(wire);
        assert_eq!(
            deframer.next().unwrap().unwrap().as_ptr() as usize,
            start + PREFIX
        );
    }

    #[test]
    fn too_long_and_compressed_messages_are_refused_by_their_prefix() {
        let mut deframer = Deframer::new(4);
        deframer.push(Bytes::from_static(&[0, 0, 0, 0, 5]));
        assert_eq!(deframer.next().unwrap_err().code, Code::ResourceExhausted);
        let mut deframer = Deframer::new(4);
        deframer.push(Bytes::from_static(&[1, 0, 0, 0, 1, 9]));
        assert_eq!(deframer.next().unwrap_err().code, Code::Unimplemented);
    }
}
