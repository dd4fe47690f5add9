//! The contract model: what OpenAPI documents, protobuf files and annotated traits have in common.
//!
//! Plain data. What is true of one dialect only stays out of it, or sits in a [`Binding`]: the same service
//! written in any dialect gives equal contracts, bindings aside.
//!
//! ```text
//! Contract -> Service -> Operation -> inputs, replies, behaviour, security
//!    |                       '-> Binding (HTTP route | gRPC path | google.api.http rule)
//!    '-> types: TypeName -> TypeDef -> Struct | Enum | Union | Alias
//! ```

mod binding;
mod bulk;
mod lifecycle;
mod link;
mod operation;
mod origin;
mod paging;
mod security;
mod server;
mod types;
mod xml;

pub use binding::{
    Binding, FormStyle, GrpcBinding, HttpBinding, HttpRule, InputPlace, Method, OtherBody, PathSegment,
    PathTemplate, QueryStyle, TextStyle,
};
pub use bulk::Bulk;
pub use lifecycle::{Lifecycle, Moment};
pub use link::{Expression, Link, LinkValue, TemplateRun};
pub use operation::{
    Behaviour, Body, CallShape, Callback, Encoding, IdempotencyKey, Input, Media, Operation, Priority, Reply,
    ReplyHeader, Safety, StatusMatch,
};
pub use origin::Origin;
pub use paging::{NextPage, Paging};
pub use security::{ApiKeyPlace, Requirement, SchemeKind, SecurityScheme};
pub use server::{Server, ServerVariable};
pub use types::{
    Additional, Check, Dispatch, Enum, EnumConstant, EnumValue, Field, JsonKind, Matching, Rule, Scalar,
    Struct, Type, TypeDef, TypeKind, TypeName, TypeUse, Union, Variant,
};

use indexmap::IndexMap;

/// A whole contract: services, the operations they offer, and the types these speak of.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Contract {
    /// A short name, from the file or given by the user: `pets` for `pets.yaml`.
    pub name: String,
    /// The title its author gave it.
    pub title: String,
    /// The version its author gave it, as written.
    pub version: String,
    /// Documentation (CommonMark).
    pub docs: Option<String>,
    /// Where the service can be reached, the first being the default.
    pub servers: Vec<Server>,
    /// The services. An OpenAPI document is one service.
    pub services: Vec<Service>,
    /// What the service sends on its own, to addresses that its users gave it. They travel to the address itself: their
    /// paths are empty.
    pub webhooks: Vec<Operation>,
    /// Every named type, in the order of the source.
    pub types: IndexMap<TypeName, TypeDef>,
    /// The security schemes that operations refer to, by name.
    pub security_schemes: IndexMap<String, SecurityScheme>,
}

/// One service: a set of operations that one client speaks and one server implements.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Service {
    /// Its name as written: a proto service's (`UserService`), or the contract's.
    pub name: String,
    /// Its fully qualified name where the dialect has one (`user.v1.UserService`), else the name.
    pub full_name: String,
    /// Documentation (CommonMark).
    pub docs: Option<String>,
    /// What it offers, in the order of the source.
    pub operations: Vec<Operation>,
}

impl Contract {
    /// Every operation of every service, in order.
    pub fn operations(&self) -> impl Iterator<Item = &Operation> {
        self.services.iter().flat_map(|service| &service.operations)
    }
}
pub use xml::{Xml, XmlElement, XmlKind};
