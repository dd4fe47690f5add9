//! What is wrong with operations as wholes, and with several together.

use std::collections::HashMap;

use super::{Operation, Place, Segment, Service};
use crate::problems::Problems;

/// Checks a service.
pub(super) fn service(service: &Service, problems: &mut Problems) {
    for operation in &service.operations {
        variables(operation, problems);
        body(operation, problems);
        names(operation, problems);
    }
    routes(&service.operations, problems);
}

/// Each variable of the path has its parameter, and no name stands there twice.
fn variables(operation: &Operation, problems: &mut Problems) {
    let mut seen = Vec::new();
    for segment in &operation.path {
        let Segment::Variable(name) = segment else {
            continue;
        };
        let mut parameters = operation.parameters.iter();
        let message = if seen.contains(&name) {
            format!("the path has `{{{name}}}` twice")
        } else if parameters.any(|parameter| parameter.place == Place::Path && parameter.name == *name) {
            seen.push(name);
            continue;
        } else {
            format!(
                "`{{{name}}}` has no parameter: add `{name}: …` to `{}`",
                operation.ident
            )
        };
        problems.add(syn::Error::new(operation.route, message));
    }
}

/// There is one body at most, and none where HTTP gives it no meaning (RFC 9110, 9.3).
fn body(operation: &Operation, problems: &mut Problems) {
    let mut bodies = operation
        .parameters
        .iter()
        .filter(|parameter| parameter.place == Place::Body);
    if let Some(first) = bodies
        .next()
        .filter(|_| matches!(operation.method, "GET" | "HEAD" | "DELETE"))
    {
        let message = format!(
            "{} has no body: take it from the query, or use POST",
            operation.method
        );
        problems.at(&first.ident, message);
    }
    for another in bodies {
        let message =
            "a request has one body: put both into one struct, or mark one with #[query] or #[header]";
        problems.at(&another.ident, message);
    }
    if let Some(reply) = operation.reply.as_ref().filter(|_| operation.method == "HEAD") {
        problems.at(reply, "a reply to HEAD has no body: return `Result<(), …>`");
    }
}

/// No two parameters have one name at one place.
fn names(operation: &Operation, problems: &mut Problems) {
    let mut seen = Vec::new();
    for parameter in operation
        .parameters
        .iter()
        .filter(|parameter| parameter.place != Place::Body)
    {
        let key = (parameter.place.name(), &parameter.name);
        if seen.contains(&key) {
            let message = format!("there is a {} parameter `{}` already", key.0, key.1);
            problems.at(&parameter.ident, message);
        }
        seen.push(key);
    }
}

/// No two operations have one route or one id.
fn routes(operations: &[Operation], problems: &mut Problems) {
    let mut routes = HashMap::new();
    let mut ids = HashMap::new();
    for operation in operations {
        let route = (operation.method, shape(&operation.path));
        if let Some(other) = routes.insert(route, operation) {
            let message = format!("`{}` has this route already", other.ident);
            problems.add(syn::Error::new(operation.route, message));
        }
        if let Some(other) = ids.insert(&operation.id, operation) {
            let message = format!(
                "`{}` has the id `{}` already: set another by `id = \"…\"`",
                other.ident, operation.id
            );
            problems.at(&operation.ident, message);
        }
    }
}

/// A path without the names of its variables.
fn shape(path: &[Segment]) -> String {
    let run = |segment: &Segment| match segment {
        Segment::Literal(text) => text.clone(),
        Segment::Variable(_) => "{}".to_owned(),
    };
    path.iter().map(run).collect()
}
