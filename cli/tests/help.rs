//! What `--help` says, and that both ways of calling lead to the same.

mod support;

use support::Home;

#[test]
fn help_texts_are_as_reviewed() {
    let home = Home::with(&[]);
    for (name, words) in [
        ("help", vec!["--help"]),
        ("help_init", vec!["init", "--help"]),
        ("help_generate", vec!["generate", "--help"]),
        ("help_schema", vec!["schema", "--help"]),
        ("help_explain", vec!["explain", "--help"]),
    ] {
        let ran = home.run(&words).exits(0);
        insta::assert_snapshot!(name, ran.out);
    }
}

#[test]
fn a_code_is_explained_in_either_case_and_an_unknown_one_leads_to_its_neighbour() {
    let home = Home::with(&[]);
    let ran = home.run(&["explain", "tl-sch-002"]).exits(0);
    assert!(
        ran.out
            .starts_with("TL-SCH-002: the reference points to nothing\n\n"),
        "{}",
        ran.out
    );
    let all = home.run(&["explain"]).exits(0).out;
    assert!(all.lines().count() > 70, "{all}");
    home.run(&["explain", "TL-SHC-002"])
        .exits(2)
        .says(&["TL-CLI-013", "did you mean `TL-SCH-002`?"]);
}

#[test]
fn cargo_and_the_binary_itself_lead_to_the_same() {
    let home = Home::with(&[]);
    let itself = home.run(&["schema"]).exits(0).out;
    let by_cargo = home.run(&["tieline", "schema"]).exits(0).out;
    assert_eq!(itself, by_cargo);
}

#[test]
fn cargo_finds_the_subcommand_by_its_name() {
    let binary = std::path::Path::new(env!("CARGO_BIN_EXE_cargo-tieline"));
    let before = std::env::var_os("PATH").unwrap_or_default();
    let folders = [binary.parent().unwrap().to_path_buf()]
        .into_iter()
        .chain(std::env::split_paths(&before));
    let output = std::process::Command::new(env!("CARGO"))
        .args(["tieline", "--version"])
        .env("PATH", std::env::join_paths(folders).unwrap())
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert_eq!(
        text.trim(),
        format!("cargo-tieline {}", env!("CARGO_PKG_VERSION"))
    );
}

#[test]
fn every_help_text_documents_the_exit_codes() {
    let home = Home::with(&[]);
    for words in [
        vec!["--help"],
        vec!["generate", "--help"],
        vec!["generate", "-h"],
        vec!["init", "--help"],
    ] {
        let out = home.run(&words).exits(0).out;
        for code in ["0  clean", "1  a problem with a contract", "2  wrong usage"] {
            assert!(out.contains(code), "{words:?}: {out}");
        }
    }
}

#[test]
fn wrong_usage_exits_with_2() {
    let home = Home::with(&[("pets.yaml", support::PETS)]);
    for words in [
        vec!["generat"],
        vec!["generate", "--nope"],
        vec!["generate", "pets.yaml", "--crate", "pets"],
        vec!["generate", "pets.yaml", "--out", "o", "--runtime", "r"],
        vec!["generate", "pets.yaml", "--out", "o", "--config", "tieline.toml"],
        vec!["generate", "pets.yaml", "--out", "o", "--format", "xml"],
        vec![],
    ] {
        let ran = home.run(&words).exits(2);
        assert!(!ran.err.is_empty(), "{words:?}");
    }
    assert_eq!(home.files(""), ["pets.yaml"]);
}

#[test]
fn an_unusable_crate_name_or_runtime_is_refused() {
    let home = Home::with(&[("pets.yaml", support::PETS)]);
    let words = |name| ["generate", "pets.yaml", "--out", "o", "--crate", name];
    home.run(&words("9lives"))
        .exits(2)
        .says(&["TL-CFG-009", "`9lives`"]);
    home.run(&words("a b")).exits(2).says(&["TL-CFG-009"]);
    let mut words = words("pets").to_vec();
    words.extend(["--runtime", "nowhere"]);
    home.run(&words).exits(2).says(&["TL-CLI-010", "--> nowhere"]);
    assert!(!home.has("o"));
}
