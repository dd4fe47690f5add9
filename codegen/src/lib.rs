//! Writes typed Rust clients, servers and mocks from service contracts.
//!
//! ```text
//! generator.rs   read -> plan -> emit -> write
//! plan/          every Rust name, type and rule, decided once
//! rust/          one emitter a file
//! package/       a whole crate, through templates
//! write.rs       files, replaced atomically
//! stamp/         what a run came to, so that the same need not be made again
//! ```
//!
//! In a build script:
//!
//! ```no_run
//! fn main() -> Result<(), tieline_codegen::Failure> {
//!     tieline_codegen::Generator::new().contract("contracts/pets.yaml").server(true).run()
//! }
//! ```
//!
//! and in the crate: `pub mod pets { tieline::include_contract!("pets"); }`.

mod diagnostics;
mod failure;
mod generator;
mod options;
mod output;
mod package;
mod plan;
#[cfg(feature = "proto")]
mod proto;
mod rust;
mod stamp;
mod write;

pub use failure::Failure;
pub use generator::Generator;
pub use options::{Numbers, TimeLibrary, TypeOptions};
pub use output::{Output, Rendered};
pub use package::Runtime;
pub use stamp::{Kept, KeptContract, Memory};
pub use tieline_contract::model::{Bulk, NextPage, Paging};
