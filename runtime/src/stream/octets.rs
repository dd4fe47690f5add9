//! Octets: a body as it is, whole or as it comes.

use std::any::Any;
use std::fmt;
use std::future::poll_fn;
use std::io;
use std::path::Path;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, ready};

use bytes::{Buf as _, Bytes, BytesMut};
use futures_core::Stream;
use futures_util::TryStreamExt as _;
use http::header;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::disk::OnDisk;
use super::source::lock;
use super::{fault_of, too_large};
use crate::codec::{
    Arriving, ByteStream, Content, Framing, Leaving, Node, NodeMut, StreamError, Streamed, Value,
};
use crate::error::{Error, Fault};
use crate::headers::disposition;

/// How many octets are read from a reader at once.
const CHUNK: usize = 64 * 1024;

/// A body of octets, sent or received: all there, or as it comes.
///
/// One that arrives is not held in memory: read it [chunk](Octets::chunk) by chunk, [save](Octets::save_to) it, or take
/// [all of it](Octets::bytes), up to a limit. Dropping it ends the call.
///
/// ```
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// use tieline::stream::Octets;
///
/// let body = Octets::new("some text").with_file_name("text.txt");
/// assert_eq!(body.bytes().await?, "some text");
/// # Ok::<(), tieline::Error>(()) }).unwrap();
/// ```
///
/// Clones of a stream share it, so that each chunk goes to one of them; those of a file read it each for themselves.
#[derive(Clone, Default)]
pub struct Octets {
    source: Source,
    length: Option<u64>,
    media_type: Option<String>,
    file_name: Option<String>,
    /// How many octets [`Octets::bytes`] gives at most.
    limit: Option<usize>,
}

#[derive(Clone)]
enum Source {
    Whole(Bytes),
    /// `None`: it has ended, or has been sent.
    Live(Arc<Mutex<Option<ByteStream>>>),
    /// A file, not yet read. Each clone reads it from its start.
    Disk(OnDisk),
}

impl Default for Source {
    fn default() -> Self {
        Self::Whole(Bytes::new())
    }
}

impl Octets {
    /// All octets. They can be sent again.
    pub fn new(octets: impl Into<Bytes>) -> Self {
        Self {
            source: Source::Whole(octets.into()),
            ..Self::default()
        }
    }

    /// What `stream` gives. It is sent once, so that a call with it is not retried. An error ends the body before its
    /// end, as the other side sees.
    pub fn stream<S, B, E>(stream: S) -> Self
    where
        S: Stream<Item = Result<B, E>> + Send + 'static,
        B: Into<Bytes> + 'static,
        E: Into<StreamError> + 'static,
    {
        Self::live(Box::pin(stream.map_ok(Into::into).map_err(Into::into)))
    }

    /// What `reader` gives; see [`Octets::stream`].
    pub fn reader(reader: impl AsyncRead + Send + 'static) -> Self {
        let (mut reader, mut room) = (Box::pin(reader), BytesMut::new());
        Self::stream(futures_util::stream::poll_fn(move |cx| {
            room.resize(CHUNK, 0);
            let mut buffer = ReadBuf::new(&mut room);
            if let Err(error) = ready!(reader.as_mut().poll_read(cx, &mut buffer)) {
                return Poll::Ready(Some(Err(error)));
            }
            let filled = buffer.filled().len();
            Poll::Ready((filled > 0).then(|| Ok(room.split_to(filled).freeze())))
        }))
    }

    /// The file at `path`, with its length and its name. It is read when it is sent, and again when a call with it is
    /// retried; what is no plain file, such as a pipe, is sent once, as a [stream](Octets::stream).
    ///
    /// # Errors
    /// It cannot be opened.
    pub async fn open(path: impl AsRef<Path>) -> io::Result<Self> {
        let path = path.as_ref();
        let file = tokio::fs::File::open(path).await?;
        let metadata = file.metadata().await?;
        let octets = if metadata.is_file() {
            Self::on_disk(OnDisk::whole(file.into_std().await, metadata.len()))
        } else {
            Self::reader(file)
        };
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned());
        Ok(Self {
            file_name: name,
            ..octets
        })
    }

    pub(crate) fn on_disk(run: OnDisk) -> Self {
        Self {
            source: Source::Disk(run),
            ..Self::default()
        }
    }

    /// Lets [`Octets::bytes`] give no more than this.
    #[cfg(feature = "server")]
    pub(crate) fn limited(self, octets: usize) -> Self {
        Self {
            limit: Some(octets),
            ..self
        }
    }

    pub(super) fn coming(stream: ByteStream, length: Option<u64>) -> Self {
        Self {
            length,
            ..Self::live(stream)
        }
    }

    /// All of it, if it is there.
    pub(super) fn whole(&self) -> Option<&Bytes> {
        match &self.source {
            Source::Whole(octets) => Some(octets),
            _ => None,
        }
    }

    fn live(stream: ByteStream) -> Self {
        Self {
            source: Source::Live(Arc::new(Mutex::new(Some(stream)))),
            ..Self::default()
        }
    }

    /// Says how many octets a stream will give, so that the other side knows. It must be true.
    pub fn with_length(mut self, octets: u64) -> Self {
        self.length = Some(octets);
        self
    }

    /// Sets the media type that it is sent with, where the contract leaves that open (`image/*`,
    /// `application/octet-stream`).
    pub fn with_media_type(mut self, media_type: impl Into<String>) -> Self {
        self.media_type = Some(media_type.into());
        self
    }

    /// Sets the name that whoever receives it may keep it by: `Content-Disposition` (RFC 6266).
    pub fn with_file_name(mut self, name: impl Into<String>) -> Self {
        self.file_name = Some(name.into());
        self
    }

    /// How many octets there are in all, if that is known.
    pub fn length(&self) -> Option<u64> {
        match &self.source {
            Source::Whole(octets) => Some(octets.len() as u64),
            Source::Disk(run) => Some(run.length()),
            Source::Live(_) => self.length,
        }
    }

    /// Its media type, as it was sent.
    pub fn media_type(&self) -> Option<&str> {
        self.media_type.as_deref()
    }

    /// The name that the sender gave it. It is text, and no path to be trusted.
    pub fn file_name(&self) -> Option<&str> {
        self.file_name.as_deref()
    }

    /// The next octets. `None`: the body ended well.
    ///
    /// # Errors
    /// How the body failed.
    pub async fn chunk(&mut self) -> Result<Option<Bytes>, Error> {
        poll_fn(|cx| self.poll(cx)).await.transpose().map_err(Into::into)
    }

    /// All octets, up to the body limit of the client or server that received them (64 and 2 MiB unless set).
    ///
    /// # Errors
    /// There are more, or how the body failed.
    pub async fn bytes(self) -> Result<Bytes, Error> {
        let limit = self.limit.unwrap_or(usize::MAX);
        self.bytes_up_to(limit).await
    }

    /// All octets, up to `limit`.
    ///
    /// # Errors
    /// There are more, or how the body failed.
    pub async fn bytes_up_to(mut self, limit: usize) -> Result<Bytes, Error> {
        let too_large = || too_large("the body", limit).into();
        if self.length().is_some_and(|length| length > limit as u64) {
            return Err(too_large());
        }
        let mut first = Bytes::new();
        let mut all = BytesMut::new();
        while let Some(chunk) = self.chunk().await? {
            if first.len() + all.len() + chunk.len() > limit {
                return Err(too_large());
            }
            if first.is_empty() && all.is_empty() {
                first = chunk;
                continue;
            }
            all.extend_from_slice(&std::mem::take(&mut first));
            all.extend_from_slice(&chunk);
        }
        Ok(if all.is_empty() { first } else { all.freeze() })
    }

    /// Writes all octets to `writer`, and gives how many there were.
    ///
    /// # Errors
    /// The body or the writer failed.
    pub async fn copy_to(mut self, writer: impl AsyncWrite) -> Result<u64, Error> {
        let mut writer = std::pin::pin!(writer);
        let mut written = 0;
        while let Some(mut chunk) = self.chunk().await? {
            written += chunk.len() as u64;
            while chunk.has_remaining() {
                let taken = poll_fn(|cx| writer.as_mut().poll_write(cx, &chunk)).await;
                match taken.map_err(Error::internal)? {
                    0 => return Err(Error::internal(io::Error::from(io::ErrorKind::WriteZero))),
                    taken => chunk.advance(taken),
                }
            }
        }
        poll_fn(|cx| writer.as_mut().poll_flush(cx))
            .await
            .map_err(Error::internal)?;
        Ok(written)
    }

    /// Writes all octets to a file at `path`, which is made or replaced, and gives how many there were. What a failure
    /// leaves there is a part.
    ///
    /// # Errors
    /// The body failed, or the file cannot be written.
    pub async fn save_to(self, path: impl AsRef<Path>) -> Result<u64, Error> {
        let file = tokio::fs::File::create(path).await.map_err(Error::internal)?;
        self.copy_to(file).await
    }

    /// The same as a reader.
    pub fn into_reader(self) -> OctetsReader {
        OctetsReader {
            octets: self,
            held: Bytes::new(),
        }
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, Fault>>> {
        if let Source::Disk(run) = &self.source {
            self.length = Some(run.length());
            self.source = Source::Live(Arc::new(Mutex::new(Some(run.open()))));
        }
        let shared = match &mut self.source {
            Source::Whole(octets) => {
                let octets = std::mem::take(octets);
                return Poll::Ready((!octets.is_empty()).then_some(Ok(octets)));
            }
            Source::Live(shared) => shared,
            // It was opened above.
            Source::Disk(_) => return Poll::Ready(None),
        };
        let mut live = lock(shared);
        let Some(stream) = live.as_mut() else {
            return Poll::Ready(None);
        };
        let chunk = ready!(stream.as_mut().poll_next(cx));
        if !matches!(chunk, Some(Ok(_))) {
            *live = None;
        }
        Poll::Ready(chunk.map(|chunk| chunk.map_err(fault_of)))
    }
}

impl Stream for Octets {
    type Item = Result<Bytes, Error>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.poll(cx)
            .map(|chunk| chunk.map(|chunk| chunk.map_err(Into::into)))
    }
}

/// [`Octets`] as a reader.
#[derive(Debug)]
pub struct OctetsReader {
    octets: Octets,
    held: Bytes,
}

impl AsyncRead for OctetsReader {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        while self.held.is_empty() {
            match ready!(self.octets.poll(cx)) {
                Some(Ok(chunk)) => self.held = chunk,
                Some(Err(fault)) => return Poll::Ready(Err(io::Error::other(fault))),
                None => return Poll::Ready(Ok(())),
            }
        }
        let length = self.held.len().min(buffer.remaining());
        buffer.put_slice(&self.held.split_to(length));
        Poll::Ready(Ok(()))
    }
}

impl Streamed for Octets {
    fn take(&self, _: Framing) -> Option<Leaving> {
        let content = match &self.source {
            Source::Whole(octets) => Content::Whole(octets.clone()),
            Source::Live(shared) => Content::Stream {
                octets: lock(shared).take()?,
                length: self.length,
            },
            Source::Disk(run) => Content::Repeatable {
                open: run.opening(),
                length: Some(run.length()),
            },
        };
        Some(Leaving {
            content,
            media_type: self.media_type.clone(),
            file_name: self.file_name.clone(),
        })
    }

    fn put(&mut self, arriving: Arriving) {
        let text = |name| arriving.headers.get(name).and_then(|value| value.to_str().ok());
        *self = Self {
            length: text(header::CONTENT_LENGTH).and_then(|text| text.parse().ok()),
            media_type: text(header::CONTENT_TYPE).map(str::to_owned),
            file_name: arriving
                .headers
                .get(header::CONTENT_DISPOSITION)
                .and_then(|value| disposition::file_name(&String::from_utf8_lossy(value.as_bytes()))),
            limit: Some(arriving.limit),
            ..Self::live(arriving.octets)
        };
    }

    fn is_same(&self, other: &dyn Streamed) -> bool {
        let Some(other) = other.as_any().downcast_ref::<Self>() else {
            return false;
        };
        match (&self.source, &other.source) {
            (Source::Whole(these), Source::Whole(those)) => these == those,
            (Source::Live(this), Source::Live(that)) => Arc::ptr_eq(this, that),
            (Source::Disk(this), Source::Disk(that)) => this.is_same(that),
            _ => false,
        }
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

impl Value for Octets {
    fn node(&self) -> Node<'_> {
        Node::Stream(self)
    }

    fn node_mut(&mut self) -> NodeMut<'_> {
        NodeMut::Stream(self)
    }

    fn blank() -> Self {
        Self::default()
    }
}

impl PartialEq for Octets {
    fn eq(&self, other: &Self) -> bool {
        self.is_same(other)
    }
}

impl fmt::Debug for Octets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.length() {
            Some(length) => write!(f, "Octets({length})"),
            None => f.write_str("Octets(..)"),
        }
    }
}

macro_rules! from {
    ($($ty:ty),*) => {$(
        impl From<$ty> for Octets {
            fn from(octets: $ty) -> Self {
                Self::new(octets)
            }
        }
    )*};
}

from!(Bytes, Vec<u8>, String, &'static [u8], &'static str);

impl<const N: usize> From<&'static [u8; N]> for Octets {
    fn from(octets: &'static [u8; N]) -> Self {
        Self::new(octets.as_slice())
    }
}
