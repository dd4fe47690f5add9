//! `readOnly` and `writeOnly`: a property that must be there, but only one direction has.
//!
//! Requests need not have what is `readOnly`, nor replies what is `writeOnly`, required or not. Only where that makes a
//! difference has a type two forms: one that goes both ways, with such a property in it or in what it is made of.
//!
//! ```text
//! only in requests   what is readOnly is no longer required
//! only in replies    what is writeOnly is no longer required
//! in both            Pet is the form of replies, Pet.input that of requests
//! ```
//!
//! The property stays a field in either form, so that a peer that sends it all the same loses nothing.

use std::collections::{HashMap, HashSet};

use indexmap::IndexMap;

use crate::model::{
    Additional, Contract, Dispatch, Field, Operation, Rule, Struct, Type, TypeDef, TypeKind, TypeName,
    TypeUse, Union,
};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Direction {
    Request,
    Reply,
}

impl Direction {
    /// Whether a field is demanded by the schema, but not in this direction.
    fn spares(self, field: &Field) -> bool {
        field.required
            && match self {
                Self::Request => field.read_only && !field.write_only,
                Self::Reply => field.write_only && !field.read_only,
            }
    }
}

/// Gives types the forms that requests and replies need.
pub(super) fn tell_apart(contract: &mut Contract) {
    let types = &contract.types;
    let concerned = concerned(types);
    if concerned.is_empty() {
        return;
    }
    let (mut requests, mut replies) = (HashSet::new(), HashSet::new());
    each_operation(contract, &mut |operation| {
        for input in &operation.inputs {
            reach(types, &input.value, &mut requests);
        }
        for reply in operation.successes.iter().chain(&operation.failures) {
            if let Some(body) = &reply.body {
                reach(types, &body.value, &mut replies);
            }
        }
    });
    let both = |name: &&TypeName| requests.contains(*name) && replies.contains(*name);
    let inputs = input_names(types, concerned.iter().filter(both));
    let mut made = IndexMap::with_capacity(types.len() + inputs.len());
    for (name, def) in types {
        let form = |direction| form(types, def, direction, &inputs);
        if !concerned.contains(name) {
            made.insert(name.clone(), def.clone());
        } else if let Some(input) = inputs.get(name) {
            made.insert(name.clone(), form(Direction::Reply));
            made.insert(input.clone(), form(Direction::Request));
        } else if requests.contains(name) {
            made.insert(name.clone(), form(Direction::Request));
        } else {
            made.insert(name.clone(), form(Direction::Reply));
        }
    }
    contract.types = made;
    let services = contract.services.iter_mut();
    let operations = services.flat_map(|service| &mut service.operations);
    operations
        .chain(&mut contract.webhooks)
        .for_each(|operation| rename_inputs(operation, &inputs));
}

fn rename_inputs(operation: &mut Operation, inputs: &HashMap<TypeName, TypeName>) {
    for input in &mut operation.inputs {
        rename(&mut input.value, inputs);
    }
    for callback in &mut operation.callbacks {
        for operation in &mut callback.operations {
            rename_inputs(operation, inputs);
        }
    }
}

fn each_operation<'c>(contract: &'c Contract, visit: &mut impl FnMut(&'c Operation)) {
    let callbacks = |operation: &'c Operation| operation.callbacks.iter().flat_map(|one| &one.operations);
    for operation in contract.operations().chain(&contract.webhooks) {
        visit(operation);
        callbacks(operation).for_each(&mut *visit);
    }
}

/// The types that differ between the directions: those with such a property, and those made of them.
fn concerned(types: &IndexMap<TypeName, TypeDef>) -> HashSet<TypeName> {
    let differs = |def: &TypeDef| match &def.kind {
        TypeKind::Struct(one) => one
            .fields
            .iter()
            .any(|field| Direction::Request.spares(field) || Direction::Reply.spares(field)),
        _ => false,
    };
    let mut users: HashMap<&TypeName, Vec<&TypeName>> = HashMap::new();
    let mut open = Vec::new();
    for (name, def) in types {
        for part in def.names() {
            users.entry(part).or_default().push(name);
        }
        if differs(def) {
            open.push(name);
        }
    }
    let mut found = HashSet::new();
    while let Some(name) = open.pop() {
        if found.insert(name.clone()) {
            open.extend(users.get(name).into_iter().flatten());
        }
    }
    found
}

/// Adds what a value is made of.
fn reach(types: &IndexMap<TypeName, TypeDef>, value: &TypeUse, found: &mut HashSet<TypeName>) {
    let mut open = value.names();
    while let Some(name) = open.pop() {
        if found.insert(name.clone())
            && let Some(def) = types.get(name)
        {
            open.extend(def.names());
        }
    }
}

/// Names for the forms of requests, that no other type has, however names are written.
fn input_names<'n>(
    types: &IndexMap<TypeName, TypeDef>,
    split: impl Iterator<Item = &'n TypeName>,
) -> HashMap<TypeName, TypeName> {
    let plain = |name: &str| -> String {
        let letters = name.chars().filter(|c| c.is_alphanumeric());
        letters.flat_map(char::to_lowercase).collect()
    };
    let taken: HashSet<String> = types.keys().map(|name| plain(&name.0)).collect();
    let named = split.map(|name| {
        let wishes = ["input", "request input", "request form"].map(|wish| format!("{name}.{wish}"));
        let free = wishes.iter().find(|wish| !taken.contains(&plain(wish)));
        (name.clone(), TypeName(free.unwrap_or(&wishes[0]).clone()))
    });
    named.collect()
}

/// A type as one direction has it.
fn form(
    types: &IndexMap<TypeName, TypeDef>,
    def: &TypeDef,
    direction: Direction,
    inputs: &HashMap<TypeName, TypeName>,
) -> TypeDef {
    let mut def = def.clone();
    match &mut def.kind {
        TypeKind::Struct(one) => {
            for field in &mut one.fields {
                field.required &= !direction.spares(field);
            }
        }
        TypeKind::Union(union) => dispatch(types, union, direction),
        TypeKind::Alias(_) | TypeKind::Enum(_) => {}
    }
    if direction == Direction::Request {
        rename_parts(&mut def, inputs);
    }
    def
}

/// A property that need not be there does not tell alternatives apart.
fn dispatch(types: &IndexMap<TypeName, TypeDef>, union: &mut Union, direction: Direction) {
    let is_spared = |(property, index): &(String, usize)| {
        let value = union.variants.get(*index).map(|variant| &variant.value.ty);
        let Some(Type::Named(name)) = value else {
            return false;
        };
        match types.get(name).map(|def| &def.kind) {
            Some(TypeKind::Struct(Struct { fields, .. })) => fields
                .iter()
                .any(|field| field.name == *property && direction.spares(field)),
            _ => false,
        }
    };
    let spared = match &union.dispatch {
        Dispatch::Property { properties, .. } => properties.iter().any(is_spared),
        Dispatch::KindThen { objects, .. } => match &**objects {
            Dispatch::Property { properties, .. } => properties.iter().any(is_spared),
            _ => false,
        },
        _ => false,
    };
    if spared {
        union.dispatch = Dispatch::Trial;
    }
}

fn rename_parts(def: &mut TypeDef, inputs: &HashMap<TypeName, TypeName>) {
    rename_rules(&mut def.rules, inputs);
    match &mut def.kind {
        TypeKind::Struct(one) => {
            for field in &mut one.fields {
                rename(&mut field.value, inputs);
            }
            if let Additional::Typed(value) = &mut one.additional {
                rename(value, inputs);
            }
        }
        TypeKind::Union(union) => {
            for variant in &mut union.variants {
                rename(&mut variant.value, inputs);
            }
        }
        TypeKind::Alias(value) => rename(value, inputs),
        TypeKind::Enum(_) => {}
    }
}

fn rename(value: &mut TypeUse, inputs: &HashMap<TypeName, TypeName>) {
    rename_rules(&mut value.rules, inputs);
    match &mut value.ty {
        Type::Named(name) => {
            if let Some(input) = inputs.get(name) {
                *name = input.clone();
            }
        }
        Type::List(inner) | Type::Map(inner) => rename(inner, inputs),
        Type::Scalar(_) | Type::Json => {}
    }
}

fn rename_rules(rules: &mut [Rule], inputs: &HashMap<TypeName, TypeName>) {
    for rule in rules {
        if let Rule::Check(check) = rule {
            for name in &mut check.types {
                if let Some(input) = inputs.get(name) {
                    *name = input.clone();
                }
            }
        }
    }
}
