//! What can be wrong with an OpenAPI document. References and schemas have their own: `schema::diagnostics`.

use crate::problem::{Diagnostic, Level};

/// `TL-OAS-001`: the document is not an OpenAPI document.
pub const NOT_OPENAPI: Diagnostic = Diagnostic {
    code: "TL-OAS-001",
    level: Level::Error,
    title: "this is not an OpenAPI document",
    label: "no `openapi` key here",
    help: "start it with `openapi: 3.1.0`",
};

/// `TL-OAS-002`: a version that is not known.
pub const UNKNOWN_VERSION: Diagnostic = Diagnostic {
    code: "TL-OAS-002",
    level: Level::Error,
    title: "unknown OpenAPI version",
    label: "none of 2.0, 3.0, 3.1 and 3.2",
    help: "versions 2.0, 3.0.x, 3.1.x and 3.2.x are read",
};

/// `TL-OAS-004`: a key that must be there is missing.
pub const MISSING_KEY: Diagnostic = Diagnostic {
    code: "TL-OAS-004",
    level: Level::Warning,
    title: "a required key is missing",
    label: "",
    help: "",
};

/// `TL-OAS-005`: an operation cannot be expressed, and is skipped.
pub const OPERATION_SKIPPED: Diagnostic = Diagnostic {
    code: "TL-OAS-005",
    level: Level::Warning,
    title: "the operation is skipped",
    label: "because of this",
    help: "the rest of the contract is read",
};

/// `TL-OAS-006`: two operations share an `operationId`.
pub const DUPLICATE_OPERATION_ID: Diagnostic = Diagnostic {
    code: "TL-OAS-006",
    level: Level::Warning,
    title: "two operations share one operationId",
    label: "used again here; named by its method and path instead",
    help: "every operationId must be unique within the document",
};

/// `TL-OAS-007`: a path's variable has no parameter.
pub const UNDECLARED_VARIABLE: Diagnostic = Diagnostic {
    code: "TL-OAS-007",
    level: Level::Warning,
    title: "no parameter describes this variable of the path",
    label: "read as required text",
    help: "add a parameter with `in: path`",
};

/// `TL-OAS-008`: a path parameter that the path does not have.
pub const UNUSED_VARIABLE: Diagnostic = Diagnostic {
    code: "TL-OAS-008",
    level: Level::Warning,
    title: "the path has no such variable",
    label: "ignored",
    help: "write it in braces in the path, or remove the parameter",
};

/// `TL-OAS-009`: a security requirement names an unknown scheme.
pub const UNKNOWN_SCHEME: Diagnostic = Diagnostic {
    code: "TL-OAS-009",
    level: Level::Warning,
    title: "no security scheme of this name is defined",
    label: "this alternative is ignored",
    help: "define it under `components.securitySchemes`",
};

/// `TL-OAS-010`: a security scheme of an unknown type.
pub const UNKNOWN_SCHEME_TYPE: Diagnostic = Diagnostic {
    code: "TL-OAS-010",
    level: Level::Warning,
    title: "unknown type of security scheme",
    label: "ignored",
    help: "types are apiKey, http, oauth2, openIdConnect and mutualTLS",
};

/// `TL-OAS-011`: a body in parts.
pub const MULTIPART: Diagnostic = Diagnostic {
    code: "TL-OAS-011",
    level: Level::Warning,
    title: "the parts of this body are not known",
    label: "the whole body is given as octets",
    help: "a schema that is an object with properties is typed, and, but for `multipart/form-data`, an array",
};

/// `TL-OAS-013`: a key of `responses` that is no status.
pub const BAD_STATUS: Diagnostic = Diagnostic {
    code: "TL-OAS-013",
    level: Level::Warning,
    title: "this is not a response status",
    label: "ignored",
    help: "write `200`, `4XX` or `default`",
};

/// `TL-OAS-014`: a parameter stands twice.
pub const DUPLICATE_PARAMETER: Diagnostic = Diagnostic {
    code: "TL-OAS-014",
    level: Level::Warning,
    title: "the parameter stands twice",
    label: "ignored",
    help: "",
};

/// `TL-OAS-015`: a path does not start with a slash, or its braces do not match.
pub const BAD_PATH: Diagnostic = Diagnostic {
    code: "TL-OAS-015",
    level: Level::Warning,
    title: "this is not a path",
    label: "its operations are skipped",
    help: "a path starts with `/`, and its variables stand in braces: `/pets/{id}`",
};

/// `TL-OAS-016`: callbacks within what is sent.
pub const NESTED_CALLBACKS: Diagnostic = Diagnostic {
    code: "TL-OAS-016",
    level: Level::Warning,
    title: "callbacks of a webhook or callback are not supported",
    label: "ignored",
    help: "",
};

/// `TL-OAS-030`: a style that parameters of this place cannot have.
pub const UNFIT_STYLE: Diagnostic = Diagnostic {
    code: "TL-OAS-030",
    level: Level::Warning,
    title: "parameters of this place cannot have this style",
    label: "the place's own style is used",
    help: "path: simple, label, matrix; query: form, deepObject, spaceDelimited, pipeDelimited; header: simple; cookie: form",
};

/// `TL-OAS-040`: what the letter of the specification does not allow, and what it clearly means.
pub const READ_AS_MEANT: Diagnostic = Diagnostic {
    code: "TL-OAS-040",
    level: Level::Warning,
    title: "the specification does not allow this, and what it means is clear",
    label: "read as it is meant",
    help: "correct the document, or lay an overlay over it; `--strict` refuses it",
};

/// `TL-OAS-041`: what another version of the specification says.
pub const OTHER_VERSION: Diagnostic = Diagnostic {
    code: "TL-OAS-041",
    level: Level::Warning,
    title: "this belongs to another version of the specification",
    label: "read as that version means it",
    help: "correct the document, or lay an overlay over it; `--strict` refuses it",
};

/// `TL-OAS-042`: a media type that is a reference to nothing.
pub const MEDIA_REF: Diagnostic = Diagnostic {
    code: "TL-OAS-042",
    level: Level::Warning,
    title: "the reference of a media type leads to no media type of this file",
    label: "any value is taken",
    help: "name it under `components.mediaTypes`, and write `#/components/mediaTypes/<name>`",
};

/// `TL-OAS-043`: `x-tieline-pagination` that says nothing.
pub const PAGINATION: Diagnostic = Diagnostic {
    code: "TL-OAS-043",
    level: Level::Warning,
    title: "this does not say how pages follow each other",
    label: "the list is taken to come in one piece",
    help: "write `link: true`, `url`, `cursor`, `page` or `offset`, or `false`",
};

/// `TL-OAS-044`: a header of a response that cannot be one.
pub const BAD_HEADER: Diagnostic = Diagnostic {
    code: "TL-OAS-044",
    level: Level::Warning,
    title: "this cannot be a header of the response",
    label: "ignored",
    help: "a header's name is letters, digits and hyphens, and stands once, whatever the case of its letters",
};

/// `TL-OAS-045`: a link that leads nowhere.
pub const BAD_LINK: Diagnostic = Diagnostic {
    code: "TL-OAS-045",
    level: Level::Warning,
    title: "the link leads to no operation that is read",
    label: "the link is left out",
    help: "name the operation: `operationId: getPet`, or `operationRef: '#/paths/~1pets~1{id}/get'`",
};

/// `TL-OAS-046`: a value of a link that cannot be found, or that nothing takes.
pub const BAD_LINK_VALUE: Diagnostic = Diagnostic {
    code: "TL-OAS-046",
    level: Level::Warning,
    title: "the link cannot give this",
    label: "left for the caller to give",
    help: "a value is a constant, `$request.path.id`, `$request.query.id`, `$request.header.id`, `$request.body#/id`, \
           `$response.header.id`, `$response.body#/id`, `$statusCode`, `$method` or `$url`",
};

/// `TL-OAS-047`: `x-tieline-bulk` that says nothing.
pub const BULK: Diagnostic = Diagnostic {
    code: "TL-OAS-047",
    level: Level::Warning,
    title: "this does not say how the operation answers for many keys",
    label: "single calls are not gathered into this operation",
    help: "write `key`, the property of an item that is its key; `keys`, the parameter or property that takes them; and, where \
           needed, `items` and `max`",
};

/// All of this area.
pub const ALL: &[&Diagnostic] = &[
    &NOT_OPENAPI,
    &UNKNOWN_VERSION,
    &MISSING_KEY,
    &OPERATION_SKIPPED,
    &DUPLICATE_OPERATION_ID,
    &UNDECLARED_VARIABLE,
    &UNUSED_VARIABLE,
    &UNKNOWN_SCHEME,
    &UNKNOWN_SCHEME_TYPE,
    &MULTIPART,
    &BAD_STATUS,
    &DUPLICATE_PARAMETER,
    &BAD_PATH,
    &NESTED_CALLBACKS,
    &UNFIT_STYLE,
    &READ_AS_MEANT,
    &OTHER_VERSION,
    &MEDIA_REF,
    &PAGINATION,
    &BAD_HEADER,
    &BAD_LINK,
    &BAD_LINK_VALUE,
    &BULK,
];
