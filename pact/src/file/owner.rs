//! Which test records, and which tests there still are.

use std::collections::BTreeSet;
use std::panic::Location;
use std::process::{Command, Stdio};
use std::sync::OnceLock;

/// Set in a test binary that is only asked for its tests.
const LISTING: &str = "TIELINE_PACT_LISTING";

/// A test: the suite (test binary) and the test's name in it.
#[derive(Debug, Clone)]
pub(crate) struct Owner {
    suite: String,
    test: String,
    /// The name is the harness's own, so that the harness can be asked about it.
    listed: bool,
}

impl Owner {
    /// The running test. libtest calls the thread of a test by the test's name; where the thread has another name,
    /// the place of the call stands for the test.
    #[track_caller]
    pub(crate) fn current() -> Self {
        let thread = std::thread::current();
        let name = thread
            .name()
            .filter(|name| *name != "main" && !name.starts_with("tokio-"));
        match name {
            Some(name) => Self {
                suite: suite(),
                test: name.to_owned(),
                listed: true,
            },
            None => {
                let place = Location::caller();
                Self {
                    suite: suite(),
                    test: format!("{}:{}", place.file(), place.line()),
                    listed: false,
                }
            }
        }
    }

    /// Names the test by hand.
    pub(crate) fn name(&mut self, test: String) {
        self.test = test;
        self.listed = false;
    }

    /// How the file names it: `web::consumer reads_a_pet`, and `web::consumer#name` where the name is not the
    /// harness's, which knows nothing of it.
    pub(crate) fn id(&self) -> String {
        let separator = if self.listed { ' ' } else { '#' };
        format!("{}{separator}{}", self.suite, self.test)
    }

    /// Those of `claims` whose tests this suite no longer has.
    pub(crate) fn gone(&self, claims: &BTreeSet<String>) -> BTreeSet<String> {
        let ours: Vec<(&String, &str)> = claims
            .iter()
            .filter_map(|claim| Some((claim, claim.strip_prefix(&self.suite)?.strip_prefix(' ')?)))
            .collect();
        if ours.is_empty() || !self.listed {
            return BTreeSet::new();
        }
        // A list without this very test is none to trust.
        let Some(tests) = tests().filter(|tests| tests.contains(&self.test)) else {
            return BTreeSet::new();
        };
        ours.into_iter()
            .filter(|(_, test)| !tests.contains(*test))
            .map(|(claim, _)| claim.clone())
            .collect()
    }
}

/// The tests of this binary, by asking it. `None`: it does not say.
fn tests() -> Option<&'static BTreeSet<String>> {
    static TESTS: OnceLock<Option<BTreeSet<String>>> = OnceLock::new();
    TESTS
        .get_or_init(|| {
            if std::env::var_os(LISTING).is_some() {
                return None;
            }
            let output = Command::new(std::env::current_exe().ok()?)
                .args(["--list", "--format", "terse"])
                .env(LISTING, "1")
                .stdin(Stdio::null())
                .stderr(Stdio::null())
                .output()
                .ok()
                .filter(|output| output.status.success())?;
            let text = String::from_utf8(output.stdout).ok()?;
            Some(
                text.lines()
                    .filter_map(|line| line.strip_suffix(": test"))
                    .map(str::to_owned)
                    .collect(),
            )
        })
        .as_ref()
}

/// The package and the test binary: `web::consumer`.
fn suite() -> String {
    let binary = std::env::current_exe().unwrap_or_default();
    let binary = binary.file_stem().map(|stem| stem.to_string_lossy().into_owned());
    let binary = without_hash(binary.as_deref().unwrap_or("unknown"));
    match std::env::var("CARGO_PKG_NAME") {
        Ok(package) => format!("{package}::{binary}"),
        Err(_) => binary.to_owned(),
    }
}

/// cargo adds a hash to the names of test binaries, which changes with the compiler and the dependencies.
fn without_hash(binary: &str) -> &str {
    match binary.rsplit_once('-') {
        Some((name, hash)) if hash.len() == 16 && hash.bytes().all(|byte| byte.is_ascii_hexdigit()) => name,
        _ => binary,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_of_a_binary_loses_the_hash_that_cargo_adds() {
        assert_eq!(without_hash("web_test-0123456789abcdef"), "web_test");
        assert_eq!(without_hash("web-test"), "web-test");
    }

    #[test]
    fn the_running_test_is_known_by_its_thread() {
        let owner = Owner::current();
        assert!(
            owner
                .id()
                .ends_with(" file::owner::tests::the_running_test_is_known_by_its_thread")
        );
    }

    #[test]
    fn a_test_that_the_binary_does_not_list_is_gone() {
        let owner = Owner::current();
        let claim = |test: &str| format!("{} {test}", owner.suite);
        let claims: BTreeSet<_> = [
            claim("removed_long_ago"),
            claim("file::owner::tests::the_running_test_is_known_by_its_thread"),
            "another::suite removed_long_ago".to_owned(),
        ]
        .into();
        assert_eq!(owner.gone(&claims), [claim("removed_long_ago")].into());
    }
}
