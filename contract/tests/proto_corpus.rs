//! Public protos, read whole. They lie beside the workspace, not in it; where they are absent these tests say so and
//! pass.
#![cfg(feature = "proto")]

use std::path::{Path, PathBuf};

use tieline_contract::model::{Binding, CallShape};
use tieline_contract::proto::{self, ProtoRead};

/// The folder of public protos, when there is one.
fn corpus() -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/corpus/proto");
    if !folder.is_dir() {
        eprintln!("SKIPPED: no public protos at {}", folder.display());
        return None;
    }
    Some(folder)
}

fn read(root: &Path) -> ProtoRead {
    let read = proto::read(&[root.to_path_buf()], &[], "corpus");
    let read = read.unwrap_or_else(|problems| panic!("{}\n{problems}", root.display()));
    assert!(read.problems.is_empty(), "{}\n{}", root.display(), read.problems);
    read
}

/// Services, methods, HTTP rules, streaming methods.
fn counts(read: &ProtoRead) -> [usize; 4] {
    let operations = || read.contract.operations();
    let rules = operations().flat_map(|operation| &operation.bindings);
    [
        read.contract.services.len(),
        operations().count(),
        rules
            .filter(|binding| matches!(binding, Binding::HttpRule(_)))
            .count(),
        operations()
            .filter(|operation| operation.shape != CallShape::Unary)
            .count(),
    ]
}

#[test]
fn pubsub_secretmanager_and_spanner_are_read_whole() {
    let Some(corpus) = corpus() else { return };
    let google = corpus.join("googleapis/google");
    for (folder, expected) in [
        ("pubsub/v1", [3, 35, 34, 1]),
        ("cloud/secretmanager/v1", [1, 17, 34, 0]),
        ("spanner/v1", [1, 17, 17, 4]),
    ] {
        assert_eq!(counts(&read(&google.join(folder))), expected, "{folder}");
    }
}

#[test]
fn opentelemetry_collector_services_are_read_whole() {
    let Some(corpus) = corpus() else { return };
    let collector = corpus.join("opentelemetry/opentelemetry/proto/collector");
    assert_eq!(counts(&read(&collector)), [4, 4, 0, 0]);
}

#[test]
fn every_public_proto_is_read() {
    let Some(corpus) = corpus() else { return };
    for (folder, expected) in [
        ("googleapis", [56, 560, 673, 27]),
        ("opentelemetry", [4, 4, 0, 0]),
    ] {
        let read = read(&corpus.join(folder));
        let found = counts(&read);
        eprintln!(
            "{folder}: {found:?}, {} types, {} files",
            read.contract.types.len(),
            read.files.len()
        );
        assert_eq!(found, expected, "{folder}");
    }
}
