//! `cargo tieline explain`: what a diagnostic means, and what to do about it.
//!
//! The texts stand in `codes.md`, a section a code. A test sees to it that every code of the project has one.

use std::io::Write;

use tieline_contract::nearest::nearest;
use tieline_contract::problem::Problem;

use crate::args::ExplainArgs;
use crate::diagnostics;
use crate::exit::Exit;

const CODES: &str = include_str!("codes.md");

/// Runs the command.
pub(crate) fn run(args: &ExplainArgs) -> Exit {
    let text = match &args.code {
        None => list(),
        Some(code) => match explanation(code) {
            Some(text) => text,
            None => {
                let problem = Problem::new(&diagnostics::UNKNOWN_CODE, None).about(format!("`{code}`"));
                let problem = match nearest(code, sections().map(|(code, _, _)| code)) {
                    Some(near) => problem.help(format!("did you mean `{near}`?")),
                    None => problem,
                };
                eprint!("{problem}");
                return Exit::Usage;
            }
        },
    };
    match std::io::stdout().write_all(text.as_bytes()) {
        Ok(()) => Exit::Clean,
        // The reader has gone away: there is nobody left to tell.
        Err(_) => Exit::Usage,
    }
}

/// Every code with its title, a line each.
fn list() -> String {
    let lines: Vec<String> = sections()
        .map(|(code, title, _)| format!("{code}  {title}"))
        .collect();
    lines.join("\n") + "\n"
}

/// The section of a code, in either case.
fn explanation(wanted: &str) -> Option<String> {
    let (code, title, text) = sections().find(|(code, _, _)| code.eq_ignore_ascii_case(wanted.trim()))?;
    Some(format!("{code}: {title}\n\n{}\n", text.trim()))
}

/// Code, title and text of every section.
fn sections() -> impl Iterator<Item = (&'static str, &'static str, &'static str)> {
    CODES.split("\n## ").skip(1).filter_map(|section| {
        let (head, text) = section.split_once('\n')?;
        let (code, title) = head.split_once(' ')?;
        Some((code, title, text))
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::Path;

    use super::*;

    /// The codes in the sources of the crates that have diagnostics.
    fn codes_in_sources() -> BTreeSet<String> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let mut folders: Vec<_> = ["cli", "codegen", "contract", "macros", "pact"]
            .map(|one| root.join(one).join("src"))
            .to_vec();
        let mut codes = BTreeSet::new();
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
                let path = entry.path();
                if path.is_dir() {
                    folders.push(path);
                } else if path.extension().is_some_and(|extension| extension == "rs") {
                    let text = std::fs::read_to_string(path).unwrap_or_default();
                    let quoted = text.split("\"TL-").skip(1).filter_map(|rest| rest.get(..7));
                    let whole = quoted.filter(|rest| {
                        let (area, number) = rest.split_once('-').unwrap_or_default();
                        area.len() == 3 && number.bytes().all(|byte| byte.is_ascii_digit())
                    });
                    codes.extend(whole.map(|rest| format!("TL-{rest}")));
                }
            }
        }
        // Those of tests.
        codes.retain(|code| !code.starts_with("TL-TST-"));
        codes
    }

    #[test]
    fn every_code_has_an_explanation_and_every_explanation_a_code() {
        let explained: BTreeSet<String> = sections().map(|(code, _, _)| code.to_owned()).collect();
        let used = codes_in_sources();
        assert!(used.len() > 70, "{used:?}");
        assert_eq!(used, explained);
    }

    #[test]
    fn an_explanation_says_more_than_its_title() {
        for (code, title, text) in sections() {
            assert!(text.trim().len() > title.len(), "{code}");
            assert_eq!(
                sections().filter(|(other, _, _)| *other == code).count(),
                1,
                "{code} stands twice"
            );
        }
    }
}
