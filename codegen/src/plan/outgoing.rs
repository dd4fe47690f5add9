//! What the service sends: a module of webhooks, and one for the callbacks of each operation that has some.

use tieline_contract::model::{Contract, Operation};
use tieline_contract::problem::Problems;

use super::custom::Custom;
use super::docs::Docs;
use super::name::{self, Case};
use super::operations::{self, OperationPlan};
use super::tags::Groups;
use super::ty::Names;
use super::{Form, Plan, Settings};

/// The module of webhooks.
const WEBHOOKS: &str = "webhooks";

/// Plans of modules that share the types of the contract's. The operations with callbacks learn where these are.
pub(crate) fn plan(
    contract: &Contract,
    names: &Names<'_>,
    custom: &Custom<'_>,
    (chosen, webhooks): (&[&Operation], &[&Operation]),
    planned: &mut [OperationPlan],
    settings: &Settings<'_>,
    problems: &mut Problems,
) -> Vec<Plan> {
    let mut taken: Vec<String> = planned.iter().map(|operation| operation.name.clone()).collect();
    let mut module = |wish: String| {
        let taken_now: Vec<&str> = taken.iter().map(String::as_str).collect();
        let name = name::assign(Case::Operation, &[wish], &taken_now).remove(0);
        taken.push(name.clone());
        name
    };
    let mut group = |module: String, sent: &[&Operation], docs: Docs| {
        let mut operations = operations::plan(contract, names, custom, sent, &Groups::default(), problems);
        for operation in &mut operations {
            operation.mount = Some(format!("/{}", operation.name));
        }
        let outline = super::outline(contract, settings);
        (!operations.is_empty()).then(|| Plan {
            deprecated: super::is_deprecated(&[], &operations),
            operations,
            docs,
            name: format!("{}-{module}", outline.name),
            module: Some(module),
            form: match settings.form {
                // A file of its own, also where the module around it is included.
                Form::Included => Form::Folder,
                other => other,
            },
            is_root: false,
            servers: Vec::new(),
            ..outline
        })
    };
    let mut plans = Vec::new();
    if !webhooks.is_empty() {
        let docs = Docs::lines(
            "What the service sends on its own.\n\nReceivers implement [`Api`] and serve it: each webhook stands at its \
             name below the router. Senders call a `Client` of the receiver's address, which is used as it is.",
        );
        plans.extend(group(module(WEBHOOKS.to_owned()), webhooks, docs));
    }
    for operation in chosen.iter().filter(|operation| !operation.callbacks.is_empty()) {
        let sent: Vec<&Operation> = operation
            .callbacks
            .iter()
            .flat_map(|callback| &callback.operations)
            .collect();
        let Some(owner) = planned.iter_mut().find(|planned| planned.id == operation.id) else {
            continue;
        };
        let expressions: Vec<String> = operation
            .callbacks
            .iter()
            .map(|callback| format!("- `{}`: `{}`", quiet(&callback.name), quiet(&callback.expression)))
            .collect();
        let docs = Docs::lines(&format!(
            "What is sent after a call of `{}`, to the address that the call gives:\n\n{}\n\nReceivers implement \
             [`Api`] and serve it: each callback stands at its name below the router. Senders call a `Client` of the \
             address, which is used as it is.",
            quiet(&operation.id),
            expressions.join("\n")
        ));
        let plan = group(module(format!("{}_callbacks", owner.name)), &sent, docs);
        owner.callbacks = plan.as_ref().and_then(|plan| plan.module.clone());
        plans.extend(plan);
    }
    plans
}

/// Text that can stand between backticks on one line.
fn quiet(text: &str) -> String {
    text.replace('`', "'")
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ")
}
