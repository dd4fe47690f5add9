//! All that is wrong with attributes of methods and of the trait.

use tieline::{Error, service_client};

#[service_client(nmae = "pets", base = "api")]
pub trait Pets {
    #[get("/a")]
    #[timeuot("3s")]
    async fn misspelt(&self) -> Result<u8, Error>;

    #[gte("/b")]
    async fn misspelt_route(&self) -> Result<u8, Error>;

    #[get("/c")]
    #[colour]
    async fn unknown(&self) -> Result<u8, Error>;

    #[get("/d")]
    #[timeout("3 hours")]
    async fn duration(&self) -> Result<u8, Error>;

    #[get("/e")]
    #[safe]
    #[idempotent]
    async fn both(&self) -> Result<u8, Error>;

    #[get("/f")]
    #[cfg(unix)]
    async fn conditional(&self) -> Result<u8, Error>;

    #[post("/g")]
    #[idempotency_key(optional)]
    async fn key(&self) -> Result<u8, Error>;
}

#[service_client]
pub trait Generic<T> {
    #[get("/a")]
    async fn a(&self) -> Result<u8, Error>;
}

#[service_client]
pub trait Empty {}

#[service_client]
pub struct NoTrait;

fn main() {}
