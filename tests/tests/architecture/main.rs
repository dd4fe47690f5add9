//! Who may import whom, judged from manifests and sources. See ARCHITECTURE.md for why.
//!
//! A rule that has exceptions lists each with its reason; an exception that nothing needs any more fails, too.

mod door;
mod graph;
mod manifests;
mod sources;
mod surface;

use std::collections::BTreeSet;

use graph::{Graph, circle, into, knots, modules, without};
use sources::{Token, flat, paths_in, root, sources};
use syn::Item;

/// Every crate of the workspace.
const CRATES: [&str; 10] = [
    "contract",
    "codegen",
    "macros",
    "runtime",
    "pact",
    "cli",
    "templates",
    "tests",
    "benches",
    "examples",
];

#[track_caller]
fn assert_none(found: &[String], rule: &str) {
    assert!(found.is_empty(), "{rule}:\n  {}", found.join("\n  "));
}

#[test]
fn contract_names_no_crate_of_the_workspace_and_runtime_neither_contract_nor_codegen() {
    let foreign = |folder: &str, crates: &[&str]| -> Vec<String> {
        let named = |source: &sources::Source| {
            let found = crates.iter().filter(|name| !source.paths_of(name).is_empty());
            found
                .map(|name| format!("{} names {name}", source.path))
                .collect::<Vec<_>>()
        };
        sources(&format!("{folder}/src")).iter().flat_map(named).collect()
    };
    let all = [
        "tieline",
        "tieline_codegen",
        "tieline_contract",
        "tieline_macros",
        "tieline_pact",
    ];
    for (folder, allowed) in [
        ("contract", &[][..]),
        ("templates", &[]),
        ("codegen", &["tieline_contract"]),
        ("macros", &["tieline_codegen"]),
        ("runtime", &["tieline_macros"]),
        ("pact", &["tieline", "tieline_contract"]),
    ] {
        let barred: Vec<&str> = all.into_iter().filter(|name| !allowed.contains(name)).collect();
        let mut found = foreign(folder, &barred);
        // Code that is written, not code that runs: what generators put into the user's crate.
        found.retain(|text| !(text.ends_with(" names tieline") && ["codegen", "macros"].contains(&folder)));
        assert_none(&found, "a crate names one that it does not stand on");
    }
}

/// Policies that may name another: who, whom, why. The stack puts all in order, and may name each.
const POLICY_EXCEPTIONS: &[(&str, &str, &str)] = &[
    (
        "retry",
        "deadline",
        "a wait that would outlive the deadline is not begun; a Deadline is a point in time, and decides nothing",
    ),
    (
        "adaptive",
        "bulkhead",
        "the adaptive limit is a bulkhead whose size changes",
    ),
    (
        "cache",
        "breaker",
        "a Judgement is what a failure says about the service",
    ),
    (
        "rate_limit",
        "deadline",
        "a turn that would come after the deadline is not taken",
    ),
    (
        "hedge",
        "retry",
        "hedges and retries are paid from one Budget, and a Verdict is what a failure says",
    ),
];

#[test]
fn a_policy_knows_no_other_and_no_protocol() {
    let policies = [
        "adaptive",
        "breaker",
        "bulkhead",
        "cache",
        "deadline",
        "hedge",
        "rate_limit",
        "retry",
        "stack",
        "throttle",
    ];
    let protocols = [
        "http",
        "grpc",
        "rest",
        "client",
        "server",
        "adapter",
        "orchestrate",
    ];
    let mut found = Vec::new();
    let mut used = BTreeSet::new();
    for source in sources("runtime/src") {
        let ["policy", own, ..] = &source.module.iter().map(String::as_str).collect::<Vec<_>>()[..] else {
            continue;
        };
        found.extend(into(&source, &protocols));
        for path in source.paths() {
            let [first, other, ..] = &path[..] else { continue };
            let is_other = first == "policy" && other != own && policies.contains(&other.as_str());
            if !is_other || *own == "stack" {
                continue;
            }
            match POLICY_EXCEPTIONS
                .iter()
                .find(|(from, to, _)| from == own && to == other)
            {
                Some((from, to, _)) => {
                    used.insert((*from, *to));
                }
                None => found.push(format!("{} names policy::{other}", source.path)),
            }
        }
    }
    assert_none(&found, "policies stand alone");
    for (from, to, _) in POLICY_EXCEPTIONS {
        assert!(
            used.contains(&(*from, *to)),
            "{from} needs no exception for {to} any more"
        );
    }
}

#[test]
fn the_codec_knows_no_protocol_and_no_policy() {
    let sources = sources("runtime/src");
    let codec = sources
        .iter()
        .filter(|source| source.module.first().is_some_and(|top| top == "codec"));
    let found: Vec<_> = codec
        .flat_map(|source| {
            into(
                source,
                &[
                    "http",
                    "grpc",
                    "rest",
                    "client",
                    "server",
                    "policy",
                    "adapter",
                    "orchestrate",
                    "operation",
                ],
            )
        })
        .collect();
    assert_none(&found, "the codec is below everything");
}

/// What written code may name outside the one door: types of its own public signatures.
const SIGNATURES: [&str; 6] = ["Client", "Code", "Context", "Error", "http", "server"];

/// Whether written code may name this path.
fn through_the_door(path: &[String]) -> bool {
    let first = path.get(1).map_or("", String::as_str);
    let door = first == "generated"
        && path
            .get(2)
            .is_none_or(|part| ["handshake", "v1"].contains(&part.as_str()));
    door || SIGNATURES.contains(&first)
}

#[test]
fn what_writes_code_goes_through_one_door() {
    let mut found = Vec::new();
    for folder in ["codegen/src/rust", "codegen/src/proto", "macros/src"] {
        for source in sources(folder) {
            let paths = source.paths_of("tieline").into_iter();
            let others = paths.filter(|path| !through_the_door(path));
            found.extend(others.map(|path| format!("{} writes {}", source.path, path.join("::"))));
        }
    }
    assert_none(
        &found,
        "what stands in users' crates names ::tieline::generated::v1, and no more",
    );
}

#[test]
fn written_code_goes_through_one_door() {
    let (mut found, mut seen) = (Vec::new(), 0);
    for contract in ["gateway.yaml", "inner.proto"] {
        let output = tieline_codegen::Generator::new()
            .contract(root().join("tests/contracts").join(contract))
            .server(true)
            .mock(true)
            .blocking(true)
            .render()
            .unwrap_or_else(|failure| panic!("{failure}"));
        for (path, text) in output
            .files()
            .filter(|(path, _)| path.extension().is_some_and(|ext| ext == "rs"))
        {
            let tokens = text
                .parse()
                .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
            let paths = paths_in(tokens, "tieline");
            seen += paths.len();
            let others = paths.iter().filter(|path| !through_the_door(path));
            found.extend(others.map(|other| format!("{} names {}", path.display(), other.join("::"))));
        }
    }
    assert_none(&found, "written code names ::tieline::generated::v1, and no more");
    assert!(seen > 10, "written code is looked at: {seen} paths");
}

#[test]
fn the_roots_of_crates_define_nothing() {
    for folder in ["contract", "codegen", "runtime", "pact"] {
        let sources = sources(&format!("{folder}/src"));
        let lib = sources
            .iter()
            .find(|source| source.module.is_empty())
            .expect("a root");
        let defined: Vec<_> = lib
            .items
            .iter()
            .filter(|item| match item {
                Item::Use(_) => false,
                Item::Mod(module) => module.content.is_some(),
                _ => true,
            })
            .map(|item| {
                let text = quote::ToTokens::to_token_stream(item).to_string();
                format!("{}: {}", lib.path, text.chars().take(60).collect::<String>())
            })
            .collect();
        assert_none(&defined, "lib.rs names modules and what they give");
    }
}

#[test]
fn nothing_is_unsafe_unfinished_or_skipped() {
    let mut found = Vec::new();
    for source in CRATES.iter().flat_map(|folder| sources_if_any(folder)) {
        let tokens: proc_macro2::TokenStream = source.text.parse().expect("it was parsed before");
        for window in flat(tokens).windows(2) {
            let what = match window {
                [Token::Word(word), _] if word == "unsafe" => "unsafe",
                [Token::Word(word), Token::Sign('!')]
                    if ["todo", "unimplemented", "dbg"].contains(&word.as_str()) =>
                {
                    word
                }
                [Token::Open('['), Token::Word(word)] if word == "ignore" => "#[ignore]",
                _ => continue,
            };
            found.push(format!("{}: {what}", source.path));
        }
    }
    assert_none(&found, "in no file, tests included");
}

fn sources_if_any(folder: &str) -> Vec<sources::Source> {
    if root().join(folder).is_dir() {
        sources(folder)
    } else {
        Vec::new()
    }
}

/// Edges that close a circle, and why they are as they are: from, to, reason.
const CONTRACT_CIRCLES: &[(&str, &str, &str)] = &[];
const CODEGEN_CIRCLES: &[(&str, &str, &str)] = &[(
    "proto",
    "plan",
    "docs and keywords of Rust are known to plan::docs and plan::name, which name nothing else of the crate",
)];
const RUNTIME_CIRCLES: &[(&str, &str, &str)] = &[
    (
        "call",
        "client",
        "a Call sends itself by a Client: that is how an untyped client takes typed calls",
    ),
    (
        "orchestrate",
        "client",
        "the order works on the parts that a client holds, client::Inner, and tells its interceptors",
    ),
    (
        "adapter",
        "client",
        "an attempt goes out by the line and to the endpoint of client::Inner",
    ),
    (
        "adapter",
        "orchestrate",
        "what an attempt gives is an orchestrate::Answer",
    ),
    (
        "grpc",
        "adapter",
        "a status becomes an error as the adapter judges it",
    ),
];

#[test]
fn modules_of_contract_form_no_circle() {
    assert_layered("contract", CONTRACT_CIRCLES);
}

#[test]
fn modules_of_codegen_form_no_circle() {
    assert_layered("codegen", CODEGEN_CIRCLES);
}

#[test]
fn modules_of_runtime_form_no_circle() {
    assert_layered("runtime", RUNTIME_CIRCLES);
}

#[track_caller]
fn assert_layered(folder: &str, allowed: &[(&str, &str, &str)]) {
    let mut graph = modules(folder);
    let absent = without(&mut graph, allowed);
    assert_none(&absent, "these exceptions are needed no more");
    if let Some(found) = circle(&graph) {
        let way = found.windows(2).map(|pair| {
            let file = graph.get(&pair[0]).and_then(|edges| edges.get(&pair[1]));
            format!("{} -> {} ({})", pair[0], pair[1], file.map_or("", String::as_str))
        });
        let way: Vec<String> = way.collect();
        panic!(
            "{folder} has a circle:\n  {}\nknots: {:?}\nedges inside knots:\n  {}",
            way.join("\n  "),
            knots(&graph),
            inside_knots(&graph).join("\n  ")
        );
    }
}

/// The edges among which a circle is to be cut.
fn inside_knots(graph: &Graph) -> Vec<String> {
    let knots = knots(graph);
    let together =
        |from: &String, to: &String| knots.iter().any(|knot| knot.contains(from) && knot.contains(to));
    let edges = graph
        .iter()
        .flat_map(|(from, edges)| edges.iter().map(move |(to, file)| (from, to, file)));
    edges
        .filter(|(from, to, _)| together(from, to))
        .map(|(from, to, file)| format!("{from} -> {to} ({file})"))
        .collect()
}

#[test]
fn a_circle_is_seen() {
    let edges = |names: &[&str]| {
        names
            .iter()
            .map(|name| ((*name).to_owned(), String::new()))
            .collect()
    };
    let mut graph = Graph::from([
        ("a".to_owned(), edges(&["b", "c"])),
        ("b".to_owned(), edges(&["c"])),
        ("c".to_owned(), edges(&[])),
    ]);
    assert_eq!(circle(&graph), None);
    graph.insert("c".to_owned(), edges(&["a"]));
    assert_eq!(circle(&graph).expect("a circle").len(), 4);
    assert_eq!(knots(&graph).len(), 1);
}

#[test]
fn every_way_to_name_a_module_is_seen() {
    let text = "use crate::{a::{b, c as d}, e};
        use super::f::*;
        fn of() { let _ = self::g::h(); vec![crate::i::J]; other::crate_like::k(); }
        mod inner { use super::super::l::M; }
        macro_rules! n { () => { $crate::o!() } }
        #[cfg(test)] mod tests { use crate::p; }";
    let source = sources::Source::of("x.rs", vec!["top".to_owned(), "own".to_owned()], text.to_owned());
    let mut paths: Vec<String> = source.paths().iter().map(|path| path.join("::")).collect();
    paths.sort();
    assert_eq!(
        paths,
        [
            "a::b",
            "a::c::as d",
            "e",
            "i::J",
            "top::f",
            "top::l::M",
            "top::own::g::h",
        ]
    );
    assert_eq!(source.paths_of("other"), [["other", "crate_like", "k"]]);
}
