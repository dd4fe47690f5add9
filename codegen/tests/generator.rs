//! What the generator promises about its output, from outside.

use std::fs;
use std::path::{Path, PathBuf};

use tempfile::TempDir;
use tieline_codegen::{Generator, Output, Runtime};

const PETS: &str = r##"
openapi: 3.1.0
info: { title: Pets, version: 1.2.3 }
paths:
  /pets:
    get:
      operationId: listPets
      tags: [read]
      responses:
        "200": { description: All., content: { application/json: { schema: { type: array, items: { $ref: "#/components/schemas/Pet" } } } } }
  /shops:
    post:
      operationId: openShop
      requestBody: { required: true, content: { application/json: { schema: { $ref: "#/components/schemas/Shop" } } } }
      responses: { "204": { description: Open. } }
components:
  schemas:
    Pet: { type: object, properties: { owner: { $ref: "#/components/schemas/Owner" } } }
    Owner: { type: object, properties: { name: { type: string } } }
    Shop: { type: object, properties: { name: { type: string } } }
"##;

struct Bench {
    folder: TempDir,
}

impl Bench {
    fn new() -> Self {
        let bench = Self {
            folder: tempfile::tempdir().expect("a folder for the test"),
        };
        bench.put("pets.yaml", PETS);
        bench
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn put(&self, name: &str, text: &str) {
        fs::write(self.path(name), text).expect("the folder can be written to");
    }

    fn generator(&self) -> Generator {
        Generator::new()
            .contract(self.path("pets.yaml"))
            .out_dir(self.path("out"))
    }

    fn text(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }
}

fn paths(output: &Output) -> Vec<String> {
    output
        .files()
        .map(|(path, _)| path.to_string_lossy().replace('\\', "/"))
        .collect()
}

fn type_names(output: &Output) -> Vec<String> {
    let (_, types) = output
        .files()
        .find(|(path, _)| path.ends_with("types.rs"))
        .expect("types are written");
    types
        .lines()
        .filter_map(|line| {
            Some(
                line.strip_prefix("pub struct ")?
                    .trim_end_matches(" {")
                    .to_owned(),
            )
        })
        .collect()
}

#[test]
fn only_the_chosen_parts_are_written() {
    let bench = Bench::new();
    let output = bench.generator().render().expect("a good contract");
    assert_eq!(
        paths(&output),
        [
            "pets/mod.rs",
            "pets/api.rs",
            "pets/operations.rs",
            "pets/types.rs",
            "pets/client.rs"
        ]
    );
    let output = bench
        .generator()
        .client(false)
        .server(true)
        .mock(true)
        .render()
        .expect("a good contract");
    assert_eq!(paths(&output)[4..], ["pets/server.rs", "pets/mock.rs"]);
    assert_eq!(
        (output.contracts[0].operations, output.contracts[0].types),
        (2, 3)
    );
    assert_eq!(output.inputs, [bench.path("pets.yaml")]);
}

#[test]
fn a_selection_prunes_the_types_to_what_it_reaches() {
    let bench = Bench::new();
    for selector in ["listPets", "list*", "tag:read", "/pets", "GET /pets"] {
        let output = bench
            .generator()
            .operations([selector])
            .render()
            .expect("a good contract");
        assert_eq!(output.contracts[0].operations, 1, "{selector}");
        assert_eq!(type_names(&output), ["Pet", "Owner"], "{selector}");
    }
    let failure = bench
        .generator()
        .operations(["nothing"])
        .render()
        .expect_err("it selects nothing");
    assert!(
        failure.to_string().contains("TL-GEN-002") && failure.to_string().contains("`nothing`"),
        "{failure}"
    );
}

#[test]
fn an_operation_that_cannot_answer_for_many_keys_as_it_says_is_told_with_its_place() {
    let bench = Bench::new();
    for said in [
        "{ keys: ids, key: id }",
        "{ key: id }",
        "{ keys: limit, key: id }",
        "{ keys: names, key: name }",
    ] {
        let operation = format!("operationId: listPets\n      x-tieline-bulk: {said}");
        let operation = format!(
            "{operation}\n      parameters: [{{ name: limit, in: query, schema: {{ type: integer }} }}, \
             {{ name: names, in: query, schema: {{ type: array, items: {{ type: string }} }} }}]"
        );
        bench.put("pets.yaml", &PETS.replace("operationId: listPets", &operation));
        let output = bench.generator().render().expect("only a warning");
        let told: Vec<_> = (output.problems.iter())
            .map(|problem| (problem.code, problem.place.as_ref().map(|place| place.line)))
            .collect();
        assert_eq!(told, [("TL-GEN-023", Some(6))], "{said}");
    }
}

#[test]
fn a_failed_run_leaves_the_old_output() {
    let bench = Bench::new();
    bench.generator().write().expect("a good contract");
    let before = bench.text("out/pets/types.rs");
    bench.put(
        "pets.yaml",
        &PETS.replace("#/components/schemas/Owner", "#/components/schemas/Nobody"),
    );
    let failure = bench.generator().write().expect_err("a reference leads nowhere");
    assert_eq!(bench.text("out/pets/types.rs"), before);
    let shown = format!("{failure:?}");
    assert!(
        shown.contains("pets.yaml:18:") && shown.contains("Nobody"),
        "not located: {shown}"
    );
    let left = fs::read_dir(bench.path("out/pets"))
        .expect("written before")
        .count();
    assert_eq!(left, 5, "temporary files are left");
}

#[test]
fn files_of_earlier_runs_go_and_others_stay() {
    let bench = Bench::new();
    bench.generator().server(true).write().expect("a good contract");
    bench.put("out/pets/extra.rs", "//! Written by a person.\n");
    let untouched = fs::metadata(bench.path("out/pets/types.rs"))
        .and_then(|meta| meta.modified())
        .expect("written");
    bench.generator().write().expect("a good contract");
    assert!(!bench.path("out/pets/server.rs").exists());
    assert!(bench.path("out/pets/extra.rs").exists());
    let modified = fs::metadata(bench.path("out/pets/types.rs"))
        .and_then(|meta| meta.modified())
        .expect("kept");
    assert_eq!(
        modified, untouched,
        "a file that would not change was written again"
    );
}

#[test]
fn a_crate_of_one_contract_is_its_module() {
    let bench = Bench::new();
    let output = bench
        .generator()
        .package("pets-api", Runtime::Path(bench.path("runtime")))
        .write()
        .expect("a good contract");
    assert!(paths(&output).contains(&"src/lib.rs".to_owned()));
    let manifest = bench.text("out/Cargo.toml");
    for line in [
        "name = \"pets-api\"",
        "version = \"1.2.3\"",
        "[workspace]",
        "default = [\"client\"]",
    ] {
        assert!(
            manifest.lines().any(|found| found == line),
            "{line} is not in\n{manifest}"
        );
    }
    assert!(manifest.contains(&*bench.path("runtime").to_string_lossy()));
    assert!(
        bench
            .text("out/src/lib.rs")
            .contains("#[cfg(feature = \"server\")]\nmod server;")
    );
    assert!(bench.text("out/README.md").contains("pets_api::Client::to("));
}

#[test]
fn a_crate_of_several_contracts_has_a_module_each() {
    let bench = Bench::new();
    let output = bench
        .generator()
        .contract(bench.path("pets.yaml"))
        .name("more-pets")
        .package("both", Runtime::default())
        .render()
        .expect("good contracts");
    let (_, root) = output
        .files()
        .find(|(path, _)| path == Path::new("src/lib.rs"))
        .expect("a root");
    assert!(
        root.contains("pub mod pets;") && root.contains("pub mod more_pets;"),
        "{root}"
    );
    assert!(paths(&output).contains(&"src/more_pets/mod.rs".to_owned()));
}

#[test]
fn contracts_of_one_name_are_refused() {
    let bench = Bench::new();
    let failure = bench
        .generator()
        .contract(bench.path("pets.yaml"))
        .render()
        .expect_err("the same name twice");
    assert!(failure.to_string().contains("TL-GEN-004"), "{failure}");
}

#[test]
fn without_contract_or_folder_it_says_what_is_missing() {
    let failure = Generator::new().render().expect_err("no contract");
    assert!(failure.to_string().contains("no contract"), "{failure}");
    let bench = Bench::new();
    let failure = Generator::new()
        .contract(bench.path("pets.yaml"))
        .write()
        .expect_err("no folder");
    assert!(failure.to_string().contains("no folder"), "{failure}");
}
