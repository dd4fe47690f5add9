//! What is said about protos that cannot be read, and where.
#![cfg(feature = "proto")]

use std::fs;
use std::path::{Path, PathBuf};

use tieline_contract::problem::{Level, Problem, Problems};
use tieline_contract::proto;

/// A fresh folder with these files.
fn folder(test: &str, files: &[(&str, &str)]) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"))
        .join("proto_problems")
        .join(test);
    if folder.exists() {
        fs::remove_dir_all(&folder).expect("the old folder goes");
    }
    for (name, text) in files {
        let path = folder.join(name);
        fs::create_dir_all(path.parent().expect("a file has a folder")).expect("the folder is made");
        fs::write(path, text).expect("the file is written");
    }
    folder
}

/// What reading `a.proto` with this text says.
fn problems(test: &str, text: &str) -> Problems {
    let folder = folder(test, &[("a.proto", text)]);
    proto::read(&[folder.join("a.proto")], &[], "a").expect_err("it cannot be read")
}

fn only(problems: &Problems) -> &Problem {
    assert_eq!(problems.len(), 1, "{problems}");
    problems.iter().next().expect("there is one")
}

/// File name, line, column.
fn at(problem: &Problem) -> (String, u32, u32) {
    let place = problem.place.as_ref().expect("it is located");
    let name = Path::new(&*place.file)
        .file_name()
        .expect("a file")
        .to_string_lossy()
        .into_owned();
    (name, place.line, place.column)
}

#[test]
fn a_syntax_error_is_shown_with_its_line() {
    let problems = problems(
        "syntax",
        "syntax = \"proto3\";\nmessage M {\n  string name = ;\n}\n",
    );
    let problem = only(&problems);
    assert_eq!((problem.code, problem.level), ("TL-PRO-007", Level::Error));
    assert_eq!(at(problem), ("a.proto".into(), 3, 17));
    let place = problem.place.as_ref().expect("it is located");
    assert_eq!(place.excerpt, "  string name = ;");
    assert_eq!(
        problem.message,
        "the file does not parse: expected an integer, but found ';'"
    );
}

#[test]
fn a_file_that_ends_too_early_is_located_at_its_end() {
    let problems = problems(
        "early_end",
        "syntax = \"proto3\";\nmessage M {\n  string a = 1;\n",
    );
    assert_eq!(at(only(&problems)), ("a.proto".into(), 3, 16));
}

#[test]
fn an_unknown_type_is_located_with_advice() {
    let text = "syntax = \"proto3\";\npackage p;\nservice S {\n  rpc Get(Missing) returns (Missing);\n}\n";
    let problems = problems("unknown_type", text);
    assert_eq!(problems.len(), 2, "the input and the output: {problems}");
    let places: Vec<_> = problems.iter().map(at).collect();
    assert_eq!(places, [("a.proto".into(), 4, 11), ("a.proto".into(), 4, 29)]);
    for problem in &problems {
        assert_eq!(problem.code, "TL-PRO-011");
        assert!(problem.message.contains("'Missing' is not defined"), "{problem}");
        assert!(!problem.help.is_empty(), "{problem}");
    }
}

#[test]
fn an_unknown_type_in_a_map_is_located() {
    let text =
        "syntax = \"proto3\";\nmessage M {\n  map<string, int32> a = 1;\n  map<string, Missing> b = 2;\n}\n";
    let problems = problems("unknown_map_value", text);
    assert_eq!(at(only(&problems)), ("a.proto".into(), 4, 15), "{problems}");
}

#[test]
fn a_duplicate_method_is_located_where_it_is_repeated() {
    let text = "syntax = \"proto3\";\nmessage M {}\nservice S {\n  rpc Get(M) returns (M);\n  rpc Get(M) returns (M);\n}\n";
    let problems = problems("duplicate_method", text);
    let problem = only(&problems);
    assert_eq!(at(problem).1, 5, "{problem}");
    assert!(problem.message.contains("'S.Get' is defined twice"), "{problem}");
    assert_eq!(problem.related.len(), 1);
    assert_eq!(problem.related[0].0.line, 4);
}

#[test]
fn a_duplicate_field_number_is_located_where_it_is_repeated() {
    let text = "syntax = \"proto3\";\nmessage M {\n  string a = 1;\n  string b = 1;\n}\n";
    let problems = problems("duplicate_number", text);
    assert_eq!(at(only(&problems)).1, 4, "{problems}");
}

#[test]
fn a_missing_import_names_the_include_that_would_help() {
    let root = (
        "protos/a.proto",
        "syntax = \"proto3\";\nimport \"other/b.proto\";\n",
    );
    let folder = folder(
        "missing_import",
        &[root, ("third_party/other/b.proto", "syntax = \"proto3\";")],
    );
    let problems = proto::read(&[folder.join("protos/a.proto")], &[], "a").expect_err("an import is missing");
    let problem = only(&problems);
    assert_eq!(problem.code, "TL-PRO-008");
    assert_eq!(at(problem), ("a.proto".into(), 2, 1));
    let holder = folder.join("third_party");
    assert_eq!(
        problem.help,
        format!("pass `--include {}`, which holds it", holder.display())
    );
    let again = proto::read(&[folder.join("protos/a.proto")], &[holder], "a");
    assert!(again.is_ok(), "the advice helps");
}

#[test]
fn a_missing_import_that_is_nowhere_says_what_to_look_for() {
    let problems = problems("nowhere", "syntax = \"proto3\";\nimport \"no/where.proto\";\n");
    let problem = only(&problems);
    assert_eq!(problem.message, "the import cannot be found: `no/where.proto`");
    assert_eq!(
        problem.help,
        "pass `--include DIR`, where DIR/no/where.proto exists"
    );
}

#[test]
fn problems_of_several_files_come_together() {
    let files = [
        (
            "a.proto",
            "syntax = \"proto3\";\nimport \"b.proto\";\nimport \"c.proto\";\nimport \"d.proto\";\n",
        ),
        ("b.proto", "syntax = \"proto3\";\nmessage {}\n"),
        ("c.proto", "syntax = \"proto3\";\nmessage M { Nothing n = 1; }\n"),
    ];
    let folder = folder("several", &files);
    let problems = proto::read(&[folder.join("a.proto")], &[], "a").expect_err("they are broken");
    let places: Vec<_> = problems.iter().map(at).collect();
    assert_eq!(
        places,
        [
            ("a.proto".into(), 4, 1),
            ("b.proto".into(), 2, 9),
            ("c.proto".into(), 2, 13)
        ]
    );
}

#[test]
fn an_import_cycle_is_drawn() {
    let files = [
        ("a.proto", "syntax = \"proto3\";\nimport \"b.proto\";\n"),
        ("b.proto", "syntax = \"proto3\";\nimport \"a.proto\";\n"),
    ];
    let folder = folder("cycle", &files);
    let problems = proto::read(&[folder.join("a.proto")], &[], "a").expect_err("they go in a circle");
    let problem = only(&problems);
    assert_eq!(at(problem), ("b.proto".into(), 2, 1));
    assert_eq!(
        problem.message,
        "imports go in a circle: a.proto -> b.proto -> a.proto"
    );
}

#[test]
fn an_import_listed_twice_is_located_at_the_second() {
    let files = [
        (
            "a.proto",
            "syntax = \"proto3\";\nimport \"b.proto\";\nimport \"b.proto\";\n",
        ),
        ("b.proto", "syntax = \"proto3\";\n"),
    ];
    let folder = folder("twice", &files);
    let problems = proto::read(&[folder.join("a.proto")], &[], "a").expect_err("it is listed twice");
    assert_eq!((only(&problems).code, at(only(&problems)).1), ("TL-PRO-009", 3));
}

#[test]
fn an_edition_is_refused_by_name() {
    let problems = problems("edition", "// A licence.\nedition = \"2023\";\nmessage M {}\n");
    let problem = only(&problems);
    assert_eq!(
        problem.message,
        "files in an edition cannot be read yet: edition 2023"
    );
    assert_eq!(at(problem), ("a.proto".into(), 2, 1));
}

#[test]
fn text_that_is_not_utf8_is_located() {
    let folder = folder("utf8", &[("a.proto", "")]);
    fs::write(folder.join("a.proto"), b"syntax = \"proto3\";\n// \xff\n").expect("the file is written");
    let problems = proto::read(&[folder.join("a.proto")], &[], "a").expect_err("it is not text");
    assert_eq!(
        (only(&problems).code, at(only(&problems))),
        ("TL-PRO-003", ("a.proto".into(), 2, 4))
    );
}

#[test]
fn a_file_that_is_not_there_is_named() {
    let folder = folder("absent", &[]);
    let problems = proto::read(&[folder.join("absent.proto")], &[], "a").expect_err("it is absent");
    let problem = only(&problems);
    assert_eq!(problem.code, "TL-PRO-001");
    assert_eq!(problem.place.as_ref().map(|place| place.line), Some(0));
}

#[test]
fn a_folder_without_protos_is_a_problem() {
    let folder = folder("empty", &[("readme.md", "")]);
    let problems = proto::read(&[folder], &[], "a").expect_err("there is nothing");
    assert_eq!(only(&problems).code, "TL-PRO-002");
}

#[test]
fn an_http_rule_that_cannot_work_is_left_out_and_told_of() {
    let head = "syntax = \"proto3\";\nimport \"google/api/annotations.proto\";\nmessage M { string id = 1; repeated string \
                many = 2; M inner = 3; }\nservice S {\n";
    let cases = [
        ("get: \"/v1/{nothing}\"", "`M` has no field `nothing`"),
        ("get: \"/v1/{inner.nothing}\"", "`M` has no field `nothing`"),
        ("get: \"/v1/{many}\"", "`many` is repeated"),
        ("get: \"/v1/{inner}\"", "`inner` is a message"),
        (
            "get: \"/v1/{id.x}\"",
            "`id.x` looks into a field that is no message",
        ),
        ("get: \"/v1/{id\"", "braces that do not match"),
        ("get: \"v1\"", "does not start with `/`"),
        ("get: \"/v1//x\"", "an empty segment"),
        ("get: \"/v1/x:\"", "an empty verb"),
        ("post: \"/v1\" body: \"nothing\"", "`M` has no field `nothing`"),
        (
            "get: \"/v1\" response_body: \"nothing\"",
            "`M` has no field `nothing`",
        ),
        ("body: \"*\"", "names no HTTP method"),
        ("custom { path: \"/v1\" }", "names no HTTP method"),
    ];
    for (index, (rule, complaint)) in cases.into_iter().enumerate() {
        let text =
            format!("{head}  rpc Get(M) returns (M) {{ option (google.api.http) = {{ {rule} }}; }}\n}}\n");
        let folder = folder(&format!("http_rule_{index}"), &[("a.proto", &text)]);
        let read =
            proto::read(&[folder.join("a.proto")], &[], "a").unwrap_or_else(|problems| panic!("{problems}"));
        let problem = only(&read.problems);
        assert_eq!(
            (problem.code, problem.level, at(problem).1),
            ("TL-PRO-012", Level::Warning, 5)
        );
        assert!(problem.message.contains(complaint), "{rule}: {problem}");
        assert_eq!(
            read.contract.services[0].operations[0].bindings.len(),
            1,
            "{rule}: gRPC stays"
        );
    }
}
