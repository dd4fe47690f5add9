//! Names stay what they are, and what is decided by hand is followed or refused.

use std::fs;

use tempfile::TempDir;
use tieline_codegen::{Generator, Numbers, Output, TypeOptions};

const ZOO: &str = r##"
openapi: 3.1.0
info: { title: Zoo, version: "1" }
paths:
  /cages: { get: { operationId: listCages, responses: { "200": { description: All., content: { application/json: { schema: { type: object, properties: { cages: { type: array, items: { $ref: "#/components/schemas/Cage" } } } } } } } } } }
components:
  schemas:
    Cage: { type: object, properties: { keeper: { type: object, properties: { name: { type: string } } }, animals: { type: array, items: { oneOf: [{ $ref: "#/components/schemas/Lion" }, { type: integer }] } } } }
    Lion: { type: object, required: [mane], properties: { mane: { type: number }, "fur-colour": { type: string } } }
    lion: { type: string, enum: [roaring, silent] }
    Zebra: { type: object, properties: { stripes: { $ref: "#/components/schemas/Stripes" } } }
    Stripes: { type: object, properties: { count: { type: integer } } }
"##;

fn render(text: &str, decide: impl Fn(Generator) -> Generator) -> Result<Output, String> {
    let folder = TempDir::new().expect("a folder");
    let path = folder.path().join("zoo.yaml");
    fs::write(&path, text).expect("a file");
    let generator = decide(Generator::new().contract(path));
    generator.render().map_err(|failure| failure.to_string())
}

fn types(output: &Output) -> Vec<(String, String)> {
    output.contracts[0].type_names.clone()
}

fn file<'o>(output: &'o Output, name: &str) -> &'o str {
    let found = output.files().find(|(path, _)| path.ends_with(name));
    found.map(|(_, text)| text.as_str()).expect("the file")
}

fn about(name: &str, options: TypeOptions) -> impl Fn(Generator) -> Generator {
    let name = name.to_owned();
    move |generator| generator.type_options(&name, options.clone())
}

#[test]
fn a_rename_in_the_document_renames_nothing_else() {
    let before = types(&render(ZOO, |generator| generator).unwrap());
    for (from, to) in [
        ("Zebra", "Aardvark"),
        ("Stripes", "Markings"),
        ("keeper", "guard"),
        ("listCages", "allCages"),
    ] {
        let after = types(&render(&ZOO.replace(from, to), |generator| generator).unwrap());
        let concerned = |wire: &str| wire.contains(from) || wire.contains(to);
        let rest = |all: &[(String, String)]| -> Vec<(String, String)> {
            all.iter().filter(|(wire, _)| !concerned(wire)).cloned().collect()
        };
        assert!(!rest(&before).is_empty());
        assert_eq!(rest(&before), rest(&after), "{from} -> {to}");
    }
}

#[test]
fn a_name_that_was_decided_moves_only_what_it_meets() {
    let renamed = about("Zebra", TypeOptions::new().rename("Lion"));
    let output = render(ZOO, renamed).unwrap();
    let names = types(&output);
    let rust = |wire: &str| {
        names
            .iter()
            .find(|(known, _)| known == wire)
            .map(|(_, name)| name.as_str())
    };
    assert_eq!(rust("Zebra"), Some("Lion"));
    assert_ne!(rust("Lion"), Some("Lion"));
    assert_eq!((rust("Cage"), rust("Stripes")), (Some("Cage"), Some("Stripes")));
}

#[test]
fn a_type_of_ones_own_is_used_in_every_place_and_not_written() {
    let output = render(
        ZOO,
        about("Stripes", TypeOptions::new().replace("crate::Stripes")),
    )
    .unwrap();
    let text = file(&output, "types.rs");
    assert!(text.contains("pub stripes: Option<crate::Stripes>"), "{text}");
    assert!(!text.contains("struct Stripes"), "{text}");
}

#[test]
fn what_compares_is_derived_within_and_left_out_where_a_part_cannot() {
    let output = render(
        ZOO,
        about("Zebra", TypeOptions::new().derive("Eq").derive("Debug")),
    )
    .unwrap();
    let text = file(&output, "types.rs");
    assert_eq!(text.matches("#[derive(Eq)]").count(), 2, "{text}");
    let output = render(ZOO, about("Lion", TypeOptions::new().derive("Hash"))).unwrap();
    assert!(!file(&output, "types.rs").contains("#[derive(Hash)]"));
    let problem = output.problems.iter().next().expect("a warning");
    assert_eq!(problem.code, "TL-GEN-022");
    assert!(
        problem.message.contains("`mane` is a floating point number"),
        "{problem}"
    );
    assert!(
        problem.place.as_ref().is_some_and(|place| place.line == 9),
        "{problem}"
    );
}

#[test]
fn what_is_about_nothing_or_cannot_be_is_refused_with_advice() {
    for (name, options, says) in [
        ("Loin", TypeOptions::new(), "did you mean `Lion`?"),
        ("*Gnu*", TypeOptions::new(), "the type `*Gnu*`"),
        (
            "Lion",
            TypeOptions::new().field("fur-color", "fur"),
            "did you mean `fur-colour`?",
        ),
        (
            "lion",
            TypeOptions::new().variant("roarin", "Loud"),
            "did you mean `roaring`?",
        ),
        (
            "Lion",
            TypeOptions::new().rename("a lion"),
            "`a lion` is not a Rust name",
        ),
        (
            "Lion",
            TypeOptions::new().rename("Self"),
            "`Self` is not a Rust name",
        ),
        (
            "Lion",
            TypeOptions::new().replace("crate::"),
            "not the path of a type",
        ),
        (
            "Lion",
            TypeOptions::new().derive("Eq)] struct X;"),
            "not the path of a trait",
        ),
        ("Lion", TypeOptions::new().attribute("doc"), "not an attribute"),
        ("*i*", TypeOptions::new().rename("One"), "cannot have one name"),
    ] {
        let said = render(ZOO, about(name, options)).unwrap_err();
        assert!(said.contains(says), "{name}: {said}");
    }
    let twins = |generator: Generator| {
        let one = || TypeOptions::new().rename("Same");
        generator.type_options("Lion", one()).type_options("Zebra", one())
    };
    assert!(
        render(ZOO, twins)
            .unwrap_err()
            .contains("both to be called `Same`")
    );
    let renamed = |generator: Generator| generator.rename_operation("listCage", "cages");
    assert!(
        render(ZOO, renamed)
            .unwrap_err()
            .contains("did you mean `listCages`?")
    );
}

#[test]
fn an_operation_takes_the_name_that_was_decided_and_keeps_its_id() {
    let output = render(ZOO, |generator| generator.rename_operation("listCages", "cages")).unwrap();
    let text = file(&output, "operations.rs");
    assert!(
        text.contains("pub mod cages {") && text.contains("\"listCages\""),
        "{text}"
    );
}

#[test]
fn the_types_of_unlimited_numbers_are_a_choice() {
    let of = |numbers: Numbers| {
        let output = render(ZOO, |generator| generator.numbers(numbers)).unwrap();
        let types = file(&output, "types.rs");
        let has = |text: &str| types.contains(text);
        (
            has("count: Option<v1::Integer>"),
            has("count: Option<i64>"),
            has("mane: f64"),
            has("mane: v1::Decimal"),
        )
    };
    assert_eq!(of(Numbers::Open), (true, false, true, false));
    assert_eq!(of(Numbers::Primitive), (false, true, true, false));
    assert_eq!(of(Numbers::Exact), (true, false, false, true));
}
