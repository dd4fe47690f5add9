//! All that is wrong with parameters.

use tieline::{Context, Error, service_client};

#[service_client]
pub trait Pets {
    #[post("/two_bodies")]
    async fn two_bodies(&self, one: String, two: String) -> Result<u8, Error>;

    #[get("/body")]
    async fn body_of_get(&self, #[body] body: String) -> Result<u8, Error>;

    #[get("/borrowed")]
    async fn borrowed(&self, name: &str) -> Result<u8, Error>;

    #[get("/late")]
    async fn late_context(&self, id: u64, cx: Context) -> Result<u8, Error>;

    #[get("/unknown")]
    async fn unknown(&self, #[qurey] limit: u32, #[colour] colour: u32) -> Result<u8, Error>;

    #[get("/header")]
    async fn header(&self, #[header("x tenant")] tenant: String) -> Result<u8, Error>;

    #[get("/optional/{id}")]
    async fn optional(&self, id: Option<u64>) -> Result<u8, Error>;

    #[get("/twice")]
    async fn twice(&self, #[query("a")] one: u64, #[query("a")] two: u64) -> Result<u8, Error>;

    #[get("/places")]
    async fn places(&self, #[query] #[header] one: u64) -> Result<u8, Error>;

    #[get("/pattern")]
    async fn pattern(&self, (one, two): (u64, u64)) -> Result<u8, Error>;
}

fn main() {}
