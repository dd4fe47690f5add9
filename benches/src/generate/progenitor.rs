//! progenitor, as the library that its macro and its command stand on, at its default settings.

use std::path::{Path, PathBuf};

use openapiv3::OpenAPI;
use progenitor_impl::{GenerationSettings, Generator};

use super::{Generated, PROGENITOR, timed};
use crate::Failure;

/// The types and the async client, formatted as its command does.
pub(super) fn generate(document: &Path, rounds: usize) -> Result<Generated, Failure> {
    let is_yaml = document.extension().is_some_and(|extension| extension != "json");
    if is_yaml {
        return Err("it is YAML, which progenitor's library does not read by itself".into());
    }
    let (text, times) = timed(rounds, || text(document))?;
    let operations = read(document)?.operations().count();
    Ok(Generated {
        generator: PROGENITOR,
        files: vec![(PathBuf::from("src/lib.rs"), text)],
        operations,
        times,
    })
}

fn read(document: &Path) -> Result<OpenAPI, Failure> {
    Ok(serde_json::from_slice(&std::fs::read(document)?)?)
}

fn text(document: &Path) -> Result<String, Failure> {
    let document = read(document)?;
    // It panics at some documents that it cannot express.
    let generated = std::panic::catch_unwind(|| {
        Generator::new(&GenerationSettings::default())
            .generate_tokens(&document)
            .map_err(|error| error.to_string())
    });
    let tokens = generated.map_err(|_| "it panicked")??;
    Ok(prettyplease::unparse(&syn::parse2(tokens)?))
}
