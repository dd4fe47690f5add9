//! The layers of a configuration, put over each other, with the origin of each value.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;

use super::Settings;
use super::environment::{self, Environment};
use super::error::{ConfigError, Place};
use super::file::ConfigFile;
use super::leaves::{self, LEAVES, Leaf};
use crate::operation::{Contract, server};

/// Where a value comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Origin {
    /// Nobody set it.
    Default,
    /// The contract.
    Contract(&'static str),
    /// Code that registered the service.
    Registered,
    /// A file.
    File(PathBuf),
    /// An environment variable.
    Environment(String),
    /// The overrides of this one client.
    Client,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::Contract(name) => write!(f, "contract {name}"),
            Self::Registered => f.write_str("registered in code"),
            Self::File(path) => write!(f, "{}", path.display()),
            Self::Environment(name) => write!(f, "environment variable {name}"),
            Self::Client => f.write_str("override of this client"),
        }
    }
}

/// The sources of the settings of one service, earliest first. Later ones win; what a single call sets wins over all.
#[derive(Clone, Copy)]
pub struct Sources<'a> {
    /// The contract: its first server, where that is an absolute address. The timeouts of its operations are the
    /// client's to look up, per call.
    pub contract: Option<&'static Contract>,
    /// Registered in code.
    pub registered: Option<&'a Settings>,
    /// `tieline.toml`.
    pub file: &'a ConfigFile,
    /// The environment.
    pub environment: &'a dyn Environment,
    /// Set for this one client.
    pub client: Option<&'a Settings>,
}

/// The settings of one service, with the origin of each.
#[derive(Debug, Clone, PartialEq)]
pub struct Resolved {
    service: String,
    settings: Settings,
    /// In the order of [`LEAVES`].
    origins: Vec<(&'static str, Origin)>,
}

impl Sources<'_> {
    /// Puts the layers over each other.
    ///
    /// # Errors
    /// A layer holds a value that makes no sense, or the environment an unknown key.
    pub fn resolve(&self, service: &str) -> Result<Resolved, ConfigError> {
        let mut resolved = Resolved {
            service: service.to_owned(),
            settings: Settings::default(),
            origins: Vec::new(),
        };
        if let Some(contract) = self.contract
            && let Some(address) = absolute_server(contract)
        {
            resolved.layer(&Settings::at(address), |_| Origin::Contract(contract.name));
        }
        if let Some(registered) = self.registered {
            check(registered, || Place::Registered(service.to_owned()))?;
            resolved.layer(registered, |_| Origin::Registered);
        }
        if let Some(file) = self.file.service(service) {
            resolved.layer(file, |_| Origin::File(self.file.path().to_owned()));
        }
        self.add_environment(&mut resolved)?;
        if let Some(client) = self.client {
            check(client, || Place::Client(service.to_owned()))?;
            resolved.layer(client, |_| Origin::Client);
        }
        if let Some(contract) = self.contract {
            resolved.choose_server(contract)?;
        }
        Ok(resolved)
    }

    fn add_environment(&self, resolved: &mut Resolved) -> Result<(), ConfigError> {
        let (settings, read) = environment::read(self.environment, &resolved.service)?;
        let named = settings
            .base_url_env
            .clone()
            .or_else(|| resolved.settings.base_url_env.clone());
        let variable = named.unwrap_or_else(|| environment::address_variable(&resolved.service));
        // An empty variable is one that is not set, as shells and compose files write it.
        let address = self
            .environment
            .get(&variable)
            .filter(|url| !url.trim().is_empty());
        if let Some(address) = address {
            let address = addresses(&address);
            check(&address, || Place::Environment(variable.clone()))?;
            resolved.layer(&address, |_| Origin::Environment(variable.clone()));
        }
        resolved.layer(&settings, |leaf| {
            let from = read.iter().find(|(other, _)| other.path == leaf.path);
            Origin::Environment(from.map(|(_, name)| name.clone()).unwrap_or_default())
        });
        Ok(())
    }
}

impl Resolved {
    /// Takes over what a later layer sets.
    fn layer(&mut self, later: &Settings, origin: impl Fn(&Leaf) -> Origin) {
        for leaf in LEAVES {
            if (leaf.take)(&mut self.settings, later) {
                self.origins.retain(|(path, _)| *path != leaf.stands_for);
                self.origins.push((leaf.stands_for, origin(leaf)));
            }
        }
    }

    /// Puts the address of the server that was chosen where no address was set, or behind the one that was.
    fn choose_server(&mut self, contract: &'static Contract) -> Result<(), ConfigError> {
        let settings = &self.settings;
        let is_asked_for = settings.server.is_some() || settings.variables.is_some();
        // A list of endpoints is an address that is set.
        if !is_asked_for || settings.endpoints.is_some() {
            return Ok(());
        }
        let place = Place::Service(self.service.clone());
        let fail = |error: server::ServerError| ConfigError::new(place.clone(), error.to_string());
        let chosen =
            server::named(contract.servers, settings.server.as_deref().unwrap_or("0")).map_err(fail)?;
        let none = BTreeMap::new();
        let url = chosen
            .url_with(settings.variables.as_ref().unwrap_or(&none))
            .map_err(fail)?;
        let is_set = !matches!(
            self.origin("base_url"),
            Some(Origin::Contract(_) | Origin::Default)
        );
        let base = self.settings.base_url.as_deref().filter(|_| is_set);
        if base.is_some() && url.contains("://") {
            return Ok(());
        }
        let url = server::resolved(&url, base).map_err(fail)?;
        if let Err(error) = crate::http::Endpoint::parse(&url) {
            return Err(ConfigError::new(place, error.to_string()));
        }
        self.layer(&Settings::at(url), |_| Origin::Contract(contract.name));
        Ok(())
    }

    /// The service that was asked for.
    pub fn service(&self) -> &str {
        &self.service
    }

    /// What was set by any layer.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Where the value of `key` comes from: `retry.max_attempts`. `None`: there is no such key.
    pub fn origin(&self, key: &str) -> Option<Origin> {
        let leaf = leaves::find(key)?;
        let known = self.origins.iter().find(|(path, _)| *path == leaf.stands_for);
        Some(match known {
            // A later layer may have put it aside, as a schedule does with full jitter.
            Some((_, origin)) if (leaf.show)(&self.settings).is_some() || leaf.path != leaf.stands_for => {
                origin.clone()
            }
            _ => Origin::Default,
        })
    }

    /// All values with their origins, a line each: `timeout = 5s (tieline.toml)`. Shows no secret: of keys, only the
    /// names of the variables that hold them are ever part of a configuration.
    pub fn explain(&self) -> String {
        let defaults = self.with_defaults();
        let mut text = format!("service {}\n", self.service);
        for leaf in LEAVES.iter().filter(|leaf| leaf.path == leaf.stands_for) {
            if let (Some(value), Some(origin)) = ((leaf.show)(&defaults), self.origin(leaf.path)) {
                text.push_str(&format!("  {} = {value} ({origin})\n", leaf.path));
            }
        }
        text
    }

    /// The settings with the defaults below them.
    pub fn with_defaults(&self) -> Settings {
        let mut all = Settings::defaults();
        // A schedule makes as many attempts as it has waits, unless told otherwise.
        if let Some(schedule) = &self.settings.retry.backoff.schedule {
            all.retry.max_attempts = u32::try_from(schedule.len()).ok();
        }
        all.service_name = Some(self.service.clone());
        all.base_url_env = Some(environment::address_variable(&self.service));
        all.merge(&self.settings);
        all
    }
}

/// What a variable says of where a service is: an address, or several between commas.
fn addresses(text: &str) -> Settings {
    if !text.contains(',') {
        return Settings::at(text.trim());
    }
    let all = text
        .split(',')
        .map(str::trim)
        .filter(|address| !address.is_empty());
    Settings {
        endpoints: Some(all.map(str::to_owned).collect()),
        ..Settings::default()
    }
}

/// The contract's first server, where it is the address of a service: one that is relative is none.
fn absolute_server(contract: &Contract) -> Option<String> {
    let server = contract.servers.first()?;
    let url = server.url_with(&BTreeMap::new()).ok()?;
    crate::http::Endpoint::parse(&url).is_ok().then_some(url)
}

/// Judges settings that came as values, not as text.
pub(super) fn check(settings: &Settings, place: impl FnOnce() -> Place) -> Result<(), ConfigError> {
    let problem = LEAVES.iter().find_map(|leaf| leaf.problem(settings));
    let problem = problem.or_else(|| leaves::conflict(settings).map(str::to_owned));
    match problem {
        Some(message) => Err(ConfigError::new(place(), message)),
        None => Ok(()),
    }
}
