//! A whole crate around the modules: what of it is no Rust comes from templates.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Component, Path, PathBuf};

use serde::Serialize;
use tieline_contract::problem::Problem;
use tieline_templates::{RenderError, Template};

use crate::diagnostics;
use crate::plan::Plan;
use crate::plan::name::is_keyword;
use crate::rust::{self, DEEP, MARK};

/// Where a generated crate finds the runtime.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Runtime {
    /// By version, from the registry.
    Version(String),
    /// In a folder.
    Path(PathBuf),
}

impl Default for Runtime {
    /// The version that this generator was released with.
    fn default() -> Self {
        Self::Version(env!("CARGO_PKG_VERSION").to_owned())
    }
}

#[derive(Serialize)]
struct Context {
    crate_name: String,
    description: String,
    version: String,
    runtime: Dependency,
    /// The features that the runtime must have.
    features: Vec<&'static str>,
    /// The crate's own features that bring the operations of a tag.
    tags: Vec<Tag>,
    contracts: Vec<Contract>,
    command: String,
    mark: String,
    deep: bool,
    /// Whether there are examples of calls, and what they are.
    has_examples: bool,
    examples: String,
}

#[derive(Serialize)]
#[serde(rename_all = "lowercase")]
enum Dependency {
    Version(String),
    Path(String),
}

#[derive(Serialize)]
struct Tag {
    feature: String,
    /// The same as a key of TOML.
    key: String,
    /// What it brings.
    about: String,
}

#[derive(Serialize)]
struct Contract {
    /// Its module in the crate.
    ident: String,
    /// Its module, seen from outside.
    path: String,
    title: String,
    source: String,
    operations: usize,
}

/// The crate's files that are no contract's, by their path in its folder.
pub(crate) fn files(
    name: &str,
    runtime: &Runtime,
    folder: &Path,
    plans: &[Plan],
) -> Result<Vec<(PathBuf, String)>, Problem> {
    let mut context = context(name, runtime, folder, plans);
    for (plan, contract) in plans.iter().zip(&context.contracts) {
        let found = rust::examples::of(plan, &contract.path).map_err(|error| {
            Problem::new(&diagnostics::MALFORMED, None).about(format!("EXAMPLES.md: {error}"))
        })?;
        context.examples.push_str(&found);
    }
    context.has_examples = !context.examples.is_empty();
    let fill = |path: &str, template: Template| {
        let text = tieline_templates::render(template, &context).map_err(|error| malformed(&error))?;
        Ok((PathBuf::from(path), text))
    };
    let mut files = vec![
        fill("Cargo.toml", Template::CrateManifest)?,
        fill("README.md", Template::CrateReadme)?,
    ];
    if context.has_examples {
        files.push(fill("EXAMPLES.md", Template::CrateExamples)?);
    }
    if plans.len() > 1 {
        files.push(fill("src/lib.rs", Template::CrateLib)?);
    }
    Ok(files)
}

fn malformed(error: &RenderError) -> Problem {
    let cause = std::error::Error::source(error)
        .map(ToString::to_string)
        .unwrap_or_default();
    Problem::new(&diagnostics::MALFORMED, None).about(format!("{error}: {cause}"))
}

fn context(name: &str, runtime: &Runtime, folder: &Path, plans: &[Plan]) -> Context {
    let crate_ident = name.replace('-', "_");
    let sources: Vec<&str> = plans.iter().map(|plan| plan.source.as_str()).collect();
    let contracts = plans.iter().map(|plan| {
        let ident = if is_keyword(&plan.name) {
            format!("r#{}", plan.name)
        } else {
            plan.name.clone()
        };
        Contract {
            path: if plans.len() > 1 {
                format!("{crate_ident}::{ident}")
            } else {
                crate_ident.clone()
            },
            ident,
            title: one_line(if plan.title.is_empty() {
                &plan.name
            } else {
                &plan.title
            }),
            source: plan.source.clone(),
            operations: plan.operation_count(),
        }
    });
    Context {
        description: match plans {
            [only] if !only.title.is_empty() => {
                format!("Typed client, server and mock of {}", one_line(&only.title))
            }
            _ => "Typed clients, servers and mocks of services".to_owned(),
        },
        version: plans
            .first()
            .map(|plan| version(&plan.version))
            .unwrap_or_default(),
        runtime: match runtime {
            Runtime::Version(version) => Dependency::Version(version.clone()),
            Runtime::Path(path) => Dependency::Path(relative(folder, path)),
        },
        features: features(plans),
        tags: tags(plans),
        contracts: contracts.collect(),
        command: format!(
            "cargo tieline generate {} --crate {name} --out .",
            sources.join(" ")
        ),
        mark: format!(
            "{MARK} {}. Do not edit: `cargo tieline generate` remakes it.",
            env!("CARGO_PKG_VERSION")
        ),
        deep: plans.iter().any(|plan| plan.types.len() > DEEP),
        has_examples: false,
        examples: String::new(),
        crate_name: name.to_owned(),
    }
}

fn features(plans: &[Plan]) -> Vec<&'static str> {
    let is_grpc = plans.iter().any(Plan::is_grpc);
    let has_xml = plans.iter().any(Plan::has_xml);
    let mut features: Vec<&'static str> = plans.iter().filter_map(|plan| plan.times.feature()).collect();
    features.extend(is_grpc.then_some("grpc"));
    features.extend(has_xml.then_some("xml"));
    features.sort_unstable();
    features.dedup();
    features
}

/// The features of tags, each once.
fn tags(plans: &[Plan]) -> Vec<Tag> {
    let mut known: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for (feature, tag) in plans
        .iter()
        .flat_map(|plan| &plan.tags)
        .flat_map(|part| part.features.iter().zip(&part.tags))
    {
        known.entry(feature).or_default().insert(tag);
    }
    let tag = |(feature, tags): (&str, BTreeSet<&str>)| {
        let tags: Vec<String> = tags.iter().map(|tag| format!("`{}`", one_line(tag))).collect();
        Tag {
            feature: feature.to_owned(),
            key: if feature.is_ascii() {
                feature.to_owned()
            } else {
                format!("\"{feature}\"")
            },
            about: format!("The operations tagged {}.", tags.join(" or ")),
        }
    };
    known.into_iter().map(tag).collect()
}

fn one_line(text: &str) -> String {
    text.split_whitespace()
        .collect::<Vec<_>>()
        .join(" ")
        .replace(['[', ']', '|', '<', '>', '`'], "")
}

/// The contract's version where cargo takes it (three numbers), else 0.1.0.
fn version(text: &str) -> String {
    let numbers: Vec<&str> = text.trim_start_matches('v').split('.').collect();
    let is_number = |text: &&str| {
        !text.is_empty()
            && text.len() < 10
            && text.bytes().all(|byte| byte.is_ascii_digit())
            && (*text == "0" || !text.starts_with('0'))
    };
    if numbers.len() == 3 && numbers.iter().all(is_number) {
        numbers.join(".")
    } else {
        "0.1.0".to_owned()
    }
}

/// `path` as seen from `folder`, both from the working directory: a crate can be moved together with its runtime.
fn relative(folder: &Path, path: &Path) -> String {
    if path.is_absolute() {
        return path.to_string_lossy().into_owned();
    }
    let (Ok(folder), Ok(path)) = (std::path::absolute(folder), std::path::absolute(path)) else {
        return path.to_string_lossy().into_owned();
    };
    let (folder, path) = (normal(&folder), normal(&path));
    let shared = folder.iter().zip(&path).take_while(|(a, b)| a == b).count();
    let up = folder.iter().skip(shared).map(|_| "..".to_owned());
    let steps: Vec<String> = up.chain(path.iter().skip(shared).cloned()).collect();
    if steps.is_empty() {
        ".".to_owned()
    } else {
        steps.join("/")
    }
}

/// The steps of a path, without `.` and `..`.
fn normal(path: &Path) -> Vec<String> {
    let mut steps = Vec::new();
    for component in path.components() {
        match component {
            Component::CurDir => {}
            Component::ParentDir => {
                steps.pop();
            }
            other => steps.push(other.as_os_str().to_string_lossy().into_owned()),
        }
    }
    steps
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_versions_that_cargo_takes_are_taken_over() {
        for (text, expected) in [
            ("1.2.3", "1.2.3"),
            ("v2.0.0", "2.0.0"),
            ("2024-01-01", "0.1.0"),
            ("1.0", "0.1.0"),
            ("01.2.3", "0.1.0"),
            ("", "0.1.0"),
        ] {
            assert_eq!(version(text), expected, "{text}");
        }
    }

    #[test]
    fn the_runtime_is_found_from_the_crate() {
        assert_eq!(
            relative(Path::new("out/pets"), Path::new("runtime")),
            "../../runtime"
        );
        assert_eq!(
            relative(Path::new("out"), Path::new("./out/../runtime")),
            "../runtime"
        );
        assert_eq!(
            relative(Path::new("out"), Path::new("/opt/tieline")),
            "/opt/tieline"
        );
    }
}
