//! How one name is spelled in different places, and which name was meant.

/// The name as part of an environment variable: `user-service`, `userService` and `UserService` become
/// `USER_SERVICE`.
pub fn screaming_snake(name: &str) -> String {
    words(name).to_ascii_uppercase()
}

/// In snake case: `maxAttempts` and `max-attempts` become `max_attempts`.
fn words(name: &str) -> String {
    let characters: Vec<char> = name.chars().collect();
    let mut snake = String::with_capacity(name.len() + 4);
    for (at, &character) in characters.iter().enumerate() {
        if !character.is_alphanumeric() {
            if !snake.is_empty() && !snake.ends_with('_') {
                snake.push('_');
            }
            continue;
        }
        let before = at.checked_sub(1).map(|at| characters[at]);
        let after_lower = before.is_some_and(|c| c.is_lowercase() || c.is_ascii_digit());
        // The last capital of a run begins the next word: `HTTPServer` is `http_server`.
        let ends_run = before.is_some_and(char::is_uppercase)
            && characters.get(at + 1).is_some_and(|c| c.is_lowercase());
        if character.is_uppercase() && (after_lower || ends_run) && !snake.ends_with('_') {
            snake.push('_');
        }
        snake.extend(character.to_lowercase());
    }
    snake.trim_end_matches('_').to_owned()
}

/// Whether this can be the name of an environment variable, as they are commonly written: a key that was pasted in
/// its place mostly cannot.
pub(super) fn is_variable(name: &str) -> bool {
    let first = name.chars().next();
    first.is_some_and(|c| c.is_ascii_uppercase() || c == '_')
        && name
            .chars()
            .all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_')
}

/// Which of `known` was probably meant by `written`, if any is near.
pub(crate) fn nearest<'a>(written: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let wanted = words(written);
    let near = wanted.chars().count().div_ceil(3).max(1);
    let distances = known
        .into_iter()
        .map(|name| (strsim::osa_distance(&wanted, &words(name)), name));
    distances
        .filter(|(distance, _)| *distance <= near)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, name)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_spelling_of_a_service_is_one_variable() {
        for name in [
            "user-service",
            "user_service",
            "userService",
            "UserService",
            "user.service",
            "USER_SERVICE",
        ] {
            assert_eq!(screaming_snake(name), "USER_SERVICE", "{name}");
        }
        assert_eq!(screaming_snake("HTTPServer2Api"), "HTTP_SERVER2_API");
        assert_eq!(screaming_snake("--a--b--"), "A_B");
    }

    #[test]
    fn the_nearest_name_is_suggested_and_a_far_one_is_not() {
        let known = ["timeout", "attempt_timeout", "retry", "body_limit"];
        for (written, meant) in [
            ("timeuot", Some("timeout")),
            ("time_out", Some("timeout")),
            ("attemptTimeout", Some("attempt_timeout")),
            ("body-limit", Some("body_limit")),
            ("retries", Some("retry")),
            ("colour", None),
        ] {
            assert_eq!(nearest(written, known), meant, "{written}");
        }
    }

    #[test]
    fn a_swap_of_neighbours_is_one_step() {
        use strsim::osa_distance as distance;
        assert_eq!(distance("abcd", "abdc"), 1);
        assert_eq!(distance("", "abc"), 3);
        assert_eq!(distance("kitten", "sitting"), 3);
    }

    #[test]
    fn a_pasted_key_is_no_name_of_a_variable() {
        assert!(is_variable("SERVICE_API_KEY"));
        for text in ["", "sk-live-123", "9KEY", "a key", "Service_Key"] {
            assert!(!is_variable(text), "{text}");
        }
    }
}
