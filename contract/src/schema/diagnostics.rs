//! What can be wrong with a schema, or with a reference.

use crate::problem::{Diagnostic, Level};

/// `TL-SCH-001`: a node is not of the kind that must stand there.
pub const WRONG_KIND: Diagnostic = Diagnostic {
    code: "TL-SCH-001",
    level: Level::Error,
    title: "something else must stand here",
    label: "",
    help: "",
};

/// `TL-SCH-002`: a reference points to nothing.
pub const DANGLING_REF: Diagnostic = Diagnostic {
    code: "TL-SCH-002",
    level: Level::Error,
    title: "the reference points to nothing",
    label: "nothing stands there",
    help: "check the spelling, or define what it points to",
};

/// `TL-SCH-003`: references lead back to themselves without ever saying anything.
pub const REF_CYCLE: Diagnostic = Diagnostic {
    code: "TL-SCH-003",
    level: Level::Error,
    title: "the reference leads back to itself",
    label: "this closes the circle",
    help: "one of the definitions in the circle must say what it is",
};

/// `TL-SCH-004`: a reference to a URL.
pub const REF_ELSEWHERE: Diagnostic = Diagnostic {
    code: "TL-SCH-004",
    level: Level::Warning,
    title: "the reference leads to a URL that no file stands for",
    label: "nothing is fetched from a network",
    help: "`cargo tieline fetch` keeps a copy; or map the URL to one: `urls` in tieline.toml, `map_url` of the generator; what uses this is skipped or kept as raw JSON",
};

/// `TL-SCH-005`: a reference by an anchor that no schema has.
pub const REF_NO_ANCHOR: Diagnostic = Diagnostic {
    code: "TL-SCH-005",
    level: Level::Error,
    title: "no schema has the anchor that the reference names",
    label: "neither a JSON pointer nor a known anchor",
    help: "write it as `#/components/schemas/<name>`, or give the schema that `$anchor`",
};

/// `TL-SCH-006`: a keyword's value is of the wrong kind; the keyword is ignored.
pub const BAD_KEYWORD: Diagnostic = Diagnostic {
    code: "TL-SCH-006",
    level: Level::Warning,
    title: "the keyword is ignored",
    label: "",
    help: "",
};

/// `TL-SCH-007`: an enum constant is not of the schema's type, and is read as if it were.
pub const ENUM_OF_OTHER_TYPE: Diagnostic = Diagnostic {
    code: "TL-SCH-007",
    level: Level::Warning,
    title: "the constant is not of the schema's type",
    label: "read as if it were",
    help: "quote it, or change the type",
};

/// `TL-SCH-008`: inline schemas are nested deeper than types are made for; kept as raw JSON from there.
pub const TOO_DEEP: Diagnostic = Diagnostic {
    code: "TL-SCH-008",
    level: Level::Warning,
    title: "inline schemas are nested too deep",
    label: "kept as raw JSON",
    help: "name the inner schema under `components`, and refer to it",
};

/// `TL-SCH-009`: a discriminator leads to a schema that is no alternative.
pub const BAD_MAPPING: Diagnostic = Diagnostic {
    code: "TL-SCH-009",
    level: Level::Warning,
    title: "the discriminator leads to a schema that is not among the alternatives",
    label: "ignored",
    help: "add it to `oneOf`, or drop it from the mapping",
};

/// `TL-SCH-010`: the types of the document multiply without end.
pub const TOO_MANY: Diagnostic = Diagnostic {
    code: "TL-SCH-010",
    level: Level::Warning,
    title: "the schemas of this document multiply into too many types",
    label: "kept as raw JSON from here",
    help: "refer to schemas by name, in place of repeating them in `allOf` and `oneOf`",
};

/// `TL-SCH-011`: a reference to a file that cannot be read.
pub const REF_UNREADABLE: Diagnostic = Diagnostic {
    code: "TL-SCH-011",
    level: Level::Error,
    title: "the file that the reference leads to cannot be read",
    label: "",
    help: "check the path, which counts from the file that the reference stands in",
};

/// `TL-SCH-012`: a reference in the place of a list of properties.
pub const REF_TO_PROPERTIES: Diagnostic = Diagnostic {
    code: "TL-SCH-012",
    level: Level::Warning,
    title: "a reference stands in the place of a list of properties",
    label: "read as the list that it leads to",
    help: "refer to a whole schema, for instance in `allOf`",
};

/// `TL-SCH-020`: null, or in YAML nothing at all, where something should stand.
pub const BLANK: Diagnostic = Diagnostic {
    code: "TL-SCH-020",
    level: Level::Warning,
    title: "nothing stands here",
    label: "read as if it were empty",
    help: "write what it should say, or remove the key",
};

/// `TL-SCH-030`: a dynamic reference that cannot be resolved.
pub const DYNAMIC_REF: Diagnostic = Diagnostic {
    code: "TL-SCH-030",
    level: Level::Warning,
    title: "the dynamic reference cannot be resolved here",
    label: "any value is taken",
    help: "give a schema that `$dynamicAnchor`, or refer to it with `$ref`; a schema that contains itself cannot bind",
};

/// All of this area.
pub const ALL: &[&Diagnostic] = &[
    &WRONG_KIND,
    &DANGLING_REF,
    &REF_CYCLE,
    &REF_ELSEWHERE,
    &REF_NO_ANCHOR,
    &BAD_KEYWORD,
    &ENUM_OF_OTHER_TYPE,
    &TOO_DEEP,
    &BAD_MAPPING,
    &TOO_MANY,
    &REF_UNREADABLE,
    &REF_TO_PROPERTIES,
    &BLANK,
    &DYNAMIC_REF,
];
