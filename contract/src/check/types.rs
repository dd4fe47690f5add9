//! Checks of types.

use std::collections::HashSet;

use crate::model::{Contract, Origin, Type, TypeKind, TypeName, TypeUse};
use crate::problem::{Problem, Problems};

use super::{diagnostics, place};

/// Every name leads to a type.
pub(super) fn references_lead_somewhere(contract: &Contract, problems: &mut Problems) {
    let mut look = |names: Vec<&TypeName>, origin: &Origin| {
        for name in names
            .into_iter()
            .filter(|name| !contract.types.contains_key(*name))
        {
            problems
                .push(Problem::new(&diagnostics::DANGLING_TYPE, place(origin)).about(format!("`{name}`")));
        }
    };
    for def in contract.types.values() {
        look(def.names(), &def.origin);
    }
    for operation in contract.operations() {
        operation
            .uses()
            .for_each(|value| look(value.names(), &operation.origin));
    }
}

/// No alias leads back to itself.
pub(super) fn aliases_end(contract: &Contract, problems: &mut Problems) {
    let mut known_good = HashSet::new();
    for (name, def) in &contract.types {
        let mut seen = HashSet::new();
        let mut at = name;
        while let Some(TypeKind::Alias(TypeUse {
            ty: Type::Named(next),
            ..
        })) = contract.types.get(at).map(|def| &def.kind)
        {
            if known_good.contains(at) {
                break;
            }
            if !seen.insert(at) {
                let problem = Problem::new(&diagnostics::ALIAS_CIRCLE, place(&def.origin));
                problems.push(problem.about(format!("`{name}`")));
                break;
            }
            at = next;
        }
        known_good.extend(seen);
    }
}
