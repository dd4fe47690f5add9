//! The nearest of the known names to one that is not known.

/// The name closest to `wrong`, if one is close enough to be meant: at most a third of its letters differ.
fn nearest<'a>(wrong: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let limit = (wrong.chars().count() / 3).max(1);
    let near = known
        .into_iter()
        .map(|name| (strsim::osa_distance(&fold(wrong), &fold(name)), name));
    near.min()
        .filter(|(distance, _)| *distance <= limit)
        .map(|(_, name)| name)
}

/// What to say of an unknown name: the one that is meant, or else all that are known.
pub(crate) fn unknown(what: &str, wrong: &str, known: &[&str]) -> String {
    match nearest(wrong, known.iter().copied()) {
        Some(name) => format!("unknown {what} `{wrong}`; did you mean `{name}`?"),
        None => format!("unknown {what} `{wrong}`; known are `{}`", known.join("`, `")),
    }
}

/// Case and the kind of word separator are no difference.
fn fold(name: &str) -> String {
    let letters = name.chars().filter(|letter| !matches!(letter, '_' | '-' | ' '));
    letters.flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn a_slip_of_the_finger_finds_its_name_and_another_word_finds_none() {
        let known = ["get", "post", "idempotent", "timeout"];
        assert_eq!(nearest("timeuot", known), Some("timeout"));
        assert_eq!(nearest("gett", known), Some("get"));
        assert_eq!(nearest("colour", known), None);
    }
}
