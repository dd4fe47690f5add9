//! The crates of all documents in one workspace, so that the runtime is compiled once.

use std::collections::{HashMap, HashSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;
use tieline_codegen::Output;

use super::generate::{Outcome, Row};
use crate::Failure;

/// The folder of the workspace.
pub(crate) struct Workshop {
    folder: PathBuf,
    runtime: PathBuf,
}

impl Workshop {
    /// The folder given, or one next to this program.
    pub(crate) fn open(folder: Option<&Path>) -> Result<Self, Failure> {
        let folder = match folder {
            Some(folder) => folder.to_owned(),
            None => std::env::current_exe()?
                .parent()
                .ok_or("this program is in no folder")?
                .join("benches-corpus"),
        };
        fs::create_dir_all(&folder)?;
        let runtime = Path::new(env!("CARGO_MANIFEST_DIR")).join("../runtime");
        Ok(Self {
            folder: folder.canonicalize()?,
            runtime: runtime.canonicalize()?,
        })
    }

    /// The folder of the workspace.
    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    pub(crate) fn runtime(&self) -> &Path {
        &self.runtime
    }

    /// Makes one workspace of the crates.
    pub(crate) fn join<'r>(&self, rows: impl IntoIterator<Item = &'r Row>) -> Result<(), Failure> {
        let members: Vec<&str> = rows
            .into_iter()
            .filter(|row| matches!(row.outcome, Outcome::Generated { .. }))
            .map(|row| row.package.as_str())
            .collect();
        let manifest = format!("[workspace]\nresolver = \"3\"\nmembers = {members:?}\n");
        fs::write(self.folder.join("Cargo.toml"), manifest)?;
        Ok(())
    }

    /// Writes a crate, its files that did not change left alone.
    pub(crate) fn write(&self, package: &str, output: &Output) -> Result<(), Failure> {
        for (path, text) in output.files() {
            let to = self.folder.join(package).join(path);
            // A member of this workspace, not one of its own.
            let text = if path == Path::new("Cargo.toml") {
                text.replace("\n[workspace]\n", "\n")
            } else {
                text.clone()
            };
            if fs::read_to_string(&to).is_ok_and(|old| old == text) {
                continue;
            }
            if let Some(folder) = to.parent() {
                fs::create_dir_all(folder)?;
            }
            fs::write(to, text)?;
        }
        Ok(())
    }
}

/// Checks every crate, and notes for each row whether that went well.
pub(crate) fn all(workshop: &Workshop, rows: &mut [Row]) -> Result<(), Failure> {
    workshop.join(&*rows)?;
    let (complaints, finished) = check(workshop)?;
    for row in rows {
        if matches!(row.outcome, Outcome::Generated { .. }) {
            let complaint = complaints.get(&row.package);
            row.compiled = Some(complaint.is_none() && finished.contains(&row.package));
            row.complaint = complaint.cloned().unwrap_or_default();
        }
    }
    Ok(())
}

type ByPackage<T> = HashMap<String, T>;

/// The first complaint about each package, and the packages that were compiled.
fn check(workshop: &Workshop) -> Result<(ByPackage<String>, HashSet<String>), Failure> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .args([
            "check",
            "--quiet",
            "--workspace",
            "--all-features",
            "--keep-going",
            "--message-format=json",
        ])
        .current_dir(&workshop.folder)
        .env("CARGO_TARGET_DIR", workshop.folder.join("target"))
        .env("CARGO_INCREMENTAL", "0")
        .stdin(Stdio::null())
        .stderr(Stdio::piped())
        .output()?;
    let mut complaints = HashMap::new();
    let mut finished = HashSet::new();
    for line in String::from_utf8_lossy(&output.stdout).lines() {
        let Ok(message) = serde_json::from_str::<Value>(line) else {
            continue;
        };
        let Some(package) = package(&message) else {
            continue;
        };
        match message["reason"].as_str() {
            // A warning is a complaint as well: the code is to be clean under `-D warnings`.
            Some("compiler-message") => {
                let text = message["message"]["rendered"].as_str().unwrap_or_default();
                let text = text.lines().take(6).collect::<Vec<_>>().join(" | ");
                complaints.entry(package).or_insert(text);
            }
            Some("compiler-artifact") => {
                finished.insert(package);
            }
            _ => {}
        }
    }
    if finished.is_empty() {
        return Err(String::from_utf8_lossy(&output.stderr).into_owned().into());
    }
    Ok((complaints, finished))
}

/// The package that a message speaks of: `path+file:///…/doc-pets#1.0.0` or `…#doc-pets@1.0.0`.
fn package(message: &Value) -> Option<String> {
    let target = message["target"]["name"].as_str()?;
    Some(target.replace('_', "-"))
}
