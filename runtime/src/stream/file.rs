//! Files of multipart bodies whose content comes piece by piece.

use std::sync::Arc;

use bytes::Bytes;

use super::Octets;
use crate::codec::{Content, File, Framing};
use crate::error::Error;

impl From<Octets> for File {
    /// A file with the name and the media type of `octets`. What comes once is sent once; what is all there, or is read
    /// from a path, can be sent again.
    fn from(octets: Octets) -> Self {
        let mut file = match octets.whole() {
            Some(content) => Self::new(content.clone()),
            None => Self::streamed(Arc::new(octets.clone())),
        };
        file.name = octets.file_name().map(str::to_owned);
        file.media_type = octets.media_type().map(str::to_owned);
        file
    }
}

impl From<File> for Octets {
    /// The content of `file`, as it comes.
    fn from(file: File) -> Self {
        let mut octets = match (file.content(), file.stream()) {
            (Some(content), _) => Self::new(content.clone()),
            (None, Some(stream)) => match stream.as_any().downcast_ref::<Self>() {
                Some(octets) => octets.clone(),
                None => taken(stream.take(Framing::Octets).map(|leaving| leaving.content)),
            },
            (None, None) => Self::default(),
        };
        if let Some(name) = file.name {
            octets = octets.with_file_name(name);
        }
        match file.media_type {
            Some(media_type) => octets.with_media_type(media_type),
            None => octets,
        }
    }
}

/// A stream of somebody else's.
fn taken(content: Option<Content>) -> Octets {
    match content {
        Some(Content::Whole(content)) => Octets::new(content),
        Some(Content::Stream { octets, length }) => Octets::coming(octets, length),
        Some(Content::Repeatable { open, length }) => Octets::coming(open(), length),
        None => Octets::coming(Box::pin(futures_util::stream::empty()), Some(0)),
    }
}

impl File {
    /// How many octets it has, if that is known.
    pub fn length(&self) -> Option<u64> {
        match (self.content(), self.stream()) {
            (Some(content), _) => Some(content.len() as u64),
            (None, stream) => stream?.as_any().downcast_ref::<Octets>()?.length(),
        }
    }

    /// All of its content: at once if it is in memory, else up to the body limit of the server that received it.
    ///
    /// # Errors
    /// There is more, or how the stream failed.
    pub async fn bytes(self) -> Result<Bytes, Error> {
        Octets::from(self).bytes().await
    }
}
