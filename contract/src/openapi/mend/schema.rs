//! Schemas.

use crate::source::{Kind, Node, Object, Span};

use super::super::version::Version;
use super::{Mender, build, diagnostics};

/// Keywords with one schema.
const ONE: [&str; 13] = [
    "items",
    "additionalProperties",
    "not",
    "if",
    "then",
    "else",
    "contains",
    "propertyNames",
    "unevaluatedItems",
    "unevaluatedProperties",
    "contentSchema",
    "additionalItems",
    "schema",
];

/// Keywords with schemas by name.
const NAMED: [&str; 5] = [
    "properties",
    "patternProperties",
    "$defs",
    "definitions",
    "dependentSchemas",
];

/// Keywords with a list of schemas.
const LISTED: [&str; 4] = ["allOf", "oneOf", "anyOf", "prefixItems"];

impl Mender {
    pub(super) fn schema(&mut self, schema: &mut Node) {
        self.shape(schema);
        let Kind::Object(object) = &mut schema.kind else {
            return;
        };
        self.keywords(object);
        for (key, value) in object.values_mut() {
            if ONE.contains(&key) {
                match &mut value.kind {
                    Kind::Array(items) => items.iter_mut().for_each(|one| self.schema(one)),
                    _ => self.schema(value),
                }
            } else if NAMED.contains(&key) {
                self.named(value);
            } else if LISTED.contains(&key)
                && let Kind::Array(items) = &mut value.kind
            {
                for one in items {
                    self.schema(one);
                }
            }
        }
    }

    /// Schemas by name: every name is that of a property, also one that looks like an extension.
    fn named(&mut self, map: &mut Node) {
        let is_reference = map
            .get("$ref")
            .is_some_and(|reference| reference.as_str().is_some());
        let Kind::Object(object) = &mut map.kind else {
            return;
        };
        if !is_reference {
            object.values_mut().for_each(|(_, schema)| self.schema(schema));
        }
    }

    /// Something else in the place of a schema.
    fn shape(&mut self, schema: &mut Node) {
        let span = schema.span;
        let meant = match &schema.kind {
            Kind::String(text) if matches!(&**text, "true" | "false") => return self.truth_of(schema),
            Kind::String(text) if type_name(text).is_some() => {
                build::object(span, vec![build::named("type", schema.clone())])
            }
            Kind::Array(items) => match items.as_slice() {
                [one] if one.as_object().is_some() => one.clone(),
                _ => return,
            },
            _ => return,
        };
        self.wrong_kind(span, format!("a schema is an object, not {}", schema.kind_name()));
        *schema = meant;
    }

    fn truth_of(&mut self, schema: &mut Node) {
        schema.kind = Kind::Bool(schema.as_str() == Some("true"));
        self.wrong_kind(schema.span, "a schema is an object, true or false, not a string");
    }

    fn keywords(&mut self, schema: &mut Object) {
        for keyword in ["nullable", "readOnly", "writeOnly", "deprecated", "uniqueItems"] {
            self.truth(schema, keyword);
        }
        for keyword in [
            "minLength",
            "maxLength",
            "minItems",
            "maxItems",
            "minProperties",
            "maxProperties",
            "minimum",
            "maximum",
            "exclusiveMinimum",
            "exclusiveMaximum",
            "multipleOf",
        ] {
            self.number(schema, keyword);
        }
        let is_schema = |node: &Node| {
            node.as_object()
                .is_some_and(|object| !object.entries().is_empty())
        };
        for keyword in ["allOf", "oneOf", "anyOf"] {
            self.list(schema, keyword, is_schema);
        }
        self.list(schema, "enum", |node| node.scalar_text().is_some());
        self.list(schema, "required", |node| {
            node.as_str()
                .is_some_and(|text| !matches!(text, "true" | "false"))
        });
        self.misplaced_required(schema);
        self.reference(schema);
        self.other_versions(schema);
        self.type_names(schema);
    }

    fn number(&mut self, schema: &mut Object, keyword: &str) {
        let Some(node) = schema.get_mut(keyword) else {
            return;
        };
        let Some(text) = node.as_str().map(str::trim) else {
            return;
        };
        let is_number = serde_json::from_str::<serde_json::Number>(text).is_ok();
        if is_number {
            node.kind = Kind::Number(text.into());
            self.wrong_kind(node.span, format!("`{keyword}` is a number, not a text"));
        }
    }

    /// Draft 3 said at a property that it is required. It is not taken at its word: values that lack it may exist.
    fn misplaced_required(&mut self, schema: &mut Object) {
        let says = |node: &Node| {
            matches!(node.kind, Kind::Bool(_)) || matches!(node.as_str(), Some("true" | "false"))
        };
        if let Some(node) = schema.get("required").filter(|node| says(node)) {
            let span = node.span;
            schema.remove("required");
            let about = "`required` is a list of names at the object, not a flag at the property; ignored";
            self.note(&diagnostics::READ_AS_MEANT, span, about);
        }
    }

    /// The bare name of a component in the place of a reference to it.
    fn reference(&mut self, schema: &mut Object) {
        let Some(node) = schema.get_mut("$ref") else {
            return;
        };
        let Some(text) = node.as_str() else { return };
        if self.components.iter().any(|name| name == text) && !text.contains(['/', '#']) {
            let meant = format!("#/components/schemas/{}", crate::problem::escape_token(text));
            node.kind = Kind::String(meant.into());
            self.wrong_kind(node.span, "a reference is a URI, not the bare name of a schema");
        }
    }

    fn other_versions(&mut self, schema: &Object) {
        let version = self.version;
        let at = |keyword: &str| schema.get(keyword).map(|node| node.span);
        let mut note = |span: Option<Span>, about: &str| {
            if let Some(span) = span {
                self.note(&diagnostics::OTHER_VERSION, span, about);
            }
        };
        match version {
            Version::V3_0 => {
                let list = schema.get("type").filter(|node| node.as_array().is_some());
                note(list.map(|node| node.span), "a list of types is of version 3.1");
                let null = schema.get("type").filter(|node| node.as_str() == Some("null"));
                note(null.map(|node| node.span), "the type `null` is of version 3.1");
                note(at("const"), "`const` is of version 3.1");
                if schema.get("$ref").is_some() {
                    note(
                        at("nullable"),
                        "`nullable` beside `$ref` counts, although 3.0 says that nothing does",
                    );
                }
            }
            Version::V3_1 => note(
                at("nullable"),
                "`nullable` is of version 3.0; from 3.1 on `null` is a type",
            ),
            Version::V2 => note(at("nullable"), "`nullable` is of version 3.0"),
        }
    }

    fn type_names(&mut self, schema: &mut Object) {
        let has_format = schema.get("format").is_some();
        let Some(node) = schema.get_mut("type") else {
            return;
        };
        let span = node.span;
        let Some(text) = node.as_str().map(str::to_owned) else {
            if let Kind::Array(items) = &mut node.kind {
                for item in items {
                    self.type_name_in_list(item);
                }
            }
            return;
        };
        if IN_EVERY_VERSION.contains(&&*text) || text == "null" {
            return;
        }
        if text == "file" {
            if self.version != Version::V2 {
                self.note(
                    &diagnostics::OTHER_VERSION,
                    span,
                    "the type `file` is of version 2.0",
                );
                node.kind = Kind::String("string".into());
                if !has_format {
                    schema.add(build::named("format", build::text(span, "binary")));
                }
            }
            return;
        }
        let several: Vec<&str> = text.split([',', '|']).map(str::trim).collect();
        if several.len() > 1 && several.iter().all(|name| type_name(name).is_some()) {
            let names = several
                .iter()
                .filter_map(|name| Some(build::text(span, type_name(name)?.0)));
            node.kind = Kind::Array(names.collect());
            self.wrong_kind(span, "several types are a list, not one text");
            return;
        }
        let Some((name, format)) = type_name(&text) else {
            return;
        };
        node.kind = Kind::String(name.into());
        if let Some(format) = format.filter(|_| !has_format) {
            schema.add(build::named("format", build::text(span, format)));
        }
        self.note(
            &diagnostics::READ_AS_MEANT,
            span,
            format!("the type `{text}` is called `{name}`"),
        );
    }

    fn type_name_in_list(&mut self, item: &mut Node) {
        let text = item.as_str().unwrap_or_default().to_owned();
        if IN_EVERY_VERSION.contains(&&*text) || text == "null" {
            return;
        }
        if let Some((name, _)) = type_name(&text) {
            item.kind = Kind::String(name.into());
            let about = format!("the type `{text}` is called `{name}`");
            self.note(&diagnostics::READ_AS_MEANT, item.span, about);
        }
    }
}

const IN_EVERY_VERSION: [&str; 7] = ["string", "number", "integer", "boolean", "array", "object", "any"];

/// What a name that is no type clearly means: a type, and a format where it says more.
fn type_name(text: &str) -> Option<(&'static str, Option<&'static str>)> {
    Some(match text.to_ascii_lowercase().as_str() {
        "string" | "str" => ("string", None),
        "integer" | "int" => ("integer", None),
        "int32" => ("integer", Some("int32")),
        "int64" | "long" => ("integer", Some("int64")),
        "number" | "numeric" => ("number", None),
        "float" => ("number", Some("float")),
        "double" => ("number", Some("double")),
        "boolean" | "bool" => ("boolean", None),
        "array" | "list" => ("array", None),
        "object" | "dict" | "map" | "hash" => ("object", None),
        "null" | "nil" | "none" => ("null", None),
        "date" => ("string", Some("date")),
        "date-time" | "datetime" => ("string", Some("date-time")),
        "uuid" | "guid" => ("string", Some("uuid")),
        "uri" | "url" => ("string", Some("uri")),
        "email" => ("string", Some("email")),
        "binary" | "file" => ("string", Some("binary")),
        "byte" => ("string", Some("byte")),
        _ => return None,
    })
}
