//! What can go wrong when writing code, with advice.

use tieline_contract::model::Origin;
use tieline_contract::problem::{Diagnostic, Level, Place, Problem};

/// An operation that this generator cannot write.
pub(crate) const NOT_HTTP: Diagnostic = Diagnostic {
    code: "TL-GEN-001",
    level: Level::Warning,
    title: "the operation is left out, because its way of travelling is not supported here",
    label: "",
    help: "unary operations over HTTP with JSON, form, text or binary bodies are written; the rest of the contract is, too",
};

/// A method whose messages were not written.
#[cfg(feature = "proto")]
pub(crate) const NOT_GRPC: Diagnostic = Diagnostic {
    code: "TL-GEN-007",
    level: Level::Warning,
    title: "the method is left out, because its messages could not be written",
    label: "",
    help: "this is a mistake of Tieline's, not of the contract's; please report it with the contract",
};

/// A selector that selects nothing.
pub(crate) const SELECTS_NOTHING: Diagnostic = Diagnostic {
    code: "TL-GEN-002",
    level: Level::Error,
    title: "the selection matches no operation",
    label: "",
    help: "select by operation id (`get*`), by tag (`tag:pets`) or by path (`/pets/**`, `GET /pets`)",
};

/// A file that could not be written.
pub(crate) const CANNOT_WRITE: Diagnostic = Diagnostic {
    code: "TL-GEN-003",
    level: Level::Error,
    title: "the output cannot be written",
    label: "",
    help: "what was there before is untouched; check that the folder exists and may be written to",
};

/// Two contracts of one name.
pub(crate) const SAME_NAME: Diagnostic = Diagnostic {
    code: "TL-GEN-004",
    level: Level::Error,
    title: "two contracts have the same name",
    label: "",
    help: "give one of them another: each becomes a module of its name",
};

/// A setting without which nothing can be done.
pub(crate) const NOT_SET: Diagnostic = Diagnostic {
    code: "TL-GEN-005",
    level: Level::Error,
    title: "the generator was not told enough",
    label: "",
    help: "name a contract with `.contract(path)` and a folder with `.out_dir(path)`",
};

/// Code that came out malformed: a mistake of the generator's.
pub(crate) const MALFORMED: Diagnostic = Diagnostic {
    code: "TL-GEN-006",
    level: Level::Error,
    title: "the generator wrote code that does not parse",
    label: "",
    help: "this is a mistake of Tieline's, not of the contract's; please report it with the contract",
};

/// A decision about something that the contract does not have.
pub(crate) const NAMES_NOTHING: Diagnostic = Diagnostic {
    code: "TL-GEN-020",
    level: Level::Error,
    title: "the options are about something that the contract does not have",
    label: "",
    help: "types are named as the contract does, operations by their ids",
};

/// A decision that cannot be followed.
pub(crate) const BAD_OPTION: Diagnostic = Diagnostic {
    code: "TL-GEN-021",
    level: Level::Error,
    title: "the option cannot be followed",
    label: "",
    help: "give a Rust name, the path of a type or trait, or a whole attribute; and no name twice",
};

/// A derive that a type cannot have.
pub(crate) const CANNOT_DERIVE: Diagnostic = Diagnostic {
    code: "TL-GEN-022",
    level: Level::Warning,
    title: "the trait cannot be derived",
    label: "",
    help: "it is left out; replace the type by one of your own, or do not ask for it",
};

/// An operation that shall answer for many keys and cannot.
pub(crate) const NO_BULK: Diagnostic = Diagnostic {
    code: "TL-GEN-023",
    level: Level::Warning,
    title: "`x-tieline-bulk` says what the operation does not do",
    label: "single calls are not gathered into this operation",
    help: "",
};

/// A diagnostic at the place where something was written.
pub(crate) fn at(diagnostic: &Diagnostic, origin: &Origin) -> Problem {
    let place = (!origin.file.is_empty()).then(|| Place {
        file: origin.file.clone(),
        line: origin.line,
        column: origin.column,
        end_line: origin.line,
        end_column: origin.column,
        pointer: origin.pointer.to_string(),
        excerpt: String::new(),
    });
    Problem::new(diagnostic, place)
}
