//! Tieline's own side.

use std::path::Path;

use tieline_codegen::{Generator, Runtime};

use super::{Generated, timed};
use crate::Failure;

pub(super) const NAME: &str = "tieline";

/// The types, the trait and the async client, as a crate.
pub(super) fn generate(document: &Path, rounds: usize) -> Result<Generated, Failure> {
    let generator = Generator::new()
        .contract(document)
        .server(false)
        .mock(false)
        .blocking(false)
        .package("generated", Runtime::default());
    let (output, times) = timed(rounds, || Ok(generator.render()?))?;
    let skipped: usize = output
        .contracts
        .iter()
        .map(|contract| contract.skipped.len())
        .sum();
    if skipped > 0 {
        eprintln!("tieline left {skipped} operations out");
    }
    let operations = output.contracts.iter().map(|contract| contract.operations).sum();
    let files = output
        .contracts
        .into_iter()
        .flat_map(|contract| contract.files)
        .collect();
    Ok(Generated {
        generator: NAME,
        files,
        operations,
        times,
    })
}
