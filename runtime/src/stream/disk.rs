//! A run of a file of the file system: read piece by piece, as often as one likes, by any number of readers at once.

use std::fs::File;
use std::io::{self, Read as _, Seek as _, SeekFrom};
use std::sync::{Arc, Mutex};

use bytes::{Bytes, BytesMut};

use super::source::lock;
use crate::codec::{ByteStream, Opening};

/// How many octets are read at once.
const CHUNK: usize = 64 * 1024;

/// Where octets stand in an open file. It stays readable when its name is removed.
#[derive(Debug, Clone)]
pub(crate) struct OnDisk {
    /// All readers share its cursor, so each moves it before it reads.
    file: Arc<Mutex<File>>,
    start: u64,
    length: u64,
}

impl OnDisk {
    /// All of `file`, which is `length` octets long.
    pub(crate) fn whole(file: File, length: u64) -> Self {
        Self {
            file: Arc::new(Mutex::new(file)),
            start: 0,
            length,
        }
    }

    /// A run of a file that has several.
    #[cfg(feature = "server")]
    pub(crate) fn run(file: Arc<Mutex<File>>, start: u64, length: u64) -> Self {
        Self { file, start, length }
    }

    pub(crate) fn length(&self) -> u64 {
        self.length
    }

    /// Its octets, from the start.
    pub(crate) fn open(&self) -> ByteStream {
        let place = (self.clone(), 0);
        Box::pin(futures_util::stream::try_unfold(place, |(run, at)| async move {
            if at == run.length {
                return Ok(None);
            }
            let reader = run.clone();
            let read = tokio::task::spawn_blocking(move || reader.read(at)).await;
            let octets = read.map_err(io::Error::other)??;
            let next = at + octets.len() as u64;
            Ok(Some((octets, (run, next))))
        }))
    }

    pub(crate) fn opening(&self) -> Opening {
        let run = self.clone();
        Arc::new(move || run.open())
    }

    pub(crate) fn is_same(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.file, &other.file) && self.start == other.start && self.length == other.length
    }

    /// The octets from `at` on, as many as are read at once.
    fn read(&self, at: u64) -> io::Result<Bytes> {
        let wanted = usize::try_from(self.length - at).unwrap_or(CHUNK).min(CHUNK);
        let mut room = BytesMut::zeroed(wanted);
        let mut file = lock(&self.file);
        file.seek(SeekFrom::Start(self.start + at))?;
        loop {
            match file.read(&mut room) {
                Ok(0) => {
                    let message = "the file has become shorter while it was read";
                    return Err(io::Error::new(io::ErrorKind::UnexpectedEof, message));
                }
                Ok(read) => {
                    room.truncate(read);
                    return Ok(room.freeze());
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }
}
