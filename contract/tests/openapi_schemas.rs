//! Schemas become types: each feature, by the values of the model that it gives.
#![cfg(feature = "openapi")]

use indexmap::IndexMap;
use serde_json::json;
use tieline_contract::model::{
    Additional, Dispatch, EnumConstant, Field, JsonKind, Rule, Scalar, Struct, Type, TypeDef, TypeKind,
    TypeName, TypeUse, Union,
};
use tieline_contract::{ReadOptions, read_text};

type Types = IndexMap<TypeName, TypeDef>;

/// The types of a document of a version whose component schemas are these lines.
fn types_of(version: &str, schemas: &str) -> Types {
    let lines = format!("    {}", schemas.replace('\n', "\n    "));
    let text = format!(
        "openapi: {version}\ninfo: {{title: T, version: '1'}}\npaths: {{}}\ncomponents:\n  schemas:\n{lines}"
    );
    let read =
        read_text("a.yaml", text, &ReadOptions::default()).unwrap_or_else(|problems| panic!("{problems}"));
    read.contract.into_inner().types
}

fn v30(schemas: &str) -> Types {
    types_of("3.0.3", schemas)
}

fn v31(schemas: &str) -> Types {
    types_of("3.1.0", schemas)
}

fn def<'t>(types: &'t Types, name: &str) -> &'t TypeDef {
    types
        .get(&TypeName::from(name))
        .unwrap_or_else(|| panic!("no {name} in {:?}", types.keys()))
}

fn structure<'t>(types: &'t Types, name: &str) -> &'t Struct {
    match &def(types, name).kind {
        TypeKind::Struct(one) => one,
        other => panic!("{name} is {other:?}"),
    }
}

fn union<'t>(types: &'t Types, name: &str) -> &'t Union {
    match &def(types, name).kind {
        TypeKind::Union(union) => union,
        other => panic!("{name} is {other:?}"),
    }
}

/// The schema of what a type does not say.
fn check(types: &Types, name: &str) -> Option<serde_json::Value> {
    def(types, name).rules.iter().find_map(|rule| match rule {
        Rule::Check(check) => Some(check.schema.clone()),
        _ => None,
    })
}

fn alias<'t>(types: &'t Types, name: &str) -> &'t Type {
    match &def(types, name).kind {
        TypeKind::Alias(value) => &value.ty,
        other => panic!("{name} is {other:?}"),
    }
}

fn texts(types: &Types, name: &str) -> Vec<String> {
    match &def(types, name).kind {
        TypeKind::Enum(values) => values
            .values
            .iter()
            .map(|value| match &value.constant {
                EnumConstant::Text(text) => text.clone(),
                EnumConstant::Integer(number) => format!("#{number}"),
            })
            .collect(),
        other => panic!("{name} is {other:?}"),
    }
}

fn field<'t>(types: &'t Types, owner: &str, name: &str) -> &'t Field {
    let fields = &structure(types, owner).fields;
    fields
        .iter()
        .find(|field| field.name == name)
        .unwrap_or_else(|| panic!("no {name} in {fields:?}"))
}

fn named(name: &str) -> Type {
    Type::Named(TypeName::from(name))
}

fn scalar(scalar: Scalar) -> TypeUse {
    TypeUse::plain(Type::Scalar(scalar))
}

#[test]
fn objects_have_fields_in_order_with_all_that_is_said_about_them() {
    let types = v30("Pet:
  type: object
  description: A pet.
  deprecated: true
  required: [name]
  minProperties: 1
  additionalProperties: false
  properties:
    name: {type: string, minLength: 1, maxLength: 9, pattern: '^[a-z]', description: ' Its name. '}
    age: {type: integer, format: int32, minimum: 0, exclusiveMinimum: true, default: 3}
    secret: {type: string, writeOnly: true}
    id: {type: string, format: uuid, readOnly: true, deprecated: true}");
    let pet = def(&types, "Pet");
    assert_eq!(
        (pet.docs.as_deref(), pet.deprecated, pet.exact),
        (Some("A pet."), true, true)
    );
    assert_eq!(pet.rules, [Rule::MinProperties(1)]);
    assert_eq!(structure(&types, "Pet").additional, Additional::Forbidden);
    let names: Vec<_> = structure(&types, "Pet")
        .fields
        .iter()
        .map(|field| &*field.name)
        .collect();
    assert_eq!(names, ["name", "age", "secret", "id"]);
    let rules = vec![
        Rule::MinLength(1),
        Rule::MaxLength(9),
        Rule::Pattern("^[a-z]".to_owned()),
    ];
    let name = field(&types, "Pet", "name");
    assert_eq!(
        name.value,
        TypeUse {
            rules,
            ..scalar(Scalar::String)
        }
    );
    assert_eq!((name.required, name.docs.as_deref()), (true, Some("Its name.")));
    let age = field(&types, "Pet", "age");
    let rules = vec![Rule::ExclusiveMinimum(0.into())];
    assert_eq!(
        (&age.value, &age.default),
        (
            &TypeUse {
                rules,
                ..scalar(Scalar::I32)
            },
            &Some(json!(3))
        )
    );
    assert!(field(&types, "Pet", "secret").write_only);
    let id = field(&types, "Pet", "id");
    assert!(id.read_only && id.deprecated && id.value == scalar(Scalar::Uuid));
}

#[test]
fn formats_mean_scalars_and_unknown_ones_change_nothing() {
    for (schema, expected) in [
        ("{type: boolean}", Scalar::Bool),
        ("{type: integer}", Scalar::Integer),
        ("{type: integer, format: int32}", Scalar::I32),
        ("{type: integer, format: uint64}", Scalar::U64),
        (
            "{type: integer, minimum: 0, maximum: 18446744073709551615}",
            Scalar::U64,
        ),
        ("{type: number}", Scalar::Number),
        ("{type: number, format: float}", Scalar::F32),
        ("{type: string, format: date-time}", Scalar::DateTime),
        ("{type: string, format: date}", Scalar::Date),
        ("{type: string, format: byte}", Scalar::Bytes),
        ("{type: string, contentEncoding: base64}", Scalar::Bytes),
        ("{type: string, format: email}", Scalar::String),
    ] {
        let types = v31(&format!("A: {schema}"));
        assert_eq!(alias(&types, "A"), &Type::Scalar(expected), "{schema}");
    }
}

#[test]
fn maps_and_lists_hold_what_is_said() {
    let types = v31("Scores: {type: object, additionalProperties: {type: integer}}
Free: {type: object}
Names: {type: array, items: {type: string}, minItems: 1, uniqueItems: true}
Anything: {}
Both: {properties: {a: {type: string}}, additionalProperties: {type: array, items: {properties: {x: {}}}}}");
    assert_eq!(
        alias(&types, "Scores"),
        &Type::Map(Box::new(scalar(Scalar::Integer)))
    );
    assert_eq!(
        alias(&types, "Free"),
        &Type::Map(Box::new(TypeUse::plain(Type::Json)))
    );
    assert_eq!(
        alias(&types, "Names"),
        &Type::List(Box::new(scalar(Scalar::String)))
    );
    assert_eq!(def(&types, "Names").rules, [Rule::MinItems(1), Rule::UniqueItems]);
    assert_eq!(alias(&types, "Anything"), &Type::Json);
    let items = TypeUse::plain(Type::List(Box::new(TypeUse::plain(named("Both.value.item")))));
    assert_eq!(
        structure(&types, "Both").additional,
        Additional::Typed(Box::new(items))
    );
}

#[test]
fn optional_and_nullable_are_two_facts_however_null_is_said() {
    let document = "N: {NULLABLE, properties: {a: {type: string}}}
A:
  type: object
  required: [plain, null_only]
  properties:
    plain: {type: string}
    null_only: {STRING}
    optional: {type: string}
    both: {STRING}
    reference: {$ref: '#/components/schemas/N'}
    branch: {oneOf: [{$ref: '#/components/schemas/A'}, {NULL}]}
    constant: {CONSTANT}";
    let in_30 = document
        .replace("NULLABLE", "type: object, nullable: true")
        .replace("STRING", "type: string, nullable: true")
        .replace("NULL", "enum: [null]")
        .replace("CONSTANT", "type: string, nullable: true, enum: [a, null]");
    let in_31 = document
        .replace("NULLABLE", "type: [object, 'null']")
        .replace("STRING", "type: [string, 'null']")
        .replace("NULL", "type: 'null'")
        .replace("CONSTANT", "enum: [a, null]");
    let (old, new) = (v30(&in_30), v31(&in_31));
    for types in [&old, &new] {
        let facts = |name| {
            let field = field(types, "A", name);
            (field.required, field.value.nullable)
        };
        assert_eq!(facts("plain"), (true, false));
        assert_eq!(facts("null_only"), (true, true));
        assert_eq!(facts("optional"), (false, false));
        assert_eq!(facts("both"), (false, true));
        assert_eq!(
            facts("reference"),
            (false, true),
            "a reference to what can be null"
        );
        assert_eq!(facts("branch"), (false, true));
        assert_eq!(
            field(types, "A", "branch").value.ty,
            named("A"),
            "one branch is left: no union"
        );
        assert_eq!(facts("constant"), (false, true));
        assert_eq!(texts(types, "A.constant"), ["a"]);
    }
    assert_eq!(old, new, "both versions mean the same");
}

#[test]
fn enumerations_hold_text_or_integers_and_other_constants_are_rules() {
    let types = v31(
        "Color: {type: string, enum: [red, green, red], x-enum-varnames: [Red, Green, Red2]}
Level: {type: integer, enum: [1, 2]}
Version: {type: string, enum: [1.10, 2]}
One: {const: only}
Mixed: {enum: [a, 1, true]}
Half: {type: number, enum: [0.5, 1.5]}",
    );
    assert_eq!(texts(&types, "Color"), ["red", "green"]);
    let TypeKind::Enum(color) = &def(&types, "Color").kind else {
        panic!()
    };
    assert_eq!(color.values[1].name.as_deref(), Some("Green"));
    assert_eq!(texts(&types, "Level"), ["#1", "#2"]);
    assert_eq!(
        texts(&types, "Version"),
        ["1.10", "2"],
        "the text of a number is kept"
    );
    assert_eq!(texts(&types, "One"), ["only"]);
    assert_eq!(alias(&types, "Mixed"), &Type::Json);
    assert_eq!(
        def(&types, "Mixed").rules,
        [Rule::OneOf(vec![json!("a"), json!(1), json!(true)])]
    );
    assert_eq!(alias(&types, "Half"), &Type::Scalar(Scalar::Number));
}

#[test]
fn titled_constants_are_one_enumeration_with_names() {
    let types = v31("Kind:
  type: integer
  oneOf:
    - {title: First, const: 1, description: The first.}
    - {title: Second, const: 2}
    - {type: 'null'}");
    assert_eq!(texts(&types, "Kind"), ["#1", "#2"]);
    let TypeKind::Enum(kind) = &def(&types, "Kind").kind else {
        panic!()
    };
    let names: Vec<_> = kind
        .values
        .iter()
        .map(|value| (value.name.as_deref(), value.docs.as_deref()))
        .collect();
    assert_eq!(
        names,
        [(Some("First"), Some("The first.")), (Some("Second"), None)]
    );
}

#[test]
fn all_of_is_merged_with_what_stands_beside_it() {
    let types = v30(
        "Base: {type: object, required: [id], properties: {id: {type: string}, note: {type: string, maxLength: 5}}}
Pet:
  description: A pet.
  allOf:
    - $ref: '#/components/schemas/Base'
    - {type: object, required: [note], properties: {note: {minLength: 2}, tag: {type: string}}}
  properties: {own: {type: boolean}}
Same: {allOf: [{$ref: '#/components/schemas/Base'}], description: Only a name., nullable: true}
User: {type: object, properties: {pet: {allOf: [{$ref: '#/components/schemas/Base'}], nullable: true, description: Its pet.}}}",
    );
    let mut names: Vec<_> = structure(&types, "Pet")
        .fields
        .iter()
        .map(|f| (&*f.name, f.required))
        .collect();
    names.sort_unstable();
    assert_eq!(
        names,
        [("id", true), ("note", true), ("own", false), ("tag", false)]
    );
    let rules = [Rule::MaxLength(5), Rule::MinLength(2)];
    let note = &field(&types, "Pet", "note").value;
    assert_eq!(note.ty, Type::Scalar(Scalar::String));
    assert!(rules.iter().all(|rule| note.rules.contains(rule)), "{note:?}");
    assert_eq!(def(&types, "Pet").docs.as_deref(), Some("A pet."));
    assert_eq!(
        alias(&types, "Same"),
        &named("Base"),
        "nothing is inlined that has a name"
    );
    let pet = field(&types, "User", "pet");
    assert_eq!((&pet.value.ty, pet.value.nullable), (&named("Base"), true));
    assert_eq!(pet.docs.as_deref(), Some("Its pet."));
}

#[test]
fn siblings_of_a_reference_count_in_3_1_and_not_in_3_0() {
    let schemas = "A: {type: string}
B: {type: object, properties: {a: {$ref: '#/components/schemas/A', maxLength: 3, description: Short.}}}";
    let (old, new) = (v30(schemas), v31(schemas));
    assert_eq!(field(&new, "B", "a").value.rules, [Rule::MaxLength(3)]);
    assert_eq!(field(&old, "B", "a").value.rules, []);
    for types in [&old, &new] {
        let a = field(types, "B", "a");
        assert_eq!((&a.value.ty, a.docs.as_deref()), (&named("A"), Some("Short.")));
    }
}

const CAT_AND_DOG: &str = "
Cat: {type: object, required: [kind], properties: {kind: {type: string}, lives: {type: integer}}}
Dog: {type: object, required: [kind], properties: {kind: {type: string}, tricks: {type: integer}}}";

#[test]
fn a_discriminator_decides_by_mapping_or_by_name() {
    let types = v30(&format!(
        "Mapped:
  oneOf: [{{$ref: '#/components/schemas/Cat'}}, {{$ref: '#/components/schemas/Dog'}}]
  discriminator:
    propertyName: kind
    mapping: {{tabby: '#/components/schemas/Cat', siamese: Cat}}
Implicit:
  anyOf: [{{$ref: '#/components/schemas/Cat'}}, {{$ref: '#/components/schemas/Dog'}}]
  discriminator: {{propertyName: kind}}{CAT_AND_DOG}"
    ));
    let tag = |values: &[(&str, usize)]| Dispatch::Tag {
        property: "kind".to_owned(),
        values: values.iter().map(|(tag, at)| ((*tag).to_owned(), *at)).collect(),
    };
    assert_eq!(
        union(&types, "Mapped").dispatch,
        tag(&[("tabby", 0), ("siamese", 0), ("Dog", 1)])
    );
    assert_eq!(union(&types, "Implicit").dispatch, tag(&[("Cat", 0), ("Dog", 1)]));
    let names: Vec<_> = union(&types, "Mapped")
        .variants
        .iter()
        .map(|variant| &*variant.name)
        .collect();
    assert_eq!(names, ["Cat", "Dog"]);
}

#[test]
fn unions_are_told_apart_when_reading_the_contract() {
    let types = v31(
        "Kinds: {oneOf: [{type: string}, {type: integer}, {type: array, items: {}}, {$ref: '#/components/schemas/X'}]}
X: {type: object, required: [x], properties: {x: {type: string}, t: {const: x}}}
Y: {type: object, required: [y], properties: {y: {type: string}, t: {const: y}}}
Z: {type: object, properties: {z: {type: string}}}
Properties: {oneOf: [{$ref: '#/components/schemas/X'}, {$ref: '#/components/schemas/Z'}, {$ref: '#/components/schemas/Y'}]}
Some: {anyOf: [{type: string}, {$ref: '#/components/schemas/X'}, {$ref: '#/components/schemas/Y'}]}
One: {type: object, required: [t], properties: {t: {const: 1}}}
Two: {type: object, required: [t], properties: {t: {enum: [2, 3]}}}
Constants: {oneOf: [{$ref: '#/components/schemas/One'}, {$ref: '#/components/schemas/Two'}]}
Nothing: {oneOf: [{$ref: '#/components/schemas/Z'}, {type: object, properties: {w: {type: string}}}]}
List: {type: [string, number]}",
    );
    let by = |properties: &[(&str, usize)], otherwise| Dispatch::Property {
        properties: properties
            .iter()
            .map(|(name, at)| ((*name).to_owned(), *at))
            .collect(),
        otherwise,
    };
    use JsonKind::{Array, Integer, Number, Object, String};
    let dispatch = |name| union(&types, name).dispatch.clone();
    assert_eq!(
        dispatch("Kinds"),
        Dispatch::Kind(vec![(String, 0), (Integer, 1), (Array, 2), (Object, 3)])
    );
    assert_eq!(dispatch("Properties"), by(&[("x", 0), ("y", 2)], Some(1)));
    assert_eq!(
        dispatch("Some"),
        Dispatch::KindThen {
            kinds: vec![(String, 0)],
            objects: Box::new(by(&[("x", 1), ("y", 2)], None))
        }
    );
    let values = [("1", 0), ("2", 1), ("3", 1)]
        .map(|(tag, at)| (tag.to_owned(), at))
        .to_vec();
    assert_eq!(
        dispatch("Constants"),
        Dispatch::Tag {
            property: "t".to_owned(),
            values
        }
    );
    assert_eq!(dispatch("Nothing"), Dispatch::Trial);
    assert_eq!(dispatch("List"), Dispatch::Kind(vec![(String, 0), (Number, 1)]));
}

#[test]
fn alternatives_that_need_no_telling_apart_become_one_type() {
    let types = v31(
        "Text: {anyOf: [{type: string, format: date}, {type: string, format: date-time}]}
Open: {anyOf: [{type: string}, {type: string, enum: [a, b]}]}
Number: {oneOf: [{type: integer}, {type: number}]}
Choice: {anyOf: [{enum: [a]}, {type: integer}, {enum: [b]}]}",
    );
    assert_eq!(alias(&types, "Text"), &Type::Scalar(Scalar::String));
    assert_eq!(alias(&types, "Open"), &Type::Scalar(Scalar::String));
    assert_eq!(alias(&types, "Number"), &Type::Scalar(Scalar::Number));
    assert_eq!(
        check(&types, "Text"),
        Some(
            json!({"anyOf": [{"format": "date", "type": "string"}, {"format": "date-time", "type": "string"}]})
        ),
        "what the type does not say is checked"
    );
    assert_eq!(check(&types, "Open"), None, "any text will do");
    assert_eq!(union(&types, "Choice").variants.len(), 2);
    let inline: Vec<_> = types.keys().filter(|name| name.0.contains('.')).collect();
    assert_eq!(
        inline.len(),
        1,
        "types that became part of another are gone: {inline:?}"
    );
}

#[test]
fn what_stands_beside_alternatives_holds_for_each() {
    let types = v31("Shape:
  type: object
  required: [name]
  properties: {name: {type: string}}
  oneOf:
    - {title: Circle, required: [radius], properties: {radius: {type: number}}}
    - {title: Square, required: [side], properties: {side: {type: number}}}
Either:
  type: object
  properties: {a: {type: string}, b: {type: string}}
  anyOf: [{required: [a]}, {required: [b]}]");
    let names: Vec<_> = union(&types, "Shape")
        .variants
        .iter()
        .map(|variant| &*variant.name)
        .collect();
    assert_eq!(names, ["Circle", "Square"]);
    let fields: Vec<_> = structure(&types, "Shape.Circle")
        .fields
        .iter()
        .map(|field| (&*field.name, field.required))
        .collect();
    assert_eq!(fields, [("name", true), ("radius", true)]);
    assert_eq!(
        check(&types, "Either"),
        Some(json!({"anyOf": [{"required": ["a"]}, {"required": ["b"]}]})),
        "which of the two is required is not said by the type"
    );
    assert_eq!(structure(&types, "Either").fields.len(), 2);
}

#[test]
fn a_base_that_lists_its_subtypes_is_a_union_and_its_properties_are_theirs() {
    let types = v30(
        "Pet:
  type: object
  required: [kind]
  properties: {kind: {type: string}}
  discriminator: {propertyName: kind, mapping: {cat: '#/components/schemas/Cat', dog: '#/components/schemas/Dog'}}
  oneOf: [{$ref: '#/components/schemas/Cat'}, {$ref: '#/components/schemas/Dog'}]
Cat: {allOf: [{$ref: '#/components/schemas/Pet'}, {type: object, properties: {lives: {type: integer}}}]}
Dog: {allOf: [{$ref: '#/components/schemas/Pet'}, {type: object, properties: {tricks: {type: integer}}}]}
Open: {type: object, properties: {kind: {type: string}}, discriminator: {propertyName: kind}}",
    );
    let names: Vec<_> = structure(&types, "Cat")
        .fields
        .iter()
        .map(|field| &*field.name)
        .collect();
    assert_eq!(names.len(), 2, "{names:?}");
    let pet = union(&types, "Pet");
    assert!(
        matches!(&pet.dispatch, Dispatch::Tag { property, .. } if property == "kind"),
        "{:?}",
        pet.dispatch
    );
    assert_eq!(
        pet.variants[0].value.ty,
        named("Cat"),
        "a subtype that has its base is taken as it is"
    );
    let raw = Additional::Typed(Box::new(TypeUse::plain(Type::Json)));
    assert_eq!(
        structure(&types, "Open").additional,
        raw,
        "what unnamed subtypes add is kept"
    );
}

#[test]
fn recursion_goes_by_name() {
    let types = v31(
        "Tree: {type: object, properties: {children: {type: array, items: {$ref: '#/components/schemas/Tree'}}}}
Ref: {type: object, properties: {deep: {$ref: '#/components/schemas/Tree/properties/children'}}}",
    );
    let children = TypeUse::plain(Type::List(Box::new(TypeUse::plain(named("Tree")))));
    assert_eq!(field(&types, "Tree", "children").value, children);
    assert_eq!(
        field(&types, "Ref", "deep").value.ty,
        named("Tree.children"),
        "named from where it points"
    );
    assert_eq!(alias(&types, "Tree.children"), &children.ty);
}

#[test]
fn what_a_type_does_not_say_is_left_as_a_check() {
    let types = v31("Not: {type: string, not: {enum: [a]}}
Tuple: {type: array, prefixItems: [{type: string}], items: {type: integer}}
Never: false
Two: {oneOf: [{type: string}], anyOf: [{type: integer}, {type: string}]}
Pattern: {type: object, patternProperties: {'^x-': {type: string}}, additionalProperties: false}
Open: {type: object, properties: {a: {type: integer}}, patternProperties: {'^x-': {type: string}}}
Needs: {type: object, properties: {a: {type: string}}, required: [a, b], dependentRequired: {a: [c]}}
Other: {not: {$ref: '#/components/schemas/Exact'}}
Rest: {type: object, properties: {a: {type: string}}, additionalProperties: {type: integer}, unevaluatedProperties: false}
All: {allOf: [{type: object, properties: {a: {type: string}}}], unevaluatedProperties: false}
Exact: {type: string, maxLength: 3}");
    for (name, expected) in [
        ("Not", json!({"not": {"enum": ["a"]}})),
        (
            "Tuple",
            json!({"prefixItems": [{"type": "string"}], "items": {"type": "integer"}}),
        ),
        ("Never", json!(false)),
        (
            "Two",
            json!({"oneOf": [{"type": "string"}], "anyOf": [{"type": "integer"}, {"type": "string"}]}),
        ),
        (
            "Pattern",
            json!({"patternProperties": {"^x-": {"type": "string"}}, "additionalProperties": false}),
        ),
        ("Open", json!({"patternProperties": {"^x-": {"type": "string"}}})),
        (
            "Needs",
            json!({"required": ["b"], "dependentRequired": {"a": ["c"]}}),
        ),
        ("Other", json!({"not": {"$ref": 0}})),
        (
            "Rest",
            json!({
                "properties": {"a": true},
                "additionalProperties": {"type": "integer"},
                "unevaluatedProperties": false
            }),
        ),
        (
            "All",
            json!({
                "allOf": [{"type": "object", "properties": {"a": {"type": "string"}}}],
                "unevaluatedProperties": false
            }),
        ),
    ] {
        assert_eq!(check(&types, name), Some(expected), "{name}");
        assert!(def(&types, name).exact, "{name}");
    }
    assert_eq!(check(&types, "Exact"), None);
    assert_eq!(alias(&types, "Never"), &Type::Json);
    assert_eq!(alias(&types, "Two"), &Type::Json);
    assert_eq!(
        alias(&types, "Tuple"),
        &Type::List(Box::new(TypeUse::plain(Type::Json))),
        "items of all kinds must fit"
    );
    assert_eq!(
        alias(&types, "Pattern"),
        &Type::Map(Box::new(scalar(Scalar::String)))
    );
    let raw = Additional::Typed(Box::new(TypeUse::plain(Type::Json)));
    assert_eq!(
        structure(&types, "Open").additional,
        raw,
        "the pattern says nothing of other names"
    );
}

#[test]
fn a_document_whose_dialect_is_json_schema_is_read_by_the_letter() {
    let text = |dialect: &str| {
        format!(
            "openapi: 3.1.0\n{dialect}info: {{title: T, version: '1'}}\npaths: {{}}\ncomponents:\n  schemas:\n    \
             A: {{properties: {{a: {{type: integer}}}}}}\n"
        )
    };
    let types = |dialect| {
        let read = read_text("a.yaml", text(dialect), &ReadOptions::default());
        read.unwrap_or_else(|problems| panic!("{problems}"))
            .contract
            .into_inner()
            .types
    };
    assert_eq!(structure(&types(""), "A").fields.len(), 1);
    let by_the_letter = types("jsonSchemaDialect: https://json-schema.org/draft/2020-12/schema\n");
    assert_eq!(alias(&by_the_letter, "A"), &Type::Json, "text is a value, too");
    assert_eq!(
        check(&by_the_letter, "A"),
        Some(json!({"properties": {"a": {"type": "integer"}}}))
    );
}

#[test]
fn inline_schemas_never_take_the_name_of_another() {
    let types = v31("Pet: {properties: {owner: {properties: {name: {type: string}}}}}
Pet.owner: {properties: {other: {type: string}}}");
    assert_eq!(field(&types, "Pet", "owner").value.ty, named("Pet.owner2"));
    assert_eq!(structure(&types, "Pet.owner").fields[0].name, "other");
    let order: Vec<_> = types.keys().map(|name| &*name.0).collect();
    assert_eq!(
        order,
        ["Pet", "Pet.owner2", "Pet.owner"],
        "in the order of the source"
    );
}
