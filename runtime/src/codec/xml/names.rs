//! Names that XML does not allow, written so that they can be read back: `a b` is `a_x0020_b` (ISO 9075-14).

use std::borrow::Cow;

/// `name` as the name of an element or attribute.
pub(super) fn encoded(name: &str) -> Cow<'_, str> {
    let is_plain = |(index, character): (usize, char)| {
        let starts = character.is_alphabetic() || character == '_';
        (starts || index > 0 && (character.is_numeric() || matches!(character, '-' | '.')))
            && !name[index..].starts_with("_x")
    };
    if !name.is_empty() && name.char_indices().all(is_plain) {
        return Cow::Borrowed(name);
    }
    let mut out = String::with_capacity(name.len() + 7);
    for (index, character) in name.char_indices() {
        if is_plain((index, character)) {
            out.push(character);
        } else {
            out.push_str(&format!("_x{:04X}_", u32::from(character)));
        }
    }
    if out.is_empty() {
        out.push('_');
    }
    Cow::Owned(out)
}

/// The name that was meant.
pub(super) fn decoded(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    let mut rest = name;
    while let Some(at) = rest.find("_x") {
        out.push_str(&rest[..at]);
        let meant = rest[at + 2..]
            .split_once('_')
            .filter(|(digits, _)| (4..=6).contains(&digits.len()))
            .and_then(|(digits, after)| {
                let code = u32::from_str_radix(digits, 16).ok()?;
                Some((char::from_u32(code)?, after))
            });
        match meant {
            Some((character, after)) => {
                out.push(character);
                rest = after;
            }
            None => {
                out.push_str("_x");
                rest = &rest[at + 2..];
            }
        }
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_name_comes_back() {
        for (name, expected) in [
            ("pet", "pet"),
            ("größe-1.a", "größe-1.a"),
            ("a b", "a_x0020_b"),
            ("1st", "_x0031_st"),
            ("a_x0020_b", "a_x005F_x0020_b"),
            ("a:b", "a_x003A_b"),
        ] {
            assert_eq!(encoded(name), expected);
            assert_eq!(decoded(&encoded(name)), name);
        }
    }
}
