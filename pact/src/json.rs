//! JSON with one way to be written, and pointers into it.

use serde_json::{Map, Value as Json};

/// The same value with the keys of every object in order.
///
/// Whether `serde_json` keeps the order of insertion is decided by features of other crates: it is not relied on.
pub(crate) fn sorted(value: &Json) -> Json {
    match value {
        Json::Object(entries) => {
            let mut keys: Vec<_> = entries.keys().collect();
            keys.sort_unstable();
            let entries = keys
                .into_iter()
                .map(|key| (key.clone(), sorted(&entries[key.as_str()])));
            Json::Object(entries.collect::<Map<_, _>>())
        }
        Json::Array(items) => Json::Array(items.iter().map(sorted).collect()),
        other => other.clone(),
    }
}

/// One text for equal values.
pub(crate) fn canonical(value: &Json) -> String {
    sorted(value).to_string()
}

/// The steps of a JSON pointer (RFC 6901). `None`: it does not begin with a slash and is not empty.
pub(crate) fn pointer(text: &str) -> Option<Vec<String>> {
    if text.is_empty() {
        return Some(Vec::new());
    }
    let steps = text.strip_prefix('/')?;
    Some(
        steps
            .split('/')
            .map(|step| step.replace("~1", "/").replace("~0", "~"))
            .collect(),
    )
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn keys_are_sorted_at_every_depth() {
        let value = json!({ "b": [{ "d": 1, "c": 2 }], "a": null });
        assert_eq!(canonical(&value), r#"{"a":null,"b":[{"c":2,"d":1}]}"#);
    }

    #[test]
    fn pointers_unescape_slashes_and_tildes() {
        assert_eq!(
            pointer("/a~1b/~0/0"),
            Some(vec!["a/b".into(), "~".into(), "0".into()])
        );
        assert_eq!(pointer(""), Some(vec![]));
        assert_eq!(pointer("name"), None);
    }
}
