//! The methods of gRPC services: what each is called, and the types that prost-build gave it.

use std::collections::HashMap;

use tieline_contract::model::{Binding, CallShape, Contract, Operation, Safety, Service};
use tieline_contract::problem::{Problem, Problems};
use tieline_contract::proto::Descriptors;

use super::docs::Docs;
use super::name::{self, Case};
use super::{Plan, Settings};
use crate::diagnostics;
use crate::proto::{self, Messages, MethodTypes};

/// What a protobuf contract becomes beside what every contract does.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct GrpcPlan {
    /// The messages, as the source of a module.
    pub(crate) messages: String,
    /// How many there are.
    pub(crate) count: usize,
    /// The packages of the contract's own files, as paths of modules among the messages.
    pub(crate) packages: Vec<Vec<String>>,
    pub(crate) services: Vec<ServicePlan>,
}

/// A service: a client, a server and a mock of its own, in a module of its own.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct ServicePlan {
    pub(crate) module: String,
    /// Its full name: `user.v1.UserService`.
    pub(crate) full_name: String,
    pub(crate) docs: Docs,
    pub(crate) methods: Vec<MethodPlan>,
}

/// A method.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct MethodPlan {
    /// Its module, and the method of the trait.
    pub(crate) name: String,
    /// Its name in the contract: `CreateUser`.
    pub(crate) id: String,
    /// `/user.v1.UserService/CreateUser`
    pub(crate) path: String,
    pub(crate) docs: Docs,
    pub(crate) deprecated: bool,
    pub(crate) shape: CallShape,
    pub(crate) safety: &'static str,
    pub(crate) timeout_ms: Option<u64>,
    /// As seen next to the module `types`.
    pub(crate) types: MethodTypes,
}

/// Names that the parts of a module have already.
const TAKEN: &[&str] = &["types", "blocking"];

/// Decides everything about the module of a protobuf contract.
pub(crate) fn plan(
    contract: &Contract,
    descriptors: &Descriptors,
    settings: &Settings<'_>,
    problems: &mut Problems,
) -> Plan {
    let chosen = settings.selection.choose(contract, settings.options, problems);
    let mut plan = super::outline(contract, settings);
    match proto::messages(descriptors.file_descriptor_set(), descriptors.roots()) {
        Ok(messages) => {
            let services = services(contract, &chosen, &messages, problems);
            plan.deprecated |= services
                .iter()
                .flat_map(|service| &service.methods)
                .any(|method| method.deprecated);
            plan.grpc = Some(GrpcPlan {
                services,
                messages: messages.source,
                count: contract.types.len(),
                packages: messages.packages,
            });
        }
        Err(error) => problems.push(Problem::new(&diagnostics::MALFORMED, None).about(error.to_string())),
    }
    plan
}

/// The services of a contract that have methods among `chosen`, in order.
fn services(
    contract: &Contract,
    chosen: &[&Operation],
    messages: &Messages,
    problems: &mut Problems,
) -> Vec<ServicePlan> {
    let services: Vec<(&Service, Vec<&Operation>)> = contract
        .services
        .iter()
        .map(|service| {
            let of_service = service
                .operations
                .iter()
                .filter(|own| chosen.iter().any(|other| std::ptr::eq(*own, *other)));
            (service, of_service.collect::<Vec<_>>())
        })
        .filter(|(_, operations)| !operations.is_empty())
        .collect();
    let names: Vec<&str> = services
        .iter()
        .map(|(service, _)| service.name.as_str())
        .collect();
    let modules = name::assign(Case::Operation, &names, TAKEN);
    services
        .iter()
        .zip(modules)
        .map(|((service, operations), module)| ServicePlan {
            module,
            full_name: service.full_name.clone(),
            docs: Docs::new(service.docs.as_deref(), || {
                format!("The service `{}`.", service.full_name)
            }),
            methods: methods(operations, &messages.methods, problems),
        })
        .collect()
}

fn methods(
    operations: &[&Operation],
    types: &HashMap<String, MethodTypes>,
    problems: &mut Problems,
) -> Vec<MethodPlan> {
    let ids: Vec<&str> = operations.iter().map(|operation| operation.id.as_str()).collect();
    let names = name::assign(Case::Operation, &ids, TAKEN);
    operations
        .iter()
        .zip(names)
        .filter_map(|(operation, name)| {
            let path = operation.bindings.iter().find_map(|binding| match binding {
                Binding::Grpc(grpc) => Some(grpc.path.clone()),
                Binding::Http(_) | Binding::HttpRule(_) => None,
            });
            let Some((path, types)) =
                path.and_then(|path| types.get(&path).map(|types| (path.clone(), types.clone())))
            else {
                problems.push(
                    diagnostics::at(&diagnostics::NOT_GRPC, &operation.origin)
                        .about(format!("`{}`", operation.id)),
                );
                return None;
            };
            Some(MethodPlan {
                docs: Docs::new(operation.docs.as_deref(), || format!("Calls `{}`.", operation.id)),
                id: operation.id.clone(),
                name,
                path,
                deprecated: operation.deprecated,
                shape: operation.shape,
                safety: match operation.behaviour.safety {
                    Safety::Unsafe => "Unsafe",
                    Safety::Idempotent => "Idempotent",
                    Safety::Safe => "Safe",
                },
                timeout_ms: operation.behaviour.timeout_ms,
                types,
            })
        })
        .collect()
}
