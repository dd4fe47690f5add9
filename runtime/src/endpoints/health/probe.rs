//! One check of one endpoint.

use http::Request;

use super::What;
use crate::endpoints::node::Node;
use crate::http::{Body, Line};

/// How much of the body of a reply is read, so that its connection can be used again.
const BODY: usize = 64 * 1024;

impl What {
    /// Whether the endpoint is well; the check's time is somebody else's to limit.
    pub(super) async fn is_well(&self, line: &Line, node: &Node) -> bool {
        match self {
            Self::Http(path, statuses) => {
                let endpoint = node.endpoint(false).root();
                let Ok(request) = Request::get(path.as_str()).body(Body::empty()) else {
                    return false;
                };
                let Ok(response) = line.send(&endpoint, request).await else {
                    return false;
                };
                let status = response.status().as_u16();
                // A body that breaks off or is too long says nothing of the status.
                let _ = response.into_body().collect(BODY).await;
                statuses.iter().any(|healthy| healthy.contains(&status))
            }
            #[cfg(feature = "grpc")]
            Self::Grpc(service) => {
                use crate::code::Code;
                use crate::grpc::{CallOptions, GrpcFailure, health};
                let checked = health::check(line, node.endpoint(true), service, CallOptions::default()).await;
                match checked {
                    Ok(serving) => serving == health::Serving::Serving,
                    Err(GrpcFailure::Status { status, .. }) => status.code == Code::Unimplemented,
                    Err(GrpcFailure::Transport(_)) => false,
                }
            }
        }
    }
}
