//! Runs that would change nothing are left out, and nobody can tell but by the time.

mod support;

use support::{GREETER, Home, PETS};

const GENERATE: [&str; 6] = ["generate", "pets.yaml", "--out", "src/api", "--format", "json"];
const CHECK: [&str; 7] = [
    "generate",
    "pets.yaml",
    "--out",
    "src/api",
    "--format",
    "json",
    "--check",
];

/// With a warning: a security scheme is missing.
fn pets() -> String {
    let head = "    get:\n      operationId: getPet\n";
    PETS.replace(head, &format!("{head}      security: [{{ nobody: [] }}]\n"))
}

/// The number of contracts that a run did not read again.
#[track_caller]
fn reused(ran: &support::Ran) -> u64 {
    let lines = ran.lines();
    lines.last().unwrap()["reused"].as_u64().unwrap()
}

#[test]
fn a_second_run_says_what_the_first_said_without_reading() {
    let home = Home::with(&[("pets.yaml", &pets())]);
    let first = home.run(&GENERATE).exits(0);
    let second = home.run(&GENERATE).exits(0);
    let third = home.run(&CHECK).exits(0);
    assert_eq!([reused(&first), reused(&second), reused(&third)], [0, 1, 1]);
    let said = |ran: &support::Ran| -> Vec<serde_json::Value> {
        let mut lines = ran.lines();
        for line in &mut lines {
            // What may differ: times, and what was written.
            for key in ["seconds", "reused", "result", "written", "unchanged"] {
                line.as_object_mut().unwrap().remove(key);
            }
        }
        lines
    };
    assert_eq!(said(&first)[0]["kind"], "diagnostic", "there is a warning");
    assert_eq!(said(&second), said(&first));
    assert_eq!(said(&third), said(&first));
    assert_eq!(second.lines().last().unwrap()["written"], 0);
    let text = [&GENERATE[..4], &["--format", "text"]].concat();
    let text = home.run(&text).exits(0).says(&["TL-OAS-009", "nobody"]);
    assert!(
        text.out
            .contains("done: 5 files (0 written, 5 unchanged, 0 removed)"),
        "{}",
        text.out
    );
}

#[test]
fn a_check_is_remembered_and_still_finds_what_was_edited_by_hand() {
    let home = Home::with(&[("pets.yaml", PETS)]);
    home.run_with(&GENERATE, &[("TIELINE_CACHE", "")]).exits(0);
    assert_eq!(reused(&home.run(&CHECK).exits(0)), 0, "nothing was remembered");
    assert_eq!(reused(&home.run(&CHECK).exits(0)), 1);
    let types = home.read("src/api/pets/types.rs");
    home.write("src/api/pets/types.rs", &types.replacen("Pet", "Cat", 1));
    for _ in 0..2 {
        let ran = home.run(&CHECK).exits(1);
        assert_eq!(ran.lines().last().unwrap()["stale"], 1);
    }
    home.run(&GENERATE).exits(0);
    assert_eq!(home.read("src/api/pets/types.rs"), types);
    home.write("src/api/pets/old.rs", &types);
    let ran = home.run(&CHECK).exits(1);
    assert_eq!(
        (reused(&ran), &ran.lines().last().unwrap()["stale"]),
        (1, &1.into())
    );
    home.run(&GENERATE).exits(0);
    assert!(!home.has("src/api/pets/old.rs"), "a leftover goes all the same");
}

#[test]
fn of_several_contracts_only_those_that_changed_are_read_again() {
    let home = Home::with(&[("pets.yaml", PETS), ("greet.proto", GREETER)]);
    let both = [
        "generate",
        "pets.yaml",
        "greet.proto",
        "--out",
        "o",
        "--format",
        "json",
    ];
    home.run(&both).exits(0);
    assert_eq!(reused(&home.run(&both).exits(0)), 2);
    home.write("greet.proto", &GREETER.replace("Says hello", "Says good day"));
    let ran = home.run(&both).exits(0);
    assert_eq!(
        (reused(&ran), ran.lines().last().unwrap()["written"].as_u64()),
        (1, Some(1))
    );
    assert_eq!(reused(&home.run(&both).exits(0)), 2);
}

#[test]
fn a_crate_is_remembered_as_a_whole_and_fresh_runs_forget() {
    let home = Home::with(&[("pets.yaml", PETS), ("greet.proto", GREETER)]);
    let words = [
        "generate",
        "pets.yaml",
        "greet.proto",
        "--crate",
        "both",
        "--out",
        "o",
        "--format",
        "json",
    ];
    home.run(&words).exits(0);
    assert_eq!(reused(&home.run(&words).exits(0)), 2);
    std::fs::remove_file(home.path().join("o/Cargo.toml")).unwrap();
    assert_eq!(reused(&home.run(&words).exits(0)), 0);
    assert!(home.has("o/Cargo.toml"));
    let fresh = [&words[..], &["--fresh"]].concat();
    assert_eq!(reused(&home.run(&fresh).exits(0)), 0);
    let strict = [&words[..], &["--strict"]].concat();
    assert_eq!(reused(&home.run(&strict).exits(0)), 0, "other options");
}
