//! The const tables of generated types.

use std::sync::OnceLock;

use regex::Regex;

use super::{Check, Format};

/// The table of an object.
#[derive(Debug)]
pub struct Shape {
    /// Its name in the contract.
    pub name: &'static str,
    /// Its fields.
    pub fields: &'static [Field],
    /// What becomes of properties that are no fields.
    pub open: Open,
    /// What is required of each of these.
    pub rest: &'static [Rule],
    /// What else is required of the object.
    pub rules: &'static [Rule],
}

impl Shape {
    /// An object with these fields, which ignores other properties.
    pub const fn new(name: &'static str, fields: &'static [Field]) -> Self {
        Self {
            name,
            fields,
            open: Open::Ignored,
            rest: &[],
            rules: &[],
        }
    }

    /// Sets what becomes of properties that are no fields.
    pub const fn open(mut self, open: Open) -> Self {
        self.open = open;
        self
    }

    /// Sets what is required of each property that is no field.
    pub const fn rest(mut self, rest: &'static [Rule]) -> Self {
        self.rest = rest;
        self
    }

    /// Sets what else is required of the object.
    pub const fn rules(mut self, rules: &'static [Rule]) -> Self {
        self.rules = rules;
        self
    }
}

/// What becomes of properties that are no fields.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Open {
    /// They are passed over.
    Ignored,
    /// They are kept, though the contract says nothing of them.
    Extra,
    /// They are kept, and judged as a violation.
    Forbidden,
    /// They are kept, as the contract says what they are.
    Kept,
}

impl Open {
    /// Whether they are kept, in the map that stands right after the last field of the table.
    pub const fn keeps(self) -> bool {
        !matches!(self, Self::Ignored)
    }
}

/// A field of an object.
#[derive(Debug)]
pub struct Field {
    /// Its name on the wire.
    pub name: &'static str,
    /// Must be present.
    pub required: bool,
    /// What else is required of its value.
    pub rules: &'static [Rule],
    /// Never shown by `Debug`.
    pub sensitive: bool,
}

impl Field {
    /// A field that must be present. One without a value is written as `null`.
    pub const fn required(name: &'static str) -> Self {
        Self {
            name,
            required: true,
            rules: &[],
            sensitive: false,
        }
    }

    /// A field that may be absent. One without a value is not written.
    pub const fn optional(name: &'static str) -> Self {
        Self {
            name,
            required: false,
            rules: &[],
            sensitive: false,
        }
    }

    /// Sets what else is required of its value.
    pub const fn rules(mut self, rules: &'static [Rule]) -> Self {
        self.rules = rules;
        self
    }

    /// Keeps its value out of `Debug`.
    pub const fn sensitive(mut self) -> Self {
        self.sensitive = true;
        self
    }
}

/// The table of a union.
#[derive(Debug)]
pub struct UnionShape {
    /// Its name in the contract.
    pub name: &'static str,
    /// The names of its alternatives.
    pub variants: &'static [&'static str],
    /// How a reader finds the alternative.
    pub dispatch: Dispatch,
    /// How many alternatives a valid value fits.
    pub matching: Matching,
    /// A value that is no object is valid, too, whether it fits an alternative or not.
    pub non_objects: bool,
    /// What else is required of the value of each alternative; empty where nothing is.
    pub alternatives: &'static [&'static [Rule]],
    /// What else is required of the value, whichever alternative it is.
    pub rules: &'static [Rule],
}

impl UnionShape {
    /// A union whose value fits the alternative that it is read as, and no other.
    pub const fn new(name: &'static str, variants: &'static [&'static str], dispatch: Dispatch) -> Self {
        Self {
            name,
            variants,
            dispatch,
            matching: Matching::Decided,
            non_objects: false,
            alternatives: &[],
            rules: &[],
        }
    }

    /// Sets how many alternatives a valid value fits.
    pub const fn matching(mut self, matching: Matching) -> Self {
        self.matching = matching;
        self
    }

    /// Lets values through that are no objects: an alternative says nothing of them.
    pub const fn non_objects(mut self) -> Self {
        self.non_objects = true;
        self
    }

    /// Sets what else is required of the value of each alternative.
    pub const fn alternatives(mut self, alternatives: &'static [&'static [Rule]]) -> Self {
        self.alternatives = alternatives;
        self
    }

    /// Sets what else is required of the value, whichever alternative it is.
    pub const fn rules(mut self, rules: &'static [Rule]) -> Self {
        self.rules = rules;
        self
    }
}

/// How many alternatives of a union a valid value fits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Matching {
    /// One, as they exclude each other: only the one that it is read as is judged.
    Decided,
    /// At least one (`anyOf`).
    Any,
    /// Exactly one (`oneOf`).
    One,
}

/// How a reader finds a union's alternative. Numbers index the alternatives.
#[derive(Debug, Clone, Copy)]
pub enum Dispatch {
    /// By the text of a property.
    Tag {
        /// The property.
        property: &'static str,
        /// Value of the tag, alternative.
        values: &'static [(&'static str, usize)],
    },
    /// By the JSON kind of the value.
    Kind(&'static [(JsonKind, usize)]),
    /// By a property that only one alternative has; the first match wins.
    Property {
        /// Property, alternative.
        properties: &'static [(&'static str, usize)],
        /// The alternative when none is there.
        otherwise: Option<usize>,
    },
    /// First by JSON kind, then, among objects, in another way.
    KindThen {
        /// Kind, alternative.
        kinds: &'static [(JsonKind, usize)],
        /// For objects.
        objects: &'static Dispatch,
    },
    /// In another way; an object that it leaves open is the alternative `otherwise`.
    Or {
        /// What decides first.
        known: &'static Dispatch,
        /// The alternative of the rest.
        otherwise: usize,
    },
    /// The first alternative that the value can be decoded as.
    Trial,
}

/// The kinds of JSON value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JsonKind {
    /// `true`, `false`.
    Bool,
    /// A number without fraction and exponent.
    Integer,
    /// Any number.
    Number,
    /// Text.
    String,
    /// A list.
    Array,
    /// An object.
    Object,
}

/// What is required of a value beside its type (JSON Schema 2020-12, validation vocabulary). A rule is satisfied
/// by values of a kind that it does not speak of.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub enum Rule {
    /// Least number of characters.
    MinLength(u64),
    /// Greatest number of characters.
    MaxLength(u64),
    /// A regular expression that matches somewhere in the text.
    Pattern(&'static Pattern),
    /// `>=`.
    Minimum(f64),
    /// `<=`.
    Maximum(f64),
    /// `>`.
    ExclusiveMinimum(f64),
    /// `<`.
    ExclusiveMaximum(f64),
    /// A whole multiple.
    MultipleOf(f64),
    /// Least number of items.
    MinItems(u64),
    /// Greatest number of items.
    MaxItems(u64),
    /// No two items are equal.
    UniqueItems,
    /// Least number of properties.
    MinProperties(u64),
    /// Greatest number of properties.
    MaxProperties(u64),
    /// One of these JSON texts.
    OneOf(&'static [&'static str]),
    /// Rules for each item of a list, or each value of a map.
    Each(&'static [Rule]),
    /// The text has this format.
    Format(Format),
    /// What no other rule and no table says.
    Check(&'static Check),
}

/// A regular expression of a contract, compiled when it is first used.
#[derive(Debug)]
pub struct Pattern {
    text: &'static str,
    compiled: OnceLock<Option<Regex>>,
}

impl Pattern {
    /// The expression `text`.
    pub const fn new(text: &'static str) -> Self {
        Self {
            text,
            compiled: OnceLock::new(),
        }
    }

    /// As written in the contract.
    pub const fn as_str(&self) -> &'static str {
        self.text
    }

    /// Whether it matches somewhere in `text`. An expression outside what the `regex` crate supports (look-around,
    /// back-references) matches everything: a valid value is never refused.
    pub fn is_match(&self, text: &str) -> bool {
        self.compiled
            .get_or_init(|| expression(self.text))
            .as_ref()
            .is_none_or(|regex| regex.is_match(text))
    }
}

/// A regular expression of ECMA-262 as one of the `regex` crate: `\d` and `\w` are ASCII there, and a slash may be
/// escaped. `None`: it is outside what the crate supports.
pub(super) fn expression(text: &str) -> Option<Regex> {
    let mut out = String::with_capacity(text.len());
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        if character != '\\' {
            out.push(character);
            continue;
        }
        match characters.next() {
            Some('d') => out.push_str("[0-9]"),
            Some('D') => out.push_str("[^0-9]"),
            Some('w') => out.push_str("[A-Za-z0-9_]"),
            Some('W') => out.push_str("[^A-Za-z0-9_]"),
            Some(
                plain @ ('/' | '"' | '\'' | ':' | '=' | '!' | '@' | '#' | '%' | '&' | ',' | ';' | '`' | '~'
                | '<' | '>' | '_' | ' '),
            ) => {
                out.push_str(&regex::escape(plain.encode_utf8(&mut [0; 4])));
            }
            Some('c') => {
                let letter = characters.next().filter(char::is_ascii_alphabetic)?;
                out.push_str(&format!("\\x{{{:x}}}", u32::from(letter) % 32));
            }
            Some(other) => {
                out.push('\\');
                out.push(other);
            }
            None => return None,
        }
    }
    Regex::new(&out).ok()
}
