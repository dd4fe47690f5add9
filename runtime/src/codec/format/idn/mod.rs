//! RFC 1123 host names, and the international ones of RFC 5890: a label is ASCII, or what a label that begins with `xn--`
//! says by Punycode.

mod letters;
mod punycode;

/// Letters, digits and hyphens between dots. Labels that say an international one say one that there is.
pub(super) fn is_hostname(text: &str) -> bool {
    text.is_ascii() && text.len() <= 253 && text.split('.').all(is_ascii_label)
}

/// As it is written where people read it. Four characters separate labels.
pub(super) fn is_international(text: &str) -> bool {
    let mut total = 0;
    let mut labels = text.split(['.', '\u{3002}', '\u{FF0E}', '\u{FF61}']);
    labels.all(|label| {
        let length = if label.is_ascii() {
            (is_ascii_label(label) && (is_encoded(label) || !letters::has_reserved_hyphens(label)))
                .then_some(label.len())
        } else {
            // Names are the same whatever the case of their letters (RFC 5895, 2): labels have the small ones.
            let label = &label.to_lowercase();
            // What it is in DNS: no label there is longer than 63 octets.
            let encoded = punycode::encode(label).map(|encoded| encoded.len() + 4);
            encoded.filter(|length| *length <= 63 && letters::is_label(label))
        };
        total += length.unwrap_or_default() + 1;
        length.is_some() && total <= 254
    })
}

/// The domain of a mailbox: labels of letters, digits and hyphens, and of whatever is not ASCII.
pub(super) fn is_domain(text: &str) -> bool {
    let is_inner = |c: char| c.is_ascii_alphanumeric() || c == '-' || !c.is_ascii();
    let is_label = |label: &str| {
        let length = label.chars().count();
        (1..=63).contains(&length)
            && label.chars().all(is_inner)
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    text.split('.').all(is_label) && text.chars().count() <= 253
}

fn is_encoded(label: &str) -> bool {
    label
        .get(..4)
        .is_some_and(|start| start.eq_ignore_ascii_case("xn--"))
}

fn is_ascii_label(label: &str) -> bool {
    let is_inner = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    let is_plain = (1..=63).contains(&label.len())
        && label.bytes().all(is_inner)
        && !label.starts_with('-')
        && !label.ends_with('-');
    is_plain && (!is_encoded(label) || says_a_label(&label[4..].to_ascii_lowercase()))
}

/// Whether Punycode says a label that is international, and would be written so.
fn says_a_label(encoded: &str) -> bool {
    punycode::decode(encoded).is_some_and(|label| {
        !label.is_ascii() && letters::is_label(&label) && punycode::encode(&label).as_deref() == Some(encoded)
    })
}
