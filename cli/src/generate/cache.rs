//! Where runs are remembered, so that one that would change nothing is left out.
//!
//! In the user's cache folder: stamps hold paths of this machine, and neither the contract's folder nor that of the output
//! is ours to put them in.

use std::ffi::OsString;
use std::path::PathBuf;

/// Names another folder. Empty: nothing is remembered.
const VARIABLE: &str = "TIELINE_CACHE";

/// The folder. `None`: nothing is to be remembered, or the user has no folder for it.
pub(super) fn folder() -> Option<PathBuf> {
    place(|name| std::env::var_os(name))
}

fn place(variable: impl Fn(&str) -> Option<OsString>) -> Option<PathBuf> {
    if let Some(named) = variable(VARIABLE) {
        return (!named.is_empty()).then(|| PathBuf::from(named));
    }
    // The XDG specification has relative paths ignored.
    let folder = |name: &str| {
        variable(name)
            .map(PathBuf::from)
            .filter(|path| path.is_absolute())
    };
    let cache = if cfg!(windows) {
        folder("LOCALAPPDATA")
    } else if cfg!(target_os = "macos") {
        folder("HOME").map(|home| home.join("Library/Caches"))
    } else {
        folder("XDG_CACHE_HOME").or_else(|| folder("HOME").map(|home| home.join(".cache")))
    };
    cache.map(|cache| cache.join("tieline"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_variable_wins_over_the_users_folder() {
        let of = |pairs: &[(&str, &str)]| {
            place(|name| {
                let found = pairs.iter().find(|(known, _)| *known == name);
                found.map(|(_, value)| (*value).into())
            })
        };
        assert_eq!(of(&[]), None);
        assert_eq!(of(&[(VARIABLE, "x"), ("HOME", "/h")]), Some("x".into()));
        assert_eq!(of(&[(VARIABLE, ""), ("HOME", "/h")]), None);
        if cfg!(target_os = "linux") {
            assert_eq!(of(&[("HOME", "/h")]), Some("/h/.cache/tieline".into()));
            assert_eq!(
                of(&[("HOME", "/h"), ("XDG_CACHE_HOME", "/c")]),
                Some("/c/tieline".into())
            );
            assert_eq!(
                of(&[("HOME", "/h"), ("XDG_CACHE_HOME", "c")]),
                Some("/h/.cache/tieline".into())
            );
        }
    }
}
