//! What departs from the letter is read as it is meant, with a warning at its place, and refused where that is asked.
#![cfg(feature = "openapi")]

use tieline_contract::model::{
    Binding, InputPlace, Method, Operation, QueryStyle, Scalar, Type, TypeKind, TypeName, TypeUse,
};
use tieline_contract::{Read, ReadOptions, read_text};

fn lenient(text: &str) -> Read {
    let read = read_text("a.yaml", text, &ReadOptions::default());
    read.unwrap_or_else(|problems| panic!("{problems}"))
}

/// Read, with these codes and lines, and refused when strictness is asked for.
fn departs(text: &str, expected: &[(&str, u32)]) -> Read {
    let read = lenient(text);
    let found: Vec<_> = read
        .problems
        .iter()
        .map(|problem| (problem.code, problem.place.as_ref().map_or(0, |place| place.line)))
        .collect();
    assert_eq!(found, expected, "{}", read.problems);
    let strict = ReadOptions {
        strict: true,
        ..ReadOptions::default()
    };
    assert!(read_text("a.yaml", text, &strict).is_err());
    read
}

fn with_schema(version: &str, schema: &str) -> String {
    format!(
        "openapi: {version}\ninfo: {{title: T, version: '1'}}\npaths: {{}}\ncomponents:\n  schemas:\n    T: {schema}\n"
    )
}

fn kind(read: &Read, name: &str) -> TypeKind {
    read.contract.types[&TypeName::from(name)].kind.clone()
}

fn alias(read: &Read) -> TypeUse {
    match kind(read, "T") {
        TypeKind::Alias(target) => target,
        other => panic!("{other:?}"),
    }
}

fn only(read: &Read) -> &Operation {
    let operations: Vec<_> = read.contract.operations().collect();
    assert_eq!(operations.len(), 1);
    operations[0]
}

fn places(operation: &Operation) -> &[InputPlace] {
    match &operation.bindings[0] {
        Binding::Http(http) => &http.inputs,
        other => panic!("{other:?}"),
    }
}

fn with_operation(version: &str, item: &str) -> String {
    format!("openapi: {version}\ninfo: {{title: T, version: '1'}}\npaths:\n  /a:\n{item}")
}

#[test]
fn type_names_in_other_words_mean_types() {
    for (name, expected) in [
        ("Integer", Scalar::Integer),
        ("int32", Scalar::I32),
        ("bool", Scalar::Bool),
        ("datetime", Scalar::DateTime),
        ("STRING", Scalar::String),
    ] {
        let read = departs(
            &with_schema("3.1.0", &format!("{{type: {name}}}")),
            &[("TL-OAS-040", 6)],
        );
        assert_eq!(alias(&read).ty, Type::Scalar(expected), "{name}");
    }
}

#[test]
fn what_no_reader_can_know_stays_a_problem() {
    let read = lenient(&with_schema("3.1.0", "{type: gizmo}"));
    assert_eq!(
        read.problems
            .iter()
            .map(|problem| problem.code)
            .collect::<Vec<_>>(),
        ["TL-SCH-006"]
    );
    assert_eq!(alias(&read).ty, Type::Json);
}

#[test]
fn keywords_of_another_version_count_as_that_version_means_them() {
    let property = "{type: object, properties: {a: {type: string, nullable: true}}}";
    let read = departs(&with_schema("3.1.0", property), &[("TL-OAS-041", 6)]);
    match kind(&read, "T") {
        TypeKind::Struct(one) => assert!(one.fields[0].value.nullable),
        other => panic!("{other:?}"),
    }
    let list = "{type: object, properties: {a: {type: [string, 'null']}}}";
    let read = departs(&with_schema("3.0.3", list), &[("TL-OAS-041", 6)]);
    match kind(&read, "T") {
        TypeKind::Struct(one) => assert!(one.fields[0].value.nullable),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_departure_that_is_repeated_is_told_of_once_with_a_count() {
    let many = "{type: object, properties: {a: {type: int}, b: {type: int}, c: {type: int}}}";
    let read = departs(&with_schema("3.1.0", many), &[("TL-OAS-040", 6)]);
    let text = read.problems.to_text(false);
    assert!(text.contains("in 2 more places"), "{text}");
}

#[test]
fn texts_where_numbers_and_truth_values_belong_are_taken_for_these() {
    let schema = "{type: string, minLength: '3', deprecated: 'true'}";
    let read = departs(
        &with_schema("3.1.0", schema),
        &[("TL-OAS-040", 6), ("TL-OAS-040", 6)],
    );
    let def = &read.contract.types[&TypeName::from("T")];
    assert_eq!(def.rules, [tieline_contract::model::Rule::MinLength(3)]);
    assert!(def.deprecated);
}

#[test]
fn parameters_and_bodies_of_2_0_are_read_in_3() {
    let text = with_operation(
        "3.0.3",
        "    Post:
      tags: pets
      parameters:
        - {name: ids, in: query, type: array, items: {type: integer}, collectionFormat: pipes, required: 'true'}
        - {name: pet, in: body, schema: {type: string}}
      responses: {200: {description: ok, schema: {type: integer}}}
",
    );
    let codes = [
        ("TL-OAS-040", 5),
        ("TL-OAS-040", 6),
        ("TL-OAS-041", 8),
        ("TL-OAS-040", 8),
        ("TL-OAS-041", 9),
        ("TL-OAS-041", 10),
    ];
    let read = departs(&text, &codes);
    let operation = only(&read);
    assert_eq!(operation.tags, ["pets"]);
    assert!(operation.inputs[0].required);
    assert_eq!(places(operation)[0], InputPlace::Query(QueryStyle::Pipe));
    assert!(
        matches!(&places(operation)[1], InputPlace::Body { media_type, .. } if media_type == "application/json")
    );
    let body = operation.successes[0].body.as_ref().unwrap();
    assert_eq!(body.value.ty, Type::Scalar(Scalar::Integer));
}

#[test]
fn one_object_in_the_place_of_a_list_is_a_list_of_it() {
    let text = with_operation(
        "3.1.0",
        "    get:
      parameters: {name: q, in: query, schema: {type: string}}
      security: {}
      responses: []
",
    );
    let read = departs(&text, &[("TL-OAS-040", 6), ("TL-OAS-040", 7), ("TL-OAS-040", 8)]);
    assert_eq!(only(&read).inputs[0].name, "q");
}

#[test]
fn a_key_that_stands_twice_is_read_and_told_of() {
    let text = with_operation(
        "3.1.0",
        "    get: {responses: {}}\n  /a:\n    put: {responses: {}}\n",
    );
    let read = departs(&text, &[("TL-SRC-006", 6)]);
    let methods = read
        .contract
        .operations()
        .map(|operation| match &operation.bindings[0] {
            Binding::Http(http) => http.method.clone(),
            other => panic!("{other:?}"),
        });
    assert_eq!(
        methods.collect::<Vec<_>>(),
        [Method::Get, Method::Put],
        "two objects are one"
    );
}

#[test]
fn a_status_that_is_none_costs_that_reply_only() {
    let text = with_operation(
        "3.1.0",
        "    get: {responses: {ok: {description: x}, 204: {description: y}}}\n",
    );
    let read = departs(&text, &[("TL-OAS-013", 5)]);
    assert_eq!(only(&read).successes.len(), 1);
}

#[test]
fn a_bare_name_is_a_reference_to_the_component() {
    let text = with_schema("3.1.0", "{type: object, properties: {next: {$ref: T}}}");
    let read = departs(&text, &[("TL-OAS-040", 6)]);
    match kind(&read, "T") {
        TypeKind::Struct(one) => assert_eq!(one.fields[0].value.ty, Type::Named(TypeName::from("T"))),
        other => panic!("{other:?}"),
    }
}
