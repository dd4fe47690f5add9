//! The service_client attribute and its derives.
//!
//! `#[service_client]` makes a client, a server, a mock and an OpenAPI document of a Rust trait; `#[derive(ServiceError)]`
//! lets a domain enum travel as the failure of an operation. Both are re-exported, and documented, by `tieline`.
//!
//! ```text
//! trait ── service::parse ── service::Service ── emit ── the trait, a module of its name, …Client, …Mock
//! enum ── service_error::parse ── service_error::Failures ── service_error::emit ── impls
//! ```
//!
//! A pass gathers all its problems and reports them together, each at the token that is wrong.

mod contract;
mod emit;
mod nearest;
mod problems;
mod service;
mod service_error;

use proc_macro::TokenStream;

/// Makes a client, a server, a mock and an OpenAPI document of a trait.
///
/// ```text
/// #[tieline::service_client(name = "pets", version = "1.0.0", base = "/api/v1")]
/// pub trait Pets {
///     /// Gets a pet.
///     #[get("/pets/{id}")]
///     async fn get_pet(&self, id: u64) -> Result<Pet, tieline::Error<PetError>>;
///     #[get("/pets")]
///     async fn list_pets(
///         &self,
///         /// The most to give.
///         limit: Option<u32>,
///         #[header("x-tenant")] tenant: String,
///     ) -> Result<Vec<Pet>, tieline::Error<PetError>>;
///     #[post("/pets", status = 201)]
///     async fn create_pet(&self, pet: NewPet) -> Result<Pet, tieline::Error<PetError>>;
///     #[delete("/pets/{id}")]
///     async fn delete_pet(&self, cx: tieline::Context, id: u64) -> Result<(), tieline::Error<PetError>>;
/// }
/// ```
///
/// # What it gives
///
/// | item | what it is |
/// |---|---|
/// | `Pets` | the trait, object-safe (by the async_trait crate: implement it under `#[tieline::async_trait]`), `Send + Sync` |
/// | `PetsClient` | implements it over the wire. Its own methods take the same and give a pending call: `client.get_pet(7).await?`, `client.get_pet(7).timeout(ms).await?`, `client.get_pet(7).send().await?` |
/// | `PetsMock` | implements it as told (feature `mock`): `mock.get_pet.reply(pet.into())` |
/// | `pets::router`, `pets::service` | serve an implementation (feature `server`) |
/// | `pets::blocking::Client` | blocks the thread (feature `blocking`) |
/// | `pets::openapi` | the OpenAPI 3.0 document (feature `schema`); types must implement `schemars::JsonSchema` only where it is called |
/// | `pets::CONTRACT`, `pets::get_pet::{Request, Response, Failure, OPERATION}` | the static facts |
///
/// The trait must stand in a module, not in a function.
///
/// # Of the trait
///
/// `name` (default: the trait's, in kebab-case), `title` (default: the trait's name), `version` (default `"0.0.0"`),
/// `base` (default: none; stands before every path), `module` (default: the trait's name in snake_case).
///
/// # Of a method
///
/// - One route: `#[get("/path/{variable}")]`, or `post`, `put`, `patch`, `delete`, `head`; with `status = 201` where
///   success is neither 200 nor, for `()`, 204; with `id = "fetchPet"` where the operation is not called by the
///   method's name in camelCase.
/// - `#[timeout("3s")]`: the total time of a call, unless the client says otherwise (`ms`, `s`, `m`).
/// - `#[safe]`, `#[idempotent]`: it may be sent twice, though its HTTP method does not say so.
/// - `#[idempotency_key]`, or `#[idempotency_key("x-key", required)]`: a key in this header (default
///   `idempotency-key`) lets it be sent twice.
/// - `#[deprecated]`; documentation, of which the first paragraph is the summary.
///
/// # Of a parameter
///
/// `#[path]`, `#[query]`, `#[header]`, `#[cookie]`, each with its name on the wire where that is not the parameter's
/// (`#[header("x-tenant")]`; a header's default is in kebab-case), and `#[body]`. Without attribute it is a path
/// variable if the path names it, else the body of `post`, `put` and `patch`, else in the query. `Option` may be absent;
/// a `Vec` in the query is repeated. A parameter may be documented. A leading `tieline::Context` is the caller's.
///
/// Types are serde's: `Serialize + DeserializeOwned + Send + Sync`.
///
/// # Contract first
///
/// On an empty module, and with the feature `contract` (`contract-proto` for `.proto` files), it fills the module with
/// what `cargo tieline generate` writes:
///
/// ```text
/// #[tieline::service_client(contract = "contracts/pets.yaml", server, mock)]
/// pub mod pets {}
/// ```
///
/// The path is relative to the crate's manifest; cargo rebuilds when the contract, or a file that it refers to, changes.
/// The client is always there, `server`, `mock` and `blocking` where they are asked for (each needs the runtime's feature
/// of that name); `strict` makes warnings errors, `overlay = "fix.yaml"` lays an Overlay document over the contract, and
/// `include = "folder"` names a folder of proto imports.
#[proc_macro_attribute]
pub fn service_client(arguments: TokenStream, item: TokenStream) -> TokenStream {
    let (arguments, item) = (arguments.into(), item.into());
    match syn::parse2(proc_macro2::TokenStream::clone(&item)) {
        Ok(module) => contract::expand(arguments, module),
        Err(_) => service::expand(arguments, item),
    }
    .into()
}

/// Lets a domain enum travel as the failure of an operation, by HTTP status, gRPC code and a typed body.
///
/// ```text
/// #[derive(Debug, thiserror::Error, tieline::ServiceError)]
/// enum PetError {
///     #[error("there is no pet {id}")]
///     #[service_error(status = 404)]
///     NotFound { id: u64 },
///     #[error("there is a pet of this name")]
///     #[service_error(status = 409, code = "ALREADY_EXISTS")]
///     Taken,
/// }
/// ```
///
/// `status` is an HTTP status of 400 to 599, `code` one of gRPC's names; one of the two is enough, and the other
/// follows from it. The body is a JSON object: `code` (the variant's name), `message` (its `Display`), and the fields,
/// which are serde's. `#[service_error(skip)]` keeps a field at home; at the other side it is `Default::default()`.
#[proc_macro_derive(ServiceError, attributes(service_error))]
pub fn derive_service_error(item: TokenStream) -> TokenStream {
    service_error::expand(item.into()).into()
}
