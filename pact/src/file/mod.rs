//! The pact file: where it is, whose its interactions are, and how many tests write it without harm.
//!
//! ```text
//! lock ── read ── drop this test's claims and those of tests that are gone ── add this test's ── sort ── rename
//! ```
//!
//! An interaction names the tests that claim it; one that loses its last claim is dropped, one that never had any is
//! left alone. The content decides what is the same interaction, so that the order in which tests end does not
//! matter: the file is a function of the claims.

mod owner;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::{LazyLock, Mutex, PoisonError};

use serde_json::{Value as Json, json};

pub(crate) use self::owner::Owner;
use crate::engine;
use crate::error::{Error, ErrorKind};
use crate::json::{canonical, sorted};

/// The environment variable that sends the files of all tests elsewhere.
const DIRECTORY: &str = "TIELINE_PACT_DIR";

/// Who agrees with whom.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Pair<'a> {
    pub(crate) consumer: &'a str,
    pub(crate) provider: &'a str,
}

/// The directory of the files: the environment's, else the one set, else `contracts/pacts` of the nearest directory
/// upwards that has a `tieline.toml` or a `contracts`.
pub(crate) fn directory(set: Option<&Path>) -> PathBuf {
    if let Some(directory) = std::env::var_os(DIRECTORY) {
        return directory.into();
    }
    if let Some(directory) = set {
        return directory.to_owned();
    }
    let start = std::env::current_dir().unwrap_or_default();
    let root = start
        .ancestors()
        .find(|directory| directory.join("tieline.toml").is_file() || directory.join("contracts").is_dir());
    root.unwrap_or(&start).join("contracts").join("pacts")
}

/// Puts `interactions` into the file of `pair` as those of `owner`.
pub(crate) fn write(
    directory: &Path,
    pair: &Pair<'_>,
    owner: &Owner,
    interactions: Vec<Json>,
) -> Result<(), Error> {
    let path = directory.join(file_name(pair));
    let failed = |what: &str, error: &dyn std::fmt::Display| {
        Error::new(
            ErrorKind::File,
            format!("the pact file {} {what}: {error}", path.display()),
        )
    };
    fs::create_dir_all(directory).map_err(|error| failed("has no directory", &error))?;
    contend(&path, owner, &interactions)?;
    let lock = lock_path(&path).map_err(|error| failed("has no absolute path", &error))?;
    let merged = engine::locked(&lock, || merge(&path, pair, owner, &interactions));
    merged.map_err(|error| failed("cannot be locked", &error))?
}

/// Two tests of one process that record different interactions under one name contradict each other. Tests of other
/// processes are left out: what the file has of them may be old.
fn contend(path: &Path, owner: &Owner, interactions: &[Json]) -> Result<(), Error> {
    type Seen = HashMap<(PathBuf, String), (String, String)>;
    static SEEN: LazyLock<Mutex<Seen>> = LazyLock::new(Mutex::default);
    let mut seen = SEEN.lock().unwrap_or_else(PoisonError::into_inner);
    for interaction in interactions {
        let key = (
            path.to_owned(),
            canonical(&json!([
                interaction["description"],
                interaction["providerStates"]
            ])),
        );
        let content = canonical(interaction);
        match seen.get(&key) {
            Some((other, known)) if *known != content && *other != owner.id() => {
                let text = format!(
                    "the tests {other:?} and {:?} record different interactions as {} in the same states; tell them \
                     apart by `upon`",
                    owner.id(),
                    interaction["description"]
                );
                return Err(Error::new(ErrorKind::Ambiguous, text));
            }
            _ => {
                seen.insert(key, (owner.id(), content));
            }
        }
    }
    Ok(())
}

/// An interaction by its content, with the tests that claim it. `None`: it never had any.
type Claims = BTreeMap<String, (Json, Option<BTreeSet<String>>)>;

fn merge(path: &Path, pair: &Pair<'_>, owner: &Owner, interactions: &[Json]) -> Result<(), Error> {
    let failed = |what: &str| {
        Error::new(
            ErrorKind::File,
            format!("the pact file {} {what}", path.display()),
        )
    };
    let before = match fs::read(path) {
        Ok(octets) => Some(octets),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => None,
        Err(error) => return Err(failed(&format!("cannot be read: {error}"))),
    };
    let mut claims = match &before {
        Some(octets) => read(octets).map_err(|why| failed(&format!("{why}; move it away, or repair it")))?,
        None => Claims::new(),
    };
    release(&mut claims, owner);
    for interaction in interactions {
        let slot = claims
            .entry(canonical(interaction))
            .or_insert_with(|| (interaction.clone(), Some(BTreeSet::new())));
        slot.1.get_or_insert_default().insert(owner.id());
    }
    claims.retain(|_, (_, tests)| tests.as_ref().is_none_or(|tests| !tests.is_empty()));
    if claims.is_empty() {
        return match before {
            Some(_) => fs::remove_file(path).map_err(|error| failed(&format!("cannot be removed: {error}"))),
            None => Ok(()),
        };
    }
    let after = text(pair, claims);
    if before.as_deref() == Some(after.as_bytes()) {
        return Ok(());
    }
    replace(path, &after).map_err(|error| failed(&format!("cannot be written: {error}")))
}

/// Drops the claims of this test, and of tests that its binary no longer has.
fn release(claims: &mut Claims, owner: &Owner) {
    let own = owner.id();
    let all: BTreeSet<String> = claims
        .values()
        .filter_map(|(_, tests)| tests.as_ref())
        .flatten()
        .filter(|test| **test != own)
        .cloned()
        .collect();
    let gone = owner.gone(&all);
    for (_, tests) in claims.values_mut() {
        if let Some(tests) = tests {
            tests.retain(|test| *test != own && !gone.contains(test));
        }
    }
}

fn read(octets: &[u8]) -> Result<Claims, String> {
    let pact: Json = serde_json::from_slice(octets).map_err(|error| format!("is no JSON: {error}"))?;
    let version = pact
        .pointer("/metadata/pactSpecification/version")
        .and_then(Json::as_str);
    if !version.is_some_and(|version| version.starts_with('4')) {
        return Err("is no pact of version 4".into());
    }
    let interactions = pact
        .get("interactions")
        .and_then(Json::as_array)
        .ok_or("has no interactions")?;
    Ok(interactions
        .iter()
        .map(|interaction| {
            let (interaction, tests) = unclaimed(interaction);
            (canonical(&interaction), (interaction, tests))
        })
        .collect())
}

/// An interaction without its claims, and its claims.
fn unclaimed(interaction: &Json) -> (Json, Option<BTreeSet<String>>) {
    let mut interaction = interaction.clone();
    let tests = interaction.pointer("/comments/tieline/tests").map(|tests| {
        let tests = tests.as_array().into_iter().flatten();
        tests.filter_map(Json::as_str).map(str::to_owned).collect()
    });
    if tests.is_some()
        && let Some(entries) = interaction.as_object_mut()
    {
        let comments = entries.get_mut("comments").and_then(Json::as_object_mut);
        let empty = comments.is_some_and(|comments| {
            comments.remove("tieline");
            comments.is_empty()
        });
        if empty {
            entries.remove("comments");
        }
    }
    (interaction, tests)
}

/// The whole file: sorted by description, states and content.
fn text(pair: &Pair<'_>, claims: Claims) -> String {
    let mut interactions: Vec<_> = claims
        .into_iter()
        .map(|(content, (mut interaction, tests))| {
            if let Some(tests) = tests {
                let mut comments = interaction
                    .get("comments")
                    .cloned()
                    .filter(Json::is_object)
                    .unwrap_or_else(|| json!({}));
                comments["tieline"] = json!({ "tests": tests });
                if let Some(entries) = interaction.as_object_mut() {
                    entries.insert("comments".into(), comments);
                }
            }
            let description = interaction["description"].as_str().unwrap_or_default().to_owned();
            let states = canonical(&interaction["providerStates"]);
            ((description, states, content), interaction)
        })
        .collect();
    interactions.sort_by(|(left, _), (right, _)| left.cmp(right));
    let interactions: Vec<_> = interactions
        .into_iter()
        .map(|(_, interaction)| interaction)
        .collect();
    let pact = json!({
        "consumer": { "name": pair.consumer },
        "provider": { "name": pair.provider },
        "interactions": interactions,
        "metadata": { "pactSpecification": { "version": "4.0" } },
    });
    format!("{:#}\n", sorted(&pact))
}

/// A reader sees the old file or the new one, never a part.
fn replace(path: &Path, text: &str) -> std::io::Result<()> {
    let temporary = path.with_extension(format!("json.{}", std::process::id()));
    let written = fs::File::create(&temporary)
        .and_then(|mut file| {
            file.write_all(text.as_bytes())?;
            file.sync_all()
        })
        .and_then(|()| fs::rename(&temporary, path));
    if written.is_err() {
        // The first error is the one to report.
        let _ = fs::remove_file(&temporary);
    }
    written
}

/// `web-pets.json`. What may mean something to a file system becomes an underscore.
fn file_name(pair: &Pair<'_>) -> String {
    let plain = |name: &str| -> String {
        let plain = |c: char| {
            if c.is_alphanumeric() || matches!(c, '-' | '_' | '.') {
                c
            } else {
                '_'
            }
        };
        name.chars().map(plain).collect()
    };
    format!("{}-{}.json", plain(pair.consumer), plain(pair.provider))
}

/// Locks are not kept beside the pacts, which are checked in.
fn lock_path(path: &Path) -> std::io::Result<PathBuf> {
    let mut hasher = DefaultHasher::new();
    let directory = path.parent().unwrap_or(path).canonicalize()?;
    (directory, path.file_name()).hash(&mut hasher);
    Ok(std::env::temp_dir().join(format!("tieline-pact-{:016x}.lock", hasher.finish())))
}
