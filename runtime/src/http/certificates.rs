//! A certificate and its key, in files that are read anew when they change.
//!
//! They are looked at when a connection is made, at most once in an interval, by what they hold: a link that leads to
//! another folder is noticed as well. What cannot be used (half of it written, a key of another certificate) is told to the
//! log once, and the certificate that was there goes on.

use std::hash::{BuildHasher, RandomState};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;

use rustls::client::ResolvesClientCert;
use rustls::pki_types::PrivateKeyDer;
use rustls::pki_types::pem::PemObject;
use rustls::sign::CertifiedKey;

use super::tls::{TlsError, certificates};
use crate::clock::{Clock, Instant};

/// How often files are looked at, unless set: every 10 seconds.
pub(crate) const DEFAULT_INTERVAL: Duration = Duration::from_secs(10);

/// A certificate and its key, in files that are read anew when they change.
#[derive(Debug)]
pub(crate) struct CertificateFiles {
    chain: PathBuf,
    key: PathBuf,
    interval: Duration,
    clock: Clock,
    seen: Mutex<Seen>,
    current: RwLock<Arc<CertifiedKey>>,
    hasher: RandomState,
}

/// What was seen last.
#[derive(Debug)]
struct Seen {
    at: Instant,
    /// Of both files. `None`: one could not be read.
    hash: Option<u64>,
}

impl CertificateFiles {
    /// Reads both.
    pub(crate) fn open(
        chain: PathBuf,
        key: PathBuf,
        interval: Duration,
        clock: Clock,
    ) -> Result<Self, TlsError> {
        let (chain_text, key_text) = (read(&chain)?, read(&key)?);
        let hasher = RandomState::new();
        Ok(Self {
            seen: Mutex::new(Seen {
                at: clock.now(),
                hash: Some(hasher.hash_one((&chain_text, &key_text))),
            }),
            current: RwLock::new(Arc::new(certified(&chain_text, &key_text)?)),
            chain,
            key,
            interval,
            clock,
            hasher,
        })
    }

    /// The certificate that is in the files now, or was last when it could be used.
    pub(crate) fn current(&self) -> Arc<CertifiedKey> {
        // Who comes while another looks has what there is.
        if let Ok(mut seen) = self.seen.try_lock() {
            let now = self.clock.now();
            if now.since(seen.at) >= self.interval {
                seen.at = now;
                self.look(&mut seen);
            }
        }
        Arc::clone(&self.current.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn look(&self, seen: &mut Seen) {
        let texts = read(&self.chain).and_then(|chain| Ok((chain, read(&self.key)?)));
        let hash = texts
            .as_ref()
            .ok()
            .map(|texts| self.hasher.hash_one((&texts.0, &texts.1)));
        if hash == seen.hash {
            return;
        }
        seen.hash = hash;
        let file = self.chain.display();
        match texts.and_then(|(chain, key)| certified(&chain, &key)) {
            Ok(certified) => {
                *self.current.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(certified);
                tracing::info!(%file, "the certificate has changed and is used from now on");
            }
            Err(error) => {
                let cause = std::error::Error::source(&error).map(ToString::to_string);
                tracing::error!(%file, %error, cause, "the new certificate cannot be used; the one before goes on");
            }
        }
    }
}

fn read(path: &Path) -> Result<Vec<u8>, TlsError> {
    std::fs::read(path).map_err(|source| TlsError::File {
        path: path.display().to_string(),
        source,
    })
}

/// A certificate with its key; the two belong together.
pub(crate) fn certified(chain: &[u8], key: &[u8]) -> Result<CertifiedKey, TlsError> {
    let key = PrivateKeyDer::from_pem_slice(key).map_err(TlsError::Pem)?;
    let provider = rustls::crypto::ring::default_provider();
    Ok(CertifiedKey::from_der(certificates(chain)?, key, &provider)?)
}

impl ResolvesClientCert for CertificateFiles {
    fn resolve(&self, _: &[&[u8]], schemes: &[rustls::SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        Some(self.current()).filter(|current| current.key.choose_scheme(schemes).is_some())
    }

    fn has_certs(&self) -> bool {
        true
    }
}

#[cfg(feature = "server")]
impl rustls::server::ResolvesServerCert for CertificateFiles {
    fn resolve(&self, _: rustls::server::ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.current())
    }
}
