//! `google.api.http`: the HTTP routes of a method.
//!
//! A rule that cannot work (a template that is none, a field that does not exist) is told of and left out; the method
//! and its other routes stay. The grammar is that of `google/api/http.proto`:
//!
//! ```text
//! Template = "/" Segments [ ":" LITERAL ]        Segments = Segment { "/" Segment }
//! Segment  = "*" | "**" | LITERAL | Variable     Variable = "{" FieldPath [ "=" Segments ] "}"
//! ```

use prost_reflect::{DynamicMessage, Kind, MessageDescriptor, MethodDescriptor, Value};

use super::{Context, field};
use crate::model::HttpRule;
use crate::proto::diagnose;

impl Context<'_> {
    /// The method's rule and its additional bindings.
    pub(super) fn http_rules(&mut self, method: &MethodDescriptor) -> Vec<HttpRule> {
        let Some(first) = self.options.http(method) else {
            return Vec::new();
        };
        let more = messages(&first, "additional_bindings");
        let nested = more
            .iter()
            .any(|rule| !messages(rule, "additional_bindings").is_empty());
        let read = [first]
            .iter()
            .chain(&more)
            .map(|rule| read(rule, method))
            .collect::<Vec<_>>();
        let complaints = read.iter().filter_map(|rule| rule.as_ref().err().cloned());
        let nesting = nested.then(|| "additional bindings must not nest".to_owned());
        for complaint in complaints.chain(nesting) {
            let place = self.located(&method.parent_file(), method.path(), method.full_name());
            self.problems
                .push(diagnose::http_rule(method.full_name(), &complaint, place));
        }
        read.into_iter().flatten().collect()
    }
}

/// One rule, or what is wrong with it.
fn read(rule: &DynamicMessage, method: &MethodDescriptor) -> Result<HttpRule, String> {
    let (verb, template) = pattern(rule).ok_or("it names no HTTP method")?;
    if verb.is_empty() {
        return Err("its custom pattern names no HTTP method".to_owned());
    }
    check_template(&template, &method.input())?;
    let (body, response_body) = (text(rule, "body"), text(rule, "response_body"));
    if body != "*" {
        check_body(&body, &method.input())?;
    }
    check_body(&response_body, &method.output())?;
    Ok(HttpRule {
        method: verb,
        template,
        body,
        response_body,
    })
}

/// HTTP method and template.
fn pattern(rule: &DynamicMessage) -> Option<(String, String)> {
    let standard = ["get", "put", "post", "delete", "patch"];
    if let Some(verb) = standard.into_iter().find(|verb| rule.has_field_by_name(verb)) {
        return Some((verb.to_ascii_uppercase(), text(rule, verb)));
    }
    let custom = rule
        .get_field_by_name("custom")
        .filter(|_| rule.has_field_by_name("custom"))?;
    let custom = custom.as_message()?;
    Some((text(custom, "kind"), text(custom, "path")))
}

fn text(message: &DynamicMessage, field: &str) -> String {
    let value = message.get_field_by_name(field);
    value
        .and_then(|value| value.as_str().map(str::to_owned))
        .unwrap_or_default()
}

fn messages(message: &DynamicMessage, field: &str) -> Vec<DynamicMessage> {
    let value = message.get_field_by_name(field);
    let items = value
        .as_ref()
        .and_then(|value| value.as_list())
        .unwrap_or_default();
    items.iter().filter_map(Value::as_message).cloned().collect()
}

fn check_body(name: &str, message: &MessageDescriptor) -> Result<(), String> {
    if name.is_empty() || message.get_field_by_name(name).is_some() {
        return Ok(());
    }
    Err(format!("`{}` has no field `{name}`", message.full_name()))
}

fn check_template(template: &str, input: &MessageDescriptor) -> Result<(), String> {
    let wrong = |what: &str| format!("its template `{template}` {what}");
    let mut rest = template
        .strip_prefix('/')
        .ok_or_else(|| wrong("does not start with `/`"))?;
    if let Some((path, verb)) = rest
        .rsplit_once(':')
        .filter(|(_, verb)| !verb.contains(['/', '}']))
    {
        if verb.is_empty() {
            return Err(wrong("ends with an empty verb"));
        }
        rest = path;
    }
    for segment in segments(rest).ok_or_else(|| wrong("has braces that do not match"))? {
        match segment
            .strip_prefix('{')
            .and_then(|inner| inner.strip_suffix('}'))
        {
            Some(variable) => check_variable(variable, input)?,
            None if segment.is_empty() => return Err(wrong("has an empty segment")),
            None if segment.contains(['{', '}']) => {
                return Err(wrong("mixes text and variables in a segment"));
            }
            None => {}
        }
    }
    Ok(())
}

/// A path's segments; a variable is one, whatever it captures. `None` when braces do not match or nest.
fn segments(path: &str) -> Option<Vec<&str>> {
    let mut segments = Vec::new();
    let (mut start, mut inside) = (0, false);
    for (index, character) in path.char_indices() {
        match character {
            '{' | '}' if inside == (character == '{') => return None,
            '{' | '}' => inside = !inside,
            '/' if !inside => {
                segments.push(&path[start..index]);
                start = index + 1;
            }
            _ => {}
        }
    }
    segments.push(&path[start..]);
    (!inside).then_some(segments)
}

/// A variable must lead, through single messages, to one scalar.
fn check_variable(variable: &str, input: &MessageDescriptor) -> Result<(), String> {
    let (path, captured) = variable.split_once('=').unwrap_or((variable, "*"));
    if captured.split('/').any(str::is_empty) {
        return Err(format!("its variable `{{{variable}}}` has an empty segment"));
    }
    let mut message = Some(input.clone());
    for name in path.split('.') {
        let holder = message
            .take()
            .ok_or_else(|| format!("`{path}` looks into a field that is no message"))?;
        let found = holder.get_field_by_name(name);
        let found = found.ok_or_else(|| format!("`{}` has no field `{name}`", holder.full_name()))?;
        if found.is_list() || found.is_map() {
            return Err(format!("`{path}` is repeated and cannot stand in a path"));
        }
        message = match found.kind() {
            Kind::Message(inner) if field::well_known(inner.full_name()).is_none() => Some(inner),
            _ => None,
        };
    }
    match message {
        Some(_) => Err(format!("`{path}` is a message and cannot stand in a path")),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_variable_is_one_segment() {
        let found = segments("v1/{name=shelves/*/books/*}/x");
        assert_eq!(found, Some(vec!["v1", "{name=shelves/*/books/*}", "x"]));
    }

    #[test]
    fn braces_must_match_and_not_nest() {
        for path in ["v1/{name", "v1/name}", "v1/{a={b}}"] {
            assert_eq!(segments(path), None, "{path}");
        }
    }
}
