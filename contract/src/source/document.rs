//! A document: a file's tree and those of the files that it refers to, resolving pointers and finding places.

use std::collections::HashMap;
use std::path::Path;

use crate::problem::{Place, Problem};

use super::load::{Mapped, Others};
use super::{FileId, Kind, Node, Pointer, SourceMap, Span, json, yaml};

/// A file's tree, and the files that it refers to.
#[derive(Debug)]
pub struct Document {
    /// The file.
    pub file: FileId,
    /// The root.
    pub root: Node,
    /// The root as it was written, where `root` was made of it.
    written: Option<Node>,
    /// Files that parts of the root came from without a reference: their references count from the root's file.
    laid_over: HashMap<FileId, Node>,
    pub(super) others: Others,
}

impl Document {
    /// Reads a file into the map, as JSON or YAML: by its extension, else by its first character; and with it every
    /// file that references lead to. A file among these that cannot be read is a problem of what refers to it.
    pub fn load(sources: &mut SourceMap, path: &Path, mapped: &Mapped) -> Result<Self, Problem> {
        let file = sources.load(path)?;
        let mut document = Self::parse(sources, file)?;
        document.others = Others::of(sources, file, &document.root, mapped);
        Ok(document)
    }

    /// The same document with another root, made of this one and of the trees of other files, and every file that it
    /// refers to now. Places stay those of the texts.
    #[must_use]
    pub fn laid_over(
        self,
        sources: &mut SourceMap,
        root: Node,
        others: Vec<(FileId, Node)>,
        mapped: &Mapped,
    ) -> Self {
        let others = others.into_iter();
        Self {
            others: Others::of(sources, self.file, &root, mapped),
            laid_over: others.collect(),
            ..self.with_root(root)
        }
    }

    /// Reads a file of the map. JSON when its name ends in `.json`, or when it has no telling name and starts with
    /// `{` or `[`; YAML otherwise. What it refers to is not read.
    pub fn parse(sources: &SourceMap, file: FileId) -> Result<Self, Problem> {
        let root = parse(sources, file)?;
        Ok(Self {
            file,
            others: Others::within(file, &root),
            root,
            written: None,
            laid_over: HashMap::new(),
        })
    }

    /// The same document with another root, made of this one. Places stay those of the written one.
    #[must_use]
    pub fn with_root(self, root: Node) -> Self {
        Self {
            root,
            written: Some(self.written.unwrap_or(self.root)),
            ..self
        }
    }

    /// The trees of the files that it refers to.
    pub fn trees(&self) -> impl Iterator<Item = &Node> {
        self.others.trees.values()
    }

    /// The same document with other trees, made of its own: `others` in the order of [`Document::trees`]. Places stay
    /// those of the written ones.
    #[must_use]
    pub fn with_trees(mut self, root: Node, others: Vec<Node>) -> Self {
        for (tree, made) in self.others.trees.values_mut().zip(others) {
            *tree = made;
        }
        self.with_root(root)
    }

    /// Changes the tree of every file, in place. Places stay those of the texts as long as spans do.
    pub fn mend(&mut self, mut change: impl FnMut(&mut Node)) {
        change(&mut self.root);
        self.others.trees.values_mut().for_each(change);
    }

    /// The file that something counts as a part of: what was laid over the document is a part of that.
    pub fn home(&self, file: FileId) -> FileId {
        if self.laid_over.contains_key(&file) {
            self.file
        } else {
            file
        }
    }

    /// The URLs of references that no file stands for.
    pub fn unmapped_urls(&self) -> Vec<String> {
        self.others.unmapped()
    }

    /// The root of a file of this document.
    pub(super) fn tree(&self, file: FileId) -> Option<&Node> {
        if file == self.file {
            Some(&self.root)
        } else {
            self.others.tree(file)
        }
    }

    /// The node that a pointer points to.
    pub fn resolve(&self, pointer: &Pointer) -> Option<&Node> {
        resolve(&self.root, pointer)
    }

    /// The pointer, within its file, to the innermost node that a span stands in. A key's span points to its value.
    pub fn pointer_to(&self, span: Span) -> Pointer {
        self.locate(span).0
    }

    /// The pointer, within its file, to the innermost node that a span stands in, and the key that it stands under:
    /// `None` at the root and in lists.
    pub fn locate(&self, span: Span) -> (Pointer, Option<Span>) {
        let mut pointer = Pointer::default();
        let mut key = None;
        let written = self.written.as_ref().filter(|_| span.file == self.file);
        let laid_over = self.laid_over.get(&span.file);
        let Some(mut node) = written.or(laid_over).or_else(|| self.tree(span.file)) else {
            return (pointer, key);
        };
        while let Some(child) = child_at(node, span) {
            pointer.push(child.token);
            key = child.key;
            node = child.node;
        }
        (pointer, key)
    }

    /// Where a span stands: line, column, pointer and excerpt.
    pub fn place(&self, sources: &SourceMap, span: Span) -> Place {
        Place {
            pointer: self.pointer_to(span).to_string(),
            ..sources.place(span)
        }
    }
}

/// Reads a file of the map.
pub(super) fn parse(sources: &SourceMap, file: FileId) -> Result<Node, Problem> {
    let name = sources.name(file);
    let extension = Path::new(&*name)
        .extension()
        .and_then(|extension| extension.to_str());
    let is_json = match extension.map(str::to_ascii_lowercase).as_deref() {
        Some("json") => true,
        Some("yaml" | "yml") => false,
        _ => sources.text(file).trim_start().starts_with(['{', '[']),
    };
    if is_json {
        json::parse(sources, file)
    } else {
        yaml::parse(sources, file)
    }
}

/// The node below `root` that a pointer points to.
pub(super) fn resolve<'a>(root: &'a Node, pointer: &Pointer) -> Option<&'a Node> {
    pointer
        .tokens()
        .iter()
        .try_fold(root, |node, token| match &node.kind {
            Kind::Object(object) => object.get(token),
            Kind::Array(items) => items.get(array_index(token)?),
            _ => None,
        })
}

struct Child<'a> {
    token: String,
    key: Option<Span>,
    node: &'a Node,
}

/// The child whose key or value the span stands in; `None` when the span is the node's own.
fn child_at(node: &Node, span: Span) -> Option<Child<'_>> {
    let holds = |outer: Span| outer.file == span.file && outer.reaches(span.start) && outer.reaches(span.end);
    match &node.kind {
        _ if node.span == span && node.as_object().is_none_or(|object| object.entries().is_empty()) => None,
        Kind::Array(items) => {
            let (at, item) = items.iter().enumerate().find(|(_, item)| holds(item.span))?;
            Some(Child {
                token: at.to_string(),
                key: None,
                node: item,
            })
        }
        Kind::Object(object) => {
            let entries = object.entries();
            // Entries stand in the order of the source, but for merged ones.
            let near = entries
                .partition_point(|entry| entry.key_span.start <= span.start)
                .checked_sub(1);
            let fits = |entry: &&super::Entry| {
                node.span != span && (holds(entry.key_span) || holds(entry.value.span))
            };
            let found = near
                .and_then(|at| entries.get(at))
                .filter(fits)
                .or_else(|| entries.iter().find(fits))?;
            Some(Child {
                token: found.key.to_string(),
                key: Some(found.key_span),
                node: &found.value,
            })
        }
        _ => None,
    }
}

/// An array index as RFC 6901 writes it: digits without leading zeros.
fn array_index(token: &str) -> Option<usize> {
    let plain = token == "0" || (!token.starts_with(['0', '+']) && !token.is_empty());
    plain.then(|| token.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(name: &str, text: &str) -> (SourceMap, Result<Document, Problem>) {
        let mut sources = SourceMap::new();
        let file = sources.add_text(name, text);
        let document = Document::parse(&sources, file);
        (sources, document)
    }

    fn at<'a>(document: &'a Document, pointer: &str) -> &'a Node {
        document
            .resolve(&Pointer::from_fragment(pointer).unwrap())
            .unwrap()
    }

    #[test]
    fn yaml_and_json_give_the_same_tree() {
        let (_, yaml) = read("a.yaml", "a: [1, 2.50, no]\nb:\n  - c: ~\n    d: \"1\"\n");
        let (_, json) = read(
            "a.json",
            r#"{"a": [1, 2.50, "no"], "b": [{"c": null, "d": "1"}]}"#,
        );
        let (yaml, json) = (yaml.unwrap(), json.unwrap());
        assert_eq!(yaml.root.to_json(), json.root.to_json());
        assert_eq!(at(&yaml, "/a/1").scalar_text(), Some("2.50"));
        assert_eq!(at(&json, "/a/1").scalar_text(), Some("2.50"));
    }

    #[test]
    fn every_node_has_its_place_and_pointer() {
        let texts = [
            (
                "a.yaml",
                "paths:\n  /pets/{id}:\n    get:\n      tags: [x, y]\n",
                (4, 17),
            ),
            (
                "a.json",
                "{\"paths\":\n {\"/pets/{id}\":{\"get\":{\"tags\":[\"x\", \"y\"]}}}}",
                (2, 37),
            ),
        ];
        for (name, text, expected) in texts {
            let (sources, document) = read(name, text);
            let document = document.unwrap();
            let node = at(&document, "/paths/~1pets~1%7Bid%7D/get/tags/1");
            let place = document.place(&sources, node.span);
            assert_eq!((place.line, place.column), expected, "{name}");
            assert_eq!(place.pointer, "/paths/~1pets~1{id}/get/tags/1", "{name}");
            let key = document.root.get("paths").unwrap().as_object().unwrap().entries()[0].key_span;
            assert_eq!(
                document.pointer_to(key).to_string(),
                "/paths/~1pets~1{id}",
                "{name}"
            );
        }
    }

    #[test]
    fn aliases_repeat_and_merge_keys_fill_in() {
        let text = "base: &base {a: 1, b: 2}\nuse: *base\nmerged:\n  <<: *base\n  b: 3\n";
        let (_, document) = read("a.yaml", text);
        let document = document.unwrap();
        assert_eq!(at(&document, "/use/b").scalar_text(), Some("2"));
        assert_eq!(
            document.root.get("merged").unwrap().to_json(),
            serde_json::json!({"b": 3, "a": 1})
        );
    }

    #[test]
    fn a_key_that_stands_twice_names_both_places() {
        for (name, text) in [
            ("a.yaml", "a: 1\nb: 2\na: 3\n"),
            ("a.json", "{\"a\":1,\n\"b\":2,\n\"a\":3}"),
        ] {
            let (sources, document) = read(name, text);
            assert_eq!(
                at(&document.unwrap(), "/a").scalar_text(),
                Some("3"),
                "the last counts"
            );
            let problem = sources.take_notes().into_iter().next().unwrap();
            assert_eq!(problem.code, "TL-SRC-006", "{name}");
            assert_eq!(problem.place.map(|place| place.line), Some(3), "{name}");
            assert_eq!(problem.related[0].0.line, 1, "{name}");
        }
    }

    #[test]
    fn what_would_exhaust_memory_or_stack_is_refused() {
        let mut bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n".to_owned();
        for at in 1..12 {
            let before = at - 1;
            bomb += &format!("a{at}: &a{at} [{}]\n", vec![format!("*a{before}"); 9].join(", "));
        }
        assert_eq!(read("bomb.yaml", &bomb).1.unwrap_err().code, "TL-SRC-008");
        assert_eq!(
            read("deep.json", &"[".repeat(5000)).1.unwrap_err().code,
            "TL-SRC-007"
        );
        assert!(read("deep.yaml", &"[".repeat(5000)).1.is_err());
        let mut block = String::new();
        for depth in 0..5000 {
            block += &" ".repeat(depth);
            block += "a:\n";
        }
        assert!(read("deep.yaml", &block).1.is_err());
    }

    #[test]
    fn a_text_without_a_telling_name_is_read_by_its_first_character() {
        assert!(read("openapi", " {\"a\": 1}").1.is_ok());
        assert!(read("openapi", "a: 1").1.is_ok());
        assert_eq!(
            read("empty.yaml", "# nothing\n").1.unwrap_err().code,
            "TL-SRC-011"
        );
    }
}
