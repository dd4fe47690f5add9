//! Reading is a function of the files: the same files give the same contract, to the last value.

use std::path::PathBuf;

use super::{ProtoRead, read};

fn library(roots: &[&str]) -> ProtoRead {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/contracts/proto/library/v1");
    let roots: Vec<PathBuf> = roots.iter().map(|root| folder.join(root)).collect();
    read(&roots, &[], "library").unwrap_or_else(|problems| panic!("{problems}"))
}

#[test]
fn reading_twice_gives_equal_values() {
    assert_eq!(library(&["library.proto"]), library(&["library.proto"]));
}

#[test]
fn reading_twice_prints_the_same() {
    // Equality does not look at origins; their text does.
    let text = || format!("{:?}", library(&["library.proto", "book.proto"]).contract);
    assert_eq!(text(), text());
}

#[test]
fn the_order_of_roots_is_the_order_of_types() {
    let names = |roots: &[&str]| library(roots).contract.types.into_keys().collect::<Vec<_>>();
    let (one, other) = (
        names(&["library.proto", "book.proto"]),
        names(&["book.proto", "library.proto"]),
    );
    assert_eq!(one.len(), other.len());
    assert_eq!(one[0].0, "library.v1.GetBookRequest");
    assert_eq!(other[0].0, "library.v1.Book");
}
