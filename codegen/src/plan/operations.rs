//! The operations: what each takes, what comes back, and what it is called.

use std::collections::HashMap;

use tieline_contract::model::{
    Binding, CallShape, Contract, HttpBinding, Input, InputPlace, Lifecycle, Operation, Priority, Safety,
    Server,
};
use tieline_contract::problem::Problems;

use super::bulk::BulkPlan;
use super::custom::{self, Custom};
use super::docs::Docs;
use super::headers::{HeadersPlan, Records};
use super::links::{self, LinkPlan};
use super::media::{self, BodyPlan};
use super::name::{self, Case};
use super::paging::PagingPlan;
use super::replies::{self, Of, ReplyPlan, ReplySetPlan, Sets};
use super::route::{self, PlacePlan, RoutePlan};
use super::rules;
use super::tags::Groups;
use super::ty::{Names, RustType};
use super::types::{FieldPlan, Made, RecordPlan, name_setters};
use super::xml::{self, XmlPlan};
use crate::diagnostics;

/// An operation that travels by HTTP.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct OperationPlan {
    /// Its module, and its method.
    pub(crate) name: String,
    /// Its id in the contract.
    pub(crate) id: String,
    /// The name of its service on the wire and in metrics.
    pub(crate) service: String,
    /// Its place in the contract's list, or among the operations of its part by tag.
    pub(crate) index: usize,
    pub(crate) docs: Docs,
    pub(crate) deprecated: bool,
    pub(crate) request: RecordPlan,
    /// What the contract shows for each field of the request.
    pub(crate) examples: Vec<Option<serde_json::Value>>,
    /// The types that its body can have, where there are several.
    pub(crate) bodies: Vec<BodyPlan>,
    pub(crate) successes: ReplySetPlan,
    pub(crate) failures: ReplySetPlan,
    /// The headers that successes declare.
    pub(crate) headers: HeadersPlan,
    /// The headers that failures declare.
    pub(crate) failure_headers: HeadersPlan,
    /// What `.await` gives.
    pub(crate) output: OutputPlan,
    pub(crate) route: RoutePlan,
    pub(crate) safety: &'static str,
    pub(crate) idempotency_key: Option<(String, bool)>,
    pub(crate) timeout_ms: Option<u64>,
    pub(crate) priority: Option<Priority>,
    /// Alternatives, as indices of security schemes with scopes.
    pub(crate) security: Vec<Vec<(usize, Vec<String>)>>,
    /// Its own servers.
    pub(crate) servers: Vec<Server>,
    pub(crate) lifecycle: Lifecycle,
    /// How its list is read page by page, if it is one.
    pub(crate) paging: Option<PagingPlan>,
    pub(crate) bulk: Option<BulkPlan>,
    /// What its replies lead to.
    pub(crate) links: Vec<LinkPlan>,
    /// Where a server serves what has no path: a webhook or a callback.
    pub(crate) mount: Option<String>,
    /// The module of its callbacks.
    pub(crate) callbacks: Option<String>,
}

/// What `.await` gives.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum OutputPlan {
    /// The body of the one success: its variant, and whether a status stands there, too.
    Body {
        variant: String,
        with_status: bool,
        ty: RustType,
    },
    /// Nothing: the one success has no body. Its variant, and whether a status stands there.
    Nothing { variant: String, with_status: bool },
    /// The whole response.
    Response,
}

/// Methods that a call under way has already.
const PENDING: &[&str] = &[
    "accept",
    "call",
    "clone",
    "content_type",
    "context",
    "forget",
    "header",
    "idempotency_key",
    "into_future",
    "items",
    "new",
    "or_else",
    "pages",
    "raw",
    "repeatable",
    "send",
    "timeout",
];

/// The chosen operations that travel by HTTP, in order. What cannot be planned is reported.
pub(crate) fn plan(
    contract: &Contract,
    names: &Names<'_>,
    custom: &Custom<'_>,
    chosen: &[&Operation],
    groups: &Groups<'_>,
    problems: &mut Problems,
) -> Vec<OperationPlan> {
    let routed: Vec<(&Operation, &HttpBinding)> = (chosen.iter())
        .filter_map(|operation| {
            let found = http(operation);
            if found.is_none() {
                problems.push(
                    diagnostics::at(&diagnostics::NOT_HTTP, &operation.origin)
                        .about(format!("`{}`", operation.id)),
                );
            }
            found.map(|binding| (*operation, binding))
        })
        .collect();
    let ids: Vec<&str> = routed
        .iter()
        .map(|(operation, _)| operation.id.as_str())
        .collect();
    let taken = [links::taken(contract), groups.taken()].concat();
    let modules = custom::assign(Case::Operation, &ids, &taken, |id| {
        custom.operation(id).map(str::to_owned)
    });
    let services = services(contract);
    // What operations share is shared within a group: another can be missing.
    let mut sets: HashMap<usize, Sets> = HashMap::new();
    let mut plans: Vec<OperationPlan> = (routed.iter().zip(modules).enumerate())
        .map(|(index, ((operation, binding), name))| {
            let service = services
                .get(operation.id.as_str())
                .unwrap_or(&contract.name.as_str())
                .to_string();
            let sets = sets.entry(groups.group(&operation.id)).or_default();
            one(contract, names, operation, binding, sets, name, service, index)
        })
        .collect();
    for plan in &mut plans {
        let sets = sets.entry(groups.group(&plan.id)).or_default();
        sets.settle(names, &plan.name, &mut plan.successes);
        sets.settle(names, &plan.name, &mut plan.failures);
    }
    xml::name(plans.iter_mut().flat_map(OperationPlan::xml_mut));
    let mut records: HashMap<usize, Records> = HashMap::new();
    for (plan, (operation, _)) in plans.iter_mut().zip(&routed) {
        let records = records.entry(groups.group(&operation.id)).or_default();
        plan.headers = records.plan(names, Of::Success, &plan.name, &operation.successes);
        plan.failure_headers = records.plan(names, Of::Failure, &plan.name, &operation.failures);
    }
    plans
}

/// The route of an operation that this generator can write: one request, one reply, bodies that HTTP carries.
fn http(operation: &Operation) -> Option<&HttpBinding> {
    let unary = operation.shape == CallShape::Unary && !operation.successes.is_empty();
    let binding = operation.bindings.iter().find_map(|binding| match binding {
        Binding::Http(binding) => Some(binding),
        Binding::Grpc(_) | Binding::HttpRule(_) => None,
    })?;
    let speakable = replies::is_speakable(operation)
        && binding.inputs.iter().all(|place| match place {
            InputPlace::Body { encoding, .. } => replies::encoding(*encoding).is_some(),
            _ => true,
        });
    (unary && speakable && binding.inputs.len() == operation.inputs.len()).then_some(binding)
}

/// The service of each operation.
fn services(contract: &Contract) -> HashMap<&str, &str> {
    (contract.services.iter())
        .flat_map(|service| {
            service
                .operations
                .iter()
                .map(|operation| (operation.id.as_str(), service.full_name.as_str()))
        })
        .collect()
}

fn one(
    contract: &Contract,
    names: &Names<'_>,
    operation: &Operation,
    binding: &HttpBinding,
    sets: &mut Sets,
    name: String,
    service: String,
    index: usize,
) -> OperationPlan {
    let route = route::plan(names, operation, binding);
    let successes = sets.plan(names, Of::Success, &name, &operation.successes);
    OperationPlan {
        docs: docs(operation).then(&sent_by(&route)),
        mount: None,
        callbacks: None,
        failures: sets.plan(names, Of::Failure, &name, &operation.failures),
        successes,
        headers: HeadersPlan::None,
        failure_headers: HeadersPlan::None,
        output: output(&route.successes),
        request: request(names, operation, binding, &name),
        bodies: (operation.inputs.iter().zip(&binding.inputs))
            .flat_map(|(input, place)| media::bodies(names, &input.value, place))
            .collect(),
        examples: operation
            .inputs
            .iter()
            .map(|input| input.example.clone())
            .collect(),
        id: operation.id.clone(),
        deprecated: operation.deprecated,
        safety: match operation.behaviour.safety {
            Safety::Unsafe => "Unsafe",
            Safety::Idempotent => "Idempotent",
            Safety::Safe => "Safe",
        },
        idempotency_key: (operation.behaviour.idempotency_key.as_ref())
            .map(|key| (key.header.to_ascii_lowercase(), key.required)),
        timeout_ms: operation.behaviour.timeout_ms,
        priority: operation.behaviour.priority,
        security: (operation.security.iter())
            .map(|requirement| {
                (requirement.schemes.iter())
                    .filter_map(|(scheme, scopes)| {
                        let index = contract.security_schemes.get_index_of(scheme)?;
                        Some((index, scopes.clone()))
                    })
                    .collect()
            })
            .collect(),
        servers: operation.servers.clone(),
        lifecycle: operation.lifecycle.clone(),
        paging: None,
        bulk: None,
        links: Vec::new(),
        name,
        service,
        index,
        route,
    }
}

/// Method and path, in words of the documentation.
fn sent_by(route: &RoutePlan) -> String {
    if route.path.is_empty() {
        format!(
            "`{}`, to the address itself",
            code(route.method.trim_matches('"'))
        )
    } else {
        format!("`{} {}`", code(route.method.trim_matches('"')), code(&route.path))
    }
}

fn code(path: &str) -> String {
    path.replace('`', "'")
}

/// Summary and description, unless one repeats the other.
fn docs(operation: &Operation) -> Docs {
    let summary = operation
        .summary
        .as_deref()
        .map(str::trim)
        .filter(|text| !text.is_empty());
    let text = operation
        .docs
        .as_deref()
        .map(str::trim)
        .filter(|text| !text.is_empty());
    let joined = match (summary, text) {
        (Some(summary), Some(text)) if !text.starts_with(summary) => Some(format!("{summary}\n\n{text}")),
        (summary, text) => text.or(summary).map(str::to_owned),
    };
    Docs::new(joined.as_deref(), || format!("The operation `{}`.", operation.id))
}

fn request(names: &Names<'_>, operation: &Operation, binding: &HttpBinding, module: &str) -> RecordPlan {
    let texts: Vec<&str> = operation.inputs.iter().map(|input| input.name.as_str()).collect();
    let field_names = name::assign(Case::Field, &texts, &[]);
    let inputs = operation.inputs.iter().zip(&binding.inputs);
    let mut fields: Vec<FieldPlan> = (inputs.zip(field_names))
        .map(|((input, place), name)| field(names, input, place, name, module))
        .collect();
    name_setters(&mut fields, PENDING);
    RecordPlan {
        table: "REQUEST".to_owned(),
        has_default: fields.iter().all(|field| field.made != Made::Given),
        fields,
        open: "Ignored",
        rest: Vec::new(),
        rules: Vec::new(),
    }
}

fn field(names: &Names<'_>, input: &Input, place: &InputPlace, name: String, module: &str) -> FieldPlan {
    let (whole, converts) = match place {
        InputPlace::Body { others, .. } if !others.is_empty() => {
            (Some(RustType::Body(module.to_owned())), true)
        }
        InputPlace::Body { encoding, .. } => {
            let streamed = replies::stream(names, *encoding, &input.value).map(|(_, ty)| ty);
            let converts = streamed == Some(RustType::Octets);
            (streamed, converts)
        }
        _ => (None, false),
    };
    let (ty, converts, rules) = match whole {
        Some(ty) => (
            if input.required { ty } else { ty.optional() },
            converts,
            Vec::new(),
        ),
        None => (
            names.field(input.required, &input.value, false),
            names.converts(input.required, &input.value),
            rules::of_use(names, &input.value),
        ),
    };
    FieldPlan {
        docs: Docs::new(input.docs.as_deref(), || match input.name.as_str() {
            "body" => "The body.".to_owned(),
            other => format!("The parameter `{other}`."),
        }),
        wire: Some(input.name.clone()),
        deprecated: input.deprecated,
        ty,
        required: input.required,
        made: if input.required {
            Made::Given
        } else {
            Made::Nothing
        },
        converts,
        rules,
        setter: (!input.required).then(|| name.clone()),
        name,
    }
}

fn output(successes: &[ReplyPlan]) -> OutputPlan {
    let [only] = successes else {
        return OutputPlan::Response;
    };
    let with_status = !matches!(only.status, tieline_contract::model::StatusMatch::Code(_));
    let variant = only.name.clone();
    match &only.body {
        Some(body) => OutputPlan::Body {
            variant,
            with_status,
            ty: body.ty.clone(),
        },
        None => OutputPlan::Nothing { variant, with_status },
    }
}

impl OperationPlan {
    /// Whether its module names any type of the contract.
    pub(crate) fn uses_types(&self) -> bool {
        let own = |set: &ReplySetPlan| match set {
            ReplySetPlan::Own(replies) => replies
                .iter()
                .filter_map(|reply| reply.body.as_ref())
                .any(|body| body.ty.is_named()),
            ReplySetPlan::None | ReplySetPlan::Shared(_) => false,
        };
        let output = matches!(&self.output, OutputPlan::Body { ty, .. } if ty.is_named());
        output
            || own(&self.successes)
            || own(&self.failures)
            || self.bodies.iter().any(|body| body.ty.is_named())
            || self
                .records()
                .any(|record| record.fields.iter().any(|field| field.ty.is_named()))
    }

    /// The tables of its bodies in XML.
    pub(crate) fn xml(&self) -> impl Iterator<Item = &XmlPlan> {
        let replies = self.route.successes.iter().chain(&self.route.failures);
        let bodies = replies.filter_map(|reply| reply.body.as_ref());
        let replies = bodies.flat_map(|body| {
            let also = body.also.iter().filter_map(|(_, _, xml)| xml.as_ref());
            body.xml.iter().chain(also)
        });
        let places = self.route.places.iter().flat_map(|place| match place {
            PlacePlan::Body(bodies) => bodies.as_slice(),
            _ => &[],
        });
        let requests = places.flatten().filter_map(|media| media.xml.as_ref());
        requests.chain(replies)
    }

    fn xml_mut(&mut self) -> impl Iterator<Item = &mut XmlPlan> {
        let RoutePlan {
            places,
            successes,
            failures,
            ..
        } = &mut self.route;
        let bodies = successes
            .iter_mut()
            .chain(failures)
            .filter_map(|reply| reply.body.as_mut());
        let replies = bodies.flat_map(|body| {
            let also = body.also.iter_mut().filter_map(|(_, _, xml)| xml.as_mut());
            body.xml.iter_mut().chain(also)
        });
        let places = places.iter_mut().flat_map(|place| match place {
            PlacePlan::Body(bodies) => bodies.as_mut_slice(),
            _ => &mut [],
        });
        let requests = places.flatten().filter_map(|media| media.xml.as_mut());
        requests.chain(replies)
    }

    /// The records of its module.
    pub(crate) fn records(&self) -> impl Iterator<Item = &RecordPlan> {
        let headers = [&self.headers, &self.failure_headers];
        let headers = headers.into_iter().filter_map(|plan| plan.own());
        std::iter::once(&self.request).chain(headers.map(|own| &own.record))
    }
}
