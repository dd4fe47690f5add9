//! For people: problems as rustc prints them, a line a contract (a row, when there are several), a diff, a summary.

use std::io::Write;
use std::time::Duration;

use tieline_contract::problem::Problems;

use super::{ContractReport, Style, Summary};
use crate::generate::{Difference, unified};

/// Tells people.
#[derive(Debug)]
pub(crate) struct Text {
    style: Style,
    /// Whether a progress line stands there, to be wiped before anything else is written.
    moving: bool,
    /// How wide the names of a table are.
    table: Option<usize>,
}

/// The columns of a table behind the names.
const COLUMNS: [&str; 7] = [
    "operations",
    "types",
    "skipped",
    "errors",
    "warnings",
    "files",
    "time",
];
/// What stands above the names.
const NAMES: &str = "contract";

impl Text {
    pub(super) fn new(style: Style) -> Self {
        Self {
            style,
            moving: false,
            table: None,
        }
    }

    /// Begins a table when there are several contracts.
    pub(super) fn begin<'n>(&mut self, names: impl Iterator<Item = &'n str>) {
        let widths: Vec<usize> = names.map(|name| name.chars().count()).collect();
        if widths.len() < 2 {
            return;
        }
        let width = widths.into_iter().fold(NAMES.len(), usize::max);
        let mut head = format!("{NAMES:width$}");
        for column in COLUMNS {
            head.push_str(&format!("  {column}"));
        }
        let _ = writeln!(std::io::stdout(), "{}", paint("1", &head, self.style.out));
        self.table = Some(width);
    }

    pub(super) fn start(&mut self, name: &str, at: usize, of: usize) {
        if self.style.moving {
            let line = strong("Generating", self.style.err);
            self.wipe();
            let _ = write!(std::io::stderr(), "{line} {name} ({at}/{of})");
            let _ = std::io::stderr().flush();
            self.moving = true;
        }
    }

    pub(super) fn problems(&mut self, problems: &Problems) {
        self.wipe();
        let _ = write!(std::io::stderr(), "{}", problems.to_text(self.style.err));
    }

    pub(super) fn contract(&mut self, contract: &ContractReport) {
        self.wipe();
        let colour = self.style.out;
        if let Some(width) = self.table {
            let _ = writeln!(std::io::stdout(), "{}", row(contract, width, colour));
            return;
        }
        if contract.errors > 0 {
            let errors = paint("31", &count(contract.errors, "error"), colour);
            let name = strong(&contract.name, colour);
            let _ = writeln!(std::io::stdout(), "{name}: {errors}, {}", time(contract.time));
            return;
        }
        let _ = writeln!(
            std::io::stdout(),
            "{}: {}, {}, {}, {}, {}, {} -> {}",
            strong(&contract.name, colour),
            count(contract.operations, "operation"),
            count(contract.types, "type"),
            notable(contract.skipped, format!("{} skipped", contract.skipped), colour),
            notable(contract.warnings, count(contract.warnings, "warning"), colour),
            count(contract.files, "file"),
            time(contract.time),
            contract.out.display(),
        );
    }

    pub(super) fn differences(&mut self, differences: &[Difference]) {
        self.wipe();
        let _ = write!(std::io::stdout(), "{}", unified(differences, self.style.out));
        let mut stdout = std::io::stdout();
        for difference in differences {
            let what = match (&difference.old, &difference.new) {
                (None, _) => "missing",
                (_, None) => "leftover",
                _ => "stale",
            };
            let _ = writeln!(stdout, "{what}: {}", difference.path.display());
        }
    }

    pub(super) fn summary(&mut self, summary: &Summary) {
        self.wipe();
        let colour = self.style.out;
        let files = count(summary.files, "file");
        let line = match summary.result {
            "fresh" => format!("{}: {files}", green("up to date", colour)),
            "stale" => format!("{}: {} of {files}", red("stale", colour), summary.stale),
            "failed" => format!("{}: nothing was written", red("failed", colour)),
            _ => format!(
                "{}: {files} ({} written, {} unchanged, {} removed)",
                green("done", colour),
                summary.written,
                summary.unchanged,
                summary.removed,
            ),
        };
        let read = if summary.contracts == 0 {
            String::new()
        } else {
            format!(
                "{}, {}, {}, {} skipped, ",
                count(summary.contracts, "contract"),
                count(summary.operations, "operation"),
                count(summary.types, "type"),
                summary.skipped,
            )
        };
        let _ = writeln!(
            std::io::stdout(),
            "{line}; {read}{}, {}, {}",
            count(summary.errors, "error"),
            count(summary.warnings, "warning"),
            time(summary.time),
        );
    }

    /// Takes the progress line away.
    fn wipe(&mut self) {
        if std::mem::take(&mut self.moving) {
            let _ = write!(std::io::stderr(), "\r\x1b[2K");
        }
    }
}

/// A row of the table: the path at its end is where the output is.
fn row(contract: &ContractReport, width: usize, colour: bool) -> String {
    let failed = contract.errors > 0;
    let name = format!("{:width$}", contract.name);
    let mut row = paint(if failed { "1;31" } else { "1;32" }, &name, colour);
    let cells = [
        (contract.operations, None),
        (contract.types, None),
        (contract.skipped, Some("33")),
        (contract.errors, Some("31")),
        (contract.warnings, Some("33")),
        (contract.files, None),
    ];
    for ((number, code), column) in cells.into_iter().zip(COLUMNS) {
        let cell = format!("{number:>width$}", width = column.len());
        let marked = code.filter(|_| number > 0);
        row.push_str("  ");
        row.push_str(&marked.map_or_else(|| cell.clone(), |code| paint(code, &cell, colour)));
    }
    row.push_str(&format!("  {}", time(contract.time)));
    if !failed {
        row.push_str(&format!("  -> {}", contract.out.display()));
    }
    row
}

fn count(number: usize, what: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{number} {what}{plural}")
}

fn time(time: Duration) -> String {
    format!("{:.2} s", time.as_secs_f64())
}

/// Yellow when there is something to note.
fn notable(number: usize, text: String, colour: bool) -> String {
    if number > 0 {
        paint("33", &text, colour)
    } else {
        text
    }
}

fn strong(text: &str, colour: bool) -> String {
    paint("1;32", text, colour)
}

fn green(text: &str, colour: bool) -> String {
    paint("32", text, colour)
}

fn red(text: &str, colour: bool) -> String {
    paint("31", text, colour)
}

fn paint(code: &str, text: &str, colour: bool) -> String {
    if colour {
        format!("\x1b[{code}m{text}\x1b[0m")
    } else {
        text.to_owned()
    }
}
