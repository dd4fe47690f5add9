//! What every dialect can say: the common subset of contracts, and contracts brought into its one form.
//!
//! [`normalise`] gives equal values for the same service written as an OpenAPI document, as a proto file with
//! `google.api.http` rules, and as a `#[service_client]` trait. Two contracts whose common forms are equal offer the
//! same operations to a caller, however they travel.
//!
//! # The subset
//!
//! | what | its one form |
//! |---|---|
//! | names of operations, inputs, fields | snake_case: `getUser`, `GetUser` and `get_user` are one |
//! | names of types | the last part, without a package: `users.v1.User` is `User` |
//! | inputs | one flat record: path, query and header parameters, and the fields of a body that is a record. A body of another kind is an input called `body`. A proto's request message is such a record |
//! | results | the body of the usual success; none for an empty one. With `response_body` the field that it names |
//! | scalars | as they are; a date and a UUID are text, as proto has no word for them |
//! | lists, maps | as they are; one that is absent is empty |
//! | enumerations | text constants in SCREAMING_SNAKE_CASE without the type's name before them, in any order: `USER_STATUS_ACTIVE`, `ACTIVE` and `active` are one. A zero called `…_UNSPECIFIED` says nothing and is left out |
//! | presence | a scalar or enumeration either always has a value ([`Presence::Always`]) or may lack one ([`Presence::Maybe`]) |
//! | defaults | kept, but for the type's zero: an optional number whose default is 0 always has a value |
//! | documentation | summary and description as one text, white space folded |
//! | deprecation | of operations, inputs, fields and types |
//! | safety | whether a call may be sent twice |
//! | streams | how many messages go each way |
//!
//! # What is left out, because a dialect cannot say it
//!
//! - *Statuses, failures, security, timeouts, idempotency keys, tags, servers, titles*: protobuf lists none. What
//!   differs only there is equal here.
//! - *Validation* (`minLength`, `pattern`, …): protobuf has none of its own.
//! - *Whether a record, a union, a date and time, or any JSON must be present*: a message field of protobuf is always optional.
//!   Their presence is [`Presence::Unsaid`].
//! - *Optional against nullable*: protobuf's explicit presence and Rust's `Option` are one state more, OpenAPI knows
//!   two. Both are [`Presence::Maybe`].
//! - *Other properties, and which direction a field travels*: only OpenAPI says the first, and a trait says neither.
//! - *Documentation of enumeration values and of bodies*: OpenAPI has no place for the first, a proto none for the
//!   second.
//! - *The name of a request message*: OpenAPI knows parameters only.
//!
//! # What is outside
//!
//! Unions have no common form: protobuf's `oneof` groups fields of a record, OpenAPI's `oneOf` does not. A union is
//! [`CommonKind::Union`], and never equal to what protobuf says. Integer enumerations and defaults other than zero are kept;
//! proto3 cannot say them.

mod names;
mod shapes;

use std::collections::BTreeMap;

use crate::model::{Binding, CallShape, Contract, Input, InputPlace, Operation, Safety, Scalar, TypeUse};
use shapes::Shapes;

/// A contract in its one form: what every dialect can say of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Common {
    /// The operations of all services, by name. Where two services share a name, it stands behind the service's:
    /// `user_service.get`.
    pub operations: BTreeMap<String, CommonOperation>,
    /// The types that results and inputs are made of, by name.
    pub types: BTreeMap<String, CommonType>,
}

/// An operation in its one form.
#[derive(Debug, Clone, PartialEq)]
pub struct CommonOperation {
    /// Its documentation; empty for none.
    pub docs: String,
    /// Marked as deprecated.
    pub deprecated: bool,
    /// Whether a call may be sent twice.
    pub safety: Safety,
    /// How many messages go each way.
    pub streams: CallShape,
    /// What the caller gives, by name.
    pub inputs: BTreeMap<String, Member>,
    /// What comes back when it works.
    pub result: Option<Shape>,
}

/// A type in its one form.
#[derive(Debug, Clone, PartialEq)]
pub struct CommonType {
    /// Its documentation; empty for none.
    pub docs: String,
    /// Marked as deprecated.
    pub deprecated: bool,
    /// What it is.
    pub kind: CommonKind,
}

/// What a named type can be.
#[derive(Debug, Clone, PartialEq)]
pub enum CommonKind {
    /// A record, its fields by name.
    Record(BTreeMap<String, Member>),
    /// An enumeration, its constants in alphabetical order.
    Enumeration(Vec<String>),
    /// One of these; outside the subset.
    Union(Vec<Shape>),
}

/// A field of a record, or an input.
#[derive(Debug, Clone, PartialEq)]
pub struct Member {
    /// What it holds.
    pub shape: Shape,
    /// Whether it can be without a value.
    pub presence: Presence,
    /// The value that stands for none, unless it is the zero of the type.
    pub default: Option<serde_json::Value>,
    /// Its documentation; empty for none.
    pub docs: String,
    /// Marked as deprecated.
    pub deprecated: bool,
}

/// Whether there can be no value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Presence {
    /// There always is one: it must be given, or a zero stands for it.
    Always,
    /// There can be none.
    Maybe,
    /// Not every dialect can tell.
    Unsaid,
}

/// What a value is.
#[derive(Debug, Clone, PartialEq)]
pub enum Shape {
    /// Of a scalar type.
    Scalar(Scalar),
    /// Of the named type of [`Common::types`].
    Named(String),
    /// A list of these.
    List(Box<Shape>),
    /// A map from text to these.
    Map(Box<Shape>),
    /// Any JSON.
    Json,
}

/// The common form of `contract`.
///
/// ```
/// use tieline_contract::{ReadOptions, common, read_text};
///
/// let contract = |path: &str| {
///     let text = format!(
///         "openapi: 3.0.3\ninfo: {{ title: T, version: '1' }}\npaths:\n  {path}:\n    get:\n      \
///          operationId: getUser\n      responses: {{ '204': {{ description: done }} }}\n"
///     );
///     read_text("users.yaml", text, &ReadOptions::default()).map(|read| read.contract)
/// };
/// let (one, other) = (contract("/users")?, contract("/people")?);
/// assert_eq!(common::normalise(&one), common::normalise(&other), "but for how it travels");
/// # Ok::<(), tieline_contract::problem::Problems>(())
/// ```
pub fn normalise(contract: &Contract) -> Common {
    let mut shapes = Shapes::of(contract);
    let mut namesakes: BTreeMap<String, usize> = BTreeMap::new();
    for operation in contract.operations() {
        *namesakes.entry(names::snake(&operation.id)).or_default() += 1;
    }
    let mut operations = BTreeMap::new();
    for service in &contract.services {
        for operation in &service.operations {
            let id = names::snake(&operation.id);
            let key = match namesakes.get(&id) {
                Some(2..) => format!("{}.{id}", names::snake(&service.name)),
                _ => id,
            };
            operations.insert(key, self::operation(&mut shapes, operation));
        }
    }
    let types = shapes.into_types(operations.values().flat_map(CommonOperation::shapes));
    Common { operations, types }
}

fn operation<'a>(shapes: &mut Shapes<'a>, operation: &'a Operation) -> CommonOperation {
    let summary = operation.summary.as_deref().unwrap_or_default();
    let details = operation.docs.as_deref().unwrap_or_default();
    CommonOperation {
        docs: names::folded(&format!("{summary} {details}")),
        deprecated: operation.deprecated,
        safety: operation.behaviour.safety,
        streams: operation.shape,
        inputs: inputs(shapes, operation),
        result: result(shapes, operation),
    }
}

/// One flat record of all that the caller gives.
fn inputs<'a>(shapes: &mut Shapes<'a>, operation: &'a Operation) -> BTreeMap<String, Member> {
    let mut inputs = BTreeMap::new();
    let whole = operation
        .inputs
        .iter()
        .position(|input| is_whole(operation, input));
    // What has a name of its own wins over a field of the body.
    let named = operation.inputs.iter().enumerate();
    let named = named.filter(|(index, _)| Some(*index) != whole);
    if let Some(body) = whole.and_then(|index| operation.inputs.get(index)) {
        let fields = shapes.fields_of(&body.value);
        let given = fields.is_some();
        inputs.extend(fields.unwrap_or_default());
        if !given {
            inputs.insert("body".to_owned(), shapes.input(body));
        } else if !body.required {
            inputs.values_mut().for_each(Member::loosen);
        }
        if let Some(field) = body_field(operation) {
            // The rule sends one field as the body: its own fields are inputs then, as of any other body.
            flatten(shapes, &body.value, field, &mut inputs);
        }
    }
    for (_, input) in named {
        inputs.insert(names::snake(&input.name), shapes.input(input));
    }
    inputs
}

/// Whether an input is a record around inputs: a body, or a proto's request message.
fn is_whole(operation: &Operation, input: &Input) -> bool {
    let place = operation
        .inputs
        .iter()
        .position(|other| std::ptr::eq(other, input));
    operation.bindings.iter().any(|binding| match binding {
        Binding::Http(http) => matches!(
            place.and_then(|place| http.inputs.get(place)),
            Some(InputPlace::Body { .. })
        ),
        Binding::Grpc(_) => true,
        Binding::HttpRule(_) => false,
    })
}

/// The field that a `google.api.http` rule sends as the body.
fn body_field(operation: &Operation) -> Option<&str> {
    operation.bindings.iter().find_map(|binding| match binding {
        Binding::HttpRule(rule) if !rule.body.is_empty() && rule.body != "*" => Some(rule.body.as_str()),
        _ => None,
    })
}

fn flatten<'a>(
    shapes: &mut Shapes<'a>,
    request: &'a TypeUse,
    field: &str,
    inputs: &mut BTreeMap<String, Member>,
) {
    let Some(value) = shapes.field_use(request, field) else {
        return;
    };
    let Some(member) = inputs.remove(&names::snake(field)) else {
        return;
    };
    match shapes.fields_of(value) {
        Some(fields) => {
            for (name, member) in fields {
                inputs.entry(name).or_insert(member);
            }
        }
        None => {
            let docs = String::new();
            inputs.insert("body".to_owned(), Member { docs, ..member });
        }
    }
}

fn result<'a>(shapes: &mut Shapes<'a>, operation: &'a Operation) -> Option<Shape> {
    let with_body = operation.successes.iter().find_map(|reply| reply.body.as_ref());
    let value = &with_body?.value;
    let part = operation.bindings.iter().find_map(|binding| match binding {
        Binding::HttpRule(rule) if !rule.response_body.is_empty() => Some(rule.response_body.as_str()),
        _ => None,
    });
    let part = part.and_then(|field| shapes.field_use(value, field));
    Some(shapes.shape(part.unwrap_or(value)))
}

impl CommonOperation {
    /// What its inputs and its result are.
    fn shapes(&self) -> impl Iterator<Item = &Shape> {
        let inputs = self.inputs.values().map(|member| &member.shape);
        inputs.chain(&self.result)
    }
}

impl CommonKind {
    /// What its parts are.
    fn shapes(&self) -> Box<dyn Iterator<Item = &Shape> + '_> {
        match self {
            Self::Record(fields) => Box::new(fields.values().map(|member| &member.shape)),
            Self::Enumeration(_) => Box::new(std::iter::empty()),
            Self::Union(shapes) => Box::new(shapes.iter()),
        }
    }
}

impl Member {
    /// What must be given only if something else is, can be without a value.
    fn loosen(&mut self) {
        if self.presence == Presence::Always {
            self.presence = Presence::Maybe;
        }
    }
}
