//! Where pacts come from.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value as Json;

use crate::engine::{self, Loaded};

#[derive(Debug)]
pub(super) enum Source {
    Directory(PathBuf),
    File(PathBuf),
    Json(String, Json),
}

impl Source {
    /// The pacts with `provider`, each under the name that reports call it. What cannot be read is a problem.
    pub(super) fn load(&self, provider: &str, problems: &mut Vec<String>) -> Vec<(String, Loaded)> {
        match self {
            Self::Directory(directory) => match files(directory) {
                Ok(files) => files
                    .iter()
                    .filter_map(|file| read(file, problems))
                    .filter(|(_, pact)| pact.provider == provider)
                    .collect(),
                Err(error) => {
                    problems.push(format!(
                        "the directory {} cannot be read: {error}",
                        directory.display()
                    ));
                    Vec::new()
                }
            },
            Self::File(file) => {
                let pact = read(file, problems);
                named(pact, provider, problems)
            }
            Self::Json(name, json) => {
                let pact = parse(name, json, problems);
                named(pact, provider, problems)
            }
        }
    }
}

/// The `.json` files of a directory, in the order of their names.
fn files(directory: &Path) -> std::io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(directory)? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "json") && path.is_file() {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

fn read(file: &Path, problems: &mut Vec<String>) -> Option<(String, Loaded)> {
    let name = file.display().to_string();
    let json = fs::read(file)
        .map_err(|error| error.to_string())
        .and_then(|octets| serde_json::from_slice(&octets).map_err(|error| error.to_string()));
    match json {
        Ok(json) => parse(&name, &json, problems),
        Err(error) => {
            problems.push(format!("the pact {name} cannot be read: {error}"));
            None
        }
    }
}

fn parse(name: &str, json: &Json, problems: &mut Vec<String>) -> Option<(String, Loaded)> {
    match engine::pact(name, json) {
        Ok(pact) => Some((name.to_owned(), pact)),
        Err(error) => {
            problems.push(format!("the pact {name} cannot be read: {error}"));
            None
        }
    }
}

/// A pact that was asked for by name must be with the provider.
fn named(
    pact: Option<(String, Loaded)>,
    provider: &str,
    problems: &mut Vec<String>,
) -> Vec<(String, Loaded)> {
    pact.into_iter()
        .filter(|(name, pact)| {
            let right = pact.provider == provider;
            if !right {
                problems.push(format!(
                    "the pact {name} is with {:?}, and the provider is {provider:?}; name it by `provider`",
                    pact.provider
                ));
            }
            right
        })
        .collect()
}
