//! The clients of a process: register where services are and how they are called, then get clients by name.
//!
//! ```
//! use tieline::registry::{ClientConfig, Registry};
//!
//! # fn main() -> Result<(), tieline::registry::RegistryError> {
//! let registry = Registry::new();
//! registry.register("other-service", ClientConfig {
//!     base_url: "http://other-service:8000/api/v1".into(),
//!     service_name: "other-service".into(),
//!     timeout_seconds: 30.0,
//!     ..ClientConfig::default()
//! });
//! let client = registry.get::<tieline::Client>("other-service")?;
//! # let _ = client; Ok(()) }
//! ```
//!
//! There is a [global one](registry()), which [`register_client_config`], [`create_client`] and [`get_client`] use.
//! What is registered is one [layer](crate::config) of several: `tieline.toml` and the environment win over it.
//!
//! Clients of one service share connections, breaker, retry budget and bulkhead, as far as their settings of these
//! are alike; a client with an address or a breaker setting of its own has a breaker of its own.
//!
//! # Errors of calls
//!
//! What other client libraries have as exception types are kinds of the one [`Error`](crate::Error):
//!
//! | there | here |
//! |---|---|
//! | `ClientError` | [`Error`](crate::Error), whatever its [`kind`](crate::Error::kind) |
//! | `ClientTimeoutError` | [`ErrorKind::Timeout`](crate::ErrorKind::Timeout), [`Error::is_timeout`](crate::Error::is_timeout) |
//! | `UnauthorizedError` | [`ErrorKind::Unauthorized`](crate::ErrorKind::Unauthorized) |
//! | `ForbiddenError` | [`ErrorKind::Forbidden`](crate::ErrorKind::Forbidden) |

mod balance;
mod connections;
mod parts;

use std::any::TypeId;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use self::parts::Service;
use crate::client::{Client, ClientBuilder, ServiceClient};
use crate::config::{
    ConfigError, ConfigFile, Environment, ProcessEnvironment, Resolved, Settings, Sources, address_variable,
    screaming_snake,
};
use crate::http::{Line, TlsError};
use crate::operation::Contract;

/// Settings of a service in the spelling of the seeds' client factories. A struct literal over
/// [`ClientConfig::default`] is the usual way to write one.
#[derive(Debug, Clone, PartialEq)]
pub struct ClientConfig {
    /// Where the service is, with a base path. Empty: not set here.
    pub base_url: String,
    /// The service's name in errors, logs and metrics. Empty: the name that it is registered by.
    pub service_name: String,
    /// Total time of a call in seconds. At the default, 30, the contract's own timeouts hold where it has any.
    pub timeout_seconds: f64,
    /// How many attempts may follow the first; 2 by default.
    pub max_retries: u32,
    /// All other settings. What they set wins over the fields above.
    pub settings: Settings,
}

impl Default for ClientConfig {
    fn default() -> Self {
        Self {
            base_url: String::new(),
            service_name: String::new(),
            timeout_seconds: 30.0,
            max_retries: 2,
            settings: Settings::default(),
        }
    }
}

impl From<Settings> for ClientConfig {
    fn from(settings: Settings) -> Self {
        Self {
            settings,
            ..Self::default()
        }
    }
}

impl From<ClientConfig> for Settings {
    fn from(config: ClientConfig) -> Self {
        let Self {
            timeout,
            timeout_seconds,
            max_retries,
            ..
        } = &config.settings;
        let default = ClientConfig::default();
        let has_timeout = timeout.is_some() || timeout_seconds.is_some();
        let has_attempts = max_retries.is_some() || config.settings.retry.max_attempts.is_some();
        // Bits, so that a value that makes no sense is kept and reported.
        let is_default = config.timeout_seconds.to_bits() == default.timeout_seconds.to_bits();
        let seconds = (!has_timeout && !is_default).then_some(config.timeout_seconds);
        let retries =
            (!has_attempts && config.max_retries != default.max_retries).then_some(config.max_retries);
        let text = |text: String| (!text.is_empty()).then_some(text);
        let settings = config.settings;
        Self {
            base_url: settings.base_url.clone().or_else(|| text(config.base_url)),
            service_name: settings
                .service_name
                .clone()
                .or_else(|| text(config.service_name)),
            timeout_seconds: settings.timeout_seconds.or(seconds),
            max_retries: settings.max_retries.or(retries),
            ..settings
        }
    }
}

/// Why there is no client.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RegistryError {
    /// Nobody said where the service is.
    #[error(
        "no address is known of the service `{service}`{}: register it (`tieline::registry().register(\"{service}\", …)`), \
         set {variable}, or write `[service.{service}]` with a `base_url` or `endpoints` in tieline.toml",
        meant.as_ref().map(|meant| format!(" (did you mean `{meant}`?)")).unwrap_or_default()
    )]
    UnknownService {
        /// The service that was asked for.
        service: String,
        /// The environment variable that would say.
        variable: String,
        /// A service of a like name that is known.
        meant: Option<String>,
    },
    /// The configuration is wrong.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The variable that should hold the key is not set, or holds what a header cannot carry.
    #[error("the API key of `{service}` is not usable: the environment variable {variable} {problem}")]
    ApiKey {
        /// The service.
        service: String,
        /// The variable. Its value is shown nowhere.
        variable: String,
        /// What is wrong with it.
        problem: &'static str,
    },
    /// A credential that the settings name cannot be used.
    #[error("the {what} of `{service}` is not usable: {problem}")]
    Credential {
        /// The service.
        service: String,
        /// What it is.
        what: &'static str,
        /// What is wrong with it. No secret is shown.
        problem: String,
    },
    /// No transport can be made.
    #[error("no connections can be made to `{service}`: {message}")]
    Transport {
        /// The service.
        service: String,
        /// Why.
        message: String,
    },
}

impl RegistryError {
    fn transport(service: &str, error: &TlsError) -> Self {
        Self::Transport {
            service: service.to_owned(),
            message: error.to_string(),
        }
    }
}

type Configure = dyn Fn(&str, ClientBuilder) -> ClientBuilder + Send + Sync;

/// Settings by service, and the clients made of them.
pub struct Registry {
    environment: Arc<dyn Environment>,
    directory: PathBuf,
    file: OnceLock<Result<ConfigFile, ConfigError>>,
    configure: Option<Box<Configure>>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// By the name in SCREAMING_SNAKE, so that all spellings of a name are one: the name as it was written first, and
    /// the settings.
    registered: BTreeMap<String, (String, Settings)>,
    lines: BTreeMap<String, Line>,
    services: BTreeMap<String, Service>,
}

impl Default for Registry {
    fn default() -> Self {
        Self::new()
    }
}

impl Registry {
    /// A registry that reads this process' environment and the working directory's `tieline.toml`, at its first use.
    pub fn new() -> Self {
        Self::with_environment(ProcessEnvironment)
    }

    /// A registry that reads this environment instead, and the file that it names.
    pub fn with_environment(environment: impl Environment + 'static) -> Self {
        Self {
            environment: Arc::new(environment),
            directory: PathBuf::new(),
            file: OnceLock::new(),
            configure: None,
            state: Mutex::default(),
        }
    }

    /// Uses these settings instead of a file in the working directory.
    pub fn with_file(mut self, file: ConfigFile) -> Self {
        self.file = OnceLock::from(Ok(file));
        self
    }

    /// Changes the builder of every client, such as to add interceptors and credentials. It gets the service's name.
    pub fn configure(
        mut self,
        configure: impl Fn(&str, ClientBuilder) -> ClientBuilder + Send + Sync + 'static,
    ) -> Self {
        self.configure = Some(Box::new(configure));
        self
    }

    /// Sets the defaults of a service's clients. Clients that exist already stay as they are.
    pub fn register(&self, service: &str, config: impl Into<Settings>) {
        let mut state = self.state();
        let key = screaming_snake(service);
        state.registered.insert(key, (service.to_owned(), config.into()));
    }

    /// Lets `line` carry the calls to a service, instead of connections: a service in this process, or a test's. The
    /// service needs no address then.
    pub fn connect(&self, service: &str, line: impl Into<Line>) {
        self.state().lines.insert(screaming_snake(service), line.into());
    }

    /// A new client.
    ///
    /// # Errors
    /// See [`RegistryError`].
    pub fn create<C: ServiceClient>(&self, service: &str) -> Result<C, RegistryError> {
        self.create_with(service, Settings::default())
    }

    /// A new client with settings of its own.
    ///
    /// # Errors
    /// See [`RegistryError`].
    pub fn create_with<C: ServiceClient>(
        &self,
        service: &str,
        overrides: impl Into<Settings>,
    ) -> Result<C, RegistryError> {
        let resolved = self.resolve(Some(C::CONTRACT), service, &overrides.into())?;
        Ok(C::from(self.build(&resolved)?))
    }

    /// The client of this service and type: made when it is first asked for, the same one ever after.
    ///
    /// # Errors
    /// See [`RegistryError`].
    pub fn get<C: ServiceClient>(&self, service: &str) -> Result<C, RegistryError> {
        self.get_with(service, Settings::default())
    }

    /// The client of this service and type with settings of its own: made when it is first asked for, the same one
    /// for the same settings ever after.
    ///
    /// # Errors
    /// See [`RegistryError`].
    pub fn get_with<C: ServiceClient>(
        &self,
        service: &str,
        overrides: impl Into<Settings>,
    ) -> Result<C, RegistryError> {
        let (key, overrides) = (screaming_snake(service), overrides.into());
        let known = |state: &State| {
            let service = state.services.get(&key)?;
            service
                .singleton(TypeId::of::<C>(), &overrides)?
                .downcast_ref::<C>()
                .cloned()
        };
        if let Some(client) = known(&self.state()) {
            return Ok(client);
        }
        // Made without the lock, since making one runs code of the caller's. Who comes second takes the first's.
        let client: C = self.create_with(service, overrides.clone())?;
        let mut state = self.state();
        if let Some(client) = known(&state) {
            return Ok(client);
        }
        let service = state.services.entry(key).or_default();
        service.keep(TypeId::of::<C>(), overrides, Box::new(client.clone()));
        Ok(client)
    }

    /// The settings that a client of this contract, or of none, would have, and where each comes from.
    ///
    /// # Errors
    /// The configuration is wrong.
    pub fn resolve(
        &self,
        contract: Option<&'static Contract>,
        service: &str,
        overrides: &Settings,
    ) -> Result<Resolved, RegistryError> {
        let file = self.file()?;
        let registered = self.state().registered.get(&screaming_snake(service)).cloned();
        let sources = Sources {
            contract,
            registered: registered.as_ref().map(|(_, settings)| settings),
            file,
            environment: &*self.environment,
            client: Some(overrides),
        };
        // Under the name that it was registered by, whatever spelling is asked for.
        let name = registered.as_ref().map_or(service, |(name, _)| name);
        Ok(sources.resolve(name)?)
    }

    /// The services that are known by name: registered or in the file, sorted.
    ///
    /// # Errors
    /// The file cannot be read, or is wrong.
    pub fn services(&self) -> Result<Vec<String>, RegistryError> {
        let file = self.file()?;
        let mut all: BTreeMap<String, String> = file
            .services()
            .map(|name| (screaming_snake(name), name.to_owned()))
            .collect();
        all.extend(
            self.state()
                .registered
                .iter()
                .map(|(key, (name, _))| (key.clone(), name.clone())),
        );
        Ok(all.into_values().collect())
    }

    /// Waits until the background work of every client that came from here has ended, closes them all, and waits until
    /// their connections are gone: until the calls under way have ended. Put a deadline around it where that may take too long. What is registered stays, so that clients
    /// can be made again.
    pub async fn close_all(&self) {
        let services = std::mem::take(&mut self.state().services);
        for service in services.values() {
            service.finished().await;
        }
        for service in services.values() {
            service.close();
        }
        for service in services.values() {
            service.drained().await;
        }
    }

    fn file(&self) -> Result<&ConfigFile, ConfigError> {
        let find = || ConfigFile::find(&*self.environment, &self.directory);
        self.file.get_or_init(find).as_ref().map_err(Clone::clone)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Nothing is left half done under this lock, so a panic of its holder harms nobody.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The client that the settings describe, over the parts that it shares with others of its service.
    fn build(&self, resolved: &Resolved) -> Result<Client, RegistryError> {
        let key = screaming_snake(resolved.service());
        let line = self.state().lines.get(&key).cloned();
        let set = resolved.settings();
        if line.is_none() && set.base_url.is_none() && set.endpoints.is_none() {
            return Err(self.unknown(resolved));
        }
        let api_key = parts::api_key(resolved, &*self.environment)?;
        let credentials = parts::credentials(resolved, &*self.environment)?;
        let shared = |state: &mut State| {
            let service = state.services.entry(key.clone()).or_default();
            service.builder(resolved, &*self.environment, line)
        };
        let mut builder = shared(&mut self.state())?;
        if let Some(key) = api_key {
            builder = builder.api_key(key);
        }
        for (scheme, credential) in credentials {
            builder = match scheme {
                Some(scheme) => builder.credential(scheme, credential),
                None => builder.credential_for_all(credential),
            };
        }
        if let Some(configure) = &self.configure {
            // Without the lock: code of the caller's may ask for other clients, such as one that fetches tokens.
            builder = configure(resolved.service(), builder);
        }
        let client = builder.assemble();
        let mut state = self.state();
        state.services.entry(key).or_default().share(resolved, &client);
        Ok(client)
    }

    fn unknown(&self, resolved: &Resolved) -> RegistryError {
        let service = resolved.service().to_owned();
        let known = self.services().unwrap_or_default();
        let others = known.iter().map(String::as_str).filter(|name| *name != service);
        let meant = crate::config::nearest(&service, others).map(str::to_owned);
        let variable = resolved.settings().base_url_env.clone();
        RegistryError::UnknownService {
            variable: variable.unwrap_or_else(|| address_variable(&service)),
            service,
            meant,
        }
    }
}

impl std::fmt::Debug for Registry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let state = self.state();
        f.debug_struct("Registry")
            .field("registered", &state.registered.keys())
            .finish_non_exhaustive()
    }
}

/// The plain client: it knows no contract.
static NO_CONTRACT: Contract = Contract {
    name: "",
    title: "",
    version: "",
    servers: &[],
    operations: &[],
    security_schemes: &[],
};

impl ServiceClient for Client {
    const CONTRACT: &'static Contract = &NO_CONTRACT;
}

/// The registry of the process.
pub fn registry() -> &'static Registry {
    static GLOBAL: OnceLock<Registry> = OnceLock::new();
    GLOBAL.get_or_init(Registry::new)
}

/// [`Registry::register`] in the registry of the process.
pub fn register_client_config(service: &str, config: impl Into<Settings>) {
    registry().register(service, config);
}

/// [`Registry::create`] in the registry of the process.
///
/// # Errors
/// See [`RegistryError`].
pub fn create_client<C: ServiceClient>(service: &str) -> Result<C, RegistryError> {
    registry().create(service)
}

/// [`Registry::get`] in the registry of the process.
///
/// # Errors
/// See [`RegistryError`].
pub fn get_client<C: ServiceClient>(service: &str) -> Result<C, RegistryError> {
    registry().get(service)
}
