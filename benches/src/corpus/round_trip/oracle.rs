//! What the `jsonschema` crate says of a value, the document's schemas brought to 2020-12.

use std::cell::RefCell;
use std::rc::Rc;

use jsonschema::{Draft, Validator};
use serde_json::{Map, Value, json};

/// The verdicts on values of a document's component schemas.
pub(crate) struct Oracle {
    schemas: Map<String, Value>,
    /// The validators of the schema asked for last, without and with formats: values come by schema, and validators are
    /// large.
    last: RefCell<Option<(String, Verdicts)>>,
}

/// `None`: the oracle does not understand the schema.
#[derive(Clone)]
struct Verdicts {
    lax: Option<Rc<Validator>>,
    strict: Option<Rc<Validator>>,
}

impl Oracle {
    pub(crate) fn of(root: &Value) -> Self {
        let is_old = root.get("swagger").is_some()
            || root["openapi"]
                .as_str()
                .is_some_and(|version| version.starts_with("3.0"));
        let schemas = root.get("definitions").unwrap_or(&root["components"]["schemas"]);
        let schemas = schemas.as_object().cloned().unwrap_or_default();
        let convert = |(name, schema): (String, Value)| {
            let mut schema = if is_old { upgraded(&schema) } else { schema };
            redirect(&mut schema);
            (name, schema)
        };
        Self {
            schemas: schemas.into_iter().map(convert).collect(),
            last: RefCell::default(),
        }
    }

    /// The component schemas, brought to 2020-12.
    pub(crate) fn schemas(&self) -> &Map<String, Value> {
        &self.schemas
    }

    /// Whether a value is valid, formats aside. `None`: the oracle does not understand the schema.
    pub(super) fn is_valid(&self, name: &str, value: &Value) -> Option<bool> {
        let validator = self.verdicts(name).lax?;
        Some(validator.is_valid(value))
    }

    /// Whether a value is valid, formats asserted.
    pub(crate) fn is_strictly_valid(&self, name: &str, value: &Value) -> Option<bool> {
        let validator = self.verdicts(name).strict?;
        Some(validator.is_valid(value))
    }

    fn verdicts(&self, name: &str) -> Verdicts {
        if let Some((last, verdicts)) = &*self.last.borrow()
            && last == name
        {
            return verdicts.clone();
        }
        let pointer = name.replace('~', "~0").replace('/', "~1").replace(' ', "%20");
        let schema = json!({
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "components": { "schemas": self.reached(name) },
            "$ref": format!("#/components/schemas/{pointer}"),
        });
        let build = |formats| {
            let options = jsonschema::options()
                .with_draft(Draft::Draft202012)
                .with_format("decimal", is_decimal)
                .should_validate_formats(formats)
                .build(&schema);
            options.ok().map(Rc::new)
        };
        let verdicts = Verdicts {
            lax: build(false),
            strict: build(true),
        };
        *self.last.borrow_mut() = Some((name.to_owned(), verdicts.clone()));
        verdicts
    }

    /// The schemas that one leads to.
    fn reached(&self, name: &str) -> Map<String, Value> {
        let mut reached = Map::new();
        let mut open = vec![name.to_owned()];
        while let Some(name) = open.pop() {
            if let Some(schema) = self.schemas.get(&name).filter(|_| !reached.contains_key(&name)) {
                references(schema, &mut open);
                reached.insert(name, schema.clone());
            }
        }
        reached
    }
}

/// The components that a schema refers to.
fn references(schema: &Value, found: &mut Vec<String>) {
    match schema {
        Value::Object(object) => {
            let name = object.get("$ref").and_then(Value::as_str).and_then(|reference| {
                let rest = reference.strip_prefix("#/components/schemas/")?;
                Some(
                    rest.split('/')
                        .next()?
                        .replace("~1", "/")
                        .replace("~0", "~")
                        .replace("%20", " "),
                )
            });
            found.extend(name);
            object.values().for_each(|value| references(value, found));
        }
        Value::Array(items) => items.iter().for_each(|value| references(value, found)),
        _ => {}
    }
}

/// Base64 in either alphabet, padded or not.
const BASE64: &str = "^[A-Za-z0-9+/_-]*={0,2}$";

/// A number in digits, as text.
fn is_decimal(text: &str) -> bool {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|octet| octet.is_ascii_digit());
    let (number, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
    let number = number.strip_prefix('-').unwrap_or(number);
    let (whole, fraction) = number.split_once('.').unwrap_or((number, "0"));
    digits(whole) && digits(fraction) && digits(exponent.strip_prefix(['+', '-']).unwrap_or(exponent))
}

/// References of 2.0 lead to where the schemas stand here.
fn redirect(schema: &mut Value) {
    match schema {
        Value::Object(object) => {
            if let Some(Value::String(reference)) = object.get_mut("$ref")
                && let Some(rest) = reference.strip_prefix("#/definitions/")
            {
                *reference = format!("#/components/schemas/{rest}");
            }
            let lists = object
                .get("properties")
                .is_some_and(|all| all.as_object().is_some_and(|all| !all.is_empty()));
            if lists && !object.contains_key("type") {
                object.insert("type".to_owned(), json!("object"));
            }
            if object.contains_key("items") && !object.contains_key("type") {
                object.insert("type".to_owned(), json!("array"));
            }
            if object.get("format") == Some(&json!("binary")) && !object.contains_key("type") {
                object.insert("type".to_owned(), json!("string"));
            }
            // An annotation for JSON Schema; for us it says what the type is.
            let base64 = object.get("format") == Some(&json!("byte"))
                || object
                    .get("contentEncoding")
                    .and_then(Value::as_str)
                    .is_some_and(|name| name.starts_with("base64"));
            if base64 && !object.contains_key("pattern") {
                object.insert("pattern".to_owned(), json!(BASE64));
            }
            object.values_mut().for_each(redirect);
        }
        Value::Array(items) => items.iter_mut().for_each(redirect),
        _ => {}
    }
}

/// A schema of 3.0 (or 2.0) as one of 2020-12.
fn upgraded(schema: &Value) -> Value {
    let Value::Object(old) = schema else {
        return schema.clone();
    };
    if let Some(reference) = old.get("$ref") {
        return json!({ "$ref": reference });
    }
    let says = |keyword: &str| old.get(keyword) == Some(&Value::Bool(true));
    let nullable = says("nullable") || says("x-nullable");
    let mut new = Map::new();
    for (key, value) in old {
        let value = match key.as_str() {
            "properties" | "patternProperties" => map(value),
            "items" | "additionalProperties" | "not" => upgraded(value),
            "allOf" | "oneOf" | "anyOf" => list(value),
            "exclusiveMinimum" | "exclusiveMaximum" if value.is_boolean() => continue,
            "minimum" if says("exclusiveMinimum") => {
                new.insert("exclusiveMinimum".to_owned(), value.clone());
                continue;
            }
            "maximum" if says("exclusiveMaximum") => {
                new.insert("exclusiveMaximum".to_owned(), value.clone());
                continue;
            }
            "type" if value == "file" || value == "any" => continue,
            "type" if nullable => json!([value, "null"]),
            "enum" if nullable => {
                let mut constants = value.as_array().cloned().unwrap_or_default();
                constants.push(Value::Null);
                Value::Array(constants)
            }
            // Draft 3 wrote it at the property.
            "required" if !value.is_array() => continue,
            "example" | "examples" | "discriminator" | "xml" | "nullable" | "externalDocs" => continue,
            _ => value.clone(),
        };
        new.insert(key.clone(), value);
    }
    // Beside `allOf` and the like there is no type to add null to.
    if nullable && !old.contains_key("type") && !old.contains_key("enum") {
        return json!({ "anyOf": [new, { "type": "null" }] });
    }
    Value::Object(new)
}

fn map(value: &Value) -> Value {
    let entries = value.as_object().into_iter().flatten();
    Value::Object(
        entries
            .map(|(key, schema)| (key.clone(), upgraded(schema)))
            .collect(),
    )
}

fn list(value: &Value) -> Value {
    value.as_array().into_iter().flatten().map(upgraded).collect()
}
