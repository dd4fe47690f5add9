//! Small pieces of Rust: names, documentation, types, rules.

use indexmap::IndexSet;
use proc_macro2::{Ident, Literal, Span, TokenStream};
use quote::quote;
use tieline_contract::model::{Lifecycle, Scalar, Server, ServerVariable};

use crate::options::TimeLibrary;
use crate::plan::docs::Docs;
pub(crate) use crate::plan::name::ident_text;
use crate::plan::name::is_keyword;
use crate::plan::rules::RulePlan;
use crate::plan::ty::RustType;

/// The revision of `tieline::generated` that is written for. Runtimes that know only earlier ones say so.
const REVISION: u8 = 1;

/// The line that asks the runtime whether it fits, and names its module for written code.
pub(crate) fn handshake() -> TokenStream {
    let (revision, generator) = (Literal::u8_unsuffixed(REVISION), env!("CARGO_PKG_VERSION"));
    quote!(::tieline::generated::handshake!(v1, #revision, #generator);)
}

/// A name as an identifier, raw where it must be.
pub(crate) fn ident(name: &str) -> Ident {
    if is_keyword(name) {
        Ident::new_raw(name, Span::call_site())
    } else {
        Ident::new(name, Span::call_site())
    }
}

/// A type, or a value made of calls, as text that is spaced as people write it.
pub(crate) fn text(tokens: &TokenStream) -> String {
    [
        (" :: ", "::"),
        (":: ", "::"),
        (" < ", "<"),
        (" >", ">"),
        (" ,", ","),
        (" (", "("),
        ("( ", "("),
        (" )", ")"),
        (" . ", "."),
    ]
    .iter()
    .fold(tokens.to_string(), |text, (from, to)| text.replace(from, to))
    .trim_end()
    .to_owned()
}

/// `///` lines.
pub(crate) fn docs(docs: &Docs) -> TokenStream {
    let lines = docs.0.iter().map(|line| {
        if line.is_empty() {
            String::new()
        } else {
            format!(" {line}")
        }
    });
    quote!(#(#[doc = #lines])*)
}

/// `///` lines as text.
pub(crate) fn docs_text(docs: &Docs) -> String {
    let lines = docs.0.iter();
    lines
        .map(|line| format!("/// {line}").trim_end().to_owned() + "\n")
        .collect()
}

/// One `///` line.
pub(crate) fn doc(text: &str) -> TokenStream {
    docs(&Docs::lines(text))
}

/// `#[deprecated]`, or nothing.
pub(crate) fn deprecated(deprecated: bool) -> TokenStream {
    if deprecated {
        quote!(#[deprecated])
    } else {
        TokenStream::new()
    }
}

/// `#[inline]`: machine code is made of a method where it is called, as of one that `is_generic` in any case. A crate of a
/// thousand types is then compiled without any, and whoever uses ten of them pays for ten.
pub(crate) fn lazy(is_generic: bool) -> TokenStream {
    if is_generic {
        TokenStream::new()
    } else {
        quote!(#[inline])
    }
}

/// `#[deprecated]` of a method, with what is known of when, and a line's end; or nothing.
pub(crate) fn deprecated_text(deprecated: bool, lifecycle: &Lifecycle) -> String {
    if !deprecated {
        return String::new();
    }
    let since = lifecycle
        .since
        .as_ref()
        .map(|since| format!("since {}", since.text));
    let sunset = lifecycle
        .sunset
        .as_ref()
        .map(|sunset| format!("gone after {}", sunset.text));
    let parts: Vec<String> = since.into_iter().chain(sunset).collect();
    if parts.is_empty() {
        return "#[deprecated]\n".to_owned();
    }
    format!("#[deprecated(note = {:?})]\n", parts.join(", "))
}

/// The servers of a contract.
pub(crate) fn servers(servers: &[Server]) -> Vec<TokenStream> {
    let server = |server: &Server| {
        let (name, url) = (server.name.as_deref().unwrap_or_default(), &server.url);
        if name.is_empty() && server.variables.is_empty() {
            return quote!(v1::Server::at(#url));
        }
        let variables = server.variables.iter().map(|variable| {
            let ServerVariable {
                name,
                default,
                values,
            } = variable;
            quote!(v1::ServerVariable { name: #name, default: #default, values: &[#(#values),*] })
        });
        quote!(v1::Server { name: #name, url: #url, variables: &[#(#variables),*] })
    };
    servers.iter().map(server).collect()
}

/// Attributes that were asked for. They were parsed when the options were read.
pub(crate) fn attributes(attributes: &[String]) -> TokenStream {
    attributes
        .iter()
        .filter_map(|text| text.parse::<TokenStream>().ok())
        .collect()
}

/// How types are written in a file.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scope {
    /// Among the types.
    Types,
    /// Next to the module of types.
    Beside,
    /// In the module of an operation, next to the module of types.
    Inside,
}

/// A type.
pub(crate) fn ty(ty: &RustType, scope: Scope) -> TokenStream {
    let inner = |inner: &RustType| self::ty(inner, scope);
    match ty {
        RustType::Scalar(scalar) => self::scalar(*scalar),
        RustType::Timed(library, scalar) => timed(*library, *scalar),
        RustType::Json => quote!(v1::Json),
        RustType::Extra => quote!(v1::Extra),
        RustType::Named(name) => {
            let name = ident(name);
            if scope == Scope::Types {
                quote!(#name)
            } else {
                quote!(types::#name)
            }
        }
        // Parsed when the options were read.
        RustType::Foreign(written) => written.parse().unwrap_or_default(),
        RustType::Vec(item) => {
            let item = inner(item);
            quote!(Vec<#item>)
        }
        RustType::Map(value) => {
            let value = inner(value);
            quote!(::std::collections::BTreeMap<String, #value>)
        }
        RustType::Option(value) => {
            let value = inner(value);
            quote!(Option<#value>)
        }
        RustType::Nullable(value) => {
            let value = inner(value);
            quote!(v1::Nullable<#value>)
        }
        RustType::Body(_) if scope == Scope::Inside => quote!(Body),
        RustType::Body(module) => {
            let module = ident(module);
            quote!(#module::Body)
        }
        RustType::Octets => quote!(v1::Octets),
        RustType::Items(item) => {
            let item = inner(item);
            quote!(v1::Items<#item>)
        }
        RustType::Events(data) => {
            let data = inner(data);
            quote!(v1::Events<#data>)
        }
        RustType::Boxed(value) => {
            let value = inner(value);
            quote!(Box<#value>)
        }
    }
}

/// A date or time of a library other than the runtime's own.
fn timed(library: TimeLibrary, scalar: Scalar) -> TokenStream {
    let module = match library {
        TimeLibrary::Jiff => return self::scalar(scalar),
        TimeLibrary::Chrono => quote!(chrono),
        TimeLibrary::Time => quote!(time),
    };
    match scalar {
        Scalar::DateTime => quote!(v1::#module::DateTime),
        Scalar::Date => quote!(v1::#module::Date),
        Scalar::Time => quote!(v1::#module::Time),
        Scalar::Duration => quote!(v1::#module::Duration),
        other => self::scalar(other),
    }
}

fn scalar(scalar: Scalar) -> TokenStream {
    match scalar {
        Scalar::Bool => quote!(bool),
        Scalar::I32 => quote!(i32),
        Scalar::I64 => quote!(i64),
        Scalar::U32 => quote!(u32),
        Scalar::U64 => quote!(u64),
        Scalar::Integer => quote!(v1::Integer),
        Scalar::F32 => quote!(f32),
        Scalar::F64 | Scalar::Number => quote!(f64),
        Scalar::Decimal => quote!(v1::Decimal),
        Scalar::String => quote!(String),
        Scalar::Bytes | Scalar::Binary => quote!(v1::Bytes),
        Scalar::File => quote!(v1::File),
        Scalar::DateTime => quote!(v1::DateTime),
        Scalar::Date => quote!(v1::Date),
        Scalar::Time => quote!(v1::Time),
        Scalar::Duration => quote!(v1::Duration),
        Scalar::Uuid => quote!(v1::Uuid),
        Scalar::Ipv4 => quote!(v1::Ipv4),
        Scalar::Ipv6 => quote!(v1::Ipv6),
    }
}

/// The regular expressions and checks of a module: a static each, numbered as they occur.
pub(crate) struct Patterns<'p> {
    texts: IndexSet<&'p str>,
    checks: IndexSet<(&'p str, &'p [String])>,
    /// Whether they stand in the module around the one that uses them, next to the types.
    in_parent: bool,
}

impl<'p> Patterns<'p> {
    /// Those of some lists of rules.
    pub(crate) fn of(lists: impl Iterator<Item = &'p [RulePlan]>, in_parent: bool) -> Self {
        let mut patterns = Self {
            texts: IndexSet::new(),
            checks: IndexSet::new(),
            in_parent,
        };
        lists.for_each(|rules| patterns.gather(rules));
        patterns
    }

    fn gather(&mut self, rules: &'p [RulePlan]) {
        for rule in rules {
            match rule {
                RulePlan::Pattern(text) => {
                    self.texts.insert(text);
                }
                RulePlan::Check(schema, types) => {
                    self.checks.insert((schema, types));
                }
                RulePlan::Each(inner) => self.gather(inner),
                _ => {}
            }
        }
    }

    /// The name of the static of `text`.
    fn name(&self, text: &str) -> Ident {
        numbered("PATTERN", self.texts.get_index_of(text).unwrap_or_default())
    }

    /// The name of the static of a check.
    fn check(&self, schema: &str, types: &[String]) -> Ident {
        numbered(
            "CHECK",
            self.checks.get_index_of(&(schema, types)).unwrap_or_default(),
        )
    }

    /// Their statics.
    pub(crate) fn statics(&self) -> TokenStream {
        let patterns = self.texts.iter().map(|text| {
            let name = self.name(text);
            quote!(static #name: v1::Pattern = v1::Pattern::new(#text);)
        });
        let module = self.in_parent.then(|| quote!(super::types::));
        let checks = self.checks.iter().map(|(schema, types)| {
            let (name, schema) = (self.check(schema, types), raw(schema));
            let types = types.iter().map(|name| ident(name));
            quote!(static #name: v1::Check = v1::Check::new(#schema, &[#(v1::blank::<#module #types>),*]);)
        });
        quote!(#(#patterns)* #(#checks)*)
    }
}

fn numbered(name: &str, index: usize) -> Ident {
    Ident::new(&format!("{name}_{}", index + 1), Span::call_site())
}

/// A text that is readable though it is full of quotes.
pub(crate) fn raw(text: &str) -> Literal {
    let fences = (1..=8).map(|count| "#".repeat(count));
    let fence = fences
        .into_iter()
        .find(|fence| !text.contains(&format!("\"{fence}")));
    let written = fence.map(|fence| format!("r{fence}\"{text}\"{fence}"));
    let literal = written
        .filter(|_| !text.contains('\r'))
        .and_then(|text| text.parse().ok());
    literal.unwrap_or_else(|| Literal::string(text))
}

/// `.rules(&[…])`, or nothing.
pub(crate) fn rules(rules: &[RulePlan], patterns: &Patterns<'_>) -> TokenStream {
    if rules.is_empty() {
        return TokenStream::new();
    }
    let list = list(rules, patterns);
    quote!(.rules(#list))
}

/// `&[…]`.
pub(crate) fn list(rules: &[RulePlan], patterns: &Patterns<'_>) -> TokenStream {
    let rules = rules.iter().map(|rule| self::rule(rule, patterns));
    quote!(&[#(#rules),*])
}

/// `, &[…]`, or nothing: rules of a parameter as text.
pub(crate) fn list_text(rules: &[RulePlan], patterns: &Patterns<'_>) -> String {
    if rules.is_empty() {
        return String::new();
    }
    format!(", &{}", rules_text(rules, patterns))
}

fn rules_text(rules: &[RulePlan], patterns: &Patterns<'_>) -> String {
    let module = if patterns.in_parent { "super::" } else { "" };
    let rule = |rule: &RulePlan| match rule {
        RulePlan::Count(name, count) => format!("{name}({count})"),
        RulePlan::Number(name, number) => format!("{name}({})", Literal::f64_unsuffixed(*number)),
        RulePlan::Pattern(text) => format!("Pattern(&{module}{})", patterns.name(text)),
        RulePlan::Check(schema, types) => format!("Check(&{module}{})", patterns.check(schema, types)),
        RulePlan::UniqueItems => "UniqueItems".to_owned(),
        RulePlan::OneOf(texts) => format!("OneOf(&{texts:?})"),
        RulePlan::Format(name) => format!("Format(v1::Format::{})", ident_text(name)),
        RulePlan::Each(inner) => format!("Each(&{})", rules_text(inner, patterns)),
    };
    let rules: Vec<String> = rules
        .iter()
        .map(|each| format!("v1::Rule::{}", rule(each)))
        .collect();
    format!("[{}]", rules.join(", "))
}

fn rule(rule: &RulePlan, patterns: &Patterns<'_>) -> TokenStream {
    match rule {
        RulePlan::Count(name, count) => {
            let (name, count) = (ident(name), Literal::u64_unsuffixed(*count));
            quote!(v1::Rule::#name(#count))
        }
        RulePlan::Number(name, number) => {
            let (name, size) = (ident(name), Literal::f64_unsuffixed(number.abs()));
            let sign = number.is_sign_negative().then(|| quote!(-));
            quote!(v1::Rule::#name(#sign #size))
        }
        RulePlan::Pattern(text) => {
            let name = patterns.name(text);
            let module = patterns.in_parent.then(|| quote!(super::));
            quote!(v1::Rule::Pattern(&#module #name))
        }
        RulePlan::Check(schema, types) => {
            let name = patterns.check(schema, types);
            let module = patterns.in_parent.then(|| quote!(super::));
            quote!(v1::Rule::Check(&#module #name))
        }
        RulePlan::UniqueItems => quote!(v1::Rule::UniqueItems),
        RulePlan::OneOf(texts) => quote!(v1::Rule::OneOf(&[#(#texts),*])),
        RulePlan::Format(name) => {
            let name = ident(name);
            quote!(v1::Rule::Format(v1::Format::#name))
        }
        RulePlan::Each(inner) => {
            let inner = inner.iter().map(|rule| self::rule(rule, patterns));
            quote!(v1::Rule::Each(&[#(#inner),*]))
        }
    }
}
