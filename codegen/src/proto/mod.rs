//! The messages of a protobuf contract, by prost-build, as one tree of modules.
//!
//! ```text
//! descriptors -> prune (what the contract reaches) -> prost-build -> nest (a module a package) -> paths (a method's types)
//! ```
//!
//! prost-build knows how it names things, so it is asked for the Rust types of every method, too.

mod nest;
mod prune;

use std::collections::HashMap;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use prost_build::{Config, Module, Service, ServiceGenerator};
use prost_types::FileDescriptorSet;

use crate::plan::docs;

/// Where generated code finds prost.
const PROST: &str = "::tieline::generated::v1::prost";
/// Where generated code finds the well-known types.
const PROST_TYPES: &str = "::tieline::generated::v1::prost_types";

/// The messages of a contract.
#[derive(Debug)]
pub(crate) struct Messages {
    /// The source of the module tree, packages as nested modules.
    pub(crate) source: String,
    /// The Rust types of each method, by its path (`/package.Service/Method`), as seen next to the module `types`.
    pub(crate) methods: HashMap<String, MethodTypes>,
    /// The packages of the contract's own files, as paths of modules within `types`.
    pub(crate) packages: Vec<Vec<String>>,
}

/// The Rust types of a method.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct MethodTypes {
    /// What is sent.
    pub(crate) request: String,
    /// What comes back.
    pub(crate) response: String,
}

/// Writes the messages that the files `roots` of `descriptors` reach.
///
/// # Errors
/// prost-build refuses the descriptors.
pub(crate) fn messages(descriptors: FileDescriptorSet, roots: &[String]) -> io::Result<Messages> {
    let mut files = prune::reachable(descriptors, roots);
    let mut packages: Vec<Vec<String>> = Vec::new();
    for file in &mut files {
        if let Some(info) = &mut file.source_code_info {
            for location in &mut info.location {
                location.leading_comments = location.leading_comments.take().map(|text| docs::safe(&text));
                location.trailing_comments = None;
                location.leading_detached_comments.clear();
            }
        }
        if roots.iter().any(|root| root == file.name()) {
            let path: Vec<_> = Module::from_protobuf_package_name(file.package())
                .parts()
                .map(str::to_owned)
                .collect();
            if !packages.contains(&path) {
                packages.push(path);
            }
        }
    }
    let seen = Arc::new(Mutex::new(HashMap::new()));
    let requests = files
        .into_iter()
        .map(|file| (Module::from_protobuf_package_name(file.package()), file))
        .collect();
    let modules = Config::new()
        .prost_path(PROST)
        .prost_types_path(PROST_TYPES)
        .bytes(["."])
        .service_generator(Box::new(Collector(Arc::clone(&seen))))
        .generate(requests)?;
    let methods = std::mem::take(&mut *seen.lock().unwrap_or_else(PoisonError::into_inner));
    Ok(Messages {
        source: nest::nest(modules),
        methods,
        packages,
    })
}

/// Learns from prost-build what the types of methods are called, and writes nothing.
struct Collector(Arc<Mutex<HashMap<String, MethodTypes>>>);

impl ServiceGenerator for Collector {
    fn generate(&mut self, service: Service, source: &mut String) {
        // prost-build drops a module without content, and then looks for it because it has a service.
        source.push('\n');
        let module = Module::from_protobuf_package_name(&service.package);
        let package: Vec<_> = module.parts().collect();
        let mut seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for method in &service.methods {
            let dot = if service.package.is_empty() { "" } else { "." };
            let path = format!(
                "/{}{dot}{}/{}",
                service.package, service.proto_name, method.proto_name
            );
            let types = MethodTypes {
                request: nest::absolute(&package, &method.input_type),
                response: nest::absolute(&package, &method.output_type),
            };
            seen.insert(path, types);
        }
    }
}
