//! RFC 5321 and RFC 6531: mailboxes. Characters beyond ASCII are RFC 6531's.

use std::net::{Ipv4Addr, Ipv6Addr};

use super::idn;

pub(super) fn is_mailbox(text: &str) -> bool {
    // A quoted local part may have an `@` in it; a domain may not.
    let Some((local, domain)) = text.rsplit_once('@') else {
        return false;
    };
    local.len() <= 64 && (is_dotted(local) || is_quoted(local)) && is_domain(domain)
}

/// `Dot-string`.
fn is_dotted(text: &str) -> bool {
    let is_atom = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-/=?^_`{|}~".contains(c) || !c.is_ascii();
    text.split('.')
        .all(|atom| !atom.is_empty() && atom.chars().all(is_atom))
}

/// `Quoted-string`.
fn is_quoted(text: &str) -> bool {
    let inner = text.strip_prefix('"').and_then(|text| text.strip_suffix('"'));
    let Some(inner) = inner.filter(|_| text.len() > 1) else {
        return false;
    };
    let mut characters = inner.chars();
    while let Some(character) = characters.next() {
        let is_fine = match character {
            '"' => false,
            '\\' => characters.next().is_some_and(|c| matches!(c, ' '..='~')),
            c => matches!(c, ' '..='~') || !c.is_ascii(),
        };
        if !is_fine {
            return false;
        }
    }
    true
}

/// A host name, or an address in brackets.
fn is_domain(text: &str) -> bool {
    let Some(literal) = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')) else {
        return idn::is_domain(text);
    };
    match literal.get(..5) {
        Some(tag) if tag.eq_ignore_ascii_case("IPv6:") => literal[5..].parse::<Ipv6Addr>().is_ok(),
        _ => literal.parse::<Ipv4Addr>().is_ok(),
    }
}
