//! The parameters of a method.

use syn::{Attribute, FnArg, GenericArgument, Ident, LitStr, Meta, Pat, PatType, Path, PathArguments, Type};

use super::attributes::header_name;
use super::names::{docs, kebab, plain};
use super::{Parameter, Place, Segment};
use crate::nearest::unknown;
use crate::problems::Problems;

const PLACES: [&str; 5] = ["path", "query", "header", "cookie", "body"];

/// What a method takes.
pub(super) struct Parameters {
    /// The name of the leading context parameter.
    pub(super) context: Option<Ident>,
    pub(super) parameters: Vec<Parameter>,
}

/// The route, as far as parameters depend on it.
pub(super) struct Route<'a> {
    pub(super) method: &'a str,
    pub(super) path: &'a [Segment],
}

impl Route<'_> {
    fn names(&self, name: &str) -> bool {
        self.path
            .iter()
            .any(|segment| matches!(segment, Segment::Variable(variable) if variable == name))
    }

    /// Where a parameter without attribute goes.
    fn default_place(&self, name: &str) -> Place {
        match self.method {
            _ if self.names(name) => Place::Path,
            "POST" | "PUT" | "PATCH" => Place::Body,
            _ => Place::Query,
        }
    }
}

/// Reads the parameters behind the receiver, and takes our attributes away.
pub(super) fn read<'a>(
    arguments: impl Iterator<Item = &'a mut FnArg>,
    route: Option<&Route<'_>>,
    problems: &mut Problems,
) -> Parameters {
    let mut read = Parameters {
        context: None,
        parameters: Vec::new(),
    };
    for (index, argument) in arguments.enumerate() {
        let FnArg::Typed(argument) = argument else {
            continue;
        };
        let attributes = std::mem::take(&mut argument.attrs);
        let Pat::Ident(name) = &*argument.pat else {
            problems.at(
                &argument.pat,
                "a parameter has a name, which is its name on the wire",
            );
            continue;
        };
        if last_segment(&argument.ty).is_some_and(|last| last == "Context") {
            if index > 0 {
                problems.at(&argument.ty, "the context comes first, right behind `&self`");
            }
            read.context = Some(name.ident.clone());
            continue;
        }
        owned(argument, problems);
        read.parameters
            .extend(parameter(&name.ident, &argument.ty, &attributes, route, problems));
    }
    read
}

fn parameter(
    ident: &Ident,
    ty: &Type,
    attributes: &[Attribute],
    route: Option<&Route<'_>>,
    problems: &mut Problems,
) -> Option<Parameter> {
    let mut said: Option<(Place, Option<String>)> = None;
    for attribute in attributes
        .iter()
        .filter(|attribute| !attribute.path().is_ident("doc"))
    {
        match problems.noted(place(attribute)) {
            Some(_) if said.is_some() => {
                problems.at(attribute, "a parameter goes to one place: keep one attribute");
            }
            found => said = found.or(said),
        }
    }
    let plain = plain(ident);
    // Without a route there is a problem already; the place is then of no account.
    let (place, name) = match said {
        Some((place, name)) => (place, name),
        None => (route?.default_place(&plain), None),
    };
    let (optional, rest) = match argument_of(ty, "Option") {
        Some(inner) => (true, inner),
        None => (false, ty),
    };
    let item = if place == Place::Body {
        None
    } else {
        argument_of(rest, "Vec")
    };
    if optional && place == Place::Path {
        problems.at(
            ty,
            "a path variable is always there: take its type out of `Option`",
        );
    }
    let default = || {
        if place == Place::Header {
            kebab(ident)
        } else {
            plain.clone()
        }
    };
    let name = name.unwrap_or_else(default);
    if place == Place::Path && route.is_some_and(|route| !route.names(&name)) {
        problems.at(
            ident,
            format!("the path has no variable `{{{name}}}`: add it there, or name another place"),
        );
    }
    Some(Parameter {
        ident: ident.clone(),
        name: if place == Place::Body {
            "body".to_owned()
        } else {
            name
        },
        docs: docs(attributes),
        place,
        optional,
        list: item.is_some(),
        inner: item.unwrap_or(rest).clone(),
    })
}

/// The place that an attribute names, and the name on the wire.
fn place(attribute: &Attribute) -> syn::Result<(Place, Option<String>)> {
    let found = attribute
        .path()
        .get_ident()
        .map(Ident::to_string)
        .unwrap_or_default();
    let place = match found.as_str() {
        "path" => Place::Path,
        "query" => Place::Query,
        "header" => Place::Header,
        "cookie" => Place::Cookie,
        "body" => Place::Body,
        _ => {
            return Err(syn::Error::new_spanned(
                attribute.path(),
                unknown("attribute", &found, &PLACES),
            ));
        }
    };
    if matches!(attribute.meta, Meta::Path(_)) {
        return Ok((place, None));
    }
    if place == Place::Body {
        return Err(syn::Error::new_spanned(attribute, "a body has no name: #[body]"));
    }
    let name: LitStr = attribute.parse_args()?;
    let text = match place {
        Place::Header => header_name(&name)?,
        _ if name.value().is_empty() => return Err(syn::Error::new(name.span(), "a parameter has a name")),
        _ => name.value(),
    };
    Ok((place, Some(text)))
}

/// Refuses types that cannot travel: what is borrowed, and what has no name.
fn owned(argument: &PatType, problems: &mut Problems) {
    match &*argument.ty {
        Type::Reference(reference) => {
            let help = match &*reference.elem {
                Type::Path(path) if path.path.is_ident("str") => "take a `String`",
                Type::Slice(_) => "take a `Vec`",
                _ => "take it by value",
            };
            problems.at(
                reference,
                format!("a parameter is owned, since it travels: {help}"),
            );
        }
        Type::ImplTrait(ty) => problems.at(ty, "a parameter has one type, which both sides know"),
        _ => {}
    }
}

/// The name of a type without its path.
pub(crate) fn last_segment(ty: &Type) -> Option<&Ident> {
    match ty {
        Type::Path(path) => path.path.segments.last().map(|segment| &segment.ident),
        Type::Group(group) => last_segment(&group.elem),
        _ => None,
    }
}

/// The one generic argument of a type of this name, as written by hand or by the path of std.
fn argument_of<'a>(ty: &'a Type, name: &str) -> Option<&'a Type> {
    let path = match ty {
        Type::Path(path) if path.qself.is_none() => &path.path,
        Type::Group(group) => return argument_of(&group.elem, name),
        _ => return None,
    };
    match arguments(path, name)?[..] {
        [only] => Some(only),
        _ => None,
    }
}

/// The generic arguments of a path whose last segment has this name.
pub(super) fn arguments<'a>(path: &'a Path, name: &str) -> Option<Vec<&'a Type>> {
    let last = path.segments.last().filter(|last| last.ident == name)?;
    match &last.arguments {
        PathArguments::None => Some(Vec::new()),
        PathArguments::AngleBracketed(arguments) => arguments
            .args
            .iter()
            .map(|argument| match argument {
                GenericArgument::Type(ty) => Some(ty),
                _ => None,
            })
            .collect(),
        PathArguments::Parenthesized(_) => None,
    }
}
