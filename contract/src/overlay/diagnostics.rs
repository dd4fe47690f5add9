//! What can be wrong with an overlay.

use crate::problem::{Diagnostic, Level};

/// `TL-OVL-001`: the file is not an overlay of a known version.
pub const NOT_AN_OVERLAY: Diagnostic = Diagnostic {
    code: "TL-OVL-001",
    level: Level::Error,
    title: "this is not an Overlay document of version 1",
    label: "",
    help: "start it with `overlay: 1.1.0`",
};

/// `TL-OVL-002`: an action is malformed, or cannot be done.
pub const BAD_ACTION: Diagnostic = Diagnostic {
    code: "TL-OVL-002",
    level: Level::Error,
    title: "the action of the overlay cannot be done",
    label: "",
    help: "an action has a `target` and one of `update`, `copy` and `remove: true`",
};

/// `TL-OVL-003`: a path is not JSONPath.
pub const BAD_PATH: Diagnostic = Diagnostic {
    code: "TL-OVL-003",
    level: Level::Error,
    title: "this is not JSONPath (RFC 9535)",
    label: "",
    help: "for instance `$.paths['/pets'].get` or `$.components.schemas[?@.type == 'object']`",
};

/// `TL-OVL-004`: a target selects nothing.
pub const MATCHES_NOTHING: Diagnostic = Diagnostic {
    code: "TL-OVL-004",
    level: Level::Warning,
    title: "the target of the overlay's action matches nothing",
    label: "the action does nothing",
    help: "the document may have been mended meanwhile: remove the action, or correct the path",
};

/// `TL-OVL-005`: the overlay says that it is meant for another document.
pub const OTHER_TARGET: Diagnostic = Diagnostic {
    code: "TL-OVL-005",
    level: Level::Warning,
    title: "the overlay says that it extends another document",
    label: "laid over this contract all the same",
    help: "correct `extends`, which counts from the overlay, or leave it out",
};

/// `TL-OVL-006`: overlays bring more than is read.
pub const BRINGS_TOO_MUCH: Diagnostic = Diagnostic {
    code: "TL-OVL-006",
    level: Level::Error,
    title: "the overlays bring more than 64 MiB",
    label: "no further than this",
    help: "let the target select fewer nodes",
};

/// All of this area.
pub const ALL: &[&Diagnostic] = &[
    &NOT_AN_OVERLAY,
    &BAD_ACTION,
    &BAD_PATH,
    &MATCHES_NOTHING,
    &OTHER_TARGET,
    &BRINGS_TOO_MUCH,
];
