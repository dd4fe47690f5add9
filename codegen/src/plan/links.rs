//! The links of replies: functions that make the request of the operation that a reply leads to.

use std::collections::HashMap;

use tieline_contract::model::{
    Contract, Expression, Link, LinkValue, Operation, Reply, Server, StatusMatch, TemplateRun,
};

use super::docs::Docs;
use super::name::{self, Case};
use super::operations::OperationPlan;
use super::replies::Of;
use super::types::{FieldPlan, Made, RecordPlan};

/// A link: a function.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct LinkPlan {
    pub(crate) name: String,
    /// Its name in the contract.
    pub(crate) wire: String,
    pub(crate) docs: Docs,
    /// Whether what leads on is a success or a failure.
    pub(crate) of: Of,
    /// The replies that have it.
    pub(crate) statuses: Vec<StatusMatch>,
    /// The module of the operation that it leads to.
    pub(crate) target: String,
    /// Fields of the request, and the expressions that give them.
    pub(crate) inputs: Vec<(usize, String)>,
    /// Fields of the request, and what they always are, as JSON.
    pub(crate) constants: Vec<(usize, String)>,
    /// What the caller gives: arguments, and the names of their fields.
    pub(crate) arguments: Vec<(FieldPlan, String)>,
    /// Whether it speaks of what was sent.
    pub(crate) asks_request: bool,
    /// Whether it speaks of where it was sent.
    pub(crate) asks_client: bool,
    /// The server that it leads to, and the name of its static.
    pub(crate) server: Option<(String, Server)>,
}

/// Names that arguments have already.
const ARGUMENTS: &[&str] = &["client", "next", "reply", "request"];

/// What a client has that follows links.
pub(crate) fn taken(contract: &Contract) -> &'static [&'static str] {
    let mut operations = contract.operations();
    let has_links = operations.any(|operation| {
        let mut replies = operation.successes.iter().chain(&operation.failures);
        replies.any(|reply| !reply.links.is_empty())
    });
    if has_links { &["pending"] } else { &[] }
}

/// Finds the links of the operations to one another. One that leads to an operation that is not written is left out.
pub(crate) fn plan(contract: &Contract, operations: &mut [OperationPlan]) {
    let targets: HashMap<String, (String, RecordPlan)> = (operations.iter())
        .map(|plan| (plan.id.clone(), (plan.name.clone(), plan.request.clone())))
        .collect();
    for plan in operations {
        let operation = contract.operations().find(|operation| operation.id == plan.id);
        let found = operation.map(found).unwrap_or_default();
        let found: Vec<_> = (found.into_iter())
            .filter_map(|(of, link, statuses)| {
                let target = targets.get(&link.operation)?;
                Some((of, link, statuses, target))
            })
            .collect();
        let wanted: Vec<&str> = found.iter().map(|(_, link, ..)| link.name.as_str()).collect();
        let names = name::assign(Case::Field, &wanted, &[]);
        plan.links = (found.into_iter().zip(names))
            .map(|((of, link, statuses, target), name)| one(of, link, statuses, target, name))
            .collect();
    }
}

/// The links of an operation, each with the replies that have it.
fn found<'o>(operation: &'o Operation) -> Vec<(Of, &'o Link, Vec<StatusMatch>)> {
    let of = |of: Of, replies: &'o [Reply]| replies.iter().map(move |reply| (of, reply));
    let replies = of(Of::Success, &operation.successes).chain(of(Of::Failure, &operation.failures));
    let mut found: Vec<(Of, &Link, Vec<StatusMatch>)> = Vec::new();
    for (of, reply) in replies {
        for link in &reply.links {
            let known = (found.iter_mut()).find(|(known_of, known, _)| *known_of == of && *known == link);
            match known {
                // Of another media type.
                Some((.., statuses)) if statuses.contains(&reply.status) => {}
                Some((.., statuses)) => statuses.push(reply.status),
                None => found.push((of, link, vec![reply.status])),
            }
        }
    }
    found
}

fn one(
    of: Of,
    link: &Link,
    statuses: Vec<StatusMatch>,
    (target, request): &(String, RecordPlan),
    name: String,
) -> LinkPlan {
    let (mut inputs, mut constants) = (Vec::new(), Vec::new());
    for (at, value) in &link.inputs {
        match value {
            LinkValue::Constant(json) => constants.push((*at, json.to_string())),
            LinkValue::Expression(expression) => inputs.push((*at, expression.to_string())),
            LinkValue::Template(runs) => {
                inputs.push((*at, runs.iter().map(TemplateRun::to_string).collect()));
            }
        }
    }
    let is_given = |at: usize| link.inputs.iter().any(|(given, _)| *given == at);
    let fields = request.fields.iter().enumerate();
    let missing: Vec<&FieldPlan> = fields
        .filter(|(at, field)| field.made == Made::Given && !is_given(*at))
        .map(|(_, field)| field)
        .collect();
    let wanted: Vec<&str> = missing.iter().map(|field| field.name.as_str()).collect();
    let arguments = (missing.iter().zip(name::assign(Case::Field, &wanted, ARGUMENTS)))
        .map(|(field, name)| ((*field).clone(), name))
        .collect();
    let expressions = || link.inputs.iter().flat_map(|(_, value)| value.expressions());
    let asks_client = expressions().any(|expression| *expression == Expression::Url);
    let of_request = |expression: &Expression| {
        matches!(
            expression,
            Expression::RequestPath(_)
                | Expression::RequestQuery(_)
                | Expression::RequestHeader(_)
                | Expression::RequestBody(_)
        )
    };
    let server =
        (link.server.clone()).map(|server| (name::plain(Case::Static, &format!("{name}_server")), server));
    let docs = Docs::new(link.docs.as_deref(), || {
        format!("Where the link `{}` leads.", link.name.replace('`', "'"))
    });
    LinkPlan {
        docs: match &server {
            Some((of, _)) => docs.then(&format!("It leads to another server: [`{of}`].")),
            None => docs,
        },
        name,
        wire: link.name.clone(),
        of,
        statuses,
        target: target.clone(),
        inputs,
        constants,
        arguments,
        asks_request: asks_client || expressions().any(of_request),
        asks_client,
        server,
    }
}
