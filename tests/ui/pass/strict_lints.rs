//! Expansions are documented and free of warnings, whatever is public.

#![deny(warnings, missing_docs, unreachable_pub, unused, rust_2018_idioms, nonstandard_style, clippy::all)]

use serde::{Deserialize, Serialize};

/// A public service.
#[tieline::service_client(title = "The shop", module = "shop_api")]
pub trait Shop {
    /// Gets.
    #[get("/a/{id}")]
    async fn get(&self, id: Id) -> Result<Vec<Id>, tieline::Error<ShopError>>;
    /// Old.
    #[deprecated(note = "use `get`")]
    #[head("/a/{id}")]
    async fn look(&self, cx: tieline::Context, id: Id) -> Result<(), tieline::Error>;
    /// Nothing in.
    #[post("/a", id = "makeOne")]
    #[safe]
    async fn make(&self) -> Result<Id, tieline::Error<ShopError>>;
    /// All kinds.
    #[put("/b/{type}")]
    #[idempotency_key("x-key", required)]
    async fn r#match(
        &self,
        r#type: String,
        #[cookie] session: Option<String>,
        #[header] x_request: Vec<Id>,
        request: Id,
    ) -> Result<Option<Id>, tieline::Error<ShopError>>;
}

/// A number.
#[derive(Debug, Serialize, Deserialize)]
pub struct Id(
    /// It.
    pub u64,
);

/// Failures.
#[derive(Debug, tieline::ServiceError)]
pub enum ShopError {
    /// Not there.
    #[service_error(status = 404)]
    Missing,
}

impl std::fmt::Display for ShopError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("missing")
    }
}

impl std::error::Error for ShopError {}

mod inner {
    //! Services for this crate alone, and types by path.

    use tieline::service_client;

    pub(crate) mod model {
        use serde::{Deserialize, Serialize};

        #[derive(Debug, Serialize, Deserialize)]
        pub(crate) struct Request(pub(crate) i8);
    }

    #[service_client]
    pub(crate) trait ForTheCrate: Send + Sync {
        #[post("/x")]
        async fn send(&self, request: model::Request) -> Result<self::model::Request, tieline::Error<super::ShopError>>;
    }

    #[service_client]
    trait Private {
        #[get("/x")]
        async fn send(&self, option: Option<i8>) -> core::result::Result<(), tieline::Error>;
    }

    /// Uses them.
    pub(super) fn used() -> bool {
        let client = ForTheCrateClient::to("http://localhost:1");
        struct Here;
        #[tieline::async_trait]
        impl Private for Here {
            async fn send(&self, _: Option<i8>) -> Result<(), tieline::Error> {
                Ok(())
            }
        }
        let here: &dyn Private = &Here;
        let _sending = here.send(Some(1));
        client.is_ok_and(|client| {
            let _pending = client.send(model::Request(1));
            true
        })
    }
}

fn main() {
    assert!(inner::used());
    assert_eq!(shop_api::CONTRACT.title, "The shop");
    assert_eq!(shop_api::make::OPERATION.id, "makeOne");
}
