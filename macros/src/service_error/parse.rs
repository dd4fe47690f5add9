//! From tokens to [`Failures`].

use proc_macro2::Span;
use syn::{Attribute, Data, DataEnum, DeriveInput, Ident, LitInt, LitStr, Member, Type};

use super::{Failures, Field, Variant};
use crate::nearest::unknown;
use crate::problems::Problems;
use crate::service::{docs, last_segment};

/// gRPC's names, and the variants of `tieline::Code`.
const CODES: [(&str, &str); 16] = [
    ("CANCELLED", "Cancelled"),
    ("UNKNOWN", "Unknown"),
    ("INVALID_ARGUMENT", "InvalidArgument"),
    ("DEADLINE_EXCEEDED", "DeadlineExceeded"),
    ("NOT_FOUND", "NotFound"),
    ("ALREADY_EXISTS", "AlreadyExists"),
    ("PERMISSION_DENIED", "PermissionDenied"),
    ("RESOURCE_EXHAUSTED", "ResourceExhausted"),
    ("FAILED_PRECONDITION", "FailedPrecondition"),
    ("ABORTED", "Aborted"),
    ("OUT_OF_RANGE", "OutOfRange"),
    ("UNIMPLEMENTED", "Unimplemented"),
    ("INTERNAL", "Internal"),
    ("UNAVAILABLE", "Unavailable"),
    ("DATA_LOSS", "DataLoss"),
    ("UNAUTHENTICATED", "Unauthenticated"),
];

/// Reads the enum. `None` only if there are problems.
pub(super) fn failures(item: &DeriveInput, problems: &mut Problems) -> Option<Failures> {
    let Data::Enum(data) = &item.data else {
        let message = "a ServiceError is an enum, a variant for each failure";
        let token = match &item.data {
            Data::Struct(data) => data.struct_token.span,
            Data::Union(data) => data.union_token.span,
            Data::Enum(data) => data.enum_token.span,
        };
        problems.add(syn::Error::new(token, message));
        return None;
    };
    if !item.generics.params.is_empty() {
        problems.at(
            &item.generics,
            "a ServiceError has no generics: both sides know its types",
        );
    }
    if data.variants.is_empty() {
        problems.at(
            &item.ident,
            "a ServiceError has at least one variant; without failures, return `tieline::Error`",
        );
    }
    for attribute in ours(&item.attrs) {
        problems.at(attribute, "the status belongs to each variant");
    }
    Some(Failures {
        ident: item.ident.clone(),
        variants: variants(data, problems),
    })
}

fn variants(data: &DataEnum, problems: &mut Problems) -> Vec<Variant> {
    let variants = data.variants.iter().map(|variant| {
        let mut said = Said::default();
        for attribute in ours(&variant.attrs) {
            problems.noted(said.read(attribute));
        }
        if ours(&variant.attrs).next().is_none()
            || (said.complete && said.status.is_none() && said.code.is_none())
        {
            let message = "a failure has an HTTP status or a code: #[service_error(status = 404)]";
            problems.at(&variant.ident, message);
        }
        Variant {
            ident: variant.ident.clone(),
            docs: docs(&variant.attrs),
            status: said.status,
            code: said.code,
            fields: fields(variant, problems),
        }
    });
    variants.collect()
}

fn ours(attributes: &[Attribute]) -> impl Iterator<Item = &Attribute> {
    attributes
        .iter()
        .filter(|attribute| attribute.path().is_ident("service_error"))
}

fn fields(variant: &syn::Variant, problems: &mut Problems) -> Vec<Field> {
    let fields = variant.fields.iter().enumerate().map(|(index, field)| {
        let skip = ours(&field.attrs).filter_map(|attribute| {
            problems.noted(attribute.parse_nested_meta(|meta| {
                if meta.path.is_ident("skip") {
                    Ok(())
                } else {
                    Err(meta.error("a field knows `skip` only"))
                }
            }))
        });
        let skip = skip.count() > 0;
        if let Some(ident) = field.ident.as_ref().filter(|ident| *ident == "code" && !skip) {
            problems.at(
                ident,
                "`code` is the variant's name on the wire: call the field otherwise",
            );
        }
        let member = match &field.ident {
            Some(ident) => Member::Named(ident.clone()),
            None => Member::from(index),
        };
        let name = match &field.ident {
            Some(ident) => ident.to_string().trim_start_matches("r#").to_owned(),
            None => index.to_string(),
        };
        Field {
            member,
            name,
            ty: field.ty.clone(),
            optional: is_option(&field.ty),
            skip,
        }
    });
    fields.collect()
}

fn is_option(ty: &Type) -> bool {
    last_segment(ty).is_some_and(|last| last == "Option")
}

/// What the attribute of a variant says.
struct Said {
    status: Option<u16>,
    code: Option<Ident>,
    /// Nothing in it was wrong.
    complete: bool,
}

impl Default for Said {
    fn default() -> Self {
        Self {
            status: None,
            code: None,
            complete: true,
        }
    }
}

impl Said {
    fn read(&mut self, attribute: &Attribute) -> syn::Result<()> {
        let read = attribute.parse_nested_meta(|meta| {
            let key = meta.path.get_ident().map(Ident::to_string).unwrap_or_default();
            match key.as_str() {
                "status" => self.status = Some(status(&meta.value()?.parse()?)?),
                "code" => self.code = Some(code(&meta.value()?.parse()?)?),
                _ => return Err(meta.error(unknown("argument", &key, &["status", "code"]))),
            }
            Ok(())
        });
        self.complete &= read.is_ok();
        read
    }
}

fn status(number: &LitInt) -> syn::Result<u16> {
    match number.base10_parse() {
        Ok(status @ 400..=599) => Ok(status),
        _ => Err(syn::Error::new(
            number.span(),
            "the HTTP status of a failure is 400 to 599",
        )),
    }
}

fn code(text: &LitStr) -> syn::Result<Ident> {
    let name = text.value();
    if let Some((_, variant)) = CODES.iter().find(|(known, _)| *known == name) {
        return Ok(Ident::new(variant, Span::call_site()));
    }
    let message = match name.as_str() {
        "OK" => "OK is no failure".to_owned(),
        name => unknown("code", name, &CODES.map(|(known, _)| known)),
    };
    Err(syn::Error::new(text.span(), message))
}
