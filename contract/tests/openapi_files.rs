//! Documents of every version, and documents in several files.
#![cfg(feature = "openapi")]

use std::path::{Path, PathBuf};

use tieline_contract::model::{Field, Struct, Type, TypeDef, TypeKind, TypeName};
use tieline_contract::problem::Problems;
use tieline_contract::{Read, ReadOptions, read, read_text};

fn at(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/contracts")
        .join(name)
}

fn mapped() -> ReadOptions {
    let toys = at("split/toys.json");
    ReadOptions {
        name: Some("same".to_owned()),
        urls: vec![("https://toys.example/schemas/toy.json".to_owned(), toys)],
        ..ReadOptions::default()
    }
}

fn read_clean(name: &str) -> Read {
    let read = read(&at(name), &mapped()).unwrap_or_else(|problems| panic!("{problems}"));
    assert!(read.problems.is_empty(), "{}", read.problems);
    read
}

fn refused(text: &str) -> Problems {
    read_text("a.yaml", text, &ReadOptions::default()).unwrap_err()
}

fn fields<'r>(read: &'r Read, name: &str) -> &'r [Field] {
    match read.contract.types.get(&TypeName::from(name)) {
        Some(TypeDef {
            kind: TypeKind::Struct(Struct { fields, .. }),
            ..
        }) => fields,
        other => panic!("{name}: {other:?} among {:?}", read.contract.types.keys()),
    }
}

fn type_of<'r>(read: &'r Read, owner: &str, field: &str) -> &'r Type {
    let field = fields(read, owner).iter().find(|one| one.name == field);
    &field.unwrap_or_else(|| panic!("no such field")).value.ty
}

#[test]
fn a_2_0_document_is_the_same_contract_as_the_one_written_for_3_0() {
    let (old, new) = (
        read_clean("versions/store-2.yaml"),
        read_clean("versions/store-3.yaml"),
    );
    for (old, new) in old.contract.operations().zip(new.contract.operations()) {
        assert_eq!(old, new);
    }
    assert_eq!(*old.contract, *new.contract);
}

#[test]
fn problems_of_a_2_0_document_point_into_its_own_text() {
    let problems = refused(
        "swagger: '2.0'\ninfo: {title: T, version: '1'}\npaths:\n  /a:\n    post:\n      parameters:\n        - name: b\n          in: body\n          schema: {$ref: '#/definitions/None'}\n      responses: {200: {description: ok}}\n",
    );
    let text = problems.to_text(false);
    assert!(text.contains("a.yaml:9:26"), "{text}");
    assert!(
        text.contains("at /paths/~1a/post/parameters/0/schema/$ref"),
        "{text}"
    );
}

#[test]
fn forms_with_files_are_multipart_and_others_are_not() {
    let text = "swagger: '2.0'\ninfo: {title: T, version: '1'}\npaths:\n  /a:\n    post:\n      operationId: up\n      parameters:\n        - {name: f, in: formData, type: file}\n      responses: {200: {description: ok}}\n    put:\n      operationId: form\n      parameters:\n        - {name: f, in: formData, type: string}\n      responses: {200: {description: ok}}\n";
    let read = read_text("a.yaml", text, &ReadOptions::default()).unwrap();
    let shown = format!(
        "{:?}",
        read.contract
            .operations()
            .map(|one| &one.bindings)
            .collect::<Vec<_>>()
    );
    assert!(shown.contains("multipart/form-data"), "{shown}");
    assert!(shown.contains("application/x-www-form-urlencoded"), "{shown}");
}

#[test]
fn references_lead_through_files_in_circles_and_back() {
    let read = read_clean("split/openapi.yaml");
    let names: Vec<&str> = read.contract.types.keys().map(|name| &*name.0).collect();
    assert_eq!(
        names,
        [
            "Animal",
            "Collar",
            "owner of pets",
            "Toy",
            "Collar.Colour",
            "Missing"
        ]
    );
    assert_eq!(type_of(&read, "Animal", "mother"), &Type::Named("Animal".into()));
    assert_eq!(type_of(&read, "Animal", "collar"), &Type::Named("Collar".into()));
    assert_eq!(type_of(&read, "Animal", "toy"), &Type::Named("Toy".into()));
    let Type::List(pets) = type_of(&read, "owner of pets", "pets") else {
        panic!("not a list");
    };
    assert_eq!(pets.ty, Type::Named("Animal".into()));
    let operation = read.contract.operations().next().unwrap();
    assert_eq!((&*operation.id, operation.inputs.len()), ("getPet", 1));
    assert_eq!(read.files.len(), 6, "{:?}", read.files);
    assert_eq!(&*operation.origin.pointer, "/get");
    assert!(operation.origin.file.ends_with("paths/pet.yaml"));
}

#[test]
fn a_url_that_no_file_stands_for_is_said_with_its_place_and_nothing_is_fetched() {
    let read = read(&at("split/openapi.yaml"), &ReadOptions::default()).unwrap();
    let [problem] = read.problems.iter().collect::<Vec<_>>()[..] else {
        panic!("{}", read.problems);
    };
    assert_eq!(problem.code, "TL-SCH-004");
    let place = problem.place.as_ref().unwrap();
    assert!(
        place.file.ends_with("models/pet.yaml") && place.line == 8,
        "{place}"
    );
    assert_eq!(type_of(&read, "Animal", "toy"), &Type::Json);
}

#[test]
fn a_file_that_is_not_there_is_said_at_the_reference() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.yaml");
    let text = "openapi: 3.0.0\ninfo: {title: T, version: '1'}\npaths: {}\ncomponents:\n  schemas:\n    A: {type: object, properties: {b: {$ref: 'gone.yaml#/B'}}}\n    B: {$ref: broken.yaml}\n";
    std::fs::write(&path, text).unwrap();
    std::fs::write(folder.path().join("broken.yaml"), "a: [\n").unwrap();
    let problems = read(&path, &ReadOptions::default()).unwrap_err();
    let said: Vec<_> = problems
        .iter()
        .map(|one| (one.code, one.place.as_ref().unwrap().line, one.related.len()))
        .collect();
    assert_eq!(said, [("TL-SCH-011", 6, 0), ("TL-SCH-011", 7, 1)], "{problems}");
}

#[test]
fn versions_3_1_and_3_2_are_read_alike() {
    for version in ["3.1.0", "3.2.0"] {
        let text = format!("openapi: {version}\ninfo: {{title: T, version: '1'}}\npaths: {{}}\n");
        assert!(
            read_text("a.yaml", text, &ReadOptions::default()).is_ok(),
            "{version}"
        );
    }
}

#[test]
fn what_was_looked_for_in_vain_is_known_with_what_was_read() {
    use tieline_contract::lookup::Found;
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let document = r#"{"openapi": "3.1.0", "info": {"title": "T", "version": "1"}, "paths": {
        "/a": {"$ref": "there.json"}}, "x-more": {"$ref": "gone%20away.json"}}"#;
    std::fs::write(at("api.json"), document).unwrap();
    std::fs::write(at("there.json"), "{}").unwrap();
    let read = tieline_contract::read(&at("api.json"), &tieline_contract::ReadOptions::default()).unwrap();
    let list = read.lookups.into_list();
    let found = |name: &str| {
        let found = list.iter().find(|(path, _)| *path == at(name));
        found.map(|(_, found)| matches!(found, Found::Octets { .. }))
    };
    for (name, expected) in [
        ("api.json", Some(true)),
        ("there.json", Some(true)),
        ("gone away.json", Some(false)),
        ("gone%20away.json", Some(false)),
        ("tieline.lock", Some(false)),
        ("other.json", None),
    ] {
        assert_eq!(found(name), expected, "{name}");
    }
    assert!(list.iter().all(|(path, found)| found.is_still_at(path)));
    std::fs::write(at("gone away.json"), "{}").unwrap();
    assert!(!list.iter().all(|(path, found)| found.is_still_at(path)));
}
