//! The report as one HTML file: contracts, problems and totals, to be opened or kept by continuous integration.

use serde::Serialize;
use tieline_contract::problem::{Level, Problem, Problems};
use tieline_templates::{RenderError, Template};

use super::{ContractReport, Summary};

/// What is gathered for the page.
#[derive(Debug, Default)]
pub(super) struct Page {
    contracts: Vec<ContractReport>,
    problems: Vec<Problem>,
}

#[derive(Serialize)]
struct Shown<'p> {
    result: &'p str,
    version: &'static str,
    summary: &'p Summary,
    seconds: String,
    contracts: Vec<Row>,
    problems: Vec<Told>,
}

#[derive(Serialize)]
struct Row {
    name: String,
    path: String,
    operations: usize,
    types: usize,
    skipped: usize,
    warnings: usize,
    errors: usize,
    seconds: String,
}

#[derive(Serialize)]
struct Told {
    level: &'static str,
    code: &'static str,
    message: String,
    place: String,
    pointer: String,
    text: String,
}

impl Page {
    pub(super) fn problems(&mut self, problems: &Problems) {
        self.problems.extend(problems.iter().cloned());
    }

    pub(super) fn contract(&mut self, contract: &ContractReport) {
        self.contracts.push(contract.clone());
    }

    /// The page.
    pub(super) fn render(&self, summary: &Summary) -> Result<String, RenderError> {
        let contracts = self.contracts.iter().map(|contract| Row {
            name: contract.name.clone(),
            path: contract.path.display().to_string(),
            operations: contract.operations,
            types: contract.types,
            skipped: contract.skipped,
            warnings: contract.warnings,
            errors: contract.errors,
            seconds: format!("{:.2}", contract.time.as_secs_f64()),
        });
        let mut problems: Vec<&Problem> = self.problems.iter().collect();
        problems.sort_by_key(|problem| problem.level != Level::Error);
        let problems = problems.into_iter().map(|problem| Told {
            level: problem.level.as_str(),
            code: problem.code,
            message: problem.message.clone(),
            place: problem
                .place
                .as_ref()
                .map(ToString::to_string)
                .unwrap_or_default(),
            pointer: problem
                .place
                .as_ref()
                .map(|place| place.pointer.clone())
                .unwrap_or_default(),
            text: problem.to_text(false),
        });
        let shown = Shown {
            result: summary.result,
            version: env!("CARGO_PKG_VERSION"),
            summary,
            seconds: format!("{:.2}", summary.time.as_secs_f64()),
            contracts: contracts.collect(),
            problems: problems.collect(),
        };
        tieline_templates::render(Template::Report, &shown)
    }
}
