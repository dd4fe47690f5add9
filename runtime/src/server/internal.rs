//! Routes that only other services of the system may call, on a listener of their own.
//!
//! What is below `/internal` is reached on the internal listener alone, and with a key of a service alone; the public one
//! answers 404, whatever its router has there.
//!
//! ```no_run
//! use tieline::server::auth::ApiKeys;
//! use tieline::server::internal::Doors;
//! use tieline::server::serve::Server;
//! use tokio::net::TcpListener;
//!
//! # async fn example(router: axum::Router) -> Result<(), Box<dyn std::error::Error>> {
//! let doors = Doors::new(router, ApiKeys::from_env()?);
//! let public = TcpListener::bind("0.0.0.0:8080").await?;
//! let internal = TcpListener::bind("10.0.0.7:9090").await?;
//! let stop = async { tokio::signal::ctrl_c().await.unwrap_or(()) };
//! let drain = std::time::Duration::from_secs(10);
//! doors.serve(&Server::new(), public, internal, stop, drain).await;
//! # Ok(()) }
//! ```

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::middleware::{Next, from_fn_with_state};
use futures_util::FutureExt;
use http::Response;
use percent_encoding::percent_decode_str;
use tokio::net::TcpListener;

use super::auth::ApiKeys;
use super::serve::{Drained, Server};
use super::service::not_found;

/// A router with two doors: the public one, and the internal one for services.
#[derive(Debug, Clone)]
pub struct Doors {
    router: axum::Router,
    keys: ApiKeys,
    prefix: Arc<str>,
}

impl Doors {
    /// Divides `router`: what is below `/internal` is for services that show one of `keys`.
    pub fn new(router: axum::Router, keys: ApiKeys) -> Self {
        Self {
            router,
            keys,
            prefix: "internal".into(),
        }
    }

    /// What is internal; `/internal` unless set.
    pub fn prefix(mut self, prefix: &str) -> Self {
        self.prefix = prefix.trim_matches('/').into();
        self
    }

    /// All but what is internal.
    pub fn public(&self) -> axum::Router {
        self.half(false)
    }

    /// What is internal, behind the keys.
    pub fn internal(&self) -> axum::Router {
        self.keys.clone().protect(self.half(true))
    }

    fn half(&self, internal: bool) -> axum::Router {
        let half = Half {
            prefix: self.prefix.clone(),
            internal,
        };
        self.router.clone().layer(from_fn_with_state(half, pass))
    }

    /// Serves both, until `shutdown` is ready, and then lets the calls in flight end for at most `drain`. How the public one
    /// ended, and the internal one.
    pub async fn serve(
        &self,
        server: &Server,
        public: TcpListener,
        internal: TcpListener,
        shutdown: impl Future<Output = ()> + Send,
        drain: Duration,
    ) -> (Drained, Drained) {
        let shutdown = shutdown.shared();
        let public = server.serve(public, self.public(), shutdown.clone(), drain);
        let internal = server.serve(internal, self.internal(), shutdown, drain);
        futures_util::future::join(public, internal).await
    }
}

#[derive(Clone)]
struct Half {
    prefix: Arc<str>,
    internal: bool,
}

async fn pass(State(half): State<Half>, request: Request, next: Next) -> Response<Body> {
    if is_below(&half.prefix, request.uri().path()) == half.internal {
        next.run(request).await
    } else {
        not_found(request).await
    }
}

/// Whether a path is below the prefix, however it is written: routers decode segments before they compare them, and what
/// stands behind this may leave out empty ones.
fn is_below(prefix: &str, path: &str) -> bool {
    let mut segments = path
        .split('/')
        .map(|segment| percent_decode_str(segment).decode_utf8_lossy())
        .filter(|segment| !segment.is_empty() && segment != ".");
    let mut wanted = prefix.split('/');
    wanted.all(|wanted| {
        segments
            .next()
            .is_some_and(|segment| segment.eq_ignore_ascii_case(wanted))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_below_the_prefix_is_so_however_it_is_written() {
        for path in [
            "/internal",
            "/internal/",
            "/internal/x",
            "/%69nternal/x",
            "//internal/x",
            "/./internal",
            "/INTERNAL/x",
        ] {
            assert!(is_below("internal", path), "{path}");
        }
        for path in ["/", "/internally", "/x/internal", "/internal%2Fx", "/intern"] {
            assert!(!is_below("internal", path), "{path}");
        }
        assert!(is_below("api/internal", "/api/internal/x") && !is_below("api/internal", "/api/x"));
    }
}
