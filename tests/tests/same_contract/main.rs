//! The same service, written as an OpenAPI document, as a proto file and as a Rust trait, is the same contract: equal
//! over the common subset, bindings aside. See `tieline_contract::common` for what that subset is.

#[allow(
    missing_docs,
    dead_code,
    deprecated,
    unreachable_pub,
    reason = "the documentation of the trait is part of the contract: what the others do not say is not said here"
)]
mod users;

use std::path::Path;

use tieline_contract::common::{Common, CommonKind, Presence, Shape, normalise};
use tieline_contract::model::Scalar;
use tieline_contract::{ReadOptions, read, read_text};

fn file(name: &str) -> Common {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/same_contract")
        .join(name);
    let read = read(&path, &ReadOptions::default()).unwrap_or_else(|problems| panic!("{problems}"));
    assert!(read.skipped.is_empty(), "{:?}", read.skipped);
    normalise(&read.contract)
}

fn document(text: impl Into<String>) -> Common {
    let read = read_text("users.yaml", text, &ReadOptions::default());
    let read = read.unwrap_or_else(|problems| panic!("{problems}"));
    assert!(read.skipped.is_empty(), "{:?}", read.skipped);
    normalise(&read.contract)
}

fn openapi() -> &'static str {
    include_str!("users.yaml")
}

/// The document with `from` replaced by `to`, everywhere.
fn changed(from: &str, to: &str) -> Common {
    assert!(openapi().contains(from), "there is no {from:?}");
    document(openapi().replace(from, to))
}

/// Shows the first operations and types that differ, not two whole contracts.
#[track_caller]
fn assert_same(left: &Common, right: &Common) {
    let keys =
        |of: &Common| -> Vec<String> { of.operations.keys().chain(of.types.keys()).cloned().collect() };
    assert_eq!(keys(left), keys(right));
    for (name, operation) in &left.operations {
        assert_eq!(Some(operation), right.operations.get(name), "{name}");
    }
    for (name, definition) in &left.types {
        assert_eq!(Some(definition), right.types.get(name), "{name}");
    }
    assert_eq!(left, right);
}

#[test]
fn an_openapi_document_and_a_proto_file_are_the_same_contract() {
    assert_same(&file("users.yaml"), &file("users.proto"));
}

#[test]
fn bodies_that_are_no_records_parts_of_replies_and_wrappers_have_one_form() {
    let shelves = file("shelves.yaml");
    assert_same(&shelves, &file("shelves.proto"));
    let fill = &shelves.operations["fill_shelf"];
    assert!(matches!(fill.inputs["body"].shape, Shape::List(_)), "{fill:?}");
    let list = &shelves.operations["list_books"];
    assert_eq!(
        list.result,
        Some(Shape::List(Box::new(Shape::Named("Book".to_owned()))))
    );
}

#[test]
fn a_trait_is_the_same_contract() {
    assert_same(
        &file("users.yaml"),
        &document(users::users::openapi().to_string()),
    );
}

#[test]
fn the_common_form_says_what_a_caller_can_do() {
    let users = file("users.yaml");
    let names: Vec<_> = users.operations.keys().map(String::as_str).collect();
    assert_eq!(
        names,
        [
            "create_user",
            "delete_user",
            "get_user",
            "list_users",
            "replace_user"
        ]
    );
    let replace = &users.operations["replace_user"];
    let inputs: Vec<_> = replace.inputs.keys().map(String::as_str).collect();
    assert_eq!(inputs, ["address", "id", "name", "nickname"], "one flat record");
    assert_eq!(replace.inputs["id"].presence, Presence::Always);
    assert_eq!(replace.inputs["nickname"].presence, Presence::Maybe);
    assert_eq!(replace.inputs["address"].presence, Presence::Unsaid);
    assert_eq!(replace.result, Some(Shape::Named("User".to_owned())));
    assert_eq!(users.operations["delete_user"].result, None);
    assert_eq!(
        users.operations["delete_user"].docs,
        "Deletes a user. What the user owns stays."
    );
    let CommonKind::Record(user) = &users.types["User"].kind else {
        panic!("a record")
    };
    assert_eq!(user["created_at"].shape, Shape::Scalar(Scalar::DateTime));
    assert_eq!(
        users.types["UserStatus"].kind,
        CommonKind::Enumeration(vec!["ACTIVE".to_owned(), "SUSPENDED".to_owned()])
    );
    assert!(
        !users.types.contains_key("NewUser"),
        "the name of a request is not a caller's concern"
    );
}

#[test]
fn what_a_caller_would_notice_makes_another_contract() {
    let users = file("users.yaml");
    for (from, to) in [
        ("operationId: getUser", "operationId: fetchUser"),
        ("format: int64", "format: int32"),
        ("{ name: limit,", "{ name: most,"),
        (
            "{ name: limit, in: query,",
            "{ name: limit, in: query, required: true,",
        ),
        ("        city: {", "        town: {"),
        ("required: [city]", "required: []"),
        ("[ACTIVE, SUSPENDED]", "[ACTIVE, SUSPENDED, GONE]"),
        (
            "additionalProperties: { type: string }",
            "additionalProperties: { type: integer }",
        ),
        (
            "tags: { type: array, items: { type: string } }",
            "tags: { type: string }",
        ),
        (
            "isAdmin: { type: boolean, deprecated: true }",
            "isAdmin: { type: boolean }",
        ),
        ("deprecated: true\n      responses", "responses"),
        ("description: Full name.", "description: A name."),
        ("summary: Gets a user.", "summary: Gets one."),
        ("    put:", "    patch:"),
        (
            "type: integer, format: int32 }",
            "type: integer, format: int32, default: 20 }",
        ),
        (
            "'204': { description: Done. }",
            "'200': { description: Done., content: { application/json: { schema: { $ref: '#/components/schemas/User' } } } }",
        ),
        ("format: date-time", "format: hostname"),
        (
            "description: A postal address.",
            "deprecated: true\n      description: A postal address.",
        ),
    ] {
        assert_ne!(changed(from, to), users, "{from} -> {to}");
    }
}

#[test]
fn what_a_dialect_cannot_say_makes_no_difference() {
    let users = file("users.yaml");
    for (from, to) in [
        ("title: Users, version: 1.0.0", "title: People, version: 2.0.0"),
        ("/users", "/people"),
        ("operationId: getUser", "operationId: get_user"),
        ("'201'", "'200'"),
        (
            "'204': { description: Done. }",
            "'204': { description: Done. }\n        '404': { description: Not found. }",
        ),
        (
            "operationId: listUsers",
            "operationId: listUsers\n      tags: [users]",
        ),
        ("city: { type: string }", "city: { type: string, minLength: 1 }"),
        ("createdAt]", "createdAt, manager]"),
        ("labels, address, score", "labels, score"),
        (
            "nickname: { type: string }",
            "nickname: { type: [string, 'null'] }",
        ),
        ("[ACTIVE, SUSPENDED]", "[suspended, active]"),
        (
            "'#/components/schemas/NewUser'",
            "'#/components/schemas/UserToBe'",
        ),
        (
            "required: [name, address]",
            "additionalProperties: false\n      required: [name, address]",
        ),
        (
            "        city: { type: string }",
            "        city: { type: string, format: uuid }",
        ),
        ("description: A page.", "description: Users."),
        (
            "isAdmin: { type: boolean,",
            "isAdmin: { type: boolean, default: false,",
        ),
    ] {
        let text = openapi()
            .replace(from, to)
            .replace("    NewUser:", "    UserToBe:");
        let text = if to.contains("UserToBe") {
            text
        } else {
            assert!(openapi().contains(from), "there is no {from:?}");
            openapi().replace(from, to)
        };
        assert_same(&document(text), &users);
    }
}

#[test]
fn an_optional_number_whose_default_is_zero_always_has_a_value() {
    let given = |schema: &str| {
        let users = changed("type: integer, format: int32 }", schema);
        let limit = &users.operations["list_users"].inputs["limit"];
        (limit.presence, limit.default.clone())
    };
    assert_eq!(
        given("type: integer, format: int32, default: 0 }"),
        (Presence::Always, None)
    );
    assert_eq!(
        given("type: integer, format: int32, default: 20 }"),
        (Presence::Maybe, Some(20.into()))
    );
}
