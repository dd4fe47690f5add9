//! Which version a document is written in.

use crate::problem::Problem;
use crate::schema::Dialect;
use crate::source::{Document, Node, SourceMap};

use super::diagnostics;

/// The versions that are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Version {
    V2,
    V3_0,
    /// 3.1 and 3.2, which adds to it.
    V3_1,
}

impl Version {
    /// The schema language that the version means.
    pub(super) fn dialect(self) -> Dialect {
        match self {
            Self::V2 | Self::V3_0 => Dialect::OpenApi30,
            Self::V3_1 => Dialect::JsonSchema202012,
        }
    }
}

/// The document's version.
pub(super) fn detect(sources: &SourceMap, document: &Document) -> Result<Version, Problem> {
    let root = &document.root;
    if let Some(swagger) = root.get("swagger").filter(|_| root.get("openapi").is_none()) {
        let text = swagger.scalar_text().unwrap_or_default();
        return match text.split('.').next() {
            Some("2") => Ok(Version::V2),
            _ => Err(unknown(sources, document, swagger, text)),
        };
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
        ["3", "0", ..] | ["3"] => Ok(Version::V3_0),
        ["3", "1" | "2", ..] => Ok(Version::V3_1),
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
