//! Settings from environment variables.
//!
//! For the service `user-service` these are `USER_SERVICE_URL` (or the variable that `base_url_env` names), which
//! holds its address, and `TIELINE__USER_SERVICE__…`, where kebab and camel case become SCREAMING_SNAKE and two
//! underscores nest: `TIELINE__USER_SERVICE__RETRY__MAX_ATTEMPTS`.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use super::error::{ConfigError, Place};
use super::leaves::{self, LEAVES};
use super::raw::Raw;
use super::spelling::{nearest, screaming_snake};
use super::{Settings, leaves::Leaf};

/// The environment variables that settings are read from: the process' own, or a map in a test.
pub trait Environment: Send + Sync {
    /// The value of a variable, if it is set.
    fn get(&self, name: &str) -> Option<String>;
    /// The names of all variables that begin with `prefix`.
    fn names(&self, prefix: &str) -> Vec<String>;
}

/// The environment of this process. A variable that is not UTF-8 is taken as not set.
#[derive(Debug, Clone, Copy, Default)]
pub struct ProcessEnvironment;

impl Environment for ProcessEnvironment {
    fn get(&self, name: &str) -> Option<String> {
        std::env::var(name).ok()
    }

    fn names(&self, prefix: &str) -> Vec<String> {
        let names = std::env::vars_os().filter_map(|(name, _)| name.into_string().ok());
        names.filter(|name| name.starts_with(prefix)).collect()
    }
}

impl Environment for BTreeMap<String, String> {
    fn get(&self, name: &str) -> Option<String> {
        self.get(name).cloned()
    }

    fn names(&self, prefix: &str) -> Vec<String> {
        self.keys()
            .filter(|name| name.starts_with(prefix))
            .cloned()
            .collect()
    }
}

impl Environment for HashMap<String, String> {
    fn get(&self, name: &str) -> Option<String> {
        self.get(name).cloned()
    }

    fn names(&self, prefix: &str) -> Vec<String> {
        self.keys()
            .filter(|name| name.starts_with(prefix))
            .cloned()
            .collect()
    }
}

impl<E: Environment + ?Sized> Environment for Arc<E> {
    fn get(&self, name: &str) -> Option<String> {
        (**self).get(name)
    }

    fn names(&self, prefix: &str) -> Vec<String> {
        (**self).names(prefix)
    }
}

/// The variable that holds the address of `service`, unless another is named.
pub fn address_variable(service: &str) -> String {
    format!("{}_URL", screaming_snake(service))
}

/// What every variable with settings of `service` begins with.
pub fn prefix(service: &str) -> String {
    format!("TIELINE__{}__", screaming_snake(service))
}

/// The settings in `TIELINE__<SERVICE>__…`, and the variable that each comes from.
pub(super) fn read(
    environment: &dyn Environment,
    service: &str,
) -> Result<(Settings, Vec<(&'static Leaf, String)>), ConfigError> {
    let prefix = prefix(service);
    let mut names = environment.names(&prefix);
    names.sort();
    let (mut settings, mut read) = (Settings::default(), Vec::new());
    for name in names {
        let leaf = leaf_of(&name, &prefix)?;
        let value = environment.get(&name).unwrap_or_default();
        let fail = |message| ConfigError::new(Place::Environment(name.clone()), message);
        (leaf.set)(&mut settings, &Raw::Variable(value)).ok_or_else(|| fail(leaf.expectation()))?;
        if let Some(message) = leaf.problem(&settings) {
            return Err(fail(message));
        }
        if let Some(message) = leaves::conflict(&settings) {
            return Err(fail(message.to_owned()));
        }
        read.push((leaf, name));
    }
    Ok((settings, read))
}

/// The setting that a variable stands for.
fn leaf_of(name: &str, prefix: &str) -> Result<&'static Leaf, ConfigError> {
    let rest = name.strip_prefix(prefix).unwrap_or(name);
    let known = LEAVES.iter().find(|leaf| leaf.variable() == rest);
    known.ok_or_else(|| {
        let variables: Vec<String> = LEAVES.iter().map(Leaf::variable).collect();
        let meant = nearest(rest, variables.iter().map(String::as_str));
        ConfigError::new(
            Place::Environment(name.to_owned()),
            format!("there is no setting `{rest}`"),
        )
        .help(meant.map(|meant| format!("did you mean {prefix}{meant}?")))
    })
}
