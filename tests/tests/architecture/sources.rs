//! Sources as syntax: files, the modules they are, the paths they name.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use proc_macro2::{Delimiter, Ident, TokenStream, TokenTree};
use quote::ToTokens;
use syn::{Attribute, Item};

/// The workspace's root.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// A source file.
pub(crate) struct Source {
    /// Relative to the workspace's root, with `/`.
    pub(crate) path: String,
    /// The module that it is, from the crate's root: `["policy", "retry"]`.
    pub(crate) module: Vec<String>,
    /// Its items, but for those that are compiled for tests only.
    pub(crate) items: Vec<Item>,
    /// Its text.
    pub(crate) text: String,
}

/// The sources below `folder`, in the order of their paths.
pub(crate) fn sources(folder: &str) -> Vec<Source> {
    let mut paths = Vec::new();
    walk(&root().join(folder), &mut paths);
    paths.sort();
    assert!(!paths.is_empty(), "no sources in {folder}");
    paths.iter().map(|path| read(folder, path)).collect()
}

fn walk(folder: &Path, paths: &mut Vec<PathBuf>) {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return;
    };
    for path in entries.filter_map(|entry| Some(entry.ok()?.path())) {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if path.is_dir() && name != "target" && !name.starts_with('.') {
            walk(&path, paths);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            paths.push(path);
        }
    }
}

fn read(folder: &str, path: &Path) -> Source {
    let text = std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let inside = path
        .strip_prefix(root().join(folder))
        .expect("a file of the folder");
    let mut module: Vec<String> = inside
        .with_extension("")
        .components()
        .map(|part| part.as_os_str().to_string_lossy().into_owned())
        .collect();
    if matches!(module.last().map(String::as_str), Some("mod" | "lib" | "main")) {
        module.pop();
    }
    Source::of(&format!("{folder}/{}", inside.display()), module, text)
}

fn without_tests(items: Vec<Item>) -> Vec<Item> {
    let mut kept = Vec::new();
    for mut item in items {
        if attributes(&item).iter().any(is_for_tests) {
            continue;
        }
        if let Item::Mod(module) = &mut item
            && let Some((_, inner)) = &mut module.content
        {
            *inner = without_tests(std::mem::take(inner));
        }
        kept.push(item);
    }
    kept
}

fn is_for_tests(attribute: &Attribute) -> bool {
    attribute.path().is_ident("cfg") && attribute.meta.to_token_stream().to_string() == "cfg (test)"
}

/// An item's attributes.
pub(crate) fn attributes(item: &Item) -> &[Attribute] {
    match item {
        Item::Const(item) => &item.attrs,
        Item::Enum(item) => &item.attrs,
        Item::ExternCrate(item) => &item.attrs,
        Item::Fn(item) => &item.attrs,
        Item::Impl(item) => &item.attrs,
        Item::Macro(item) => &item.attrs,
        Item::Mod(item) => &item.attrs,
        Item::Static(item) => &item.attrs,
        Item::Struct(item) => &item.attrs,
        Item::Trait(item) => &item.attrs,
        Item::Type(item) => &item.attrs,
        Item::Use(item) => &item.attrs,
        _ => &[],
    }
}

impl Source {
    /// A file of this text.
    pub(crate) fn of(path: &str, module: Vec<String>, text: String) -> Self {
        let file = syn::parse_file(&text).unwrap_or_else(|error| panic!("{path}: {error}"));
        Self {
            path: path.to_owned(),
            module,
            items: without_tests(file.items),
            text,
        }
    }

    /// Every path inside the crate that the file names (`crate::…`, `super::…`, `self::…`), from the crate's root.
    pub(crate) fn paths(&self) -> Vec<Vec<String>> {
        let mut paths = Vec::new();
        of_items(&self.items, &self.module, &mut paths);
        paths
    }

    /// Every path that begins with a word, such as a crate's name: `tonic::Status`, `::tonic::Status`.
    pub(crate) fn paths_of(&self, name: &str) -> Vec<Vec<String>> {
        paths_in(self.items.iter().map(ToTokens::to_token_stream).collect(), name)
    }
}

/// Every path in `tokens` that begins with `name`.
pub(crate) fn paths_in(tokens: TokenStream, name: &str) -> Vec<Vec<String>> {
    let mut found = Vec::new();
    named(&flat(tokens), name, &mut found);
    found
}

fn of_items(items: &[Item], module: &[String], paths: &mut Vec<Vec<String>>) {
    for item in items {
        if let Item::Mod(inner) = item
            && let Some((_, items)) = &inner.content
        {
            let mut module = module.to_vec();
            module.push(inner.ident.to_string());
            of_items(items, &module, paths);
            continue;
        }
        let tokens = flat(item.to_token_stream());
        for (keyword, up) in [("crate", None), ("self", Some(0)), ("super", Some(1))] {
            let mut found = Vec::new();
            named(&tokens, keyword, &mut found);
            for path in found {
                paths.extend(resolved(module, up, &path[1..]));
            }
        }
    }
}

/// A path from the crate's root.
fn resolved(module: &[String], up: Option<usize>, rest: &[String]) -> Option<Vec<String>> {
    let more = rest.iter().take_while(|part| *part == "super").count();
    let base = match up {
        None => &[],
        Some(up) => module.get(..module.len().checked_sub(up + more)?)?,
    };
    Some(base.iter().chain(&rest[more..]).cloned().collect())
}

/// Tokens in a row, groups as pairs of delimiters.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Token {
    /// A word.
    Word(String),
    /// `::`.
    Colons,
    /// Another sign.
    Sign(char),
    /// The beginning of a group.
    Open(char),
    /// The end of a group.
    Close,
}

/// The tokens of a stream, in a row.
pub(crate) fn flat(tokens: TokenStream) -> Vec<Token> {
    let mut row = Vec::new();
    push(tokens, &mut row);
    row
}

fn push(tokens: TokenStream, row: &mut Vec<Token>) {
    for token in tokens {
        match token {
            TokenTree::Ident(word) => row.push(Token::Word(plain(&word))),
            TokenTree::Punct(sign) if sign.as_char() == ':' && row.last() == Some(&Token::Sign(':')) => {
                row.pop();
                row.push(Token::Colons);
            }
            TokenTree::Punct(sign) => row.push(Token::Sign(sign.as_char())),
            TokenTree::Literal(_) => row.push(Token::Sign('0')),
            TokenTree::Group(group) => {
                row.push(Token::Open(match group.delimiter() {
                    Delimiter::Brace => '{',
                    Delimiter::Bracket => '[',
                    Delimiter::Parenthesis | Delimiter::None => '(',
                }));
                push(group.stream(), row);
                row.push(Token::Close);
            }
        }
    }
}

fn plain(word: &Ident) -> String {
    let text = word.to_string();
    text.strip_prefix("r#").unwrap_or(&text).to_owned()
}

/// What a path is called where it is imported.
pub(crate) fn called(path: &[String]) -> Option<&str> {
    let last = path.last()?;
    Some(last.strip_prefix("as ").unwrap_or(last))
}

/// Every path that begins with the word `first`, trees of `use` spread out. A path that is given another name ends
/// with `as` and that name.
fn named(row: &[Token], first: &str, found: &mut Vec<Vec<String>>) {
    for (index, token) in row.iter().enumerate() {
        let before = index.checked_sub(1).and_then(|index| row.get(index));
        let begins = match before {
            // `::tonic` begins a path, `http::tonic` goes on with one.
            Some(Token::Colons) => {
                first != "super"
                    && !matches!(
                        index.checked_sub(2).and_then(|index| row.get(index)),
                        Some(Token::Word(_) | Token::Sign('>'))
                    )
            }
            // `$crate` belongs to who expands the macro.
            Some(Token::Sign('$')) => false,
            _ => true,
        };
        if begins && *token == Token::Word(first.to_owned()) && row.get(index + 1) == Some(&Token::Colons) {
            spread(&row[index + 2..], &mut vec![first.to_owned()], found);
        }
    }
}

/// Reads one tree of a path; gives how many tokens it took.
fn spread(row: &[Token], path: &mut Vec<String>, found: &mut Vec<Vec<String>>) -> usize {
    match row.first() {
        Some(Token::Word(word)) => {
            path.push(word.clone());
            let mut taken = 1;
            if row.get(1) == Some(&Token::Colons)
                && matches!(
                    row.get(2),
                    Some(Token::Word(_) | Token::Open('{') | Token::Sign('*'))
                )
            {
                taken += 1 + spread(&row[2..], path, found);
            } else if let (Some(Token::Word(keyword)), Some(Token::Word(other))) = (row.get(1), row.get(2))
                && keyword == "as"
            {
                path.push(format!("as {other}"));
                found.push(path.clone());
                path.pop();
                taken += 2;
            } else {
                found.push(path.clone());
            }
            path.pop();
            taken
        }
        Some(Token::Open('{')) => {
            let mut at = 1;
            while let Some(token) = row.get(at) {
                match token {
                    Token::Close => return at + 1,
                    Token::Word(_) | Token::Open('{') => at += spread(&row[at..], path, found).max(1),
                    _ => at += 1,
                }
            }
            at
        }
        _ => {
            found.push(path.clone());
            1
        }
    }
}

/// What the root of a crate re-exports: name, path from the root.
pub(crate) fn reexports(lib: &Source) -> BTreeMap<String, Vec<String>> {
    let mut names = BTreeMap::new();
    for item in &lib.items {
        let Item::Use(item) = item else { continue };
        let mut found = Vec::new();
        spread(&flat(item.tree.to_token_stream()), &mut Vec::new(), &mut found);
        for path in found {
            let path: Vec<String> = path
                .into_iter()
                .skip_while(|part| part == "self" || part == "crate")
                .collect();
            if let Some(name) = called(&path) {
                names.insert(name.to_owned(), path.clone());
            }
        }
    }
    names
}
