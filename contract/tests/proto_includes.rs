//! From which folders imports are read.
#![cfg(feature = "proto")]

use std::fs;
use std::path::{Path, PathBuf};

use tieline_contract::proto::{self, ProtoRead};

const HEAD: &str = "syntax = \"proto3\";\n";

/// A fresh folder with these files; each text gets a syntax line.
fn folder(test: &str, files: &[(&str, &str)]) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"))
        .join("proto_includes")
        .join(test);
    if folder.exists() {
        fs::remove_dir_all(&folder).expect("the old folder goes");
    }
    for (name, text) in files {
        let path = folder.join(name);
        fs::create_dir_all(path.parent().expect("a file has a folder")).expect("the folder is made");
        fs::write(path, format!("{HEAD}{text}")).expect("the file is written");
    }
    folder
}

fn read(roots: &[PathBuf], include: &[PathBuf]) -> ProtoRead {
    let read = proto::read(roots, include, "sample");
    read.unwrap_or_else(|problems| panic!("{problems}"))
}

#[test]
fn the_package_tells_the_include_root() {
    let folder = folder("package", &[("protos/user/v1/user.proto", "package user.v1;")]);
    let read = read(&[folder.join("protos/user/v1/user.proto")], &[]);
    assert_eq!(read.descriptors.roots(), ["user/v1/user.proto"]);
}

#[test]
fn without_a_package_path_a_files_own_folder_is_the_root() {
    let folder = folder(
        "own",
        &[
            ("protos/user.proto", "package user.v1;\nimport \"b.proto\";"),
            ("protos/b.proto", ""),
        ],
    );
    let read = read(&[folder.join("protos/user.proto")], &[]);
    assert_eq!(read.descriptors.roots(), ["user.proto"]);
}

#[test]
fn imports_tell_the_include_root_where_the_package_does_not() {
    let files = [
        (
            "protos/api/user.proto",
            "package user;\nimport \"common/b.proto\";",
        ),
        ("protos/common/b.proto", ""),
    ];
    let folder = folder("imports", &files);
    let read = read(&[folder.join("protos/api/user.proto")], &[]);
    assert_eq!(read.descriptors.roots(), ["api/user.proto"]);
}

#[test]
fn an_import_from_a_second_root_above_is_found() {
    let files = [
        (
            "protos/user/user.proto",
            "package user;\nimport \"protos/b.proto\";\nimport \"user/c.proto\";",
        ),
        ("protos/b.proto", ""),
        ("protos/user/c.proto", ""),
    ];
    let folder = folder("second", &files);
    let read = read(&[folder.join("protos/user/user.proto")], &[]);
    assert_eq!(read.files.len(), 3);
}

#[test]
fn a_given_include_comes_first() {
    let files = [
        ("one/b.proto", "message B { string one = 1; }"),
        ("two/b.proto", "message B { string two = 1; }"),
        ("two/a.proto", "import \"b.proto\";\nmessage A { B b = 1; }"),
    ];
    let folder = folder("given", &files);
    let read = read(&[folder.join("two/a.proto")], &[folder.join("one")]);
    assert!(
        read.files.contains(&folder.join("one/b.proto")),
        "{:?}",
        read.files
    );
}

#[test]
fn options_of_google_api_need_no_checkout() {
    let text = "import \"google/api/annotations.proto\";\nimport \"google/api/client.proto\";\nimport \"google/api/field_behavior.proto\";\n\
                import \"google/api/field_info.proto\";\nimport \"google/api/httpbody.proto\";\nimport \"google/api/launch_stage.proto\";\n\
                import \"google/api/resource.proto\";\nimport \"google/api/routing.proto\";\nimport \"google/api/visibility.proto\";\n\
                import \"google/rpc/code.proto\";\nimport \"google/rpc/status.proto\";\nmessage M { google.rpc.Status s = 1; google.api.HttpBody b = 2; }";
    let folder = folder("bundled", &[("a.proto", text)]);
    let read = read(&[folder.join("a.proto")], &[]);
    assert_eq!(read.files, [folder.join("a.proto")]);
}

#[test]
fn an_annotations_file_on_the_include_path_wins() {
    let files = [
        (
            "a.proto",
            "import \"google/api/annotations.proto\";\nmessage M {}",
        ),
        (
            "google/api/annotations.proto",
            "package google.api;\nmessage Mine {}",
        ),
    ];
    let folder = folder("mine", &files);
    let read = read(&[folder.join("a.proto")], &[]);
    assert!(
        read.descriptors
            .pool()
            .get_message_by_name("google.api.Mine")
            .is_some()
    );
}

#[test]
fn a_folder_means_every_proto_below_it_each_once() {
    let files = [
        ("p/a.proto", "package p;"),
        ("p/q/b.proto", "package p.q;\nimport \"p/a.proto\";"),
    ];
    let folder = folder("tree", &files);
    let read = read(&[folder.clone(), folder.join("p/a.proto")], &[]);
    assert_eq!(read.descriptors.roots(), ["p/a.proto", "p/q/b.proto"]);
}

#[test]
fn a_long_chain_of_imports_is_read() {
    const LENGTH: usize = 2000;
    let next = |index: usize| format!("import \"f{}.proto\";", index + 1);
    let text = |index: usize| {
        if index + 1 < LENGTH {
            next(index)
        } else {
            String::new()
        }
    };
    let files: Vec<(String, String)> = (0..LENGTH)
        .map(|index| (format!("f{index}.proto"), text(index)))
        .collect();
    let files: Vec<(&str, &str)> = files
        .iter()
        .map(|(name, text)| (name.as_str(), text.as_str()))
        .collect();
    let folder = folder("chain", &files);
    assert_eq!(read(&[folder.join("f0.proto")], &[]).files.len(), LENGTH);
}

#[test]
fn an_import_that_could_appear_earlier_on_the_way_is_known() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    for name in ["one", "two"] {
        std::fs::create_dir(at(name)).unwrap();
    }
    let text = "syntax = \"proto3\"; package a; import \"b.proto\"; message A { b.B b = 1; }";
    std::fs::write(at("two/a.proto"), text).unwrap();
    std::fs::write(at("two/b.proto"), "syntax = \"proto3\"; package b; message B {}").unwrap();
    let read = tieline_contract::proto::read(&[at("two/a.proto")], &[at("one"), at("two")], "a").unwrap();
    let list = read.lookups.into_list();
    assert!(list.iter().any(|(path, _)| *path == at("one/b.proto")));
    assert!(list.iter().all(|(path, found)| found.is_still_at(path)));
    std::fs::write(at("one/b.proto"), "syntax = \"proto3\"; package b; message B {}").unwrap();
    assert!(!list.iter().all(|(path, found)| found.is_still_at(path)));
}
