//! Paths, operations, parameters, bodies and responses.

use crate::source::{Entry, Kind, Node, Object};

use super::super::swagger;
use super::{Mender, build, diagnostics};

/// The methods of a path item.
pub(super) const METHODS: [&str; 9] = [
    "get", "put", "post", "delete", "options", "head", "patch", "trace", "query",
];

impl Mender {
    pub(super) fn paths(&mut self, paths: &mut Node) {
        if let Kind::Object(object) = &mut paths.kind {
            self.keys(object, |key| {
                let is_path =
                    key.starts_with('/') || key.starts_with("x-") || key == "$ref" || key.is_empty();
                (!is_path && !key.contains(':')).then(|| {
                    let about = format!("the path `{key}` starts with a slash");
                    (format!("/{key}"), about)
                })
            });
        }
        self.each(paths, Self::path_item);
    }

    /// Gives keys their right spelling, unless it stands there, too.
    fn keys(&mut self, object: &mut Object, spelling: impl Fn(&str) -> Option<(String, String)>) {
        let known = |object: &Object, key: &str| object.get(key).is_some();
        let meant = |entry: &Entry| spelling(&entry.key).filter(|(key, _)| !known(object, key));
        if !object.entries().iter().any(|entry| meant(entry).is_some()) {
            return;
        }
        let mut noted = Vec::new();
        let entries = object.entries().iter().map(|entry| match meant(entry) {
            Some((key, about)) => {
                noted.push((entry.key_span, about));
                Entry {
                    key: key.into(),
                    ..entry.clone()
                }
            }
            None => entry.clone(),
        });
        *object = Object::from_entries(entries.collect());
        for (span, about) in noted {
            self.note(&diagnostics::READ_AS_MEANT, span, about);
        }
    }

    pub(super) fn path_item(&mut self, item: &mut Node) {
        let Kind::Object(object) = &mut item.kind else {
            return;
        };
        self.keys(object, |key| {
            let lower = key.to_ascii_lowercase();
            let is_method = lower != key && METHODS.contains(&&*lower);
            is_method.then(|| {
                let about = format!("the method `{key}` is written in lower case");
                (lower, about)
            })
        });
        self.list(object, "servers", |node| node.get("url").is_some());
        self.parameters(object);
        for (key, value) in object.values_mut() {
            match key {
                "additionalOperations" => self.each(value, Self::operation),
                method if METHODS.contains(&method) => self.operation(value),
                _ => {}
            }
        }
    }

    pub(super) fn operation(&mut self, operation: &mut Node) {
        let Kind::Object(object) = &mut operation.kind else {
            return;
        };
        self.truth(object, "deprecated");
        self.list(object, "tags", |node| node.as_str().is_some());
        self.list(object, "security", |node| node.as_object().is_some());
        self.list(object, "servers", |node| node.get("url").is_some());
        self.parameters(object);
        self.bodies_among_parameters(object);
        if let Some(responses) = object.get_mut("responses")
            && responses.as_array().is_some_and(<[Node]>::is_empty)
        {
            let what = responses.kind_name();
            *responses = build::object(responses.span, Vec::new());
            self.wrong_kind(responses.span, format!("`responses` is an object, not {what}"));
        }
        for (key, value) in object.values_mut() {
            match key {
                "requestBody" => self.request_body(value),
                "responses" => self.each(value, Self::response),
                "callbacks" => self.each(value, |mender, callback| mender.each(callback, Self::path_item)),
                _ => {}
            }
        }
    }

    fn parameters(&mut self, owner: &mut Object) {
        let is_parameter = |node: &Node| node.get("in").is_some() || node.get("$ref").is_some();
        self.list(owner, "parameters", is_parameter);
        match owner.get_mut("parameters").map(|node| &mut node.kind) {
            Some(Kind::Array(items)) => items.iter_mut().for_each(|one| self.parameter(one)),
            // By name.
            Some(Kind::Object(object)) => {
                let values = object.entries().iter().map(|entry| entry.value.clone()).collect();
                self.by_name(owner, values);
            }
            _ => {}
        }
    }

    fn by_name(&mut self, owner: &mut Object, values: Vec<Node>) {
        if let Some(node) = owner.get_mut("parameters") {
            let what = node.kind_name();
            self.wrong_kind(node.span, format!("`parameters` is a list, not {what}"));
            *node = build::list(node.span, values);
        }
    }

    /// `in: body` and `in: formData` are 2.0's way to say what the body is.
    fn bodies_among_parameters(&mut self, operation: &mut Object) {
        let is_body = |one: &Node| matches!(one.get("in").and_then(Node::as_str), Some("body" | "formData"));
        let Some(Kind::Array(items)) = operation.get_mut("parameters").map(|node| &mut node.kind) else {
            return;
        };
        if !items.iter().any(is_body) {
            return;
        }
        let (bodies, kept): (Vec<Node>, Vec<Node>) = items.drain(..).partition(is_body);
        *items = kept;
        for body in &bodies {
            let about =
                "`in: body` and `in: formData` are of version 2.0; from 3.0 on there is `requestBody`";
            self.note(
                &diagnostics::OTHER_VERSION,
                body.get("in").unwrap_or(body).span,
                about,
            );
        }
        if operation.get("requestBody").is_none()
            && let Some(body) = swagger::request_body(&bodies.iter().collect::<Vec<_>>())
        {
            operation.add(build::named("requestBody", body));
        }
    }

    pub(super) fn parameter(&mut self, parameter: &mut Node) {
        let Kind::Object(object) = &mut parameter.kind else {
            return;
        };
        for keyword in [
            "required",
            "explode",
            "deprecated",
            "allowReserved",
            "allowEmptyValue",
        ] {
            self.truth(object, keyword);
        }
        let place = object.get("in").and_then(Node::as_str);
        if let Some(lower) = place
            .map(str::to_ascii_lowercase)
            .filter(|lower| Some(&**lower) != place)
            && matches!(&*lower, "path" | "query" | "header" | "cookie")
            && let Some(node) = object.get_mut("in")
        {
            node.kind = Kind::String(lower.into());
            self.wrong_kind(node.span, "`in` is written in lower case");
        }
        if matches!(object.get("in").and_then(Node::as_str), Some("body" | "formData")) {
            return self.described(parameter);
        }
        if self.describes_itself(object) {
            *parameter = swagger::upgraded_parameter(parameter);
        }
        self.content_of(parameter);
        self.described(parameter);
    }

    pub(super) fn header(&mut self, header: &mut Node) {
        let Kind::Object(object) = &mut header.kind else {
            return;
        };
        self.truth(object, "required");
        if self.describes_itself(object) {
            let schema = swagger::schema_of(header);
            if let Kind::Object(object) = &mut header.kind {
                object.add(build::named("schema", schema));
            }
        }
        self.content_of(header);
        self.described(header);
    }

    /// Whether a parameter or header says itself what 3.0 lets its schema say.
    fn describes_itself(&mut self, object: &Object) -> bool {
        if object.get("schema").is_some() || object.get("content").is_some() || object.get("$ref").is_some() {
            return false;
        }
        let Some(kind) = object.get("type").filter(|kind| kind.as_str().is_some()) else {
            return false;
        };
        let about = "`type` beside `in` is of version 2.0; from 3.0 on it stands in `schema`";
        self.note(&diagnostics::OTHER_VERSION, kind.span, about);
        true
    }

    pub(super) fn request_body(&mut self, body: &mut Node) {
        if let Kind::Object(object) = &mut body.kind {
            self.truth(object, "required");
        }
        self.described_by_schema(body);
        self.content_of(body);
    }

    pub(super) fn response(&mut self, response: &mut Node) {
        if let Some(text) = response.as_str() {
            let described = build::named("description", build::text(response.span, text));
            *response = build::object(response.span, vec![described]);
            self.wrong_kind(response.span, "a response is an object, not a string");
        }
        self.described_by_schema(response);
        self.content_of(response);
        let Kind::Object(object) = &mut response.kind else {
            return;
        };
        if let Some(headers) = object.get_mut("headers") {
            self.each(headers, Self::header);
        }
    }

    /// `schema` where `content` should be is JSON.
    fn described_by_schema(&mut self, owner: &mut Node) {
        let Kind::Object(object) = &mut owner.kind else {
            return;
        };
        if object.get("content").is_some() {
            return;
        }
        if let Some(schema) = object.remove("schema") {
            let about = "`schema` without `content` is of version 2.0; read as `application/json`";
            self.note(&diagnostics::OTHER_VERSION, schema.key_span, about);
            let span = schema.value.span;
            let media = build::object(span, vec![schema]);
            let content = build::object(span, vec![build::named("application/json", media)]);
            object.add(build::named("content", content));
        }
    }

    pub(super) fn content_of(&mut self, owner: &mut Node) {
        let Kind::Object(object) = &mut owner.kind else {
            return;
        };
        if let Some(content) = object.get_mut("content") {
            self.each(content, Self::media);
        }
    }

    /// 3.2 lets media types be referred to: what the reference leads to takes its place.
    fn named_media(&mut self, media: &mut Node) {
        let target = |mender: &Self, media: &Node| {
            let name = media
                .get("$ref")?
                .as_str()?
                .strip_prefix("#/components/mediaTypes/")?;
            let name = name.replace("~1", "/").replace("~0", "~");
            let found = mender.media_types.iter().find(|(known, _)| *known == name);
            found.map(|(_, node)| node.clone())
        };
        // A reference to a reference, but not in a circle.
        for _ in 0..=self.media_types.len() {
            match target(self, media) {
                Some(found) => *media = found,
                None => break,
            }
        }
        if let Some(reference) = media.get("$ref").filter(|reference| !names_schema(reference)) {
            let about = format!("`{}`", reference.as_str().unwrap_or_default());
            self.note(&diagnostics::MEDIA_REF, reference.span, about);
        }
    }

    /// A media type object.
    pub(super) fn media(&mut self, media: &mut Node) {
        self.named_media(media);
        self.described(media);
    }

    /// Whatever has a schema.
    fn described(&mut self, media: &mut Node) {
        let Kind::Object(object) = &mut media.kind else {
            return;
        };
        if object.get("schema").is_none() && object.get("$ref").is_some_and(names_schema) {
            self.wrong_kind(media.span, "a media type has its schema under `schema`");
            *media = build::object(media.span, vec![build::named("schema", media.clone())]);
        }
        let Kind::Object(object) = &mut media.kind else {
            return;
        };
        for keyword in ["schema", "itemSchema"] {
            if let Some(schema) = object.get_mut(keyword) {
                self.schema(schema);
            }
        }
        if let Some(Kind::Object(encoding)) = object.get_mut("encoding").map(|node| &mut node.kind) {
            for (_, one) in encoding.values_mut() {
                let Kind::Object(one) = &mut one.kind else {
                    continue;
                };
                self.truth(one, "explode");
                if let Some(headers) = one.get_mut("headers") {
                    self.each(headers, Self::header);
                }
            }
        }
    }
}

fn names_schema(reference: &Node) -> bool {
    let text = reference.as_str().unwrap_or_default();
    text.contains("/schemas/") || text.contains("/definitions/")
}
