//! TLS on the server's side: its certificate, and whose certificates clients may show.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use rustls::server::{ResolvesServerCert, WebPkiClientVerifier};
use rustls::sign::SingleCertAndKey;
use rustls::{RootCertStore, ServerConfig};

use crate::clock::Clock;
use crate::http::certificates::{CertificateFiles, DEFAULT_INTERVAL, certified};
use crate::http::{TlsError, certificates_of};

/// The certificate that a server shows, and those that it asks for. HTTP/2 and HTTP/1.1 are both offered.
///
/// ```no_run
/// use tieline::server::serve::{Server, ServerTls};
///
/// # fn example() -> Result<(), tieline::http::TlsError> {
/// let tls = ServerTls::files("tls/server.pem", "tls/server.key")?;
/// let server = Server::new().tls(&tls)?;
/// # drop(server); Ok(()) }
/// ```
#[derive(Clone)]
pub struct ServerTls {
    certificate: Arc<dyn ResolvesServerCert>,
    files: Option<(PathBuf, PathBuf)>,
    authorities: Option<RootCertStore>,
    is_optional: bool,
}

impl ServerTls {
    /// Shows this certificate: its chain, leaf first, and its private key (PKCS #8, PKCS #1 or SEC1), both PEM.
    ///
    /// # Errors
    /// They are no PEM, or do not belong together.
    pub fn pem(chain: &[u8], key: &[u8]) -> Result<Self, TlsError> {
        Ok(Self::with(Arc::new(SingleCertAndKey::from(certified(
            chain, key,
        )?))))
    }

    /// Shows the certificate in these files. They are looked at again when connections are made, every ten seconds at
    /// most: a new certificate is used without a restart, and one that cannot be used is told to the log while the one
    /// before goes on.
    ///
    /// # Errors
    /// They cannot be read, are no PEM, or do not belong together.
    pub fn files(chain: impl Into<PathBuf>, key: impl Into<PathBuf>) -> Result<Self, TlsError> {
        let files = (chain.into(), key.into());
        let opened = CertificateFiles::open(
            files.0.clone(),
            files.1.clone(),
            DEFAULT_INTERVAL,
            Clock::default(),
        )?;
        Ok(Self {
            files: Some(files),
            ..Self::with(Arc::new(opened))
        })
    }

    fn with(certificate: Arc<dyn ResolvesServerCert>) -> Self {
        Self {
            certificate,
            files: None,
            authorities: None,
            is_optional: false,
        }
    }

    /// Looks at the files at most so often, by this clock.
    ///
    /// # Errors
    /// As [`files`](ServerTls::files).
    pub fn look_every(mut self, interval: Duration, clock: Clock) -> Result<Self, TlsError> {
        if let Some((chain, key)) = &self.files {
            let opened = CertificateFiles::open(chain.clone(), key.clone(), interval, clock)?;
            self.certificate = Arc::new(opened);
        }
        Ok(self)
    }

    /// Asks clients for a certificate of one of the authorities of this PEM text (mutual TLS); others are turned away while
    /// the connection is made. Handlers that judge see it as
    /// [`Shown::Certificate`](crate::server::auth::Shown::Certificate).
    ///
    /// # Errors
    /// It is no PEM, or holds no certificate that can be an authority.
    pub fn client_authorities_pem(mut self, pem: &[u8]) -> Result<Self, TlsError> {
        let mut roots = self.authorities.take().unwrap_or_else(RootCertStore::empty);
        for authority in certificates_of(pem)? {
            roots.add(authority)?;
        }
        self.authorities = Some(roots);
        Ok(self)
    }

    /// Lets clients in that show no certificate, too.
    pub fn client_certificate_optional(mut self) -> Self {
        self.is_optional = true;
        self
    }

    pub(super) fn build(&self) -> Result<Arc<ServerConfig>, TlsError> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder =
            ServerConfig::builder_with_provider(provider.clone()).with_safe_default_protocol_versions()?;
        let builder = match &self.authorities {
            None => builder.with_no_client_auth(),
            Some(roots) => {
                let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots.clone()), provider);
                let verifier = if self.is_optional {
                    verifier.allow_unauthenticated()
                } else {
                    verifier
                };
                builder.with_client_cert_verifier(verifier.build().map_err(|_| TlsError::NoCertificate)?)
            }
        };
        let mut config = builder.with_cert_resolver(self.certificate.clone());
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        Ok(Arc::new(config))
    }
}

impl fmt::Debug for ServerTls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServerTls")
            .field("files", &self.files)
            .field("asks_for_certificates", &self.authorities.is_some())
            .finish_non_exhaustive()
    }
}
