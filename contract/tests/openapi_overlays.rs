//! Overlays: laid over a document before it is read, with places of their own.
#![cfg(all(feature = "openapi", feature = "overlay"))]

use std::fs;
use std::path::{Path, PathBuf};

use tempfile::TempDir;
use tieline_contract::problem::{Level, Problem, Problems};
use tieline_contract::{Read, ReadOptions, read};

const PETS: &str = "\
openapi: 3.1.0
info: {title: Pets, version: '1'}
paths:
  /pets:
    get:
      operationId: listPets
      tags: [pets]
      responses:
        '200': {description: ok, content: {application/json: {schema: {$ref: '#/components/schemas/Pet'}}}}
    delete: {operationId: dropPets, responses: {'204': {description: gone}}}
components:
  schemas:
    Pet: {type: object, properties: {name: {type: string}, old: {type: string}, tags: {enum: [a, b]}}}
";

struct Case {
    folder: TempDir,
    overlays: Vec<PathBuf>,
}

impl Case {
    fn new(overlays: &[&str]) -> Self {
        let folder = TempDir::new().unwrap();
        fs::write(folder.path().join("pets.yaml"), PETS).unwrap();
        let overlays = overlays.iter().enumerate().map(|(number, text)| {
            let path = folder.path().join(format!("fix{number}.yaml"));
            let head = "overlay: 1.1.0\ninfo: {title: Fix, version: '1'}\nactions:\n";
            fs::write(&path, format!("{head}{text}")).unwrap();
            path
        });
        let overlays = overlays.collect();
        Self { folder, overlays }
    }

    fn read(&self) -> Result<Read, Problems> {
        let options = ReadOptions {
            overlays: self.overlays.clone(),
            ..ReadOptions::default()
        };
        read(&self.folder.path().join("pets.yaml"), &options)
    }
}

fn laid(overlays: &[&str]) -> Read {
    let read = Case::new(overlays).read();
    read.unwrap_or_else(|problems| panic!("{problems}"))
}

fn refused(overlay: &str) -> Problem {
    let problems = Case::new(&[overlay]).read().unwrap_err();
    problems
        .into_iter()
        .find(|problem| problem.level == Level::Error)
        .unwrap()
}

fn ids(read: &Read) -> Vec<&str> {
    read.contract
        .operations()
        .map(|operation| operation.id.as_str())
        .collect()
}

fn properties(read: &Read) -> Vec<&str> {
    use tieline_contract::model::{TypeKind, TypeName};
    match &read.contract.types[&TypeName::from("Pet")].kind {
        TypeKind::Struct(one) => one.fields.iter().map(|field| field.name.as_str()).collect(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn updates_merge_objects_append_to_lists_and_replace_scalars() {
    let read = laid(&["  - target: $.paths['/pets'].get
    update: {operationId: allPets, tags: [more], deprecated: true}
  - target: $.components.schemas.Pet.properties
    update: {age: {type: integer}}
"]);
    assert!(read.problems.is_empty(), "{}", read.problems);
    assert_eq!(ids(&read), ["allPets", "dropPets"]);
    let list = read.contract.operations().next().unwrap();
    assert_eq!(list.tags, ["pets", "more"]);
    assert!(list.deprecated);
    assert_eq!(properties(&read), ["name", "old", "tags", "age"]);
}

#[test]
fn removals_and_filters_apply_in_order_and_the_second_overlay_sees_the_first() {
    let read = laid(&[
        "  - {target: '$.paths.*[?@.operationId == ''dropPets'']', remove: true}\n",
        "  - {target: $.components.schemas.Pet.properties.old, remove: true}
  - {target: '$.components.schemas.Pet.properties.tags.enum[0,1]', remove: true}
  - {target: $.components.schemas.Pet.properties.tags.enum, update: c}
",
    ]);
    assert_eq!(ids(&read), ["listPets"]);
    assert_eq!(properties(&read), ["name", "tags"]);
    assert!(read.problems.is_empty(), "{}", read.problems);
}

#[test]
fn a_copy_takes_one_node_to_another_place() {
    let read = laid(&["  - target: $.paths
    update: {/animals: {}}
  - target: $.paths['/animals']
    copy: $.paths['/pets']
  - {target: '$.paths[''/animals''].get', update: {operationId: listAnimals}}
  - {target: '$.paths[''/pets'']', remove: true}
  - {target: '$.paths[''/animals''].delete', remove: true}
"]);
    assert_eq!(ids(&read), ["listAnimals"]);
    let problem = refused("  - {target: $.info, copy: '$.paths[''/pets''].*'}\n");
    assert!(problem.message.contains("this selects 2"), "{problem}");
}

#[test]
fn references_of_what_an_overlay_brings_count_from_the_document() {
    let read = laid(&["  - target: $.components.schemas
    update:
      Owner: {type: object, properties: {pet: {$ref: '#/components/schemas/Pet'}}}
"]);
    assert!(read.problems.is_empty(), "{}", read.problems);
    assert!(
        read.files.iter().any(|file| file.ends_with("fix0.yaml")),
        "a change makes it stale"
    );
}

#[test]
fn what_is_wrong_with_brought_nodes_stands_in_the_overlay() {
    let problem = refused(
        "  - target: $.components.schemas.Pet.properties
    update:
      owner: {$ref: '#/components/schemas/Owner'}
",
    );
    let place = problem.place.unwrap();
    assert!(place.file.ends_with("fix0.yaml"), "{place}");
    assert_eq!((place.line, &*place.pointer), (6, "/actions/0/update/owner/$ref"));
}

#[test]
fn a_target_that_matches_nothing_is_a_warning_at_the_target() {
    let read = laid(&["  - {target: $.paths.nowhere, remove: true}\n"]);
    let found: Vec<_> = read.problems.iter().collect();
    assert_eq!(found.len(), 1);
    assert_eq!((found[0].code, found[0].level), ("TL-OVL-004", Level::Warning));
    assert_eq!(found[0].place.as_ref().unwrap().line, 4);
}

#[test]
fn an_extended_document_that_is_another_is_a_warning() {
    let case = Case::new(&[]);
    let overlay = case.folder.path().join("x.yaml");
    let text = |target: &str| format!("overlay: 1.0.0\nextends: {target}\nactions: []\n");
    let with = |target: &str| {
        fs::write(&overlay, text(target)).unwrap();
        let options = ReadOptions {
            overlays: vec![overlay.clone()],
            ..ReadOptions::default()
        };
        read(&case.folder.path().join("pets.yaml"), &options).unwrap()
    };
    assert!(with("pets.yaml").problems.is_empty());
    let codes: Vec<_> = with("toys.yaml")
        .problems
        .iter()
        .map(|problem| problem.code)
        .collect();
    assert_eq!(codes, ["TL-OVL-005"]);
}

#[test]
fn malformed_overlays_are_refused_with_their_place() {
    for (text, code) in [
        ("  - {target: '$.paths[', remove: true}\n", "TL-OVL-003"),
        ("  - {update: {}}\n", "TL-OVL-002"),
        ("  - {target: $.info}\n", "TL-OVL-002"),
        ("  - {target: $.info, remove: maybe}\n", "TL-OVL-002"),
        ("  - {target: $.info, updaet: {}}\n", "TL-OVL-002"),
        ("  - {target: $, remove: true}\n", "TL-OVL-002"),
        ("  - {target: $.info, update: text}\n", "TL-OVL-002"),
        ("  - {target: $.info.title, update: {}}\n", "TL-OVL-002"),
    ] {
        let problem = refused(text);
        assert_eq!(problem.code, code, "{text}: {problem}");
        assert_eq!(problem.place.unwrap().line, 4, "{text}");
    }
    let case = Case::new(&[]);
    let options = ReadOptions {
        overlays: vec![case.folder.path().join("pets.yaml")],
        ..ReadOptions::default()
    };
    let problems = read(&case.folder.path().join("pets.yaml"), &options).unwrap_err();
    assert_eq!(problems.iter().next().unwrap().code, "TL-OVL-001");
}

#[test]
fn copies_of_copies_are_bounded() {
    let mut text = String::from("  - {target: $.info, update: {x: {a: b}}}\n");
    for round in 0..40 {
        text.push_str(&format!("  - {{target: $.info.x, update: {{n{round}: {{}}}}}}\n"));
        text.push_str(&format!("  - {{target: $.info.x.n{round}, copy: $.info.x}}\n"));
    }
    let problem = refused(&text);
    assert_eq!(problem.code, "TL-OVL-006", "{problem}");
}

#[test]
fn a_missing_overlay_is_a_problem() {
    let case = Case::new(&[]);
    let options = ReadOptions {
        overlays: vec![Path::new("there/is/none.yaml").to_owned()],
        ..ReadOptions::default()
    };
    let problems = read(&case.folder.path().join("pets.yaml"), &options).unwrap_err();
    assert_eq!(problems.iter().next().unwrap().code, "TL-SRC-001");
}
