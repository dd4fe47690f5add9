//! All that is wrong with methods, at once.

use tieline::{Error, service_client};

#[service_client]
pub trait Pets {
    #[get("/not_async")]
    fn not_async(&self) -> Result<u8, Error>;

    async fn no_route(&self) -> Result<u8, Error>;

    #[get("/generic")]
    async fn generic<T: Send>(&self, value: T) -> Result<u8, Error>;

    #[get("/mutable")]
    async fn mutable(&mut self) -> Result<u8, Error>;

    #[get("/by_value")]
    async fn by_value(self) -> Result<u8, Error>;

    #[get("/associated")]
    async fn associated() -> Result<u8, Error>;

    #[get("/no_result")]
    async fn no_result(&self) -> u8;

    #[get("/no_output")]
    async fn no_output(&self);

    #[get("/other_error")]
    async fn other_error(&self) -> Result<u8, String>;

    #[get("/one")]
    #[post("/two")]
    async fn two_routes(&self) -> Result<u8, Error>;

    const LIMIT: u32 = 7;
}

fn main() {}
