//! The attributes of a method.

use std::str::FromStr;

use proc_macro2::Span;
use syn::parse::{Parse, ParseStream};
use syn::{Attribute, Ident, LitInt, LitStr, Meta, Token};

use crate::nearest::unknown;
use crate::problems::Problems;

const ROUTES: [&str; 6] = ["get", "post", "put", "patch", "delete", "head"];
const OURS: [&str; 10] = [
    "get",
    "post",
    "put",
    "patch",
    "delete",
    "head",
    "timeout",
    "safe",
    "idempotent",
    "idempotency_key",
];
/// The language's own, which stay on the method.
const STAY: [&str; 7] = ["doc", "deprecated", "allow", "expect", "warn", "deny", "must_use"];

/// A header that carries an idempotency key.
pub(crate) struct IdempotencyKey {
    pub(crate) header: String,
    pub(crate) required: bool,
}

/// What a method's attributes say.
#[derive(Default)]
pub(super) struct Said {
    pub(super) route: Option<Route>,
    /// A route was there, though it could not be read.
    pub(super) has_route: bool,
    pub(super) timeout_ms: Option<u64>,
    pub(super) safety: Option<Ident>,
    pub(super) idempotency_key: Option<IdempotencyKey>,
}

/// `#[get("/pets/{id}", status = 200, id = "getPet")]`.
pub(super) struct Route {
    /// In upper case.
    pub(super) method: &'static str,
    pub(super) span: Span,
    pub(super) path: LitStr,
    pub(super) status: Option<(u16, Span)>,
    pub(super) id: Option<String>,
}

/// Reads the attributes, and takes ours away.
pub(super) fn read(attributes: &mut Vec<Attribute>, problems: &mut Problems) -> Said {
    let mut said = Said::default();
    let mut stay = Vec::new();
    for attribute in std::mem::take(attributes) {
        let name = attribute.path().get_ident().map(Ident::to_string);
        match name {
            // A path, such as `tracing::instrument`, is another macro's.
            None => stay.push(attribute),
            Some(name) if STAY.contains(&name.as_str()) => stay.push(attribute),
            Some(name) => {
                if let Err(error) = said.take(&name, &attribute) {
                    problems.add(error);
                }
            }
        }
    }
    *attributes = stay;
    said
}

impl Said {
    fn take(&mut self, name: &str, attribute: &Attribute) -> syn::Result<()> {
        let wrong = |message: String| Err(syn::Error::new_spanned(attribute.path(), message));
        if ROUTES.contains(&name) {
            if std::mem::replace(&mut self.has_route, true) {
                return wrong("a method has one route: give the other a method of its own".to_owned());
            }
            self.route = Some(route(name, attribute)?);
            return Ok(());
        }
        match name {
            "timeout" => self.timeout_ms = Some(duration(&attribute.parse_args()?)?),
            "safe" | "idempotent" => {
                attribute.meta.require_path_only()?;
                if self.safety.is_some() {
                    return wrong("#[safe] includes #[idempotent]: keep one".to_owned());
                }
                let name = if name == "safe" { "Safe" } else { "Idempotent" };
                self.safety = Some(Ident::new(name, Span::call_site()));
            }
            "idempotency_key" => self.idempotency_key = Some(idempotency_key(attribute)?),
            "cfg" | "cfg_attr" => {
                let message = "a method of a service cannot be conditional: put the condition on the trait";
                return wrong(message.to_owned());
            }
            "route" | "options" | "trace" | "connect" => {
                return wrong(format!(
                    "`{name}` is no route here; known are `{}`",
                    ROUTES.join("`, `")
                ));
            }
            _ => return wrong(unknown("attribute", name, &OURS)),
        }
        Ok(())
    }
}

fn route(name: &str, attribute: &Attribute) -> syn::Result<Route> {
    let method = match name {
        "get" => "GET",
        "post" => "POST",
        "put" => "PUT",
        "patch" => "PATCH",
        "delete" => "DELETE",
        _ => "HEAD",
    };
    let Meta::List(list) = &attribute.meta else {
        let message = format!("a route has a path: #[{name}(\"/pets/{{id}}\")]");
        return Err(syn::Error::new_spanned(attribute, message));
    };
    let RouteArguments { path, status, id } = list.parse_args()?;
    Ok(Route {
        method,
        span: path.span(),
        path,
        status,
        id,
    })
}

struct RouteArguments {
    path: LitStr,
    status: Option<(u16, Span)>,
    id: Option<String>,
}

impl Parse for RouteArguments {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let path = input.parse()?;
        let mut arguments = Self {
            path,
            status: None,
            id: None,
        };
        while !input.is_empty() {
            input.parse::<Token![,]>()?;
            if input.is_empty() {
                break;
            }
            let key: Ident = input.parse()?;
            if key != "status" && key != "id" {
                return Err(syn::Error::new(
                    key.span(),
                    unknown("argument", &key.to_string(), &["status", "id"]),
                ));
            }
            input.parse::<Token![=]>()?;
            if key == "id" {
                arguments.id = Some(input.parse::<LitStr>()?.value());
            } else {
                arguments.status = Some(success(&input.parse()?)?);
            }
        }
        Ok(arguments)
    }
}

fn success(number: &LitInt) -> syn::Result<(u16, Span)> {
    match number.base10_parse() {
        Ok(status @ 200..=299) => Ok((status, number.span())),
        _ => {
            let message =
                "the status of a success is 200 to 299; failures have theirs in #[derive(ServiceError)]";
            Err(syn::Error::new(number.span(), message))
        }
    }
}

fn idempotency_key(attribute: &Attribute) -> syn::Result<IdempotencyKey> {
    let mut key = IdempotencyKey {
        header: "idempotency-key".to_owned(),
        required: false,
    };
    if matches!(attribute.meta, Meta::Path(_)) {
        return Ok(key);
    }
    attribute.parse_args_with(|input: ParseStream<'_>| {
        while !input.is_empty() {
            if input.peek(LitStr) {
                key.header = header_name(&input.parse()?)?;
            } else {
                let word: Ident = input.parse()?;
                if word != "required" {
                    return Err(syn::Error::new(
                        word.span(),
                        "expected the header's name or `required`",
                    ));
                }
                key.required = true;
            }
            if !input.is_empty() {
                input.parse::<Token![,]>()?;
            }
        }
        Ok(())
    })?;
    Ok(key)
}

/// The name of a header, in lower case.
pub(super) fn header_name(text: &LitStr) -> syn::Result<String> {
    let name = text.value().to_ascii_lowercase();
    let token = |letter: u8| letter.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&letter);
    if !name.is_empty() && name.bytes().all(token) {
        Ok(name)
    } else {
        let message = "a header's name is a token of letters, digits and `-`, such as \"x-tenant\"";
        Err(syn::Error::new(text.span(), message))
    }
}

/// `250ms`, `5s`, `2m`, in milliseconds.
fn duration(text: &LitStr) -> syn::Result<u64> {
    let value = text.value();
    let digits = value.trim_end_matches(|letter: char| !letter.is_ascii_digit());
    let unit = match &value[digits.len()..] {
        "ms" => Some(1),
        "s" => Some(1000),
        "m" => Some(60_000),
        _ => None,
    };
    let number = u64::from_str(digits).ok().filter(|number| *number > 0);
    let milliseconds = number
        .zip(unit)
        .and_then(|(number, unit)| number.checked_mul(unit));
    milliseconds
        .ok_or_else(|| syn::Error::new(text.span(), "a duration is written \"250ms\", \"5s\" or \"2m\""))
}
