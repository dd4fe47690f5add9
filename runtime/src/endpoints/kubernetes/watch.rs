//! A watch: events of one line each, in a body that does not end.

use serde::Deserialize;
use serde_json::value::RawValue;

use super::slices::Slice;
use crate::endpoints::DiscoverError;
use crate::http::ResponseBody;

/// The longest line that is read.
const LONGEST: usize = 16 << 20;

/// What a line says.
pub(super) enum Told {
    /// A slice that is new or has changed.
    Kept(Slice),
    /// A slice that is gone.
    Deleted(Slice),
    /// The version that has been reached, though nothing has changed.
    Bookmark(String),
    /// The version that was asked for is too old.
    Gone,
    /// Something else is wrong.
    Failed(String),
}

/// The lines of a body. What has been read of one stays when a wait is given up.
pub(super) struct Lines {
    body: ResponseBody,
    read: Vec<u8>,
    /// How much of `read` is known to hold no end of a line.
    searched: usize,
}

impl Lines {
    pub(super) fn new(body: ResponseBody) -> Self {
        Self {
            body,
            read: Vec::new(),
            searched: 0,
        }
    }

    /// The next event; `None` at the end.
    pub(super) async fn next(&mut self) -> Result<Option<Told>, DiscoverError> {
        loop {
            if let Some(at) = memchr::memchr(b'\n', &self.read[self.searched..]) {
                let end = self.searched + at;
                let told = event(&self.read[..end]);
                self.read.drain(..=end);
                self.searched = 0;
                match told? {
                    Some(told) => return Ok(Some(told)),
                    None => continue,
                }
            }
            self.searched = self.read.len();
            if self.read.len() > LONGEST {
                return Err(DiscoverError::new("an event of the watch is too long"));
            }
            match self.body.frame().await {
                None => return Ok(None),
                Some(Err(error)) => return Err(DiscoverError::new("the watch broke off").because(error)),
                Some(Ok(frame)) => {
                    if let Some(data) = frame.data_ref() {
                        self.read.extend_from_slice(data);
                    }
                }
            }
        }
    }
}

#[derive(Deserialize)]
struct Event<'a> {
    #[serde(rename = "type")]
    kind: &'a str,
    #[serde(borrow)]
    object: &'a RawValue,
}

/// `metav1.Status`.
#[derive(Deserialize)]
struct Status {
    #[serde(default)]
    code: u16,
    #[serde(default)]
    message: String,
}

/// What a line says; `None` where that is nothing, as in an empty line or an event of a kind to come.
fn event(line: &[u8]) -> Result<Option<Told>, DiscoverError> {
    if line.trim_ascii().is_empty() {
        return Ok(None);
    }
    let unread = |error| DiscoverError::new("an event of the watch cannot be read").because(error);
    let event: Event<'_> = serde_json::from_slice(line).map_err(unread)?;
    let object = event.object.get();
    let slice = || serde_json::from_str::<Slice>(object).map_err(unread);
    Ok(Some(match event.kind {
        "ADDED" | "MODIFIED" => Told::Kept(slice()?),
        "DELETED" => Told::Deleted(slice()?),
        "BOOKMARK" => Told::Bookmark(slice()?.version().to_owned()),
        "ERROR" => {
            let status: Status = serde_json::from_str(object).map_err(unread)?;
            if status.code == 410 {
                Told::Gone
            } else {
                Told::Failed(status.message)
            }
        }
        _ => return Ok(None),
    }))
}
