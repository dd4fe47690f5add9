//! Path templates.

use crate::model::{PathSegment, PathTemplate};

/// Reads `/pets/{id}.json`. `None` when it does not start with a slash, or braces do not match.
///
/// A fragment or query that some documents add to tell routes apart is no part of the path.
pub(super) fn parse(text: &str) -> Option<PathTemplate> {
    if !text.starts_with('/') {
        return None;
    }
    let mut segments = Vec::new();
    let mut rest = text.split(['#', '?']).next().unwrap_or(text);
    while let Some((literal, after)) = rest.split_once('{') {
        let (name, after) = after.split_once('}')?;
        if name.is_empty() || name.contains(['{', '/']) || literal.contains('}') {
            return None;
        }
        if !literal.is_empty() {
            segments.push(PathSegment::Literal(literal.to_owned()));
        }
        segments.push(PathSegment::Variable(name.to_owned()));
        rest = after;
    }
    if rest.contains('}') {
        return None;
    }
    if !rest.is_empty() {
        segments.push(PathSegment::Literal(rest.to_owned()));
    }
    Some(PathTemplate { segments })
}

/// The names of a template's variables, each once.
pub(super) fn variables(template: &PathTemplate) -> Vec<&str> {
    let mut names: Vec<&str> = Vec::new();
    for segment in &template.segments {
        if let PathSegment::Variable(name) = segment
            && !names.contains(&name.as_str())
        {
            names.push(name);
        }
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn splits_literals_and_variables() {
        let template = parse("/a/{b}:{c}.json").unwrap();
        assert_eq!(
            template.segments,
            [
                PathSegment::Literal("/a/".to_owned()),
                PathSegment::Variable("b".to_owned()),
                PathSegment::Literal(":".to_owned()),
                PathSegment::Variable("c".to_owned()),
                PathSegment::Literal(".json".to_owned()),
            ]
        );
        assert_eq!(variables(&template), ["b", "c"]);
    }

    #[test]
    fn refuses_what_is_no_path() {
        for text in [
            "pets",
            "",
            "/pets/{id",
            "/pets/id}",
            "/pets/{}",
            "/pets/{a/b}",
            "/{a}}",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
