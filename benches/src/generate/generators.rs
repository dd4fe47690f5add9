//! The generators, each a program that writes a crate.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::crates::{PACKAGE, Workshop};
use crate::Failure;
use crate::ledger::Usage;

/// A program that makes a client of a document.
pub(super) struct Generator {
    pub(super) name: &'static str,
    kind: Kind,
    program: PathBuf,
    version: &'static str,
}

#[derive(Clone, Copy)]
enum Kind {
    Tieline,
    OpenapiToRust,
    Progenitor,
}

/// Tieline's name in figures.
pub(super) const TIELINE: &str = "tieline";

impl Generator {
    /// This workspace's, in a process of its own.
    pub(super) fn tieline() -> Result<Self, Failure> {
        Ok(Self {
            name: TIELINE,
            kind: Kind::Tieline,
            program: std::env::current_exe()?,
            version: env!("CARGO_PKG_VERSION"),
        })
    }

    /// The peers that are on crates.io, as their users install them.
    pub(super) fn peers(workshop: &Workshop) -> Result<Vec<Self>, Failure> {
        let peer = |name, kind, package, version| {
            Ok::<_, Failure>(Self {
                name,
                kind,
                program: workshop.install(package, version)?,
                version,
            })
        };
        Ok(vec![
            peer(
                "openapi-to-rust",
                Kind::OpenapiToRust,
                "openapi-to-rust",
                "0.23.0",
            )?,
            peer("progenitor", Kind::Progenitor, "cargo-progenitor", "0.15.0")?,
        ])
    }

    /// Writes the crate of a document at its default settings, and says what that cost.
    pub(super) fn generate(
        &self,
        workshop: &Workshop,
        document: &Path,
        folder: &Path,
    ) -> Result<Usage, Failure> {
        if folder.exists() {
            fs::remove_dir_all(folder)?;
        }
        fs::create_dir_all(folder)?;
        let mut command = workshop.ledger.command(&self.program);
        match self.kind {
            Kind::Tieline => command.arg("render").arg(document).arg(folder),
            Kind::Progenitor => command
                .args(["progenitor", "-n", PACKAGE, "-v", "0.0.0", "-i"])
                .arg(document)
                .arg("-o")
                .arg(folder),
            Kind::OpenapiToRust => command.arg("generate").arg(document).current_dir(folder),
        };
        run(&mut command)?;
        let usage = workshop.ledger.last(None)?;
        if matches!(self.kind, Kind::OpenapiToRust) {
            surround(folder)?;
        }
        Ok(usage)
    }

    /// The name with the version.
    pub(super) fn title(&self) -> String {
        format!("{} {}", self.name, self.version)
    }
}

fn run(command: &mut Command) -> Result<(), Failure> {
    let output = command.stdin(Stdio::null()).output()?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    let lines = said.lines().filter(|line| !line.trim().is_empty());
    let first = lines.take(2).collect::<Vec<_>>().join(" | ");
    Err(format!("does not read it: {first}").into())
}

/// A crate around openapi-to-rust's output, which is a module and a list of dependencies.
fn surround(folder: &Path) -> Result<(), Failure> {
    let needs = fs::read_to_string(folder.join("src/generated/REQUIRED_DEPS.toml"))?;
    let needs = if needs.contains("[dependencies]") {
        needs
    } else {
        format!("[dependencies]\n{needs}")
    };
    let manifest = format!(
        "[package]\nname = \"{PACKAGE}\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\n[workspace]\n\n{needs}"
    );
    fs::write(folder.join("Cargo.toml"), manifest)?;
    fs::write(folder.join("src/lib.rs"), "pub mod generated;\n")?;
    Ok(())
}
