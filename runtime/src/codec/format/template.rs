//! RFC 6570: URI templates.

use super::uri;

pub(super) fn is_template(text: &str) -> bool {
    let mut rest = text;
    while let Some((literal, more)) = rest.split_once('{') {
        let Some((expression, after)) = more.split_once('}') else {
            return false;
        };
        if !is_literal(literal) || !is_expression(expression) {
            return false;
        }
        rest = after;
    }
    is_literal(rest)
}

fn is_literal(text: &str) -> bool {
    let excluded =
        |c: char| c.is_control() || matches!(c, ' ' | '"' | '<' | '>' | '\\' | '^' | '`' | '{' | '|' | '}');
    uri::is_encoded(text) && !text.contains(excluded)
}

/// An operator, and variables.
fn is_expression(text: &str) -> bool {
    let operators = ['+', '#', '.', '/', ';', '?', '&', '=', ',', '!', '@', '|'];
    let variables = text.strip_prefix(operators).unwrap_or(text);
    variables.split(',').all(is_variable)
}

/// A name, and how much of it: `*`, or `:` and up to 9999 characters.
fn is_variable(text: &str) -> bool {
    let name = match text.split_once(':') {
        Some((name, most)) => {
            let is_count = matches!(most.len(), 1..=4) && most.bytes().all(|byte| byte.is_ascii_digit());
            if !is_count || most.starts_with('0') {
                return false;
            }
            name
        }
        None => text.strip_suffix('*').unwrap_or(text),
    };
    let is_part = |part: &str| {
        !part.is_empty()
            && uri::is_encoded(part)
            && part
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'%'))
    };
    name.split('.').all(is_part)
}
