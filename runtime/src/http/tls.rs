//! TLS by rustls with ring: whom to trust, and who we are.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ClientConfig, RootCertStore};

use super::Protocol;
use super::certificates::{CertificateFiles, DEFAULT_INTERVAL};
use crate::clock::Clock;

/// Whom a client trusts, and the certificate that it shows.
///
/// The default trusts the public authorities (Mozilla's list, compiled in) and
/// shows no certificate.
#[derive(Clone)]
pub struct Tls {
    public_roots: bool,
    authorities: Vec<CertificateDer<'static>>,
    identity: Option<Identity>,
}

/// Who we are.
#[derive(Clone)]
enum Identity {
    Given(Arc<Given>),
    Files(Arc<CertificateFiles>),
}

struct Given {
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
}

/// Why certificates or keys cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TlsError {
    /// The text holds no certificate.
    #[error("no certificate found; give PEM text with a `-----BEGIN CERTIFICATE-----` block")]
    NoCertificate,
    /// The text is not PEM.
    #[error("the PEM text cannot be read; check that it is whole and not DER")]
    Pem(#[source] rustls::pki_types::pem::Error),
    /// A file cannot be read.
    #[error("{path} cannot be read")]
    File {
        /// Where it should be.
        path: String,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// rustls refuses the certificate, the key, or the two together.
    #[error("the certificate or key cannot be used; check that they belong together")]
    Rejected(#[from] rustls::Error),
}

impl Default for Tls {
    fn default() -> Self {
        Self {
            public_roots: true,
            authorities: Vec::new(),
            identity: None,
        }
    }
}

impl Tls {
    /// Trusts the public authorities.
    pub fn new() -> Self {
        Self::default()
    }

    /// Trusts the authorities of this PEM text too.
    pub fn authority_pem(mut self, pem: &[u8]) -> Result<Self, TlsError> {
        self.authorities.extend(certificates(pem)?);
        Ok(self)
    }

    /// Trusts no public authority: only those given.
    pub fn without_public_roots(mut self) -> Self {
        self.public_roots = false;
        self
    }

    /// Shows a certificate to servers that ask for one (mutual TLS): its chain,
    /// leaf first, and its private key (PKCS #8, PKCS #1 or SEC1), both PEM.
    pub fn identity_pem(mut self, chain: &[u8], key: &[u8]) -> Result<Self, TlsError> {
        let chain = certificates(chain)?;
        let key = PrivateKeyDer::from_pem_slice(key).map_err(TlsError::Pem)?;
        self.identity = Some(Identity::Given(Arc::new(Given { chain, key })));
        Ok(self)
    }

    /// The same by files, which are looked at again when connections are made, every ten seconds at most: a new certificate
    /// is shown without a restart. One that cannot be used is told to the log, and the one before goes on.
    ///
    /// # Errors
    /// They cannot be read, are no PEM, or do not belong together.
    pub fn identity_files(
        self,
        chain: impl Into<PathBuf>,
        key: impl Into<PathBuf>,
    ) -> Result<Self, TlsError> {
        self.identity_files_on(chain, key, DEFAULT_INTERVAL, Clock::default())
    }

    /// The same with another interval, by this clock.
    ///
    /// # Errors
    /// As [`identity_files`](Tls::identity_files).
    pub fn identity_files_on(
        mut self,
        chain: impl Into<PathBuf>,
        key: impl Into<PathBuf>,
        interval: Duration,
        clock: Clock,
    ) -> Result<Self, TlsError> {
        let files = CertificateFiles::open(chain.into(), key.into(), interval, clock)?;
        self.identity = Some(Identity::Files(Arc::new(files)));
        Ok(self)
    }

    /// Whether connections can be made with it.
    ///
    /// # Errors
    /// rustls refuses the certificates or the key.
    pub fn check(&self) -> Result<(), TlsError> {
        self.build().map(drop)
    }

    /// Whether it shows a certificate.
    pub(super) fn shows_certificate(&self) -> bool {
        self.identity.is_some()
    }

    /// One configuration per way to offer protocols.
    pub(super) fn build(&self) -> Result<TlsConfigs, TlsError> {
        let mut roots = RootCertStore::empty();
        if self.public_roots {
            roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
        }
        for authority in &self.authorities {
            roots.add(authority.clone())?;
        }
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_root_certificates(roots);
        let config = match &self.identity {
            None => builder.with_no_client_auth(),
            Some(Identity::Given(given)) => {
                builder.with_client_auth_cert(given.chain.clone(), given.key.clone_key())?
            }
            Some(Identity::Files(files)) => builder.with_client_cert_resolver(files.clone()),
        };
        let offering = |protocols: &[&[u8]]| {
            let mut config = config.clone();
            config.alpn_protocols = protocols.iter().map(|name| name.to_vec()).collect();
            Arc::new(config)
        };
        Ok(TlsConfigs {
            http1: offering(&[b"http/1.1"]),
            http2: offering(&[b"h2"]),
            negotiated: offering(&[b"h2", b"http/1.1"]),
        })
    }
}

pub(crate) fn certificates(pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let found: Vec<_> = CertificateDer::pem_slice_iter(pem)
        .collect::<Result<_, _>>()
        .map_err(TlsError::Pem)?;
    if found.is_empty() {
        Err(TlsError::NoCertificate)
    } else {
        Ok(found)
    }
}

impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tls")
            .field("public_roots", &self.public_roots)
            .field("authorities", &self.authorities.len())
            .field("identity", &self.identity.is_some())
            .finish()
    }
}

pub(super) struct TlsConfigs {
    http1: Arc<ClientConfig>,
    http2: Arc<ClientConfig>,
    negotiated: Arc<ClientConfig>,
}

impl TlsConfigs {
    pub(super) fn offering(&self, protocol: Protocol) -> Arc<ClientConfig> {
        match protocol {
            Protocol::Http1 => self.http1.clone(),
            Protocol::Http2 => self.http2.clone(),
            Protocol::Negotiated => self.negotiated.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_without_a_certificate_is_refused_with_help() {
        let error = Tls::new().authority_pem(b"nothing here").unwrap_err();
        assert!(error.to_string().contains("BEGIN CERTIFICATE"), "{error}");
    }

    #[test]
    fn the_default_trusts_public_authorities() {
        assert!(Tls::new().build().is_ok());
    }
}
