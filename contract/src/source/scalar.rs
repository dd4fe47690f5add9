//! Plain scalars of YAML 1.2 (core schema, section 10.3.2), and numbers as text.

use super::Kind;

/// What a plain scalar means: `no` is text, `0x1F` a number, `~` null.
pub(super) fn resolve(text: &str) -> Kind {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => Kind::Null,
        "true" | "True" | "TRUE" => Kind::Bool(true),
        "false" | "False" | "FALSE" => Kind::Bool(false),
        _ if is_number(text) => Kind::Number(text.into()),
        _ => Kind::String(text.into()),
    }
}

/// Whether the core schema reads it as a number. `.inf` and `.nan` stay text: JSON has none.
fn is_number(text: &str) -> bool {
    if let Some(digits) = text.strip_prefix("0x") {
        return !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    }
    if let Some(digits) = text.strip_prefix("0o") {
        return !digits.is_empty() && digits.bytes().all(|byte| (b'0'..=b'7').contains(&byte));
    }
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    let (mantissa, exponent) = match unsigned.find(['e', 'E']) {
        Some(at) => (&unsigned[..at], Some(&unsigned[at + 1..])),
        None => (unsigned, None),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = |run: &str| run.bytes().all(|byte| byte.is_ascii_digit());
    let exponent_is_right = exponent.is_none_or(|exponent| {
        let run = exponent.strip_prefix(['-', '+']).unwrap_or(exponent);
        !run.is_empty() && digits(run)
    });
    !(whole.is_empty() && fraction.is_empty()) && digits(whole) && digits(fraction) && exponent_is_right
}

/// The JSON number that a number's text means: `0x10` is 16, `.5` is 0.5, `007` is 7.
pub(super) fn json_number(text: &str) -> Option<serde_json::Number> {
    if let Ok(number) = text.parse() {
        return Some(number);
    }
    let (negative, unsigned) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let whole = if let Some(digits) = unsigned.strip_prefix("0x") {
        u64::from_str_radix(digits, 16).ok()
    } else if let Some(digits) = unsigned.strip_prefix("0o") {
        u64::from_str_radix(digits, 8).ok()
    } else {
        unsigned.parse().ok()
    };
    match (whole, negative) {
        (Some(whole), false) => Some(whole.into()),
        (Some(whole), true) => i64::try_from(whole).ok().map(|whole| (-whole).into()),
        (None, _) => text.parse::<f64>().ok().and_then(serde_json::Number::from_f64),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn follows_the_core_schema() {
        for text in [
            "no",
            "yes",
            "on",
            "off",
            "1_000",
            "2020-01-01",
            ".inf",
            "1.2.3",
            "-",
            ".",
            "e5",
            "0x",
        ] {
            assert!(matches!(resolve(text), Kind::String(_)), "{text}");
        }
        for text in [
            "1", "-1", "+1", "1.", ".5", "1e3", "1.0E-3", "0x1F", "0o17", "007",
        ] {
            assert!(matches!(resolve(text), Kind::Number(_)), "{text}");
        }
        assert!(matches!(resolve("~"), Kind::Null));
        assert!(matches!(resolve("TRUE"), Kind::Bool(true)));
    }

    #[test]
    fn numbers_are_written_as_json_writes_them() {
        let json = |text| json_number(text).map(|number| number.to_string());
        assert_eq!(json("0x1F").as_deref(), Some("31"));
        assert_eq!(json("0o17").as_deref(), Some("15"));
        assert_eq!(json(".5").as_deref(), Some("0.5"));
        assert_eq!(json("+7").as_deref(), Some("7"));
        assert_eq!(json("007").as_deref(), Some("7"));
        assert_eq!(json("1.").as_deref(), Some("1.0"));
        assert_eq!(
            json("18446744073709551615").as_deref(),
            Some("18446744073709551615")
        );
    }
}
