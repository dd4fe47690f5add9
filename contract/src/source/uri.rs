//! URIs as far as references need them: which have a scheme, and what a relative one means (RFC 3986, section 5.2).

/// `https:`, `urn:`: but not `C:` alone.
pub(super) fn has_scheme(url: &str) -> bool {
    scheme(url).is_some()
}

/// Whether it can be fetched: `http:` or `https:`.
pub(super) fn is_http(url: &str) -> bool {
    scheme(url)
        .is_some_and(|scheme| scheme.eq_ignore_ascii_case("http") || scheme.eq_ignore_ascii_case("https"))
}

fn scheme(url: &str) -> Option<&str> {
    let (scheme, _) = url.split_once(':')?;
    let mut letters = scheme.chars();
    let fits = scheme.len() > 1
        && letters.next().is_some_and(|first| first.is_ascii_alphabetic())
        && letters.all(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.'));
    fits.then_some(scheme)
}

/// What `url` means where `base` is what everything is relative to. Fragments are left out of both.
pub fn resolve(base: &str, url: &str) -> String {
    let base = base.split('#').next().unwrap_or_default();
    if has_scheme(url) {
        return url.to_owned();
    }
    if url.is_empty() {
        return base.to_owned();
    }
    let (scheme, rest) = match scheme(base) {
        Some(scheme) => base.split_at(scheme.len() + 1),
        None => ("", base),
    };
    let (authority, path) = match rest.strip_prefix("//") {
        Some(after) => {
            let end = after.find(['/', '?']).unwrap_or(after.len());
            rest.split_at(end + 2)
        }
        None => ("", rest),
    };
    let path = path.split('?').next().unwrap_or_default();
    if url.starts_with("//") {
        return format!("{scheme}{url}");
    }
    if url.starts_with('/') {
        return format!("{scheme}{authority}{}", without_dots(url));
    }
    if url.starts_with('?') {
        return format!("{scheme}{authority}{path}{url}");
    }
    let folder = match path.rfind('/') {
        Some(slash) => &path[..=slash],
        None if authority.is_empty() => "",
        None => "/",
    };
    format!("{scheme}{authority}{}", without_dots(&format!("{folder}{url}")))
}

/// `/a/b/../c/./d` is `/a/c/d`.
fn without_dots(path: &str) -> String {
    let (path, query) = match path.find('?') {
        Some(at) => path.split_at(at),
        None => (path, ""),
    };
    let is_rooted = path.starts_with('/');
    let mut kept: Vec<&str> = Vec::new();
    let segments: Vec<&str> = path.trim_start_matches('/').split('/').collect();
    for (at, segment) in segments.iter().enumerate() {
        let is_last = at + 1 == segments.len();
        match *segment {
            "." if is_last => kept.push(""),
            "." => {}
            ".." => {
                let goes_up = kept.last().is_none_or(|last| *last == "..") && !is_rooted;
                if goes_up {
                    kept.push("..");
                } else {
                    kept.pop();
                }
                if is_last {
                    kept.push("");
                }
            }
            other => kept.push(other),
        }
    }
    let root = if is_rooted { "/" } else { "" };
    format!("{root}{}{query}", kept.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn relative_references_resolve_as_rfc_3986_says() {
        let base = "http://a/b/c/d;p?q";
        for (reference, expected) in [
            ("g:h", "g:h"),
            ("mailto:h", "mailto:h"),
            ("g", "http://a/b/c/g"),
            ("./g", "http://a/b/c/g"),
            ("g/", "http://a/b/c/g/"),
            ("/g", "http://a/g"),
            ("//g", "http://g"),
            ("?y", "http://a/b/c/d;p?y"),
            ("g?y", "http://a/b/c/g?y"),
            ("", "http://a/b/c/d;p?q"),
            ("..", "http://a/b/"),
            ("../g", "http://a/b/g"),
            ("../../g", "http://a/g"),
            ("../../../g", "http://a/g"),
            ("./g/.", "http://a/b/c/g/"),
            ("g/../h", "http://a/b/c/h"),
        ]
        .into_iter()
        // A single letter before a colon is a drive, not a scheme.
        .filter(|(reference, _)| *reference != "g:h")
        {
            assert_eq!(resolve(base, reference), expected, "{reference}");
        }
        assert_eq!(resolve("models/pet.json", "toy.json"), "models/toy.json");
        assert_eq!(resolve("urn:pets", "urn:toys"), "urn:toys");
    }

    #[test]
    fn a_drive_is_no_scheme() {
        assert!(!has_scheme("C:/pets.yaml"));
        assert!(has_scheme("urn:pets"));
        assert!(is_http("HTTPS://example.com/a.json"));
        assert!(!is_http("urn:pets"));
    }
}
