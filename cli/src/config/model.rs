//! tieline.toml as types: what the file may say. The JSON Schema, the check and the reading all come from these.

use std::collections::BTreeMap;
use std::path::PathBuf;

use schemars::JsonSchema;
use serde::Deserialize;
use serde::de::IgnoredAny;
use toml::Spanned;

use super::service::ServiceConfig;

/// The whole file.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[schemars(title = "tieline.toml")]
pub(crate) struct Config {
    /// The contracts that `cargo tieline generate` reads when none is named.
    #[serde(rename = "contract")]
    pub(crate) contracts: Vec<ContractConfig>,
    /// The runtime's settings, by service name.
    #[allow(dead_code)] // Judged here, used by the runtime.
    service: BTreeMap<String, ServiceConfig>,
    /// Reserved for the rules of contract linting. Not used yet.
    #[allow(dead_code)] // Nothing looks at it yet.
    lint: Option<Reserved>,
    /// Reserved for the comparison of contracts. Not used yet.
    #[allow(dead_code)] // Nothing looks at it yet.
    diff: Option<Reserved>,
    /// Reserved for contract tests. Not used yet.
    #[allow(dead_code)] // Nothing looks at it yet.
    pact: Option<Reserved>,
    /// Reserved for continuous integration. Not used yet.
    #[allow(dead_code)] // Nothing looks at it yet.
    ci: Option<Reserved>,
}

/// A table that has a name but no keys of its own so far.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(transparent)]
#[allow(dead_code)] // Nothing looks at it yet.
pub(crate) struct Reserved(#[schemars(with = "BTreeMap<String, serde_json::Value>")] IgnoredAny);

/// A contract and what is written for it.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ContractConfig {
    /// The name of the module. By default it comes from the path.
    #[schemars(with = "Option<String>")]
    pub(crate) name: Option<Spanned<String>>,
    /// The OpenAPI document or `.proto` file, or a folder of them. Relative to this file.
    #[schemars(with = "PathBuf")]
    pub(crate) path: Spanned<PathBuf>,
    /// The folder in which the contract's module is put. Relative to this file.
    pub(crate) out: Option<PathBuf>,
    /// Folders in which protos look for their imports. Relative to this file.
    #[serde(default)]
    pub(crate) include: Vec<PathBuf>,
    /// URLs, or the starts of URLs, that the document's references name, and the files or folders that are read in their
    /// place. Nothing is fetched from a network. Relative to this file.
    #[serde(default)]
    pub(crate) urls: BTreeMap<String, PathBuf>,
    /// Whether the async client is written. True by default.
    pub(crate) client: Option<bool>,
    /// Whether the server is written.
    pub(crate) server: Option<bool>,
    /// Whether the mock is written.
    pub(crate) mock: Option<bool>,
    /// Whether the blocking client is written. It stands on the async one.
    pub(crate) blocking: Option<bool>,
    /// Whether the HTTP gateway to a gRPC service is written. Not supported yet.
    #[schemars(with = "Option<bool>")]
    pub(crate) gateway: Option<Spanned<bool>>,
    /// The operations that are written: by id (`get*`), by tag (`tag:pets`) or by path (`/pets/**`, `GET /pets`). All by
    /// default.
    #[schemars(with = "Option<Vec<String>>")]
    pub(crate) operations: Option<Spanned<Vec<String>>>,
    /// Rust types of your own in place of generated ones, by schema name. Not supported yet.
    #[schemars(with = "Option<BTreeMap<String, String>>")]
    pub(crate) types: Option<Spanned<BTreeMap<String, String>>>,
    /// Documents that are laid over the contract before it is read, in order (OpenAPI Overlay 1.0 and 1.1). Relative to
    /// this file.
    #[serde(default)]
    pub(crate) overlays: Vec<PathBuf>,
}
