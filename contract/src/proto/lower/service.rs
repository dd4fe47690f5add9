//! Services and their methods.

use prost_reflect::{MethodDescriptor, ServiceDescriptor};
use prost_types::method_options::IdempotencyLevel;
use prost_types::{MethodOptions, ServiceOptions};

use super::{Context, field};
use crate::model::{
    Behaviour, Binding, Body, CallShape, Encoding, GrpcBinding, HttpRule, Input, Operation, Reply, Safety,
    Service, StatusMatch,
};

/// What gRPC calls its messages on the wire (gRPC over HTTP2, "Content-Type").
const MEDIA_TYPE: &str = "application/grpc+proto";

impl Context<'_> {
    pub(super) fn service(&mut self, service: &ServiceDescriptor) -> Service {
        Service {
            name: service.name().to_owned(),
            full_name: service.full_name().to_owned(),
            docs: self.docs(&service.parent_file(), service.path()),
            operations: service.methods().map(|method| self.operation(&method)).collect(),
        }
    }

    fn operation(&mut self, method: &MethodDescriptor) -> Operation {
        let rules = self.http_rules(method);
        let file = method.parent_file();
        Operation {
            id: method.name().to_owned(),
            summary: None,
            docs: self.docs(&file, method.path()),
            deprecated: is_deprecated(method),
            tags: Vec::new(),
            shape: shape(method),
            inputs: vec![request(method)],
            successes: vec![reply(method)],
            failures: Vec::new(),
            behaviour: Behaviour {
                safety: safety(method, rules.first()),
                ..Behaviour::default()
            },
            security: Vec::new(),
            lifecycle: Default::default(),
            paging: Default::default(),
            bulk: None,
            servers: Vec::new(),
            callbacks: Vec::new(),
            bindings: bindings(method, rules),
            origin: self.origin(&file, method.path(), method.full_name()),
        }
    }
}

fn request(method: &MethodDescriptor) -> Input {
    Input {
        name: "request".to_owned(),
        docs: None,
        required: true,
        deprecated: false,
        value: field::message_use(&method.input()),
        default: None,
        example: None,
    }
}

fn reply(method: &MethodDescriptor) -> Reply {
    let body = (!field::is_bodiless(method)).then(|| Body {
        media_type: MEDIA_TYPE.to_owned(),
        encoding: Encoding::Protobuf,
        xml: None,
        value: field::message_use(&method.output()),
        also: Vec::new(),
    });
    Reply {
        headers: Vec::new(),
        status: StatusMatch::Code(200),
        docs: None,
        body,
        links: Vec::new(),
    }
}

fn shape(method: &MethodDescriptor) -> CallShape {
    match (method.is_client_streaming(), method.is_server_streaming()) {
        (false, false) => CallShape::Unary,
        (false, true) => CallShape::ServerStreaming,
        (true, false) => CallShape::ClientStreaming,
        (true, true) => CallShape::Bidirectional,
    }
}

/// A method is deprecated by itself or with its service.
fn is_deprecated(method: &MethodDescriptor) -> bool {
    let own = method
        .method_descriptor_proto()
        .options
        .as_ref()
        .is_some_and(MethodOptions::deprecated);
    let service = method.parent_service().service_descriptor_proto();
    own || service.options.as_ref().is_some_and(ServiceOptions::deprecated)
}

/// What `idempotency_level` says, else the HTTP method of the first rule (RFC 9110, section 9.2).
fn safety(method: &MethodDescriptor, rule: Option<&HttpRule>) -> Safety {
    let options = method.method_descriptor_proto().options.as_ref();
    match options.map(MethodOptions::idempotency_level) {
        Some(IdempotencyLevel::NoSideEffects) => Safety::Safe,
        Some(IdempotencyLevel::Idempotent) => Safety::Idempotent,
        Some(IdempotencyLevel::IdempotencyUnknown) | None => match rule.map(|rule| rule.method.as_str()) {
            Some("GET" | "HEAD" | "OPTIONS" | "TRACE") => Safety::Safe,
            Some("PUT" | "DELETE") => Safety::Idempotent,
            _ => Safety::Unsafe,
        },
    }
}

fn bindings(method: &MethodDescriptor, rules: Vec<HttpRule>) -> Vec<Binding> {
    let path = format!("/{}/{}", method.parent_service().full_name(), method.name());
    let grpc = Binding::Grpc(GrpcBinding { path });
    [grpc]
        .into_iter()
        .chain(rules.into_iter().map(Binding::HttpRule))
        .collect()
}
