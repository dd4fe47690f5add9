//! `operations.rs`: a module for each operation.

use std::sync::Arc;

use indexmap::IndexMap;
use proc_macro2::{Ident, Span, TokenStream};
use quote::quote;
use tieline_contract::model::{Lifecycle, Moment, Server, StatusMatch};

use super::format::{Call, Calls};
use super::headers::headers;
use super::links::links;
use super::parts::{self, Part};
use super::record::Record;
use super::tokens::{self, Patterns, Scope};
use crate::plan::Plan;
use crate::plan::bulk::{Asked, BulkPlan};
use crate::plan::media::{BodyPlan, MediaPlan};
use crate::plan::name;
use crate::plan::operations::{OperationPlan, OutputPlan};
use crate::plan::paging::PagingPlan;
use crate::plan::replies::{ReplyPlan, ReplySetPlan};
use crate::plan::route::{PlacePlan, RoutePlan, SegmentPlan};
use crate::plan::tags::TagPlan;
use crate::plan::types::RecordPlan;
use crate::plan::xml::XmlPlan;

/// The file of a part by tag, or of what stands in none: what all operations use, then the operations.
pub(crate) fn parts<'p>(plan: &'p Plan, part: Option<&'p TagPlan>) -> Vec<Part<'p>> {
    let all = match part {
        Some(part) => &plan.operations[part.operations.clone()],
        None => plan.common_operations(),
    };
    let rules = (all.iter())
        .flat_map(OperationPlan::records)
        .flat_map(RecordPlan::rule_lists);
    let patterns = Arc::new(Patterns::of(rules, true));
    let mut parts: Vec<Part<'_>> = Vec::new();
    let used = Arc::clone(&patterns);
    parts.push(Box::new(move |_| head(all, part, &used)));
    for operations in all.chunks(parts::ITEMS) {
        let patterns = Arc::clone(&patterns);
        parts.push(Box::new(move |calls| {
            let modules = operations.iter();
            modules
                .map(|operation| module(plan, operation, part, &patterns, calls))
                .collect()
        }));
    }
    parts
}

fn head(operations: &[OperationPlan], part: Option<&TagPlan>, patterns: &Patterns<'_>) -> TokenStream {
    let patterns = patterns.statics();
    let types = operations.iter().any(OperationPlan::uses_types).then(|| {
        quote!(
            use super::types;
        )
    });
    let tables: IndexMap<&str, &str> = (operations.iter().flat_map(OperationPlan::xml))
        .map(|table| (table.name.as_str(), table.text.as_str()))
        .collect();
    let tables = tables.iter().map(|(name, text)| {
        let (name, text) = (tokens::ident(name), tokens::raw(text));
        quote!(v1::xml!(#name = #text);)
    });
    let first = part.map(|part| {
        let first = tokens::ident(&part.first);
        quote!(const FIRST: usize = super::super::#first;)
    });
    quote! {
        #types
        use super::v1;
        #first
        #patterns
        #(#tables)*
    }
}

fn module(
    plan: &Plan,
    operation: &OperationPlan,
    part: Option<&TagPlan>,
    patterns: &Patterns<'_>,
    calls: &Calls,
) -> TokenStream {
    let name = tokens::ident(&operation.name);
    let docs = tokens::docs(&operation.docs);
    let request = request(operation, patterns, calls);
    let body = body(operation, calls);
    let response = reply_set(
        "Response",
        "What comes back when it works.",
        &operation.successes,
        calls,
    );
    let failure = reply_set(
        "Failure",
        "What comes back when it does not.",
        &operation.failures,
        calls,
    );
    let headers = headers(operation, patterns, calls);
    let facts = calls.item(facts(operation, part.is_some()));
    let call = calls.item(Call::Text(call(operation)));
    let paging = operation
        .paging
        .as_ref()
        .map(|paging| calls.item(Call::Text(paginated(paging))));
    let loader = (operation.bulk.as_ref()).map(|bulk| calls.item(Call::Text(loader(bulk))));
    let links = links(plan, part, operation);
    let types = operation.uses_types().then(|| quote!(types,));
    let callbacks = operation.callbacks.as_ref().map(|module| {
        let module = tokens::ident(module);
        let around = part.map(|_| quote!(super::super::));
        quote!(pub use #around super::super::#module as callbacks;)
    });
    quote! {
        #docs
        pub mod #name {
            use super::{#types v1};
            #callbacks
            #request
            #body
            #response
            #failure
            #headers
            #facts
            #call
            #paging
            #loader
            #links
        }
    }
}

fn request(operation: &OperationPlan, patterns: &Patterns<'_>, calls: &Calls) -> TokenStream {
    let name = Ident::new("Request", Span::call_site());
    let record = Record {
        name: &name,
        wire: &operation.id,
        record: &operation.request,
        scope: Scope::Inside,
        patterns,
        calls,
    };
    let definition = record.definition();
    let implementation = calls.item(record.request());
    quote! {
        /// What it takes.
        #definition
        #implementation
    }
}

/// The enum of what a body can be, where it can be of several types.
fn body(operation: &OperationPlan, calls: &Calls) -> Option<TokenStream> {
    if operation.bodies.is_empty() {
        return None;
    }
    let variants = operation.bodies.iter().map(|body| {
        let (docs, name, ty) = (
            tokens::docs(&body.docs),
            tokens::ident(&body.name),
            tokens::ty(&body.ty, Scope::Inside),
        );
        quote!(#docs #name(#ty))
    });
    let entry = |(index, body): (usize, &BodyPlan)| {
        let from = body
            .from
            .then(|| format!(" from {}", tokens::text(&tokens::ty(&body.ty, Scope::Inside))));
        format!("{index}: {}{}", body.name, from.unwrap_or_default())
    };
    let entries = operation.bodies.iter().enumerate().map(entry).collect();
    let implementation = calls.list("v1::body!(Body".to_owned(), entries, ");", true);
    Some(quote! {
        /// What its body can be.
        #[derive(Debug, Clone, PartialEq)]
        pub enum Body {
            #(#variants),*
        }
        #implementation
    })
}

fn reply_set(name: &str, about: &str, set: &ReplySetPlan, calls: &Calls) -> TokenStream {
    let ident = Ident::new(name, Span::call_site());
    match set {
        ReplySetPlan::None => quote!(pub use v1::NoFailure as #ident;),
        ReplySetPlan::Shared(module) => {
            let module = tokens::ident(module);
            quote!(pub use super::#module::#ident;)
        }
        ReplySetPlan::Own(replies) => {
            let about = tokens::doc(about);
            let variants = replies.iter().map(variant);
            let entries = replies
                .iter()
                .enumerate()
                .map(|(index, reply)| entry(index, reply))
                .collect();
            let implementation = calls.list(format!("v1::reply_set!({name}"), entries, ");", true);
            quote! {
                #about
                #[derive(Debug, Clone, PartialEq)]
                pub enum #ident {
                    #(#variants),*
                }
                #implementation
            }
        }
    }
}

fn variant(reply: &ReplyPlan) -> TokenStream {
    let (docs, name) = (tokens::docs(&reply.docs), tokens::ident(&reply.name));
    let status = has_status(reply).then(|| quote!(v1::StatusCode));
    let body = reply
        .body
        .as_ref()
        .map(|body| tokens::ty(&body.ty, Scope::Beside));
    let parts: Vec<TokenStream> = status.into_iter().chain(body).collect();
    if parts.is_empty() {
        quote!(#docs #name)
    } else {
        quote!(#docs #name(#(#parts),*))
    }
}

/// Whether the reply stands for several statuses, so that a value says which.
fn has_status(reply: &ReplyPlan) -> bool {
    !matches!(reply.status, StatusMatch::Code(_))
}

/// A variant in `reply_set!`.
fn entry(index: usize, reply: &ReplyPlan) -> String {
    let parts = match (has_status(reply), reply.body.is_some()) {
        (true, true) => "(status, body)",
        (true, false) => "(status)",
        (false, true) => "(body)",
        (false, false) => "",
    };
    let status = match reply.status {
        StatusMatch::Code(code) => format!(" = {code}"),
        StatusMatch::Range(_) | StatusMatch::Default => String::new(),
    };
    format!("{index}: {}{parts}{status}", reply.name)
}

/// `http_operation!`: the static facts.
fn facts(operation: &OperationPlan, in_part: bool) -> Call {
    let RoutePlan {
        method,
        segments,
        places,
        successes,
        failures,
        ..
    } = &operation.route;
    let segments = segments.iter().map(|segment| match segment {
        SegmentPlan::Literal(text) => format!("Literal({text:?})"),
        SegmentPlan::Variable(index) => format!("Variable({index})"),
    });
    let mut lines = vec![
        (
            if in_part {
                format!("OPERATION = {} + super::FIRST: ", operation.index)
            } else {
                format!("OPERATION = {}: ", operation.index)
            },
            vec![
                format!("{:?}", operation.service),
                format!("{:?}", operation.id),
                operation.safety.to_owned(),
            ],
        ),
        (format!("{method}: "), segments.collect()),
    ];
    if !places.is_empty() {
        lines.push(("inputs: ".to_owned(), places.iter().map(place).collect()));
    }
    lines.push(("successes: ".to_owned(), successes.iter().map(reply).collect()));
    if !failures.is_empty() {
        lines.push(("failures: ".to_owned(), failures.iter().map(reply).collect()));
    }
    if !operation.security.is_empty() {
        let alternatives = operation
            .security
            .iter()
            .map(|schemes| {
                format!(
                    "[{}]",
                    schemes.iter().map(required).collect::<Vec<_>>().join(", ")
                )
            })
            .collect();
        lines.push(("security: ".to_owned(), alternatives));
    }
    if let Some((header, required)) = &operation.idempotency_key {
        lines.push((
            "idempotency_key: ".to_owned(),
            vec![format!("{header:?}"), required.to_string()],
        ));
    }
    if let Some(timeout) = operation.timeout_ms {
        lines.push((format!("timeout_ms: {timeout}"), Vec::new()));
    }
    if !operation.servers.is_empty() {
        lines.push((
            "servers: ".to_owned(),
            operation.servers.iter().map(server).collect(),
        ));
    }
    if operation.deprecated {
        let seconds = |moment: &Option<Moment>| format!("{:?}", moment.as_ref().map(|moment| moment.seconds));
        let Lifecycle { since, sunset } = &operation.lifecycle;
        lines.push(("deprecated: ".to_owned(), vec![seconds(since), seconds(sunset)]));
    }
    if let Some(priority) = operation.priority {
        // Variants have the names of the runtime's.
        lines.push((format!("priority: {priority:?}"), Vec::new()));
    }
    Call::Block {
        head: "v1::http_operation! {".to_owned(),
        lines,
    }
}

/// A scheme that an alternative asks for, with its scopes.
fn required((scheme, scopes): &(usize, Vec<String>)) -> String {
    if scopes.is_empty() {
        return scheme.to_string();
    }
    let scopes: Vec<String> = scopes.iter().map(|scope| format!("{scope:?}")).collect();
    format!("{scheme}({})", scopes.join(", "))
}

/// A server of its own.
fn server(server: &Server) -> String {
    let variables = server.variables.iter().map(|variable| {
        let values: Vec<String> = variable.values.iter().map(|value| format!("{value:?}")).collect();
        let values = if values.is_empty() {
            String::new()
        } else {
            format!(" [{}]", values.join(", "))
        };
        format!(", {:?} = {:?}{values}", variable.name, variable.default)
    });
    let name = server.name.as_deref().unwrap_or_default();
    format!("({name:?}, {:?}{})", server.url, variables.collect::<String>())
}

fn place(place: &PlacePlan) -> String {
    match place {
        PlacePlan::Path(style) => format!("Path({style})"),
        PlacePlan::ReservedPath(style) => format!("ReservedPath({style})"),
        PlacePlan::Query(style) => format!("Query({style})"),
        PlacePlan::ReservedQuery(style) => format!("ReservedQuery({style})"),
        PlacePlan::QueryString(media) => format!("QueryString({})", self::media(media)),
        PlacePlan::Header(style) => format!("Header({style})"),
        PlacePlan::Cookie => "Cookie".to_owned(),
        PlacePlan::ReservedCookie => "ReservedCookie".to_owned(),
        PlacePlan::Body(bodies) => {
            let place = if bodies.len() > 1 { "Bodies" } else { "Body" };
            let bodies = bodies.iter().map(|media| {
                let media: Vec<String> = media.iter().map(self::media).collect();
                media.join(" | ")
            });
            format!("{place}({})", bodies.collect::<Vec<_>>().join(", "))
        }
    }
}

fn media(media: &MediaPlan) -> String {
    let parts = media
        .parts
        .iter()
        .map(|(name, said)| format!("{name:?} => {said:?}"));
    let styles = media
        .styles
        .iter()
        .map(|(name, style)| format!("{name:?} => {style}"));
    let xml = media.xml.iter().map(|table| format!("super::{}", table.name));
    let said = parts.chain(styles).chain(xml);
    let arguments: Vec<String> = std::iter::once(format!("{:?}", media.media_type))
        .chain(said)
        .collect();
    format!("{}({})", media.encoding, arguments.join(", "))
}

/// What names the table of a body in XML.
fn table(xml: Option<&XmlPlan>) -> String {
    xml.map_or_else(String::new, |table| format!(", super::{}", table.name))
}

fn reply(reply: &ReplyPlan) -> String {
    let status = match reply.status {
        StatusMatch::Code(code) => format!("Code({code})"),
        StatusMatch::Range(hundred) => format!("Range({hundred})"),
        StatusMatch::Default => "Default".to_owned(),
    };
    match &reply.body {
        Some(body) => {
            let also = body.also.iter().map(|(encoding, media_type, xml)| {
                format!(" | {encoding}({media_type:?}{})", table(xml.as_ref()))
            });
            let also: String = also.collect();
            let xml = table(body.xml.as_ref());
            format!("{status} => {}({:?}{xml}){also}", body.encoding, body.media_type)
        }
        None => status,
    }
}

/// `http_call!`: request, output, and how to get it.
fn call(operation: &OperationPlan) -> String {
    match &operation.output {
        OutputPlan::Response => "v1::http_call!(Request -> Response);".to_owned(),
        OutputPlan::Nothing { variant, with_status } => {
            let status = if *with_status { "(_)" } else { "" };
            format!("v1::http_call!(Request -> (): {variant}{status});")
        }
        OutputPlan::Body {
            variant,
            with_status,
            ty,
        } => {
            let status = if *with_status { "_, " } else { "" };
            format!(
                "v1::http_call!(Request -> {}: {variant}({status}body));",
                tokens::text(&tokens::ty(ty, Scope::Beside))
            )
        }
    }
}

/// `loader!`: how single calls are gathered into calls of the operation.
fn loader(bulk: &BulkPlan) -> String {
    let text = |ty| tokens::text(&tokens::ty(ty, Scope::Beside));
    let (key, item) = (text(&bulk.key), text(&bulk.item));
    let asked = asked(&bulk.asked, "Request", "keys");
    let BulkPlan { max, items, of, .. } = bulk;
    format!(
        "v1::loader!(\n    {key} => {item}: {max}\n    keys => {asked};\n    page => {items};\n    item => {of}\n);"
    )
}

/// A value of this type that carries the keys.
fn asked(asked_by: &Asked, ty: &str, keys: &str) -> String {
    match asked_by {
        Asked::Given => format!("{ty}::new({keys})"),
        Asked::Field(name) => format!(
            "{ty} {{ {}: Some({keys}), ..{ty}::new() }}",
            name::ident_text(name)
        ),
        Asked::Body(body, inner, outer) => {
            let body = tokens::text(&tokens::ty(body, Scope::Beside));
            asked(outer, ty, &asked(inner, &body, keys))
        }
    }
}

/// `paginated!`: how the pages of a list follow each other, and what is on one.
fn paginated(paging: &PagingPlan) -> String {
    let PagingPlan { next, item, items } = paging;
    let item = tokens::text(&tokens::ty(item, Scope::Beside));
    let one = format!("v1::paginated!(Request -> {item}: [{next}] page => {items});");
    if one.len() < 100 {
        return one;
    }
    format!("v1::paginated!(\n    Request -> {item}: [{next}]\n    page => {items}\n);")
}
