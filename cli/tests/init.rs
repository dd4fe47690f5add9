//! `cargo tieline init`.

mod support;

use support::{GREETER, Home, PETS};

#[test]
fn the_contracts_of_the_folder_are_listed() {
    let home = Home::with(&[
        ("api/pets.yaml", PETS),
        ("shop/openapi.yaml", PETS),
        ("proto/greet/v1/greet.proto", GREETER),
        ("common/schemas.yaml", "components: {}\n"),
        ("target/copy/pets.yaml", PETS),
        ("package.json", "{}"),
    ]);
    let ran = home.run(&["init"]).exits(0);
    assert!(ran.out.contains("3 contracts"), "{}", ran.out);
    let table: toml::Table = home.read("tieline.toml").parse().unwrap();
    let contracts: Vec<(&str, &str)> = table["contract"]
        .as_array()
        .unwrap()
        .iter()
        .map(|contract| {
            (
                contract["name"].as_str().unwrap(),
                contract["path"].as_str().unwrap(),
            )
        })
        .collect();
    let expected = [
        ("pets", "api/pets.yaml"),
        ("greet", "proto/greet/v1/greet.proto"),
        ("shop", "shop/openapi.yaml"),
    ];
    assert_eq!(contracts, expected);
}

#[test]
fn everything_that_stands_in_comments_is_accepted_once_uncommented() {
    let home = Home::with(&[("pets.yaml", PETS)]);
    home.run(&["init"]).exits(0);
    let is_setting = |line: &str| line.starts_with('[') || line.split_whitespace().nth(1) == Some("=");
    let text = home.read("tieline.toml");
    let lines: Vec<&str> = text
        .lines()
        .map(|line| {
            line.strip_prefix("# ")
                .filter(|line| is_setting(line))
                .unwrap_or(line)
        })
        .collect();
    let uncommented = lines.join("\n") + "\n";
    assert!(uncommented.contains("\nserver = true") && uncommented.contains("\n[service.user-service]"));
    // A wrong key more: the only problem, so all others are right.
    home.write("tieline.toml", &(uncommented + "nonsense = 1\n"));
    let ran = home.run(&["generate", "--format", "json"]).exits(2);
    let codes: Vec<_> = ran
        .lines()
        .iter()
        .filter_map(|line| line["code"].as_str().map(str::to_owned))
        .collect();
    assert_eq!(codes, ["TL-CFG-002"], "{}", ran.out);
}

#[test]
fn a_file_that_exists_is_kept_unless_forced() {
    let home = Home::with(&[("tieline.toml", "# mine\n"), ("pets.yaml", PETS)]);
    home.run(&["init"]).exits(2).says(&["TL-CLI-009", "--force"]);
    assert_eq!(home.read("tieline.toml"), "# mine\n");
    home.run(&["init", "--force"]).exits(0);
    assert!(home.read("tieline.toml").contains("path = \"pets.yaml\""));
    assert_eq!(home.files(""), ["pets.yaml", "tieline.toml"]);
}
