//! A file: octets with a name and a media type, as a part of a multipart body carries them.

use std::fmt;

use bytes::Bytes;

use super::{Node, NodeMut, Value};

/// A file that is sent or was received as a part of a multipart body.
///
/// ```
/// use tieline::codec::File;
///
/// let photo = File::new(vec![0xff, 0xd8]).name("cat.jpg").media_type("image/jpeg");
/// assert_eq!(photo.content.len(), 2);
/// ```
///
/// In JSON, where a contract uses one type in both, its content is text.
#[derive(Clone, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct File {
    /// What is in it.
    pub content: Bytes,
    /// Its name. One that comes from a peer is text, and no path to be trusted.
    pub name: Option<String>,
    /// Its media type. Without one, the contract's, else `application/octet-stream`.
    pub media_type: Option<String>,
}

impl File {
    /// A file of this content, with neither name nor media type.
    pub fn new(content: impl Into<Bytes>) -> Self {
        Self {
            content: content.into(),
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

    /// The content as text: base64 if it is none.
    pub(crate) fn text(&self) -> std::borrow::Cow<'_, str> {
        use base64::Engine as _;
        match std::str::from_utf8(&self.content) {
            Ok(text) => text.into(),
            Err(_) => base64::prelude::BASE64_STANDARD.encode(&self.content).into(),
        }
    }
}

impl fmt::Debug for File {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = self.name.as_deref().unwrap_or_default();
        write!(f, "File({name:?}, {} octets)", self.content.len())
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
