//! Flat modules of prost-build as nested ones, and its relative paths as absolute ones.

use std::collections::{BTreeMap, HashMap};

use prost_build::Module;

/// A module: its own items, and the modules in it.
#[derive(Default)]
struct Tree {
    items: String,
    modules: BTreeMap<String, Tree>,
}

/// The source of all modules, nested by package.
pub(super) fn nest(modules: HashMap<Module, String>) -> String {
    let mut root = Tree::default();
    for (module, source) in modules {
        let mut tree = &mut root;
        for part in module.parts() {
            tree = tree.modules.entry(part.to_owned()).or_default();
        }
        tree.items.push_str(&source);
    }
    let mut out = String::new();
    write(&root, &mut Vec::new(), &mut out);
    out
}

fn write<'a>(tree: &'a Tree, package: &mut Vec<&'a str>, out: &mut String) {
    out.push_str(&tree.items);
    for (name, inner) in &tree.modules {
        package.push(name);
        out.push_str(&format!(
            "/// The messages of the package `{}`.\npub mod {} {{\n",
            package.join("."),
            ident(name)
        ));
        write(inner, package, out);
        out.push_str("}\n");
        package.pop();
    }
}

/// A path that prost-build writes in the module of `package`, as seen next to the module `types`.
pub(super) fn absolute(package: &[&str], path: &str) -> String {
    if path.starts_with("::") || path.starts_with('(') || !path.contains("::") && is_primitive(path) {
        return path.to_owned();
    }
    let mut module = package.to_vec();
    let mut rest = path;
    while let Some(outer) = rest.strip_prefix("super::") {
        module.pop();
        rest = outer;
    }
    let mut absolute = String::from("types");
    for part in module {
        absolute.push_str("::");
        absolute.push_str(&ident(part));
    }
    format!("{absolute}::{rest}")
}

/// prost-build maps the wrappers of single values to Rust's own types.
fn is_primitive(path: &str) -> bool {
    matches!(path, "bool" | "u32" | "u64" | "i32" | "i64" | "f32" | "f64")
}

/// `type` is written as `r#type`.
pub(super) fn ident(part: &str) -> String {
    if crate::plan::name::is_keyword(part) {
        format!("r#{part}")
    } else {
        part.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::absolute;

    #[test]
    fn paths_are_seen_from_next_to_the_types() {
        assert_eq!(absolute(&["user", "v1"], "User"), "types::user::v1::User");
        assert_eq!(
            absolute(&["user", "v1"], "super::super::order::Order"),
            "types::order::Order"
        );
        assert_eq!(
            absolute(&["a"], "super::google::r#type::Date"),
            "types::google::r#type::Date"
        );
        assert_eq!(absolute(&["a"], "()"), "()");
        assert_eq!(absolute(&["a"], "bool"), "bool");
        assert_eq!(
            absolute(&["a"], "::prost_types::Timestamp"),
            "::prost_types::Timestamp"
        );
        assert_eq!(absolute(&[], "Ping"), "types::Ping");
    }
}
