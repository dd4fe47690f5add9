//! `types.rs`: the named types.

use std::sync::Arc;

use proc_macro2::TokenStream;
use quote::quote;
use tieline_contract::model::{Dispatch, EnumConstant, JsonKind, Matching, Scalar};

use super::format::Calls;
use super::parts::{self, Part};
use super::record::Record;
use super::tags;
use super::tokens::{self, Patterns, Scope};
use crate::plan::Plan;
use crate::plan::tags::TagPlan;
use crate::plan::ty::RustType;
use crate::plan::types::{EnumPlan, KindPlan, NewtypePlan, TypePlan, UNKNOWN, UnionPlan, json_kind};

/// The file of a part by tag, or of what stands in none: what all types use, then the types.
pub(crate) fn parts<'p>(plan: &'p Plan, part: Option<&'p TagPlan>) -> Vec<Part<'p>> {
    let all = match part {
        Some(part) => &plan.types[part.types.clone()],
        None => plan.common_types(),
    };
    let rules = all.iter().flat_map(|ty| ty.kind.rule_lists());
    let patterns = Arc::new(Patterns::of(rules, false));
    let mut parts: Vec<Part<'_>> = Vec::new();
    let used = Arc::clone(&patterns);
    parts.push(Box::new(move |_| head(plan, all, part, &used)));
    for types in all.chunks(parts::ITEMS) {
        let patterns = Arc::clone(&patterns);
        parts.push(Box::new(move |calls| {
            let emitter = Types {
                calls,
                patterns: &patterns,
            };
            types.iter().map(|ty| emitter.one(ty)).collect()
        }));
    }
    parts
}

fn head(plan: &Plan, types: &[TypePlan], part: Option<&TagPlan>, patterns: &Patterns<'_>) -> TokenStream {
    let patterns = patterns.statics();
    let import = (!types.is_empty()).then(|| {
        quote!(
            use super::v1;
        )
    });
    let others = match part {
        Some(_) => quote! {
            #[allow(unused_imports, reason = "where all types are of this file")]
            use super::types::*;
        },
        None => {
            let parts = plan.tags.iter().filter(|part| !part.types.is_empty());
            let parts = parts.map(|part| {
                let (condition, module) = (tags::condition(Some(part)), tokens::ident(&part.module));
                quote!(#condition pub use super::by_tag::#module::schemas::*;)
            });
            parts.collect()
        }
    };
    quote!(#import #others #patterns)
}

struct Types<'c> {
    calls: &'c Calls,
    patterns: &'c Patterns<'c>,
}

impl Types<'_> {
    fn one(&self, ty: &TypePlan) -> TokenStream {
        let (docs, deprecated) = (tokens::docs(&ty.docs), tokens::deprecated(ty.deprecated));
        let body = match &ty.kind {
            KindPlan::Record(_) => self.record(ty),
            KindPlan::Enumeration(plan) => self.enumeration(ty, plan),
            KindPlan::Union(plan) => self.union(ty, plan),
            KindPlan::Newtype(plan) => self.newtype(ty, plan),
            KindPlan::Same(first) => {
                let (name, first) = (tokens::ident(&ty.name), tokens::ident(first));
                return quote!(#docs #deprecated pub type #name = #first;);
            }
        };
        let attributes = tokens::attributes(&ty.attributes);
        quote!(#docs #deprecated #attributes #body)
    }

    fn record(&self, ty: &TypePlan) -> TokenStream {
        let KindPlan::Record(record) = &ty.kind else {
            return TokenStream::new();
        };
        let name = tokens::ident(&ty.name);
        let parts = Record {
            name: &name,
            wire: &ty.wire,
            record,
            scope: Scope::Types,
            patterns: self.patterns,
            calls: self.calls,
        };
        let (definition, constructor) = (parts.definition(), parts.constructor());
        let (setters, table) = (parts.setters(), parts.table());
        quote! {
            #definition
            impl #name {
                #constructor
                #setters
            }
            #table
        }
    }

    fn enumeration(&self, ty: &TypePlan, plan: &EnumPlan) -> TokenStream {
        let (name, unknown) = (tokens::ident(&ty.name), tokens::ident(UNKNOWN));
        let variants = plan.variants.iter().map(|(variant, _, docs)| {
            let (docs, variant) = (tokens::docs(docs), tokens::ident(variant));
            quote!(#docs #variant)
        });
        let raw = if plan.is_text { quote!(String) } else { quote!(i64) };
        let entries = (plan.variants.iter())
            .map(|(variant, constant, _)| match constant {
                EnumConstant::Text(text) => format!("{variant} = {text:?}"),
                EnumConstant::Integer(number) => format!("{variant} = {number}"),
            })
            .collect();
        let called = if plan.is_text {
            "enumeration"
        } else {
            "integer_enumeration"
        };
        let implementation = self.calls.list(
            format!("v1::{called}!({}: {UNKNOWN}", ty.name),
            entries,
            ");",
            false,
        );
        quote! {
            #[derive(Debug, Clone, PartialEq, Eq, Hash)]
            #[non_exhaustive]
            pub enum #name {
                #(#variants,)*
                /// A value that the contract does not name, as it came.
                #unknown(#raw),
            }
            #implementation
        }
    }

    fn union(&self, ty: &TypePlan, plan: &UnionPlan) -> TokenStream {
        let (name, unknown) = (tokens::ident(&ty.name), tokens::ident(UNKNOWN));
        let variants = plan.variants.iter().map(|variant| {
            let docs = tokens::docs(&variant.docs);
            let (name, ty) = (
                tokens::ident(&variant.name),
                tokens::ty(&variant.ty, Scope::Types),
            );
            quote!(#docs #name(#ty))
        });
        let conversions = plan
            .variants
            .iter()
            .filter(|variant| variant.from)
            .map(|variant| {
                let case = tokens::ident(&variant.name);
                let (from, value) = match &variant.ty {
                    RustType::Boxed(inner) => (tokens::ty(inner, Scope::Types), quote!(Box::new(value))),
                    other => (tokens::ty(other, Scope::Types), quote!(value)),
                };
                quote! {
                    impl From<#from> for #name {
                        #[inline]
                        fn from(value: #from) -> Self {
                            Self::#case(#value)
                        }
                    }
                }
            });
        let (table, wire) = (tokens::ident(&plan.table), &ty.wire);
        let labels = plan.variants.iter().map(|variant| &variant.wire);
        let dispatch = dispatch(&plan.dispatch);
        let matching = match plan.matching {
            Matching::Decided => None,
            Matching::Any => Some(quote!(.matching(v1::Matching::Any))),
            Matching::One => Some(quote!(.matching(v1::Matching::One))),
        };
        let non_objects = plan.non_objects.then(|| quote!(.non_objects()));
        let has_rules = plan.variants.iter().any(|variant| !variant.rules.is_empty());
        let alternatives = has_rules.then(|| {
            let lists = (plan.variants.iter()).map(|variant| tokens::list(&variant.rules, self.patterns));
            quote!(.alternatives(&[#(#lists),*]))
        });
        let rules = tokens::rules(&plan.rules, self.patterns);
        let entries = (plan.variants.iter().enumerate())
            .map(|(index, variant)| format!("{index}: {}", variant.name))
            .collect();
        let head = format!("v1::union!({} = {}: {UNKNOWN}", ty.name, plan.table);
        let implementation = self.calls.list(head, entries, ");", true);
        quote! {
            #[derive(Clone)]
            #[non_exhaustive]
            pub enum #name {
                #(#variants,)*
                /// None of the alternatives that the contract names, as it came.
                #unknown(v1::Json),
            }
            #(#conversions)*
            static #table: v1::UnionShape =
                v1::UnionShape::new(#wire, &[#(#labels),*], #dispatch) #matching #non_objects #alternatives #rules;
            #implementation
        }
    }

    fn newtype(&self, ty: &TypePlan, plan: &NewtypePlan) -> TokenStream {
        let name = tokens::ident(&ty.name);
        let inner = tokens::ty(&plan.inner, Scope::Types);
        let key = plan.is_key.then(|| quote!(, Eq, Hash));
        let (outside, wrap, unwrap) = match &plan.inner {
            RustType::Boxed(boxed) => (
                tokens::ty(boxed, Scope::Types),
                quote!(Box::new(value)),
                quote!(*value.0),
            ),
            _ => (inner.clone(), quote!(value), quote!(value.0)),
        };
        let from_str = (plan.inner == RustType::Scalar(Scalar::String)).then(|| {
            quote! {
                impl From<&str> for #name {
                    #[inline]
                    fn from(value: &str) -> Self {
                        Self(value.to_owned())
                    }
                }
            }
        });
        let (rules, call) = if plan.rules.is_empty() {
            (None, format!("v1::newtype!({});", ty.name))
        } else {
            let table = tokens::ident(&plan.table);
            let list = tokens::list(&plan.rules, self.patterns);
            (
                Some(quote!(static #table: &[v1::Rule] = #list;)),
                format!("v1::newtype!({}: {});", ty.name, plan.table),
            )
        };
        let implementation = self.calls.item(super::format::Call::Text(call));
        quote! {
            #[derive(Clone #key)]
            pub struct #name(
                /// The value.
                pub #inner,
            );
            impl From<#outside> for #name {
                #[inline]
                fn from(value: #outside) -> Self {
                    Self(#wrap)
                }
            }
            impl From<#name> for #outside {
                #[inline]
                fn from(value: #name) -> Self {
                    #unwrap
                }
            }
            #from_str
            #rules
            #implementation
        }
    }
}

fn dispatch(how: &Dispatch) -> TokenStream {
    let kinds = |kinds: &[(JsonKind, usize)]| {
        let pairs = kinds.iter().map(|(kind, index)| {
            let kind = tokens::ident(json_kind(*kind));
            let index = proc_macro2::Literal::usize_unsuffixed(*index);
            quote!((v1::JsonKind::#kind, #index))
        });
        quote!(&[#(#pairs),*])
    };
    let texts = |texts: &[(String, usize)]| {
        let pairs = texts.iter().map(|(text, index)| {
            let index = proc_macro2::Literal::usize_unsuffixed(*index);
            quote!((#text, #index))
        });
        quote!(&[#(#pairs),*])
    };
    match how {
        Dispatch::Tag { property, values } => {
            let values = texts(values);
            quote!(v1::Dispatch::Tag { property: #property, values: #values })
        }
        Dispatch::Kind(pairs) => {
            let pairs = kinds(pairs);
            quote!(v1::Dispatch::Kind(#pairs))
        }
        Dispatch::Property {
            properties,
            otherwise,
        } => {
            let properties = texts(properties);
            let otherwise = match otherwise {
                Some(index) => {
                    let index = proc_macro2::Literal::usize_unsuffixed(*index);
                    quote!(Some(#index))
                }
                None => quote!(None),
            };
            quote!(v1::Dispatch::Property { properties: #properties, otherwise: #otherwise })
        }
        Dispatch::KindThen {
            kinds: pairs,
            objects,
        } => {
            let (pairs, objects) = (kinds(pairs), dispatch(objects));
            quote!(v1::Dispatch::KindThen { kinds: #pairs, objects: &#objects })
        }
        Dispatch::Or { known, otherwise } => {
            let known = dispatch(known);
            let otherwise = proc_macro2::Literal::usize_unsuffixed(*otherwise);
            quote!(v1::Dispatch::Or { known: &#known, otherwise: #otherwise })
        }
        Dispatch::Trial => quote!(v1::Dispatch::Trial),
    }
}
