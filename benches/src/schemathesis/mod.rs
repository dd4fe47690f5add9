//! Generated servers under schemathesis, which makes requests from a document, valid ones and wrong ones, and judges what
//! comes back.
//!
//! ```text
//! document -> its crate, and replies made from its schemas -> one program with all the servers (`stub.rs`)
//!          -> schemathesis against each, valid requests first, then wrong ones -> a row a document
//! ```
//!
//! Schemathesis comes from PyPI, into a virtual environment. Of its checks, these are left out:
//!
//! - of wrong requests, whether status, media type and schema of the refusal are declared: documents rarely declare how a
//!   server refuses what breaks them, and ours answers with problem details (RFC 9457), or as its owner says;
//! - `ignored_auth`: who may call is the business of a layer above the generated server;
//! - those of the `stateful` phase: the replies are made up.

mod python;
mod samples;
mod sharp;

use std::fmt::Write as _;
use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use clap::Args;
use serde_json::json;

use crate::Failure;
use crate::corpus::{self, Row, Workshop};
use python::{Mode, Report, Schemathesis};

/// Which documents, and how many requests.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// The folder of documents.
    folder: PathBuf,
    /// Only documents whose path below the folder matches one of these patterns, with `*` and `?`.
    #[arg(long, value_name = "GLOB")]
    only: Vec<String>,
    /// How many requests of each kind are made of each operation.
    #[arg(long, default_value_t = 20)]
    max_examples: usize,
    /// What requests and replies grow from.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// How long one run of schemathesis may take, in seconds.
    #[arg(long, default_value_t = 300)]
    max_time: u64,
    /// How many failures of a document are shown.
    #[arg(long, default_value_t = 5)]
    failures: usize,
    /// Where crates are written and compiled; kept, so that what did not change is not compiled again.
    #[arg(long, value_name = "DIR")]
    workshop: Option<PathBuf>,
}

/// Runs, prints a row a document, and the totals.
pub(crate) fn run(options: &Options) -> Result<(), Failure> {
    let workshop = Workshop::open(options.workshop.as_deref())?;
    let schemathesis = match Schemathesis::install(&workshop.folder().join("schemathesis")) {
        Ok(schemathesis) => schemathesis,
        Err(why) => {
            println!("schemathesis: SKIPPED, nothing was tested: {why}");
            return Ok(());
        }
    };
    let documents = corpus::roots(&options.folder, &options.only)?;
    let rows: Vec<Row> = corpus::generate_all(&documents, &options.folder, Some(&workshop), false)
        .into_iter()
        .filter(|row| row.operations() > 0)
        .collect();
    build(&workshop, &rows)?;
    let mut total = Report::default();
    for row in &rows {
        let report = document(&workshop, &schemathesis, row, options)?;
        total.add(&report);
    }
    println!(
        "schemathesis: {} documents, {} operations, {} requests, {} failures",
        rows.len(),
        total.operations,
        total.cases,
        total.failures.len()
    );
    if !total.failures.is_empty() {
        return Err(format!("{} failures", total.failures.len()).into());
    }
    Ok(())
}

/// One document, in both modes.
fn document(
    workshop: &Workshop,
    schemathesis: &Schemathesis,
    row: &Row,
    options: &Options,
) -> Result<Report, Failure> {
    let path = options.folder.join(&row.name).canonicalize()?;
    let samples = samples::of(&path, options.seed)?;
    let file = workshop.folder().join(&row.package).join("replies.json");
    fs::write(&file, json!(samples.answers).to_string())?;
    let mut root = samples::load(&path)?;
    sharp::sharpened(&mut root);
    let sharp = workshop.folder().join(format!("{}.json", row.package));
    fs::write(&sharp, root.to_string())?;
    let stub = Stub::start(workshop, &row.package, &file)?;
    let mut report = Report::default();
    for mode in [Mode::Positive, Mode::Negative] {
        let limits = python::Limits {
            examples: options.max_examples,
            seed: options.seed,
            seconds: options.max_time,
        };
        report.add(&schemathesis.test(&sharp, &stub.url(), mode, limits, &samples.unanswered())?);
    }
    drop(stub);
    report.operations = samples.answers.len();
    println!(
        "{}: {} operations ({} without a reply), {} requests, {} failures",
        row.name,
        report.operations,
        samples.without.len(),
        report.cases,
        report.failures.len()
    );
    for (operation, why) in &samples.without {
        println!("    not tested: {operation}: {why}");
    }
    for failure in report.failures.iter().take(options.failures) {
        println!("    {failure}");
    }
    Ok(report)
}

/// The crate of the program with all the servers.
const STUBS: &str = "stubs";

const MANIFEST: &str = r#"[package]
name = "stubs"
version = "0.1.0"
edition = "2024"
publish = false

[dependencies]
bytes = "1"
http = "1"
serde = { version = "1", features = ["derive"] }
serde_json = "1"
tokio = { version = "1", features = ["macros", "net", "rt"] }
"#;

/// Builds the program with all the servers.
fn build(workshop: &Workshop, rows: &[Row]) -> Result<(), Failure> {
    let mut manifest = MANIFEST.to_owned();
    let runtime = workshop.runtime().display();
    writeln!(
        manifest,
        "tieline = {{ path = {:?}, features = [\"client\", \"server\"] }}",
        runtime.to_string()
    )?;
    let mut services = String::new();
    for row in rows {
        let package = &row.package;
        writeln!(
            manifest,
            "{package} = {{ path = \"../{package}\", features = [\"client\", \"server\"] }}"
        )?;
        let module = package.replace('-', "_");
        writeln!(
            services,
            "        {package:?} => {module}::service({module}::Client::new(client)),"
        )?;
    }
    let program = include_str!("stub.rs").replace("        // SERVICES\n", &services);
    let folder = workshop.folder().join(STUBS);
    fs::create_dir_all(folder.join("src"))?;
    fs::write(folder.join("Cargo.toml"), manifest)?;
    fs::write(folder.join("src/main.rs"), program)?;
    let members = json!(
        rows.iter()
            .map(|row| &*row.package)
            .chain([STUBS])
            .collect::<Vec<_>>()
    );
    let joined = format!("[workspace]\nresolver = \"3\"\nmembers = {members}\n");
    fs::write(workshop.folder().join("Cargo.toml"), joined)?;
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .args(["build", "--quiet", "--package", STUBS])
        .current_dir(workshop.folder())
        .env("CARGO_TARGET_DIR", workshop.folder().join("target"))
        .env("CARGO_INCREMENTAL", "0")
        .env("CARGO_PROFILE_DEV_DEBUG", "0")
        .env("RUSTFLAGS", "--cap-lints=allow")
        .stdin(Stdio::null())
        .output()?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    Err(said.lines().take(30).collect::<Vec<_>>().join("\n").into())
}

/// A running server. Dropping it ends it.
struct Stub {
    process: Child,
    address: String,
}

impl Stub {
    fn start(workshop: &Workshop, package: &str, answers: &Path) -> Result<Self, Failure> {
        let mut process = Command::new(workshop.folder().join("target/debug").join(STUBS))
            .arg(package)
            .arg(answers)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let mut address = String::new();
        if let Some(stdout) = process.stdout.take() {
            BufReader::new(stdout).read_line(&mut address)?;
        }
        Ok(Self {
            process,
            address: address.trim().to_owned(),
        })
    }

    fn url(&self) -> String {
        format!("http://{}", self.address)
    }
}

impl Drop for Stub {
    fn drop(&mut self) {
        // Its standard input ends: it ends.
        drop(self.process.stdin.take());
        if let Err(error) = self.process.wait() {
            eprintln!("a server could not be waited for: {error}");
        }
    }
}
