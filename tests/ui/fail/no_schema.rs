//! A document of types without schemas: said where it is asked for.

use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize)]
pub struct NoSchema;

#[tieline::service_client]
pub trait Shops {
    #[get("/shops")]
    async fn list(&self) -> Result<NoSchema, tieline::Error>;
}

fn main() {
    let _ = shops::openapi();
}
