//! OpenAPI documents, 2.0 to 3.2, to contracts.
//!
//! ```text
//! version -> (2.0: the shape of 3.0) -> mend, dynamic references -> info, servers, security schemes -> component schemas -> paths -> operations -> links -> types, told apart -> forms of requests and replies
//! ```
//!
//! The document's tree is read as it stands, so that every problem has its place; what is wrong with one operation
//! or type concerns that one only.

mod build;
mod bulk;
mod content;
pub mod diagnostics;
mod directions;
mod dynamic;
mod example;
mod form;
mod headers;
mod info;
mod links;
mod mend;
mod multipart;
mod offers;
mod operation;
mod outgoing;
mod paging;
mod parameter;
mod path;
mod paths;
mod request;
mod response;
mod security;
mod stream;
mod swagger;
mod version;
mod xml;

use crate::model::{Contract, Service};
use crate::problem::Problems;
use crate::schema::{Context, Types};
use crate::source::{Document, SourceMap};
use version::Version;

/// What was read of a document.
#[derive(Debug)]
pub struct Reading {
    /// The contract: all that could be expressed. `None` when the document is no contract of a known version.
    pub contract: Option<Contract>,
    /// What is wrong.
    pub problems: Problems,
    /// The operations that were skipped, as `GET /pets`.
    pub skipped: Vec<String>,
}

/// Reads a document. `name` is the contract's short name; `xml`: XML beside JSON of the same values is read, too.
pub fn read(sources: &SourceMap, document: Document, name: &str, xml: bool) -> Reading {
    let version = match version::detect(sources, &document) {
        Ok(version) => version,
        Err(problem) => {
            return Reading {
                contract: None,
                problems: problem.into(),
                skipped: Vec::new(),
            };
        }
    };
    let mut document = match version {
        Version::V2 => swagger::upgrade(document),
        _ => document,
    };
    let mended = mend::mend(sources, &mut document, version);
    let (document, unresolved) = dynamic::resolve(sources, document);
    let document = &document;
    let mut cx = Context::new(document, sources, version.dialect());
    cx.xml = xml;
    mended
        .into_iter()
        .chain(unresolved)
        .for_each(|problem| cx.report(problem));
    let root = &document.root;
    let mut types = Types::new(&cx);
    if let Some(schemas) = root
        .get("components")
        .and_then(|components| components.get("schemas"))
    {
        types.components(schemas);
    }
    let mut contract = Contract {
        name: name.to_owned(),
        ..info::read(&cx)
    };
    contract.security_schemes = security::schemes(&cx);
    let known = operation::Known {
        schemes: &contract.security_schemes,
        servers: &contract.servers,
    };
    let mut found = paths::read(&cx, &mut types, known);
    let webhooks = outgoing::webhooks(&cx, &mut types, known, &mut found.skipped);
    contract.services = vec![Service {
        name: name.to_owned(),
        full_name: name.to_owned(),
        docs: contract.docs.clone(),
        operations: found.operations,
    }];
    contract.webhooks = webhooks;
    contract.types = types.finish();
    directions::tell_apart(&mut contract);
    Reading {
        contract: Some(contract),
        problems: cx.into_problems(),
        skipped: found.skipped,
    }
}
