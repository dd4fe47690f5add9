//! Which object is what, by where it stands.

use crate::source::{Entry, Kind, Node, Object};

use super::Mender;
use super::paths::METHODS;

impl Mender {
    /// The root of a file: a document, or a part of one.
    pub(super) fn document(&mut self, root: &mut Node) {
        let Kind::Object(object) = &mut root.kind else {
            return;
        };
        let has = |key: &str| object.get(key).is_some();
        self.media_types = media_types(object);
        if has("openapi") || has("swagger") || has("components") || has("paths") {
            self.root(object);
        } else {
            self.fragment(root);
        }
    }

    fn root(&mut self, root: &mut Object) {
        self.list(root, "servers", |node| node.get("url").is_some());
        self.list(root, "security", |node| node.as_object().is_some());
        for (key, value) in root.values_mut() {
            match key {
                "paths" => self.paths(value),
                "webhooks" | "x-webhooks" => self.each(value, Self::path_item),
                "components" => self.components(value),
                // 2.0, upgraded, keeps them for what refers there.
                "parameters" => self.each(value, Self::parameter),
                "responses" => self.each(value, Self::response),
                _ => {}
            }
        }
    }

    fn components(&mut self, components: &mut Node) {
        let Kind::Object(object) = &mut components.kind else {
            return;
        };
        for (key, value) in object.values_mut() {
            match key {
                "schemas" => self.each(value, Self::schema),
                "parameters" => self.each(value, Self::parameter),
                "headers" => self.each(value, Self::header),
                "responses" => self.each(value, Self::response),
                "requestBodies" => self.each(value, Self::request_body),
                "mediaTypes" => self.each(value, Self::media),
                "pathItems" => self.each(value, Self::path_item),
                "callbacks" => self.each(value, |mender, callback| mender.each(callback, Self::path_item)),
                _ => {}
            }
        }
    }

    /// A file that references lead to: what it is, is told by what it has.
    fn fragment(&mut self, node: &mut Node) {
        let Kind::Object(object) = &mut node.kind else {
            return;
        };
        let has = |key: &str| object.get(key).is_some();
        if has("in") && has("name") {
            return self.parameter(node);
        }
        if METHODS
            .iter()
            .any(|method| object.get(method).is_some_and(|one| one.as_object().is_some()))
        {
            return self.path_item(node);
        }
        let is_status = |entry: &Entry| {
            &*entry.key == "default" || entry.key.starts_with(|first: char| first.is_ascii_digit())
        };
        let responses = object.get("responses").and_then(Node::as_object);
        if responses.is_some_and(|responses| responses.entries().iter().any(is_status)) {
            return self.operation(node);
        }
        if has("content") {
            return self.content_of(node);
        }
        let is_schema = [
            "properties",
            "allOf",
            "oneOf",
            "anyOf",
            "items",
            "enum",
            "additionalProperties",
        ];
        if is_schema.iter().any(|key| has(key))
            || object.get("type").is_some_and(|one| one.as_str().is_some())
        {
            return self.schema(node);
        }
        // A list of such by name, as `definitions` in a file of its own.
        for (key, value) in object.values_mut() {
            if !key.starts_with("x-") {
                self.fragment(value);
            }
        }
    }

    /// Mends every value of a map, extensions apart.
    pub(super) fn each(&mut self, map: &mut Node, mend: impl Fn(&mut Self, &mut Node)) {
        let Kind::Object(object) = &mut map.kind else {
            return;
        };
        for (key, value) in object.values_mut() {
            if !key.starts_with("x-") {
                mend(self, value);
            }
        }
    }
}

/// `components.mediaTypes` of a file.
fn media_types(root: &Object) -> Vec<(String, Node)> {
    let named = root
        .get("components")
        .and_then(|components| components.get("mediaTypes"));
    let entries = named
        .and_then(Node::as_object)
        .map(Object::entries)
        .unwrap_or_default();
    let entries = entries
        .iter()
        .map(|entry| (entry.key.to_string(), entry.value.clone()));
    entries.collect()
}
