//! Runtime expressions (OpenAPI, "Runtime Expressions").

use serde_json::Value;

use crate::model::{Expression, LinkValue, TemplateRun};

/// What a value of a link says. `None`: an expression that is not one of the specification's.
pub(super) fn value(json: Value) -> Option<LinkValue> {
    let Value::String(text) = &json else {
        return Some(LinkValue::Constant(json));
    };
    if text.contains("{$") {
        return template(text).map(LinkValue::Template);
    }
    let starts_expression = |rest: &str| rest.starts_with(|first: char| first.is_ascii_alphabetic());
    match text.strip_prefix('$').filter(|rest| starts_expression(rest)) {
        Some(_) => expression(text).map(LinkValue::Expression),
        None => Some(LinkValue::Constant(json)),
    }
}

fn template(text: &str) -> Option<Vec<TemplateRun>> {
    let mut runs = Vec::new();
    let mut rest = text;
    while let Some((before, behind)) = rest.split_once("{$") {
        let (name, after) = behind.split_once('}')?;
        if !before.is_empty() {
            runs.push(TemplateRun::Literal(before.to_owned()));
        }
        runs.push(TemplateRun::Expression(expression(&format!("${name}"))?));
        rest = after;
    }
    if !rest.is_empty() {
        runs.push(TemplateRun::Literal(rest.to_owned()));
    }
    Some(runs)
}

/// An expression. Of a reply only headers and body can be asked for.
fn expression(text: &str) -> Option<Expression> {
    let name = |name: &str| (!name.is_empty()).then(|| name.to_owned());
    match text {
        "$url" => return Some(Expression::Url),
        "$method" => return Some(Expression::Method),
        "$statusCode" => return Some(Expression::StatusCode),
        _ => {}
    }
    if let Some(source) = text.strip_prefix("$request.") {
        return match source.split_once('.') {
            Some(("path", rest)) => name(rest).map(Expression::RequestPath),
            Some(("query", rest)) => name(rest).map(Expression::RequestQuery),
            Some(("header", rest)) => name(rest).map(Expression::RequestHeader),
            _ => body(source).map(Expression::RequestBody),
        };
    }
    let source = text.strip_prefix("$response.")?;
    match source.split_once('.') {
        Some(("header", rest)) => name(rest).map(Expression::ResponseHeader),
        _ => body(source).map(Expression::ResponseBody),
    }
}

/// `body`, `body#/id`: the JSON pointer.
fn body(source: &str) -> Option<String> {
    let rest = source.strip_prefix("body")?;
    let pointer = match rest {
        "" => "",
        _ => rest.strip_prefix('#')?,
    };
    (pointer.is_empty() || pointer.starts_with('/')).then(|| pointer.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_expression_of_the_specification_is_one_and_is_written_as_it_was() {
        for text in [
            "$url",
            "$method",
            "$statusCode",
            "$request.path.id",
            "$request.query.a.b",
            "$request.header.X-Next",
            "$request.body",
            "$request.body#/user/uuid",
            "$response.body#/a~1b.c/0",
            "$response.header.Location",
        ] {
            let Some(LinkValue::Expression(found)) = value(text.into()) else {
                panic!("{text}");
            };
            assert_eq!(found.to_string(), text);
        }
    }

    #[test]
    fn what_is_no_expression_of_the_specification_is_none() {
        for text in [
            "$response.body.id",
            "$response.path.id",
            "$response.query.id",
            "$request.cookie.id",
            "$request.path.",
            "$inputs.id",
            "$statuscode",
            "id-{$nothing}",
            "id-{$url",
        ] {
            assert_eq!(value(text.into()), None, "{text}");
        }
    }

    #[test]
    fn other_values_are_constants() {
        for json in [
            serde_json::json!("latest"),
            serde_json::json!("$5"),
            serde_json::json!("{id}"),
            serde_json::json!(7),
            serde_json::json!({ "a": null }),
        ] {
            assert_eq!(value(json.clone()), Some(LinkValue::Constant(json)));
        }
    }

    #[test]
    fn expressions_stand_in_texts() {
        let Some(LinkValue::Template(runs)) = value("/a/{$response.body#/id}-{$method}!".into()) else {
            panic!("no template");
        };
        let written: Vec<String> = runs.iter().map(ToString::to_string).collect();
        assert_eq!(written, ["/a/", "{$response.body#/id}", "-", "{$method}", "!"]);
    }
}
