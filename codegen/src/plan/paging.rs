//! Which lists come in pages: what the contract says, or what can be told from names and types.
//!
//! Told without being said is only what leaves little doubt, of operations by GET with one successful reply:
//!
//! | by | where |
//! |---|---|
//! | the header `Link` | the reply has it |
//! | a cursor | an optional query parameter of text (`cursor`, `page_token` …), and a property of the reply, or of an object in it such as `meta`, that is called like the next of it |
//! | the number of the page | an optional query parameter `page` of integers, and one for the size |
//! | an offset | an optional query parameter `offset` or `skip` of integers, and one for the size |
//!
//! and where the reply is a list, or an object with one list, or with one that is called `data`, `items`, `results` …

use tieline_contract::model::{Contract, NextPage, Operation, Paging, Scalar};
use tieline_contract::problem::{Problem, Problems};

use super::operations::{OperationPlan, OutputPlan};
use super::route::PlacePlan;
use super::ty::RustType;
use super::types::{FieldPlan, KindPlan, RecordPlan, TypePlan};
use crate::diagnostics;
use crate::options::Options;

/// How a list is read page by page.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct PagingPlan {
    /// How the next page is found, as the runtime's table writes it.
    pub(crate) next: String,
    pub(crate) item: RustType,
    /// The items of `page`.
    pub(crate) items: String,
}

/// Names of lists that are what a reply is about.
const LISTS: &[&str] = &[
    "data", "items", "results", "values", "entries", "records", "value", "list", "rows", "objects",
];
/// Names of objects in a reply that say how to go on.
const ABOUT: &[&str] = &[
    "meta",
    "metadata",
    "pagination",
    "paging",
    "page",
    "pageinfo",
    "responsemetadata",
    "links",
    "cursors",
];
/// Parameters for a cursor, and what the next of it is called.
const CURSORS: &[(&str, &[&str])] = &[
    ("cursor", &["nextcursor"]),
    ("pagetoken", &["nextpagetoken"]),
    ("nexttoken", &["nexttoken"]),
    (
        "continuationtoken",
        &["continuationtoken", "nextcontinuationtoken"],
    ),
    ("nextcursor", &["nextcursor"]),
    ("nextpagetoken", &["nextpagetoken"]),
];
const MORE: &[&str] = &["hasmore", "hasnext", "hasnextpage"];
const SIZES: &[&str] = &[
    "perpage",
    "pagesize",
    "limit",
    "size",
    "count",
    "take",
    "maxresults",
];
const PAGES: &[&str] = &["page", "pagenumber"];
const OFFSETS: &[&str] = &["offset", "skip"];

/// Decides which of the operations are lists in pages.
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
        let decided = options.pagination.iter().rev().find(|(id, _)| *id == plan.id);
        let paging = decided.map_or(&operation.paging, |(_, paging)| paging);
        plan.paging = one(operation, paging, types, plan);
        if decided.is_some() && plan.paging.is_none() && *paging != Paging::Never {
            let place = options.place(&["pagination", &plan.id]);
            let problem = Problem::new(&diagnostics::BAD_OPTION, place);
            problems.push(
                problem
                    .about(format!("`{}` does not come in such pages", plan.id))
                    .help("name a parameter of the operation, and properties of its one successful reply, which has a list"),
            );
        }
    }
}

fn one(
    operation: &Operation,
    paging: &Paging,
    types: &[TypePlan],
    plan: &OperationPlan,
) -> Option<PagingPlan> {
    let OutputPlan::Body { ty, .. } = &plan.output else {
        return None;
    };
    let body = Body { types, ty };
    let (next, items) = match paging {
        Paging::Never => return None,
        Paging::Said { next, items } => (next.clone(), items.as_deref()),
        Paging::Unsaid { links } => {
            let is_read = plan.route.method == "GET";
            (told(operation, plan, &body, *links).filter(|_| is_read)?, None)
        }
    };
    let (item, items) = body.items(items)?;
    Some(PagingPlan {
        next: written(&next, &plan.request, &body)?,
        item,
        items,
    })
}

/// How the pages follow each other, where names and types leave little doubt.
fn told(operation: &Operation, plan: &OperationPlan, body: &Body<'_>, links: bool) -> Option<NextPage> {
    if links {
        return Some(NextPage::Link);
    }
    let queries = || {
        let fields = plan.request.fields.iter().zip(&plan.route.places);
        fields
            .filter(|(field, place)| matches!(place, PlacePlan::Query(_)) && !field.required)
            .filter_map(|(field, _)| Some((field, field.wire.as_deref()?)))
    };
    for (field, wire) in queries().filter(|(field, _)| is_text(&field.ty)) {
        let nexts = CURSORS
            .iter()
            .find(|(name, _)| *name == plain(wire))
            .map(|(_, nexts)| *nexts);
        if let Some((at, more)) = nexts.and_then(|nexts| body.cursor(nexts)) {
            let parameter = field.wire.clone()?;
            return Some(NextPage::Cursor { parameter, at, more });
        }
    }
    let has_size =
        queries().any(|(field, wire)| is_integer(&field.ty) && SIZES.contains(&plain(wire).as_str()));
    let counted = |names: &[&str]| {
        queries()
            .find(|(field, wire)| is_integer(&field.ty) && names.contains(&plain(wire).as_str()))
            .map(|(_, wire)| wire.to_owned())
            .filter(|_| has_size)
    };
    if let Some(parameter) = counted(OFFSETS) {
        return Some(NextPage::Offset { parameter });
    }
    let parameter = counted(PAGES)?;
    let input = operation.inputs.iter().find(|input| input.name == parameter);
    let default = input.and_then(|input| input.default.as_ref()?.as_u64());
    Some(NextPage::Page {
        parameter,
        first: default.unwrap_or(1),
    })
}

/// How the next page is found, as the runtime's table writes it. `None`: the contract names what is not there.
fn written(next: &NextPage, request: &RecordPlan, body: &Body<'_>) -> Option<String> {
    let input = |name: &str| {
        let mut fields = request.fields.iter();
        fields.position(|field| field.wire.as_deref() == Some(name))
    };
    Some(match next {
        NextPage::Link => "Link".to_owned(),
        NextPage::Url(at) => {
            body.at(at)?;
            format!("Url(&{at:?})")
        }
        NextPage::Cursor { parameter, at, more } => {
            body.at(at)?;
            format!(
                "Cursor {{ input: {}, at: &{at:?}, more: &{more:?} }}",
                input(parameter)?
            )
        }
        NextPage::Page { parameter, first } => {
            format!("Page {{ input: {}, first: {first} }}", input(parameter)?)
        }
        NextPage::Offset { parameter } => format!("Offset {{ input: {} }}", input(parameter)?),
    })
}

/// What comes back.
pub(super) struct Body<'p> {
    pub(super) types: &'p [TypePlan],
    pub(super) ty: &'p RustType,
}

impl<'p> Body<'p> {
    pub(super) fn record(&self, ty: &RustType) -> Option<&'p RecordPlan> {
        let RustType::Named(name) = bare(ty) else {
            return None;
        };
        let found = self.types.iter().find(|ty| ty.name == *name)?;
        match &found.kind {
            KindPlan::Record(record) => Some(record),
            KindPlan::Same(first) => self.record(&RustType::Named(first.clone())),
            _ => None,
        }
    }

    /// The type of an item, and the items of `page`.
    pub(super) fn items(&self, said: Option<&str>) -> Option<(RustType, String)> {
        if let (RustType::Vec(item), None) = (self.ty, said) {
            return Some(((**item).clone(), "page".to_owned()));
        }
        let record = self.record(self.ty)?;
        let lists: Vec<&FieldPlan> = record
            .fields
            .iter()
            .filter(|field| list(&field.ty).is_some())
            .collect();
        let named = |names: &[&str]| {
            let mut lists = lists.iter();
            lists.find(|field| {
                field
                    .wire
                    .as_deref()
                    .is_some_and(|wire| names.contains(&plain(wire).as_str()))
            })
        };
        let field = match (said, &lists[..]) {
            (Some(name), _) => *lists.iter().find(|field| field.wire.as_deref() == Some(name))?,
            (None, [only]) => *only,
            (None, _) => *named(LISTS)?,
        };
        let (item, is_optional) = list(&field.ty)?;
        let name = crate::plan::name::ident_text(&field.name);
        let rest = if is_optional { ".unwrap_or_default()" } else { "" };
        Some((item.clone(), format!("page.{name}{rest}")))
    }

    /// Where the next cursor stands, and whether there is more.
    fn cursor(&self, names: &[&str]) -> Option<(Vec<String>, Vec<String>)> {
        let record = self.record(self.ty)?;
        let find = |record: &'p RecordPlan, names: &[&str], fits: fn(&RustType) -> bool| {
            let mut fields = record.fields.iter();
            let found = fields.find(|field| {
                let wire = field.wire.as_deref();
                fits(&field.ty) && wire.is_some_and(|wire| names.contains(&plain(wire).as_str()))
            });
            found.and_then(|field| field.wire.clone())
        };
        let inner = record.fields.iter().filter_map(|field| {
            let wire = field.wire.clone()?;
            ABOUT.contains(&plain(&wire).as_str()).then_some(())?;
            Some((vec![wire], self.record(&field.ty)?))
        });
        let mut all = std::iter::once((Vec::new(), record)).chain(inner);
        all.find_map(|(path, record)| {
            let with = |name: String| path.iter().cloned().chain([name]).collect::<Vec<_>>();
            let cursor = find(record, names, is_text)?;
            let more = find(record, MORE, |ty| *bare(ty) == RustType::Scalar(Scalar::Bool));
            Some((with(cursor), more.map(with).unwrap_or_default()))
        })
    }

    /// The field at a path.
    fn at(&self, path: &[String]) -> Option<&'p FieldPlan> {
        let (last, before) = path.split_last()?;
        let field = |record: &'p RecordPlan, name: &str| {
            record
                .fields
                .iter()
                .find(|field| field.wire.as_deref() == Some(name))
        };
        let start = self.record(self.ty)?;
        let record = before
            .iter()
            .try_fold(start, |record, name| self.record(&field(record, name)?.ty))?;
        field(record, last)
    }
}

/// The item of a list, and whether the list may be absent.
pub(super) fn list(ty: &RustType) -> Option<(&RustType, bool)> {
    match ty {
        RustType::Vec(item) => Some((item, false)),
        RustType::Option(inner) => match &**inner {
            RustType::Vec(item) => Some((item, true)),
            _ => None,
        },
        _ => None,
    }
}

/// The type of the value, wherever it may be absent, null or boxed.
fn bare(ty: &RustType) -> &RustType {
    match ty {
        RustType::Option(inner) | RustType::Nullable(inner) | RustType::Boxed(inner) => bare(inner),
        other => other,
    }
}

fn is_text(ty: &RustType) -> bool {
    *bare(ty) == RustType::Scalar(Scalar::String)
}

fn is_integer(ty: &RustType) -> bool {
    let integers = [
        Scalar::I32,
        Scalar::I64,
        Scalar::U32,
        Scalar::U64,
        Scalar::Integer,
    ];
    matches!(bare(ty), RustType::Scalar(scalar) if integers.contains(scalar))
}

/// A name without case and separators: `nextPageToken` and `next_page_token` are one.
fn plain(name: &str) -> String {
    let letters = name.chars().filter(|c| c.is_alphanumeric());
    letters.flat_map(char::to_lowercase).collect()
}
