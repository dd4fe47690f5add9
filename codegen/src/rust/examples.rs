//! `EXAMPLES.md`: what the contract shows as examples, as calls that compile. A crate's `cargo test --doc` compiles them.

use proc_macro2::{Literal, TokenStream};
use quote::quote;
use serde_json::Value;
use tieline_contract::model::{EnumConstant, Scalar};

use super::tokens::{self, Scope};
use crate::plan::Plan;
use crate::plan::operations::OperationPlan;
use crate::plan::ty::RustType;
use crate::plan::types::{EnumPlan, FieldPlan, KindPlan, Made, RecordPlan};

/// Longer values say little.
const LONGEST: usize = 4_000;

/// The examples of a module, which is found at `path`. Empty: there are none.
pub(crate) fn of(plan: &Plan, path: &str) -> Result<String, syn::Error> {
    let mut text = String::new();
    for operation in plan.operations.iter().filter(|_| plan.sections.client) {
        let Some(call) = call(plan, operation) else {
            continue;
        };
        let summary = operation.docs.summary();
        text.push_str(&format!("\n## `{path}::{}`\n\n", operation.name));
        summary
            .0
            .iter()
            .for_each(|line| text.push_str(&format!("{line}\n")));
        let body = body(address(plan), &call)?;
        let types = if body.contains("types::") {
            "{Client, types}"
        } else {
            "Client"
        };
        text.push_str(&format!("\n```rust,no_run\nuse {path}::{types};\n"));
        if body.contains("v1::") {
            text.push_str("use tieline::generated::v1;\n");
        }
        if body.contains("json::") {
            text.push_str("use tieline::codec::json;\n");
        }
        text.push_str("\n# async fn example() -> Result<(), Box<dyn std::error::Error>> {\n");
        text.push_str(&body);
        text.push_str("# Ok(())\n# }\n```\n");
    }
    Ok(text)
}

/// Whether there is one.
pub(crate) fn exist(plan: &Plan) -> bool {
    plan.sections.client
        && plan
            .operations
            .iter()
            .any(|operation| call(plan, operation).is_some())
}

/// Where the service is: what the contract says, if a client can use it as it is.
fn address(plan: &Plan) -> &str {
    let mut known = plan.servers.iter().map(|server| server.url.as_str());
    known
        .find(|url| url.starts_with("http") && !url.contains('{'))
        .unwrap_or("https://service.example")
}

/// The statements of an example, a line each.
fn body(address: &str, call: &TokenStream) -> Result<String, syn::Error> {
    let function = quote! {
        async fn example() {
            let client = Client::to(#address)?;
            let reply = #call;
        }
    };
    let text = prettyplease::unparse(&syn::parse2(function)?);
    let lines = text.lines().skip(1);
    let lines = lines.take_while(|line| *line != "}");
    Ok(lines
        .map(|line| line.strip_prefix("    ").unwrap_or(line).to_owned() + "\n")
        .collect())
}

/// The call with what the contract shows. `None`: it shows nothing, or not all that must be given.
fn call(plan: &Plan, operation: &OperationPlan) -> Option<TokenStream> {
    let shown = operation.examples.iter().flatten();
    if shown.map(|example| example.to_string().len()).sum::<usize>() > LONGEST {
        return None;
    }
    let inputs = || operation.request.fields.iter().zip(&operation.examples);
    let given: Option<Vec<TokenStream>> = inputs()
        .filter(|(field, _)| field.made == Made::Given)
        .map(|(field, example)| argument(plan, field, example.as_ref()?))
        .collect();
    let chosen: TokenStream = inputs()
        .filter(|(field, _)| !field.deprecated)
        .filter_map(|(field, example)| set(plan, field, example.as_ref()?))
        .collect();
    let given = given?;
    if given.is_empty() && chosen.is_empty() {
        return None;
    }
    let name = tokens::ident(&operation.name);
    Some(quote!(client.#name(#(#given),*) #chosen.await?))
}

/// The call of the setter of a field that may be left out.
fn set(plan: &Plan, field: &FieldPlan, example: &Value) -> Option<TokenStream> {
    let setter = tokens::ident(field.setter.as_ref()?);
    let argument = match &field.ty {
        RustType::Option(inner) => value(plan, inner, Takes::of(field), example)?,
        _ => argument(plan, field, example)?,
    };
    Some(quote!(.#setter(#argument)))
}

/// What a parameter takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Takes {
    /// The type itself.
    Exact,
    /// Anything that turns into it.
    Into,
    /// Anything that turns into something around it.
    Around,
}

impl Takes {
    fn of(field: &FieldPlan) -> Self {
        if field.converts { Self::Into } else { Self::Exact }
    }
}

/// What `new`, or the method of an operation, is given for a field.
fn argument(plan: &Plan, field: &FieldPlan, example: &Value) -> Option<TokenStream> {
    value(plan, &field.ty, Takes::of(field), example)
}

/// A value, as it is written in Rust.
fn value(plan: &Plan, ty: &RustType, takes: Takes, example: &Value) -> Option<TokenStream> {
    match (ty, example) {
        (RustType::Boxed(inner), _) => value(plan, inner, takes, example),
        (RustType::Option(_), Value::Null) => Some(quote!(None)),
        (RustType::Option(inner), _) => {
            let value = value(plan, inner, takes, example)?;
            Some(quote!(Some(#value)))
        }
        (RustType::Nullable(inner), _) if takes == Takes::Into && !example.is_null() => {
            value(plan, inner, Takes::Around, example)
        }

        (RustType::Scalar(Scalar::String), Value::String(text)) if takes == Takes::Into => {
            Some(quote!(#text))
        }
        (RustType::Scalar(Scalar::String), Value::String(text)) => Some(quote!(#text.to_owned())),
        (RustType::Scalar(Scalar::Integer), Value::Number(number)) => {
            integer(number, takes).or_else(|| read(ty, takes, example))
        }
        (RustType::Scalar(scalar), _) => scalar_value(*scalar, example).or_else(|| read(ty, takes, example)),
        (RustType::Vec(item), Value::Array(items)) => {
            let items: Option<Vec<TokenStream>> = items
                .iter()
                .map(|example| value(plan, item, Takes::Exact, example))
                .collect();
            items.map(|items| quote!(Vec::from([#(#items),*])))
        }
        (RustType::Named(name), _) => {
            let kind_of = |name: &str| plan.types.iter().find(|ty| ty.name == name).map(|ty| &ty.kind);
            let kind = match kind_of(name)? {
                KindPlan::Same(first) => kind_of(first)?,
                kind => kind,
            };
            let built = match (kind, example) {
                (KindPlan::Record(record), Value::Object(_)) => built(plan, name, record, example),
                (KindPlan::Enumeration(one), _) => constant(name, one, example),
                _ => None,
            };
            built.or_else(|| read(ty, takes, example))
        }
        _ => read(ty, takes, example),
    }
}

/// An integer of any size, of a literal.
fn integer(number: &serde_json::Number, takes: Takes) -> Option<TokenStream> {
    let number = number.as_i64()?;
    // A literal without a suffix is an `i32` here.
    let literal = match i32::try_from(number) {
        Ok(small) => {
            let small = Literal::i32_unsuffixed(small);
            quote!(#small)
        }
        Err(_) => quote!(#number),
    };
    Some(match takes {
        Takes::Into => literal,
        Takes::Exact => quote!((#literal).into()),
        Takes::Around => quote!(v1::Integer::from(#literal)),
    })
}

fn scalar_value(scalar: Scalar, example: &Value) -> Option<TokenStream> {
    let written = match (scalar, example) {
        (Scalar::Bool, Value::Bool(value)) => return Some(quote!(#value)),
        (Scalar::I32, Value::Number(number)) => i32::try_from(number.as_i64()?).ok()?.to_string(),
        (Scalar::I64, Value::Number(number)) => number.as_i64()?.to_string(),
        (Scalar::U32, Value::Number(number)) => u32::try_from(number.as_u64()?).ok()?.to_string(),
        (Scalar::U64, Value::Number(number)) => number.as_u64()?.to_string(),
        (Scalar::F32 | Scalar::F64, Value::Number(number)) => {
            let written = number.as_f64()?.to_string();
            if written.contains('.') {
                written
            } else {
                written + ".0"
            }
        }
        _ => return None,
    };
    match written.strip_prefix('-') {
        Some(digits) => {
            let digits: Literal = digits.parse().ok()?;
            Some(quote!(-#digits))
        }
        None => {
            let digits: Literal = written.parse().ok()?;
            Some(quote!(#digits))
        }
    }
}

/// `types::Pet::new("Rex").tag("dog")`. `None`: something in the example has no field, or a field that must be given has
/// no value there.
fn built(plan: &Plan, name: &str, record: &RecordPlan, example: &Value) -> Option<TokenStream> {
    let example = example.as_object()?;
    let named = |field: &FieldPlan| example.get(field.wire.as_deref()?);
    let known = |key: &String| record.fields.iter().any(|field| field.wire.as_ref() == Some(key));
    if !example.keys().all(known) {
        return None;
    }
    let given: Option<Vec<TokenStream>> = record
        .fields
        .iter()
        .filter(|field| field.made == Made::Given)
        .map(|field| argument(plan, field, named(field)?))
        .collect();
    let given = given?;
    let mut setters = Vec::new();
    for field in record.fields.iter().filter(|field| field.made != Made::Given) {
        if let Some(example) = named(field) {
            setters.push(set(plan, field, example)?);
        }
    }
    let name = tokens::ident(name);
    Some(quote!(types::#name::new(#(#given),*) #(#setters)*))
}

fn constant(name: &str, one: &EnumPlan, example: &Value) -> Option<TokenStream> {
    let (variant, ..) = one.variants.iter().find(|(_, constant, _)| match constant {
        EnumConstant::Text(text) => example.as_str() == Some(text),
        EnumConstant::Integer(number) => example.as_i64() == Some(*number),
    })?;
    let (name, variant) = (tokens::ident(name), tokens::ident(variant));
    Some(quote!(types::#name::#variant))
}

/// What is easier to read than to write: from JSON.
fn read(ty: &RustType, takes: Takes, example: &Value) -> Option<TokenStream> {
    let is_plain = match ty {
        RustType::Named(_) | RustType::Timed(..) => true,
        RustType::Scalar(scalar) => !matches!(scalar, Scalar::Bytes | Scalar::Binary | Scalar::File),
        RustType::Json | RustType::Vec(_) | RustType::Map(_) | RustType::Nullable(_) => takes == Takes::Exact,
        _ => false,
    };
    if !is_plain {
        return None;
    }
    let json = example.to_string();
    let hashes = "#".repeat(1 + json.matches("\"#").count());
    let text: Literal = format!("r{hashes}\"{json}\"{hashes}").parse().ok()?;
    let octets = if json.is_ascii() {
        let octets: Literal = format!("br{hashes}\"{json}\"{hashes}").parse().ok()?;
        quote!(#octets)
    } else {
        quote!(#text.as_bytes())
    };
    // The type is told where the parameter does not tell it.
    let named = (takes != Takes::Exact).then(|| {
        let ty = tokens::ty(ty, Scope::Beside);
        quote!(::<#ty>)
    });
    Some(quote!(json::read_new #named (#octets)?))
}
