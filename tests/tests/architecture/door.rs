//! The names behind the door of written code, and the revision that stands for them.

use std::collections::BTreeSet;

use syn::{Item, UseTree};

use super::sources::{root, sources};

/// The names, as they are when the revision is the one that the file's first line says.
const NAMES: &str = "tests/tests/architecture/v1.names";

fn leaves(tree: &UseTree, names: &mut BTreeSet<String>) {
    match tree {
        UseTree::Path(path) => leaves(&path.tree, names),
        UseTree::Name(name) => drop(names.insert(name.ident.to_string())),
        UseTree::Rename(rename) => drop(names.insert(rename.rename.to_string())),
        UseTree::Group(group) => group.items.iter().for_each(|item| leaves(item, names)),
        UseTree::Glob(_) => panic!("the door shows each name by itself"),
    }
}

#[test]
fn another_name_behind_the_door_is_another_revision_of_the_handshake() {
    let sources = sources("runtime/src");
    let door = (sources
        .iter()
        .find(|source| source.path == "runtime/src/generated.rs"))
    .expect("the door");
    let v1 = (door.items.iter()).find_map(|item| match item {
        Item::Mod(module) if module.ident == "v1" => module.content.as_ref(),
        _ => None,
    });
    let mut names = BTreeSet::new();
    for item in &v1.expect("v1").1 {
        let Item::Use(item) = item else {
            panic!("only names stand in v1");
        };
        leaves(&item.tree, &mut names);
    }
    let revision = (door.text.lines())
        .filter_map(|line| {
            line.trim()
                .strip_prefix("($name:ident, ")?
                .split_once(", $generator")
        })
        .filter_map(|(revision, _)| revision.parse::<u8>().ok())
        .max()
        .expect("a revision that the handshake knows");
    let mut now = format!("revision {revision}\n");
    now.extend(names.iter().map(|name| format!("{name}\n")));
    let path = root().join(NAMES);
    if std::env::var_os("TIELINE_BLESS").is_some() {
        std::fs::write(&path, &now).expect("the names are written");
    }
    let kept = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        kept == now,
        "v1 has other names than at the revision in {NAMES}. Once that revision is released, raise it in \
         `handshake!` and in codegen's tokens; then TIELINE_BLESS=1 writes the names anew."
    );
}
