//! `cargo tieline init`: writes a commented tieline.toml for the contracts that the working directory holds.

use std::io::Write;
use std::path::Path;

use tieline_contract::problem::{Place, Problem, Problems};

use crate::args::{Format, InitArgs};
use crate::config::FILE_NAME;
use crate::diagnostics;
use crate::discover::{self, Found};
use crate::exit::Exit;
use crate::report::Report;

/// What stands above the contracts.
const HEAD: &str = include_str!("../templates/head.toml");

/// One contract; `{name}`, `{path}` and `{out}` are filled in.
const CONTRACT: &str = include_str!("../templates/contract.toml");

/// What stands there when no contract was found.
const EXAMPLE: &str = include_str!("../templates/example.toml");

/// What stands below the contracts.
const TAIL: &str = include_str!("../templates/tail.toml");

/// Runs the command.
pub(crate) fn run(args: &InitArgs) -> Exit {
    match write(args.force) {
        Ok(found) => {
            let _ = writeln!(std::io::stdout(), "{}", told(found));
            Exit::Clean
        }
        Err(problem) => {
            Report::new(Format::Text).problems(&Problems::from(problem));
            Exit::Usage
        }
    }
}

fn told(found: usize) -> String {
    match found {
        0 => format!("wrote {FILE_NAME}; no contract was found here: fill in the example"),
        1 => format!("wrote {FILE_NAME} with 1 contract; next: cargo tieline generate"),
        _ => format!("wrote {FILE_NAME} with {found} contracts; next: cargo tieline generate"),
    }
}

/// Writes the file, and tells how many contracts it lists.
fn write(force: bool) -> Result<usize, Problem> {
    let at = || Place::file(FILE_NAME);
    let found = discover::below(Path::new(""))
        .map_err(|error| Problem::new(&diagnostics::CANNOT_LIST, Place::file(".")).about(error))?;
    let text = render(&found);
    let written = if force {
        replace(&text)
    } else {
        // Made only if it is not there, in one step: nothing can come between a look and the writing.
        std::fs::File::create_new(FILE_NAME).and_then(|mut file| file.write_all(text.as_bytes()))
    };
    match written {
        Ok(()) => Ok(found.len()),
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {
            Err(Problem::new(&diagnostics::WOULD_OVERWRITE, at()))
        }
        Err(error) => Err(Problem::new(&diagnostics::CANNOT_WRITE, at()).about(error)),
    }
}

/// Replaces the file at once.
fn replace(text: &str) -> std::io::Result<()> {
    let folder = tempfile::Builder::new().prefix(".tieline-").tempdir_in(".")?;
    let staged = folder.path().join(FILE_NAME);
    std::fs::write(&staged, text)?;
    std::fs::rename(staged, FILE_NAME)
}

fn render(found: &[Found]) -> String {
    let mut text = HEAD.to_owned();
    if found.is_empty() {
        text.push_str(EXAMPLE);
    }
    for contract in found {
        let path = contract.path.to_string_lossy().replace('\\', "/");
        let filled = CONTRACT
            .replace("{name}", &quoted(&contract.name))
            .replace("{path}", &quoted(&path))
            .replace("{out}", &quoted("src/generated"));
        text.push_str(&filled);
    }
    text.push_str(TAIL);
    text
}

/// A TOML string.
fn quoted(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_says_what_was_found() {
        let found = |name: &str, path: &str| Found {
            path: path.into(),
            name: name.to_owned(),
        };
        let text = render(&[
            found("pets", "pets.yaml"),
            found("more_pets", "a \"b\"/pets.yaml"),
        ]);
        let table: toml::Table = text.parse().unwrap();
        let contracts = table["contract"].as_array().unwrap();
        assert_eq!(contracts[0]["name"].as_str(), Some("pets"));
        assert_eq!(contracts[1]["name"].as_str(), Some("more_pets"));
        assert_eq!(contracts[1]["path"].as_str(), Some("a \"b\"/pets.yaml"));
    }

    #[test]
    fn with_nothing_found_an_example_stands_in_comments() {
        let text = render(&[]);
        assert!(text.contains("# [[contract]]"), "{text}");
        assert!(text.parse::<toml::Table>().unwrap().is_empty());
    }
}
