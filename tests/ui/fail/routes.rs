//! All that is wrong with routes.

use tieline::{Error, service_client};

#[service_client]
pub trait Pets {
    #[get("/pets/{id}")]
    async fn no_argument(&self) -> Result<u8, Error>;

    #[get("/pets")]
    async fn no_variable(&self, #[path] id: u64) -> Result<u8, Error>;

    #[get("/unbalanced/{id")]
    async fn open(&self, id: u64) -> Result<u8, Error>;

    #[get("/unbalanced/id}")]
    async fn close(&self) -> Result<u8, Error>;

    #[get("pets")]
    async fn relative(&self) -> Result<u8, Error>;

    #[get("/pets?limit=1")]
    async fn query(&self) -> Result<u8, Error>;

    #[get]
    async fn no_path(&self) -> Result<u8, Error>;

    #[get("/same/{id}")]
    async fn first(&self, id: u64) -> Result<u8, Error>;

    #[get("/same/{name}")]
    async fn second(&self, name: String) -> Result<u8, Error>;

    #[get("/twice/{id}/{id}")]
    async fn twice(&self, id: u64) -> Result<u8, Error>;

    #[post("/status", status = 404)]
    async fn status(&self) -> Result<u8, Error>;

    #[delete("/status", status = 204)]
    async fn no_content(&self) -> Result<u8, Error>;

    #[head("/status")]
    async fn head(&self) -> Result<u8, Error>;

    #[put("/argument", stauts = 201)]
    async fn argument(&self) -> Result<u8, Error>;
}

fn main() {}
