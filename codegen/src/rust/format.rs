//! Token streams to readable text.
//!
//! prettyplease formats all but macro calls, whose inside is no Rust to it. Those are kept out of the tokens, laid out
//! here, and put back afterwards. What prettyplease broke at its narrower width is joined again.

use std::cell::RefCell;

use proc_macro2::{Literal, TokenStream};
use quote::quote;

/// How wide a line may be.
pub(super) const WIDTH: usize = 100;

/// The macro calls of a file, by number.
#[derive(Default)]
pub(crate) struct Calls(RefCell<Vec<Call>>);

/// A macro call, laid out.
pub(crate) enum Call {
    /// `head { entries }tail`: on one line if it fits, else filled lines, or an entry each.
    List {
        head: String,
        entries: Vec<String>,
        tail: &'static str,
        filled: bool,
    },
    /// Lines between braces, of which the head has the first; a line is a head and a list.
    Block {
        head: String,
        lines: Vec<(String, Vec<String>)>,
    },
    /// A text as it is.
    Text(String),
}

impl Calls {
    /// The item that stands for a call until the file is formatted.
    pub(crate) fn item(&self, call: Call) -> TokenStream {
        let mut calls = self.0.borrow_mut();
        let number = Literal::usize_unsuffixed(calls.len());
        calls.push(call);
        quote!(__tieline!(#number);)
    }

    /// `record!` and its like.
    pub(crate) fn list(
        &self,
        head: String,
        entries: Vec<String>,
        tail: &'static str,
        filled: bool,
    ) -> TokenStream {
        self.item(Call::List {
            head,
            entries,
            tail,
            filled,
        })
    }

    /// The items as text.
    ///
    /// # Errors
    /// The tokens are no Rust file.
    pub(crate) fn format(&self, tokens: TokenStream) -> Result<String, syn::Error> {
        let file: syn::File = syn::parse2(tokens)?;
        let text = super::join::joined(&prettyplease::unparse(&file), WIDTH);
        let calls = self.0.borrow();
        let mut out = String::with_capacity(text.len() + 1024);
        let mut opens = true;
        for line in text.lines() {
            let indent = line.len() - line.trim_start().len();
            let number = line
                .trim()
                .strip_prefix("__tieline!(")
                .and_then(|rest| rest.strip_suffix(");"));
            match number.and_then(|number| calls.get(number.parse::<usize>().ok()?)) {
                Some(call) => {
                    for made in call.lines(indent) {
                        push(&mut out, indent, &made);
                    }
                }
                None => {
                    // An empty line before each documented item, but not after a brace.
                    let starts_item = is_item_start(line) && !opens;
                    if starts_item && !out.ends_with("\n\n") {
                        out.push('\n');
                    }
                    push(&mut out, 0, line);
                }
            }
            opens = line.trim_end().ends_with('{') || is_prelude(line);
        }
        Ok(out)
    }
}

/// Adds items to a file, apart from those before.
pub(crate) fn append(file: &mut String, items: &str) {
    if items.lines().next().is_some_and(is_item_start) && !file.ends_with("\n\n") {
        file.push('\n');
    }
    file.push_str(items);
}

fn push(out: &mut String, indent: usize, line: &str) {
    if !line.is_empty() {
        out.extend(std::iter::repeat_n(' ', indent));
        out.push_str(line);
    }
    out.push('\n');
}

/// Whether a documented item, or a block of methods, starts here: at most two levels deep, so not in every struct.
fn is_item_start(line: &str) -> bool {
    let text = line.trim_start();
    let level = (line.len() - text.len()) / 4;
    level == 0 && (text.starts_with("/// ") || text.starts_with("pub mod ") || text.starts_with("impl"))
}

/// Whether what follows belongs to this line.
fn is_prelude(line: &str) -> bool {
    let text = line.trim_start();
    text.starts_with("///") || text.starts_with("#[")
}

impl Call {
    /// A macro call of lines, such as documented items, that begins with `head`, behind an empty line.
    pub(crate) fn items(head: &str, text: &str) -> Self {
        let lines = text.lines().map(|line| match line {
            "" => "\n".to_owned(),
            line => format!("    {line}\n"),
        });
        Self::Text(format!("\n{head}\n{}}}", lines.collect::<String>()))
    }

    fn lines(&self, indent: usize) -> Vec<String> {
        match self {
            Self::Text(text) => text.lines().map(str::to_owned).collect(),
            Self::List {
                head,
                entries,
                tail,
                filled,
            } => {
                let one = format!("{head} {{ {} }}{tail}", entries.join(", "));
                if entries.is_empty() {
                    return vec![format!("{head} {{}}{tail}")];
                }
                if indent + one.chars().count() <= WIDTH {
                    return vec![one];
                }
                let mut lines = vec![format!("{head} {{")];
                if *filled {
                    lines.extend(fill(entries, indent + 4, ","));
                } else {
                    lines.extend(entries.iter().map(|entry| format!("    {entry},")));
                }
                lines.push(format!("}}{tail}"));
                lines
            }
            Self::Block { head, lines: content } => {
                if content.is_empty() {
                    return vec![format!("{head} }}")];
                }
                let mut lines = vec![head.clone()];
                for (start, entries) in content {
                    let one = format!("    {start}{};", entries.join(", "));
                    if indent + one.chars().count() <= WIDTH || entries.len() < 2 {
                        lines.push(one);
                        continue;
                    }
                    lines.push(format!("    {}", start.trim_end()));
                    let mut filled: Vec<String> = fill(entries, indent + 8, "")
                        .into_iter()
                        .map(|line| format!("    {line}"))
                        .collect();
                    if let Some(last) = filled.last_mut() {
                        last.push(';');
                    }
                    lines.extend(filled);
                }
                lines.push("}".to_owned());
                lines
            }
        }
    }
}

/// Entries on as few lines as their width allows, each line indented by four. `last` ends the last.
pub(super) fn fill(entries: &[String], indent: usize, last: &str) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for entry in entries {
        match lines.last_mut() {
            Some(line) if indent + line.chars().count() + entry.chars().count() + 2 <= WIDTH => {
                line.push_str(", ");
                line.push_str(entry);
            }
            Some(line) => {
                line.push(',');
                lines.push(format!("    {entry}"));
            }
            None => lines.push(format!("    {entry}")),
        }
    }
    if let Some(line) = lines.last_mut() {
        line.push_str(last);
    }
    lines
}
