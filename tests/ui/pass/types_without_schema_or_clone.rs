//! The runtime's features ask nothing of types: neither a schema nor `Clone`, until something that needs them is called.

use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize)]
pub struct Plain;

#[tieline::service_client]
pub trait Service {
    #[post("/plain")]
    async fn send(&self, plain: Plain) -> Result<Plain, tieline::Error<Failure>>;
}

#[derive(Debug, PartialEq, tieline::ServiceError)]
pub enum Failure {
    #[service_error(code = "UNAVAILABLE")]
    Down {
        since: u8,
        #[service_error(skip)]
        cause: Option<String>,
    },
    #[service_error(status = 418, code = "UNKNOWN")]
    Tea(u8, Vec<String>),
}

impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("failed")
    }
}

impl std::error::Error for Failure {}

fn main() {
    let mock = ServiceMock::new();
    mock.send.fail_once(Failure::Tea(1, vec![]));
    let _router = service::router(mock);
    let down = Failure::Down { since: 1, cause: Some("x".into()) };
    let body = tieline::service_error::to_json(&down);
    let back: Failure = tieline::service_error::from_json(body).unwrap();
    assert_eq!(back, Failure::Down { since: 1, cause: None });
}
