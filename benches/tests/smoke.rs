//! Each subject runs and prints figures that can be read. Not how large they are: that is no test's business.

use std::process::Command;

/// Runs the benchmarks and gives the names of the figures that it printed.
fn figures(arguments: &[&str]) -> Vec<String> {
    let output = Command::new(env!("CARGO_BIN_EXE_tieline-benches"))
        .args(arguments)
        .output()
        .expect("the benchmarks start");
    let (said, told) = (
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr),
    );
    assert!(output.status.success(), "{arguments:?}: {told}");
    said.lines().map(|line| figure(line).to_owned()).collect()
}

/// The name of the figure in a line: name, value, unit and pairs.
fn figure(line: &str) -> &str {
    let mut words = line.split(' ');
    let (name, value, unit) = (words.next(), words.next(), words.next());
    let value: f64 = value.and_then(|value| value.parse().ok()).expect(line);
    assert!(value.is_finite() && value >= 0.0, "{line}");
    assert!(unit.is_some_and(|unit| !unit.is_empty()), "{line}");
    for pair in words {
        let (key, value) = pair.split_once('=').expect(line);
        if key.starts_with("ratio.") {
            assert!(value.parse::<f64>().is_ok(), "{line}");
        }
        assert!(
            matches!(key, "goal" | "met") || key.starts_with("ratio."),
            "{line}"
        );
    }
    name.expect(line)
}

#[test]
fn a_client_is_measured_against_its_peers() {
    let names = figures(&["client", "--calls", "64", "--rounds", "1"]);
    for kind in ["get", "post"] {
        for concurrency in ["c1", "c32"] {
            for peer in ["hyper", "hyper-util", "reqwest", "tieline"] {
                for measure in ["cpu", "allocations", "bytes", "latency-p50", "latency-p99"] {
                    let name = format!("client/{kind}/{concurrency}/{peer}/{measure}");
                    assert!(names.contains(&name), "no {name} in {names:?}");
                }
            }
        }
    }
}

#[test]
fn policies_are_measured_alone_and_together() {
    let names = figures(&["policies", "--calls", "64", "--rounds", "1"]);
    for case in [
        "nothing",
        "breaker",
        "bulkhead",
        "retry",
        "deadline",
        "all-but-timer",
        "all",
    ] {
        assert!(names.contains(&format!("policies/{case}/cpu")), "{names:?}");
        assert!(
            names.contains(&format!("policies/{case}/allocations")),
            "{names:?}"
        );
    }
}

#[test]
fn generation_is_measured_on_a_document_of_ones_own() {
    let document = concat!(env!("CARGO_MANIFEST_DIR"), "/contracts/pets.yaml");
    let folder = tempfile::tempdir().expect("a folder");
    let workshop = folder.path().to_str().expect("a path in UTF-8");
    let names = figures(&["generate", "--no-check", "--workshop", workshop, document]);
    for measure in [
        "generate-cpu",
        "generate-memory",
        "generate-cold",
        "generate-edit",
        "generate-warm",
        "lines",
        "lines-per-operation-beside-types",
    ] {
        let name = format!("generate/pets/tieline/{measure}");
        assert!(names.contains(&name), "no {name} in {names:?}");
    }
}

/// Runs a subject that counts, and gives its last line.
fn last_line(arguments: &[&str]) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_tieline-benches"))
        .args(arguments)
        .output()
        .expect("the benchmarks start");
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{arguments:?}: {said}{told}");
    said.lines().last().unwrap_or_default().to_owned()
}

/// The goldens' contracts: every feature, on a screen each.
const OWN: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/golden");

/// How many of them are OpenAPI documents.
fn own() -> usize {
    let folders = std::fs::read_dir(OWN).expect("the goldens");
    folders
        .filter_map(Result::ok)
        .filter(|folder| folder.path().join("contract.yaml").is_file())
        .count()
}

#[test]
fn every_contract_of_our_own_is_counted() {
    let count = own();
    let line = last_line(&["corpus", OWN]);
    let expected = format!("corpus: {count} documents, {count} generated, 0 compiled, 0 panics, 0 of ");
    assert!(count > 10 && line.starts_with(&expected), "{line}");
    let line = last_line(&["corpus", OWN, "--only", "union_*"]);
    assert!(line.starts_with("corpus: 2 documents, 2 generated"), "{line}");
}

#[test]
fn mutated_contracts_of_our_own_end_without_a_panic() {
    let failures = tempfile::tempdir().expect("a folder");
    let failures = failures.path().join("kept").to_string_lossy().into_owned();
    let line = last_line(&["fuzz", OWN, "--mutations", "300", "--failures", &failures]);
    assert!(
        line.starts_with(&format!("fuzz: {} documents, 300 mutations, ", own()))
            && line.contains(" 0 panics, 0 beyond "),
        "{line}"
    );
}

#[test]
fn a_document_that_is_not_there_is_told_of() {
    let folder = tempfile::tempdir().expect("a folder");
    let output = Command::new(env!("CARGO_BIN_EXE_tieline-benches"))
        .args(["generate", "no/such/document.json", "--workshop"])
        .arg(folder.path())
        .output()
        .expect("the benchmarks start");
    assert!(!output.status.success() && output.stdout.is_empty());
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(told.contains("no/such/document.json"), "{told}");
}
