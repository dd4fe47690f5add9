//! tieline.toml: what is refused, and how it is said.

mod support;

use support::{Home, PETS};

fn refused(text: &str) -> support::Ran {
    let home = Home::with(&[("tieline.toml", text), ("pets.yaml", PETS)]);
    let ran = home.run(&["tieline", "generate"]).exits(2);
    assert_eq!(
        home.files(""),
        ["pets.yaml", "tieline.toml"],
        "nothing is written"
    );
    ran
}

#[test]
fn an_unknown_key_is_refused_with_its_place_and_a_suggestion() {
    refused("[[contract]]\nname = \"pets\"\npth = \"pets.yaml\"\n").says(&[
        "error[TL-CFG-002]: unknown key: `pth`",
        "--> tieline.toml:3:1",
        "3 | pth = \"pets.yaml\"",
        "| ^^^ not known here",
        "help: did you mean `path`?",
    ]);
}

#[test]
fn an_unknown_key_without_a_near_one_lists_those_that_are_known() {
    refused("[service.users]\nzzzzzz = 1\n").says(&[
        "`zzzzzz`",
        "help: known here: ",
        "attempt_timeout",
        "breaker",
    ]);
}

#[test]
fn everything_wrong_is_said_at_once_in_order() {
    let ran = refused(
        "[sevice.users]\n\
         [service.users]\n\
         timeuot = \"5s\"\n\
         base_url = \"no url\"\n\
         timeout = 5\n\
         attempt_timeout = \"5\"\n\
         body_limit = \"64 KiB\"\n\
         retry = { max_attempts = 0 }\n\
         breaker = { failure_ratio = 2, enabled = \"no\" }\n\
         bulkhead = { max_concurrent = -1 }\n\
         [[contract]]\n\
         server = 1\n",
    );
    let places: Vec<&str> = ran
        .err
        .lines()
        .filter_map(|line| line.trim_start().strip_prefix("--> tieline.toml:"))
        .collect();
    let expected = [
        "1:2", "3:1", "4:12", "5:11", "6:19", "7:14", "8:26", "9:29", "9:42", "10:31", "11:1", "12:10",
    ];
    assert_eq!(places, expected, "{}", ran.err);
    ran.says(&[
        "did you mean `service`?",
        "did you mean `timeout`?",
        "such as \"250ms\", \"5s\" or \"1m30s\"",
        "such as \"64KiB\" or \"10MiB\"",
        "write a number from 1 to 4294967295",
        "write true or false",
        "a key is missing: `path`",
    ]);
}

#[test]
fn settings_that_exclude_each_other_are_refused() {
    refused(
        "[service.users]\n\
         timeout = \"5s\"\n\
         timeout_seconds = 5\n\
         retry.max_attempts = 3\n\
         max_retries = 2\n\
         retry.backoff = { schedule = [\"1s\"], full_jitter = { base = \"1s\" } }\n",
    )
    .says(&[
        "`timeout` and `timeout_seconds`",
        "tieline.toml:3:1",
        "tieline.toml:5:1",
        "tieline.toml:6:38",
    ]);
}

#[test]
fn what_may_be_a_secret_is_not_repeated() {
    let ran = refused(
        "[service.users]\n\
         api_key = \"sk-live-123\"\n\
         api_key_env = \"sk-live-456\"\n\
         base_url = \"http://user:pass@host\"\n",
    );
    for secret in ["sk-live", "pass"] {
        assert!(!ran.err.contains(secret), "{}", ran.err);
    }
    ran.says(&["2 | api_key …", "3 | api_key_env = …", "4 | base_url = …"]);
}

#[test]
fn a_broken_file_is_located() {
    refused("[[contract]]\npath = \n").says(&["TL-CFG-001", "--> tieline.toml:2:8"]);
}

#[test]
fn what_is_not_supported_yet_is_refused_where_it_stands() {
    refused(
        "[[contract]]\n\
         path = \"pets.yaml\"\n\
         out = \"o\"\n\
         gateway = true\n",
    )
    .says(&["not yet supported: `gateway`", "--> tieline.toml:4:11"]);
}

#[test]
fn a_contract_that_is_not_there_is_located_in_the_file_that_names_it() {
    refused("[[contract]]\npath = \"cats.yaml\"\nout = \"o\"\n").says(&[
        "there is no such file or folder: cats.yaml",
        "--> tieline.toml:2:8",
    ]);
}

#[test]
fn a_place_for_the_output_has_to_be_given() {
    refused("[[contract]]\npath = \"pets.yaml\"\n").says(&["TL-CLI-003", "--> tieline.toml:2:8"]);
    let home = Home::with(&[("pets.yaml", PETS)]);
    home.run(&["generate", "pets.yaml"])
        .exits(2)
        .says(&["TL-CLI-003", "--out DIR"]);
}

#[test]
fn two_contracts_cannot_be_one_module() {
    let twice = "[[contract]]\npath = \"pets.yaml\"\nout = \"o\"\n".repeat(2);
    refused(&twice).says(&["TL-CFG-008", "`pets`"]);
}

#[test]
fn a_name_that_is_no_module_name_is_refused() {
    refused("[[contract]]\nname = \"my-pets\"\npath = \"pets.yaml\"\nout = \"o\"\n")
        .says(&["TL-CFG-009", "--> tieline.toml:2:8"]);
}

#[test]
fn the_blocking_client_is_refused_without_the_client() {
    refused("[[contract]]\npath = \"pets.yaml\"\nout = \"o\"\nclient = false\nblocking = true\n")
        .says(&["TL-CFG-010"]);
}

#[test]
fn a_file_that_lists_no_contract_and_no_file_at_all_say_what_to_do() {
    refused("[service.users]\ntimeout = \"5s\"\n").says(&["TL-CLI-002", "--> tieline.toml"]);
    let home = Home::with(&[]);
    home.run(&["generate"])
        .exits(2)
        .says(&["TL-CLI-001", "cargo tieline init"]);
    home.run(&["generate", "--config", "other.toml"])
        .exits(2)
        .says(&["other.toml"]);
}

#[test]
fn the_schema_is_a_json_schema_of_every_table() {
    let home = Home::with(&[]);
    let schema: serde_json::Value = serde_json::from_str(&home.run(&["schema"]).exits(0).out).unwrap();
    assert_eq!(schema["$schema"], "https://json-schema.org/draft/2020-12/schema");
    assert_eq!(schema["additionalProperties"], false);
    for table in ["contract", "service", "lint", "diff", "pact", "ci"] {
        assert!(schema["properties"][table].is_object(), "{table}");
    }
    let text = schema.to_string();
    assert!(!text.contains("null"), "TOML has no null: {text}");
    assert!(!text.contains("\"Option"), "{text}");
}

#[test]
fn what_is_decided_about_types_and_operations_is_followed() {
    let home = Home::with(&[
        ("pets.yaml", PETS),
        (
            "tieline.toml",
            "[[contract]]\npath = \"pets.yaml\"\nout = \"o\"\nrename = { getPet = \"all\" }\n\
             [contract.types.Pet]\nrename = \"Animal\"\nderive = [\"Eq\"]\n",
        ),
    ]);
    home.run(&["generate"]).exits(0);
    let types = home.read("o/pets/types.rs");
    assert!(types.contains("#[derive(Eq)]\n#[derive(Clone"), "{types}");
    assert!(types.contains("pub struct Animal {"), "{types}");
    assert!(home.read("o/pets/api.rs").contains("\n    all;"));
}

#[test]
fn a_decision_about_a_type_that_is_not_there_names_the_nearest() {
    let home = Home::with(&[
        ("pets.yaml", PETS),
        (
            "tieline.toml",
            "[[contract]]\npath = \"pets.yaml\"\nout = \"o\"\n[contract.types.Pets]\nderive = [\"Eq\"]\n",
        ),
    ]);
    home.run(&["generate"])
        .exits(1)
        .says(&["TL-GEN-020", "did you mean `Pet`?", "--> tieline.toml:4:1"]);
}

#[test]
fn what_cannot_be_followed_is_shown_where_it_is_said() {
    let home = Home::with(&[
        ("pets.yaml", PETS),
        (
            "tieline.toml",
            "[[contract]]\npath = \"pets.yaml\"\nout = \"o\"\noperations = [\"getPet\", \"getDog\"]\n\
             rename = { getPet = \"fn all\", getDog = \"dog\" }\n\
             [contract.types.Pet]\nrename = \"1\"\nderive = [\"Eq\", \"Eq Ord\"]\nfields = { nme = \"called\" }\n",
        ),
    ]);
    home.run(&["generate"]).exits(1).says(&[
        "--> tieline.toml:4:25",
        "--> tieline.toml:5:21",
        "--> tieline.toml:5:40",
        "--> tieline.toml:7:10",
        "--> tieline.toml:8:17",
        "at /contract/0/types/Pet/fields/nme",
        "did you mean `name`?",
    ]);
}

#[test]
fn pagination_is_judged_where_it_stands() {
    let table = "[[contract]]\npath = \"pets.yaml\"\nout = \"o\"\n";
    refused(&format!("{table}pagination.listPets = {{ curser = {{}} }}\n")).says(&[
        "unknown key: `curser`",
        "did you mean `cursor`?",
        "--> tieline.toml:4:",
    ]);
    refused(&format!("{table}pagination.listPets = {{ items = \"data\" }}\n")).says(&[
        "TL-CFG-004",
        "`listPets`",
        "--> tieline.toml:4:",
        "write `link = true`",
    ]);
}

/// A list whose reply says nothing of pages that could be told.
const LIST: &str = r##"openapi: 3.0.3
info: { title: Pets, version: 1.0.0 }
paths:
  /pets:
    get:
      operationId: listPets
      parameters: [{ name: from, in: query, schema: { type: string } }]
      responses:
        "200":
          description: Pets.
          content:
            application/json: { schema: { $ref: "#/components/schemas/Page" } }
            application/xml: { schema: { $ref: "#/components/schemas/Page" } }
components:
  schemas:
    Page: { type: object, properties: { rows: { type: array, items: { type: string } }, end: { type: string } } }
"##;

fn listed(said: &str) -> (Home, support::Ran) {
    let table = format!("[[contract]]\npath = \"list.yaml\"\nout = \"o\"\n{said}\n");
    let home = Home::with(&[("list.yaml", LIST), ("tieline.toml", &table)]);
    let ran = home.run(&["generate"]);
    (home, ran)
}

#[test]
fn pagination_is_followed_as_it_is_said() {
    let (home, ran) = listed("pagination.listPets = { cursor = { parameter = \"from\", at = \"end\" } }");
    ran.exits(0);
    let operations = home.read("o/list/operations.rs");
    assert!(
        operations.contains("[Cursor { input: 0, at: &[\"end\"], more: &[] }]"),
        "{operations}"
    );
}

#[test]
fn what_is_gathered_is_judged_where_it_is_said() {
    let (_, ran) = listed("bulk.listPet = { key = \"id\" }");
    ran.says(&["TL-GEN-020", "listPet"]);
    let (_, ran) = listed("bulk.listPets = { keys = \"from\", key = \"id\" }");
    ran.says(&[
        "TL-GEN-021",
        "`listPets` does not answer for many keys so",
        "tieline.toml:",
    ]);
    let (_, ran) = listed("bulk.listPets = { keys = \"from\" }");
    ran.says(&["`key`"]);
}

#[test]
fn pagination_of_what_is_not_there_is_shown_where_it_is_said() {
    let (_, ran) = listed("pagination.listPet = { link = true }");
    ran.exits(1)
        .says(&["TL-GEN-020", "did you mean `listPets`?", "--> tieline.toml:4:"]);
    let (_, ran) = listed("pagination.listPets = { url = \"links.next\" }");
    ran.exits(1).says(&[
        "TL-GEN-021",
        "`listPets` does not come in such pages",
        "--> tieline.toml:4:",
    ]);
}

#[test]
fn xml_beside_json_is_written_where_it_is_asked_for() {
    for (said, has_xml) in [("", false), ("xml = true", true)] {
        let (home, ran) = listed(said);
        ran.exits(0);
        let operations = home.read("o/list/operations.rs");
        assert_eq!(
            operations.contains("Xml(\"application/xml\""),
            has_xml,
            "{operations}"
        );
    }
}

#[test]
fn tieline_toml_splits_a_contract_by_its_tags() {
    let pets = PETS.replace(
        "operationId: getPet",
        "operationId: getPet\n      tags: [Our Pets]",
    );
    let table =
        |split: &str| format!("[[contract]]\npath = \"pets.yaml\"\nout = \"api\"\nsplit = \"{split}\"\n");
    let home = Home::with(&[("pets.yaml", &pets), ("tieline.toml", &table("tags"))]);
    home.run(&["generate"]).exits(0);
    assert!(home.has("api/pets/by_tag/our_pets/operations.rs"));
    assert!(
        !home.read("api/pets/mod.rs").contains("cfg("),
        "modules have no features"
    );
    home.run(&["generate", "--crate", "pets-api", "--out", "crate"])
        .exits(0);
    let manifest = home.read("crate/Cargo.toml");
    assert!(
        manifest.contains("\n## The operations tagged `Our Pets`.\nour-pets = []\n"),
        "{manifest}"
    );
    let root = home.read("crate/src/lib.rs");
    assert!(
        root.contains("#[cfg(feature = \"our-pets\")]\npub use by_tag::our_pets::operations::*;"),
        "{root}"
    );
    home.write("tieline.toml", &table("paths"));
    home.run(&["generate"])
        .exits(2)
        .says(&["tieline.toml:4:9", "tags"]);
}
