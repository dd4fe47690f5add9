//! Operations of an OpenAPI document become operations of the model.
#![cfg(feature = "openapi")]

use std::path::Path;

use serde_json::json;
use tieline_contract::model::{
    ApiKeyPlace, Binding, Body, Encoding, FormStyle, HttpBinding, IdempotencyKey, InputPlace, Method,
    Operation, PathSegment, Priority, QueryStyle, Requirement, Rule, Safety, Scalar, SchemeKind, Server,
    ServerVariable, StatusMatch, TextStyle, Type, TypeKind, TypeName, TypeUse, XmlKind,
};
use tieline_contract::{Read, ReadOptions, read, read_text};

fn shelter() -> Read {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/contracts/shelter.yaml");
    let read = read(&path, &ReadOptions::default()).unwrap_or_else(|problems| panic!("{problems}"));
    assert!(read.problems.is_empty(), "{}", read.problems);
    assert_eq!(read.files, [path]);
    read
}

fn operation(read: &Read, id: &str) -> Operation {
    let found = read.contract.operations().find(|operation| operation.id == id);
    found.unwrap_or_else(|| panic!("no operation {id}")).clone()
}

fn http(operation: &Operation) -> &HttpBinding {
    match operation.bindings.as_slice() {
        [Binding::Http(binding)] => binding,
        other => panic!("{other:?}"),
    }
}

fn named(name: &str) -> TypeUse {
    TypeUse::plain(Type::Named(name.into()))
}

fn scalar(scalar: Scalar) -> TypeUse {
    TypeUse::plain(Type::Scalar(scalar))
}

#[test]
fn the_document_describes_itself() {
    let read = shelter();
    let contract = &read.contract;
    assert_eq!(
        (&*contract.name, &*contract.title, &*contract.version),
        ("shelter", "Animal shelter", "2.0")
    );
    assert_eq!(contract.docs.as_deref(), Some("Finds homes for animals."));
    let server = Server {
        name: Some("Production".to_owned()),
        url: "https://{region}.shelter.example/v2".to_owned(),
        docs: Some("Production".to_owned()),
        variables: vec![ServerVariable {
            name: "region".to_owned(),
            default: "eu".to_owned(),
            values: Vec::new(),
        }],
    };
    assert_eq!(contract.servers, [server]);
    assert_eq!(contract.services.len(), 1);
}

#[test]
fn security_schemes_and_requirements_are_kept_and_an_operation_can_drop_them() {
    let read = shelter();
    let kinds: Vec<_> = read
        .contract
        .security_schemes
        .iter()
        .map(|(name, scheme)| (&**name, &scheme.kind))
        .collect();
    assert_eq!(
        kinds,
        [
            (
                "key",
                &SchemeKind::ApiKey {
                    place: ApiKeyPlace::Header,
                    name: "x-api-key".to_owned()
                }
            ),
            (
                "oauth",
                &SchemeKind::OAuth2 {
                    token_url: Some("https://auth.example/token".to_owned())
                }
            ),
            (
                "token",
                &SchemeKind::Bearer {
                    format: Some("JWT".to_owned())
                }
            ),
        ]
    );
    let alternatives = [
        Requirement {
            schemes: vec![("key".to_owned(), vec![])],
        },
        Requirement {
            schemes: vec![("oauth".to_owned(), vec!["read".to_owned()])],
        },
    ];
    assert_eq!(operation(&read, "listPets").security, alternatives);
    assert!(operation(&read, "addPet").security.is_empty());
}

#[test]
fn parameters_go_where_the_document_says() {
    let list = operation(&shelter(), "listPets");
    let names: Vec<&str> = list.inputs.iter().map(|input| &*input.name).collect();
    assert_eq!(
        names,
        ["X-Shelter", "limit", "kinds", "near", "filter", "session"],
        "the path's come first"
    );
    assert_eq!(
        http(&list).inputs,
        [
            InputPlace::Header(TextStyle::Simple),
            InputPlace::Query(QueryStyle::FormExploded),
            InputPlace::Query(QueryStyle::Form),
            InputPlace::Query(QueryStyle::DeepObject),
            InputPlace::Query(QueryStyle::Json),
            InputPlace::Cookie,
        ]
    );
    let limit = &list.inputs[1];
    assert_eq!(
        limit.value,
        TypeUse {
            rules: vec![Rule::Maximum(100.into())],
            ..scalar(Scalar::I32)
        }
    );
    assert_eq!((limit.required, &limit.default), (false, &Some(json!(20))));
    assert_eq!(list.inputs[3].value, named("Place"));
    assert!(list.inputs[5].deprecated);
    assert_eq!(
        (list.summary.as_deref(), &*list.tags),
        (Some("Lists pets"), &["pets".to_owned()][..])
    );
    assert_eq!(list.behaviour.safety, Safety::Safe);
}

#[test]
fn each_status_has_its_own_reply() {
    let read = shelter();
    let list = operation(&read, "listPets");
    let body = list.successes[1].body.clone();
    let pets = TypeUse::plain(Type::List(Box::new(named("Pet"))));
    let expected = Body {
        xml: None,
        media_type: "application/json".to_owned(),
        encoding: Encoding::Json,
        value: pets,
        also: Vec::new(),
    };
    assert_eq!(body, Some(expected), "in the order of the document");
    let csv = list.successes[0].body.as_ref().map(|body| body.encoding);
    assert_eq!(
        csv,
        Some(Encoding::Text),
        "of another media type and type, another reply"
    );
    let failures: Vec<_> = list.failures.iter().map(|reply| reply.status).collect();
    assert_eq!(failures, [StatusMatch::Range(4), StatusMatch::Default]);
    assert_eq!(
        list.failures[0].body.as_ref().map(|body| &body.value),
        Some(&named("Problem"))
    );

    let add = operation(&read, "addPet");
    let successes: Vec<_> = add
        .successes
        .iter()
        .map(|reply| (reply.status, reply.body.is_some()))
        .collect();
    assert_eq!(
        successes,
        [(StatusMatch::Code(201), true), (StatusMatch::Code(202), false)]
    );
    let conflict = add.failures[0].body.as_ref().map(|body| &body.value);
    assert_eq!(
        conflict,
        Some(&named("addPet.response.409")),
        "an inline body is named from where it stands"
    );
}

#[test]
fn behaviour_comes_from_the_method_and_the_document() {
    let add = operation(&shelter(), "addPet");
    assert!(add.deprecated);
    assert_eq!(add.behaviour.safety, Safety::Idempotent, "x-tieline-idempotent");
    assert_eq!(add.behaviour.timeout_ms, Some(5000));
    let key = IdempotencyKey {
        header: "Idempotency-Key".to_owned(),
        required: true,
    };
    assert_eq!(add.behaviour.idempotency_key, Some(key));
    let body = add
        .inputs
        .last()
        .map(|body| (&*body.name, body.required, body.docs.as_deref()));
    assert_eq!(body, Some(("body", true, Some("The pet."))));
}

#[test]
fn a_priority_is_declared_by_its_name() {
    for (name, priority) in [
        ("sheddable", Some(Priority::Sheddable)),
        ("sheddable_plus", Some(Priority::SheddablePlus)),
        ("critical", Some(Priority::Critical)),
        ("critical_plus", Some(Priority::CriticalPlus)),
        ("high", None),
    ] {
        let text = format!(
            "openapi: 3.1.0\ninfo: {{ title: T, version: '1' }}\npaths:\n  /pets:\n    get:\n      operationId: list\n      \
             responses: {{ '204': {{ description: Done. }} }}\n      x-tieline-priority: {name}\n"
        );
        let read = read_text("pets.yaml", text, &ReadOptions::default());
        let read = read.unwrap_or_else(|problems| panic!("{problems}"));
        assert_eq!(operation(&read, "list").behaviour.priority, priority, "{name}");
    }
}

#[test]
fn an_idempotency_key_is_declared_by_the_header_or_by_a_word() {
    let key = |said: &str| {
        let text = format!(
            "openapi: 3.1.0\ninfo: {{ title: T, version: '1' }}\npaths:\n  /pets:\n    post:\n      operationId: add\n      \
             responses: {{ '204': {{ description: Done. }} }}\n      {said}\n"
        );
        let read = read_text("pets.yaml", text, &ReadOptions::default());
        let read = read.unwrap_or_else(|problems| panic!("{problems}"));
        operation(&read, "add").behaviour.idempotency_key
    };
    let declared = |required| {
        Some(IdempotencyKey {
            header: "Idempotency-Key".to_owned(),
            required,
        })
    };
    assert_eq!(key("x-tieline-idempotency-key: required"), declared(true));
    assert_eq!(key("x-tieline-idempotency-key: optional"), declared(false));
    assert_eq!(key("summary: Adds a pet."), None);
}

#[test]
fn operations_without_an_id_are_named_from_method_and_path() {
    let read = shelter();
    let get = operation(&read, "getPetsPetIdPhotoFormat");
    let binding = http(&get);
    assert_eq!(binding.method, Method::Get);
    assert_eq!(
        binding.path.segments,
        [
            PathSegment::Literal("/pets/".to_owned()),
            PathSegment::Variable("petId".to_owned()),
            PathSegment::Literal("/photo.".to_owned()),
            PathSegment::Variable("format".to_owned()),
        ]
    );
    assert!(get.inputs.iter().all(|input| input.required));
    assert_eq!(get.inputs[1].value, named("getPetsPetIdPhotoFormat.format"));
}

#[test]
fn bodies_that_are_not_json_are_octets_text_or_forms() {
    let read = shelter();
    let get = operation(&read, "getPetsPetIdPhotoFormat");
    let octets = Body {
        xml: None,
        media_type: "image/png".to_owned(),
        encoding: Encoding::Bytes,
        value: scalar(Scalar::Binary),
        also: Vec::new(),
    };
    assert_eq!(get.successes[0].body, Some(octets));
    assert_eq!(get.failures[0].status, StatusMatch::Code(304));

    let put = operation(&read, "putPetsPetIdPhotoFormat");
    assert_eq!(put.behaviour.safety, Safety::Idempotent);
    assert_eq!(put.inputs[2].value, scalar(Scalar::Binary));
    assert_eq!(
        put.successes[0].status,
        StatusMatch::Range(2),
        "a lone default is a success, too"
    );
    assert_eq!(put.failures[0].status, StatusMatch::Default);
    assert_eq!(
        put.successes[0].body.as_ref().map(|body| body.encoding),
        Some(Encoding::Text)
    );

    let head = operation(&read, "headPetsPetIdPhotoFormat");
    assert_eq!(head.successes[0].body, None, "a reply to HEAD has no body");

    let note = operation(&read, "addNote");
    assert!(matches!(
        &http(&note).inputs[0],
        InputPlace::Body {
            encoding: Encoding::Form,
            ..
        }
    ));
    assert!(matches!(
        read.contract.types[&TypeName::from("addNote.body")].kind,
        TypeKind::Struct(_)
    ));
}

#[test]
fn every_operation_knows_where_it_was_written() {
    let list = operation(&shelter(), "listPets");
    assert_eq!(
        (list.origin.line, &*list.origin.pointer),
        (19, "/paths/~1pets/get")
    );
    assert!(list.origin.file.ends_with("shelter.yaml"));
}

#[test]
fn forms_know_how_their_properties_are_written() {
    let text = "\
openapi: 3.0.3
info: { title: A, version: '1' }
paths:
  /a:
    post:
      operationId: send
      requestBody:
        content:
          application/x-www-form-urlencoded:
            schema: { $ref: '#/components/schemas/Sent' }
            encoding:
              text: { style: deepObject, explode: true }
              list: { style: deepObject, explode: true }
              object: { explode: true }
              joined: { explode: false }
              json: { contentType: application/json }
              plain: { contentType: text/plain }
              url: { allowReserved: true }
              unfit: { style: matrix }
      responses: { '204': { description: Done } }
components:
  schemas:
    Sent:
      type: object
      properties:
        text: { type: string }
        list: { type: array, items: { type: string } }
        object: { type: object, properties: { a: { type: string } } }
        joined: { type: array, items: { type: string } }
        json: { type: array, items: { type: string } }
        plain: { type: object }
        url: { type: string }
        unfit: { type: array, items: { type: string } }
";
    let read = read_text("a.yaml", text, &ReadOptions::default()).unwrap();
    let send = operation(&read, "send");
    let InputPlace::Body { styles, .. } = &http(&send).inputs[0] else {
        panic!("a body")
    };
    let expected = [
        ("list", QueryStyle::DeepObject, false),
        ("object", QueryStyle::FormExploded, false),
        ("joined", QueryStyle::Form, false),
        ("json", QueryStyle::Json, false),
        ("url", QueryStyle::FormExploded, true),
    ];
    let expected = expected.map(|(name, style, reserved)| (name.to_owned(), FormStyle { style, reserved }));
    assert_eq!(*styles, expected);
    let problems = read.problems.to_string();
    assert!(
        problems.contains("TL-OAS-030") && problems.contains("`matrix`, of `unfit`"),
        "{problems}"
    );
}

#[test]
fn parts_that_have_an_order_are_lists_and_what_is_not_described_is_octets() {
    let text = r"
openapi: 3.2.0
info: { title: T, version: '1' }
paths:
  /a:
    get:
      operationId: mixed
      responses:
        '200':
          description: Pages
          content: { multipart/mixed: { schema: { type: array, maxItems: 3, items: { type: integer } } } }
        '404': { description: Parts, content: { multipart/form-data: { schema: { type: array, items: {} } } } }
        '409': { description: Parts, content: { multipart/mixed: { schema: { type: string } } } }
    post:
      operationId: items
      requestBody:
        content:
          multipart/mixed:
            itemSchema: {}
            itemEncoding: { contentType: 'image/png, image/jpeg' }
      responses: { '204': { description: Done } }
    put:
      operationId: prefixed
      requestBody:
        content:
          multipart/mixed:
            schema: { type: array, items: { type: string } }
            prefixEncoding: [{ contentType: text/plain }]
      responses:
        '200':
          description: An object
          content: { multipart/related: { schema: { type: object, properties: { a: { type: string, format: binary } } } } }
";
    let read = read_text("a.yaml", text, &ReadOptions::default()).unwrap();
    let mixed = operation(&read, "mixed");
    let body = mixed.successes[0].body.as_ref().unwrap();
    assert_eq!(body.encoding, Encoding::Multipart);
    assert!(matches!(body.value.ty, Type::List(_)), "{:?}", body.value);
    let encodings = mixed
        .failures
        .iter()
        .map(|reply| reply.body.as_ref().unwrap().encoding);
    assert_eq!(encodings.collect::<Vec<_>>(), [Encoding::Bytes, Encoding::Bytes]);

    let items = operation(&read, "items");
    let InputPlace::Body { encoding, parts, .. } = &http(&items).inputs[0] else {
        panic!("a body")
    };
    assert_eq!(*encoding, Encoding::Multipart);
    assert_eq!(*parts, [(String::new(), "image/png, image/jpeg".to_owned())]);
    assert_eq!(
        items.inputs[0].value.ty,
        Type::List(Box::new(scalar(Scalar::File)))
    );

    let prefixed = operation(&read, "prefixed");
    let InputPlace::Body { encoding, .. } = &http(&prefixed).inputs[0] else {
        panic!("a body")
    };
    assert_eq!(*encoding, Encoding::Bytes);
    let related = prefixed.successes[0].body.as_ref().unwrap();
    assert_eq!(related.encoding, Encoding::Multipart);
    let problems = read.problems.to_string();
    assert_eq!(problems.matches("TL-OAS-011").count(), 3, "{problems}");
}

#[test]
fn bodies_in_parts_know_their_files() {
    let text = r"
openapi: 3.1.0
info: { title: T, version: '1' }
paths:
  /a:
    post:
      operationId: up
      requestBody:
        content:
          multipart/form-data:
            schema:
              allOf:
                - $ref: '#/components/schemas/Base'
                - type: object
                  properties:
                    pages: { type: array, items: { $ref: '#/components/schemas/Scan' } }
                    icon: {}
                    meta: { type: object, properties: { a: { type: string } } }
                    note: { type: string }
            encoding:
              icon: { contentType: 'image/png, image/*' }
              meta: { contentType: application/vnd.meta+json }
      responses: { '204': { description: Done } }
    put:
      operationId: related
      requestBody:
        content: { multipart/related: { schema: { type: object } } }
      responses: { '204': { description: Done } }
    patch:
      operationId: bare
      requestBody:
        content: { multipart/form-data: {} }
      responses: { '204': { description: Done } }
components:
  schemas:
    Base: { type: object, properties: { file: { type: string, format: binary, maxLength: 5 } } }
    Scan: { type: string, contentMediaType: image/tiff }
";
    let read = read_text("a.yaml", text, &ReadOptions::default()).unwrap();
    let up = operation(&read, "up");
    let InputPlace::Body { encoding, parts, .. } = &http(&up).inputs[0] else {
        panic!("a body")
    };
    assert_eq!(*encoding, Encoding::Multipart);
    let part = |name: &str, said: &str| (name.to_owned(), said.to_owned());
    assert_eq!(
        *parts,
        [
            part("icon", "image/png, image/*"),
            part("meta", "application/vnd.meta+json")
        ]
    );
    let TypeKind::Struct(body) = &read.contract.types[&TypeName::from("up.body")].kind else {
        panic!("an object")
    };
    let value = |name: &str| {
        let field = body.fields.iter().find(|field| field.name == name);
        field.unwrap_or_else(|| panic!("no {name}")).value.clone()
    };
    assert_eq!(value("file"), scalar(Scalar::File));
    assert_eq!(value("pages").ty, Type::List(Box::new(scalar(Scalar::File))));
    assert_eq!(value("icon").ty, Type::Scalar(Scalar::File));
    assert_eq!(value("note"), scalar(Scalar::String));

    for id in ["related", "bare"] {
        let other = operation(&read, id);
        assert!(matches!(
            &http(&other).inputs[0],
            InputPlace::Body {
                encoding: Encoding::Bytes,
                ..
            }
        ));
    }
    assert_eq!(
        read.problems.to_string().matches("TL-OAS-011").count(),
        2,
        "{}",
        read.problems
    );
}

#[test]
fn webhooks_and_callbacks_are_operations_without_a_path() {
    let text = "openapi: 3.1.0
info: {title: T, version: '1'}
security: [{key: []}]
paths:
  /a:
    post:
      operationId: start
      responses: {}
      callbacks:
        onEnd: {'{$request.body#/url}': {$ref: '#/components/pathItems/End'}}
        onStep: {$ref: '#/components/callbacks/Step'}
webhooks:
  ended:
    post: {requestBody: {content: {application/json: {schema: {type: object, properties: {a: {type: string}}}}}}, responses: {}}
    put: {operationId: replaced, responses: {}}
components:
  pathItems: {End: {post: {responses: {}}}}
  callbacks: {Step: {'{$request.query.at}': {post: {operationId: step, responses: {}}}}}
  securitySchemes: {key: {type: apiKey, in: header, name: k}}
";
    let read = read_text("a.yaml", text, &ReadOptions::default()).unwrap();
    assert!(read.problems.is_empty(), "{}", read.problems);
    let ids = |operations: &[Operation]| -> Vec<String> {
        operations.iter().map(|operation| operation.id.clone()).collect()
    };
    let webhooks = &read.contract.webhooks;
    assert_eq!(ids(webhooks), ["replaced", "ended.post"]);
    let start = read.contract.operations().next().unwrap();
    assert_eq!(start.security.len(), 1);
    let callbacks: Vec<_> = start
        .callbacks
        .iter()
        .map(|callback| {
            (
                callback.name.as_str(),
                callback.expression.as_str(),
                ids(&callback.operations),
            )
        })
        .collect();
    let expected = [
        ("onEnd", "{$request.body#/url}", vec!["onEnd".to_owned()]),
        ("onStep", "{$request.query.at}", vec!["step".to_owned()]),
    ];
    assert_eq!(callbacks, expected);
    for operation in webhooks {
        assert!(
            operation.security.is_empty(),
            "the document's own are those of its server"
        );
        assert!(matches!(&operation.bindings[0], Binding::Http(http) if http.path.segments.is_empty()));
    }
    assert!(
        read.contract
            .types
            .keys()
            .any(|name| name.0 == "webhooks.ended.post.body")
    );
}

#[test]
fn responses_have_the_headers_that_they_declare() {
    let text = "openapi: 3.0.0
info: {title: T, version: '1'}
paths:
  /a:
    get:
      operationId: a
      responses:
        '200':
          description: ok
          headers:
            X-Total: {required: true, description: All., schema: {type: integer, format: int32}}
            x-total: {schema: {type: string}}
            X-Lost: {$ref: '#/components/headers/None'}
            Content-Type: {schema: {type: string}}
            X-List: {explode: true, schema: {type: array, items: {type: string}}}
            X-Json: {content: {application/json: {schema: {type: array, items: {type: string}}}}}
            X-Text: {deprecated: true}
";
    let read = read_text("a.yaml", text, &ReadOptions::default()).unwrap();
    let codes: Vec<_> = read.problems.iter().map(|problem| problem.code).collect();
    assert_eq!(codes.len(), 2, "{}", read.problems);
    assert!(codes.contains(&"TL-OAS-044"), "{}", read.problems);
    let found = operation(&read, "a").successes.remove(0).headers;
    let told: Vec<_> = (found.iter())
        .map(|header| (header.name.as_str(), header.required, header.style))
        .collect();
    assert_eq!(
        told,
        [
            ("X-Total", true, TextStyle::Simple),
            ("X-List", false, TextStyle::SimpleExploded),
            ("X-Json", false, TextStyle::Json),
            ("X-Text", false, TextStyle::Simple),
        ]
    );
    assert_eq!(found[0].value, scalar(Scalar::I32));
    assert_eq!(found[0].docs.as_deref(), Some("All."));
    assert!(found[3].deprecated);
}

#[test]
fn headers_of_2_0_are_headers() {
    let text = "swagger: '2.0'
info: {title: T, version: '1'}
paths:
  /a:
    get:
      operationId: a
      responses:
        '200': {description: ok, headers: {X-Left: {type: integer, format: int64, description: Calls.}}}
";
    let read = read_text("a.yaml", text, &ReadOptions::default()).unwrap();
    assert!(read.problems.is_empty(), "{}", read.problems);
    let found = operation(&read, "a").successes.remove(0).headers;
    assert_eq!((found.len(), found[0].name.as_str()), (1, "X-Left"));
    assert_eq!(found[0].value, scalar(Scalar::I64));
}

#[test]
fn xml_is_typed_where_nothing_else_is_and_what_schemas_say_of_elements_is_kept() {
    let text = "openapi: 3.2.0
info: {title: T, version: '1'}
paths:
  /a:
    put:
      operationId: a
      requestBody: {content: {application/vnd.a+xml: {schema: {$ref: '#/components/schemas/Node'}}}}
      responses:
        '200': {description: ok, content: {application/xml: {schema: {$ref: '#/components/schemas/Node'}}, application/json: {schema: {$ref: '#/components/schemas/Node'}}}}
        '400': {description: text, content: {application/xml: {schema: {type: string}}, image/svg+xml: {schema: {type: object}}}}
components:
  schemas:
    Node:
      type: object
      properties:
        id: {type: string, xml: {nodeType: attribute}}
        plain: {type: string}
        children: {type: array, xml: {nodeType: element}, items: {$ref: '#/components/schemas/Node'}}
";
    let read = read_text("a.yaml", text, &ReadOptions::default()).unwrap();
    assert!(read.problems.is_empty(), "{}", read.problems);
    let operation = operation(&read, "a");
    let InputPlace::Body { encoding, xml, .. } = &http(&operation).inputs[0] else {
        panic!("no body");
    };
    assert_eq!(*encoding, Encoding::Xml);
    let elements = &xml.as_ref().expect("a table").elements;
    assert_eq!(elements[0].name.as_deref(), Some("Node"));
    let properties: Vec<_> = elements[0].properties.keys().map(String::as_str).collect();
    assert_eq!(properties, ["id", "children"], "nothing is said of `plain`");
    assert_eq!(elements[elements[0].properties["id"]].kind, XmlKind::Attribute);
    let children = &elements[elements[0].properties["children"]];
    assert!(children.wrapped);
    let inside = &elements[children.items.expect("items")];
    assert_eq!(inside.properties, elements[0].properties, "it refers to itself");
    let encodings = operation.successes.iter().chain(&operation.failures);
    let encodings: Vec<_> = encodings
        .map(|reply| reply.body.as_ref().unwrap().encoding)
        .collect();
    assert_eq!(encodings, [Encoding::Json, Encoding::Text, Encoding::Text]);
}
