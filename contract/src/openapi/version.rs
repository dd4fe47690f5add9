//! Which version a document is written in.

use crate::problem::Problem;
use crate::schema::Dialect;
use crate::source::{Document, Node, SourceMap};

use super::diagnostics;

/// The schema language that the document's version means.
pub(super) fn detect(sources: &SourceMap, document: &Document) -> Result<Dialect, Problem> {
    let root = &document.root;
    if let Some(swagger) = root.get("swagger") {
        return Err(Problem::new(
            &diagnostics::SWAGGER_2,
            document.place(sources, swagger.span),
        ));
    }
    let Some(version) = root.get("openapi") else {
        let start = crate::source::Span {
            end: root.span.start,
            ..root.span
        };
        return Err(Problem::new(&diagnostics::NOT_OPENAPI, sources.place(start)));
    };
    let text = version.scalar_text().unwrap_or_default();
    // An unquoted 3.0 is a number, and means the same.
    match text.split('.').collect::<Vec<_>>().as_slice() {
        ["3", "0", ..] => Ok(Dialect::OpenApi30),
        ["3", "1", ..] => Ok(Dialect::JsonSchema202012),
        _ => Err(unknown(sources, document, version, text)),
    }
}

fn unknown(sources: &SourceMap, document: &Document, version: &Node, text: &str) -> Problem {
    let shown = if text.is_empty() {
        version.kind_name()
    } else {
        text
    };
    Problem::new(
        &diagnostics::UNKNOWN_VERSION,
        document.place(sources, version.span),
    )
    .about(format!("`{shown}`"))
}
