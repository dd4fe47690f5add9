//! Documents with one thing or another wrong with them: reading and generating must end, in time, without a panic.
//!
//! ```text
//! a document of the folder -> one to four mutations of its tree, or of its text -> read, generate
//! ```
//!
//! The same seed makes the same mutations. What fails is kept in a file, to be looked at.

use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use clap::Args;
use serde_json::{Map, Value, json};
use tieline::random::Random;
use tieline_codegen::{Generator, Runtime};
use tieline_contract::discover;
use tieline_contract::source::{Document, SourceMap};

use crate::Failure;

/// How much.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// The folder of documents.
    folder: PathBuf,
    /// How many mutated documents.
    #[arg(long, default_value_t = 10_000)]
    mutations: usize,
    /// What the random choices grow from.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Larger documents are left out, in bytes: what goes wrong does so in small ones, too, and sooner.
    #[arg(long, default_value_t = 200_000)]
    largest: u64,
    /// What a document may take, in seconds.
    #[arg(long, default_value_t = 10)]
    limit: u64,
    /// Where documents that fail are kept.
    #[arg(long, default_value = "fuzz-failures")]
    failures: PathBuf,
}

/// What came of a mutated document.
enum Outcome {
    Generated,
    Refused,
    Panicked(String),
    Slow(Duration),
}

/// Runs and counts.
pub(crate) fn run(options: &Options) -> Result<(), Failure> {
    let documents = documents(options)?;
    if documents.is_empty() {
        return Err(format!("no OpenAPI document in {}", options.folder.display()).into());
    }
    let counts = [const { AtomicUsize::new(0) }; 4];
    let slowest = Mutex::new(Duration::ZERO);
    let next = AtomicUsize::new(0);
    let folder = tempfile::tempdir()?;
    let quiet = std::panic::take_hook();
    std::panic::set_hook(Box::new(|_| {}));
    let cores = thread::available_parallelism().map_or(1, std::num::NonZero::get);
    thread::scope(|scope| {
        for core in 0..cores {
            let (counts, slowest, next, documents) = (&counts, &slowest, &next, &documents);
            let file = folder.path().join(format!("{core}.json"));
            scope.spawn(move || {
                loop {
                    let turn = next.fetch_add(1, Ordering::Relaxed);
                    if turn >= options.mutations {
                        break;
                    }
                    let text = mutated(documents, options.seed, turn);
                    let started = Instant::now();
                    let outcome = attempt(&file, &text, Duration::from_secs(options.limit));
                    if let Ok(mut slowest) = slowest.lock() {
                        *slowest = (*slowest).max(started.elapsed());
                    }
                    let slot = match &outcome {
                        Outcome::Generated => 0,
                        Outcome::Refused => 1,
                        Outcome::Panicked(_) => 2,
                        Outcome::Slow(_) => 3,
                    };
                    counts[slot].fetch_add(1, Ordering::Relaxed);
                    keep(options, turn, &text, &outcome);
                }
            });
        }
    });
    std::panic::set_hook(quiet);
    let [generated, refused, panicked, slow] = counts.map(AtomicUsize::into_inner);
    let slowest = slowest.into_inner().unwrap_or_default();
    println!(
        "fuzz: {} documents, {} mutations, {generated} generated, {refused} refused, {panicked} panics, {slow} beyond {} s, slowest {:.2} s",
        documents.len(),
        options.mutations,
        options.limit,
        slowest.as_secs_f64(),
    );
    if panicked + slow > 0 {
        return Err(format!("see {}", options.failures.display()).into());
    }
    Ok(())
}

fn documents(options: &Options) -> Result<Vec<Value>, Failure> {
    let mut documents = Vec::new();
    for path in discover::roots(&options.folder)? {
        let is_proto = path.extension().is_some_and(|extension| extension == "proto");
        if is_proto || fs::metadata(&path)?.len() > options.largest {
            continue;
        }
        let mut sources = SourceMap::new();
        let file = sources.load(&path);
        if let Ok(document) = file.and_then(|file| Document::parse(&sources, file)) {
            documents.push(document.root.to_json());
        }
    }
    Ok(documents)
}

fn attempt(file: &Path, text: &[u8], limit: Duration) -> Outcome {
    if fs::write(file, text).is_err() {
        return Outcome::Refused;
    }
    let started = Instant::now();
    let generator = Generator::new()
        .contract(file)
        .name("fuzzed")
        .package("fuzzed", Runtime::default());
    let made = catch_unwind(AssertUnwindSafe(|| generator.render().is_ok()));
    match made {
        Err(panic) => {
            let text = panic.downcast_ref::<String>().map(String::as_str);
            let text = text.or_else(|| panic.downcast_ref::<&str>().copied());
            Outcome::Panicked(text.unwrap_or("no message").to_owned())
        }
        Ok(_) if started.elapsed() > limit => Outcome::Slow(started.elapsed()),
        Ok(true) => Outcome::Generated,
        Ok(false) => Outcome::Refused,
    }
}

fn keep(options: &Options, turn: usize, text: &[u8], outcome: &Outcome) {
    let said = match outcome {
        Outcome::Generated | Outcome::Refused => return,
        Outcome::Panicked(message) => format!("panic: {message}"),
        Outcome::Slow(took) => format!("{:.1} s", took.as_secs_f64()),
    };
    let path = options.failures.join(format!("{}-{turn}.json", options.seed));
    let kept = fs::create_dir_all(&options.failures).and_then(|()| fs::write(&path, text));
    eprintln!(
        "{}: {said}{}",
        path.display(),
        if kept.is_ok() { "" } else { " (not kept)" }
    );
}

/// The text of the mutated document of this turn.
fn mutated(documents: &[Value], seed: u64, turn: usize) -> Vec<u8> {
    let random = Random::seeded(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15).wrapping_add(turn as u64));
    let mut root = documents[pick(&random, documents.len())].clone();
    for _ in 0..=random.below(3) {
        mutate(&random, &mut root, documents);
    }
    let mut text = serde_json::to_vec(&root).unwrap_or_default();
    if random.below(8) == 0 {
        scratch(&random, &mut text);
    }
    text
}

fn pick(random: &Random, length: usize) -> usize {
    random.below(length.max(1) as u64) as usize
}

/// Cuts, flips or repeats octets.
fn scratch(random: &Random, text: &mut Vec<u8>) {
    if text.is_empty() {
        return;
    }
    let at = pick(random, text.len());
    match random.below(4) {
        0 => text.truncate(at),
        1 => text[at] = random.below(256) as u8,
        2 => {
            let end = (at + pick(random, 200)).min(text.len());
            let part = text[at..end].to_vec();
            text.splice(at..at, part);
        }
        _ => text
            .splice(at..at, b"[".repeat(pick(random, 4000)))
            .for_each(drop),
    }
}

/// Changes one place of the tree.
fn mutate(random: &Random, root: &mut Value, documents: &[Value]) {
    let places = count(root);
    let donor = &documents[pick(random, documents.len())];
    let stranger = nth(donor, pick(random, count(donor)))
        .cloned()
        .unwrap_or_default();
    let own = nth(root, pick(random, places)).cloned().unwrap_or_default();
    let pointer = pointer(root, pick(random, places));
    let other_key = keyword(random);
    let Some(place) = nth_mut(root, &mut pick(random, places)) else {
        return;
    };
    match random.below(12) {
        0 => *place = odd(random),
        1 => *place = own,
        2 => *place = stranger,
        3 => *place = json!({ "$ref": format!("#{pointer}") }),
        4 => *place = json!({ "allOf": [place.take(), own] }),
        5 => *place = json!({ "oneOf": [place.take(), { "$ref": format!("#{pointer}") }, own] }),
        6 => *place = json!({ "type": "array", "items": place.take() }),
        _ => match place {
            Value::Object(object) => reshape(random, object, other_key, own),
            Value::Array(items) if !items.is_empty() => {
                let at = pick(random, items.len());
                if random.below(2) == 0 {
                    items.remove(at);
                } else {
                    let again = items[at].clone();
                    items.push(again);
                }
            }
            place => *place = odd(random),
        },
    }
}

/// Takes a key away, renames one or adds one.
fn reshape(random: &Random, object: &mut Map<String, Value>, key: &str, value: Value) {
    let keys: Vec<String> = object.keys().cloned().collect();
    let Some(old) = keys.get(pick(random, keys.len())) else {
        object.insert(key.to_owned(), value);
        return;
    };
    match random.below(4) {
        0 => {
            object.remove(old);
        }
        1 => {
            let moved = object.remove(old).unwrap_or_default();
            object.insert(key.to_owned(), moved);
        }
        2 => {
            let copy = object.get(old).cloned().unwrap_or_default();
            object.insert(
                format!("{old}{}", ["2", "_", "-", " ", ".", "é", ""][pick(random, 7)]),
                copy,
            );
        }
        _ => {
            object.insert(key.to_owned(), value);
        }
    }
}

/// Values that stand where others should.
fn odd(random: &Random) -> Value {
    match random.below(14) {
        0 => Value::Null,
        1 => json!(true),
        2 => json!(-1),
        3 => json!(1e308),
        4 => json!(u64::MAX),
        5 => json!(""),
        6 => json!("x".repeat(3000)),
        7 => json!("{}/../\u{0}\u{202e}\"\\"),
        8 => json!([]),
        9 => json!({}),
        10 => json!([[[[]]]]),
        11 => json!({ "type": "object", "properties": { "type": {}, "self": {}, "": {} } }),
        12 => json!((0..500).collect::<Vec<_>>()),
        _ => json!(keyword(random)),
    }
}

fn keyword(random: &Random) -> &'static str {
    const KEYWORDS: [&str; 44] = [
        "$ref",
        "type",
        "enum",
        "const",
        "allOf",
        "oneOf",
        "anyOf",
        "not",
        "items",
        "properties",
        "required",
        "additionalProperties",
        "patternProperties",
        "discriminator",
        "format",
        "nullable",
        "default",
        "minimum",
        "pattern",
        "maxLength",
        "readOnly",
        "parameters",
        "requestBody",
        "responses",
        "content",
        "schema",
        "get",
        "post",
        "in",
        "name",
        "style",
        "explode",
        "operationId",
        "servers",
        "security",
        "components",
        "paths",
        "tags",
        "definitions",
        "swagger",
        "openapi",
        "$id",
        "$anchor",
        "mapping",
    ];
    KEYWORDS[pick(random, KEYWORDS.len())]
}

/// How many values a tree has.
fn count(value: &Value) -> usize {
    1 + children(value).map(count).sum::<usize>()
}

fn children(value: &Value) -> Box<dyn Iterator<Item = &Value> + '_> {
    match value {
        Value::Array(items) => Box::new(items.iter()),
        Value::Object(object) => Box::new(object.values()),
        _ => Box::new(std::iter::empty()),
    }
}

/// The value of a number, in the order of the text.
fn nth(value: &Value, mut number: usize) -> Option<&Value> {
    let mut open = vec![value];
    while let Some(next) = open.pop() {
        if number == 0 {
            return Some(next);
        }
        number -= 1;
        let before = open.len();
        open.extend(children(next));
        open[before..].reverse();
    }
    None
}

fn nth_mut<'v>(value: &'v mut Value, number: &mut usize) -> Option<&'v mut Value> {
    if *number == 0 {
        return Some(value);
    }
    *number -= 1;
    match value {
        Value::Array(items) => items.iter_mut().find_map(|item| nth_mut(item, number)),
        Value::Object(object) => object.values_mut().find_map(|item| nth_mut(item, number)),
        _ => None,
    }
}

/// The JSON pointer to the value of a number.
fn pointer(value: &Value, number: usize) -> String {
    fn walk(value: &Value, number: &mut usize, at: &mut String) -> bool {
        if *number == 0 {
            return true;
        }
        *number -= 1;
        let entries: Vec<(String, &Value)> = match value {
            Value::Array(items) => items
                .iter()
                .enumerate()
                .map(|(key, item)| (key.to_string(), item))
                .collect(),
            Value::Object(object) => object
                .iter()
                .map(|(key, item)| (key.replace('~', "~0").replace('/', "~1"), item))
                .collect(),
            _ => Vec::new(),
        };
        for (key, item) in entries {
            let before = at.len();
            at.push('/');
            at.push_str(&key);
            if walk(item, number, at) {
                return true;
            }
            at.truncate(before);
        }
        false
    }
    let (mut number, mut at) = (number, String::new());
    walk(value, &mut number, &mut at);
    at
}
