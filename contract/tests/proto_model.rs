//! What the parts of a proto file become in the model.
#![cfg(feature = "proto")]

use std::path::Path;

use serde_json::json;
use tieline_contract::model::{
    Binding, CallShape, Encoding, Enum, EnumConstant, Field, HttpRule, Operation, Safety, Scalar,
    StatusMatch, Struct, Type, TypeDef, TypeKind, TypeName, TypeUse,
};
use tieline_contract::proto::{self, ProtoRead};

fn read(file: &str) -> ProtoRead {
    let path = Path::new("tests/contracts/proto").join(file);
    let read = proto::read(&[path], &[], "sample").unwrap_or_else(|problems| panic!("{problems}"));
    assert!(read.problems.is_empty(), "{}", read.problems);
    read
}

fn library() -> ProtoRead {
    read("library/v1/library.proto")
}

fn operation<'a>(read: &'a ProtoRead, id: &str) -> &'a Operation {
    read.contract
        .operations()
        .find(|operation| operation.id == id)
        .expect("the operation exists")
}

fn definition<'a>(read: &'a ProtoRead, name: &str) -> &'a TypeDef {
    read.contract
        .types
        .get(&TypeName::from(name))
        .unwrap_or_else(|| panic!("{name} exists"))
}

fn structure<'a>(read: &'a ProtoRead, name: &str) -> &'a Struct {
    match &definition(read, name).kind {
        TypeKind::Struct(structure) => structure,
        other => panic!("{name} is {other:?}"),
    }
}

fn enumeration<'a>(read: &'a ProtoRead, name: &str) -> &'a Enum {
    match &definition(read, name).kind {
        TypeKind::Enum(enumeration) => enumeration,
        other => panic!("{name} is {other:?}"),
    }
}

fn field<'a>(read: &'a ProtoRead, of: &str, name: &str) -> &'a Field {
    structure(read, of)
        .fields
        .iter()
        .find(|field| field.name == name)
        .unwrap_or_else(|| panic!("{of}.{name} exists"))
}

fn named(name: &str) -> TypeUse {
    TypeUse::plain(Type::Named(name.into()))
}

fn scalar(scalar: Scalar) -> TypeUse {
    TypeUse::plain(Type::Scalar(scalar))
}

fn rule(method: &str, template: &str, body: &str, response_body: &str) -> Binding {
    let [method, template, body, response_body] = [method, template, body, response_body].map(str::to_owned);
    Binding::HttpRule(HttpRule {
        method,
        template,
        body,
        response_body,
    })
}

#[test]
fn a_service_has_its_names_comment_and_place() {
    let read = library();
    let [service] = read.contract.services.as_slice() else {
        panic!("one service")
    };
    assert_eq!(
        (service.name.as_str(), service.full_name.as_str()),
        ("Library", "library.v1.Library")
    );
    assert_eq!(
        service.docs.as_deref(),
        Some("Shelves and what stands on them.\n\nOne library only.")
    );
    let contract = &read.contract;
    assert_eq!(
        (contract.name.as_str(), contract.version.as_str()),
        ("sample", "v1")
    );
    assert_eq!(contract.docs.as_deref(), Some("Lends books."));
    assert_eq!(contract.servers[0].url, "https://library.example.com");
}

#[test]
fn an_operation_has_one_request_one_success_and_its_place() {
    let read = library();
    let get = operation(&read, "GetBook");
    assert_eq!(get.docs.as_deref(), Some("Finds a book."));
    assert_eq!(get.inputs.len(), 1);
    assert_eq!(
        (get.inputs[0].name.as_str(), get.inputs[0].required),
        ("request", true)
    );
    assert_eq!(get.inputs[0].value, named("library.v1.GetBookRequest"));
    assert_eq!(get.successes.len(), 1);
    assert_eq!(get.successes[0].status, StatusMatch::Code(200));
    let body = get.successes[0].body.as_ref().expect("a body");
    assert_eq!(
        (body.encoding, &body.value),
        (Encoding::Protobuf, &named("library.v1.Book"))
    );
    assert!(get.failures.is_empty() && get.security.is_empty() && !get.deprecated);
    assert!(operation(&read, "DeleteBook").deprecated);
    let origin = &get.origin;
    assert_eq!(&*origin.file, "tests/contracts/proto/library/v1/library.proto");
    assert_eq!(
        (origin.line, origin.column, &*origin.pointer),
        (20, 3, "library.v1.Library.GetBook")
    );
}

#[test]
fn empty_is_no_body_as_a_reply_and_an_empty_struct_as_a_request() {
    let read = library();
    assert_eq!(operation(&read, "DeleteBook").successes[0].body, None);
    assert_eq!(
        operation(&read, "WatchBooks").inputs[0].value,
        named("google.protobuf.Empty")
    );
    assert_eq!(*structure(&read, "google.protobuf.Empty"), Struct::default());
}

#[test]
fn all_four_call_shapes_are_told_apart() {
    let read = library();
    for (id, shape) in [
        ("GetBook", CallShape::Unary),
        ("WatchBooks", CallShape::ServerStreaming),
        ("ReturnBooks", CallShape::ClientStreaming),
        ("Chat", CallShape::Bidirectional),
    ] {
        assert_eq!(operation(&read, id).shape, shape, "{id}");
    }
}

#[test]
fn a_call_may_be_repeated_by_idempotency_level_or_http_method() {
    let read = library();
    for (id, safety) in [
        ("WatchBooks", Safety::Safe),
        ("ReturnBooks", Safety::Idempotent),
        ("GetBook", Safety::Safe),
        ("PeekBook", Safety::Safe),
        ("DeleteBook", Safety::Idempotent),
        ("CreateBook", Safety::Unsafe),
        ("Chat", Safety::Unsafe),
    ] {
        assert_eq!(operation(&read, id).behaviour.safety, safety, "{id}");
    }
}

#[test]
fn http_rules_follow_the_grpc_path_as_bindings() {
    let read = library();
    let Binding::Grpc(grpc) = &operation(&read, "GetBook").bindings[0] else {
        panic!("gRPC comes first")
    };
    assert_eq!(grpc.path, "/library.v1.Library/GetBook");
    let rules = |id: &str| operation(&read, id).bindings[1..].to_vec();
    assert_eq!(
        rules("GetBook"),
        [
            rule("GET", "/v1/{name=shelves/*/books/*}", "", ""),
            rule("GET", "/v1/books/{name}", "", "")
        ]
    );
    assert_eq!(
        rules("CreateBook"),
        [rule("POST", "/v1/{parent=shelves/*}/books:put", "book", "")]
    );
    assert_eq!(
        rules("DeleteBook"),
        [rule("DELETE", "/v1/{name=shelves/*/books/*}", "", "")]
    );
    assert_eq!(rules("PeekBook"), [rule("HEAD", "/v1/{name}", "", "title")]);
    assert_eq!(rules("Chat"), []);
}

#[test]
fn types_are_all_of_the_root_file_then_what_it_reaches_in_source_order() {
    let read = library();
    let names: Vec<&str> = read.contract.types.keys().map(|name| name.0.as_str()).collect();
    assert_eq!(
        names,
        [
            "library.v1.GetBookRequest",
            "library.v1.CreateBookRequest",
            "library.v1.Spare",
            "google.protobuf.Empty",
            "library.v1.Book",
            "library.v1.Book.Chapter",
            "library.v1.Book.Chapter.Style",
            "library.v1.Branch",
            "library.v1.Genre",
        ]
    );
}

#[test]
fn fields_keep_source_order_json_names_and_comments() {
    let read = library();
    let fields = &structure(&read, "library.v1.Book").fields;
    let names: Vec<&str> = fields.iter().map(|field| field.name.as_str()).collect();
    assert_eq!(names[..4], ["title", "pageCount", "edition", "genre"]);
    assert_eq!(names.last(), Some(&"bar-code"));
    assert_eq!(
        fields[0].docs.as_deref(),
        Some("not this one"),
        "a comment for linters is none"
    );
    assert_eq!(fields[1].docs.as_deref(), Some("How long it is."));
    let book = definition(&read, "library.v1.Book");
    assert_eq!(book.docs.as_deref(), Some("A book."));
    assert_eq!((book.origin.line, book.exact), (14, true));
}

#[test]
fn implicit_presence_says_its_zero_and_explicit_presence_nothing() {
    let read = library();
    let default = |name: &str| field(&read, "library.v1.Book", name).default.clone();
    assert_eq!(default("title"), Some(json!("")));
    assert_eq!(default("pageCount"), Some(json!(0)));
    assert_eq!(default("price"), Some(json!(0.0)));
    assert_eq!(default("lent"), Some(json!(false)));
    assert_eq!(default("cover"), Some(json!("")));
    assert_eq!(default("genre"), Some(json!("GENRE_UNSPECIFIED")));
    for explicit in ["edition", "sequel", "person", "authors", "chapters", "subtitle"] {
        assert_eq!(default(explicit), None, "{explicit}");
    }
    assert!(
        structure(&read, "library.v1.Book")
            .fields
            .iter()
            .all(|field| !field.required)
    );
}

#[test]
fn field_types_follow_the_json_mapping() {
    let read = library();
    let value = |name: &str| field(&read, "library.v1.Book", name).value.clone();
    assert_eq!(value("pageCount"), scalar(Scalar::I64));
    assert_eq!(value("edition"), scalar(Scalar::U32));
    assert_eq!(value("bar-code"), scalar(Scalar::U64));
    assert_eq!(value("cover"), scalar(Scalar::Bytes));
    assert_eq!(value("price"), scalar(Scalar::F64));
    assert_eq!(value("genre"), named("library.v1.Genre"));
    assert_eq!(
        value("authors"),
        TypeUse::plain(Type::List(Box::new(scalar(Scalar::String))))
    );
    assert_eq!(
        value("chapters"),
        TypeUse::plain(Type::Map(Box::new(named("library.v1.Book.Chapter"))))
    );
    assert_eq!(value("sequel"), named("library.v1.Book"));
}

#[test]
fn well_known_types_are_what_they_look_like_in_json() {
    let read = library();
    let value = |name: &str| field(&read, "library.v1.Book", name).value.clone();
    assert_eq!(value("printed"), scalar(Scalar::DateTime));
    assert_eq!(value("loan"), scalar(Scalar::String));
    assert_eq!(
        value("subtitle"),
        TypeUse {
            nullable: true,
            ..scalar(Scalar::String)
        }
    );
    assert_eq!(value("extra"), TypeUse::plain(Type::Json));
    assert_eq!(value("anything"), TypeUse::plain(Type::Json));
    let mask = &field(&read, "library.v1.CreateBookRequest", "mask").value;
    assert_eq!(*mask, scalar(Scalar::String));
    let marks = &field(&read, "library.v1.Book.Chapter", "marks").value;
    assert_eq!(*marks, TypeUse::plain(Type::List(Box::new(scalar(Scalar::I32)))));
}

#[test]
fn a_oneof_groups_its_fields_and_an_optional_makes_no_group() {
    let read = library();
    let book = structure(&read, "library.v1.Book");
    let [(name, members)] = book.one_of.as_slice() else {
        panic!("one group: {:?}", book.one_of)
    };
    let members: Vec<&str> = members
        .iter()
        .map(|index| book.fields[*index].name.as_str())
        .collect();
    assert_eq!((name.as_str(), members), ("owner", vec!["person", "branch"]));
}

#[test]
fn enum_values_are_text_with_numbers_aliases_included() {
    let read = library();
    let values = &enumeration(&read, "library.v1.Genre").values;
    let found: Vec<(EnumConstant, Option<i32>)> = values
        .iter()
        .map(|value| (value.constant.clone(), value.number))
        .collect();
    let expected = [
        ("GENRE_UNSPECIFIED", 0),
        ("FICTION", 2),
        ("NOVEL", 2),
        ("FACT", -1),
    ];
    assert_eq!(
        found,
        expected.map(|(name, number)| (EnumConstant::Text(name.into()), Some(number)))
    );
    let style = &enumeration(&read, "library.v1.Book.Chapter.Style").values;
    assert_eq!(style[1].docs.as_deref(), Some("With pictures."));
}

#[test]
fn field_options_tell_direction_and_deprecation() {
    let read = library();
    let flags = |name: &str| {
        let field = field(&read, "library.v1.CreateBookRequest", name);
        (field.read_only, field.write_only, field.deprecated)
    };
    assert_eq!(flags("etag"), (false, true, false));
    assert_eq!(flags("createdBy"), (true, false, true));
    assert_eq!(flags("parent"), (false, false, false));
}

#[test]
fn proto2_has_required_fields_defaults_groups_and_extensions() {
    let read = read("legacy.proto");
    let question = |name: &str| field(&read, "legacy.Question", name);
    assert!(question("text").required && !question("weight").required);
    assert_eq!(question("text").default, None);
    assert_eq!(question("weight").default, Some(json!(7)));
    assert_eq!(question("share").default, Some(json!(0.1)));
    assert_eq!(question("mood").default, Some(json!("GLAD")));
    assert_eq!(question("note").default, None);
    assert_eq!(question("limit").default, None, "JSON has no infinity");
    assert_eq!(
        question("hint").value,
        TypeUse::plain(Type::List(Box::new(named("legacy.Question.Hint"))))
    );
    assert!(
        !definition(&read, "legacy.Question").exact,
        "extensions are not expressed"
    );
    assert!(definition(&read, "legacy.Answer").exact);
}

#[test]
fn descriptors_keep_options_that_are_extensions() {
    let read = library();
    let encoded = read.descriptors.encoded();
    let pool = prost_reflect::DescriptorPool::decode(encoded.as_slice()).expect("a descriptor set");
    let http = pool
        .get_extension_by_name("google.api.http")
        .expect("the extension is described");
    let service = pool
        .get_service_by_name("library.v1.Library")
        .expect("the service is described");
    let annotated = service
        .methods()
        .filter(|method| method.options().has_extension(&http))
        .count();
    assert_eq!(annotated, 4);
    assert_eq!(read.descriptors.roots(), ["library/v1/library.proto"]);
    let set = read.descriptors.file_descriptor_set();
    assert_eq!(
        set.file.last().map(prost_types::FileDescriptorProto::name),
        Some("library/v1/library.proto")
    );
}

#[test]
fn files_are_all_that_were_read_but_not_what_is_built_in() {
    let files: Vec<String> = library()
        .files
        .iter()
        .map(|path| path.display().to_string())
        .collect();
    let folder = "tests/contracts/proto/library/v1";
    assert_eq!(
        files,
        [format!("{folder}/book.proto"), format!("{folder}/library.proto")]
    );
}
