//! What OpenAPI 3.2 adds, and what JSON Schema 2020-12 says of identities: `$id`, `$anchor`, `$dynamicRef`.
#![cfg(feature = "openapi")]

use std::fs;

use tieline_contract::model::{Binding, Dispatch, Field, Method, Safety, Scalar, Type, TypeKind, TypeName};
use tieline_contract::{Read, ReadOptions, read, read_text};

const HEAD: &str = "openapi: 3.2.0\ninfo: {title: T, version: '1'}\n";

fn quiet(text: &str) -> Read {
    let read = read_text("a.yaml", format!("{HEAD}{text}"), &ReadOptions::default());
    let read = read.unwrap_or_else(|problems| panic!("{problems}"));
    assert!(read.problems.is_empty(), "{}", read.problems);
    read
}

fn fields<'r>(read: &'r Read, name: &str) -> &'r [Field] {
    match &read.contract.types[&TypeName::from(name)].kind {
        TypeKind::Struct(one) => &one.fields,
        other => panic!("{name}: {other:?}"),
    }
}

fn named(name: &str) -> Type {
    Type::Named(TypeName::from(name))
}

/// What a list holds.
fn item(ty: &Type) -> &Type {
    match ty {
        Type::List(item) => &item.ty,
        other => panic!("{other:?}"),
    }
}

#[test]
fn query_is_a_safe_method_with_a_body_wherever_it_stands() {
    let read = quiet(
        "paths:
  /a: {query: {operationId: one, requestBody: {content: {application/json: {}}}, responses: {}}}
  /b: {additionalOperations: {QUERY: {operationId: two, responses: {}}}}
",
    );
    for operation in read.contract.operations() {
        assert!(matches!(&operation.bindings[0], Binding::Http(http) if http.method == Method::Query));
        assert_eq!(operation.behaviour.safety, Safety::Safe);
    }
    assert_eq!(read.contract.operations().count(), 2);
}

#[test]
fn any_method_is_read_as_it_is_written() {
    let read = quiet(
        "paths:
  /a:
    get: {operationId: get, responses: {}}
    additionalOperations:
      LINK: {operationId: link, responses: {}}
      link: {responses: {}}
      PROPFIND: {responses: {}}
webhooks:
  told: {additionalOperations: {NOTIFY: {responses: {}}}}
",
    );
    let read_as = |operation: &tieline_contract::model::Operation| match &operation.bindings[0] {
        Binding::Http(http) => (
            operation.id.clone(),
            http.method.as_str().to_owned(),
            operation.behaviour.safety,
        ),
        other => panic!("{other:?}"),
    };
    let all: Vec<_> = read
        .contract
        .operations()
        .chain(&read.contract.webhooks)
        .map(read_as)
        .collect();
    let expected = [
        ("get", "GET", Safety::Safe),
        ("link", "LINK", Safety::Idempotent),
        ("linkA", "link", Safety::Unsafe),
        ("propfindA", "PROPFIND", Safety::Safe),
        ("told", "NOTIFY", Safety::Unsafe),
    ];
    assert_eq!(
        all,
        expected.map(|(id, method, safety)| (id.to_owned(), method.to_owned(), safety))
    );
}

#[test]
fn what_is_no_method_is_skipped_with_its_place() {
    let text = format!(
        "{HEAD}paths:\n  /a:\n    additionalOperations:\n      'A B': {{responses: {{}}}}\n      CONNECT: {{responses: {{}}}}\n"
    );
    let read = read_text("a.yaml", text, &ReadOptions::default()).unwrap();
    let found: Vec<_> = read.problems.iter().collect();
    let places = found
        .iter()
        .map(|problem| (problem.code, problem.place.as_ref().unwrap().line));
    assert_eq!(places.collect::<Vec<_>>(), [("TL-OAS-005", 6), ("TL-OAS-005", 7)]);
}

#[test]
fn a_default_of_a_discriminator_takes_what_no_tag_tells() {
    let read = quiet(
        "paths: {}
components:
  schemas:
    A: {type: object, properties: {kind: {type: string}}}
    B: {type: object, properties: {kind: {type: string}}}
    One:
      oneOf: [{$ref: '#/components/schemas/A'}, {$ref: '#/components/schemas/B'}]
      discriminator: {propertyName: kind, mapping: {a: A}, defaultMapping: '#/components/schemas/B'}
",
    );
    let TypeKind::Union(one) = &read.contract.types[&TypeName::from("One")].kind else {
        panic!("a union");
    };
    let Dispatch::Or { known, otherwise } = &one.dispatch else {
        panic!("{:?}", one.dispatch);
    };
    assert!(matches!(&**known, Dispatch::Tag { property, .. } if property == "kind"));
    assert_eq!(*otherwise, 1);
}

#[test]
fn a_tag_counts_with_those_above_it() {
    let read = quiet(
        "tags: [{name: cats, parent: pets}, {name: pets, parent: all, kind: nav}, {name: all, parent: cats}]
paths: {/a: {get: {tags: [cats], responses: {}}}}
",
    );
    assert_eq!(
        read.contract.operations().next().unwrap().tags,
        ["cats", "pets", "all"]
    );
}

#[test]
fn media_types_can_be_references_to_components() {
    let read = quiet(
        "paths:
  /a: {get: {responses: {200: {description: x, content: {application/json: {$ref: '#/components/mediaTypes/One'}}}}}}
components: {mediaTypes: {One: {$ref: '#/components/mediaTypes/Two'}, Two: {schema: {type: integer}}}}
",
    );
    let operation = read.contract.operations().next().unwrap();
    assert_eq!(
        operation.successes[0].body.as_ref().unwrap().value.ty,
        Type::Scalar(Scalar::Integer)
    );
}

#[test]
fn references_are_relative_to_the_schema_that_says_its_id() {
    let read = quiet(
        "paths: {}
components:
  schemas:
    Pet:
      $id: https://example.com/schemas/pet.json
      type: object
      properties: {a: {$ref: '#/$defs/Toy'}, b: {$ref: toy.json}, c: {$ref: '#here'}}
      $defs: {Toy: {type: object, $anchor: here, properties: {own: {type: string}}}}
    Toy:
      $id: https://example.com/schemas/toy.json
      type: object
      properties: {other: {type: string}, pet: {$ref: pet.json}, same: {$ref: 'pet.json#here'}}
",
    );
    let types: Vec<&Type> = fields(&read, "Pet").iter().map(|field| &field.value.ty).collect();
    let [own, other, anchored] = types[..] else {
        panic!("{types:?}")
    };
    assert_eq!(*other, named("Toy"));
    assert_ne!(own, other);
    assert_eq!(own, anchored);
    assert_eq!(fields(&read, "Toy")[1].value.ty, named("Pet"));
    assert_eq!(fields(&read, "Toy")[2].value.ty, *own);
}

#[test]
fn documents_refer_to_each_other_by_what_they_call_themselves() {
    let folder = tempfile::TempDir::new().unwrap();
    let at = |name: &str| folder.path().join(name);
    let text = "$self: https://example.com/api/main.yaml\npaths: {}\ncomponents:\n  schemas:\n    A: {type: object, properties: {b: {$ref: 'shared.yaml#/B'}, c: {$ref: 'https://example.com/api/shared.yaml#/B'}}}\n";
    fs::write(at("main.yaml"), format!("{HEAD}{text}")).unwrap();
    fs::write(
        at("shared.yaml"),
        "B: {type: object, properties: {x: {type: string}}}\n",
    )
    .unwrap();
    let read = read(&at("main.yaml"), &ReadOptions::default());
    // The second says a URL that only the first makes known: beside it stands no file of that name.
    let read = read.unwrap_or_else(|problems| panic!("{problems}"));
    assert_eq!(fields(&read, "A")[0].value.ty, named("B"));
    assert_eq!(read.unmapped_urls, Vec::<String>::new(), "{}", read.problems);
}

const PAGES: &str = "paths: {}
components:
  schemas:
    Page:
      $id: https://example.com/page
      type: object
      required: [items]
      properties: {items: {type: array, items: {$dynamicRef: '#item'}}, total: {type: integer}}
      $defs: {item: {$dynamicAnchor: item, not: {}}}
    PetPage:
      $id: https://example.com/pet-page
      $ref: page
      $defs: {item: {$dynamicAnchor: item, $ref: '/pet'}}
    ToyPage:
      $id: https://example.com/toy-page
      allOf: [{$ref: page}]
      properties: {shelf: {type: string}}
      $defs: {item: {$dynamicAnchor: item, type: integer}}
    Pet: {$id: 'https://example.com/pet', type: object, properties: {name: {type: string}}}
";

#[test]
fn a_generic_schema_is_made_anew_for_each_that_binds_its_parameter() {
    let read = quiet(PAGES);
    let items = |name: &str| {
        let field = fields(&read, name)
            .iter()
            .find(|field| field.name == "items")
            .unwrap();
        let mut ty = item(&field.value.ty).clone();
        while let Type::Named(name) = &ty
            && let TypeKind::Alias(target) = &read.contract.types[name].kind
        {
            ty = target.ty.clone();
        }
        ty
    };
    assert_eq!(items("PetPage"), named("Pet"));
    assert_eq!(items("ToyPage"), Type::Scalar(Scalar::Integer));
    assert_eq!(fields(&read, "ToyPage").len(), 3);
}

#[test]
fn a_tree_that_is_extended_contains_the_extension() {
    let read = quiet(
        "paths: {}
components:
  schemas:
    Tree:
      $id: https://example.com/tree
      $dynamicAnchor: node
      type: object
      properties: {data: {type: string}, children: {type: array, items: {$dynamicRef: '#node'}}}
    Strict:
      $id: https://example.com/strict
      $dynamicAnchor: node
      $ref: tree
      required: [data]
",
    );
    let children = |name: &str| {
        let field = fields(&read, name)
            .iter()
            .find(|field| field.name == "children")
            .unwrap();
        item(&field.value.ty).clone()
    };
    assert_eq!(children("Tree"), named("Tree"));
    assert_eq!(children("Strict"), named("Strict"));
}

#[test]
fn a_dynamic_reference_to_nothing_takes_any_value_and_is_told_of() {
    let text = format!("{HEAD}paths: {{}}\ncomponents:\n  schemas:\n    A: {{$dynamicRef: '#nowhere'}}\n");
    let read = read_text("a.yaml", text, &ReadOptions::default()).unwrap();
    let problem = read.problems.iter().next().unwrap();
    assert_eq!(
        (problem.code, problem.place.as_ref().unwrap().line),
        ("TL-SCH-030", 6)
    );
}

#[test]
fn generic_schemas_that_contain_each_other_come_to_an_end() {
    let text = "paths: {}
components:
  schemas:
    A: {properties: {x: {$dynamicRef: '#T'}, a: {$ref: '#/components/schemas/B'}}}
    B: {properties: {x: {$dynamicRef: '#T'}, a: {$ref: '#/components/schemas/A'}}}
    C: {$ref: '#/components/schemas/A', $defs: {T: {$dynamicAnchor: T, type: string}}}
";
    let read = read_text("a.yaml", format!("{HEAD}{text}"), &ReadOptions::default()).unwrap();
    assert!(
        read.problems.iter().all(|problem| problem.code == "TL-SCH-030"),
        "{}",
        read.problems
    );
    assert_eq!(
        fields(&read, "C")[0].value.ty,
        named("C.T"),
        "{:?}",
        read.contract.types.keys()
    );
}

#[test]
fn a_dynamic_reference_to_a_plain_anchor_is_a_plain_reference() {
    let read = quiet(
        "paths: {}
components:
  schemas:
    Root:
      $id: https://example.com/root
      $dynamicAnchor: meta
      type: object
      properties: {foo: {type: boolean}, bar: {$ref: bar}}
      $defs:
        extended: {$id: extended, $anchor: meta, type: object, properties: {text: {type: string}}}
        bar: {$id: bar, type: object, properties: {baz: {$dynamicRef: 'extended#meta'}}}
",
    );
    let Type::Named(bar) = &fields(&read, "Root")[1].value.ty else {
        panic!("no type of its own");
    };
    let Type::Named(baz) = &fields(&read, &bar.0)[0].value.ty else {
        panic!("no type of its own");
    };
    assert_eq!(fields(&read, &baz.0)[0].name, "text");
}
