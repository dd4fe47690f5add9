//! Which operations are written.

use tieline_contract::model::{Binding, Contract, Operation, PathSegment};
use tieline_contract::problem::{Problem, Problems};

use crate::diagnostics;
use crate::options::Options;

/// A choice of operations. Empty: all of them.
#[derive(Debug, Clone, Default)]
pub(crate) struct Selection(Vec<String>);

impl Selection {
    pub(crate) fn new(selectors: Vec<String>) -> Self {
        Self(selectors)
    }

    pub(crate) fn is_everything(&self) -> bool {
        self.0.is_empty()
    }

    /// The webhooks that a selector names.
    pub(crate) fn webhooks<'c>(&self, contract: &'c Contract) -> Vec<&'c Operation> {
        let chosen = |operation: &&Operation| {
            self.is_everything() || self.0.iter().any(|selector| selects(selector, operation))
        };
        contract.webhooks.iter().filter(chosen).collect()
    }

    /// The operations that a selector names, in the order of the contract. A selector that names none is a problem.
    pub(crate) fn choose<'c>(
        &self,
        contract: &'c Contract,
        options: &Options,
        problems: &mut Problems,
    ) -> Vec<&'c Operation> {
        if self.is_everything() {
            return contract.operations().collect();
        }
        for (at, selector) in self.0.iter().enumerate() {
            if !contract
                .operations()
                .chain(&contract.webhooks)
                .any(|operation| selects(selector, operation))
            {
                let place = options.place(&["operations", &at.to_string()]);
                let problem = Problem::new(&diagnostics::SELECTS_NOTHING, place);
                problems.push(problem.about(format!("`{selector}`")));
            }
        }
        contract
            .operations()
            .filter(|operation| self.0.iter().any(|selector| selects(selector, operation)))
            .collect()
    }
}

/// `tag:NAME`, `/path/**`, `METHOD /path/*`, or an operation id; `*` stands for anything but a slash in paths, `**` for
/// anything.
fn selects(selector: &str, operation: &Operation) -> bool {
    if let Some(tag) = selector.strip_prefix("tag:") {
        return operation.tags.iter().any(|own| matches(tag, own, false));
    }
    let (method, path) = match selector.split_once(' ') {
        Some((method, path)) => (Some(method), path.trim()),
        None => (None, selector),
    };
    if !path.starts_with('/') {
        return matches(selector, &operation.id, false);
    }
    operation.bindings.iter().any(|binding| match binding {
        Binding::Http(http) => {
            let own: String = (http.path.segments.iter())
                .map(|segment| match segment {
                    PathSegment::Literal(text) => text.clone(),
                    PathSegment::Variable(name) => format!("{{{name}}}"),
                })
                .collect();
            method.is_none_or(|method| method.eq_ignore_ascii_case(http.method.as_str()))
                && matches(path, &own, true)
        }
        Binding::Grpc(grpc) => method.is_none() && matches(path, &grpc.path, true),
        Binding::HttpRule(_) => false,
    })
}

/// Whether `text` matches `glob`. With `in_path` a single star stops at a slash.
pub(crate) fn matches(glob: &str, text: &str, in_path: bool) -> bool {
    let Some((before, after)) = glob.split_once('*') else {
        return glob == text;
    };
    let Some(rest) = text.strip_prefix(before) else {
        return false;
    };
    let (anything, after) = match after.strip_prefix('*') {
        Some(after) => (true, after),
        None => (!in_path, after),
    };
    (rest.char_indices().map(|(at, _)| at).chain([rest.len()]))
        .take_while(|at| anything || !rest[..*at].contains('/'))
        .any(|at| matches(after, &rest[at..], in_path))
}

#[cfg(test)]
mod tests {
    use super::matches;

    #[test]
    fn a_star_stops_at_a_slash_in_paths_only() {
        assert!(matches("get*", "getPet", false));
        assert!(!matches("get*", "listPets", false));
        assert!(matches("/pets/*", "/pets/{id}", true));
        assert!(!matches("/pets/*", "/pets/{id}/owner", true));
        assert!(matches("/pets/**", "/pets/{id}/owner", true));
        assert!(matches("/pets", "/pets", true));
        assert!(matches("a*b*c", "a/b/c", false));
    }
}
