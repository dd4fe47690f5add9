//! A program for each document that knows all its types: a line in, a line out.

use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::process::{Command, Stdio};
use std::thread;

use super::super::compile::Workshop;
use super::super::generate::Row;
use super::instances::Instance;
use crate::Failure;

/// What a type made of a value.
pub(crate) enum Answer {
    /// It could not be decoded.
    Refused(String),
    /// It was, and this is it encoded again.
    Read { violations: usize, text: String },
}

const PROGRAM: &str = r#"
use std::io::BufRead;
use tieline::codec::{Value, json, validate};

fn blank<T: Value>() -> Box<dyn Value> {
    Box::new(T::blank())
}

fn main() {
    let types: std::collections::HashMap<&str, fn() -> Box<dyn Value>> = TYPES.iter().copied().collect();
    for line in std::io::stdin().lock().lines().map_while(Result::ok) {
        let (name, text) = line.split_once('\t').unwrap_or_default();
        let Some(blank) = types.get(name) else {
            println!("refused\tno such type");
            continue;
        };
        let mut value = blank();
        match json::read(text.as_bytes(), &mut *value) {
            Err(error) => println!("refused\t{}", error.to_string().replace(['\n', '\t'], " ")),
            Ok(()) => println!("{}\t{}", validate(&*value).len(), json::to_string(&*value)),
        }
    }
}
"#;

/// Writes the program into the document's crate.
pub(crate) fn write(workshop: &Workshop, row: &Row) -> Result<(), Failure> {
    let module = row.package.replace('-', "_");
    let mut text = String::from(PROGRAM);
    text.push_str("\nstatic TYPES: &[(&str, fn() -> Box<dyn Value>)] = &[\n");
    for (name, rust) in &row.type_names {
        writeln!(text, "    ({name:?}, blank::<{module}::types::{rust}>),")?;
    }
    text.push_str("];\n");
    let folder = workshop.folder().join(&row.package).join("examples");
    fs::create_dir_all(&folder)?;
    let path = folder.join(format!("probe-{}.rs", row.package));
    if fs::read_to_string(&path).is_ok_and(|old| old == text) {
        return Ok(());
    }
    Ok(fs::write(path, text)?)
}

/// Builds all programs.
pub(crate) fn build(workshop: &Workshop) -> Result<(), Failure> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .args([
            "build",
            "--quiet",
            "--workspace",
            "--examples",
            "--no-default-features",
        ])
        .current_dir(workshop.folder())
        .env("CARGO_TARGET_DIR", workshop.folder().join("target"))
        .env("CARGO_INCREMENTAL", "0")
        .env("CARGO_PROFILE_DEV_DEBUG", "0")
        .env("RUSTFLAGS", "--cap-lints=allow")
        .stdin(Stdio::null())
        .output()?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    Err(said.lines().take(30).collect::<Vec<_>>().join("\n").into())
}

/// Sends every value through its type.
pub(crate) fn ask(workshop: &Workshop, row: &Row, values: &[Instance]) -> Result<Vec<Answer>, Failure> {
    let program = workshop
        .folder()
        .join("target/debug/examples")
        .join(format!("probe-{}", row.package));
    let mut child = Command::new(program)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()?;
    let mut input = child.stdin.take().ok_or("no standard input")?;
    let lines: Vec<String> = values
        .iter()
        .map(|instance| format!("{}\t{}\n", instance.type_name, instance.value))
        .collect();
    let writer = thread::spawn(move || lines.iter().try_for_each(|line| input.write_all(line.as_bytes())));
    let output = child.wait_with_output()?;
    writer.join().map_err(|_| "the writer panicked")??;
    let text = String::from_utf8(output.stdout)?;
    let answers: Vec<Answer> = text.lines().map(answer).collect();
    if answers.len() != values.len() {
        return Err(format!(
            "{}: {} answers to {} values",
            row.name,
            answers.len(),
            values.len()
        )
        .into());
    }
    Ok(answers)
}

fn answer(line: &str) -> Answer {
    let (verdict, rest) = line.split_once('\t').unwrap_or((line, ""));
    match verdict.parse() {
        Ok(violations) => Answer::Read {
            violations,
            text: rest.to_owned(),
        },
        Err(_) => Answer::Refused(rest.to_owned()),
    }
}
