//! What carries a request: the pooled transport, or anything put in its place.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use http::{Request, Response};

use super::{Body, Chaos, Endpoint, ResponseBody, Transport, TransportError};

/// The future of an [`Exchange`].
pub type ExchangeFuture<'a> =
    Pin<Box<dyn Future<Output = Result<Response<ResponseBody>, TransportError>> + Send + 'a>>;

/// Carries one request to an endpoint and brings the response back, once: no
/// retry, no policy. Implemented by [`Transport`], by [`InProcess`] and by tests,
/// recorders and users' tower stacks.
///
/// The request's URI is a path and query below the endpoint's base path.
pub trait Exchange: Send + Sync {
    /// Sends the request. Dropping the future gives the request up.
    fn exchange<'a>(&'a self, endpoint: &'a Endpoint, request: Request<Body>) -> ExchangeFuture<'a>;
}

impl Exchange for Transport {
    fn exchange<'a>(&'a self, endpoint: &'a Endpoint, request: Request<Body>) -> ExchangeFuture<'a> {
        Box::pin(self.send(endpoint, request))
    }
}

impl<E: Exchange + ?Sized> Exchange for Arc<E> {
    fn exchange<'a>(&'a self, endpoint: &'a Endpoint, request: Request<Body>) -> ExchangeFuture<'a> {
        (**self).exchange(endpoint, request)
    }
}

/// The line that a client talks over: the pooled transport without a box on its
/// path, or any other [`Exchange`]. Cheap to clone.
#[derive(Clone)]
pub struct Line {
    kind: Kind,
    chaos: Option<Arc<Chaos>>,
}

#[derive(Clone)]
enum Kind {
    Pool(Transport),
    Other(Arc<dyn Exchange>),
}

impl Line {
    /// A line over something that is not the pooled transport.
    pub fn over(exchange: impl Exchange + 'static) -> Self {
        Self::of(Kind::Other(Arc::new(exchange)))
    }

    /// The same with faults put into its requests.
    pub fn with_chaos(self, chaos: Chaos) -> Self {
        Self {
            chaos: Some(Arc::new(chaos)),
            ..self
        }
    }

    fn of(kind: Kind) -> Self {
        Self { kind, chaos: None }
    }

    /// Sends the request; see [`Exchange::exchange`].
    pub async fn send(
        &self,
        endpoint: &Endpoint,
        request: Request<Body>,
    ) -> Result<Response<ResponseBody>, TransportError> {
        match &self.chaos {
            None => self.kind.send(endpoint, request).await,
            // Boxed, because every call would carry room for it otherwise.
            Some(chaos) => {
                let send = async |request| self.kind.send(endpoint, request).await;
                Box::pin(chaos.send(request, send)).await
            }
        }
    }

    /// The pooled transport, when that is what the line uses.
    pub fn transport(&self) -> Option<&Transport> {
        match &self.kind {
            Kind::Pool(transport) => Some(transport),
            Kind::Other(_) => None,
        }
    }
}

impl Kind {
    async fn send(
        &self,
        endpoint: &Endpoint,
        request: Request<Body>,
    ) -> Result<Response<ResponseBody>, TransportError> {
        match self {
            Self::Pool(transport) => transport.send(endpoint, request).await,
            Self::Other(exchange) => exchange.exchange(endpoint, request).await,
        }
    }
}

impl From<Transport> for Line {
    fn from(transport: Transport) -> Self {
        Self::of(Kind::Pool(transport))
    }
}

impl From<Arc<dyn Exchange>> for Line {
    fn from(exchange: Arc<dyn Exchange>) -> Self {
        Self::of(Kind::Other(exchange))
    }
}

impl fmt::Debug for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match &self.kind {
            Kind::Pool(_) => "Line(pool)",
            Kind::Other(_) => "Line(other)",
        })
    }
}

#[cfg(feature = "server")]
mod in_process {
    use std::future::poll_fn;

    use bytes::Bytes;
    use http::{HeaderValue, Request, Uri, header};
    use tower_service::Service;

    use super::{Exchange, ExchangeFuture};
    use crate::http::{Body, BoxError, Endpoint, ResponseBody, TransportError, TransportErrorKind};

    /// Answers requests by a tower service in this process, such as an
    /// `axum::Router` or a generated server: no socket, the same bytes.
    #[derive(Debug, Clone)]
    pub struct InProcess<S>(S);

    impl<S> InProcess<S> {
        /// Puts `service` in the place of the network. Every endpoint leads to it.
        pub fn new(service: S) -> Self {
            Self(service)
        }
    }

    impl<S, B> Exchange for InProcess<S>
    where
        S: Service<Request<axum::body::Body>, Response = http::Response<B>> + Clone + Send + Sync,
        S::Error: Into<BoxError>,
        S::Future: Send,
        B: http_body::Body<Data = Bytes> + Send + 'static,
        B::Error: Into<BoxError>,
    {
        fn exchange<'a>(&'a self, endpoint: &'a Endpoint, mut request: Request<Body>) -> ExchangeFuture<'a> {
            let mut service = self.0.clone();
            Box::pin(async move {
                *request.uri_mut() = Uri::from(endpoint.join(request.uri())?);
                let host: &HeaderValue = endpoint.host_header();
                request
                    .headers_mut()
                    .entry(header::HOST)
                    .or_insert_with(|| host.clone());
                let failed = |error: BoxError| {
                    TransportError::new(TransportErrorKind::Io, "the in-process service failed")
                        .because(error)
                };
                poll_fn(|cx| service.poll_ready(cx))
                    .await
                    .map_err(|e| failed(e.into()))?;
                let response = service
                    .call(request.map(axum::body::Body::new))
                    .await
                    .map_err(|e| failed(e.into()))?;
                Ok(response.map(ResponseBody::stream))
            })
        }
    }
}

#[cfg(feature = "server")]
pub use in_process::InProcess;
