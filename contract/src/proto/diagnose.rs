//! Makes located problems out of what the loader, the parser, the compiler and the lowering complain about.

use std::path::Path;
use std::string::FromUtf8Error;
use std::sync::Arc;

use miette::{Diagnostic as Report, LabeledSpan};
use prost_reflect::DescriptorError;

use super::comments;
use super::diagnostics as fixed;
use crate::problem::{Place, Problem};

/// A file's name, as shown to the user, and its text.
#[derive(Debug, Clone)]
pub(super) struct Text {
    /// The name.
    pub(super) file: Arc<str>,
    /// The text.
    pub(super) text: Arc<str>,
}

impl Text {
    /// The place of a run of octets.
    fn span(&self, offset: usize, length: usize) -> Place {
        let (line, column) = self.position(offset);
        let (end_line, end_column) = self.position(offset.saturating_add(length));
        self.place(line, column, end_line, end_column)
    }

    /// The place of a declaration.
    pub(super) fn declaration(&self, at: &comments::Place, pointer: &str) -> Place {
        let place = self.place(at.line, at.column, at.end_line, at.end_column);
        Place {
            pointer: pointer.to_owned(),
            ..place
        }
    }

    fn place(&self, line: u32, column: u32, end_line: u32, end_column: u32) -> Place {
        let index = (line as usize).checked_sub(1);
        let excerpt = index
            .and_then(|index| self.text.lines().nth(index))
            .unwrap_or_default()
            .to_owned();
        let file = Arc::clone(&self.file);
        Place {
            file,
            line,
            column,
            end_line,
            end_column,
            pointer: String::new(),
            excerpt,
        }
    }

    /// Line and column of an octet offset, both from 1.
    fn position(&self, offset: usize) -> (u32, u32) {
        let before = self.text.get(..offset).unwrap_or(&self.text);
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap_or(before).chars().count() + 1;
        let number = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        (number(line), number(column))
    }
}

fn whole(path: &Path) -> Place {
    Place::file(path.display().to_string())
}

/// A file or folder cannot be read.
pub(super) fn unreadable(path: &Path, error: &std::io::Error) -> Problem {
    Problem::new(&fixed::UNREADABLE, whole(path)).about(error)
}

/// A root folder has no protos.
pub(super) fn empty_folder(path: &Path) -> Problem {
    Problem::new(&fixed::EMPTY_FOLDER, whole(path))
}

/// A file is not text.
pub(super) fn not_utf8(path: &Path, error: &FromUtf8Error) -> Problem {
    let text = String::from_utf8_lossy(error.as_bytes());
    let text = Text {
        file: path.display().to_string().into(),
        text: text.into(),
    };
    Problem::new(&fixed::NOT_UTF8, text.span(error.utf8_error().valid_up_to(), 1))
}

/// A file's path cannot be written as an import.
pub(super) fn unnameable(path: &Path) -> Problem {
    Problem::new(&fixed::UNNAMEABLE, whole(path))
}

/// Another file answers to a root file's import name.
pub(super) fn shadowed(path: &Path, shadow: &Path, name: &str) -> Problem {
    let detail = format!("`{name}` means {} here", shadow.display());
    Problem::new(&fixed::SHADOWED, whole(path)).about(detail)
}

/// An import cannot be found. `holder` is a folder nearby under which it exists.
pub(super) fn import_not_found(import: &str, holder: Option<&Path>, place: Place) -> Problem {
    let help = match holder {
        Some(folder) if folder.as_os_str().is_empty() => "pass `--include .`, which holds it".to_owned(),
        Some(folder) => format!("pass `--include {}`, which holds it", folder.display()),
        None => format!("pass `--include DIR`, where DIR/{import} exists"),
    };
    Problem::new(&fixed::IMPORT_NOT_FOUND, place)
        .about(format!("`{import}`"))
        .help(help)
}

/// A file imports another one twice.
pub(super) fn imported_twice(import: &str, place: Place) -> Problem {
    Problem::new(&fixed::IMPORTED_TWICE, place).about(format!("`{import}`"))
}

/// A file imports itself, in the end: `circle` leads from it to the file that imports it again.
pub(super) fn import_cycle(import: &str, circle: &[&str], place: Place) -> Problem {
    let detail = format!("{} -> {import}", circle.join(" -> "));
    Problem::new(&fixed::IMPORT_CYCLE, place).about(detail)
}

/// The file is written in an edition, which the parser does not read.
pub(super) fn edition(text: &Text) -> Option<Problem> {
    let offset = first_word(&text.text)?;
    let statement = text.text[offset..]
        .strip_prefix("edition")?
        .trim_start()
        .strip_prefix('=')?;
    let name = statement
        .trim_start()
        .trim_start_matches(['"', '\''])
        .split(['"', '\'', ';', '\n'])
        .next()?;
    let place = text.span(offset, "edition".len());
    Some(Problem::new(&fixed::EDITION, place).about(format!("edition {name}")))
}

/// The offset of the first thing that is neither blank nor comment.
fn first_word(text: &str) -> Option<usize> {
    let mut rest = text;
    loop {
        rest = rest.trim_start();
        if let Some(comment) = rest.strip_prefix("//") {
            rest = &comment[comment.find('\n')?..];
        } else if let Some(comment) = rest.strip_prefix("/*") {
            rest = &comment[comment.find("*/")? + "*/".len()..];
        } else {
            return (!rest.is_empty()).then(|| text.len() - rest.len());
        }
    }
}

/// What the parser says about a file.
pub(super) fn syntax(error: &protox::Error, text: &Text) -> Vec<Problem> {
    let problem = |report: &dyn Report| {
        // Without a label it is the end of the file that came too early.
        let place = match label(report) {
            Some(label) => text.span(label.offset(), label.len()),
            None => text.span(text.text.trim_end().len(), 0),
        };
        described(Problem::new(&fixed::SYNTAX, place), report)
    };
    with_related(error).map(problem).collect()
}

/// What the compiler says about a file that parses.
pub(super) fn invalid(error: &DescriptorError, text: &Text) -> Vec<Problem> {
    let problem = |report: &dyn Report| {
        let chosen = label(report);
        let place = match &chosen {
            Some(label) => text.span(label.offset(), label.len()),
            None => unlocated(report, text),
        };
        let problem = described(Problem::new(&fixed::INVALID, place), report);
        let others = report
            .labels()
            .into_iter()
            .flatten()
            .filter(|label| Some(label) != chosen.as_ref());
        others.fold(problem, |problem, label| {
            problem.related(
                text.span(label.offset(), label.len()),
                label.label().unwrap_or_default(),
            )
        })
    };
    with_related(error).map(problem).collect()
}

/// The place of what the compiler does not locate: the values of maps, as they stand in messages that it makes up.
fn unlocated(report: &dyn Report, text: &Text) -> Place {
    let message = report.to_string();
    let name = message.split('\'').nth(1).unwrap_or_default();
    let maps = text.text.match_indices("map").filter_map(|(at, _)| {
        let (types, _) = text.text[at..].split_once('>')?;
        let (before, value) = types.rsplit_once(',')?;
        let blanks = value.len() - value.trim_start().len();
        (value.trim() == name).then_some(at + before.len() + ",".len() + blanks)
    });
    match maps.into_iter().next() {
        Some(offset) => text.span(offset, name.len()),
        None => Place::file(Arc::clone(&text.file)),
    }
}

/// The problem with a report's words: message, label, help.
fn described(problem: Problem, report: &dyn Report) -> Problem {
    let message = report.to_string();
    let help = match report.help() {
        Some(help) => help.to_string(),
        None if message.ends_with("is not defined") => {
            "check the spelling, or import the file that defines it".to_owned()
        }
        None => String::new(),
    };
    let label = label(report).and_then(|label| label.label().map(str::to_owned));
    problem.about(message).label(label.unwrap_or_default()).help(help)
}

fn with_related(error: &dyn Report) -> impl Iterator<Item = &dyn Report> {
    [error].into_iter().chain(error.related().into_iter().flatten())
}

/// The label that a reader should look at: where something is defined again rather than where it was first.
fn label(report: &dyn Report) -> Option<LabeledSpan> {
    let labels: Vec<LabeledSpan> = report.labels()?.collect();
    let telling = |label: &&LabeledSpan| {
        label
            .label()
            .is_some_and(|text| text.contains("again") || text.contains("found") || text.contains("used"))
    };
    labels.iter().find(telling).or_else(|| labels.first()).cloned()
}

/// A `google.api.http` rule cannot work.
pub(super) fn http_rule(method: &str, complaint: &str, place: Place) -> Problem {
    Problem::new(&fixed::HTTP_RULE, place).about(format!("{complaint} (`{method}`)"))
}
