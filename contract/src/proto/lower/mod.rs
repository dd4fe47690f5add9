//! Descriptors become the model.
//!
//! ```text
//! root files -> services -> operations   (service.rs; routes in http_rule.rs)
//!       |                       |
//!       '-> declared types      '-> reached types -> type definitions   (reach.rs, types.rs, field.rs)
//! ```
//!
//! # What protobuf means in the model
//!
//! The model speaks of values as JSON shows them (the [ProtoJSON](https://protobuf.dev/programming-guides/json/)
//! mapping):
//!
//! - Fields go by their JSON name, enum values by their name, with the `number` kept.
//! - `required` is true for proto2's `required` only. A field with implicit presence may be left out, and a reader then
//!   assumes the type's zero: such a field says `default: 0` (`""`, `false`, the enum's first value). A field with
//!   explicit presence (`optional`, a message, a member of a `oneof`) has no default, unless proto2 gives it one. Lists
//!   and maps are empty when absent and say nothing. To compare with a contract that does not know zero defaults, drop
//!   every default that equals its type's zero.
//! - `Timestamp` is a date and time; `Duration` (`"1.5s"`) and `FieldMask` (`"a,b"`) are text; wrappers are nullable
//!   scalars; `Struct`, `Value`, `ListValue`, `NullValue` and `Any` are any JSON. `Empty` is a struct without fields, and
//!   no body at all as a reply.
//! - An operation has one input, `request`, and one success, status 200. Failures are gRPC's own, so none is listed.
//! - `idempotency_level` tells whether a call may be sent twice; where it says nothing, the HTTP method of
//!   `google.api.http` does (RFC 9110, section 9.2).
//! - `google.api.field_behavior` marks fields as only in requests or only in replies. Its `REQUIRED` is not taken over:
//!   a zero that a writer leaves out would be refused.

mod field;
mod http_rule;
mod options;
mod reach;
mod service;
mod types;

use std::collections::HashMap;

use prost_reflect::{DescriptorPool, FileDescriptor};

use super::comments::{self, Places};
use super::load::Loaded;
use crate::model::{Contract, Origin, Server};
use crate::problem::{Place, Problems};

/// Lowers the root files' services and all types that these files declare or reach.
pub(super) fn lower(pool: &DescriptorPool, loaded: &Loaded, name: &str) -> (Contract, Problems) {
    let mut context = Context::new(pool, loaded);
    let roots: Vec<FileDescriptor> = loaded
        .roots
        .iter()
        .filter_map(|root| pool.get_file_by_name(root))
        .collect();
    let services = roots
        .iter()
        .flat_map(FileDescriptor::services)
        .collect::<Vec<_>>();
    let contract = Contract {
        webhooks: Vec::new(),
        name: name.to_owned(),
        title: name.to_owned(),
        version: roots.first().map(version).unwrap_or_default(),
        docs: roots.iter().find_map(|root| context.place(root, PACKAGE).docs),
        servers: servers(&context, &services),
        services: services.iter().map(|service| context.service(service)).collect(),
        types: context.types(&roots, &services),
        security_schemes: Default::default(),
    };
    (contract, context.problems)
}

/// The descriptor path of the package statement.
const PACKAGE: &[i32] = &[2];

/// What lowering knows, and what it found wrong.
struct Context<'a> {
    loaded: &'a Loaded,
    places: HashMap<&'a str, Places>,
    options: options::Known,
    problems: Problems,
}

impl<'a> Context<'a> {
    fn new(pool: &DescriptorPool, loaded: &'a Loaded) -> Self {
        let places = loaded
            .sources
            .iter()
            .map(|(name, source)| (name.as_str(), Places::of(&source.descriptor)))
            .collect();
        Self {
            loaded,
            places,
            options: options::Known::of(pool),
            problems: Problems::new(),
        }
    }

    /// Where a declaration stands.
    fn place(&self, file: &FileDescriptor, path: &[i32]) -> comments::Place {
        self.places
            .get(file.name())
            .map(|places| places.get(path))
            .unwrap_or_default()
    }

    /// The comment on a declaration.
    fn docs(&self, file: &FileDescriptor, path: &[i32]) -> Option<String> {
        self.place(file, path).docs
    }

    fn origin(&self, file: &FileDescriptor, path: &[i32], full_name: &str) -> Origin {
        let place = self.located(file, path, full_name);
        Origin {
            file: place.file,
            line: place.line,
            column: place.column,
            pointer: full_name.into(),
        }
    }

    /// The place of a declaration, for messages.
    fn located(&self, file: &FileDescriptor, path: &[i32], full_name: &str) -> Place {
        let source = self.loaded.sources.get(file.name());
        source
            .map(|source| source.text.declaration(&self.place(file, path), full_name))
            .unwrap_or_default()
    }
}

/// The version that a package name ends with: `v1` of `user.v1`.
fn version(file: &FileDescriptor) -> String {
    let last = file.package_name().rsplit('.').next().unwrap_or_default();
    let is_version = last
        .strip_prefix('v')
        .is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()));
    if is_version {
        last.to_owned()
    } else {
        String::new()
    }
}

/// The hosts that `google.api.default_host` names, without repetition.
fn servers(context: &Context<'_>, services: &[prost_reflect::ServiceDescriptor]) -> Vec<Server> {
    let mut servers: Vec<Server> = Vec::new();
    for host in services
        .iter()
        .filter_map(|service| context.options.default_host(service))
    {
        let server = Server {
            url: format!("https://{host}"),
            ..Server::default()
        };
        if !servers.contains(&server) {
            servers.push(server);
        }
    }
    servers
}
