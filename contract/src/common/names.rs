//! Names and texts in one form.

/// snake_case of any case: `getUser`, `GetUser`, `get-user`, `HTTPServer` (`http_server`).
pub(super) fn snake(name: &str) -> String {
    let letters: Vec<char> = name.chars().collect();
    let mut snake = String::with_capacity(name.len() + 4);
    for (index, &letter) in letters.iter().enumerate() {
        if !letter.is_alphanumeric() {
            if !snake.is_empty() && !snake.ends_with('_') {
                snake.push('_');
            }
            continue;
        }
        let before = index.checked_sub(1).and_then(|index| letters.get(index));
        let after = letters.get(index + 1);
        let begins_word = letter.is_uppercase()
            && before.is_some_and(|before| {
                before.is_lowercase()
                    || before.is_ascii_digit()
                    || (before.is_uppercase() && after.is_some_and(|after| after.is_lowercase()))
            });
        if begins_word && !snake.ends_with('_') {
            snake.push('_');
        }
        snake.extend(letter.to_lowercase());
    }
    snake.trim_end_matches('_').to_owned()
}

/// A type's name without its package.
pub(super) fn last(name: &str) -> &str {
    name.rsplit('.').next().unwrap_or(name)
}

/// A constant of the enumeration `name` in its one form; none for a zero that says nothing.
pub(super) fn constant(name: &str, text: &str) -> Option<String> {
    let (own, text) = (screaming(last(name)), screaming(text));
    let bare = text
        .strip_prefix(&own)
        .and_then(|rest| rest.strip_prefix('_'))
        .filter(|rest| !rest.is_empty())
        .unwrap_or(&text);
    (bare != "UNSPECIFIED").then(|| bare.to_owned())
}

fn screaming(text: &str) -> String {
    snake(text).to_uppercase()
}

/// A text with its white space folded.
pub(super) fn folded(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_name_in_any_case_is_one() {
        for (name, expected) in [
            ("getUser", "get_user"),
            ("GetUser", "get_user"),
            ("get_user", "get_user"),
            ("get-user", "get_user"),
            ("GET_USER", "get_user"),
            ("HTTPServer", "http_server"),
            ("x-tenant", "x_tenant"),
            ("area51Id", "area51_id"),
            ("", ""),
        ] {
            assert_eq!(snake(name), expected, "{name}");
        }
    }

    #[test]
    fn constants_lose_the_name_of_their_type_and_zeros_that_say_nothing() {
        for (text, expected) in [
            ("USER_STATUS_ACTIVE", Some("ACTIVE")),
            ("ACTIVE", Some("ACTIVE")),
            ("active", Some("ACTIVE")),
            ("USER_STATUS_UNSPECIFIED", None),
            ("onHold", Some("ON_HOLD")),
            ("USER_STATUS", Some("USER_STATUS")),
        ] {
            assert_eq!(
                constant("users.v1.UserStatus", text).as_deref(),
                expected,
                "{text}"
            );
        }
    }
}
