//! Endpoints by Kubernetes: the EndpointSlices of a service, listed once and then watched.
//!
//! ```text
//! list ── resourceVersion ──> watch (chunked JSON, one event a line) ── ends ──> watch from the last version
//!   ^                            └── 410 Gone ─────────────┐
//!   └──────────────────────────────────────────────────────┘
//! ```
//!
//! Spoken over HTTP by our own transport (`discovery.k8s.io/v1`). The token of the service account is read anew for each
//! request, since it is rotated. Bookmarks keep the version young, so that a watch can go on where it ended. The service
//! account has to be allowed to `list` and `watch` `endpointslices` of the API group `discovery.k8s.io`.

mod slices;
mod watch;

use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use http::{HeaderValue, Request, StatusCode, header};

use self::slices::{Slice, Slices};
use self::watch::{Lines, Told};
use super::{Discover, DiscoverError, Discovering, Member};
use crate::clock::{Clock, Instant};
use crate::http::{Body, Endpoint, ResponseBody, Tls, Transport};

/// Where a pod finds its service account.
const ACCOUNT: &str = "/var/run/secrets/kubernetes.io/serviceaccount";

/// The greatest list that is read.
const LIST_LIMIT: usize = 64 << 20;

/// How long the server is asked to keep a watch open, and how much longer nothing may come before it is taken for dead.
const WATCH: Duration = Duration::from_secs(290);
const GRACE: Duration = Duration::from_secs(30);

/// How soon a watch may follow one that ended.
const BETWEEN_WATCHES: Duration = Duration::from_secs(1);

/// The endpoints of a Kubernetes service that are ready.
pub struct Kubernetes {
    /// What requests go to: scheme, name and base path of the service.
    endpoint: Endpoint,
    namespace: String,
    service: String,
    port_name: Option<String>,
    api: Api,
    clock: Clock,
    slices: Slices,
    /// The version of what is known; `None`: it has to be listed.
    version: Option<String>,
    /// Whether what is listed has to be the newest: after a version was too old.
    wants_newest: bool,
    watch: Option<Watching>,
    may_watch: Instant,
}

/// The API server, and who we are.
struct Api {
    endpoint: Endpoint,
    token: Option<PathBuf>,
    transport: Transport,
}

/// A watch under way.
struct Watching {
    lines: Lines,
    /// When it is taken for dead, unless something comes.
    dead: Instant,
}

impl Kubernetes {
    /// The endpoints of the service that `endpoint` names, by the account of the pod that this runs in. The host is `service`,
    /// `service.namespace` or `service.namespace.svc.cluster.local`; without a namespace it is the pod's own.
    ///
    /// # Errors
    /// This does not run in a pod, or its account cannot be read.
    pub fn in_cluster(endpoint: Endpoint) -> Result<Self, DiscoverError> {
        let variable = |name: &str| {
            let message = format!("the variable {name} is not set: this does not run in a Kubernetes pod");
            std::env::var(name).map_err(|_| DiscoverError::new(message))
        };
        let (host, port) = (
            variable("KUBERNETES_SERVICE_HOST")?,
            variable("KUBERNETES_SERVICE_PORT")?,
        );
        let host = if host.contains(':') {
            format!("[{host}]")
        } else {
            host
        };
        let account = Path::new(ACCOUNT);
        let tls = Tls::new()
            .authority_pem(&read(&account.join("ca.crt"))?)
            .map_err(|error| {
                DiscoverError::new("the authority of the service account is no certificate").because(error)
            })?
            .without_public_roots();
        let transport = Transport::builder().tls(tls).build();
        let transport =
            transport.map_err(|error| DiscoverError::new("no transport can be made").because(error))?;
        let api = Endpoint::parse(&format!("https://{host}:{port}"))
            .map_err(|error| DiscoverError::new("the address of the API server is none").because(error))?;
        let namespace = String::from_utf8_lossy(&read(&account.join("namespace"))?)
            .trim()
            .to_owned();
        Ok(Self::at(endpoint, &namespace, api, transport).token_file(account.join("token")))
    }

    /// The same by an API server elsewhere. `namespace` is for services that name none.
    pub fn at(endpoint: Endpoint, namespace: &str, api: Endpoint, transport: Transport) -> Self {
        let mut labels = endpoint.host().split('.');
        let service = labels.next().unwrap_or_default().to_owned();
        let namespace = labels.next().unwrap_or(namespace).to_owned();
        Self {
            endpoint,
            namespace,
            service,
            port_name: None,
            api: Api {
                endpoint: api,
                token: None,
                transport,
            },
            clock: Clock::default(),
            slices: Slices::default(),
            version: None,
            wants_newest: false,
            watch: None,
            may_watch: Instant::from_nanos(0),
        }
    }

    /// The file that holds the token that requests show; read anew for each of them.
    pub fn token_file(mut self, path: impl Into<PathBuf>) -> Self {
        self.api.token = Some(path.into());
        self
    }

    /// The port of this name; unless set the one whose number the address has, or the only one.
    pub fn port_name(mut self, name: impl Into<String>) -> Self {
        self.port_name = Some(name.into());
        self
    }

    /// Sets the clock.
    pub fn clock(mut self, clock: Clock) -> Self {
        self.clock = clock;
        self
    }

    /// The next set. May be dropped at any await: what has been read is in `self`.
    async fn look(&mut self) -> Result<Option<Vec<Member>>, DiscoverError> {
        loop {
            let Some(version) = self.version.clone() else {
                self.list().await?;
                return Ok(Some(self.members()));
            };
            if self.watch.is_none() {
                self.clock.sleep_until(self.may_watch).await;
                let opened = self.open_watch(&version).await?;
                self.may_watch = self.clock.now().plus(BETWEEN_WATCHES);
                self.watch = opened;
                continue;
            }
            if self.follow().await? {
                return Ok(Some(self.members()));
            }
        }
    }

    fn members(&self) -> Vec<Member> {
        self.slices.members(&self.endpoint, self.port_name.as_deref())
    }

    async fn list(&mut self) -> Result<(), DiscoverError> {
        let version = if self.wants_newest {
            ""
        } else {
            "&resourceVersion=0"
        };
        let response = self.ask(version).await?;
        let status = response.status();
        let body = response.into_body().collect(LIST_LIMIT).await;
        let body =
            body.map_err(|error| DiscoverError::new("the list of EndpointSlices broke off").because(error))?;
        if status != StatusCode::OK {
            return Err(self.refused(status));
        }
        let (slices, version) = slices::listed(&body.bytes).map_err(|error| {
            DiscoverError::new("the list of EndpointSlices cannot be read").because(error)
        })?;
        self.slices.replace(slices);
        (self.version, self.wants_newest) = (Some(version), false);
        Ok(())
    }

    /// Opens a watch from `version`; `None` where that is too old.
    async fn open_watch(&mut self, version: &str) -> Result<Option<Watching>, DiscoverError> {
        let seconds = WATCH.as_secs();
        let query = format!(
            "&watch=true&allowWatchBookmarks=true&timeoutSeconds={seconds}&resourceVersion={}",
            percent_encoding::utf8_percent_encode(version, percent_encoding::NON_ALPHANUMERIC)
        );
        let response = self.ask(&query).await?;
        match response.status() {
            StatusCode::OK => Ok(Some(Watching {
                lines: Lines::new(response.into_body()),
                dead: self.clock.now().plus(WATCH + GRACE),
            })),
            StatusCode::GONE => {
                self.forget_version();
                Ok(None)
            }
            status => Err(self.refused(status)),
        }
    }

    /// Waits for the next event. Whether the endpoints may be others.
    async fn follow(&mut self) -> Result<bool, DiscoverError> {
        let Some(watch) = &mut self.watch else {
            return Ok(false);
        };
        let Some(told) = self.clock.until(watch.dead, watch.lines.next()).await else {
            tracing::debug!(service = self.service, "a watch of EndpointSlices fell silent");
            self.watch = None;
            return Ok(false);
        };
        watch.dead = self.clock.now().plus(WATCH + GRACE);
        let told = match told {
            Ok(told) => told,
            Err(error) => {
                self.watch = None;
                return Err(error);
            }
        };
        match told {
            // Ended in good order: it goes on from the last version.
            None => {
                self.watch = None;
                Ok(false)
            }
            Some(Told::Bookmark(version)) => {
                self.version = Some(version);
                Ok(false)
            }
            Some(Told::Gone) => {
                self.watch = None;
                self.forget_version();
                Ok(false)
            }
            Some(Told::Failed(message)) => {
                self.watch = None;
                Err(DiscoverError::new(format!(
                    "the API server ended the watch: {message}"
                )))
            }
            Some(Told::Kept(slice)) => Ok(self.changed(slice, Slices::keep)),
            Some(Told::Deleted(slice)) => Ok(self.changed(slice, Slices::delete)),
        }
    }

    fn changed(&mut self, slice: Slice, change: fn(&mut Slices, Slice)) -> bool {
        let before = self.members();
        self.version = Some(slice.version().to_owned());
        change(&mut self.slices, slice);
        before != self.members()
    }

    fn forget_version(&mut self) {
        (self.version, self.wants_newest) = (None, true);
    }

    /// Asks for the slices of the service.
    async fn ask(&mut self, query: &str) -> Result<http::Response<ResponseBody>, DiscoverError> {
        let is_label =
            |text: &str| !text.is_empty() && text.bytes().all(|c| c.is_ascii_alphanumeric() || c == b'-');
        if !is_label(&self.service) || !is_label(&self.namespace) {
            let message = format!(
                "`{}` is not the name of a Kubernetes service",
                self.endpoint.host()
            );
            return Err(DiscoverError::new(message));
        }
        let path = format!(
            "/apis/discovery.k8s.io/v1/namespaces/{}/endpointslices?labelSelector=kubernetes.io%2Fservice-name%3D{}{query}",
            self.namespace, self.service
        );
        let mut request = Request::get(path)
            .header(header::ACCEPT, "application/json")
            .body(Body::empty())
            .map_err(|error| {
                DiscoverError::new("the request to the API server cannot be made").because(error)
            })?;
        if let Some(token) = &self.api.token {
            let token = String::from_utf8_lossy(&read(token)?).trim().to_owned();
            let shown = HeaderValue::try_from(format!("Bearer {token}"));
            let mut shown =
                shown.map_err(|_| DiscoverError::new("the token of the service account is no token"))?;
            shown.set_sensitive(true);
            request.headers_mut().insert(header::AUTHORIZATION, shown);
        }
        let sent = self.api.transport.send(&self.api.endpoint, request);
        // The head has to come soon, whatever the body is.
        match self.clock.within(GRACE, sent).await {
            Some(Ok(response)) => Ok(response),
            Some(Err(error)) => Err(DiscoverError::new("the API server cannot be asked").because(error)),
            None => Err(DiscoverError::new("the API server does not answer")),
        }
    }

    fn refused(&self, status: StatusCode) -> DiscoverError {
        let (service, namespace) = (&self.service, &self.namespace);
        let hint = match status {
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => {
                ": allow the service account to `list` and `watch` `endpointslices` of `discovery.k8s.io`"
            }
            _ => "",
        };
        DiscoverError::new(format!(
            "the API server answered {status} when asked for the EndpointSlices of `{service}` in `{namespace}`{hint}"
        ))
    }
}

/// A file of the account. Its content is shown nowhere.
fn read(path: &Path) -> Result<Vec<u8>, DiscoverError> {
    let message = || format!("{} cannot be read", path.display());
    std::fs::read(path).map_err(|error| DiscoverError::new(message()).because(error))
}

impl Discover for Kubernetes {
    fn next(&mut self) -> Discovering<'_> {
        Box::pin(self.look())
    }
}

impl fmt::Debug for Kubernetes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Kubernetes")
            .field("service", &self.service)
            .field("namespace", &self.namespace)
            .finish_non_exhaustive()
    }
}
