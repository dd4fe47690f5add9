//! Documents that break the letter of their version where what they mean is clear: read as what they mean, with a
//! warning at the place.
//!
//! ```text
//! tree -> walk (which object is what, by where it stands) -> mended in place -> findings, each kind told of once
//! ```
//!
//! Spans stay what they are, so that every later problem points into the text as it was written.

mod paths;
mod schema;
mod walk;

use indexmap::IndexMap;

use crate::problem::{Diagnostic, Problem};
use crate::source::{Document, Kind, Node, Object, SourceMap, Span};

use super::build;
use super::diagnostics;
use super::version::Version;

/// Mends a document, and says what was mended.
pub(super) fn mend(sources: &SourceMap, document: &mut Document, version: Version) -> Vec<Problem> {
    let mut mender = Mender {
        version,
        components: component_names(&document.root),
        media_types: Vec::new(),
        found: IndexMap::new(),
    };
    document.mend(|root| mender.document(root));
    let found = mender.found.into_values();
    found
        .map(|finding| {
            let problem = Problem::new(finding.diagnostic, document.place(sources, finding.first));
            match finding.count {
                1 => problem.about(finding.about),
                count => problem.about(format!(
                    "{} (here, and in {} more places)",
                    finding.about,
                    count - 1
                )),
            }
        })
        .collect()
}

fn component_names(root: &Node) -> Vec<String> {
    let schemas = root
        .get("components")
        .and_then(|components| components.get("schemas"));
    let entries = schemas.and_then(Node::as_object).map(Object::entries);
    let keys = entries
        .unwrap_or_default()
        .iter()
        .map(|entry| entry.key.to_string());
    keys.collect()
}

struct Mender {
    version: Version,
    /// The names of the document's component schemas.
    components: Vec<String>,
    /// The media types that the file at hand names under `components`.
    media_types: Vec<(String, Node)>,
    /// By what it is about.
    found: IndexMap<String, Finding>,
}

/// One kind of departure.
struct Finding {
    diagnostic: &'static Diagnostic,
    about: String,
    first: Span,
    count: usize,
}

impl Mender {
    fn note(&mut self, diagnostic: &'static Diagnostic, span: Span, about: impl Into<String>) {
        let about = about.into();
        let finding = self.found.entry(about.clone()).or_insert(Finding {
            diagnostic,
            about,
            first: span,
            count: 0,
        });
        finding.count += 1;
    }

    fn wrong_kind(&mut self, span: Span, about: impl Into<String>) {
        self.note(&diagnostics::READ_AS_MEANT, span, about);
    }

    /// Makes a truth value of `"true"` and its like.
    fn truth(&mut self, owner: &mut Object, keyword: &str) {
        let Some(node) = owner.get_mut(keyword) else {
            return;
        };
        let meant = match node.as_str().map(str::trim) {
            Some("true" | "True" | "TRUE" | "yes") => true,
            Some("false" | "False" | "FALSE" | "no") => false,
            _ => return,
        };
        node.kind = Kind::Bool(meant);
        self.wrong_kind(node.span, format!("`{keyword}` is true or false, not a text"));
    }

    /// Makes a list of what should be one.
    fn list(&mut self, owner: &mut Object, keyword: &str, fits: impl Fn(&Node) -> bool) {
        let Some(node) = owner.get_mut(keyword) else {
            return;
        };
        if node.as_array().is_none() && fits(node) {
            let what = node.kind_name();
            *node = build::list(node.span, vec![node.clone()]);
            self.wrong_kind(node.span, format!("`{keyword}` is a list, not {what}"));
        }
    }
}
