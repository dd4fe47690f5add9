//! The nearest of the known names to one that is not known.

/// The name closest to `wrong`, if one is close enough to be meant: at most a third of its letters differ.
fn nearest<'a>(wrong: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let limit = (wrong.chars().count() / 3).max(1);
    let near = known
        .into_iter()
        .map(|name| (distance(&fold(wrong), &fold(name)), name));
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
fn fold(name: &str) -> Vec<char> {
    let letters = name.chars().filter(|letter| !matches!(letter, '_' | '-' | ' '));
    letters.flat_map(char::to_lowercase).collect()
}

/// Levenshtein distance, where a swap of neighbours counts once.
fn distance(a: &[char], b: &[char]) -> usize {
    let mut before: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=b.len()).collect();
    for (i, left) in a.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, right) in b.iter().enumerate() {
            let mut best = (last[j] + usize::from(left != right))
                .min(last[j + 1] + 1)
                .min(row[j] + 1);
            if i > 0 && j > 0 && a[i - 1] == *right && b[j - 1] == *left {
                best = best.min(before[j - 1] + 1);
            }
            row.push(best);
        }
        before = std::mem::replace(&mut last, row);
    }
    last[b.len()]
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
