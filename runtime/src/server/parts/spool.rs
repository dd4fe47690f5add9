//! A temporary file that has no name, so that nothing of it is left when the request is done, whatever happens.

use std::fs::File;
use std::io::{self, Write as _};
use std::sync::{Arc, Mutex, PoisonError};

use bytes::BytesMut;

use crate::stream::OnDisk;

/// How many octets are written at once.
const CHUNK: usize = 64 * 1024;

/// Octets on their way to a temporary file, which is made when there are any.
#[derive(Default)]
pub(super) struct Spool {
    file: Option<Arc<Mutex<File>>>,
    length: u64,
    pending: BytesMut,
}

/// All that was written.
pub(super) struct Spooled(Arc<Mutex<File>>);

impl Spool {
    /// How many octets were given to it.
    pub(super) fn length(&self) -> u64 {
        self.length
    }

    pub(super) async fn write(&mut self, octets: &[u8]) -> io::Result<()> {
        self.length += octets.len() as u64;
        self.pending.extend_from_slice(octets);
        if self.pending.len() >= CHUNK {
            self.flush().await?;
        }
        Ok(())
    }

    /// `None`: there was nothing.
    pub(super) async fn finish(mut self) -> io::Result<Option<Spooled>> {
        if !self.pending.is_empty() {
            self.flush().await?;
        }
        Ok(self.file.map(Spooled))
    }

    async fn flush(&mut self) -> io::Result<()> {
        let octets = std::mem::take(&mut self.pending);
        let file = self.file.clone();
        let written = tokio::task::spawn_blocking(move || {
            let file = match file {
                Some(file) => file,
                None => Arc::new(Mutex::new(tempfile::tempfile()?)),
            };
            file.lock()
                .unwrap_or_else(PoisonError::into_inner)
                .write_all(&octets)?;
            Ok::<_, io::Error>((file, octets))
        });
        let (file, octets) = written.await.map_err(io::Error::other)??;
        self.file = Some(file);
        self.pending = octets;
        self.pending.clear();
        Ok(())
    }
}

impl Spooled {
    pub(super) fn run(&self, start: u64, length: u64) -> OnDisk {
        OnDisk::run(self.0.clone(), start, length)
    }
}
