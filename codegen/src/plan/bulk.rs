//! Operations that answer for many keys at once: how single questions are gathered into calls of them.

use tieline_contract::model::{Bulk, Contract, Scalar};
use tieline_contract::problem::{Problem, Problems};

use super::operations::{OperationPlan, OutputPlan};
use super::paging::{Body, list};
use super::route::PlacePlan;
use super::ty::RustType;
use super::types::{FieldPlan, Made, RecordPlan, TypePlan};
use crate::diagnostics;
use crate::options::Options;

/// How many keys a call has at most where the contract does not say it: `tieline::bulk::DEFAULT_MAX_KEYS`.
const MAX: u32 = 100;

/// How single questions are gathered.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct BulkPlan {
    /// The type of a key.
    pub(crate) key: RustType,
    /// The type of what is found.
    pub(crate) item: RustType,
    pub(crate) max: u32,
    pub(crate) asked: Asked,
    /// The items of `page`.
    pub(crate) items: String,
    /// The key of `item`, if it has one.
    pub(crate) of: String,
}

/// How the request for `keys` is made.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Asked {
    /// They are all that it needs.
    Given,
    /// They go into this field, which can be absent.
    Field(String),
    /// They go into a body of this type, by one of the same ways, and the body is what the request needs.
    Body(RustType, Box<Asked>, Box<Asked>),
}

/// Decides which of the operations answer for many keys.
pub(crate) fn plan(
    contract: &Contract,
    types: &[TypePlan],
    operations: &mut [OperationPlan],
    options: &Options,
    problems: &mut Problems,
) {
    for plan in operations {
        let Some(operation) = contract.operations().find(|operation| operation.id == plan.id) else {
            continue;
        };
        // The last counts, as of all options.
        let decided = options.bulk.iter().rev().find(|(id, _)| *id == plan.id);
        let Some(bulk) = decided.map(|(_, bulk)| bulk).or(operation.bulk.as_ref()) else {
            continue;
        };
        plan.bulk = one(bulk, types, plan);
        if plan.bulk.is_some() {
            continue;
        }
        let help = "name a list of texts, integers or UUIDs that is all the request needs, and a property of the items of the \
                    one successful reply that has the same type";
        problems.push(match decided {
            Some(_) => Problem::new(&diagnostics::BAD_OPTION, options.place(&["bulk", &plan.id]))
                .about(format!("`{}` does not answer for many keys so", plan.id))
                .help(help),
            None => diagnostics::at(&diagnostics::NO_BULK, &operation.origin).help(help),
        });
    }
}

fn one(bulk: &Bulk, types: &[TypePlan], plan: &OperationPlan) -> Option<BulkPlan> {
    let OutputPlan::Body { ty, .. } = &plan.output else {
        return None;
    };
    let reply = Body { types, ty };
    let (item, items) = reply.items(bulk.items.as_deref())?;
    let (key, asked) = asked(bulk.keys.as_deref(), types, plan)?;
    let named = reply.record(&item)?;
    let named = named
        .fields
        .iter()
        .find(|field| field.wire.as_deref() == Some(&bulk.key))?;
    let name = super::name::ident_text(&named.name);
    let copied = if is_copied(&key) { "" } else { ".clone()" };
    let of = match &named.ty {
        RustType::Option(inner) if **inner == key => format!("item.{name}{copied}"),
        ty if *ty == key => format!("Some(item.{name}{copied})"),
        _ => return None,
    };
    Some(BulkPlan {
        key,
        item,
        max: bulk.max.unwrap_or(MAX),
        asked,
        items,
        of,
    })
}

/// The type of the keys, and how the request for them is made.
fn asked(keys: Option<&str>, types: &[TypePlan], plan: &OperationPlan) -> Option<(RustType, Asked)> {
    let request = &plan.request;
    if let Some(field) = keys.and_then(|name| named(request, name)) {
        return into(request, field);
    }
    let is_body = |place: &PlacePlan| matches!(place, PlacePlan::Body(_));
    let at = plan.route.places.iter().position(is_body)?;
    let body = request.fields.get(at)?;
    let Some(name) = keys else {
        return into(request, body);
    };
    let ty = match &body.ty {
        RustType::Option(inner) => inner,
        ty => ty,
    };
    let record = Body { types, ty }.record(ty)?;
    let (key, inner) = into(record, named(record, name)?)?;
    Some((
        key,
        Asked::Body(ty.clone(), Box::new(inner), Box::new(set(request, body)?)),
    ))
}

fn named<'r>(record: &'r RecordPlan, name: &str) -> Option<&'r FieldPlan> {
    record
        .fields
        .iter()
        .find(|field| field.wire.as_deref() == Some(name))
}

/// The type of the keys that a field takes, and how they get there.
fn into(record: &RecordPlan, field: &FieldPlan) -> Option<(RustType, Asked)> {
    let (key, _) = list(&field.ty)?;
    is_key(key).then_some(())?;
    Some((key.clone(), set(record, field)?))
}

/// How a field is set of a record that needs nothing else.
fn set(record: &RecordPlan, field: &FieldPlan) -> Option<Asked> {
    let mut needed = record.fields.iter().filter(|field| field.made == Made::Given);
    match (needed.next(), needed.next()) {
        (Some(only), None) if only.name == field.name => Some(Asked::Given),
        (None, _) if matches!(field.ty, RustType::Option(_)) => Some(Asked::Field(field.name.clone())),
        _ => None,
    }
}

fn is_key(ty: &RustType) -> bool {
    is_copied(ty) || matches!(ty, RustType::Scalar(Scalar::String | Scalar::Uuid))
}

fn is_copied(ty: &RustType) -> bool {
    matches!(
        ty,
        RustType::Scalar(Scalar::I32 | Scalar::I64 | Scalar::U32 | Scalar::U64)
    )
}
