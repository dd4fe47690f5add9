//! `#[service_client(contract = "pets.yaml")] mod pets {}`: the generator's output as the content of a module.

#[cfg(feature = "contract")]
mod inline;

use proc_macro2::TokenStream;
use syn::parse::Parser;
use syn::{Ident, ItemMod, LitStr};

use crate::nearest::unknown;

const KEYS: [&str; 10] = [
    "contract", "include", "overlay", "numbers", "time", "xml", "server", "mock", "blocking", "strict",
];

/// Fills the module, or says why not.
pub(crate) fn expand(arguments: TokenStream, module: ItemMod) -> TokenStream {
    read(arguments, &module)
        .and_then(|arguments| fill(&arguments, &module))
        .unwrap_or_else(|error| {
            let error = error.into_compile_error();
            quote::quote!(#module #error)
        })
}

/// What the attribute says.
#[cfg_attr(
    not(feature = "contract"),
    allow(dead_code, reason = "nothing reads it there")
)]
struct Arguments {
    contract: LitStr,
    include: Vec<LitStr>,
    overlays: Vec<LitStr>,
    numbers: Option<LitStr>,
    time: Option<LitStr>,
    flags: Vec<String>,
}

fn read(tokens: TokenStream, module: &ItemMod) -> syn::Result<Arguments> {
    let (mut contract, mut include, mut overlays, mut flags) = (None, Vec::new(), Vec::new(), Vec::new());
    let mut numbers = None;
    let mut time = None;
    let parser = syn::meta::parser(|meta| {
        let key = meta.path.get_ident().map(Ident::to_string).unwrap_or_default();
        match key.as_str() {
            "contract" => contract = Some(meta.value()?.parse()?),
            "include" => include.push(meta.value()?.parse()?),
            "overlay" => overlays.push(meta.value()?.parse()?),
            "numbers" => numbers = Some(meta.value()?.parse()?),
            "time" => time = Some(meta.value()?.parse()?),
            "server" | "mock" | "blocking" | "strict" | "xml" => flags.push(key),
            _ => return Err(meta.error(unknown("argument", &key, &KEYS))),
        }
        Ok(())
    });
    parser.parse2(tokens)?;
    let contract = contract.ok_or_else(|| {
        let message = "a module is filled from a contract: #[service_client(contract = \"pets.yaml\")]";
        syn::Error::new(module.ident.span(), message)
    })?;
    match &module.content {
        Some((_, items)) if items.is_empty() => Ok(Arguments {
            contract,
            include,
            overlays,
            numbers,
            time,
            flags,
        }),
        _ => {
            let message = "the contract fills the module: write `mod name {}`, and other items beside it";
            Err(syn::Error::new(module.ident.span(), message))
        }
    }
}

#[cfg(not(feature = "contract"))]
fn fill(arguments: &Arguments, _: &ItemMod) -> syn::Result<TokenStream> {
    let message =
        "contract first needs the feature `contract` of tieline (`contract-proto` for `.proto` files)";
    Err(syn::Error::new(arguments.contract.span(), message))
}

#[cfg(feature = "contract")]
fn fill(arguments: &Arguments, module: &ItemMod) -> syn::Result<TokenStream> {
    let at = arguments.contract.span();
    let wrong = |message: String| syn::Error::new(at, message);
    let root = std::env::var_os("CARGO_MANIFEST_DIR").unwrap_or_default();
    let from_root = |path: &LitStr| std::path::Path::new(&root).join(path.value());
    let path = from_root(&arguments.contract);
    let asked = |flag: &str| arguments.flags.iter().any(|asked| asked == flag);
    let generator = tieline_codegen::Generator::new()
        .contract(&path)
        .name(module.ident.to_string().trim_start_matches("r#"))
        .server(asked("server"))
        .mock(asked("mock"))
        .blocking(asked("blocking"))
        .strict(asked("strict"))
        .xml(asked("xml"))
        .threads(1);
    let overlays = arguments.overlays.iter().map(from_root);
    let generator = overlays.fold(generator, tieline_codegen::Generator::overlay);
    let generator = match &arguments.numbers {
        Some(name) => generator.numbers(numbers(name)?),
        None => generator,
    };
    let generator = match &arguments.time {
        Some(name) => generator.time(time(name)?),
        None => generator,
    };
    let include = arguments.include.iter().map(from_root);
    let generator = include.fold(generator, tieline_codegen::Generator::include);
    let output = generator.render().map_err(|failure| wrong(failure.to_string()))?;
    let [contract] = &output.contracts[..] else {
        return Err(wrong("the contract became nothing".to_owned()));
    };
    inline::module(module, contract, &output.inputs).map_err(wrong)
}

#[cfg(feature = "contract")]
fn time(name: &LitStr) -> syn::Result<tieline_codegen::TimeLibrary> {
    use tieline_codegen::TimeLibrary;
    match name.value().as_str() {
        "jiff" => Ok(TimeLibrary::Jiff),
        "chrono" => Ok(TimeLibrary::Chrono),
        "time" => Ok(TimeLibrary::Time),
        _ => Err(syn::Error::new(
            name.span(),
            "time is \"jiff\", \"chrono\" or \"time\"",
        )),
    }
}

#[cfg(feature = "contract")]
fn numbers(name: &LitStr) -> syn::Result<tieline_codegen::Numbers> {
    use tieline_codegen::Numbers;
    match name.value().as_str() {
        "primitive" => Ok(Numbers::Primitive),
        "open" => Ok(Numbers::Open),
        "exact" => Ok(Numbers::Exact),
        _ => Err(syn::Error::new(
            name.span(),
            "numbers are \"primitive\", \"open\" or \"exact\"",
        )),
    }
}
