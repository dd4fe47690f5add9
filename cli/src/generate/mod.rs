//! `cargo tieline generate`: contracts in, Rust out.
//!
//! ```text
//! plan (what, where) -> render (all of it, in memory) -> compare, or replace -> remember -> summary
//! ```
//!
//! Nothing is written before everything that was asked for has been rendered without an error.

mod cache;
mod diff;
mod engine;
mod folder;
pub(crate) mod jobs;

use std::path::PathBuf;
use std::time::Instant;

use tieline_contract::problem::{Level, Place, Problem, Problems};

use crate::args::GenerateArgs;
use crate::diagnostics;
use crate::exit::{Exit, Failure};
use crate::report::{Report, Summary};

pub(crate) use diff::{Difference, unified};
use folder::{PathError, Tree};

/// Runs the command.
pub(crate) fn run(args: &GenerateArgs) -> Exit {
    let mut report = Report::new(args.format);
    if args.report.is_some() {
        report = report.with_page();
    }
    let started = Instant::now();
    let mut summary = Summary::of(&[]);
    let exit = generate(args, &mut report, &mut summary).unwrap_or_else(|failure| {
        report.problems(&failure.problems);
        summary.result = "failed";
        summary.errors += failure.problems.count(Level::Error);
        summary.warnings += failure.problems.count(Level::Warning);
        failure.exit
    });
    summary.exit = exit.code();
    summary.time = started.elapsed();
    report.summary(&summary);
    match write_page(args, &mut report, &summary) {
        Ok(()) => exit,
        Err(problem) => {
            report.problems(&problem.into());
            Exit::Usage
        }
    }
}

/// The report as a page, where one is asked for.
fn write_page(args: &GenerateArgs, report: &mut Report, summary: &Summary) -> Result<(), Problem> {
    let (Some(path), Some(page)) = (&args.report, report.page(summary)) else {
        return Ok(());
    };
    let wrong = |error: &dyn std::fmt::Display| {
        let place = Place::file(path.to_string_lossy().into_owned());
        Problem::new(&diagnostics::CANNOT_WRITE, place).about(error)
    };
    let page = page.map_err(|error| wrong(&error))?;
    std::fs::write(path, page).map_err(|error| wrong(&error))
}

fn generate(args: &GenerateArgs, report: &mut Report, summary: &mut Summary) -> Result<Exit, Failure> {
    let plan = jobs::plan(args)?;
    report.problems(&plan.warnings);
    let cache = cache::folder();
    let manner = engine::Manner {
        strict: args.strict,
        cache: cache.as_deref(),
        fresh: args.fresh,
    };
    let rendered = engine::render(&plan, manner, report);
    *summary = Summary::of(&rendered.contracts);
    summary.errors = rendered.errors;
    summary.warnings = rendered.warnings + plan.warnings.count(Level::Warning);
    summary.reused = rendered.reused;
    summary.files = rendered.trees.iter().map(|tree| tree.files.len()).sum();
    if summary.errors > 0 {
        summary.result = "failed";
        return Ok(Exit::Finding);
    }
    let exit = if args.check {
        compare(&rendered.trees, report, summary)?
    } else {
        replace(&rendered.trees, summary)?
    };
    if exit == Exit::Clean {
        rendered.remember(cache.as_deref());
    }
    Ok(exit)
}

fn compare(trees: &[Tree], report: &mut Report, summary: &mut Summary) -> Result<Exit, Failure> {
    let differences =
        folder::compare(trees).map_err(|error| Failure::from(unusable(&diagnostics::CANNOT_READ, &error)))?;
    report.differences(&differences);
    summary.stale = differences.len();
    if differences.is_empty() {
        summary.result = "fresh";
        Ok(Exit::Clean)
    } else {
        summary.result = "stale";
        Ok(Exit::Finding)
    }
}

fn replace(trees: &[Tree], summary: &mut Summary) -> Result<Exit, Failure> {
    let cannot_read = |error: PathError| Failure::from(unusable(&diagnostics::CANNOT_READ, &error));
    let foreign = folder::foreign(trees).map_err(cannot_read)?;
    if !foreign.is_empty() {
        let mut problems = Problems::new();
        let at = |path: &PathBuf| Place::file(&*path.to_string_lossy());
        problems.extend(
            foreign
                .iter()
                .map(|path| Problem::new(&diagnostics::FOREIGN, at(path))),
        );
        return Err(problems.into());
    }
    let written = folder::replace(trees)
        .map_err(|error| Failure::from(unusable(&diagnostics::CANNOT_WRITE, &error)))?;
    summary.written = written.written;
    summary.unchanged = written.unchanged;
    summary.removed = written.removed;
    Ok(Exit::Clean)
}

fn unusable(diagnostic: &tieline_contract::problem::Diagnostic, error: &PathError) -> Problem {
    Problem::new(diagnostic, Place::file(&*error.path.to_string_lossy())).about(&error.error)
}
