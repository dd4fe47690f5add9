//! From [`Failures`] to implementations.

use proc_macro2::{Literal, TokenStream};
use quote::{format_ident, quote};
use syn::Ident;

use super::{Failures, Field, Variant};

/// The implementations.
pub(super) fn failures(failures: &Failures) -> TokenStream {
    let ident = &failures.ident;
    let count = Literal::usize_unsuffixed(failures.variants.len());
    let table = failures.variants.iter().map(entry);
    let indices = (0..).map(Literal::usize_unsuffixed);
    let patterns = failures.variants.iter().zip(indices).map(|(variant, index)| {
        let name = &variant.ident;
        quote!(Self::#name { .. } => #index)
    });
    let writes = failures.variants.iter().map(write);
    let reads = failures.variants.iter().enumerate().map(|(index, variant)| {
        let last = index + 1 == failures.variants.len();
        let index = Literal::usize_unsuffixed(index);
        let (pattern, value) = (if last { quote!(_) } else { quote!(#index) }, read(variant));
        quote!(#pattern => #value)
    });
    let blank = blank(failures);
    let schema = schema(failures);
    let takes = failures
        .variants
        .iter()
        .any(|variant| variant.fields.iter().any(|field| !field.skip));
    let fields = if takes { quote!(fields) } else { quote!(_) };
    let index = if failures.variants.len() > 1 {
        quote!(variant)
    } else {
        quote!(_)
    };
    let chosen = if failures.variants.len() > 1 {
        quote!(variant)
    } else {
        quote!(0usize)
    };
    quote! {
        const _: () = {
            use ::tieline::generated::v1;
            const __VARIANTS: [v1::ErrorVariant; #count] = [#(#table),*];
            impl v1::ServiceError for #ident {
                const VARIANTS: &'static [v1::ErrorVariant] = &__VARIANTS;
                const REPLIES: &'static [v1::Reply] = &v1::ErrorVariant::replies(&__VARIANTS);
                fn variant(&self) -> usize {
                    match self {
                        #(#patterns,)*
                    }
                }
                fn write_fields(&self, #fields: &mut v1::ErrorFields) {
                    match self {
                        #(#writes,)*
                    }
                }
                fn read_fields(
                    #index: usize,
                    #fields: &mut v1::ErrorFields,
                ) -> ::core::result::Result<Self, v1::DecodeError> {
                    ::core::result::Result::Ok(match #chosen {
                        #(#reads,)*
                    })
                }
                fn blank() -> Self {
                    #blank
                }
            }
            v1::service_error!(#ident);
            #schema
        };
    }
}

fn entry(variant: &Variant) -> TokenStream {
    let name = variant.ident.to_string();
    let code = variant.code.as_ref().map(|code| quote!(::tieline::Code::#code));
    match (variant.status, code) {
        (Some(status), Some(code)) => quote!(v1::ErrorVariant::new(#name, #status, #code)),
        (Some(status), None) => quote!(v1::ErrorVariant::of_status(#name, #status)),
        // One of the two is there: checked before.
        (None, code) => quote!(v1::ErrorVariant::of_code(#name, #code)),
    }
}

/// The name that a field is bound to.
fn bound(field: &Field) -> Ident {
    format_ident!("__field_{}", field.name)
}

fn write(variant: &Variant) -> TokenStream {
    let name = &variant.ident;
    let travels = || variant.fields.iter().filter(|field| !field.skip);
    let bindings = travels().map(|field| {
        let (member, bound) = (&field.member, bound(field));
        quote!(#member: #bound)
    });
    let puts = travels().map(|field| {
        let (wire, bound) = (&field.name, bound(field));
        quote!(fields.put(#wire, #bound);)
    });
    quote!(Self::#name { #(#bindings,)* .. } => { #(#puts)* })
}

fn read(variant: &Variant) -> TokenStream {
    let name = &variant.ident;
    let fields = variant.fields.iter().map(|field| {
        let (member, wire) = (&field.member, &field.name);
        if field.skip {
            quote!(#member: ::core::default::Default::default())
        } else {
            quote!(#member: fields.take(#wire)?)
        }
    });
    quote!(Self::#name { #(#fields),* })
}

/// The variant with the fewest fields, each at its default.
fn blank(failures: &Failures) -> TokenStream {
    let fewest = failures
        .variants
        .iter()
        .min_by_key(|variant| variant.fields.len());
    let fewest = fewest.map(|variant| {
        let name = &variant.ident;
        let members = variant.fields.iter().map(|field| &field.member);
        quote!(Self::#name { #(#members: ::core::default::Default::default()),* })
    });
    quote!(#fewest)
}

/// The schemas of the fields. Their bounds are judged where they are used.
fn schema(failures: &Failures) -> TokenStream {
    let ident = &failures.ident;
    let name = ident.to_string();
    let docs = failures.variants.iter().map(|variant| &variant.docs);
    let fields = || {
        failures
            .variants
            .iter()
            .flat_map(|variant| variant.fields.iter().filter(|field| !field.skip))
    };
    let bounds = fields().map(|field| {
        let ty = &field.ty;
        quote!(for<'schema> #ty: v1::schema::JsonSchema)
    });
    let arms = failures
        .variants
        .iter()
        .enumerate()
        .filter_map(|(index, variant)| {
            let index = Literal::usize_unsuffixed(index);
            let adds: Vec<_> = variant
                .fields
                .iter()
                .filter(|field| !field.skip)
                .map(|field| {
                    let (wire, ty, required) = (&field.name, &field.ty, !field.optional);
                    quote!(fields.add::<#ty>(#wire, #required);)
                })
                .collect();
            (!adds.is_empty()).then(|| quote!(#index => { #(#adds)* }))
        });
    let body = match fields().next() {
        Some(_) => quote!(match variant { #(#arms)* _ => {} }),
        None => quote!(let _ = (variant, fields);),
    };
    quote! {
        v1::if_schema! {
            impl v1::schema::ErrorSchema for #ident where #(#bounds),* {
                const NAME: &'static str = #name;
                const DOCS: &'static [&'static str] = &[#(#docs),*];
                fn fields(variant: usize, fields: &mut v1::schema::ErrorFieldSchemas<'_>) {
                    #body
                }
            }
        }
    }
}
