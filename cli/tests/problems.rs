//! Contracts that are wrong: a located message, exit code 1, nothing written.

mod support;

use support::{Home, PETS, Ran};

/// Generates from one file that is wrong.
fn wrong(name: &str, text: &str) -> Ran {
    let home = Home::with(&[(name, text)]);
    let ran = home.run(&["generate", name, "--out", "o"]).exits(1);
    assert_eq!(home.files(""), [name], "nothing is written");
    assert!(ran.out.contains("failed: nothing was written"), "{}", ran.out);
    ran
}

#[test]
fn malformed_yaml_is_located() {
    wrong("pets.yaml", "openapi: 3.0.3\npaths: [\n").says(&["error[TL-SRC-005]", "--> pets.yaml:"]);
}

#[test]
fn malformed_json_is_located() {
    wrong("pets.json", "{\"openapi\": \"3.0.3\",\n \"paths\": }\n")
        .says(&["error[TL-SRC-004]", "--> pets.json:2:"]);
}

#[test]
fn a_dangling_reference_is_located() {
    let text = PETS.replace("#/components/schemas/Pet", "#/components/schemas/Lost");
    wrong("pets.yaml", &text).says(&["--> pets.yaml:14:", "Lost", "^^^"]);
}

#[test]
fn references_that_lead_in_a_circle_are_located() {
    let text = PETS.replace(
        "    Pet:\n",
        "    A: { $ref: '#/components/schemas/B' }\n    B: { $ref: '#/components/schemas/A' }\n    Pet:\n",
    );
    let text = text.replacen("schemas/Pet", "schemas/A", 1);
    wrong("pets.yaml", &text).says(&["leads back to itself", "--> pets.yaml:24:"]);
}

#[test]
fn operation_ids_that_stand_twice_are_located_at_both_places() {
    let text = PETS.replace("operationId: deletePet", "operationId: getPet");
    let home = Home::with(&[("pets.yaml", &text)]);
    let both = ["TL-OAS-006", "getPet", "pets.yaml:6:", "pets.yaml:16:"];
    home.run(&["generate", "pets.yaml", "--out", "o"])
        .exits(0)
        .says(&both);
    assert!(home.read("o/pets/client.rs").contains("\n    delete_pets_id("));
    home.run(&["generate", "pets.yaml", "--out", "strict", "--strict"])
        .exits(1)
        .says(&both);
    assert!(!home.has("strict"));
}

#[test]
fn an_unknown_version_is_located() {
    wrong("pets.yaml", &PETS.replace("3.0.3", "9.0.0")).says(&["9.0.0", "--> pets.yaml:1:"]);
}

#[test]
fn a_proto_that_does_not_compile_is_located() {
    let text = support::GREETER.replace("returns (HelloReply)", "returns (Lost)");
    wrong("greet.proto", &text).says(&["TL-PRO-011", "--> greet.proto:7:", "Lost"]);
}

#[test]
fn imports_that_lead_in_a_circle_are_located() {
    let import = |text: &str, name: &str| {
        text.replace(
            "package greet.v1;",
            &format!("package greet.v1;\nimport \"{name}\";"),
        )
    };
    let home = Home::with(&[
        ("greet.proto", &import(support::GREETER, "other.proto")),
        (
            "other.proto",
            &import("syntax = \"proto3\";\npackage greet.v1;\n", "greet.proto"),
        ),
    ]);
    let ran = home.run(&["generate", "greet.proto", "--out", "o"]).exits(1);
    ran.says(&["TL-PRO-010", "--> other.proto:3:"]);
    assert!(!home.has("o"));
}

#[test]
fn a_missing_import_is_located() {
    let text = support::GREETER.replace("package greet.v1;", "package greet.v1;\nimport \"lost.proto\";");
    wrong("greet.proto", &text).says(&["TL-PRO-008", "--> greet.proto:3:", "lost.proto"]);
}

#[test]
fn imports_are_looked_for_in_the_included_folders() {
    let text = support::GREETER
        .replace(
            "package greet.v1;",
            "package greet.v1;\nimport \"common/lost.proto\";",
        )
        .replace("returns (HelloReply)", "returns (common.Lost)");
    let home = Home::with(&[
        ("greet.proto", &text),
        (
            "deep/third/common/lost.proto",
            "syntax = \"proto3\";\npackage common;\nmessage Lost {}\n",
        ),
    ]);
    home.run(&["generate", "greet.proto", "--out", "o"]).exits(1);
    home.run(&["generate", "greet.proto", "--out", "o", "--include", "deep/third"])
        .exits(0);
    assert!(home.has("o/greet/mod.rs"));
}

#[test]
fn what_cannot_be_taken_over_is_a_warning_and_with_strict_an_error() {
    let text = PETS.replacen("in: path", "in: query", 1);
    let home = Home::with(&[("pets.yaml", &text)]);
    let ran = home
        .run(&["generate", "pets.yaml", "--out", "o", "--strict"])
        .exits(1);
    ran.says(&["error[TL-OAS-007]", "--> pets.yaml:4:3"]);
    assert!(!home.has("o"), "nothing is written");
    let ran = home.run(&["generate", "pets.yaml", "--out", "o"]).exits(0);
    assert!(ran.out.contains("1 warning"), "{}", ran.out);
    ran.says(&["warning[TL-OAS-007]", "--> pets.yaml:4:3"]);
    assert!(home.has("o/pets/mod.rs"));
}

#[test]
fn a_selection_that_matches_nothing_is_a_problem() {
    let toml = "[[contract]]\npath = \"pets.yaml\"\nout = \"o\"\noperations = [\"getDog\"]\n";
    let home = Home::with(&[("tieline.toml", toml), ("pets.yaml", PETS)]);
    home.run(&["generate"])
        .exits(1)
        .says(&["TL-GEN-002", "`getDog`", "--> tieline.toml:4:15"]);
    assert!(!home.has("o"));
}

#[test]
fn a_missing_file_is_wrong_usage() {
    let home = Home::with(&[("pets.yaml", PETS)]);
    let ran = home
        .run(&["generate", "pets.yaml", "cats.yaml", "dogs.yaml", "--out", "o"])
        .exits(2);
    ran.says(&["TL-CLI-004", "--> cats.yaml", "--> dogs.yaml"]);
    assert_eq!(home.files(""), ["pets.yaml"]);
}

#[test]
fn a_file_of_no_known_kind_is_wrong_usage() {
    let home = Home::with(&[("notes.txt", "hello\n")]);
    home.run(&["generate", "notes.txt", "--out", "o"])
        .exits(2)
        .says(&["TL-CLI-006", "notes.txt"]);
}

#[test]
fn the_problems_of_all_contracts_come_together() {
    let home = Home::with(&[("a.yaml", "a: [\n"), ("b.json", "{\n"), ("c.yaml", PETS)]);
    let ran = home
        .run(&["generate", "a.yaml", "b.json", "c.yaml", "--out", "o"])
        .exits(1);
    assert!(ran.out.contains("3 contracts"), "{}", ran.out);
    ran.says(&["--> a.yaml:", "--> b.json:"]);
    assert!(!home.has("o"));
}
