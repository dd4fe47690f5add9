//! Pact-style consumer and provider checks for generated clients and servers.
//!
//! A *consumer* test says, in values of the generated types, what it will ask and what it hopes to be told. The
//! interaction is checked against the contract, answered in process, and written to a pact file. A *provider* test
//! replays that file against the generated service, in process too.
//!
//! ```text
//! consumer(name, &CONTRACT) ── given, on, reply ── record ── checked, matchers derived from the types
//!        │                                           │
//!        └─ transport() ── the generated client ──── answered by pact_matching
//!        └─ finish() ── nothing unused, nothing unexpected ── contracts/pacts/<consumer>-<provider>.json
//!
//! verify(&CONTRACT) ── source_dir ── state, states ── service ── run ── Report::assert_ok
//! ```
//!
//! # A consumer
//!
//! ```text
//! let pact = tieline_pact::consumer("web", &pets::CONTRACT);
//! pact.given("a pet exists", json!({ "id": 7 }))
//!     .on(pets::get_pet::Request::new(7))
//!     .reply(pets::get_pet::Response::Ok(Pet::new(7, "Rex", vec![])))
//!     .exact("/name")
//!     .record()?;
//! let pet = pets::Client::new(pact.transport()).get_pet(7).await?;
//! assert_eq!(pet.name, "Rex");
//! pact.finish()?;
//! ```
//!
//! # A provider
//!
//! ```text
//! tieline_pact::verify(&pets::CONTRACT)
//!     .service(pets::router(App::new()))
//!     .state("a pet exists", |params| async move { … })
//!     .source_dir("../contracts/pacts")
//!     .run()
//!     .await
//!     .assert_ok();
//! ```
//!
//! # What is in the file
//!
//! Pact specification V4. One file for each pair of consumer and provider: sorted, written atomically, and the same
//! octets whatever the order of the tests. Each interaction names the tests that recorded it, in
//! `comments.tieline.tests`; see [`Pact::finish`] for how it goes when they no longer do. Interactions that name no
//! test (another tool wrote them) are left alone. `TIELINE_PACT_DIR` sends the files of all tests to another
//! directory: a whole run into an empty one gives exactly the interactions that are alive.
//!
//! # Features
//!
//! | feature | what it adds |
//! |---|---|
//! | `datetime` | date, time and date-time matchers of pacts that other tools wrote |
//!
//! Matching is `pact_matching`'s, without its plugins, and it reports no metrics: nothing here calls home.

mod consumer;
mod engine;
mod error;
mod file;
mod json;
mod matcher;
mod mismatch;
mod provider;
mod rules;

pub use self::consumer::{Interaction, Pact, Setup, consumer};
pub use self::error::{Error, ErrorKind};
pub use self::matcher::Matcher;
pub use self::mismatch::{Mismatch, Place};
pub use self::provider::{
    Failure, Params, Report, StateError, StateOutcome, States, Verdict, Verification, Verified, verify,
};
