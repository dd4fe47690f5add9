//! The top-level modules of a crate, and which of them name which.

use std::collections::{BTreeMap, BTreeSet};

use super::sources::{Source, reexports, sources};

/// Module, the modules that it names, and a file where it does.
pub(crate) type Graph = BTreeMap<String, BTreeMap<String, String>>;

/// The graph of the crate in `folder`.
pub(crate) fn modules(folder: &str) -> Graph {
    let sources = sources(&format!("{folder}/src"));
    let lib = sources
        .iter()
        .find(|source| source.module.is_empty())
        .expect("a root");
    let names = reexports(lib);
    let tops: BTreeSet<&str> = sources
        .iter()
        .filter_map(|source| source.module.first().map(String::as_str))
        .collect();
    let mut graph = Graph::new();
    for source in &sources {
        let Some(own) = source.module.first() else {
            continue;
        };
        let edges = graph.entry(own.clone()).or_default();
        for top in source.paths().iter().filter_map(|path| top(path, &tops, &names)) {
            if top != own {
                edges.entry(top.to_owned()).or_insert_with(|| source.path.clone());
            }
        }
    }
    graph
}

/// The top-level module that a path leads into, through the root's re-exports where it goes that way.
fn top<'a>(
    path: &'a [String],
    tops: &BTreeSet<&str>,
    names: &'a BTreeMap<String, Vec<String>>,
) -> Option<&'a str> {
    let first = path.first()?;
    if tops.contains(first.as_str()) {
        return Some(first);
    }
    names
        .get(first)?
        .first()
        .map(String::as_str)
        .filter(|top| tops.contains(top))
}

/// A way from a module back to itself, if there is one.
pub(crate) fn circle(graph: &Graph) -> Option<Vec<String>> {
    let mut done = BTreeSet::new();
    graph
        .keys()
        .find_map(|start| visit(graph, start, &mut Vec::new(), &mut done))
}

fn visit<'g>(
    graph: &'g Graph,
    at: &'g str,
    way: &mut Vec<&'g str>,
    done: &mut BTreeSet<&'g str>,
) -> Option<Vec<String>> {
    if let Some(start) = way.iter().position(|module| *module == at) {
        let circle = way[start..].iter().chain([&at]);
        return Some(circle.map(|module| (*module).to_owned()).collect());
    }
    if !done.insert(at) {
        return None;
    }
    way.push(at);
    let found = graph
        .get(at)
        .into_iter()
        .flat_map(|edges| edges.keys())
        .find_map(|next| visit(graph, next, way, done));
    way.pop();
    found
}

/// The modules that can reach each other: each a knot that is no layer.
pub(crate) fn knots(graph: &Graph) -> Vec<Vec<String>> {
    let reach = |from: &str| {
        let (mut seen, mut open) = (BTreeSet::new(), vec![from.to_owned()]);
        while let Some(at) = open.pop() {
            for next in graph.get(&at).into_iter().flat_map(|edges| edges.keys()) {
                if seen.insert(next.clone()) {
                    open.push(next.clone());
                }
            }
        }
        seen
    };
    let reached: BTreeMap<&String, BTreeSet<String>> = graph.keys().map(|from| (from, reach(from))).collect();
    let mut knots: BTreeSet<Vec<String>> = BTreeSet::new();
    for (from, there) in &reached {
        let back = there
            .iter()
            .filter(|to| reached.get(to).is_some_and(|there| there.contains(*from)));
        let knot: Vec<String> = back.cloned().collect();
        if knot.len() > 1 {
            knots.insert(knot);
        }
    }
    knots.into_iter().collect()
}

/// Takes edges out, and gives those that were not there.
pub(crate) fn without(graph: &mut Graph, edges: &[(&str, &str, &str)]) -> Vec<String> {
    let mut absent = Vec::new();
    for (from, to, _) in edges {
        let removed = graph.get_mut(*from).and_then(|edges| edges.remove(*to));
        if removed.is_none() {
            absent.push(format!("{from} -> {to}"));
        }
    }
    absent
}

/// The paths of a source that lead into `top`.
pub(crate) fn into<'s>(source: &'s Source, tops: &'s [&str]) -> Vec<String> {
    let paths = source.paths().into_iter();
    paths
        .filter(|path| path.first().is_some_and(|first| tops.contains(&first.as_str())))
        .map(|path| format!("{} names crate::{}", source.path, path.join("::")))
        .collect()
}
