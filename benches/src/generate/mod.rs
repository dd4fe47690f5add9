//! Generating a client of a document, and checking what came out, against progenitor.
//!
//! Generation is measured in this process: reading the document, generating, formatting. Checking is `cargo check` (or
//! `cargo build`) of a crate that holds the generated code, with its dependencies built beforehand; its cost is the CPU
//! time of cargo and rustc.

mod crates;
#[cfg(feature = "peers")]
mod progenitor;
mod tieline;

use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Args;

use self::crates::{Crate, Workshop};
use crate::report::{Figure, Goal, median};
use crate::{Failure, cost};

/// What to measure.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// The OpenAPI document.
    #[arg(long, default_value = DOCUMENT)]
    document: PathBuf,
    /// Rounds.
    #[arg(long, default_value_t = 3)]
    rounds: usize,
    /// Builds the crates (debug) instead of checking them.
    #[arg(long)]
    build: bool,
    /// Generates only, and counts lines.
    #[arg(long)]
    no_check: bool,
    /// Where crates are written and built; kept, so that dependencies are built once.
    #[arg(long)]
    workshop: Option<PathBuf>,
}

/// The largest public document at hand that both generators read.
const DOCUMENT: &str = "../shared/corpus/openapi/documents/progenitor-buildomat.json";

/// The peer's name in figures.
const PROGENITOR: &str = "progenitor";

/// A crate's worth of generated code.
struct Generated {
    generator: &'static str,
    files: Vec<(PathBuf, String)>,
    operations: usize,
    /// Of each round.
    times: Vec<Duration>,
}

impl Generated {
    /// Lines of Rust that are code: no blank lines, no comments.
    fn lines(&self, of: impl Fn(&Path) -> bool) -> usize {
        let rust = self.files.iter().filter(|(path, _)| of(path));
        rust.flat_map(|(_, text)| text.lines())
            .map(str::trim)
            .filter(|line| !line.is_empty() && !line.starts_with("//"))
            .count()
    }
}

/// Measures and prints.
pub(crate) fn run(options: &Options) -> Result<(), Failure> {
    if !options.document.exists() {
        eprintln!(
            "SKIPPED: there is no document at {}; name one with --document",
            options.document.display()
        );
        return Ok(());
    }
    let rounds = options.rounds.max(1);
    let mut all = vec![self::tieline::generate(&options.document, rounds)?];
    match peer(&options.document, rounds) {
        Ok(generated) => all.extend(generated),
        Err(error) => eprintln!("SKIPPED: progenitor does not read the document: {error}"),
    }
    print_generation(&all);
    if !options.no_check {
        check(&all, options)?;
    }
    Ok(())
}

#[cfg(feature = "peers")]
fn peer(document: &Path, rounds: usize) -> Result<Option<Generated>, Failure> {
    self::progenitor::generate(document, rounds).map(Some)
}

#[cfg(not(feature = "peers"))]
fn peer(_document: &Path, _rounds: usize) -> Result<Option<Generated>, Failure> {
    eprintln!("SKIPPED: no comparison with progenitor; build with `--features peers`");
    Ok(None)
}

/// Runs `generate` once a round; gives its last result and the CPU time of each.
fn timed<T>(
    rounds: usize,
    mut generate: impl FnMut() -> Result<T, Failure>,
) -> Result<(T, Vec<Duration>), Failure> {
    let mut times = Vec::with_capacity(rounds);
    loop {
        let (outcome, took) = cost::cpu_of(&mut generate)?;
        let generated = outcome?;
        times.push(took);
        if times.len() >= rounds {
            return Ok((generated, times));
        }
    }
}

fn seconds(times: &[Duration]) -> f64 {
    median(times.iter().map(Duration::as_secs_f64))
}

/// Prints a figure of each generator; the first's with its ratio to the others.
fn compare(subject: &str, unit: &'static str, goal: Option<Goal>, values: &[(&'static str, f64)]) {
    for (index, (name, value)) in values.iter().enumerate() {
        let mut figure = Figure::new(format!("generate/{name}/{subject}"), *value, unit);
        if index == 0 {
            figure = figure.goal(goal);
            for (peer, other) in &values[1..] {
                figure = figure.ratio(peer, value / other);
            }
        }
        figure.print();
    }
}

fn print_generation(all: &[Generated]) {
    let of = |value: fn(&Generated) -> f64| -> Vec<(&'static str, f64)> {
        all.iter()
            .map(|generated| (generated.generator, value(generated)))
            .collect()
    };
    compare(
        "time",
        "ms",
        Some(Goal::AtMost(1_500.0)),
        &of(|generated| seconds(&generated.times) * 1e3),
    );
    compare(
        "lines",
        "count",
        None,
        &of(|generated| generated.lines(is_rust) as f64),
    );
    compare(
        "lines-per-operation",
        "count",
        None,
        &of(|generated| generated.lines(is_rust) as f64 / generated.operations.max(1) as f64),
    );
    for generated in all
        .iter()
        .filter(|generated| generated.generator == self::tieline::NAME)
    {
        let beside_types = |path: &Path| is_rust(path) && !path.ends_with("types.rs");
        let lines = generated.lines(beside_types) as f64 / generated.operations.max(1) as f64;
        Figure::new(
            "generate/tieline/lines-per-operation-beside-types",
            lines,
            "count",
        )
        .goal(Some(Goal::AtMost(40.0)))
        .print();
    }
}

fn is_rust(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "rs")
}

/// Checks every crate in rounds, so that all meet the same load of the machine.
fn check(all: &[Generated], options: &Options) -> Result<(), Failure> {
    let workshop = Workshop::open(options.workshop.clone())?;
    let (command, goal) = if options.build {
        ("build", Goal::Times(1.0 / 3.0, PROGENITOR))
    } else {
        ("check", Goal::Times(0.25, PROGENITOR))
    };
    let mut crates: Vec<Crate> = Vec::new();
    for generated in all {
        let manifest = match generated.generator {
            PROGENITOR => crates::PROGENITOR_MANIFEST.to_owned(),
            _ => crates::tieline_manifest()?,
        };
        crates.push(workshop.prepare(generated.generator, &manifest, &generated.files, command)?);
    }
    crates.push(workshop.prepare("empty", crates::EMPTY_MANIFEST, &[], command)?);
    let mut times = vec![Vec::new(); crates.len()];
    for _ in 0..options.rounds.max(1) {
        for (one, times) in crates.iter().zip(&mut times) {
            times.push(one.compile()?);
        }
    }
    let values: Vec<_> = crates
        .iter()
        .zip(&times)
        .map(|(one, times)| (one.name(), seconds(times)))
        .collect();
    compare(command, "s", Some(goal), &values);
    Ok(())
}
