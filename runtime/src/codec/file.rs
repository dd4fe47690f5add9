//! A file: octets with a name and a media type, as a part of a multipart body carries them.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue};

use super::{Content, Framing, Node, NodeMut, Streamed, Value};

/// A file that is sent or was received as a part of a multipart body.
///
/// ```
/// use tieline::codec::File;
///
/// let photo = File::new(vec![0xff, 0xd8]).name("cat.jpg").media_type("image/jpeg");
/// assert_eq!(photo.content().map(|content| content.len()), Some(2));
/// ```
///
/// One made of [`Octets`](crate::stream::Octets) is sent as they come, and never held in memory as a whole:
///
/// ```no_run
/// # async fn sent() -> std::io::Result<()> {
/// use tieline::codec::File;
/// use tieline::stream::Octets;
///
/// let film = File::from(Octets::open("film.mp4").await?).media_type("video/mp4");
/// # Ok(()) }
/// ```
///
/// In JSON, where a contract uses one type in both, its content is text; one that comes piece by piece cannot be sent so.
#[derive(Clone, Default)]
#[non_exhaustive]
pub struct File {
    held: Held,
    /// Its name. One that comes from a peer is text, and no path to be trusted.
    pub name: Option<String>,
    /// Its media type. Without one, the contract's, else `application/octet-stream`.
    pub media_type: Option<String>,
    /// What its part says beside these.
    headers: Option<Box<HeaderMap>>,
}

/// What is in a file.
#[derive(Clone)]
enum Held {
    Whole(Bytes),
    Streamed(Arc<dyn Streamed>),
}

impl Default for Held {
    fn default() -> Self {
        Self::Whole(Bytes::new())
    }
}

/// Whether there ever was a file that comes piece by piece: who never makes one does not pay for looking.
static STREAMED: AtomicBool = AtomicBool::new(false);

impl File {
    /// A file of this content, with neither name nor media type.
    pub fn new(content: impl Into<Bytes>) -> Self {
        Self {
            held: Held::Whole(content.into()),
            ..Self::default()
        }
    }

    /// A file whose content comes piece by piece.
    pub(crate) fn streamed(content: Arc<dyn Streamed>) -> Self {
        STREAMED.store(true, Ordering::Relaxed);
        Self {
            held: Held::Streamed(content),
            ..Self::default()
        }
    }

    /// Sets the name. Without one, a file is sent under the name of its property.
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// Sets the media type.
    pub fn media_type(mut self, media_type: impl Into<String>) -> Self {
        self.media_type = Some(media_type.into());
        self
    }

    /// Adds a header to its part. `Content-Disposition` and `Content-Type` are written from name and media type.
    pub fn with_header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.get_or_insert_default().append(name, value);
        self
    }

    /// What is in it, if all of it is in memory. `None`: it comes piece by piece; make it
    /// [`Octets`](crate::stream::Octets), or ask for all of it with [`File::bytes`].
    pub fn content(&self) -> Option<&Bytes> {
        match &self.held {
            Held::Whole(content) => Some(content),
            Held::Streamed(_) => None,
        }
    }

    /// The text of a header of its part, beside `Content-Disposition` and `Content-Type`.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.as_ref()?.get(name)?.to_str().ok()
    }

    /// The headers of its part, beside `Content-Disposition` and `Content-Type`.
    pub fn headers(&self) -> impl Iterator<Item = (&HeaderName, &HeaderValue)> {
        self.headers.iter().flat_map(|headers| headers.iter())
    }

    /// What comes piece by piece.
    pub(crate) fn stream(&self) -> Option<&Arc<dyn Streamed>> {
        match &self.held {
            Held::Whole(_) => None,
            Held::Streamed(stream) => Some(stream),
        }
    }

    pub(crate) fn set_content(&mut self, content: Bytes) {
        self.held = Held::Whole(content);
    }

    pub(crate) fn set_headers(&mut self, headers: HeaderMap) {
        self.headers = (!headers.is_empty()).then(|| Box::new(headers));
    }

    /// What is sent of it. `None`: it was sent already.
    pub(crate) fn leaving(&self) -> Option<Content> {
        match &self.held {
            Held::Whole(content) => Some(Content::Whole(content.clone())),
            Held::Streamed(stream) => Some(stream.take(Framing::Octets)?.content),
        }
    }

    /// The content as text: base64 if it is none. What comes piece by piece has none; [`has_streamed`] finds it.
    pub(crate) fn text(&self) -> std::borrow::Cow<'_, str> {
        use base64::Engine as _;
        let Held::Whole(content) = &self.held else {
            return "".into();
        };
        match std::str::from_utf8(content) {
            Ok(text) => text.into(),
            Err(_) => base64::prelude::BASE64_STANDARD.encode(content).into(),
        }
    }
}

/// Whether any file in `value` comes piece by piece, so that it cannot be written as a text.
pub(crate) fn has_streamed(value: &dyn Value) -> bool {
    STREAMED.load(Ordering::Relaxed) && find_streamed(value)
}

fn find_streamed(value: &dyn Value) -> bool {
    match value.node() {
        Node::File(file) => file.stream().is_some(),
        Node::List(list) => {
            let mut items = (0..list.len()).filter_map(|index| list.item(index));
            items.any(find_streamed)
        }
        Node::Map(map) => {
            let mut found = false;
            map.each(&mut |_, value| {
                found = find_streamed(value);
                !found
            });
            found
        }
        Node::Record(record) => {
            let shape = record.shape();
            let count = shape.fields.len() + usize::from(shape.open.keeps());
            let mut fields = (0..count).filter_map(|index| record.field(index));
            fields.any(find_streamed)
        }
        Node::Union(union) => find_streamed(union.active().1),
        _ => false,
    }
}

impl PartialEq for File {
    fn eq(&self, other: &Self) -> bool {
        let same = match (&self.held, &other.held) {
            (Held::Whole(this), Held::Whole(that)) => this == that,
            (Held::Streamed(this), Held::Streamed(that)) => this.is_same(&**that),
            _ => false,
        };
        same && self.name == other.name
            && self.media_type == other.media_type
            && self.headers == other.headers
    }
}

impl Eq for File {}

impl Hash for File {
    fn hash<H: Hasher>(&self, state: &mut H) {
        // Streams and headers have no order to be hashed in; what is equal hashes equally without them.
        self.content().hash(state);
        self.name.hash(state);
        self.media_type.hash(state);
    }
}

impl fmt::Debug for File {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = self.name.as_deref().unwrap_or_default();
        match &self.held {
            Held::Whole(content) => write!(f, "File({name:?}, {} octets)", content.len()),
            Held::Streamed(_) => write!(f, "File({name:?}, piece by piece)"),
        }
    }
}

macro_rules! from {
    ($($ty:ty),*) => {$(
        impl From<$ty> for File {
            fn from(content: $ty) -> Self {
                Self::new(content)
            }
        }
    )*};
}

from!(Bytes, Vec<u8>, String, &'static [u8], &'static str);

impl Value for File {
    fn node(&self) -> Node<'_> {
        Node::File(self)
    }

    fn node_mut(&mut self) -> NodeMut<'_> {
        NodeMut::File(self)
    }

    fn blank() -> Self {
        Self::default()
    }
}
