//! gzip (RFC 1952): replies are expanded as they are read, requests compressed before they are sent.
//!
//! What is expanded comes in pieces of bounded size, and whoever collects it has a limit: a small reply that expands to
//! gigabytes is given up at the limit.

use std::io::Write;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use flate2::Compression;
use flate2::write::{GzEncoder, MultiGzDecoder};
use http::{HeaderMap, HeaderValue, Response, header};
use http_body::{Body as HttpBody, Frame};

use super::{ResponseBody, TransportError, TransportErrorKind};

/// The name of the coding in headers.
pub(crate) const GZIP: HeaderValue = HeaderValue::from_static("gzip");

/// How much is expanded at once: no more than about a thousand times that comes out.
const PIECE: usize = 1024;

/// Whether the only coding that the headers name is gzip.
pub(crate) fn is_gzip(headers: &HeaderMap) -> bool {
    let mut all = headers.get_all(header::CONTENT_ENCODING).iter();
    match (all.next().and_then(|value| value.to_str().ok()), all.next()) {
        (Some(coding), None) => ["gzip", "x-gzip"]
            .iter()
            .any(|known| coding.trim().eq_ignore_ascii_case(known)),
        _ => false,
    }
}

/// The response as it was before it was compressed, if it was.
pub(crate) fn expanded(response: Response<ResponseBody>) -> Response<ResponseBody> {
    if !is_gzip(response.headers()) || response.body().is_end_stream() {
        return response;
    }
    let (mut head, body) = response.into_parts();
    head.headers.remove(header::CONTENT_ENCODING);
    head.headers.remove(header::CONTENT_LENGTH);
    let expanding = Expanding {
        inner: body,
        waiting: Bytes::new(),
        decoder: MultiGzDecoder::new(Vec::new()),
        ended: false,
    };
    Response::from_parts(head, ResponseBody::stream(expanding))
}

/// These octets, compressed.
pub(crate) fn compressed(octets: &[u8]) -> Bytes {
    let mut encoder = GzEncoder::new(Vec::with_capacity(octets.len() / 4 + 64), Compression::fast());
    // A vector takes everything.
    let _ = encoder.write_all(octets);
    encoder.finish().unwrap_or_default().into()
}

/// Why octets cannot be expanded.
#[cfg(feature = "server")]
pub(crate) enum Unfit {
    /// There would be more of them than allowed.
    TooLarge,
    /// They are no gzip.
    Malformed,
}

/// These octets as they were before they were compressed, of which there may be so many.
#[cfg(feature = "server")]
pub(crate) fn expanded_octets(octets: &[u8], limit: usize) -> Result<Bytes, Unfit> {
    let mut decoder = MultiGzDecoder::new(Vec::new());
    for piece in octets.chunks(PIECE) {
        decoder.write_all(piece).map_err(|_| Unfit::Malformed)?;
        if decoder.get_ref().len() > limit {
            return Err(Unfit::TooLarge);
        }
    }
    let all = decoder.finish().map_err(|_| Unfit::Malformed)?;
    if all.len() > limit {
        Err(Unfit::TooLarge)
    } else {
        Ok(all.into())
    }
}

/// A body that is expanded as it is read.
struct Expanding {
    inner: ResponseBody,
    /// What has come and is not expanded yet.
    waiting: Bytes,
    decoder: MultiGzDecoder<Vec<u8>>,
    ended: bool,
}

impl Expanding {
    /// What the decoder has made so far.
    fn made(&mut self) -> Option<Bytes> {
        let made = std::mem::take(self.decoder.get_mut());
        (!made.is_empty()).then(|| made.into())
    }
}

fn malformed(error: std::io::Error) -> TransportError {
    let context = "the response body is not the gzip that its headers say";
    TransportError::new(TransportErrorKind::Protocol, context).because(error)
}

impl HttpBody for Expanding {
    type Data = Bytes;
    type Error = TransportError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, TransportError>>> {
        let this = &mut *self;
        loop {
            if !this.waiting.is_empty() {
                let piece = this.waiting.split_to(this.waiting.len().min(PIECE));
                let written = this.decoder.write_all(&piece).and_then(|()| this.decoder.flush());
                if let Err(error) = written {
                    this.ended = true;
                    this.waiting.clear();
                    return Poll::Ready(Some(Err(malformed(error))));
                }
                if let Some(made) = this.made() {
                    return Poll::Ready(Some(Ok(Frame::data(made))));
                }
                continue;
            }
            if this.ended {
                return Poll::Ready(None);
            }
            match ready!(Pin::new(&mut this.inner).poll_frame(cx)) {
                Some(Ok(frame)) => match frame.into_data() {
                    Ok(data) => this.waiting = data,
                    Err(frame) => return Poll::Ready(Some(Ok(frame))),
                },
                Some(Err(error)) => return Poll::Ready(Some(Err(error))),
                None => {
                    this.ended = true;
                    // One that breaks off in the middle is an error, not a shorter body.
                    if let Err(error) = this.decoder.try_finish() {
                        return Poll::Ready(Some(Err(malformed(error))));
                    }
                    if let Some(made) = this.made() {
                        return Poll::Ready(Some(Ok(Frame::data(made))));
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn response(octets: Bytes, coding: &'static str) -> Response<ResponseBody> {
        let mut response = Response::new(ResponseBody::from(octets));
        let coding = HeaderValue::from_static(coding);
        response.headers_mut().insert(header::CONTENT_ENCODING, coding);
        response
    }

    async fn read(response: Response<ResponseBody>, limit: usize) -> Result<Bytes, TransportErrorKind> {
        let body = expanded(response).into_body();
        body.collect(limit)
            .await
            .map(|all| all.bytes)
            .map_err(|error| error.kind())
    }

    #[tokio::test]
    async fn a_body_is_expanded_and_loses_the_headers_of_its_coding() {
        let text = "the same again ".repeat(10_000);
        let made = expanded(response(compressed(text.as_bytes()), "GZip"));
        assert!(made.headers().is_empty());
        assert_eq!(made.into_body().collect(1 << 20).await.unwrap().bytes, text);
        let plain = read(response("plain".into(), "br"), 100).await;
        assert_eq!(
            plain.as_deref(),
            Ok(&b"plain"[..]),
            "another coding is left as it is"
        );
    }

    #[tokio::test]
    async fn members_that_follow_each_other_are_one_body() {
        let two = [compressed(b"one "), compressed(b"two")].concat();
        assert_eq!(
            read(response(two.into(), "gzip"), 100).await.as_deref(),
            Ok(&b"one two"[..])
        );
    }

    #[tokio::test]
    async fn a_bomb_is_given_up_at_the_limit() {
        let bomb = compressed(&vec![0; 32 << 20]);
        assert!(bomb.len() < 200_000);
        let read = read(response(bomb, "gzip"), 1 << 20).await;
        assert_eq!(read, Err(TransportErrorKind::BodyTooLarge));
    }

    #[tokio::test]
    async fn what_breaks_off_or_is_no_gzip_is_an_error() {
        let whole = compressed("a text of some length, to be cut".as_bytes());
        let cut = whole.slice(..whole.len() - 6);
        assert_eq!(
            read(response(cut, "gzip"), 100).await,
            Err(TransportErrorKind::Protocol)
        );
        assert_eq!(
            read(response("no gzip".into(), "gzip"), 100).await,
            Err(TransportErrorKind::Protocol)
        );
    }
}
