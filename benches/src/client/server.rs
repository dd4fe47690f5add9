//! The server of all peers: fixed replies, one thread, a process of its own, so that none of it is measured.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};

use bytes::Bytes;
use http::{Method, Request, Response, StatusCode, header};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;

use super::wire;
use crate::Failure;

/// A server in a process of its own. Dropping it ends it.
pub(super) struct Running {
    process: Child,
    address: SocketAddr,
}

impl Running {
    /// Starts this program again, as the server.
    pub(super) fn start() -> Result<Self, Failure> {
        let mut process = Command::new(std::env::current_exe()?)
            .arg("serve")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let mut line = String::new();
        if let Some(stdout) = process.stdout.take() {
            BufReader::new(stdout).read_line(&mut line)?;
        }
        let address = line.trim().parse();
        // Held before the address is judged, so that the process ends in any case.
        let mut running = Self {
            process,
            address: SocketAddr::from(([127, 0, 0, 1], 0)),
        };
        running.address = address.map_err(|_| "the server did not say where it is")?;
        Ok(running)
    }

    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // Its standard input ends: it ends.
        drop(self.process.stdin.take());
        if let Err(error) = self.process.wait() {
            eprintln!("the server could not be waited for: {error}");
        }
    }
}

/// Serves until standard input ends.
pub(crate) fn serve() -> Result<(), Failure> {
    std::thread::spawn(|| {
        let mut rest = Vec::new();
        // Whatever ends it, the parent is gone.
        let _ = std::io::stdin().read_to_end(&mut rest);
        std::process::exit(0);
    });
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?
        .block_on(async {
            let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
            println!("{}", listener.local_addr()?);
            std::io::stdout().flush()?;
            loop {
                let (stream, _) = listener.accept().await?;
                stream.set_nodelay(true)?;
                tokio::spawn(async move {
                    let served = hyper::server::conn::http1::Builder::new()
                        .serve_connection(TokioIo::new(stream), service_fn(answer))
                        .await;
                    if let Err(error) = served {
                        eprintln!("the server lost a connection: {error}");
                    }
                });
            }
        })
}

async fn answer(request: Request<Incoming>) -> Result<Response<Full<Bytes>>, hyper::Error> {
    let (head, body) = request.into_parts();
    body.collect().await?;
    let (status, body) = match (head.method, head.uri.path()) {
        (Method::GET, "/pets/7") => (StatusCode::OK, wire::PET),
        (Method::POST, "/orders") => (StatusCode::CREATED, wire::ORDER),
        _ => (StatusCode::NOT_FOUND, r#"{"title":"There is no such thing."}"#),
    };
    let mut response = Response::new(Full::new(Bytes::from_static(body.as_bytes())));
    *response.status_mut() = status;
    response.headers_mut().insert(
        header::CONTENT_TYPE,
        header::HeaderValue::from_static("application/json"),
    );
    Ok(response)
}
