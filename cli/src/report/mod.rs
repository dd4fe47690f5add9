//! What is told while and after generating: for people, or for machines.
//!
//! | | text | json |
//! |---|---|---|
//! | problems | standard error | standard output |
//! | progress | standard error, on a terminal only | – |
//! | contracts, diff, summary | standard output | standard output |

mod json;
mod page;
mod style;
mod text;

use std::path::PathBuf;
use std::time::Duration;

use serde::Serialize;
use tieline_contract::problem::Problems;
use tieline_templates::RenderError;

use crate::args::Format;
use crate::exit::Exit;
use crate::generate::Difference;

pub(crate) use style::Style;

/// What became of one contract.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct ContractReport {
    pub(crate) name: String,
    /// The document, or the first file or folder of protos.
    pub(crate) path: PathBuf,
    /// The folder that its output is in.
    pub(crate) out: PathBuf,
    pub(crate) operations: usize,
    pub(crate) types: usize,
    /// Operations that could not be expressed.
    pub(crate) skipped: usize,
    pub(crate) warnings: usize,
    pub(crate) errors: usize,
    pub(crate) files: usize,
    #[serde(rename = "seconds", serialize_with = "seconds")]
    pub(crate) time: Duration,
}

/// What became of all.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Summary {
    pub(crate) exit: u8,
    /// `written`, `fresh`, `stale` or `failed`.
    pub(crate) result: &'static str,
    pub(crate) contracts: usize,
    pub(crate) operations: usize,
    pub(crate) types: usize,
    pub(crate) skipped: usize,
    pub(crate) warnings: usize,
    pub(crate) errors: usize,
    /// All files of the output.
    pub(crate) files: usize,
    pub(crate) written: usize,
    pub(crate) unchanged: usize,
    pub(crate) removed: usize,
    /// Contracts that were not read again, since nothing has changed.
    pub(crate) reused: usize,
    /// Files that are not as they should be (`--check`).
    pub(crate) stale: usize,
    #[serde(rename = "seconds", serialize_with = "seconds")]
    pub(crate) time: Duration,
}

impl Summary {
    /// The sums over the contracts.
    pub(crate) fn of(contracts: &[ContractReport]) -> Self {
        let sum = |count: fn(&ContractReport) -> usize| contracts.iter().map(count).sum();
        Self {
            exit: Exit::Clean.code(),
            result: "written",
            contracts: contracts.len(),
            operations: sum(|contract| contract.operations),
            types: sum(|contract| contract.types),
            skipped: sum(|contract| contract.skipped),
            warnings: sum(|contract| contract.warnings),
            errors: sum(|contract| contract.errors),
            files: 0,
            written: 0,
            unchanged: 0,
            removed: 0,
            reused: 0,
            stale: 0,
            time: Duration::ZERO,
        }
    }
}

/// Seconds with milliseconds.
fn seconds<S: serde::Serializer>(time: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_f64((time.as_secs_f64() * 1000.0).round() / 1000.0)
}

/// Where to the telling goes. Errors of the streams are passed over: when the reader has gone away there is nobody left
/// to tell.
#[derive(Debug)]
pub(crate) struct Report {
    to: To,
    /// What is gathered for an HTML page, where one is asked for.
    page: Option<page::Page>,
}

#[derive(Debug)]
enum To {
    Text(text::Text),
    Json,
}

impl Report {
    pub(crate) fn new(format: Format) -> Self {
        let to = match format {
            Format::Text => To::Text(text::Text::new(Style::detect())),
            Format::Json => To::Json,
        };
        Self { to, page: None }
    }

    /// The same, and all is kept for an HTML page.
    pub(crate) fn with_page(self) -> Self {
        Self {
            page: Some(page::Page::default()),
            ..self
        }
    }

    /// The HTML page. `None`: it was not asked for.
    pub(crate) fn page(&self, summary: &Summary) -> Option<Result<String, RenderError>> {
        self.page.as_ref().map(|page| page.render(summary))
    }

    /// Contracts of these names are going to be told of. Several stand in a table.
    pub(crate) fn begin<'n>(&mut self, names: impl Iterator<Item = &'n str>) {
        if let To::Text(text) = &mut self.to {
            text.begin(names);
        }
    }

    /// A contract is being read.
    pub(crate) fn start(&mut self, name: &str, at: usize, of: usize) {
        if let To::Text(text) = &mut self.to {
            text.start(name, at, of);
        }
    }

    pub(crate) fn problems(&mut self, problems: &Problems) {
        if let Some(page) = &mut self.page {
            page.problems(problems);
        }
        match &mut self.to {
            To::Text(text) => text.problems(problems),
            To::Json => problems
                .iter()
                .for_each(|problem| json::line("diagnostic", problem)),
        }
    }

    pub(crate) fn contract(&mut self, contract: &ContractReport) {
        if let Some(page) = &mut self.page {
            page.contract(contract);
        }
        match &mut self.to {
            To::Text(text) => text.contract(contract),
            To::Json => json::line("contract", contract),
        }
    }

    pub(crate) fn differences(&mut self, differences: &[Difference]) {
        match &mut self.to {
            To::Text(text) => text.differences(differences),
            To::Json => differences
                .iter()
                .for_each(|difference| json::line("diagnostic", &difference.problem())),
        }
    }

    pub(crate) fn summary(&mut self, summary: &Summary) {
        match &mut self.to {
            To::Text(text) => text.summary(summary),
            To::Json => json::line("summary", summary),
        }
    }
}
