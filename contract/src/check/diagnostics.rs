//! What can be wrong with a contract as a whole.

use crate::problem::{Diagnostic, Level};

/// `TL-CHK-001`: two operations of a service share a name.
pub const DUPLICATE_OPERATION: Diagnostic = Diagnostic {
    code: "TL-CHK-001",
    level: Level::Error,
    title: "two operations of a service share one id",
    label: "used again here",
    help: "rename one of them",
};

/// `TL-CHK-002`: two operations share a route.
pub const DUPLICATE_ROUTE: Diagnostic = Diagnostic {
    code: "TL-CHK-002",
    level: Level::Warning,
    title: "two operations share one method and path",
    label: "again here",
    help: "a server cannot tell them apart: change one of the paths",
};

/// `TL-CHK-003`: an operation without a success.
pub const NO_SUCCESS: Diagnostic = Diagnostic {
    code: "TL-CHK-003",
    level: Level::Error,
    title: "nothing says what comes back when the operation works",
    label: "",
    help: "",
};

/// `TL-CHK-004`: inputs and their places do not pair up.
pub const INPUT_WITHOUT_PLACE: Diagnostic = Diagnostic {
    code: "TL-CHK-004",
    level: Level::Error,
    title: "inputs and their places do not pair up",
    label: "",
    help: "",
};

/// `TL-CHK-005`: a path's variables and the path inputs differ.
pub const PATH_VARIABLE: Diagnostic = Diagnostic {
    code: "TL-CHK-005",
    level: Level::Error,
    title: "the variables of the path and the inputs in it differ",
    label: "",
    help: "each variable must be an input in the path, and each such input a variable",
};

/// `TL-CHK-006`: an operation names an unknown security scheme.
pub const UNKNOWN_SCHEME: Diagnostic = Diagnostic {
    code: "TL-CHK-006",
    level: Level::Error,
    title: "the operation names a security scheme that does not exist",
    label: "",
    help: "define it, or remove the requirement",
};

/// `TL-CHK-007`: a type refers to one that does not exist.
pub const DANGLING_TYPE: Diagnostic = Diagnostic {
    code: "TL-CHK-007",
    level: Level::Error,
    title: "there is no type of this name",
    label: "",
    help: "",
};

/// `TL-CHK-008`: aliases lead back to themselves.
pub const ALIAS_CIRCLE: Diagnostic = Diagnostic {
    code: "TL-CHK-008",
    level: Level::Error,
    title: "the name is only another name for itself",
    label: "",
    help: "one of the names in the circle must say what it is",
};

/// All of this area.
pub const ALL: &[&Diagnostic] = &[
    &DUPLICATE_OPERATION,
    &DUPLICATE_ROUTE,
    &NO_SUCCESS,
    &INPUT_WITHOUT_PLACE,
    &PATH_VARIABLE,
    &UNKNOWN_SCHEME,
    &DANGLING_TYPE,
    &ALIAS_CIRCLE,
];
