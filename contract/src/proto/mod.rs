//! Reads Protocol Buffers: proto2 and proto3, without protoc.
//!
//! ```text
//! load.rs    root files and imports, found (roots.rs, bundled.rs) and parsed
//! compile.rs names resolved: one pool of descriptors
//! lower/     descriptors -> the model
//! ```
//!
//! What goes wrong is said in `diagnose.rs`. What protobuf means in the model is documented in `lower`.

mod bundled;
mod comments;
mod compile;
mod descriptors;
mod diagnose;
mod diagnostics;
mod load;
mod lower;
mod roots;
#[cfg(test)]
mod tests;

pub use descriptors::Descriptors;

use std::path::PathBuf;

use crate::lookup::Lookups;
use crate::model::Contract;
use crate::problem::Problems;

/// What reading protos gives.
#[derive(Debug, PartialEq)]
pub struct ProtoRead {
    /// The contract.
    pub contract: Contract,
    /// What could not be taken over: warnings only.
    pub problems: Problems,
    /// Every file that was read, imports included: a build script watches these.
    pub files: Vec<PathBuf>,
    /// Every path that was looked at, and what was there.
    pub lookups: Lookups,
    /// The compiled descriptors.
    pub descriptors: Descriptors,
}

/// Reads root files, or all `.proto` files below root folders, with what they import, as a contract called `name`.
///
/// Imports are looked for under the `include` folders, in their order. A root file under none of these gets an include
/// root of its own: of the folders above it the one under which its imports exist and that its package spells
/// (`user.v1` in `protos/user/v1` means `protos`), or else its own folder. `google/protobuf/*` is built in; the options
/// of `google/api` and the error model of `google/rpc` are, too, where no include root has them.
///
/// ```no_run
/// let read = tieline_contract::proto::read(&["protos/user/v1/user.proto".into()], &[], "users")?;
/// for operation in read.contract.operations() {
///     println!("{}: {}", operation.id, operation.docs.as_deref().unwrap_or("undocumented"));
/// }
/// # Ok::<(), tieline_contract::problem::Problems>(())
/// ```
///
/// # Errors
///
/// A file cannot be read, does not parse, or does not compile; an import cannot be found. All files are tried, so that
/// these come together, each with its place.
pub fn read(roots: &[PathBuf], include: &[PathBuf], name: &str) -> Result<ProtoRead, Problems> {
    let mut loaded = load::load(roots, include);
    let pool = compile::compile(&mut loaded);
    if loaded.problems.has_errors() {
        loaded.problems.settle();
        return Err(loaded.problems);
    }
    let (contract, mut problems) = lower::lower(&pool, &loaded, name);
    problems.settle();
    let files = loaded
        .sources
        .values()
        .filter_map(|source| source.path.clone())
        .collect();
    Ok(ProtoRead {
        contract,
        problems,
        files,
        lookups: loaded.lookups,
        descriptors: Descriptors::new(pool, loaded.roots),
    })
}
