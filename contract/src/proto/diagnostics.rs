//! The fixed part of every problem with protos.

use crate::problem::{Diagnostic, Level};

const fn error(
    code: &'static str,
    title: &'static str,
    label: &'static str,
    help: &'static str,
) -> Diagnostic {
    Diagnostic {
        code,
        level: Level::Error,
        title,
        label,
        help,
    }
}

/// A file or folder cannot be read.
pub(super) const UNREADABLE: Diagnostic = error(
    "TL-PRO-001",
    "the file cannot be read",
    "",
    "check the path; a relative one is taken from the working directory",
);

/// A root folder has no protos.
pub(super) const EMPTY_FOLDER: Diagnostic = error(
    "TL-PRO-002",
    "there is no .proto file below this folder",
    "",
    "name a .proto file, or a folder that holds some",
);

/// A file is not text.
pub(super) const NOT_UTF8: Diagnostic = error(
    "TL-PRO-003",
    "the file is not UTF-8 text",
    "this octet is not UTF-8",
    "save the file as UTF-8",
);

/// A path cannot be written as an import.
pub(super) const UNNAMEABLE: Diagnostic = error(
    "TL-PRO-004",
    "no import can name this file",
    "",
    "imports are UTF-8 text: rename the file or its folder",
);

/// Another file answers to a root file's import name.
pub(super) const SHADOWED: Diagnostic = error(
    "TL-PRO-005",
    "an earlier include root holds a file of the same name",
    "",
    "put the include root of this file first, or leave the other one out",
);

/// The edition cannot be read.
pub(super) const EDITION: Diagnostic = error(
    "TL-PRO-006",
    "files in an edition cannot be read yet",
    "proto2 and proto3 can",
    "write the file in `syntax = \"proto3\";` or `syntax = \"proto2\";`",
);

/// The parser stumbles.
pub(super) const SYNTAX: Diagnostic = error("TL-PRO-007", "the file does not parse", "", "");

/// An import cannot be found.
pub(super) const IMPORT_NOT_FOUND: Diagnostic = error(
    "TL-PRO-008",
    "the import cannot be found",
    "under no include root",
    "",
);

/// A file imports another one twice.
pub(super) const IMPORTED_TWICE: Diagnostic = error(
    "TL-PRO-009",
    "the file is imported twice",
    "imported again here",
    "remove one of the two imports",
);

/// A file imports itself, in the end.
pub(super) const IMPORT_CYCLE: Diagnostic = error(
    "TL-PRO-010",
    "imports go in a circle",
    "this closes the circle",
    "move what both files need into a third one",
);

/// Names, numbers or options do not fit.
pub(super) const INVALID: Diagnostic = error("TL-PRO-011", "the file does not compile", "", "");

/// A `google.api.http` rule cannot work.
pub(super) const HTTP_RULE: Diagnostic = Diagnostic {
    code: "TL-PRO-012",
    level: Level::Warning,
    title: "a google.api.http rule is left out",
    label: "of this method",
    help: "correct the rule; the gRPC method is not affected",
};
