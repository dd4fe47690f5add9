//! Every OpenAPI document of a folder: read, generated and, on request, compiled.
//!
//! ```text
//! roots of the folder -> read and generate, on all cores, panics caught -> a crate each -> cargo check of all
//! ```
//!
//! The last line counts: documents, those that generated, those that compiled without a warning, panics, and operations
//! that had to be skipped.

pub(crate) mod compile;
pub(crate) mod generate;
pub(crate) mod round_trip;

use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use clap::Args;

use crate::Failure;
pub(crate) use compile::Workshop;
use generate::Outcome;
pub(crate) use generate::Row;
pub(crate) use round_trip::{Oracle, Sampler};

/// Which documents, and how far they are taken.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// The folder of documents. Of a document in several files, the root counts.
    folder: PathBuf,
    /// Compiles what was generated (client, server, mock and blocking client), warnings being errors.
    #[arg(long)]
    compile: bool,
    /// Builds what was generated, and sends the documents' examples, and values made from their schemas, through its types.
    #[arg(long)]
    round_trip: bool,
    /// How many complaints about a document's values are shown.
    #[arg(long, default_value_t = 6)]
    complaints: usize,
    /// What the random choices of the round trips grow from.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Splits crates by the tags of operations. Compiling checks them with all features.
    #[arg(long)]
    split: bool,
    /// Only documents whose path below the folder matches this pattern, with `*` and `?`.
    #[arg(long, value_name = "GLOB")]
    only: Option<String>,
    /// Takes every Nth document only, beginning with the first.
    #[arg(long, value_name = "N", default_value_t = 1)]
    every: usize,
    /// Where crates are written and compiled; kept, so that what did not change is not compiled again.
    #[arg(long, value_name = "DIR")]
    workshop: Option<PathBuf>,
    /// Writes a JSON object a document to this file.
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,
}

/// Runs, prints a row a document, and the totals.
pub(crate) fn run(options: &Options) -> Result<(), Failure> {
    let documents = documents(options)?;
    let workshop = if options.compile || options.round_trip {
        Some(Workshop::open(options.workshop.as_deref())?)
    } else {
        None
    };
    let mut rows = generate_all(&documents, &options.folder, workshop.as_ref(), options.split);
    if let (Some(workshop), true) = (&workshop, options.compile) {
        compile::all(workshop, &mut rows)?;
    }
    for row in &rows {
        println!("{row}");
    }
    if let Some(path) = &options.report {
        let mut file = std::fs::File::create(path)?;
        for row in &rows {
            writeln!(file, "{}", row.to_json())?;
        }
    }
    finish(&rows)?;
    match &workshop {
        Some(workshop) if options.round_trip => round_trip::all(workshop, &rows, options),
        _ => Ok(()),
    }
}

fn documents(options: &Options) -> Result<Vec<PathBuf>, Failure> {
    let documents = roots(&options.folder, options.only.as_slice())?;
    Ok(documents.into_iter().step_by(options.every.max(1)).collect())
}

/// The OpenAPI documents of a folder whose path below it matches one of the patterns, if there are any.
pub(crate) fn roots(folder: &Path, patterns: &[String]) -> Result<Vec<PathBuf>, Failure> {
    let mut documents = tieline_contract::discover::roots(folder)?;
    documents.retain(|path| {
        let below = path.strip_prefix(folder).unwrap_or(path).to_string_lossy();
        let is_proto = path.extension().is_some_and(|extension| extension == "proto");
        let wanted = patterns.is_empty() || patterns.iter().any(|glob| matches(glob, &below));
        !is_proto && wanted
    });
    if documents.is_empty() {
        return Err(format!("no OpenAPI document in {}", folder.display()).into());
    }
    Ok(documents)
}

/// Reads and generates every document, as many at a time as there are cores.
pub(crate) fn generate_all(
    documents: &[PathBuf],
    folder: &Path,
    workshop: Option<&Workshop>,
    split: bool,
) -> Vec<Row> {
    let cores = thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let packages = generate::packages(documents, folder);
    let next = AtomicUsize::new(0);
    let rows: Mutex<Vec<(usize, Row)>> = Mutex::new(Vec::new());
    let quiet = std::panic::take_hook();
    std::panic::set_hook(Box::new(|_| {}));
    thread::scope(|scope| {
        for _ in 0..cores {
            scope.spawn(|| {
                loop {
                    let at = next.fetch_add(1, Ordering::Relaxed);
                    let Some(document) = documents.get(at) else { break };
                    let package = packages[at].clone();
                    let row = generate::document(document, folder, package, workshop, &[], split);
                    if let Ok(mut rows) = rows.lock() {
                        rows.push((at, row));
                    }
                }
            });
        }
    });
    std::panic::set_hook(quiet);
    let mut rows = rows.into_inner().unwrap_or_default();
    rows.sort_by_key(|(at, _)| *at);
    rows.into_iter().map(|(_, row)| row).collect()
}

/// Prints the totals. Panics and code that does not compile are failures; a document that is refused is not.
fn finish(rows: &[Row]) -> Result<(), Failure> {
    let count = |wanted: fn(&Row) -> bool| rows.iter().filter(|row| wanted(row)).count();
    let generated = count(|row| matches!(row.outcome, Outcome::Generated { .. }));
    let compiled = count(|row| row.compiled == Some(true));
    let failed = count(|row| row.compiled == Some(false));
    let panics = count(|row| matches!(row.outcome, Outcome::Panicked(_)));
    let operations: usize = rows.iter().map(Row::operations).sum();
    let skipped: usize = rows.iter().map(Row::skipped).sum();
    println!(
        "corpus: {} documents, {generated} generated, {compiled} compiled, {panics} panics, {skipped} of {} operations skipped",
        rows.len(),
        operations + skipped,
    );
    if panics + failed > 0 {
        return Err(format!("{panics} panics, {failed} documents whose code does not compile").into());
    }
    Ok(())
}

/// Whether a text matches a pattern in which `*` stands for any characters and `?` for one.
pub(crate) fn matches(glob: &str, text: &str) -> bool {
    let (glob, text): (Vec<char>, Vec<char>) = (glob.chars().collect(), text.chars().collect());
    let (mut g, mut t) = (0, 0);
    // Where the last star was, and how much of the text it has taken.
    let mut star: Option<(usize, usize)> = None;
    while t < text.len() {
        match glob.get(g) {
            Some('*') => {
                star = Some((g, t));
                g += 1;
            }
            Some(one) if *one == '?' || *one == text[t] => {
                g += 1;
                t += 1;
            }
            _ => match star {
                Some((at, taken)) => {
                    star = Some((at, taken + 1));
                    g = at + 1;
                    t = taken + 1;
                }
                None => return false,
            },
        }
    }
    glob[g..].iter().all(|rest| *rest == '*')
}

#[cfg(test)]
mod tests {
    use super::matches;

    #[test]
    fn patterns_match_as_in_a_shell() {
        for (glob, text, expected) in [
            ("*", "a/b.yaml", true),
            ("adyen-*", "adyen-v1.json", true),
            ("*.yaml", "a.json", false),
            ("a?c*e", "abcdde", true),
            ("a?c", "ac", false),
            ("", "", true),
        ] {
            assert_eq!(matches(glob, text), expected, "{glob} {text}");
        }
    }
}
