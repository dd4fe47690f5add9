//! Files made part by part.
//!
//! Tokens and syntax trees of a large contract take hundreds of megabytes, and most of the time. So a file is made in
//! parts of some items each: a part's tokens go before the next are made, and every core makes parts.

use std::path::PathBuf;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use proc_macro2::TokenStream;

use super::format::{self, Calls};

/// How many types, or operations, are a part.
pub(crate) const ITEMS: usize = 64;

/// Whole items of a file.
pub(crate) type Part<'p> = Box<dyn Fn(&Calls) -> TokenStream + Send + Sync + 'p>;

/// A file to be made.
pub(crate) struct File<'p> {
    pub(crate) path: PathBuf,
    /// What stands above the code.
    pub(crate) header: String,
    pub(crate) parts: Vec<Part<'p>>,
}

/// The files as text, made by so many threads.
///
/// # Errors
/// The first part that came out as no Rust, by its file.
pub(crate) fn write(
    files: Vec<File<'_>>,
    threads: usize,
) -> Result<Vec<(PathBuf, String)>, (PathBuf, syn::Error)> {
    let parts: Vec<&Part<'_>> = files.iter().flat_map(|file| &file.parts).collect();
    let mut texts = texts(&parts, threads).into_iter();
    files
        .iter()
        .map(|file| {
            let mut whole = file.header.clone();
            for text in texts.by_ref().take(file.parts.len()) {
                let text = text.map_err(|error| (file.path.clone(), error))?;
                format::append(&mut whole, &text);
            }
            Ok((file.path.clone(), whole))
        })
        .collect()
}

/// The texts of all parts, in their order, whichever thread made them.
fn texts(parts: &[&Part<'_>], threads: usize) -> Vec<Result<String, syn::Error>> {
    let next = AtomicUsize::new(0);
    let texts: Vec<OnceLock<_>> = parts.iter().map(|_| OnceLock::new()).collect();
    let work = || {
        loop {
            let at = next.fetch_add(1, Ordering::Relaxed);
            let Some((part, text)) = parts.get(at).zip(texts.get(at)) else {
                break;
            };
            let calls = Calls::default();
            let tokens = part(&calls);
            // Nobody else has this number.
            let _ = text.set(calls.format(tokens));
        }
    };
    thread::scope(|scope| {
        for _ in 1..threads.min(parts.len()) {
            scope.spawn(work);
        }
        work();
    });
    texts.into_iter().filter_map(OnceLock::into_inner).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use quote::{format_ident, quote};

    fn file(path: &str, count: usize) -> File<'static> {
        let part = |number: usize| -> Part<'static> {
            let name = format!("item_{number}");
            Box::new(move |calls| {
                let name = format_ident!("{name}");
                let call = calls.item(format::Call::Text(format!("v1::mark!({name});")));
                quote! {
                    /// An item.
                    fn #name() {}
                    #call
                }
            })
        };
        File {
            path: PathBuf::from(path),
            header: "// A header.\n\n".to_owned(),
            parts: (0..count).map(part).collect(),
        }
    }

    #[test]
    fn any_number_of_threads_writes_the_same() {
        let files = || vec![file("a.rs", 40), file("b.rs", 0), file("c.rs", 3)];
        let alone = write(files(), 1).unwrap();
        assert_eq!(alone[1].1, "// A header.\n\n");
        assert_eq!(
            alone[2].1,
            "// A header.\n\n/// An item.\nfn item_0() {}\nv1::mark!(item_0);\n\n/// An item.\nfn item_1() {}\n\
             v1::mark!(item_1);\n\n/// An item.\nfn item_2() {}\nv1::mark!(item_2);\n"
        );
        for threads in [2, 8, 100] {
            assert_eq!(write(files(), threads).unwrap(), alone);
        }
    }

    #[test]
    fn a_part_that_is_no_rust_names_its_file() {
        let mut broken = file("b.rs", 2);
        broken.parts.push(Box::new(|_| quote!(fn fn)));
        let (path, _) = write(vec![file("a.rs", 2), broken], 2).unwrap_err();
        assert_eq!(path, PathBuf::from("b.rs"));
    }
}
