//! What can be wrong with a document as text.

use crate::problem::{Diagnostic, Level};

/// `TL-SRC-001`: the file could not be read.
pub const UNREADABLE: Diagnostic = Diagnostic {
    code: "TL-SRC-001",
    level: Level::Error,
    title: "the file cannot be read",
    label: "",
    help: "check the path and its permissions",
};

/// `TL-SRC-002`: the file is not UTF-8.
pub const NOT_UTF8: Diagnostic = Diagnostic {
    code: "TL-SRC-002",
    level: Level::Error,
    title: "the file is not UTF-8 text",
    label: "",
    help: "save it as UTF-8",
};

/// `TL-SRC-003`: the file is larger than is read.
pub const TOO_LARGE: Diagnostic = Diagnostic {
    code: "TL-SRC-003",
    level: Level::Error,
    title: "the file is larger than 64 MiB",
    label: "",
    help: "split the contract",
};

/// `TL-SRC-004`: the text is not JSON (RFC 8259).
pub const BAD_JSON: Diagnostic = Diagnostic {
    code: "TL-SRC-004",
    level: Level::Error,
    title: "the document is not JSON",
    label: "cannot go on from here",
    help: "",
};

/// `TL-SRC-005`: the text is not YAML 1.2.
pub const BAD_YAML: Diagnostic = Diagnostic {
    code: "TL-SRC-005",
    level: Level::Error,
    title: "the document is not YAML",
    label: "cannot go on from here",
    help: "",
};

/// `TL-SRC-006`: a key stands twice in one object.
pub const DUPLICATE_KEY: Diagnostic = Diagnostic {
    code: "TL-SRC-006",
    level: Level::Warning,
    title: "the key stands twice in one object",
    label: "again here; two objects are read as one, of all others the last counts",
    help: "remove or rename one of the two",
};

/// `TL-SRC-007`: the document is nested deeper than is read.
pub const TOO_DEEP: Diagnostic = Diagnostic {
    code: "TL-SRC-007",
    level: Level::Error,
    title: "the document is nested more than 200 levels deep",
    label: "too deep here",
    help: "name inner parts, and refer to them with `$ref`",
};

/// `TL-SRC-008`: YAML aliases repeat more than is read.
pub const TOO_MUCH_REPEATED: Diagnostic = Diagnostic {
    code: "TL-SRC-008",
    level: Level::Error,
    title: "the aliases of this document repeat more than 64 MiB",
    label: "no further than this",
    help: "use `$ref` in place of YAML aliases",
};

/// `TL-SRC-009`: a key is not a scalar.
pub const KEY_NOT_SCALAR: Diagnostic = Diagnostic {
    code: "TL-SRC-009",
    level: Level::Error,
    title: "a key must be a scalar",
    label: "this is a list or an object",
    help: "",
};

/// `TL-SRC-010`: the file holds several YAML documents.
pub const SEVERAL_DOCUMENTS: Diagnostic = Diagnostic {
    code: "TL-SRC-010",
    level: Level::Error,
    title: "the file holds more than one YAML document",
    label: "the second one starts here",
    help: "keep one contract in a file",
};

/// `TL-SRC-011`: the file holds nothing.
pub const EMPTY: Diagnostic = Diagnostic {
    code: "TL-SRC-011",
    level: Level::Error,
    title: "the file is empty",
    label: "",
    help: "",
};

/// `TL-SRC-012`: a YAML merge key whose value is not an object.
pub const BAD_MERGE: Diagnostic = Diagnostic {
    code: "TL-SRC-012",
    level: Level::Error,
    title: "the value of a merge key `<<` must be an object or a list of objects",
    label: "this is neither",
    help: "",
};

/// `TL-SRC-013`: a fetched document is not what was locked.
pub const NOT_AS_LOCKED: Diagnostic = Diagnostic {
    code: "TL-SRC-013",
    level: Level::Error,
    title: "the copy of a fetched document is not what tieline.lock says",
    label: "",
    help: "undo what was changed in the copy, or fetch the document anew: `cargo tieline fetch --update`",
};

/// `TL-SRC-014`: tieline.lock cannot be read.
pub const BAD_LOCK: Diagnostic = Diagnostic {
    code: "TL-SRC-014",
    level: Level::Error,
    title: "tieline.lock cannot be read",
    label: "",
    help: "bring the file back from version control, or write it anew with `cargo tieline fetch`",
};

/// All of this area.
pub const ALL: &[&Diagnostic] = &[
    &UNREADABLE,
    &NOT_UTF8,
    &TOO_LARGE,
    &BAD_JSON,
    &BAD_YAML,
    &DUPLICATE_KEY,
    &TOO_DEEP,
    &TOO_MUCH_REPEATED,
    &KEY_NOT_SCALAR,
    &SEVERAL_DOCUMENTS,
    &EMPTY,
    &BAD_MERGE,
    &NOT_AS_LOCKED,
    &BAD_LOCK,
];
