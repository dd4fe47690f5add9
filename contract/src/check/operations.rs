//! Checks of operations.

use std::collections::{BTreeSet, HashMap};

use crate::model::{Binding, Contract, HttpBinding, InputPlace, Operation, PathSegment};
use crate::problem::{Diagnostic, Problem, Problems};

use super::{diagnostics, place};

fn problem(diagnostic: &Diagnostic, operation: &Operation) -> Problem {
    Problem::new(diagnostic, place(&operation.origin))
}

fn again(diagnostic: &Diagnostic, first: &Operation, second: &Operation, what: &str) -> Problem {
    let found = problem(diagnostic, second).about(format!("`{what}`"));
    match place(&first.origin) {
        Some(place) => found.related(place, "first here"),
        None => found,
    }
}

fn http(operation: &Operation) -> impl Iterator<Item = &HttpBinding> {
    operation.bindings.iter().filter_map(|binding| match binding {
        Binding::Http(binding) => Some(binding),
        _ => None,
    })
}

/// No two operations of a service have one id.
pub(super) fn ids_are_unique(contract: &Contract, problems: &mut Problems) {
    for service in &contract.services {
        let mut first: HashMap<&str, &Operation> = HashMap::new();
        for operation in &service.operations {
            match first.get(operation.id.as_str()) {
                Some(known) => {
                    problems.push(again(
                        &diagnostics::DUPLICATE_OPERATION,
                        known,
                        operation,
                        &operation.id,
                    ));
                }
                None => {
                    first.insert(&operation.id, operation);
                }
            }
        }
    }
}

/// No two operations have one method and path, whatever their variables are called.
pub(super) fn routes_are_unique(contract: &Contract, problems: &mut Problems) {
    let mut first: HashMap<String, &Operation> = HashMap::new();
    for operation in contract.operations() {
        for binding in http(operation) {
            let path = binding.path.segments.iter().map(|segment| match segment {
                PathSegment::Literal(text) => text.as_str(),
                PathSegment::Variable(_) => "{}",
            });
            let route = format!("{} {}", binding.method.as_str(), path.collect::<String>());
            match first.get(&route) {
                Some(known) => problems.push(again(&diagnostics::DUPLICATE_ROUTE, known, operation, &route)),
                None => {
                    first.insert(route, operation);
                }
            }
        }
    }
}

/// Every operation says what comes back when it works.
pub(super) fn something_comes_back(contract: &Contract, problems: &mut Problems) {
    for operation in contract
        .operations()
        .filter(|operation| operation.successes.is_empty())
    {
        problems.push(problem(&diagnostics::NO_SUCCESS, operation).about(format!("`{}`", operation.id)));
    }
}

/// Every input of an HTTP route has a place, and every place an input.
pub(super) fn every_input_has_a_place(contract: &Contract, problems: &mut Problems) {
    for operation in contract.operations() {
        for binding in http(operation).filter(|binding| binding.inputs.len() != operation.inputs.len()) {
            let detail = format!(
                "`{}` has {} and {}",
                operation.id,
                operation.inputs.len(),
                binding.inputs.len()
            );
            problems.push(problem(&diagnostics::INPUT_WITHOUT_PLACE, operation).about(detail));
        }
    }
}

/// Path variables are declared, and declared ones used.
pub(super) fn path_variables_are_inputs(contract: &Contract, problems: &mut Problems) {
    for operation in contract.operations() {
        for binding in http(operation) {
            let variables: BTreeSet<&str> = binding
                .path
                .segments
                .iter()
                .filter_map(|segment| match segment {
                    PathSegment::Variable(name) => Some(name.as_str()),
                    PathSegment::Literal(_) => None,
                })
                .collect();
            let placed = operation.inputs.iter().zip(&binding.inputs);
            let inputs: BTreeSet<&str> = placed
                .filter(|(_, place)| matches!(place, InputPlace::Path(_) | InputPlace::ReservedPath(_)))
                .map(|(input, _)| input.name.as_str())
                .collect();
            for name in variables.symmetric_difference(&inputs) {
                let detail = format!("`{name}` of `{}`", operation.id);
                problems.push(problem(&diagnostics::PATH_VARIABLE, operation).about(detail));
            }
        }
    }
}

/// Every security scheme that an operation names exists.
pub(super) fn security_schemes_exist(contract: &Contract, problems: &mut Problems) {
    for operation in contract.operations() {
        let named = operation
            .security
            .iter()
            .flat_map(|requirement| &requirement.schemes);
        for (name, _) in named.filter(|(name, _)| !contract.security_schemes.contains_key(name)) {
            let detail = format!("`{name}` of `{}`", operation.id);
            problems.push(problem(&diagnostics::UNKNOWN_SCHEME, operation).about(detail));
        }
    }
}
