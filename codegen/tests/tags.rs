//! What a module is that is split by tags.

use std::fs;
use std::path::Path;

use tempfile::TempDir;
use tieline_codegen::{Generator, Output, Runtime};

fn contract(operations: &[(&str, &[&str])]) -> String {
    let operations = operations.iter().map(|(id, tags)| {
        format!(
            "  /{id}:\n    get:\n      operationId: {id}\n      tags: {tags:?}\n      responses: {{ \"204\": {{ description: Done. }} }}\n"
        )
    });
    let operations: String = operations.collect();
    format!("openapi: 3.1.0\ninfo: {{ title: T, version: '1' }}\npaths:\n{operations}")
}

struct Bench(TempDir);

impl Bench {
    fn new(operations: &[(&str, &[&str])]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("api.yaml"), contract(operations)).unwrap();
        Self(folder)
    }

    fn generator(&self) -> Generator {
        Generator::new()
            .contract(self.0.path().join("api.yaml"))
            .split_by_tag(true)
            .out_dir(self.0.path().join("out"))
    }

    fn package(&self) -> Generator {
        self.generator().package("api", Runtime::default())
    }
}

fn text<'o>(output: &'o Output, path: &str) -> &'o str {
    let found = output.files().find(|(name, _)| name == Path::new(path));
    let paths: Vec<_> = output.files().map(|(path, _)| path).collect();
    &found.unwrap_or_else(|| panic!("no {path} in {paths:?}")).1
}

/// The features of the manifest but for those of the parts.
fn features(output: &Output) -> Vec<String> {
    let manifest = text(output, "Cargo.toml");
    let own = ["default", "client", "blocking", "server", "mock"];
    let table = manifest.split("[features]").nth(1).unwrap();
    let table = table.split("\n[").next().unwrap();
    let keys = table.lines().filter_map(|line| Some(line.split_once(" = ")?.0));
    keys.filter(|key| !own.contains(key)).map(str::to_owned).collect()
}

#[test]
fn a_tag_becomes_a_feature_of_its_name_that_is_nobody_elses() {
    let bench = Bench::new(&[
        ("a", &["Pet Shops"]),
        ("b", &["petShops"]),
        ("c", &["client"]),
        ("d", &["3D"]),
        ("e", &["größe"]),
        ("f", &["default"]),
        ("g", &[]),
    ]);
    let output = bench.package().render().unwrap();
    let expected = [
        "\"größe\"",
        "field-3d",
        "pet-shops",
        "tag-client",
        "tag-default",
        "tag-pet-shops",
    ];
    let mut found = features(&output);
    found.sort();
    assert_eq!(found, expected);
    let manifest = text(&output, "Cargo.toml");
    let (_, default) = manifest.split_once("default = [").unwrap();
    let default = default.split(']').next().unwrap();
    for feature in expected {
        let quoted = format!("\"{}\"", feature.trim_matches('"'));
        assert!(default.contains(&quoted), "{quoted} is not in {default}");
    }
    assert!(
        text(&output, "README.md").contains("| `pet-shops` | yes | The operations tagged `Pet Shops`. |")
    );
}

#[test]
fn several_contracts_of_one_crate_have_features_of_their_own() {
    let bench = Bench::new(&[("a", &["pets"])]);
    let generator = bench.package().name("one");
    let generator = generator
        .contract(bench.0.path().join("api.yaml"))
        .name("two")
        .split_by_tag(true);
    let output = generator.render().unwrap();
    assert_eq!(features(&output), ["one-pets", "two-pets"]);
}

#[test]
fn modules_have_no_features_and_the_same_names() {
    let bench = Bench::new(&[("a", &["pets"]), ("b", &["shops", "pets"]), ("c", &[])]);
    let output = bench
        .generator()
        .server(true)
        .mock(true)
        .blocking(true)
        .render()
        .unwrap();
    assert!(output.files().all(|(_, text)| !text.contains("cfg(")));
    let root = text(&output, "api/mod.rs");
    for line in [
        "pub use by_tag::pets::operations::*;",
        "pub use by_tag::pets_and_shops::operations::*;",
        "pub use operations::*;",
    ] {
        assert!(root.contains(line), "{line} is not in\n{root}");
    }
    let crated = bench.package().render().unwrap();
    let root = text(&crated, "src/lib.rs");
    assert!(
        root.contains("#[cfg(any(feature = \"pets\", feature = \"shops\"))]\npub use by_tag::pets_and_shops")
    );
}

#[test]
fn nothing_is_split_where_nothing_is_tagged_or_nobody_asked() {
    let bench = Bench::new(&[("a", &[]), ("b", &[])]);
    let split = bench.package().render().unwrap();
    let whole = bench.package().split_by_tag(false).render().unwrap();
    assert!(split.files().eq(whole.files()));
    let bench = Bench::new(&[("a", &["pets"])]);
    let whole = bench.package().split_by_tag(false).render().unwrap();
    assert!(
        whole
            .files()
            .all(|(path, _)| !path.to_string_lossy().contains("by_tag"))
    );
    assert_eq!(features(&whole), [""; 0]);
}

#[test]
fn parts_that_are_no_longer_there_go() {
    let bench = Bench::new(&[("a", &["pets"]), ("b", &["shops"])]);
    let out = bench.0.path().join("out/api/by_tag");
    bench.generator().write().unwrap();
    assert!(out.join("shops/operations.rs").exists());
    fs::write(bench.0.path().join("api.yaml"), contract(&[("a", &["pets"])])).unwrap();
    bench.generator().write().unwrap();
    assert!(!out.join("shops/operations.rs").exists());
    bench.generator().split_by_tag(false).write().unwrap();
    assert!(!out.join("mod.rs").exists() && !out.join("pets/client.rs").exists());
}
