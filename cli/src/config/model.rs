//! tieline.toml as types: what the file may say. The JSON Schema, the check and the reading all come from these.

use std::collections::BTreeMap;
use std::path::PathBuf;

use schemars::JsonSchema;
use serde::Deserialize;
use serde::de::IgnoredAny;
use tieline_codegen::{Numbers, TimeLibrary, TypeOptions};
use toml::Spanned;

use super::bulk::BulkConfig;
use super::pagination::PaginationConfig;
use super::server::ServerConfig;
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
    /// The settings of the server of this process.
    #[allow(dead_code)] // Judged here, used by the runtime.
    server: Option<ServerTable>,
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

/// `[server]`, which the runtime's own type judges.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(transparent)]
#[allow(dead_code)] // Judged here, used by the runtime.
pub(crate) struct ServerTable(#[schemars(with = "ServerConfig")] tieline::config::ServerSettings);

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
    /// What is decided about types, by the name of the schema (`Pet`, `Pet.owner`), by the Rust name, or by a pattern (`*Id`).
    #[serde(default)]
    pub(crate) types: BTreeMap<String, TypeConfig>,
    /// Rust names of operations, by their ids.
    #[serde(default)]
    pub(crate) rename: BTreeMap<String, String>,
    /// How the pages of lists follow each other, by the ids of operations, in the words of `x-tieline-pagination`. It counts
    /// more than what the contract says.
    #[serde(default)]
    pub(crate) pagination: BTreeMap<String, PaginationConfig>,
    /// How operations answer for many keys at once, by their ids, in the words of `x-tieline-bulk`: single calls can be gathered
    /// into calls of them. It counts more than what the contract says.
    #[serde(default)]
    pub(crate) bulk: BTreeMap<String, BulkConfig>,
    /// What the types are of numbers that neither a format nor bounds limit. `open` by default.
    pub(crate) numbers: Option<NumbersConfig>,
    /// The library whose values dates, times and durations stand for. `jiff` by default; the runtime needs the feature of
    /// another.
    pub(crate) time: Option<TimeConfig>,
    /// Whether bodies in XML are written, too, where there is JSON of the same schema beside them. False by default: the
    /// tables of their elements are long, and the runtime needs the feature `xml`.
    #[serde(default)]
    pub(crate) xml: bool,
    /// Whether the operations of each tag stand in a module of their own, with the types that only they reach. In a crate each
    /// such module stands behind a feature of the tag's name. One module by default.
    pub(crate) split: Option<SplitConfig>,
    /// Documents that are laid over the contract before it is read, in order (OpenAPI Overlay 1.0 and 1.1). Relative to
    /// this file.
    #[serde(default)]
    pub(crate) overlays: Vec<PathBuf>,
}

/// The types of numbers that neither a format nor bounds limit.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum NumbersConfig {
    /// `i64` and `f64`, which refuse what is beyond their range.
    Primitive,
    /// `Integer`, which refuses no integer and keeps every digit, and `f64`.
    Open,
    /// `Integer` and `Decimal`, which refuse nothing and keep every digit.
    Exact,
}

impl From<NumbersConfig> for Numbers {
    fn from(config: NumbersConfig) -> Self {
        match config {
            NumbersConfig::Primitive => Self::Primitive,
            NumbersConfig::Open => Self::Open,
            NumbersConfig::Exact => Self::Exact,
        }
    }
}

/// By what a large contract is split into modules.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum SplitConfig {
    /// By the tags of operations.
    Tags,
}

/// The library of dates, times and durations.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum TimeConfig {
    /// `jiff`.
    Jiff,
    /// `chrono`.
    Chrono,
    /// The `time` crate.
    Time,
}

impl From<TimeConfig> for TimeLibrary {
    fn from(config: TimeConfig) -> Self {
        match config {
            TimeConfig::Jiff => Self::Jiff,
            TimeConfig::Chrono => Self::Chrono,
            TimeConfig::Time => Self::Time,
        }
    }
}

/// What is decided about a type, or about all that a pattern matches.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct TypeConfig {
    /// Its Rust name.
    pub(crate) rename: Option<String>,
    /// The path of a type of your own that is used in its place, such as `crate::Money`: one of another generated module, or
    /// one that implements `tieline::codec::Value`.
    pub(crate) path: Option<String>,
    /// The type in its place has serde's traits only, and stands in fields as `tieline::codec::Serde<crate::Money>`.
    pub(crate) serde: bool,
    /// An inline type that is equal to another is defined once more, and not a further name (`type B = A;`) of it.
    pub(crate) apart: bool,
    /// Traits to derive, such as `Eq` and `Hash`.
    pub(crate) derive: Vec<String>,
    /// Attributes to add, such as `#[cfg_attr(test, derive(proptest::Arbitrary))]`.
    pub(crate) attributes: Vec<String>,
    /// Rust names of fields, by the names of the properties.
    pub(crate) fields: BTreeMap<String, String>,
    /// Rust names of variants, by the constants, or by the names of the alternatives.
    pub(crate) variants: BTreeMap<String, String>,
}

impl TypeConfig {
    /// The same for the generator.
    pub(crate) fn options(&self) -> TypeOptions {
        let mut options = TypeOptions::new();
        if let Some(name) = &self.rename {
            options = options.rename(name);
        }
        if let Some(path) = &self.path {
            options = options.replace(path);
        }
        if self.serde {
            options = options.by_serde();
        }
        if self.apart {
            options = options.apart();
        }
        options = self.derive.iter().fold(options, TypeOptions::derive);
        options = self.attributes.iter().fold(options, TypeOptions::attribute);
        let fields = self.fields.iter();
        options = fields.fold(options, |options, (from, to)| options.field(from, to));
        let variants = self.variants.iter();
        variants.fold(options, |options, (from, to)| options.variant(from, to))
    }
}
