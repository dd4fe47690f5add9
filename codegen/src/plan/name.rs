//! Rust names from whatever a contract calls things.
//!
//! A name depends on what it was made from and, only when two meet, on the others of its scope. Of those that meet one
//! keeps the plain name: the one that is spelled exactly so, else the first. No other name changes.

use std::collections::{HashMap, HashSet};

use unicode_security::mixed_script::AugmentedScriptSet;
use unicode_security::{GeneralSecurityProfile, is_potential_mixed_script_confusable_char};

/// What a name is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Case {
    /// `Pet`
    Type,
    /// `Available`
    Variant,
    /// `first_name`
    Field,
    /// `get_pet`: a module, and a method of the same name.
    Operation,
    /// `PET`
    Static,
}

/// Names of std's prelude, which a glob import of the generated types must not replace.
const PRELUDE: &[&str] = &[
    "AsMut",
    "AsRef",
    "Box",
    "Clone",
    "Copy",
    "Debug",
    "Default",
    "DoubleEndedIterator",
    "Drop",
    "Eq",
    "Err",
    "ExactSizeIterator",
    "Extend",
    "Fn",
    "FnMut",
    "FnOnce",
    "From",
    "FromIterator",
    "Future",
    "Hash",
    "Into",
    "IntoFuture",
    "IntoIterator",
    "Iterator",
    "None",
    "Ok",
    "Option",
    "Ord",
    "PartialEq",
    "PartialOrd",
    "Result",
    "Self",
    "Send",
    "Sized",
    "Some",
    "String",
    "Sync",
    "ToOwned",
    "ToString",
    "TryFrom",
    "TryInto",
    "Unpin",
    "Vec",
];

/// Keywords that cannot be written as `r#…`.
const NEVER_RAW: &[&str] = &["crate", "self", "super"];

/// Modules of a generated module, and methods of its clients.
const OPERATIONS: &[&str] = &[
    "api",
    "blocking",
    "client",
    "clone",
    "crate",
    "inner",
    "mock",
    "new",
    "operations",
    "self",
    "server",
    "super",
    "tieline",
    "to",
    "types",
    "v1",
];

/// Keywords of any edition, strict and reserved: written as `r#…`.
const KEYWORDS: &[&str] = &[
    "abstract", "as", "async", "await", "become", "box", "break", "const", "continue", "do", "dyn", "else",
    "enum", "extern", "false", "final", "fn", "for", "gen", "if", "impl", "in", "let", "loop", "macro",
    "match", "mod", "move", "mut", "override", "priv", "pub", "ref", "return", "static", "struct", "trait",
    "true", "try", "type", "typeof", "unsafe", "unsized", "use", "virtual", "where", "while", "yield",
];

/// A name as text, raw where it must be.
pub(crate) fn ident_text(name: &str) -> String {
    if is_keyword(name) {
        format!("r#{name}")
    } else {
        name.to_owned()
    }
}

/// Whether `name` must be written as `r#name`.
pub(crate) fn is_keyword(name: &str) -> bool {
    KEYWORDS.binary_search(&name).is_ok()
}

impl Case {
    fn reserved(self) -> &'static [&'static str] {
        match self {
            Self::Type => PRELUDE,
            Self::Variant => &["Self"],
            Self::Field => NEVER_RAW,
            Self::Operation => OPERATIONS,
            Self::Static => &[],
        }
    }

    /// What stands before a name that would not start with a letter.
    fn prefix(self) -> &'static str {
        match self {
            Self::Type => "Type",
            Self::Variant => "Value",
            Self::Field => "field_",
            Self::Operation => "operation_",
            Self::Static => "TABLE_",
        }
    }

    /// What stands behind a reserved name.
    fn suffix(self) -> &'static str {
        match self {
            Self::Type => "Type",
            Self::Variant => "Value",
            Self::Field | Self::Operation => "_",
            Self::Static => "_TABLE",
        }
    }

    fn numbered(self, name: &str, number: usize) -> String {
        match self {
            Self::Type | Self::Variant => format!("{name}{number}"),
            // One that ends in an underscore already would have two, which rustc warns of.
            Self::Field | Self::Operation => format!("{}_{number}", name.trim_end_matches('_')),
            Self::Static => format!("{name}_{number}"),
        }
    }

    fn join(self, words: &[String]) -> String {
        match self {
            Self::Type | Self::Variant => words.iter().map(|word| capitalised(word)).collect(),
            Self::Field | Self::Operation => lower(words).join("_"),
            Self::Static => lower(words).join("_").to_uppercase(),
        }
    }
}

fn lower(words: &[String]) -> Vec<String> {
    words.iter().map(|word| word.to_lowercase()).collect()
}

fn capitalised(word: &str) -> String {
    let mut chars = word.chars();
    chars.next().map_or_else(String::new, |first| {
        first
            .to_uppercase()
            .chain(chars.as_str().to_lowercase().chars())
            .collect()
    })
}

/// The name that `text` asks for, others left aside.
pub(crate) fn plain(case: Case, text: &str) -> String {
    let signed = match (case, text.chars().next()) {
        (Case::Variant | Case::Field, Some('+')) => format!("plus {}", &text[1..]),
        (Case::Variant | Case::Field, Some('-')) => format!("minus {}", &text[1..]),
        _ => text.to_owned(),
    };
    let words = words(&signed);
    if words.is_empty() {
        return spelled(case, text);
    }
    usable(case, case.join(&words))
}

/// The name of a text whose signs matter: `<=` is `LessEqual`.
fn spelled(case: Case, text: &str) -> String {
    let mut spelling = String::new();
    for char in text.chars() {
        match sign(char) {
            Some(word) => spelling.extend([" ", word, " "]),
            None if is_letter(text, char) => spelling.push(char),
            None => spelling += &format!(" u{:x} ", char as u32),
        }
    }
    let words = words(&spelling);
    if words.is_empty() {
        usable(case, case.join(&["empty".to_owned()]))
    } else {
        usable(case, case.join(&words))
    }
}

fn usable(case: Case, name: String) -> String {
    let starts_well = name
        .chars()
        .next()
        .is_some_and(|char| char == '_' || unicode_ident::is_xid_start(char));
    let name = if starts_well {
        name
    } else {
        format!("{}{name}", case.prefix())
    };
    if case.reserved().contains(&name.as_str()) {
        name + case.suffix()
    } else {
        name
    }
}

const fn sign(char: char) -> Option<&'static str> {
    Some(match char {
        '!' => "not",
        '"' => "quote",
        '#' => "hash",
        '$' => "dollar",
        '%' => "percent",
        '&' => "and",
        '\'' => "apostrophe",
        '(' | ')' => "parenthesis",
        '*' => "star",
        '+' => "plus",
        ',' => "comma",
        '-' => "minus",
        '.' => "dot",
        '/' => "slash",
        ':' => "colon",
        ';' => "semicolon",
        '<' => "less",
        '=' => "equal",
        '>' => "greater",
        '?' => "question",
        '@' => "at",
        '[' | ']' => "bracket",
        '\\' => "backslash",
        '^' => "caret",
        '_' => "underscore",
        '`' => "backtick",
        '{' | '}' => "brace",
        '|' => "or",
        '~' => "tilde",
        ' ' => "space",
        _ => return None,
    })
}

/// The words of a text: `userIDs`, `user-ids` and `user_ids` have the same two.
fn words(text: &str) -> Vec<String> {
    let chars: Vec<char> = text.chars().collect();
    let mut words = Vec::new();
    let mut word = String::new();
    for (index, &char) in chars.iter().enumerate() {
        if !is_letter(text, char) {
            words.extend((!word.is_empty()).then(|| std::mem::take(&mut word)));
            continue;
        }
        if !word.is_empty() && starts_word(&chars, index) {
            words.push(std::mem::take(&mut word));
        }
        word.push(char);
    }
    words.extend((!word.is_empty()).then_some(word));
    words
}

/// Whether a character of a text can stand in an identifier without a warning of rustc, which knows letters that are
/// hardly ever used, and letters that could be taken for Latin ones (`uncommon_codepoints`, `mixed_script_confusables`).
fn is_letter(text: &str, char: char) -> bool {
    if char.is_ascii() {
        return char.is_ascii_alphanumeric();
    }
    let is_common =
        char.is_alphanumeric() && unicode_ident::is_xid_continue(char) && char.identifier_allowed();
    is_common
        && (!is_potential_mixed_script_confusable_char(char) || {
            let script = AugmentedScriptSet::for_char(char);
            let mut telling = text.chars().filter(|&other| {
                other.identifier_allowed() && !is_potential_mixed_script_confusable_char(other)
            });
            telling.any(|other| AugmentedScriptSet::for_char(other) == script)
        })
}

/// Whether a word starts at `index`, which is no separator and follows none.
fn starts_word(chars: &[char], index: usize) -> bool {
    let (before, here) = (chars[index - 1], chars[index]);
    if !here.is_uppercase() {
        return false;
    }
    if before.is_lowercase() {
        return true;
    }
    // The last capital of a run starts a word if letters follow (`HTTPServer`), but not a mere plural (`userIDs`).
    let mut following = chars[index + 1..].iter().take_while(|char| char.is_lowercase());
    match (following.next(), following.next()) {
        (None, _) => false,
        (Some('s'), None) => chars.get(index + 2).is_some_and(|char| char.is_numeric()),
        _ => true,
    }
}

/// The names of a scope, one for each text, in order.
///
/// `taken` are names that something else already has.
pub(crate) fn assign<S: AsRef<str>>(case: Case, texts: &[S], taken: &[&str]) -> Vec<String> {
    let wanted: Vec<String> = texts.iter().map(|text| plain(case, text.as_ref())).collect();
    let mut owners: HashMap<&str, usize> = HashMap::new();
    for (index, name) in wanted.iter().enumerate() {
        let owner = owners.entry(name).or_insert(index);
        if texts[*owner].as_ref() != name && texts[index].as_ref() == name {
            *owner = index;
        }
    }
    let mut used: HashSet<String> = wanted.iter().cloned().collect();
    used.extend(taken.iter().map(|&name| name.to_owned()));
    let mut names = wanted.clone();
    for (index, name) in wanted.iter().enumerate() {
        if owners[name.as_str()] == index && !taken.contains(&name.as_str()) {
            continue;
        }
        let suffixed = format!("{name}{}", case.suffix());
        let reserved = taken.contains(&name.as_str()) && owners[name.as_str()] == index;
        let alternatives = reserved
            .then_some(suffixed)
            .into_iter()
            .chain([spelled(case, texts[index].as_ref())])
            .chain((2..).map(|number| case.numbered(name, number)));
        // The numbers never end, so one of the alternatives is free.
        for alternative in alternatives {
            if used.insert(alternative.clone()) {
                names[index] = alternative;
                break;
            }
        }
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_found_in_every_spelling() {
        for (text, field, ty) in [
            ("petName", "pet_name", "PetName"),
            ("PetName", "pet_name", "PetName"),
            ("pet-name", "pet_name", "PetName"),
            ("pet name", "pet_name", "PetName"),
            ("HTTPServer", "http_server", "HttpServer"),
            ("userIDs", "user_ids", "UserIds"),
            ("v2Pet", "v2_pet", "V2Pet"),
            (
                "microsoft.graph.user",
                "microsoft_graph_user",
                "MicrosoftGraphUser",
            ),
            ("größe", "größe", "Größe"),
            ("名前", "名前", "名前"),
            ("3ds", "field_3ds", "Type3ds"),
            ("", "empty", "Empty"),
            ("$ref", "ref", "Ref"),
            ("taphʿel", "taph_el", "TaphEl"),
            ("привет", "привет", "Привет"),
            ("α", "u3b1", "U3b1"),
            ("Δα", "δα", "Δα"),
        ] {
            assert_eq!(plain(Case::Field, text), field, "{text}");
            assert_eq!(plain(Case::Type, text), ty, "{text}");
        }
    }

    #[test]
    fn any_constant_makes_a_variant() {
        for (text, variant) in [
            ("", "Empty"),
            ("+1", "Plus1"),
            ("-1", "Minus1"),
            ("-name", "MinusName"),
            ("a b", "AB"),
            ("<=", "LessEqual"),
            ("*", "Star"),
            ("2024-01-01", "Value20240101"),
            ("self", "SelfValue"),
            ("NOT_FOUND", "NotFound"),
            ("\u{1f600}", "U1f600"),
            ("😀😁", "U1f600U1f601"),
        ] {
            assert_eq!(plain(Case::Variant, text), variant, "{text}");
        }
    }

    #[test]
    fn keywords_and_the_prelude_are_left_alone() {
        assert_eq!(plain(Case::Type, "option"), "OptionType");
        assert_eq!(plain(Case::Type, "self"), "SelfType");
        assert_eq!(plain(Case::Field, "self"), "self_");
        assert_eq!(plain(Case::Operation, "types"), "types_");
        assert!(is_keyword("type") && is_keyword("gen") && !is_keyword("self"));
        assert!(KEYWORDS.is_sorted());
    }

    #[test]
    fn a_collision_touches_only_those_that_meet() {
        let names = assign(Case::Variant, &["foo", "Foo", "bar", "FOO"], &[]);
        assert_eq!(names, ["Foo2", "Foo", "Bar", "Foo3"]);
        let names = assign(Case::Variant, &["name", "na me", "*name", "other"], &[]);
        assert_eq!(names, ["Name", "NaMe", "StarName", "Other"]);
        let names = assign(Case::Type, &["Foo2", "foo", "Foo"], &[]);
        assert_eq!(names, ["Foo2", "Foo3", "Foo"]);
    }

    #[test]
    fn taken_names_are_avoided() {
        assert_eq!(
            assign(Case::Variant, &["unknown", "known"], &["Unknown"]),
            ["UnknownValue", "Known"]
        );
        assert_eq!(assign(Case::Field, &["timeout"], &["timeout"]), ["timeout_"]);
    }
}
