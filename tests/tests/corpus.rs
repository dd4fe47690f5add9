//! A sample of public contracts is read and written without a panic, and every operation is accounted for. That the
//! output compiles is judged elsewhere: it takes minutes.
//!
//! The documents lie beside the workspace, not in it; where they are absent these tests say so and pass.

use std::path::{Path, PathBuf};

use tieline_codegen::Generator;

/// The greatest document of the sample, in octets: this runs without optimisation.
const GREATEST: u64 = 200_000;
/// One of so many documents is in the sample, spread over as many tests as there are shards.
const STRIDE: usize = 4;

fn corpus() -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/corpus");
    if !folder.is_dir() {
        eprintln!("SKIPPED: no public contracts at {}", folder.display());
        return None;
    }
    Some(folder)
}

/// A line of the index.
struct Entry {
    id: String,
    path: PathBuf,
    octets: u64,
    /// Counted by those who made the index, webhooks aside.
    operations: usize,
}

fn entries(corpus: &Path) -> Vec<Entry> {
    let text = std::fs::read_to_string(corpus.join("openapi/index.tsv")).expect("an index");
    let mut lines = text.lines();
    let head: Vec<&str> = lines.next().unwrap_or_default().split('\t').collect();
    let column = |name: &str| {
        head.iter()
            .position(|column| *column == name)
            .unwrap_or_else(|| panic!("no column {name}"))
    };
    let (id, entry, octets) = (column("id"), column("entry"), column("bytes"));
    let (operations, webhooks) = (column("ops"), column("webhook_ops"));
    let number = |text: &str| text.parse().unwrap_or(0);
    lines
        .map(|line| line.split('\t').collect::<Vec<_>>())
        .map(|line| Entry {
            id: line[id].to_owned(),
            path: corpus.join("openapi/documents").join(line[entry]),
            octets: number(line[octets]),
            operations: (number(line[operations]) - number(line[webhooks])) as usize,
        })
        .collect()
}

/// Writes the documents of a shard; gives how many were written, and what is wrong.
fn shard(shard: usize) {
    let Some(corpus) = corpus() else { return };
    let small = entries(&corpus)
        .into_iter()
        .filter(|entry| entry.octets <= GREATEST);
    let sample: Vec<Entry> = small.skip(shard).step_by(STRIDE).collect();
    assert!(sample.len() > 5, "only {} documents", sample.len());
    let (mut written, mut operations, mut refused, mut wrong) = (0, 0, Vec::new(), Vec::new());
    for entry in &sample {
        let output = Generator::new()
            .contract(&entry.path)
            .server(true)
            .mock(true)
            .blocking(true)
            .render();
        match output {
            Ok(output) => {
                let contract = &output.contracts[0];
                let accounted = contract.operations + contract.skipped.len();
                if accounted != entry.operations {
                    wrong.push(format!(
                        "{}: {} operations and {} skipped, not {}",
                        entry.id,
                        contract.operations,
                        contract.skipped.len(),
                        entry.operations
                    ));
                }
                for (path, text) in &contract.files {
                    if let Err(error) = syn::parse_file(text) {
                        wrong.push(format!("{}: {}: {error}", entry.id, path.display()));
                    }
                }
                written += 1;
                operations += contract.operations;
            }
            Err(failure) => {
                let problems = failure.problems();
                let located = problems
                    .iter()
                    .all(|problem| problem.place.as_ref().is_some_and(|place| place.line > 0));
                if !located {
                    wrong.push(format!("{}: a problem without a place\n{failure}", entry.id));
                }
                refused.push(entry.id.clone());
            }
        }
    }
    eprintln!(
        "shard {shard}: {} documents, {written} written with {operations} operations, refused: {refused:?}",
        sample.len()
    );
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(
        written * 10 >= sample.len() * 9,
        "only {written} of {} were written; refused: {refused:?}",
        sample.len()
    );
}

#[test]
fn every_operation_of_the_first_shard_is_written_or_named_as_skipped() {
    shard(0);
}

#[test]
fn every_operation_of_the_second_shard_is_written_or_named_as_skipped() {
    shard(2);
}

#[test]
fn services_of_public_protos_are_written() {
    let Some(corpus) = corpus() else { return };
    let root = corpus.join("proto/opentelemetry");
    let folder = root.join("opentelemetry/proto/collector");
    let mut methods = 0;
    for signal in ["logs", "metrics", "trace"] {
        let output = Generator::new()
            .contract(folder.join(signal).join(format!("v1/{signal}_service.proto")))
            .include(&root)
            .server(true)
            .mock(true)
            .blocking(true)
            .render()
            .unwrap_or_else(|failure| panic!("{failure}"));
        for (path, text) in output.files() {
            syn::parse_file(text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        }
        methods += output.contracts[0].operations;
    }
    assert_eq!(methods, 3, "one each");
}
