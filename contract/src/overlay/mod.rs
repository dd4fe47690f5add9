//! Overlay documents (OpenAPI Overlay 1.0 and 1.1): repairs laid over a contract before it is read.
//!
//! ```text
//! overlay file -> actions -> for each, in order: target (JSONPath, RFC 9535) -> places in the tree -> remove | update | copy
//! ```
//!
//! JSONPath is evaluated by `serde_json_path` over a JSON image of the document, which gives the places; the changes
//! are made to the document's own tree, so that every node keeps its place: what an overlay brings stands in the
//! overlay.

mod action;
pub mod diagnostics;
mod merge;

use std::path::{Path, PathBuf};

use crate::problem::{Problem, Problems};
use crate::source::{Document, FileId, Mapped, Node, Object, SourceMap};

use action::{Action, Laid};

/// Lays overlays over a document, in order.
///
/// # Errors
/// An overlay cannot be read, or an action cannot be done; what is merely idle goes to `problems`.
pub fn lay(
    sources: &mut SourceMap,
    document: Document,
    target: &Path,
    overlays: &[PathBuf],
    mapped: &Mapped,
    problems: &mut Problems,
) -> Result<Document, Problem> {
    let mut laid = Laid::over(document.root.clone());
    let mut trees = Vec::new();
    for path in overlays {
        let file = sources.load(path)?;
        let overlay = Document::parse(sources, file)?;
        let reader = Overlay {
            sources,
            document: &overlay,
        };
        reader.check_version()?;
        problems.extend(reader.other_target(target, path));
        for action in reader.actions()? {
            laid.apply(&reader, &action, problems)?;
        }
        trees.push((file, overlay.root));
    }
    let trees: Vec<(FileId, Node)> = trees;
    Ok(document.laid_over(sources, laid.into_root(), trees, mapped))
}

/// An overlay that is read.
struct Overlay<'o> {
    sources: &'o SourceMap,
    document: &'o Document,
}

impl<'o> Overlay<'o> {
    fn problem(&self, diagnostic: &crate::problem::Diagnostic, node: &Node) -> Problem {
        Problem::new(diagnostic, self.document.place(self.sources, node.span))
    }

    fn check_version(&self) -> Result<(), Problem> {
        let root = &self.document.root;
        let version = root.get("overlay");
        let text = version.and_then(Node::scalar_text).unwrap_or_default();
        if text == "1" || text.starts_with("1.") {
            return Ok(());
        }
        let start = crate::source::Span {
            end: root.span.start,
            ..root.span
        };
        let at = version.map_or(start, |version| version.span);
        Err(Problem::new(
            &diagnostics::NOT_AN_OVERLAY,
            self.document.place(self.sources, at),
        ))
    }

    /// An overlay that says it is meant for another document.
    fn other_target(&self, target: &Path, path: &Path) -> Option<Problem> {
        let extends = self.document.root.get("extends")?;
        let text = extends.as_str()?;
        if text.contains("://") {
            return None;
        }
        let meant = path.parent().unwrap_or_else(|| Path::new("")).join(text);
        let is_same = match (meant.canonicalize(), target.canonicalize()) {
            (Ok(one), Ok(other)) => one == other,
            _ => meant == target,
        };
        (!is_same).then(|| {
            self.problem(&diagnostics::OTHER_TARGET, extends)
                .about(format!("`{text}`"))
        })
    }

    fn actions(&self) -> Result<Vec<Action<'o>>, Problem> {
        let root = &self.document.root;
        let Some(actions) = root.get("actions").and_then(Node::as_array) else {
            let at = root.get("actions").unwrap_or(root);
            return Err(self
                .problem(&diagnostics::BAD_ACTION, at)
                .about("`actions` is a list"));
        };
        actions.iter().map(|node| self.action(node)).collect()
    }

    fn action(&self, node: &'o Node) -> Result<Action<'o>, Problem> {
        const KEYS: [&str; 5] = ["target", "description", "update", "copy", "remove"];
        let wrong = |at: &Node, why: &str| Err(self.problem(&diagnostics::BAD_ACTION, at).about(why));
        let Some(object) = node.as_object() else {
            return wrong(node, "an action is an object");
        };
        let unknown =
            |entry: &&crate::source::Entry| !KEYS.contains(&&*entry.key) && !entry.key.starts_with("x-");
        if let Some(entry) = Object::entries(object).iter().find(unknown) {
            let place = self.document.place(self.sources, entry.key_span);
            let why = format!("`{}` is none of {}", entry.key, KEYS.join(", "));
            return Err(Problem::new(&diagnostics::BAD_ACTION, place).about(why));
        }
        let Some(target) = node.get("target").filter(|target| target.as_str().is_some()) else {
            return wrong(node.get("target").unwrap_or(node), "`target` is a JSONPath");
        };
        let remove = match node.get("remove") {
            None => false,
            Some(value) => match value.as_bool() {
                Some(value) => value,
                None => return wrong(value, "`remove` is true or false"),
            },
        };
        let copy = match node.get("copy") {
            Some(value) if value.as_str().is_none() => return wrong(value, "`copy` is a JSONPath"),
            other => other,
        };
        let update = node.get("update");
        if !remove && update.is_none() && copy.is_none() {
            return wrong(node, "it has none of `update`, `copy` and `remove`");
        }
        Ok(Action {
            target,
            update,
            copy,
            remove,
        })
    }
}
