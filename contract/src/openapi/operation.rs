//! One operation: its inputs, replies and behaviour.

use indexmap::IndexMap;

use crate::model::{
    Behaviour, Binding, CallShape, HttpBinding, IdempotencyKey, Input, InputPlace, Lifecycle, Method, Moment,
    Operation, PathTemplate, Priority, Safety, Scalar, SecurityScheme, Server, TextStyle, Type, TypeUse,
};
use crate::problem::Problem;
use crate::schema::{Context, Types};
use crate::source::{BrokenRef, Node};

use super::bulk;
use super::diagnostics;
use super::info::{self, docs};
use super::paging;
use super::parameter::{self, In};
use super::path;
use super::paths::Route;
use super::{request, response, security};

/// Why an operation is skipped.
#[derive(Debug)]
pub(super) enum Skip<'a> {
    /// A reference leads nowhere.
    Broken(BrokenRef<'a>),
    /// A key is missing.
    Missing(&'a Node, &'static str),
    /// It cannot be expressed.
    Because(&'a Node, String),
    /// The problem at this node was reported already.
    Reported(&'a Node),
}

/// What the document says of all operations.
#[derive(Debug, Clone, Copy)]
pub(super) struct Known<'m> {
    pub(super) schemes: &'m IndexMap<String, SecurityScheme>,
    pub(super) servers: &'m [Server],
}

type Given = (Vec<Input>, Vec<InputPlace>);

/// Reads an operation.
pub(super) fn read<'a>(
    cx: &Context<'a>,
    types: &mut Types<'_, 'a>,
    known: Known<'_>,
    route: &Route<'a>,
) -> Result<Operation, Skip<'a>> {
    let node = route.node;
    cx.object(node, "an operation").ok_or(Skip::Reported(node))?;
    let template = path::parse(route.path)
        .ok_or_else(|| Skip::Because(route.item, format!("`{}` is not a path", route.path)))?;
    let lifecycle = lifecycle(node);
    let (mut inputs, mut places) = parameters(cx, types, route, &template)?;
    let behaviour = behaviour(node, &route.method, &inputs, &places);
    if let Some((body, place)) = request::read(cx, types, node, &route.id)? {
        inputs.push(body);
        places.push(place);
    }
    let replies = response::read(cx, types, node, &route.id, &route.method)?;
    Ok(Operation {
        id: route.id.clone(),
        summary: docs(Some(node), "summary"),
        docs: docs(Some(node), "description"),
        // What has an end is on its way there.
        deprecated: node.get("deprecated").and_then(Node::as_bool) == Some(true)
            || lifecycle != Lifecycle::default(),
        tags: info::tags(cx, node),
        shape: CallShape::Unary,
        inputs,
        successes: replies.successes,
        failures: replies.failures,
        behaviour,
        security: security::requirements(cx, node, known.schemes),
        lifecycle,
        paging: paging::read(cx, node),
        bulk: bulk::read(cx, node),
        servers: own_servers(known.servers, route),
        bindings: vec![Binding::Http(HttpBinding {
            method: route.method.clone(),
            path: template,
            inputs: places,
        })],
        callbacks: Vec::new(),
        origin: cx.origin(node),
    })
}

/// Parameters in the order of the source, with the path's variables complete.
fn parameters<'a>(
    cx: &Context<'a>,
    types: &mut Types<'_, 'a>,
    route: &Route<'a>,
    template: &PathTemplate,
) -> Result<Given, Skip<'a>> {
    let variables = path::variables(template);
    let mut given: Given = (Vec::new(), Vec::new());
    let mut described = Vec::new();
    for found in parameter::find(cx, route.item, route.node)? {
        if found.place == In::Path {
            if !variables.contains(&found.name) {
                let problem = cx.problem(&diagnostics::UNUSED_VARIABLE, found.node);
                cx.report(problem.about(format!("`{}` in `{}`", found.name, route.path)));
                continue;
            }
            described.push(found.name);
        }
        let (input, place) = parameter::read(cx, types, found, &route.id)?;
        given.0.push(input);
        given.1.push(place);
    }
    for name in variables.into_iter().filter(|name| !described.contains(name)) {
        let problem = Problem::new(&diagnostics::UNDECLARED_VARIABLE, cx.place(route.path_span));
        cx.report(problem.about(format!("`{name}`, for {}", route.method.as_str())));
        given.0.push(text_input(name));
        given.1.push(InputPlace::Path(TextStyle::Simple));
    }
    Ok(given)
}

fn text_input(name: &str) -> Input {
    Input {
        name: name.to_owned(),
        docs: None,
        required: true,
        deprecated: false,
        value: TypeUse::plain(Type::Scalar(Scalar::String)),
        default: None,
        example: None,
    }
}

/// The servers of the operation or its path, where they are not those of the contract.
fn own_servers(servers: &[Server], route: &Route<'_>) -> Vec<Server> {
    let own = [route.node, route.item]
        .into_iter()
        .find(|node| node.get("servers").is_some());
    own.map(info::servers)
        .filter(|own| own != servers)
        .unwrap_or_default()
}

/// When the operation became deprecated, and when it ends, by extensions in use: `x-sunset`, `x-deprecated-since`.
fn lifecycle(node: &Node) -> Lifecycle {
    let moment = |keywords: &[&str]| {
        let mut texts = keywords.iter().filter_map(|keyword| node.get(keyword)?.as_str());
        texts.find_map(Moment::parse)
    };
    Lifecycle {
        since: moment(&[
            "x-deprecated-since",
            "x-deprecation-date",
            "x-deprecated-at",
            "x-deprecation",
        ]),
        sunset: moment(&["x-sunset", "x-sunset-date", "x-deprecation-sunset"]),
    }
}

/// What the registry of HTTP methods says of other methods.
fn registered(name: &str) -> Safety {
    const SAFE: &[&str] = &["PRI", "PROPFIND", "REPORT", "SEARCH"];
    const IDEMPOTENT: &[&str] = &[
        "ACL",
        "BASELINE-CONTROL",
        "BIND",
        "CHECKIN",
        "CHECKOUT",
        "COPY",
        "LABEL",
        "LINK",
        "MERGE",
        "MKACTIVITY",
        "MKCALENDAR",
        "MKCOL",
        "MKREDIRECTREF",
        "MKWORKSPACE",
        "MOVE",
        "ORDERPATCH",
        "PROPPATCH",
        "REBIND",
        "UNBIND",
        "UNCHECKOUT",
        "UNLINK",
        "UNLOCK",
        "UPDATE",
        "UPDATEREDIRECTREF",
        "VERSION-CONTROL",
    ];
    if SAFE.contains(&name) {
        Safety::Safe
    } else if IDEMPOTENT.contains(&name) {
        Safety::Idempotent
    } else {
        Safety::Unsafe
    }
}

/// What the method and our extensions say: `x-tieline-idempotent: true`, `x-tieline-timeout-ms: 5000`, and
/// `x-tieline-idempotency-key: required` or `optional`, for contracts that do not list the header as a parameter, and
/// `x-tieline-priority: sheddable`, `sheddable_plus`, `critical` or `critical_plus`.
fn behaviour(node: &Node, method: &Method, inputs: &[Input], places: &[InputPlace]) -> Behaviour {
    let by_method = match method {
        Method::Get | Method::Head | Method::Options | Method::Trace | Method::Query => Safety::Safe,
        Method::Put | Method::Delete => Safety::Idempotent,
        Method::Post | Method::Patch => Safety::Unsafe,
        Method::Other(name) => registered(name),
    };
    let said = node.get("x-tieline-idempotent").and_then(Node::as_bool) == Some(true);
    let safety = if by_method == Safety::Unsafe && said {
        Safety::Idempotent
    } else {
        by_method
    };
    let headers = inputs
        .iter()
        .zip(places)
        .filter(|(_, place)| matches!(place, InputPlace::Header(_)));
    let key = headers
        .map(|(input, _)| input)
        .find(|input| input.name.eq_ignore_ascii_case("idempotency-key"))
        .map(|input| IdempotencyKey {
            header: input.name.clone(),
            required: input.required,
        });
    let said = node.get("x-tieline-idempotency-key").and_then(Node::as_str);
    let said = said.filter(|said| ["required", "optional"].contains(said));
    let key = key.or_else(|| {
        said.map(|said| IdempotencyKey {
            header: "Idempotency-Key".to_owned(),
            required: said == "required",
        })
    });
    Behaviour {
        safety,
        idempotency_key: key,
        timeout_ms: node.get("x-tieline-timeout-ms").and_then(Node::as_count),
        priority: (node.get("x-tieline-priority").and_then(Node::as_str)).and_then(Priority::named),
    }
}
