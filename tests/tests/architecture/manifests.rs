//! Crates stand on each other in one direction: their manifests say so.

use std::collections::BTreeSet;

use toml::{Table, Value};

use super::sources::root;

/// A crate's manifest.
fn manifest(folder: &str) -> Table {
    let path = root().join(folder).join("Cargo.toml");
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    text.parse()
        .unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The crates of the workspace that a crate is built with: its name, and whether a feature turns it on.
fn workspace_dependencies(manifest: &Table) -> BTreeSet<(String, bool)> {
    let targets = manifest.get("target").and_then(Value::as_table);
    let targets = targets
        .into_iter()
        .flat_map(|targets| targets.values().filter_map(Value::as_table));
    let tables = std::iter::once(manifest).chain(targets);
    tables
        .flat_map(|table| {
            ["dependencies", "build-dependencies"]
                .into_iter()
                .filter_map(|kind| table.get(kind)?.as_table())
        })
        .flat_map(|table| table.iter())
        .filter(|(name, _)| *name == "tieline" || name.starts_with("tieline-"))
        .map(|(name, how)| {
            let optional = how.get("optional").and_then(Value::as_bool).unwrap_or(false);
            (name.clone(), optional)
        })
        .collect()
}

/// What each crate may stand on; true where only a feature may turn it on.
const ALLOWED: [(&str, &[(&str, bool)]); 7] = [
    ("contract", &[]),
    ("templates", &[]),
    (
        "codegen",
        &[("tieline-contract", false), ("tieline-templates", false)],
    ),
    ("macros", &[("tieline-codegen", true)]),
    ("runtime", &[("tieline-macros", true)]),
    ("pact", &[("tieline", false), ("tieline-contract", false)]),
    (
        "cli",
        &[
            ("tieline", false),
            ("tieline-codegen", false),
            ("tieline-contract", false),
            ("tieline-pact", false),
            ("tieline-templates", false),
        ],
    ),
];

#[test]
fn crates_stand_on_each_other_in_one_direction() {
    for (folder, allowed) in ALLOWED {
        for (name, optional) in workspace_dependencies(&manifest(folder)) {
            let rule = allowed.iter().find(|(allowed, _)| *allowed == name);
            let (_, must_be_optional) =
                rule.unwrap_or_else(|| panic!("{folder} must not stand on {name}, only on {allowed:?}"));
            assert!(
                optional || !must_be_optional,
                "{folder} may have {name} behind a feature only"
            );
        }
    }
}

#[test]
fn every_member_has_its_place_in_the_rules() {
    let workspace = manifest(".");
    let members = workspace["workspace"]["members"]
        .as_array()
        .expect("a list of members");
    let members: BTreeSet<&str> = members.iter().filter_map(Value::as_str).collect();
    let ruled = ALLOWED.iter().map(|(folder, _)| *folder);
    // Nothing stands on these, so they may stand on everything.
    let known: BTreeSet<&str> = ruled.chain(["examples/*", "tests", "benches"]).collect();
    assert_eq!(members, known);
}

#[test]
fn the_runtime_turns_on_no_reader_and_no_writer_unless_asked() {
    let runtime = manifest("runtime");
    let default = runtime["features"]["default"].as_array().expect("a list");
    let default: Vec<&str> = default.iter().filter_map(Value::as_str).collect();
    assert_eq!(default, ["client"], "the default stays small");
    let client = runtime["features"]["client"].as_array().expect("a list");
    assert!(client.is_empty(), "{client:?}");
}

#[test]
fn every_crate_takes_the_lints_of_the_workspace() {
    let examples = std::fs::read_dir(root().join("examples")).expect("examples");
    let examples = examples.filter_map(|entry| Some(entry.ok()?.file_name().to_string_lossy().into_owned()));
    let folders = ALLOWED.iter().map(|(folder, _)| (*folder).to_owned());
    let folders = folders
        .chain(["tests".to_owned(), "benches".to_owned()])
        .chain(examples.map(|name| format!("examples/{name}")));
    for folder in folders {
        let manifest = manifest(&folder);
        let inherits = manifest
            .get("lints")
            .and_then(|lints| lints.get("workspace")?.as_bool());
        assert_eq!(inherits, Some(true), "{folder}");
    }
    let lints = &manifest(".")["workspace"]["lints"]["rust"];
    assert_eq!(lints["unsafe_code"].as_str(), Some("forbid"));
}
