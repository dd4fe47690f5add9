//! JSON-Schema-Test-Suite, through generated types.
//!
//! ```text
//! a file of the suite -> a document, each schema the type of a property -> a crate, and a program with its types
//!                     -> decode, encode, validate each instance -> compared with the verdict that the suite gives
//! ```
//!
//! A schema of 2020-12 goes into a document of 3.1, one of draft 4 into a document of 3.0. The documents name JSON
//! Schema as their dialect, so that schemas without a type are read by the letter; where formats are asserted they name
//! none. What no document can say (a reference to a schema that no file holds) is counted as not read.

mod document;

use std::collections::BTreeMap;
use std::path::PathBuf;

use clap::Args;
use serde_json::Value;

use crate::Failure;
use crate::corpus::compile::Workshop;
use crate::corpus::round_trip::instances::Instance;
use crate::corpus::round_trip::probe::{self, Answer};
use crate::corpus::round_trip::same;
use document::Group;

/// Which tests.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// The suite: a folder with `tests` and `remotes`.
    folder: PathBuf,
    /// Only files whose path below `tests` matches this pattern, with `*` and `?`.
    #[arg(long, value_name = "GLOB")]
    only: Option<String>,
    /// How many complaints about a file's instances are shown.
    #[arg(long, default_value_t = 3)]
    complaints: usize,
    /// Where documents and crates are written and compiled; kept, so that what did not change is not compiled again.
    #[arg(long, value_name = "DIR")]
    workshop: Option<PathBuf>,
}

/// What was found, in numbers.
#[derive(Debug, Default, Clone, Copy)]
struct Counts {
    tests: usize,
    unread: usize,
    refused: usize,
    changed: usize,
    stricter: usize,
    laxer: usize,
}

/// Runs, prints a row a file, and totals a draft.
pub(crate) fn run(options: &Options) -> Result<(), Failure> {
    let workshop = Workshop::open(options.workshop.as_deref())?;
    let groups = document::all(&options.folder, &workshop, |path| {
        let wanted = options.only.as_deref();
        wanted.is_none_or(|glob| crate::corpus::matches(glob, path))
    })?;
    let rows: Vec<_> = groups.iter().filter_map(|group| group.row.as_ref()).collect();
    workshop.join(rows.iter().copied())?;
    for row in &rows {
        probe::write(&workshop, row)?;
    }
    probe::build(&workshop)?;
    let mut totals: BTreeMap<String, Counts> = BTreeMap::new();
    for group in &groups {
        let (counts, complaints) = judge(&workshop, group)?;
        println!("{}: {}", group.name, counts.shown());
        for complaint in complaints.iter().take(options.complaints) {
            println!("    {complaint}");
        }
        totals.entry(group.draft.clone()).or_default().add(counts);
    }
    let mut broken = 0;
    for (draft, counts) in &totals {
        println!("schema suite {draft}: {}", counts.shown());
        broken += counts.refused + counts.changed;
    }
    if broken > 0 {
        return Err(format!("{broken} valid instances refused or changed").into());
    }
    Ok(())
}

fn judge(workshop: &Workshop, group: &Group) -> Result<(Counts, Vec<String>), Failure> {
    let mut counts = Counts {
        tests: group.tests.len() + group.unread,
        unread: group.unread,
        ..Counts::default()
    };
    let mut complaints = group.complaints.clone();
    let Some(row) = &group.row else {
        return Ok((counts, complaints));
    };
    let instances: Vec<Instance> = group.tests.iter().map(document::Test::instance).collect();
    let answers = probe::ask(workshop, row, &instances)?;
    for ((test, instance), answer) in group.tests.iter().zip(&instances).zip(&answers) {
        let said_valid = matches!(answer, Answer::Read { violations: 0, .. });
        let mut complain = |what: &str| complaints.push(format!("{what}: {}", test.shown()));
        match answer {
            Answer::Refused(why) if test.valid => {
                counts.refused += 1;
                complain(&format!("REFUSED ({why})"));
            }
            Answer::Read { text, .. } if test.valid => {
                let written: Value = serde_json::from_str(text).unwrap_or_default();
                if !same(&written, &instance.value) {
                    counts.changed += 1;
                    complain(&format!("CHANGED to {text}"));
                }
            }
            _ => {}
        }
        match (test.valid, said_valid) {
            (true, false) => {
                counts.stricter += 1;
                complain("stricter");
            }
            (false, true) => {
                counts.laxer += 1;
                complain("laxer");
            }
            _ => {}
        }
    }
    Ok((counts, complaints))
}

impl Counts {
    fn add(&mut self, other: Self) {
        self.tests += other.tests;
        self.unread += other.unread;
        self.refused += other.refused;
        self.changed += other.changed;
        self.stricter += other.stricter;
        self.laxer += other.laxer;
    }

    fn shown(&self) -> String {
        let exact = self.tests - self.unread - self.stricter - self.laxer;
        format!(
            "{} tests, {} valid refused, {} changed, {exact} exact ({:.1} %), {} stricter, {} laxer, {} not read",
            self.tests,
            self.refused,
            self.changed,
            exact as f64 * 100.0 / self.tests.max(1) as f64,
            self.stricter,
            self.laxer,
            self.unread,
        )
    }
}
