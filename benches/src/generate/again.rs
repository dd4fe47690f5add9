//! Generating a document again: nothing known, one text of it edited, and nothing changed.
//!
//! Times on the wall, with every core, in this process: what somebody waits for.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use tieline_codegen::{Generator, Runtime};

use super::crates::PACKAGE;
use crate::Failure;

/// How long each took.
pub(super) struct Again {
    pub(super) cold: Duration,
    pub(super) edit: Duration,
    pub(super) warm: Duration,
}

/// Measures a document of one file, of which a copy is made in a folder of its own.
pub(super) fn measure(document: &Path) -> Result<Again, Failure> {
    let folder = tempfile::tempdir()?;
    let copy = folder
        .path()
        .join(document.file_name().ok_or("the document has no name")?);
    let text = fs::read_to_string(document)?;
    fs::write(&copy, &text)?;
    let stamps = folder.path().join("stamps");
    let run = || -> Result<Duration, Failure> {
        let generator = Generator::new()
            .contract(&copy)
            .package(PACKAGE, Runtime::default())
            .out_dir(folder.path().join("out"));
        let started = Instant::now();
        generator.refresh(&stamps)?;
        Ok(started.elapsed())
    };
    let cold = run()?;
    fs::write(
        &copy,
        edited(&text).ok_or("the document has no description to edit")?,
    )?;
    let edit = run()?;
    Ok(Again {
        cold,
        edit,
        warm: run()?,
    })
}

/// The document with one more word in its last description that stands on a line.
fn edited(text: &str) -> Option<String> {
    let starts = text
        .rmatch_indices("description\": \"")
        .map(|(at, key)| at + key.len());
    let plain = text
        .rmatch_indices("description: ")
        .map(|(at, key)| at + key.len())
        .filter(|at| text[*at..].starts_with(|c: char| c.is_ascii_alphabetic()));
    let tight = text
        .rmatch_indices("description\":\"")
        .map(|(at, key)| at + key.len());
    let at = starts.chain(tight).chain(plain).next()?;
    Some(format!("{}Edited {}", &text[..at], &text[at..]))
}

#[cfg(test)]
mod tests {
    use super::edited;

    #[test]
    fn the_last_plain_description_is_edited() {
        for (text, expected) in [
            (
                r#"{"description": "One", "x": {"description": "Two"}}"#,
                r#"{"description": "One", "x": {"description": "Edited Two"}}"#,
            ),
            (r#"{"description":"One"}"#, r#"{"description":"Edited One"}"#),
            (
                "description: One\nx:\n  description: |\n    Two\n",
                "description: Edited One\nx:\n  description: |\n    Two\n",
            ),
        ] {
            assert_eq!(edited(text).as_deref(), Some(expected));
        }
        assert_eq!(edited("{}"), None);
    }
}
