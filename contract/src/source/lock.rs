//! `tieline.lock`: which file was fetched for which URL, and what it must be.
//!
//! It stands beside the contract, and the files in a folder `tieline-cache` beside it; both are meant to be checked in.
//! Reading never fetches: `cargo tieline fetch` does, and writes the lock anew.
//!
//! ```json
//! { "version": 1,
//!   "documents": [{ "url": "https://example.com/pet.json", "file": "tieline-cache/example.com/pet.json", "sha256": "…" }] }
//! ```

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::problem::{Place, Problem};

use super::diagnostics;

/// The name of the file.
pub const LOCK_FILE: &str = "tieline.lock";

/// The folder that fetched documents are kept in.
pub const CACHE_FOLDER: &str = "tieline-cache";

/// What was fetched.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Lock {
    folder: PathBuf,
    documents: Vec<Locked>,
}

/// One document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Locked {
    /// Where it was fetched from.
    pub url: String,
    /// Where it is kept, relative to the lock.
    pub file: PathBuf,
    /// The SHA-256 digest of its octets, in hexadecimal digits.
    pub sha256: String,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    version: u32,
    documents: Vec<Locked>,
}

impl Lock {
    /// The lock beside a contract; none is an empty one.
    ///
    /// # Errors
    /// There is one, and it cannot be read.
    pub fn beside(contract: &Path) -> Result<Self, Problem> {
        let folder = contract.parent().unwrap_or_else(|| Path::new("")).to_path_buf();
        let path = Self::path_beside(contract);
        let text = match std::fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                return Ok(Self {
                    folder,
                    documents: Vec::new(),
                });
            }
            Err(error) => return Err(wrong(&path, 0, 0, &error)),
        };
        let written: Written = serde_json::from_str(&text)
            .map_err(|error| wrong(&path, error.line() as u32, error.column() as u32, &error))?;
        if written.version != 1 {
            let why = format!("its version is {}, and 1 is known", written.version);
            return Err(wrong(&path, 0, 0, &why));
        }
        Ok(Self {
            folder,
            documents: written.documents,
        })
    }

    /// Where the lock beside a contract is, or would be.
    pub fn path_beside(contract: &Path) -> PathBuf {
        contract.parent().unwrap_or_else(|| Path::new("")).join(LOCK_FILE)
    }

    /// Each document, in the order of the URLs.
    pub fn documents(&self) -> &[Locked] {
        &self.documents
    }

    /// Its path: it may not be there yet.
    pub fn path(&self) -> PathBuf {
        self.folder.join(LOCK_FILE)
    }

    /// Takes up a document that was fetched, in place of an earlier one: where it is to be kept.
    pub fn insert(&mut self, url: &str, octets: &[u8]) -> PathBuf {
        let file = cache_path(url);
        self.documents.retain(|known| known.url != url);
        self.documents.push(Locked {
            url: url.to_owned(),
            file: file.clone(),
            sha256: digest(octets),
        });
        self.documents.sort_by(|a, b| a.url.cmp(&b.url));
        self.folder.join(file)
    }

    /// Its text.
    pub fn to_text(&self) -> String {
        let written = Written {
            version: 1,
            documents: self.documents.clone(),
        };
        serde_json::to_string_pretty(&written).unwrap_or_default() + "\n"
    }

    /// The file that was fetched for a URL.
    pub(super) fn path_of(&self, url: &str) -> Option<PathBuf> {
        let found = self.documents.iter().find(|known| known.url == url)?;
        Some(self.folder.join(&found.file))
    }

    /// The URL that a file was fetched from.
    pub(super) fn url_of(&self, path: &Path) -> Option<String> {
        let found = self
            .documents
            .iter()
            .find(|known| self.folder.join(&known.file) == path)?;
        Some(found.url.clone())
    }

    /// Whether the file that stands for a URL is what was fetched. A file that is mapped by hand is not judged.
    pub(super) fn verify(&self, url: &str, path: &Path) -> Result<(), Problem> {
        let Some(known) = self
            .documents
            .iter()
            .find(|known| known.url == url && self.folder.join(&known.file) == path)
        else {
            return Ok(());
        };
        // One that cannot be read is reported by who reads it.
        let Ok(octets) = std::fs::read(path) else {
            return Ok(());
        };
        if digest(&octets).eq_ignore_ascii_case(&known.sha256) {
            return Ok(());
        }
        let place = Place::file(path.to_string_lossy().into_owned());
        Err(Problem::new(&diagnostics::NOT_AS_LOCKED, place).about(format!("`{url}`")))
    }
}

fn wrong(path: &Path, line: u32, column: u32, why: &dyn std::fmt::Display) -> Problem {
    let place = Place {
        line,
        column,
        end_line: line,
        end_column: column,
        ..Place::file(path.to_string_lossy().into_owned())
    };
    Problem::new(&diagnostics::BAD_LOCK, place).about(why)
}

fn digest(octets: &[u8]) -> String {
    let digits = crate::lookup::digest(octets);
    let half = |four: u8| char::from_digit(u32::from(four), 16).unwrap_or_default();
    digits
        .iter()
        .flat_map(|octet| [half(octet >> 4), half(octet & 0xF)])
        .collect()
}

/// `https://example.com/a/b.json?v=2` is `tieline-cache/example.com/a/b.json`; what a name does not tell apart is told
/// apart by a part of the URL's digest.
fn cache_path(url: &str) -> PathBuf {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
    let mut segments: Vec<String> = path
        .split('/')
        .filter(|segment| !segment.is_empty())
        .map(|segment| segment.chars().map(|c| if plain(c) { c } else { '_' }).collect())
        // No way up.
        .map(|segment: String| {
            if segment.starts_with('.') {
                format!("_{segment}")
            } else {
                segment
            }
        })
        .collect();
    let is_exact = query.is_empty() && url.starts_with("https://") && segments.join("/") == path;
    if !is_exact && let Some(last) = segments.last_mut() {
        let mark = &digest(url.as_bytes())[..8];
        *last = match last.rsplit_once('.') {
            Some((stem, extension)) => format!("{stem}-{mark}.{extension}"),
            None => format!("{last}-{mark}"),
        };
    }
    std::iter::once(CACHE_FOLDER.to_owned()).chain(segments).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_is_kept_under_its_own_name_and_never_above_the_cache() {
        let path = |url| cache_path(url).to_string_lossy().into_owned();
        assert_eq!(
            path("https://example.com/a/pet.json"),
            "tieline-cache/example.com/a/pet.json"
        );
        let up = path("https://example.com/../../etc/passwd");
        assert!(!up.contains("/.."), "{up}");
        assert_ne!(
            path("https://example.com/pet.json?v=1"),
            path("https://example.com/pet.json?v=2")
        );
        assert_ne!(
            path("http://example.com/pet.json"),
            path("https://example.com/pet.json")
        );
    }
}
