//! Values through the generated types: decoded, encoded, compared, validated.
//!
//! ```text
//! document -> examples, values sampled from schemas, mutations of both -> the oracle's verdict on each
//!          -> a program with all its types, built -> decode, encode, validate -> compared with the verdicts
//! ```
//!
//! The oracle is the `jsonschema` crate. A value that it calls valid must decode and encode to an equal value, numbers
//! being equal by value. Of all values, `validate` is to say what the oracle says.
//!
//! Where we mean to differ from the letter, the oracle is told so:
//!
//! - a schema that lists properties (or items) and names no type describes an object (or a list);
//! - `format: byte` and `contentEncoding: base64` are base64, `format: decimal` a number in digits, `format: binary` without
//!   a type is a file, and `format: float` has the precision of 32 bits;
//! - null belongs to the place that a nullable schema is used in: null alone is not sent through a type.

pub(crate) mod instances;
mod oracle;
pub(crate) mod probe;

use std::collections::HashMap;

use serde_json::Value;
use tieline_contract::source::{Document, SourceMap};

use super::Options;
use super::compile::Workshop;
use super::generate::{Outcome, Row};
use crate::Failure;
use instances::Instance;
pub(crate) use instances::Sampler;
pub(crate) use oracle::Oracle;
use probe::Answer;

/// What was found, in numbers.
#[derive(Debug, Default, Clone, Copy)]
struct Counts {
    values: usize,
    examples: usize,
    valid: usize,
    refused: usize,
    changed: usize,
    agree: usize,
    strict: usize,
    lax: usize,
}

/// How many of what was said most often are shown at the end.
const CAUSES: usize = 20;

/// Runs every document that was generated.
pub(super) fn all(workshop: &Workshop, rows: &[Row], options: &Options) -> Result<(), Failure> {
    workshop.join(rows)?;
    let rows: Vec<&Row> = rows
        .iter()
        .filter(|row| matches!(row.outcome, Outcome::Generated { .. }) && !row.type_names.is_empty())
        .collect();
    for row in &rows {
        probe::write(workshop, row)?;
    }
    probe::build(workshop)?;
    let mut total = Counts::default();
    let mut causes: HashMap<String, usize> = HashMap::new();
    for row in rows {
        let root = load(&options.folder.join(&row.name))?;
        let oracle = Oracle::of(&root);
        let values = instances::all(&root, &oracle, row, options.seed);
        let answers = probe::ask(workshop, row, &values)?;
        let (counts, complaints) = judge(&oracle, &values, &answers);
        if counts.values > 0 {
            println!("{}: {}", row.name, counts.shown());
        }
        for complaint in complaints.iter().take(options.complaints) {
            println!("    {complaint}");
        }
        total.add(counts);
        for complaint in &complaints {
            *causes.entry(cause(complaint)).or_default() += 1;
        }
    }
    let mut causes: Vec<(String, usize)> = causes.into_iter().collect();
    causes.sort_by_key(|(cause, count)| (std::cmp::Reverse(*count), cause.clone()));
    for (cause, count) in causes.iter().take(CAUSES) {
        println!("{count:>7} x {cause}");
    }
    println!("round trips: {}", total.shown());
    if total.refused + total.changed > 0 {
        return Err(format!(
            "{} valid values refused, {} changed",
            total.refused, total.changed
        )
        .into());
    }
    Ok(())
}

/// What a complaint has in common with others: what was wrong, whatever the type, the place and the value.
fn cause(complaint: &str) -> String {
    match complaint.split_once('(') {
        Some((verdict, rest)) if verdict.starts_with("REFUSED") => {
            let why = rest.split(" (octet").next().unwrap_or(rest);
            let message = why
                .split_once(": ")
                .filter(|_| why.starts_with("at "))
                .map_or(why, |(_, message)| message);
            format!("refused: {message}")
        }
        _ => complaint
            .split([':', '[', '{'])
            .next()
            .unwrap_or_default()
            .trim()
            .to_owned(),
    }
}

fn load(path: &std::path::Path) -> Result<Value, Failure> {
    let mut sources = SourceMap::new();
    let file = sources.load(path).map_err(|problem| problem.to_string())?;
    let document = Document::parse(&sources, file).map_err(|problem| problem.to_string())?;
    Ok(document.root.to_json())
}

fn judge(oracle: &Oracle, values: &[Instance], answers: &[Answer]) -> (Counts, Vec<String>) {
    let mut counts = Counts::default();
    let mut complaints = Vec::new();
    for (instance, answer) in values.iter().zip(answers) {
        if instance.value.is_null() {
            continue;
        }
        counts.values += 1;
        counts.examples += usize::from(instance.is_example);
        let Some(valid) = oracle.is_valid(&instance.type_name, &instance.value) else {
            continue;
        };
        let said_valid = matches!(answer, Answer::Read { violations: 0, .. });
        let mut complain = |what: &str| {
            let value: String = instance.value.to_string().chars().take(160).collect();
            complaints.push(format!(
                "{what}: {} at {}: {value}",
                instance.type_name, instance.place
            ));
        };
        match answer {
            Answer::Refused(why) if valid => {
                counts.refused += 1;
                complain(&format!("REFUSED ({why})"));
            }
            Answer::Read { text, .. } if valid => {
                counts.valid += 1;
                let written: Value = serde_json::from_str(text).unwrap_or_default();
                if !same(&written, &instance.value) {
                    counts.changed += 1;
                    complain(&format!(
                        "CHANGED to {}",
                        text.chars().take(160).collect::<String>()
                    ));
                }
            }
            _ => {}
        }
        // `validate` judges formats, too; so does this oracle.
        let strictly = oracle
            .is_strictly_valid(&instance.type_name, &instance.value)
            .unwrap_or(valid);
        match (strictly, said_valid) {
            (true, false) => {
                counts.strict += 1;
                complain("validate is stricter");
            }
            (false, true) => {
                counts.lax += 1;
                complain("validate is laxer");
            }
            _ => counts.agree += 1,
        }
    }
    (counts, complaints)
}

/// Equal, numbers by value, of which 32 bits are enough: how far `f64` goes is tested with the codec.
pub(crate) fn same(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Number(a), Value::Number(b)) => {
            let short = |number: &serde_json::Number| number.as_f64().map(|number| number as f32);
            a == b || short(a) == short(b)
        }
        (Value::Array(a), Value::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b)),
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len() && a.iter().all(|(key, a)| b.get(key).is_some_and(|b| same(a, b)))
        }
        _ => a == b,
    }
}

impl Counts {
    fn add(&mut self, other: Self) {
        self.values += other.values;
        self.examples += other.examples;
        self.valid += other.valid;
        self.refused += other.refused;
        self.changed += other.changed;
        self.agree += other.agree;
        self.strict += other.strict;
        self.lax += other.lax;
    }

    fn shown(&self) -> String {
        format!(
            "{} values ({} examples), {} valid ones read, {} valid ones refused, {} changed; validate agrees on {}, is stricter on {}, laxer on {}",
            self.values,
            self.examples,
            self.valid,
            self.refused,
            self.changed,
            self.agree,
            self.strict,
            self.lax
        )
    }
}
