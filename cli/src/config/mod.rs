//! tieline.toml: found, parsed, judged, read.
//!
//! ```text
//! text -> TOML tree with places -> check (against the schema of the types) -> Config
//! ```
//!
//! All that is wrong is said at once, each with its line, column and excerpt, and what to write instead.

mod bulk;
mod check;
mod connection;
mod endpoints;
mod model;
mod pagination;
mod server;
mod service;
mod values;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use schemars::generate::SchemaSettings;
use serde::Deserialize;
use serde_json::Value as Json;
use toml::Spanned;
use toml::de::{DeTable, Deserializer};

use tieline_contract::problem::{Place, Problem, Problems};
use tieline_contract::source::{FileId, SourceMap};

pub(crate) use model::{Config, ContractConfig, SplitConfig};

use crate::diagnostics;
use check::Located;

/// The name of the file.
pub(crate) const FILE_NAME: &str = "tieline.toml";

/// A file that was read.
#[derive(Debug)]
pub(crate) struct Loaded {
    /// What it says.
    pub(crate) config: Config,
    /// The folder to which its paths are relative.
    pub(crate) folder: PathBuf,
    /// What is not wrong but idle.
    pub(crate) warnings: Problems,
    /// Where the values of each contract's table stand, by JSON pointer below the table.
    pub(crate) places: Vec<BTreeMap<String, Place>>,
    sources: SourceMap,
    file: FileId,
}

impl Loaded {
    /// A problem at a value of the file.
    pub(crate) fn problem_at<T>(
        &self,
        diagnostic: &tieline_contract::problem::Diagnostic,
        value: &Spanned<T>,
        path: &[String],
    ) -> Problem {
        self.located().problem(diagnostic, value.span(), path)
    }

    fn located(&self) -> Located<'_> {
        Located {
            sources: &self.sources,
            file: self.file,
        }
    }
}

/// Reads the file.
///
/// # Errors
///
/// It cannot be read, is not TOML, or says what is not known or does not fit.
pub(crate) fn load(path: &Path) -> Result<Loaded, Problems> {
    let mut sources = SourceMap::new();
    let file = sources.load(path)?;
    let text = sources.text(file);
    let located = Located {
        sources: &sources,
        file,
    };
    let table = parse(&text, located)?;
    let mut problems = check::check(&table, &schema(), located);
    problems.append(exclusive(&table, located));
    if problems.has_errors() {
        problems.settle();
        return Err(problems);
    }
    let warnings = reserved(&table, located);
    let contracts = table.get_ref().get("contract");
    let contracts = contracts.and_then(|contracts| contracts.get_ref().as_array());
    let contracts = contracts.into_iter().flat_map(|contracts| contracts.iter());
    let places = contracts
        .enumerate()
        .map(|(at, contract)| located.places(contract, &format!("/contract/{at}")))
        .collect();
    let config = Config::deserialize(Deserializer::from(table)).map_err(|error| {
        let range = error.span().unwrap_or(0..0);
        located
            .problem(&diagnostics::BAD_VALUE, range, &[])
            .about(error.message())
    })?;
    let folder = path.parent().map(Path::to_path_buf).unwrap_or_default();
    Ok(Loaded {
        config,
        folder,
        warnings,
        places,
        sources,
        file,
    })
}

/// The JSON Schema of the file.
pub(crate) fn schema() -> Json {
    let schema = SchemaSettings::draft2020_12()
        .for_deserialize()
        .into_generator()
        .into_root_schema_for::<Config>();
    without_null(schema.to_value())
}

/// The same schema without null, which TOML has not: what may be left out is not required, and that is all.
fn without_null(schema: Json) -> Json {
    match schema {
        Json::Array(items) => items.into_iter().map(without_null).collect(),
        Json::Object(mut object) => {
            if object.get("default").is_some_and(Json::is_null) {
                object.remove("default");
            }
            if let Some(Json::Array(types)) = object.get_mut("type") {
                types.retain(|name| name != "null");
                if let [one] = &types[..] {
                    let one = one.clone();
                    object.insert("type".to_owned(), one);
                }
            }
            if let Some(Json::Array(choices)) = object.get_mut("anyOf") {
                choices.retain(|choice| choice.get("type").is_none_or(|name| name != "null"));
                if let [Json::Object(one)] = &choices[..] {
                    let one = one.clone();
                    object.remove("anyOf");
                    object.extend(one);
                }
            }
            object
                .into_iter()
                .map(|(key, value)| (key, without_null(value)))
                .collect()
        }
        scalar => scalar,
    }
}

fn parse<'a>(text: &'a str, located: Located<'_>) -> Result<Spanned<DeTable<'a>>, Problems> {
    let (table, errors) = DeTable::parse_recoverable(text);
    if errors.is_empty() {
        return Ok(table);
    }
    let mut problems = Problems::new();
    problems.extend(errors.iter().map(|error| {
        let range = error.span().unwrap_or(0..0);
        let problem = located.problem(&diagnostics::BAD_TOML, range, &[]);
        // What is not TOML may be a secret that lacks its quotes.
        check::veiled(problem, 0).about(error.message())
    }));
    problems.settle();
    Err(problems)
}

/// Settings of one service that exclude each other.
fn exclusive(table: &Spanned<DeTable<'_>>, located: Located<'_>) -> Problems {
    let mut problems = Problems::new();
    let services = table
        .get_ref()
        .get("service")
        .and_then(|services| services.get_ref().as_table());
    for (name, service) in services.into_iter().flatten() {
        let conflicts = service.get_ref().as_table().map(service::conflicts);
        for (one, other, range) in conflicts.into_iter().flatten() {
            let path = ["service".to_owned(), name.get_ref().to_string()];
            let problem = located.problem(&diagnostics::EXCLUSIVE, range, &path);
            problems.push(problem.about(format!("`{one}` and `{other}`")));
        }
    }
    problems
}

/// Tables that have no meaning yet.
fn reserved(table: &Spanned<DeTable<'_>>, located: Located<'_>) -> Problems {
    let mut problems = Problems::new();
    for (key, _) in table.get_ref() {
        let name: &str = key.get_ref();
        if matches!(name, "lint" | "diff" | "pact" | "ci") {
            let problem = located.problem(&diagnostics::NOT_USED_YET, key.span(), &[name.to_owned()]);
            problems.push(problem.about(format!("[{name}]")));
        }
    }
    problems
}
