//! Which types a contract has: those that its root files declare, and those that these and its services reach.

use std::collections::HashSet;

use prost_reflect::{EnumDescriptor, FileDescriptor, Kind, MessageDescriptor, ServiceDescriptor};

use super::field;

/// A declared type.
#[derive(Debug, Clone)]
pub(super) enum Declared {
    /// A message.
    Message(MessageDescriptor),
    /// An enumeration.
    Enum(EnumDescriptor),
}

impl Declared {
    pub(super) fn full_name(&self) -> &str {
        match self {
            Self::Message(message) => message.full_name(),
            Self::Enum(declared) => declared.full_name(),
        }
    }

    pub(super) fn path(&self) -> &[i32] {
        match self {
            Self::Message(message) => message.path(),
            Self::Enum(declared) => declared.path(),
        }
    }
}

/// Every type that a file declares, nested ones after the message that holds them. Messages that only stand for a map's
/// entries are left out.
pub(super) fn declared(file: &FileDescriptor) -> Vec<Declared> {
    let mut all: Vec<Declared> = file.enums().map(Declared::Enum).collect();
    let mut open: Vec<MessageDescriptor> = file.messages().collect();
    while let Some(message) = open.pop() {
        if message.is_map_entry() {
            continue;
        }
        all.extend(message.child_enums().map(Declared::Enum));
        open.extend(message.child_messages());
        all.push(Declared::Message(message));
    }
    all
}

/// The full names of all types that the services speak of, and that the given types are made of.
pub(super) fn reached(services: &[ServiceDescriptor], given: &[Declared]) -> HashSet<String> {
    let mut names: HashSet<String> = given
        .iter()
        .map(|declared| declared.full_name().to_owned())
        .collect();
    let own = given.iter().filter_map(|declared| match declared {
        Declared::Message(message) => Some(message.clone()),
        Declared::Enum(_) => None,
    });
    let methods = services.iter().flat_map(ServiceDescriptor::methods);
    let spoken = methods.flat_map(|method| {
        let reply = (!field::is_bodiless(&method)).then(|| method.output());
        [Some(method.input()), reply].into_iter().flatten()
    });
    let mut open: Vec<MessageDescriptor> = own.collect();
    for message in spoken {
        enter(message, &mut names, &mut open);
    }
    while let Some(message) = open.pop() {
        for field in message.fields() {
            match field.kind() {
                Kind::Message(inner) => enter(inner, &mut names, &mut open),
                Kind::Enum(inner) if !field::is_null_value(&inner) => {
                    names.insert(inner.full_name().to_owned());
                }
                _ => {}
            }
        }
    }
    names
}

/// Notes a message that has not been seen, unless it is a scalar in the model. A map's entry is looked into, not noted.
fn enter(message: MessageDescriptor, names: &mut HashSet<String>, open: &mut Vec<MessageDescriptor>) {
    let name = message.full_name();
    let mut is_new = || field::well_known(name).is_none() && names.insert(name.to_owned());
    if message.is_map_entry() || is_new() {
        open.push(message);
    }
}
