//! Parameters: what the caller gives in the path, the query, headers and cookies.

use crate::model::{Encoding, Input, InputPlace, QueryStyle, Scalar, TextStyle, Type, TypeUse};
use crate::schema::{Context, Types};
use crate::source::{Entry, Node};

use super::content;
use super::diagnostics;
use super::example;
use super::form;
use super::info::docs;
use super::operation::Skip;

/// Where a parameter goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum In {
    Path,
    Query,
    /// All of the query (3.2).
    QueryString,
    Header,
    Cookie,
}

/// A parameter, found but not read yet.
#[derive(Debug, Clone, Copy)]
pub(super) struct Found<'a> {
    pub(super) name: &'a str,
    pub(super) place: In,
    pub(super) node: &'a Node,
}

/// Finds the parameters of an operation: the path's, each replaced by the operation's own of that name and place.
pub(super) fn find<'a>(
    cx: &Context<'a>,
    path_item: &'a Node,
    operation: &'a Node,
) -> Result<Vec<Found<'a>>, Skip<'a>> {
    let mut all = list(cx, path_item)?;
    for own in list(cx, operation)? {
        let same = all
            .iter_mut()
            .find(|known| known.name == own.name && known.place == own.place);
        match same {
            Some(known) => *known = own,
            None => all.push(own),
        }
    }
    Ok(all)
}

fn list<'a>(cx: &Context<'a>, owner: &'a Node) -> Result<Vec<Found<'a>>, Skip<'a>> {
    let mut all: Vec<Found<'a>> = Vec::new();
    let Some(parameters) = owner.get("parameters") else {
        return Ok(all);
    };
    for parameter in cx.array(parameters, "`parameters`").unwrap_or_default() {
        let node = cx.document.follow(parameter).map_err(Skip::Broken)?;
        let Some(found) = identify(cx, node)? else {
            continue;
        };
        if all
            .iter()
            .any(|known| known.name == found.name && known.place == found.place)
        {
            let problem = cx.problem(&diagnostics::DUPLICATE_PARAMETER, parameter);
            cx.report(problem.about(format!("`{}`", found.name)));
        } else {
            all.push(found);
        }
    }
    Ok(all)
}

/// `Ok(None)`: a header that a parameter must not describe (OpenAPI 3.1, "Parameter Object", `name`).
fn identify<'a>(cx: &Context<'a>, node: &'a Node) -> Result<Option<Found<'a>>, Skip<'a>> {
    let object = cx.object(node, "a parameter").ok_or(Skip::Reported(node))?;
    let key = |keyword: &'static str| object.get(keyword).ok_or(Skip::Missing(node, keyword));
    let name = cx
        .text(key("name")?, "a parameter's name")
        .ok_or(Skip::Reported(node))?;
    let place = key("in")?;
    let place = match place.as_str() {
        Some("path") => In::Path,
        Some("query") => In::Query,
        Some("querystring") => In::QueryString,
        Some("header") => In::Header,
        Some("cookie") => In::Cookie,
        _ => {
            return Err(Skip::Because(
                place,
                "`in` is path, query, querystring, header or cookie".to_owned(),
            ));
        }
    };
    let reserved = ["accept", "content-type", "authorization"];
    let ignored = place == In::Header && reserved.contains(&name.to_ascii_lowercase().as_str());
    Ok((!ignored).then_some(Found { name, place, node }))
}

/// Reads a parameter: the input, and where it goes.
pub(super) fn read<'a>(
    cx: &Context<'a>,
    types: &mut Types<'_, 'a>,
    found: Found<'a>,
    operation: &str,
) -> Result<(Input, InputPlace), Skip<'a>> {
    let Found { name, node, place } = found;
    let flag = |keyword: &str| node.get(keyword).and_then(Node::as_bool) == Some(true);
    let hint = format!("{operation}.{name}");
    let content = node
        .get("content")
        .and_then(Node::as_object)
        .and_then(content::choose);
    let (value, input_place) = match content {
        Some(media) => with_content(cx, types, found, media, &hint)?,
        None => with_schema(cx, types, found, &hint),
    };
    let schema = node
        .get("schema")
        .or_else(|| content.and_then(|media| media.value.get("schema")));
    let input = Input {
        name: name.to_owned(),
        docs: docs(Some(node), "description"),
        required: place == In::Path || flag("required"),
        deprecated: flag("deprecated"),
        value,
        default: schema.and_then(|schema| schema.get("default")).map(Node::to_json),
        example: example::of(cx, content.map_or(node, |media| &media.value)),
    };
    Ok((input, input_place))
}

fn with_schema<'a>(
    cx: &Context<'a>,
    types: &mut Types<'_, 'a>,
    found: Found<'a>,
    hint: &str,
) -> (TypeUse, InputPlace) {
    let node = found.node;
    let style = style(cx, found);
    let explode = node.get("explode").and_then(Node::as_bool);
    let is_reserved = node.get("allowReserved").and_then(Node::as_bool) == Some(true);
    // Until 3.2 it is for the query alone.
    let is_reserved = is_reserved && (found.place == In::Query || is_3_2(cx));
    let place = match (found.place, style) {
        (In::Path, style) if is_reserved => InputPlace::ReservedPath(text_style(style, explode)),
        (In::Cookie, _) if is_reserved => InputPlace::ReservedCookie,
        (In::Path, style) => InputPlace::Path(text_style(style, explode)),
        (In::Header, _) => InputPlace::Header(text_style(None, explode)),
        (In::Cookie, _) => InputPlace::Cookie,
        (In::Query, style) if is_reserved => InputPlace::ReservedQuery(query_style(style, explode)),
        (In::Query, style) => InputPlace::Query(query_style(style, explode)),
        // It has to have a `content`; a form is what queries are.
        (In::QueryString, _) => InputPlace::QueryString {
            encoding: Encoding::Form,
            styles: Vec::new(),
        },
    };
    let value = match node.get("schema") {
        Some(schema) => types.use_of(schema, hint),
        None => TypeUse::plain(Type::Scalar(Scalar::String)),
    };
    (value, place)
}

/// Whether the document is of version 3.2.
fn is_3_2(cx: &Context<'_>) -> bool {
    let version = cx.document.root.get("openapi").and_then(Node::scalar_text);
    version.is_some_and(|version| version.starts_with("3.2"))
}

/// The styles that a query has, and with it a form.
pub(super) const QUERY_STYLES: &[&str] = &[
    "form",
    "deepObject",
    "spaceDelimited",
    "pipeDelimited",
    "tabDelimited",
];

/// The style that a parameter asks for, where its place has it.
fn style<'a>(cx: &Context<'a>, found: Found<'a>) -> Option<&'a str> {
    let known: &[&str] = match found.place {
        In::Path => &["simple", "label", "matrix"],
        In::Header => &["simple"],
        In::Cookie => &["form"],
        In::Query => QUERY_STYLES,
        In::QueryString => &[],
    };
    let node = found.node.get("style")?;
    let style = node.as_str().filter(|style| known.contains(style));
    if style.is_none() {
        let problem = cx.problem(&diagnostics::UNFIT_STYLE, node);
        let name = node.scalar_text().unwrap_or(node.kind_name());
        cx.report(problem.about(format!("`{name}`, of `{}`", found.name)));
    }
    style
}

/// A parameter whose value is written in a media type: JSON in the query, text anywhere.
fn with_content<'a>(
    cx: &Context<'a>,
    types: &mut Types<'_, 'a>,
    found: Found<'a>,
    media: &'a Entry,
    hint: &str,
) -> Result<(TypeUse, InputPlace), Skip<'a>> {
    let encoding = content::encoding(&media.key);
    match (found.place, encoding) {
        (In::QueryString, Encoding::Form | Encoding::Json) => {
            let value = content::value(types, encoding, &media.value, hint);
            let styles = match encoding {
                Encoding::Form => form::styles(cx, &media.value),
                _ => Vec::new(),
            };
            Ok((value, InputPlace::QueryString { encoding, styles }))
        }
        (place @ (In::Path | In::Query | In::Header), Encoding::Json) => {
            let value = content::value(types, encoding, &media.value, hint);
            let place = match place {
                In::Path => InputPlace::Path(TextStyle::Json),
                In::Header => InputPlace::Header(TextStyle::Json),
                _ => InputPlace::Query(QueryStyle::Json),
            };
            Ok((value, place))
        }
        (place, Encoding::Text) => {
            let value = content::value(types, encoding, &media.value, hint);
            Ok((value, plain_place(place)))
        }
        // The caller writes the text.
        (place, _) => Ok((TypeUse::plain(Type::Scalar(Scalar::String)), plain_place(place))),
    }
}

/// How a value is written in a query, or as a property of a form.
pub(super) fn query_style(style: Option<&str>, explode: Option<bool>) -> QueryStyle {
    match style {
        Some("deepObject") => QueryStyle::DeepObject,
        // Exploded, delimiters have nothing to stand between.
        Some("spaceDelimited" | "pipeDelimited") if explode == Some(true) => QueryStyle::FormExploded,
        Some("spaceDelimited") => QueryStyle::Space,
        Some("pipeDelimited") => QueryStyle::Pipe,
        Some("tabDelimited") => QueryStyle::Tab,
        _ if explode == Some(false) => QueryStyle::Form,
        _ => QueryStyle::FormExploded,
    }
}

fn text_style(style: Option<&str>, explode: Option<bool>) -> TextStyle {
    match (style, explode == Some(true)) {
        (Some("label"), false) => TextStyle::Label,
        (Some("label"), true) => TextStyle::LabelExploded,
        (Some("matrix"), false) => TextStyle::Matrix,
        (Some("matrix"), true) => TextStyle::MatrixExploded,
        (_, false) => TextStyle::Simple,
        (_, true) => TextStyle::SimpleExploded,
    }
}

fn plain_place(place: In) -> InputPlace {
    match place {
        In::Path => InputPlace::Path(TextStyle::Simple),
        In::Query => InputPlace::Query(QueryStyle::FormExploded),
        In::QueryString => InputPlace::QueryString {
            encoding: Encoding::Text,
            styles: Vec::new(),
        },
        In::Header => InputPlace::Header(TextStyle::Simple),
        In::Cookie => InputPlace::Cookie,
    }
}
