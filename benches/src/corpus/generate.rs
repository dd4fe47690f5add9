//! One document: read and generated, with its figures.

use std::collections::HashSet;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::{Value, json};
use tieline_codegen::{Generator, Output, Runtime};
use tieline_contract::problem::{Level, Problems};

use super::compile::Workshop;
use crate::cost;

/// What became of a document.
pub(crate) struct Row {
    /// Its path below the folder.
    pub(crate) name: String,
    /// The package that holds its code.
    pub(crate) package: String,
    /// Its types: the name in the contract, and the one in Rust.
    pub(crate) type_names: Vec<(String, String)>,
    pub(crate) outcome: Outcome,
    /// CPU time of reading and generating.
    pub(crate) took: Duration,
    /// `None`: not tried.
    pub(crate) compiled: Option<bool>,
    /// What the compiler said first.
    pub(crate) complaint: String,
}

/// What came of reading and generating.
pub(crate) enum Outcome {
    Generated {
        operations: usize,
        skipped: usize,
        types: usize,
        warnings: usize,
        lines: usize,
    },
    /// The first error.
    Refused(String),
    /// What it said.
    Panicked(String),
}

/// Reads and generates a document; its crate is written where it will be compiled. `urls` stand for files.
pub(crate) fn document(
    path: &Path,
    folder: &Path,
    package: String,
    workshop: Option<&Workshop>,
    urls: &[(String, PathBuf)],
    split: bool,
) -> Row {
    let name = name(path, folder);
    let made = catch_unwind(AssertUnwindSafe(|| {
        cost::cpu_of(|| {
            generator(path, &package, workshop, urls)
                .split_by_tag(split)
                .render()
        })
    }));
    let mut type_names = Vec::new();
    let (outcome, took) = match made {
        Err(panic) => (Outcome::Panicked(said(&*panic)), Duration::ZERO),
        Ok(Err(error)) => (Outcome::Refused(error.to_string()), Duration::ZERO),
        Ok(Ok((Err(failure), took))) => (Outcome::Refused(first_error(failure.problems())), took),
        Ok(Ok((Ok(output), took))) => {
            type_names.extend(output.contracts.iter().flat_map(|one| one.type_names.clone()));
            let written = workshop.map_or(Ok(()), |workshop| workshop.write(&package, &output));
            let outcome = match written {
                Ok(()) => figures(&output),
                Err(error) => Outcome::Refused(error.to_string()),
            };
            (outcome, took)
        }
    };
    Row {
        name,
        package,
        type_names,
        outcome,
        took,
        compiled: None,
        complaint: String::new(),
    }
}

fn generator(
    path: &Path,
    package: &str,
    workshop: Option<&Workshop>,
    urls: &[(String, PathBuf)],
) -> Generator {
    let runtime = workshop.map_or_else(
        || PathBuf::from("tieline"),
        |workshop| workshop.runtime().to_owned(),
    );
    let generator = Generator::new()
        .contract(path)
        // Every core has a document of its own.
        .threads(1)
        .package(package, Runtime::Path(runtime));
    urls.iter()
        .fold(generator, |generator, (url, path)| generator.map_url(url, path))
}

/// A package's name for each document: its letters and digits, with a dash between words; a number where that is taken.
pub(super) fn packages(documents: &[PathBuf], folder: &Path) -> Vec<String> {
    let mut taken = HashSet::new();
    let package = |document: &PathBuf| {
        let name = name(document, folder).to_ascii_lowercase();
        let words = name.split(|c: char| !c.is_ascii_alphanumeric());
        let wish = words
            .filter(|word| !word.is_empty())
            .fold("doc".to_owned(), |all, word| all + "-" + word);
        let numbered = (2..).map(|number| format!("{wish}-{number}"));
        let mut wishes = std::iter::once(wish.clone()).chain(numbered);
        wishes.find(|wish| taken.insert(wish.clone())).unwrap_or(wish)
    };
    documents.iter().map(package).collect()
}

/// A document's path below the folder.
fn name(path: &Path, folder: &Path) -> String {
    let below = path.strip_prefix(folder).unwrap_or(path);
    below.to_string_lossy().into_owned()
}

fn figures(output: &Output) -> Outcome {
    let sum = |count: fn(&tieline_codegen::Rendered) -> usize| output.contracts.iter().map(count).sum();
    Outcome::Generated {
        operations: sum(|one| one.operations),
        skipped: sum(|one| one.skipped.len()),
        types: sum(|one| one.types),
        warnings: output.problems.count(Level::Warning),
        lines: output.files().map(|(_, text)| text.lines().count()).sum(),
    }
}

fn first_error(problems: &Problems) -> String {
    let error = problems.iter().find(|one| one.level == Level::Error);
    error.map_or_else(String::new, |problem| {
        let place = problem
            .place
            .as_ref()
            .map(|place| format!("{place}: "))
            .unwrap_or_default();
        format!("{place}{} [{}]", problem.message.replace('\n', " "), problem.code)
    })
}

fn said(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    let text = text.or_else(|| panic.downcast_ref::<&str>().copied());
    text.unwrap_or("no message").to_owned()
}

impl Row {
    /// How many operations there is code of.
    pub(crate) fn operations(&self) -> usize {
        match self.outcome {
            Outcome::Generated { operations, .. } => operations,
            _ => 0,
        }
    }

    pub(crate) fn skipped(&self) -> usize {
        match self.outcome {
            Outcome::Generated { skipped, .. } => skipped,
            _ => 0,
        }
    }

    /// The row for machines.
    pub(crate) fn to_json(&self) -> Value {
        let mut row = json!({
            "document": self.name,
            "seconds": self.took.as_secs_f64(),
            "compiled": self.compiled,
        });
        let more = match &self.outcome {
            Outcome::Generated {
                operations,
                skipped,
                types,
                warnings,
                lines,
            } => json!({
                "result": "generated", "operations": operations, "skipped": skipped, "types": types,
                "warnings": warnings, "lines": lines,
            }),
            Outcome::Refused(why) => json!({"result": "refused", "why": why}),
            Outcome::Panicked(why) => json!({"result": "panicked", "why": why}),
        };
        if let (Value::Object(row), Value::Object(more)) = (&mut row, more) {
            row.extend(more);
        }
        row
    }
}

impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.name)?;
        match &self.outcome {
            Outcome::Generated {
                operations,
                skipped,
                types,
                warnings,
                lines,
            } => write!(
                f,
                "{operations} operations, {skipped} skipped, {types} types, {warnings} warnings, {lines} lines, {:.2} s",
                self.took.as_secs_f64()
            )?,
            Outcome::Refused(why) => write!(f, "REFUSED {why}")?,
            Outcome::Panicked(why) => write!(f, "PANIC {why}")?,
        }
        match self.compiled {
            Some(true) => write!(f, ", compiles"),
            Some(false) => write!(f, ", DOES NOT COMPILE: {}", self.complaint),
            None => Ok(()),
        }
    }
}
