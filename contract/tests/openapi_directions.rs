//! `readOnly` and `writeOnly`: which types get a form of their own for requests.
#![cfg(feature = "openapi")]

use tieline_contract::model::{Contract, Dispatch, TypeKind, TypeName};
use tieline_contract::{ReadOptions, read_text};

/// A contract whose one operation takes `Given` and answers with `Got`, of these schemas.
fn contract(schemas: &str) -> Contract {
    let lines = format!("    {}", schemas.replace('\n', "\n    "));
    let body = |name: &str| {
        format!("{{content: {{application/json: {{schema: {{$ref: '#/components/schemas/{name}'}}}}}}}}")
    };
    let (given, got) = (body("Given"), body("Got").replacen('{', "{description: x, ", 1));
    let text = format!(
        "openapi: 3.1.0\ninfo: {{title: T, version: '1'}}\npaths: {{/x: {{post: {{operationId: x, requestBody: {given}, responses: {{'200': {got}}}}}}}}}\ncomponents:\n  schemas:\n{lines}\n"
    );
    let read =
        read_text("a.yaml", text, &ReadOptions::default()).unwrap_or_else(|problems| panic!("{problems}"));
    read.contract.into_inner()
}

/// The names of the fields that must be there.
fn required(contract: &Contract, name: &str) -> Vec<String> {
    match &contract.types[&TypeName::from(name)].kind {
        TypeKind::Struct(one) => {
            let required = one.fields.iter().filter(|field| field.required);
            required.map(|field| field.name.clone()).collect()
        }
        other => panic!("{name}: {other:?}"),
    }
}

const PARTS: &str = "required: [id, name, secret], properties: {id: {type: string, readOnly: true}, name: {type: string}, secret: {type: string, writeOnly: true}}";

#[test]
fn a_type_of_one_direction_has_one_form() {
    let contract = contract(&format!(
        "Given: {{type: object, {PARTS}}}\nGot: {{type: object, {PARTS}}}"
    ));
    assert_eq!(contract.types.len(), 2);
    assert_eq!(required(&contract, "Given"), ["name", "secret"]);
    assert_eq!(required(&contract, "Got"), ["id", "name"]);
}

#[test]
fn a_type_of_both_directions_has_two_and_so_has_what_is_made_of_it() {
    let contract = contract(&format!(
        "Given: {{type: array, items: {{$ref: '#/components/schemas/Owner'}}}}\nGot: {{$ref: '#/components/schemas/Owner'}}\nOwner: {{type: object, properties: {{pet: {{$ref: '#/components/schemas/Pet'}}, home: {{$ref: '#/components/schemas/Home'}}}}}}\nHome: {{type: object, properties: {{street: {{type: string, readOnly: true}}}}}}\nPet: {{type: object, {PARTS}}}"
    ));
    assert_eq!(required(&contract, "Pet"), ["id", "name"]);
    assert_eq!(required(&contract, "Pet.input"), ["name", "secret"]);
    assert!(contract.types.contains_key(&TypeName::from("Owner.input")));
    // Nothing of it must be there: it is the same both ways.
    assert!(!contract.types.contains_key(&TypeName::from("Home.input")));
    let given = &contract.types[&TypeName::from("Given")];
    assert_eq!(given.names(), [&TypeName::from("Owner.input")]);
}

#[test]
fn names_that_are_taken_are_left_to_their_types() {
    let contract = contract(&format!(
        "Given: {{$ref: '#/components/schemas/Pet'}}\nGot: {{$ref: '#/components/schemas/Pet'}}\nPet: {{type: object, {PARTS}}}\nPetInput: {{type: object}}"
    ));
    assert!(contract.types.contains_key(&TypeName::from("Pet.request input")));
}

#[test]
fn what_need_not_be_there_does_not_tell_alternatives_apart() {
    let contract = contract(
        "Given: {oneOf: [{$ref: '#/components/schemas/Cat'}, {$ref: '#/components/schemas/Dog'}]}\nGot: {type: object, properties: {any: {$ref: '#/components/schemas/Given'}}}\nCat: {type: object, required: [purr], properties: {purr: {type: string, readOnly: true}}}\nDog: {type: object, required: [bark], properties: {bark: {type: string}}}",
    );
    let dispatch = |name: &str| match &contract.types[&TypeName::from(name)].kind {
        TypeKind::Union(union) => union.dispatch.clone(),
        other => panic!("{other:?}"),
    };
    assert!(matches!(dispatch("Given"), Dispatch::Property { .. }));
    assert_eq!(dispatch("Given.input"), Dispatch::Trial);
}
