//! A golden for each feature: a contract of one screen, and the code it becomes, checked in next to it.
//!
//! `TIELINE_BLESS=1 cargo test -p tieline-codegen --test golden` rewrites them. The package `tieline-tests` compiles them.

use std::fs;
use std::path::{Path, PathBuf};

use tieline_codegen::{Bulk, Generator, NextPage, Output, Paging, Runtime, TimeLibrary, TypeOptions};

/// The goldens. One shows every part of a module; the others show what their feature needs.
const GOLDENS: &[&str] = &[
    "all_of",
    "bodies",
    "bulk",
    "by_tag",
    "checks",
    "dates_chrono",
    "dates_time",
    "decided",
    "directions",
    "docs",
    "enums",
    "equal",
    "examples",
    "grpc",
    "headers",
    "links",
    "maps",
    "media",
    "multipart",
    "notations",
    "numbers",
    "objects",
    "pages",
    "parameters",
    "pets",
    "recursion",
    "replies",
    "security",
    "streams",
    "styles",
    "three_states",
    "union_by_kind",
    "union_by_tag",
    "webhooks",
    "xml",
];

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/golden")
}

fn generator(name: &str) -> Generator {
    let everything = matches!(
        name,
        "pets"
            | "bodies"
            | "by_tag"
            | "docs"
            | "grpc"
            | "headers"
            | "links"
            | "media"
            | "multipart"
            | "notations"
            | "pages"
            | "security"
            | "streams"
            | "styles"
            | "webhooks"
            | "xml"
    );
    let dialect = if name == "grpc" { "proto" } else { "yaml" };
    let generator = Generator::new()
        .contract(folder().join(name).join(format!("contract.{dialect}")))
        .name(name);
    let generator = match name {
        "dates_chrono" => generator.time(TimeLibrary::Chrono),
        "dates_time" => generator.time(TimeLibrary::Time),
        "by_tag" => generator.split_by_tag(true),
        "decided" => decided(generator),
        "pages" => generator.pagination(
            "byMark",
            Paging::Said {
                next: NextPage::Cursor {
                    parameter: "from".to_owned(),
                    at: vec!["end".to_owned()],
                    more: Vec::new(),
                },
                items: Some("rows".to_owned()),
            },
        ),
        "bulk" => generator.bulk(
            "listUsers",
            Bulk {
                keys: None,
                items: None,
                key: "id".to_owned(),
                max: None,
            },
        ),
        "notations" => generator.xml(true),
        "equal" => generator.type_options("Invoice.dispute", TypeOptions::new().apart()),
        _ => generator,
    };
    generator
        .blocking(everything)
        .server(everything)
        .mock(everything)
        .out_dir(folder())
}

/// What the contract `decided` is generated with.
fn decided(generator: Generator) -> Generator {
    let pet = TypeOptions::new()
        .rename("Animal")
        .derive("Eq")
        .derive("Hash")
        .field("created-at", "born");
    generator
        .type_options("Pet", pet)
        .type_options(
            "Money",
            TypeOptions::new().replace("crate::golden::Money").by_serde(),
        )
        .type_options(
            "Price",
            TypeOptions::new().replace("crate::golden::Price").by_serde(),
        )
        .type_options("*Id", TypeOptions::new().derive("PartialOrd").derive("Ord"))
        .type_options(
            "Size",
            TypeOptions::new()
                .variant("s", "Small")
                .variant("l", "Large")
                .attribute("#[doc(alias = \"clothes\")]"),
        )
        .rename_operation("getPet", "fetch")
}

fn render(name: &str) -> Output {
    generator(name)
        .render()
        .unwrap_or_else(|failure| panic!("{name}: {failure}"))
}

#[test]
fn every_feature_looks_as_it_is_checked_in() {
    let bless = std::env::var_os("TIELINE_BLESS").is_some();
    let mut stale = Vec::new();
    for name in GOLDENS {
        if bless {
            generator(name)
                .write()
                .unwrap_or_else(|failure| panic!("{name}: {failure}"));
            continue;
        }
        for (path, made) in render(name).files() {
            let kept = fs::read_to_string(folder().join(path)).unwrap_or_default();
            if kept != *made {
                let diff = similar::TextDiff::from_lines(&kept, made)
                    .unified_diff()
                    .context_radius(3)
                    .to_string();
                stale.push(format!("{}\n{diff}", path.display()));
            }
        }
    }
    assert!(
        stale.is_empty(),
        "TIELINE_BLESS=1 rewrites these:\n{}",
        stale.join("\n")
    );
}

#[test]
fn no_golden_is_left_behind() {
    let kept: Vec<String> = fs::read_dir(folder())
        .expect("the goldens are checked in")
        .filter_map(Result::ok)
        .filter(|entry| entry.path().join("contract.yaml").is_file())
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .filter(|name| !GOLDENS.contains(&name.as_str()))
        .collect();
    assert!(
        kept.iter().all(|name| name.starts_with("grpc")),
        "not in the list: {kept:?}"
    );
}

#[test]
fn rendering_twice_gives_the_same_octets() {
    for name in GOLDENS {
        let (one, other) = (render(name), render(name));
        assert!(one.files().eq(other.files()), "{name}");
    }
}

/// What a crate has beside its code. The doc tests of `tieline-tests` compile it.
#[test]
fn examples_of_the_contract_become_calls() {
    let path = folder().join("examples/EXAMPLES.md");
    let output = generator("examples")
        .contract(folder().join("grpc/contract.proto"))
        .name("grpc")
        .package("tieline_tests", Runtime::default())
        .render()
        .unwrap_or_else(|failure| panic!("{failure}"));
    let made = output.files().find(|(path, _)| path == Path::new("EXAMPLES.md"));
    let (_, made) = made.expect("the examples of a crate");
    let root = output.files().find(|(path, _)| path == Path::new("src/lib.rs"));
    let (_, root) = root.expect("the root of a crate");
    assert!(
        root.contains("#[doc = include_str!(\"../EXAMPLES.md\")]"),
        "{root}"
    );
    if std::env::var_os("TIELINE_BLESS").is_some() {
        fs::write(&path, made).unwrap();
    }
    assert_eq!(
        fs::read_to_string(&path).unwrap_or_default(),
        *made,
        "TIELINE_BLESS=1 rewrites it"
    );
}
