//! Every decision about the output, made once: names, paths, types, features. Emitters decide nothing.
//!
//! ```text
//! Contract + Settings -> names -> boxes, rules -> types, operations -> Plan
//! ```

pub(crate) mod boxes;
pub(crate) mod bulk;
pub(crate) mod custom;
pub(crate) mod derives;
pub(crate) mod docs;
pub(crate) mod headers;
pub(crate) mod links;
pub(crate) mod media;
#[cfg(feature = "proto")]
pub(crate) mod methods;
pub(crate) mod name;
pub(crate) mod operations;
pub(crate) mod outgoing;
pub(crate) mod paging;
pub(crate) mod replies;
pub(crate) mod route;
pub(crate) mod rules;
pub(crate) mod same;
pub(crate) mod select;
pub(crate) mod tags;
pub(crate) mod ty;
pub(crate) mod types;
pub(crate) mod xml;

use std::collections::HashSet;

use tieline_contract::model::{ApiKeyPlace, Contract, Operation, SchemeKind, Server, TypeName};
use tieline_contract::problem::Problems;

use crate::options::{Options, TimeLibrary};
use custom::Custom;
use docs::Docs;
use operations::OperationPlan;
use select::Selection;
use tags::{Groups, TagPlan};
use types::TypePlan;

/// Which parts are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Sections {
    pub(crate) client: bool,
    pub(crate) server: bool,
    pub(crate) mock: bool,
    pub(crate) blocking: bool,
}

impl Sections {
    /// Of a contract without operations: its types alone.
    const NONE: Self = Self {
        client: false,
        server: false,
        mock: false,
        blocking: false,
    };
}

/// Where the output stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// Included by a macro: no inner documentation.
    Included,
    /// A folder of its own in somebody's crate.
    Folder,
    /// A module of a crate of its own: parts stand behind features.
    Crate,
}

/// A module to be written.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Plan {
    /// The contract's name; the module's, too.
    pub(crate) name: String,
    pub(crate) title: String,
    pub(crate) version: String,
    pub(crate) docs: Docs,
    /// Where it came from, for the header.
    pub(crate) source: String,
    pub(crate) servers: Vec<Server>,
    pub(crate) schemes: Vec<(String, String)>,
    pub(crate) types: Vec<TypePlan>,
    pub(crate) operations: Vec<OperationPlan>,
    /// Parts by tag, where there are such: operations and types are sorted by them, those of no part first.
    pub(crate) tags: Vec<TagPlan>,
    /// What the service sends: modules that share its types.
    pub(crate) outgoing: Vec<Plan>,
    /// The name of such a module.
    pub(crate) module: Option<String>,
    /// What only a protobuf contract has.
    #[cfg(feature = "proto")]
    pub(crate) grpc: Option<methods::GrpcPlan>,
    /// Whether anything in it is deprecated, so that its own uses must not warn.
    pub(crate) deprecated: bool,
    pub(crate) sections: Sections,
    pub(crate) form: Form,
    /// The library of dates and times.
    pub(crate) times: TimeLibrary,
    /// Whether its module is the root of its crate.
    pub(crate) is_root: bool,
    /// The ids of the operations that were left out.
    pub(crate) skipped: Vec<String>,
}

/// What shapes a plan beside the contract.
pub(crate) struct Settings<'s> {
    pub(crate) source: &'s str,
    pub(crate) selection: &'s Selection,
    pub(crate) options: &'s Options,
    pub(crate) sections: Sections,
    pub(crate) form: Form,
    /// Whether its module is the root of its crate.
    pub(crate) is_root: bool,
    /// What features of its tags begin with, in a crate of several contracts.
    pub(crate) prefix: Option<&'s str>,
}

/// Decides everything about the module of `contract`.
pub(crate) fn plan(contract: &Contract, settings: &Settings<'_>, problems: &mut Problems) -> Plan {
    let chosen = settings.selection.choose(contract, settings.options, problems);
    let webhooks = settings.selection.webhooks(contract);
    let custom = Custom::of(contract, settings.options, problems);
    let attributes = derives::plan(&contract.types, &custom, problems);
    let kept = kept(contract, settings.selection, &chosen, &webhooks);
    let keep = |name: &TypeName| kept.as_ref().is_none_or(|kept| kept.contains(name));
    let same = same::find(&contract.types, &custom, &attributes, keep);
    let names = types::names(&contract.types, &custom, same);
    let mut types = types::plan(&names, &custom, &attributes, keep);
    let groups = Groups::of(&chosen, settings.options.split);
    let mut operations = operations::plan(contract, &names, &custom, &chosen, &groups, problems);
    let outgoing = outgoing::plan(
        contract,
        &names,
        &custom,
        (&chosen, &webhooks),
        &mut operations,
        settings,
        problems,
    );
    paging::plan(contract, &types, &mut operations, settings.options, problems);
    bulk::plan(contract, &types, &mut operations, settings.options, problems);
    let tags = groups.settle(
        contract,
        (&chosen, &webhooks),
        &names,
        settings,
        (&mut types, &mut operations),
    );
    links::plan(contract, &mut operations);
    let sections = if operations.is_empty() {
        Sections::NONE
    } else {
        settings.sections
    };
    Plan {
        deprecated: is_deprecated(&types, &operations),
        skipped: skipped(&chosen, &operations),
        sections,
        types,
        operations,
        tags,
        outgoing,
        ..outline(contract, settings)
    }
}

/// What a plan says whatever its dialect is: no types and no operations yet.
fn outline(contract: &Contract, settings: &Settings<'_>) -> Plan {
    Plan {
        name: name::plain(name::Case::Field, &contract.name),
        title: contract.title.clone(),
        version: contract.version.clone(),
        docs: Docs::new(contract.docs.as_deref(), || {
            let title = if contract.title.trim().is_empty() {
                &contract.name
            } else {
                &contract.title
            };
            format!(
                "The service that the contract `{}` describes.",
                title.trim().replace('`', "'")
            )
        }),
        source: settings.source.to_owned(),
        servers: contract.servers.clone(),
        schemes: contract
            .security_schemes
            .iter()
            .map(|(name, scheme)| (name.clone(), scheme_kind(&scheme.kind)))
            .collect(),
        deprecated: false,
        skipped: Vec::new(),
        types: Vec::new(),
        operations: Vec::new(),
        tags: Vec::new(),
        outgoing: Vec::new(),
        module: None,
        #[cfg(feature = "proto")]
        grpc: None,
        sections: settings.sections,
        form: settings.form,
        times: settings.options.times,
        is_root: settings.is_root,
    }
}

impl Plan {
    /// Whether any body is XML.
    pub(crate) fn has_xml(&self) -> bool {
        let mut operations = self.operations.iter();
        operations.any(|operation| operation.xml().next().is_some())
            || self.outgoing.iter().any(Self::has_xml)
    }

    /// Whether its types are prost's messages.
    #[cfg(feature = "proto")]
    pub(crate) fn is_grpc(&self) -> bool {
        self.grpc.is_some()
    }

    /// Whether its types are prost's messages: none are without the reader of protos.
    #[cfg(not(feature = "proto"))]
    #[allow(clippy::unused_self)] // Asked like the other.
    pub(crate) fn is_grpc(&self) -> bool {
        false
    }

    /// The part by tag that an operation stands in, by its name.
    pub(crate) fn part_of(&self, operation: &str) -> Option<&TagPlan> {
        let at = self.operations.iter().position(|plan| plan.name == operation)?;
        self.tags.iter().find(|part| part.operations.contains(&at))
    }

    /// The operations that stand in no part by tag.
    pub(crate) fn common_operations(&self) -> &[OperationPlan] {
        let end = self
            .tags
            .first()
            .map_or(self.operations.len(), |part| part.operations.start);
        &self.operations[..end]
    }

    /// The types that stand in no part by tag.
    pub(crate) fn common_types(&self) -> &[TypePlan] {
        let end = self
            .tags
            .first()
            .map_or(self.types.len(), |part| part.types.start);
        &self.types[..end]
    }

    /// Every operation, and the part by tag that it stands in, if any.
    pub(crate) fn tagged(&self) -> impl Iterator<Item = (Option<&TagPlan>, &OperationPlan)> {
        let common = self.common_operations().iter().map(|operation| (None, operation));
        let parts = self.tags.iter().flat_map(|part| {
            let own = &self.operations[part.operations.clone()];
            own.iter().map(move |operation| (Some(part), operation))
        });
        common.chain(parts)
    }

    /// How many operations are written.
    pub(crate) fn operation_count(&self) -> usize {
        #[cfg(feature = "proto")]
        if let Some(grpc) = &self.grpc {
            return grpc.services.iter().map(|service| service.methods.len()).sum();
        }
        self.operations.len()
    }

    /// How many types are written.
    pub(crate) fn type_count(&self) -> usize {
        #[cfg(feature = "proto")]
        if let Some(grpc) = &self.grpc {
            return grpc.count;
        }
        let is_defined = |ty: &&TypePlan| !matches!(ty.kind, types::KindPlan::Same(_));
        self.types.iter().filter(is_defined).count()
    }
}

/// The types that the chosen operations reach. `None`: nothing was chosen, so all types stay.
fn kept<'c>(
    contract: &'c Contract,
    selection: &Selection,
    chosen: &[&'c Operation],
    webhooks: &[&'c Operation],
) -> Option<HashSet<&'c TypeName>> {
    let callbacks = chosen.iter().flat_map(|operation| &operation.callbacks);
    let callbacks = callbacks.flat_map(|callback| &callback.operations);
    let all = chosen.iter().chain(webhooks).copied().chain(callbacks);
    let uses = all.flat_map(Operation::uses);
    (!selection.is_everything()).then(|| boxes::reachable(&contract.types, uses))
}

fn skipped(chosen: &[&Operation], planned: &[OperationPlan]) -> Vec<String> {
    let planned: HashSet<&str> = planned.iter().map(|operation| operation.id.as_str()).collect();
    chosen
        .iter()
        .map(|operation| &operation.id)
        .filter(|id| !planned.contains(id.as_str()))
        .cloned()
        .collect()
}

fn is_deprecated(types: &[TypePlan], operations: &[OperationPlan]) -> bool {
    let in_record = |record: &types::RecordPlan| record.fields.iter().any(|field| field.deprecated);
    types
        .iter()
        .any(|ty| ty.deprecated || matches!(&ty.kind, types::KindPlan::Record(record) if in_record(record)))
        || operations
            .iter()
            .any(|operation| operation.deprecated || operation.records().any(in_record))
}

/// A scheme's kind as the runtime's tables write it.
fn scheme_kind(kind: &SchemeKind) -> String {
    match kind {
        SchemeKind::ApiKey {
            place: ApiKeyPlace::Header,
            name,
        } => format!("ApiKeyHeader({:?})", name.to_ascii_lowercase()),
        SchemeKind::ApiKey {
            place: ApiKeyPlace::Query,
            name,
        } => format!("ApiKeyQuery({name:?})"),
        SchemeKind::ApiKey {
            place: ApiKeyPlace::Cookie,
            name,
        } => format!("ApiKeyCookie({name:?})"),
        SchemeKind::Basic => "Basic".to_owned(),
        SchemeKind::Bearer { .. } => "Bearer".to_owned(),
        SchemeKind::OAuth2 { token_url } => format!("OAuth2({token_url:?})"),
        SchemeKind::OpenIdConnect { url } => format!("OpenIdConnect({url:?})"),
        SchemeKind::Http { scheme } => format!("Http({scheme:?})"),
        SchemeKind::MutualTls => "MutualTls".to_owned(),
    }
}
