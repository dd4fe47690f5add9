//! The nearest of the known names to one that is not known.

/// The name closest to `wrong`, if one is close enough to be meant: at most a third of its letters differ.
pub fn nearest<'a>(wrong: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let limit = (wrong.chars().count() / 3).max(1);
    known
        .into_iter()
        .map(|name| (strsim::osa_distance(&fold(wrong), &fold(name)), name))
        .min()
        .filter(|(distance, _)| *distance <= limit)
        .map(|(_, name)| name)
}

/// Case and the kind of word separator are no difference.
fn fold(name: &str) -> String {
    name.chars()
        .filter(|c| !matches!(c, '_' | '-' | ' '))
        .flat_map(char::to_lowercase)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEYS: [&str; 4] = ["timeout", "attempt_timeout", "breaker", "retries"];

    #[test]
    fn slips_of_the_finger_find_their_key() {
        for (wrong, right) in [
            ("timeuot", "timeout"),
            ("time-out", "timeout"),
            ("attemptTimeout", "attempt_timeout"),
            ("braeker", "breaker"),
        ] {
            assert_eq!(nearest(wrong, KEYS), Some(right), "{wrong}");
        }
    }

    #[test]
    fn another_word_finds_nothing() {
        assert_eq!(nearest("colour", KEYS), None);
        assert_eq!(nearest("retry", KEYS), None, "three letters of five differ");
    }
}
