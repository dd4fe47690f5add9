//! Checks of a whole contract, whatever dialect it was written in. Only a [`Checked`] contract goes on.

pub mod diagnostics;
mod operations;
mod types;

use std::ops::Deref;

use crate::model::{Contract, Origin};
use crate::problem::{Place, Problems};

/// Something that passed every check.
#[derive(Debug, Clone, PartialEq)]
pub struct Checked<T>(T);

impl<T> Checked<T> {
    /// Gives it up, and with it the promise.
    pub fn into_inner(self) -> T {
        self.0
    }
}

impl<T> Deref for Checked<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T> AsRef<T> for Checked<T> {
    fn as_ref(&self) -> &T {
        &self.0
    }
}

/// Runs every check. A contract with an error goes no further.
pub fn check(contract: Contract, problems: &mut Problems) -> Option<Checked<Contract>> {
    let mut found = Problems::new();
    operations::ids_are_unique(&contract, &mut found);
    operations::routes_are_unique(&contract, &mut found);
    operations::something_comes_back(&contract, &mut found);
    operations::every_input_has_a_place(&contract, &mut found);
    operations::path_variables_are_inputs(&contract, &mut found);
    operations::security_schemes_exist(&contract, &mut found);
    types::references_lead_somewhere(&contract, &mut found);
    types::aliases_end(&contract, &mut found);
    let passed = !found.has_errors();
    problems.append(found);
    passed.then_some(Checked(contract))
}

/// Where something was written, without an excerpt: the contract does not keep the text.
fn place(origin: &Origin) -> Option<Place> {
    (!origin.file.is_empty()).then(|| Place {
        file: origin.file.clone(),
        line: origin.line,
        column: origin.column,
        end_line: origin.line,
        end_column: origin.column,
        pointer: origin.pointer.to_string(),
        excerpt: String::new(),
    })
}
