//! A reply as it is kept.

use bytes::Bytes;
use serde::{Deserialize, Serialize};

/// A reply as it is kept: a line of JSON, then the body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recorded {
    /// The HTTP status; of gRPC the number of the code.
    pub status: u16,
    /// Headers (gRPC: metadata, and the message of a failure), each with its octets.
    pub headers: Vec<(String, Vec<u8>)>,
    /// The body; of gRPC the message, or the details of a failure. `None`: it was not kept.
    pub body: Option<Bytes>,
}

#[derive(Serialize, Deserialize)]
struct Head {
    status: u16,
    headers: Vec<(String, Vec<u8>)>,
    kept: bool,
}

impl Recorded {
    /// Whether there is a reply to be given again.
    pub fn is_kept(&self) -> bool {
        self.body.is_some()
    }

    /// Its octets.
    pub fn write(&self) -> Vec<u8> {
        let head = Head {
            status: self.status,
            headers: self.headers.clone(),
            kept: self.is_kept(),
        };
        // Writing numbers and texts to memory does not fail.
        let mut octets = serde_json::to_vec(&head).unwrap_or_default();
        octets.push(b'\n');
        octets.extend_from_slice(self.body.as_deref().unwrap_or_default());
        octets
    }

    /// What [`write`](Recorded::write) wrote.
    pub fn read(octets: &[u8]) -> Option<Self> {
        let end = memchr::memchr(b'\n', octets)?;
        let head: Head = serde_json::from_slice(&octets[..end]).ok()?;
        Some(Self {
            status: head.status,
            headers: head.headers,
            body: head.kept.then(|| Bytes::copy_from_slice(&octets[end + 1..])),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reply_survives_being_kept() {
        for body in [Some(Bytes::from_static(b"a\nb\xff")), Some(Bytes::new()), None] {
            let reply = Recorded {
                status: 201,
                headers: vec![("location".to_owned(), b"/pets/1\xe4".to_vec())],
                body,
            };
            assert_eq!(Recorded::read(&reply.write()), Some(reply));
        }
        assert_eq!(Recorded::read(b"{}"), None);
        assert_eq!(Recorded::read(b"{}\n"), None);
    }
}
