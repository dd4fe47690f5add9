//! Documents of real vendors are read whole, where they are at hand.
#![cfg(feature = "openapi")]

use std::path::{Path, PathBuf};

use tieline_contract::{ReadOptions, read};

fn documents() -> Option<Vec<PathBuf>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/corpus/openapi/documents");
    let Ok(entries) = std::fs::read_dir(&folder) else {
        eprintln!("SKIPPED: no documents at {}", folder.display());
        return None;
    };
    let mut paths: Vec<PathBuf> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
    paths.retain(|path| path.is_file());
    paths.sort();
    Some(paths)
}

fn name(path: &Path) -> String {
    path.file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned()
}

#[test]
fn the_documents_of_these_vendors_are_read_without_errors_or_skipped_operations() {
    const VENDORS: [&str; 4] = ["discord-openapi", "intercom-2-15", "adyen-", "xero-"];
    let Some(documents) = documents() else { return };
    let mut count = 0;
    for path in documents
        .iter()
        .filter(|path| VENDORS.iter().any(|vendor| name(path).starts_with(vendor)))
    {
        let read = read(path, &ReadOptions::default());
        let read = read.unwrap_or_else(|problems| panic!("{}:\n{problems}", path.display()));
        assert!(read.skipped.is_empty(), "{}: {:?}", path.display(), read.skipped);
        count += 1;
    }
    assert!(count >= 15, "only {count} documents");
}

#[test]
fn every_document_is_read_or_refused_with_a_place() {
    let Some(documents) = documents() else { return };
    for path in documents {
        if let Err(problems) = read(&path, &ReadOptions::default()) {
            let located = problems
                .iter()
                .all(|one| one.place.as_ref().is_some_and(|place| place.line > 0));
            assert!(
                problems.has_errors() && located,
                "{}:\n{problems}",
                path.display()
            );
        }
    }
}
