//! Differences between the output there is and the output there should be, as a unified diff of bounded length.

use std::path::{Path, PathBuf};
use std::time::Duration;

use similar::{Algorithm, TextDiff};

use tieline_contract::problem::{Diagnostic, Place, Problem};

use crate::diagnostics;

/// A file that is not as it should be.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Difference {
    /// The file.
    pub(crate) path: PathBuf,
    /// What it says. None: it is missing.
    pub(crate) old: Option<String>,
    /// What it should say. None: it should not be.
    pub(crate) new: Option<String>,
}

impl Difference {
    /// As a problem of the one shape.
    pub(crate) fn problem(&self) -> Problem {
        let diagnostic: &Diagnostic = match (&self.old, &self.new) {
            (None, _) => &diagnostics::MISSING,
            (_, None) => &diagnostics::LEFTOVER,
            _ => &diagnostics::STALE,
        };
        let mut place = Place::file(&*self.path.to_string_lossy());
        if let Some((line, excerpt)) = self.first_changed_line() {
            place.line = line;
            place.column = 1;
            place.end_line = line;
            place.end_column = excerpt.chars().count() as u32 + 1;
            place.excerpt = excerpt;
        }
        Problem::new(diagnostic, place)
    }

    fn first_changed_line(&self) -> Option<(u32, String)> {
        let (old, new) = (self.old.as_ref()?, self.new.as_ref()?);
        let mut new = new.lines();
        let changed = old
            .lines()
            .enumerate()
            .find(|(_, line)| Some(*line) != new.next());
        changed.map(|(at, line)| (at as u32 + 1, line.to_owned()))
    }
}

/// How many lines of one file's diff are shown.
const LINES_PER_FILE: usize = 60;

/// How many lines are shown of all diffs together.
const LINES_IN_ALL: usize = 300;

/// How long one file is compared for the shortest diff. After that a longer one will do.
const PATIENCE: Duration = Duration::from_secs(2);

/// All differences as a unified diff: `-` is what the files say, `+` what they should say.
pub(crate) fn unified(differences: &[Difference], colour: bool) -> String {
    let mut text = String::new();
    let mut left = LINES_IN_ALL;
    for (at, difference) in differences.iter().enumerate() {
        if left == 0 {
            let more = differences.len() - at;
            text.push_str(&format!(
                "… and {more} more {}\n",
                if more == 1 { "file" } else { "files" }
            ));
            break;
        }
        let lines = lines(difference);
        let shown = lines.len().min(LINES_PER_FILE).min(left);
        for line in &lines[..shown] {
            text.push_str(&paint(line, colour));
            text.push('\n');
        }
        if shown < lines.len() {
            let more = lines.len() - shown;
            text.push_str(&format!("… {more} more lines of {}\n", difference.path.display()));
        }
        left -= shown;
    }
    text
}

fn lines(difference: &Difference) -> Vec<String> {
    let name = slashed(&difference.path);
    let old = difference.old.as_deref().unwrap_or_default();
    let new = difference.new.as_deref().unwrap_or_default();
    let old_name = difference.old.as_ref().map_or("/dev/null", |_| &name);
    let new_name = difference.new.as_ref().map_or("/dev/null", |_| &name);
    let diff = TextDiff::configure()
        .algorithm(Algorithm::Patience)
        .timeout(PATIENCE)
        .diff_lines(old, new);
    let unified = diff
        .unified_diff()
        .context_radius(3)
        .header(old_name, new_name)
        .to_string();
    unified.lines().map(str::to_owned).collect()
}

fn slashed(path: &Path) -> String {
    path.to_string_lossy().replace('\\', "/")
}

fn paint(line: &str, colour: bool) -> String {
    let code = match line.as_bytes().first() {
        _ if !colour => return line.to_owned(),
        _ if line.starts_with("---") || line.starts_with("+++") => "1",
        Some(b'-') => "31",
        Some(b'+') => "32",
        Some(b'@') => "36",
        _ => return line.to_owned(),
    };
    format!("\x1b[{code}m{line}\x1b[0m")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn changed(path: &str, old: Option<&str>, new: Option<&str>) -> Difference {
        Difference {
            path: path.into(),
            old: old.map(str::to_owned),
            new: new.map(str::to_owned),
        }
    }

    #[test]
    fn a_changed_line_stands_between_its_neighbours() {
        let difference = changed("a/mod.rs", Some("1\n2\n3\n"), Some("1\nzwei\n3\n"));
        let expected = "--- a/mod.rs\n+++ a/mod.rs\n@@ -1,3 +1,3 @@\n 1\n-2\n+zwei\n 3\n";
        assert_eq!(unified(&[difference], false), expected);
    }

    #[test]
    fn missing_and_leftover_files_differ_from_nothing() {
        let missing = changed("new.rs", None, Some("a\n"));
        let leftover = changed("old.rs", Some("b\n"), None);
        assert_eq!(missing.problem().code, "TL-OUT-002");
        assert_eq!(leftover.problem().code, "TL-OUT-003");
        let text = unified(&[missing, leftover], false);
        assert!(text.contains("--- /dev/null\n+++ new.rs\n"), "{text}");
        assert!(text.contains("--- old.rs\n+++ /dev/null\n"), "{text}");
    }

    #[test]
    fn long_diffs_are_cut_and_say_so() {
        let new: String = "line\n".repeat(1000);
        let many: Vec<Difference> = (0..10)
            .map(|n| changed(&format!("{n}.rs"), None, Some(&new)))
            .collect();
        let text = unified(&many, false);
        assert!(
            text.lines().count() < LINES_IN_ALL + 20,
            "{}",
            text.lines().count()
        );
        assert!(text.contains("943 more lines of 0.rs"), "{text}");
        assert!(text.ends_with("… and 5 more files\n"), "{text}");
    }

    #[test]
    fn a_stale_file_is_located_at_its_first_changed_line() {
        let place = changed("a.rs", Some("1\n2\n"), Some("1\n3\n"))
            .problem()
            .place
            .unwrap();
        assert_eq!((place.line, &*place.excerpt), (2, "2"));
    }
}
