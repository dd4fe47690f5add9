//! Generating clients of documents and compiling what came out, against peers, on the same documents in one run.
//!
//! Each generator is a process of its own that writes a crate. Compiling is rustc's work on that crate alone, its
//! dependencies being ready: CPU time, and the most memory that it held.

mod again;
mod crates;
mod generators;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use clap::Args;
use tieline_codegen::Runtime;

use self::crates::{PACKAGE, Task, Workshop};
use self::generators::{Generator, TIELINE};
use crate::Failure;
use crate::ledger::Usage;
use crate::report::{Figure, Goal, median};

/// What to measure.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// The OpenAPI documents. The benchmarks' own, unless named.
    documents: Vec<PathBuf>,
    /// Measures openapi-to-rust and progenitor as well; the first time, cargo installs them into the workshop.
    #[arg(long)]
    peers: bool,
    /// Builds the crates in release mode, too, and weighs the libraries.
    #[arg(long)]
    build: bool,
    /// Generates only, and counts lines.
    #[arg(long)]
    no_check: bool,
    /// Rounds; the middle one of each figure is told.
    #[arg(long, default_value_t = 1)]
    rounds: usize,
    /// Where programs and crates are built; kept, so that dependencies are built once.
    #[arg(long)]
    workshop: Option<PathBuf>,
}

/// The hidden subject that is Tieline's generator as a process.
#[derive(Debug, Args)]
pub(crate) struct Rendering {
    document: PathBuf,
    folder: PathBuf,
}

impl Rendering {
    /// Writes the crate: types, trait and async client by default, the rest behind features.
    pub(crate) fn run(&self) -> Result<(), Failure> {
        let runtime = Path::new(env!("CARGO_MANIFEST_DIR")).join("../runtime");
        let output = tieline_codegen::Generator::new()
            .contract(&self.document)
            .package(PACKAGE, Runtime::Path(runtime.canonicalize()?))
            .out_dir(&self.folder)
            .write()?;
        let contracts = &output.contracts;
        let operations: usize = contracts.iter().map(|contract| contract.operations).sum();
        std::fs::write(self.folder.join(OPERATIONS), operations.to_string())?;
        Ok(())
    }
}

/// The file that `render` leaves the number of operations in.
const OPERATIONS: &str = "operations.txt";
/// What a peer should not exceed, with features that stand for everything.
const EVERYTHING: &str = "tieline-everything";
/// The goals are multiples of the best peer's figure.
const BEST: &str = "best-peer";

/// The files of Tieline's output that stand behind features.
const OPTIONAL: [&str; 3] = ["server.rs", "mock.rs", "blocking.rs"];

/// Figures of one document: of each kind, a value for each generator, Tieline first.
type Table = BTreeMap<&'static str, Vec<(&'static str, f64)>>;

/// Measures and prints.
pub(crate) fn run(options: &Options) -> Result<(), Failure> {
    let workshop = Workshop::open(options.workshop.clone())?;
    let mut generators = vec![Generator::tieline()?];
    if options.peers {
        generators.extend(Generator::peers(&workshop)?);
    }
    for generator in &generators {
        eprintln!("{}", generator.title());
    }
    let own = [Path::new(env!("CARGO_MANIFEST_DIR")).join("contracts/pets.yaml")];
    let documents: &[PathBuf] = if options.documents.is_empty() {
        &own
    } else {
        &options.documents
    };
    for document in documents {
        // A program that is started elsewhere finds it, too.
        let document = document
            .canonicalize()
            .map_err(|error| format!("{}: {error}", document.display()))?;
        let name = document
            .file_stem()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        let mut rounds = Table::new();
        let mut table: BTreeMap<(&'static str, &'static str), Vec<f64>> = BTreeMap::new();
        let mut order = Vec::new();
        for _ in 0..options.rounds.max(1) {
            for generator in &generators {
                let outcome = measure(
                    &workshop,
                    generator,
                    &document,
                    options,
                    &mut |who, what, value| {
                        if !order.contains(&(who, what)) {
                            order.push((who, what));
                        }
                        table.entry((who, what)).or_default().push(value);
                    },
                );
                if let Err(error) = outcome {
                    if generator.name == TIELINE {
                        return Err(format!("{name}: {error}").into());
                    }
                    eprintln!("SKIPPED: {name}: {}: {error}", generator.name);
                }
            }
        }
        for (who, what) in order {
            let values = table.remove(&(who, what)).unwrap_or_default();
            rounds.entry(what).or_default().push((who, median(values)));
        }
        print(&name, &rounds);
    }
    Ok(())
}

/// Generates and compiles a document with one generator, and tells each figure.
fn measure(
    workshop: &Workshop,
    generator: &Generator,
    document: &Path,
    options: &Options,
    tell: &mut dyn FnMut(&'static str, &'static str, f64),
) -> Result<(), Failure> {
    let name = generator.name;
    let folder = workshop.path(format!("crate-{name}"));
    let usage = generator.generate(workshop, document, &folder)?;
    tell_usage(
        &mut |what, value| tell(name, what, value),
        ["generate-cpu", "generate-memory"],
        usage,
    );
    let is_tieline = name == TIELINE;
    let all = lines(&folder.join("src"), &|path| {
        !(is_tieline && OPTIONAL.iter().any(|end| path.ends_with(end)))
    })?;
    tell(name, "lines", all as f64);
    if is_tieline {
        let operations: f64 = std::fs::read_to_string(folder.join(OPERATIONS))?.parse()?;
        let types = lines(&folder.join("src"), &|path| path.ends_with("types.rs"))?;
        let each = (all - types) as f64 / operations.max(1.0);
        tell(name, "lines-per-operation-beside-types", each);
    }
    if is_tieline {
        match again::measure(document) {
            Ok(again) => {
                for (what, took) in [
                    ("generate-cold", again.cold),
                    ("generate-edit", again.edit),
                    ("generate-warm", again.warm),
                ] {
                    tell(name, what, took.as_secs_f64());
                }
            }
            Err(error) => eprintln!("SKIPPED: {}: again: {error}", document.display()),
        }
    }
    if options.no_check {
        return Ok(());
    }
    let variants: &[(&'static str, &[&str])] = if is_tieline {
        &[(TIELINE, &[]), (EVERYTHING, &["--all-features"])]
    } else {
        &[(name, &[])]
    };
    for (who, features) in variants {
        let usage = workshop.compile(&folder, features, Task::Check)?;
        tell_usage(
            &mut |what, value| tell(who, what, value),
            ["check-cpu", "check-memory"],
            usage,
        );
    }
    if options.build {
        let usage = workshop.compile(&folder, &[], Task::Release)?;
        tell_usage(
            &mut |what, value| tell(name, what, value),
            ["build-cpu", "build-memory"],
            usage,
        );
        tell(name, "library", workshop.library_size()? as f64 / 1e6);
    }
    Ok(())
}

fn tell_usage(tell: &mut dyn FnMut(&'static str, f64), names: [&'static str; 2], usage: Usage) {
    tell(names[0], usage.cpu.as_secs_f64());
    tell(names[1], usage.peak as f64 / 1e6);
}

/// Lines of Rust that are code, in the files of a folder: no blank lines, no comments.
fn lines(folder: &Path, of: &dyn Fn(&Path) -> bool) -> Result<usize, Failure> {
    let mut sum = 0;
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            sum += lines(&path, of)?;
        } else if path.extension().is_some_and(|extension| extension == "rs") && of(&path) {
            let text = std::fs::read_to_string(&path)?;
            let code = text.lines().map(str::trim);
            sum += code
                .filter(|line| !line.is_empty() && !line.starts_with("//"))
                .count();
        }
    }
    Ok(sum)
}

/// What each figure is measured in, and the goal.
const FIGURES: [(&str, &str, Option<Goal>); 12] = [
    ("generate-cpu", "s", Some(Goal::AtMost(1.5))),
    ("generate-memory", "MB", Some(Goal::AtMost(500.0))),
    ("generate-cold", "s", Some(Goal::AtMost(1.5))),
    ("generate-edit", "s", Some(Goal::AtMost(1.5))),
    ("generate-warm", "s", Some(Goal::AtMost(0.05))),
    ("lines", "count", None),
    (
        "lines-per-operation-beside-types",
        "count",
        Some(Goal::AtMost(40.0)),
    ),
    ("check-cpu", "s", Some(Goal::Times(0.25, BEST))),
    ("check-memory", "MB", Some(Goal::Times(0.25, BEST))),
    ("build-cpu", "s", Some(Goal::Times(1.0 / 3.0, BEST))),
    ("build-memory", "MB", None),
    ("library", "MB", None),
];

/// Prints the figures of a document; Tieline's with the ratio to each peer and to the best of them.
fn print(document: &str, table: &Table) {
    for (what, unit, goal) in FIGURES {
        let Some(values) = table.get(what) else { continue };
        let peers = values.iter().filter(|(who, _)| !who.starts_with(TIELINE));
        let best = peers.clone().map(|(_, value)| *value).min_by(f64::total_cmp);
        for (who, value) in values {
            let mut figure = Figure::new(format!("generate/{document}/{who}/{what}"), *value, unit);
            if who.starts_with(TIELINE) {
                figure = figure.goal(goal.filter(|_| *who == TIELINE));
                figure = best
                    .iter()
                    .fold(figure, |figure, best| figure.ratio(BEST, value / best));
                figure = peers
                    .clone()
                    .fold(figure, |figure, (who, other)| figure.ratio(who, value / other));
            }
            figure.print();
        }
    }
}
