//! From a path to a checked contract.
//!
//! ```text
//! path -> dialect -> read (openapi | proto) -> check -> Read { contract, problems, files }
//! ```

use std::path::{Path, PathBuf};

use crate::check::{self, Checked};
use crate::lookup::Lookups;
use crate::model::Contract;
use crate::problem::Problems;

/// How to read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ReadOptions {
    /// The contract's short name. `None`: the file's name without its extension.
    pub name: Option<String>,
    /// Every warning is an error.
    pub strict: bool,
    /// Folders that proto imports are looked for in. Empty: the file's own folder.
    pub include: Vec<PathBuf>,
    /// URLs, or the starts of URLs, that references of an OpenAPI document name, and the files or folders that are read
    /// in their place.
    pub urls: Vec<(String, PathBuf)>,
    /// Overlay documents that are laid over an OpenAPI document before it is read, in order.
    pub overlays: Vec<PathBuf>,
    /// Bodies in XML beside JSON of the same schema are read, too. Left out unless set: what they are written by is long,
    /// and needs the runtime's feature `xml`.
    pub xml: bool,
}

/// What was read.
#[derive(Debug)]
pub struct Read {
    /// The contract.
    pub contract: Checked<Contract>,
    /// Warnings.
    pub problems: Problems,
    /// Every file that was read to make it: changes of these make it stale.
    pub files: Vec<PathBuf>,
    /// Every path that was looked at, and what was there.
    pub lookups: Lookups,
    /// The operations that were skipped, as `GET /pets`.
    pub skipped: Vec<String>,
    /// URLs that references lead to and no file stands for: what refers to them is skipped, or raw JSON.
    pub unmapped_urls: Vec<String>,
    /// The descriptors of a proto contract.
    #[cfg(feature = "proto")]
    pub descriptors: Option<crate::proto::Descriptors>,
}

/// What a dialect's reader gives.
#[derive(Debug, Default)]
struct Unchecked {
    contract: Option<Contract>,
    problems: Problems,
    files: Vec<PathBuf>,
    lookups: Lookups,
    skipped: Vec<String>,
    unmapped_urls: Vec<String>,
    #[cfg(feature = "proto")]
    descriptors: Option<crate::proto::Descriptors>,
    /// The texts, for the excerpts of what the checks find.
    #[cfg(feature = "openapi")]
    sources: crate::source::SourceMap,
}

/// Reads a contract: Protocol Buffers when the path ends in `.proto`, an OpenAPI document otherwise.
///
/// # Errors
/// All problems, when one of them is an error (with [`ReadOptions::strict`]: when there is any).
pub fn read(path: &Path, options: &ReadOptions) -> Result<Read, Problems> {
    let is_proto = path
        .extension()
        .is_some_and(|extension| extension.eq_ignore_ascii_case("proto"));
    let unchecked = if is_proto {
        read_proto(path, options)
    } else {
        read_openapi(path, options)
    };
    finish(unchecked, options)
}

/// The URLs that references of an OpenAPI document, and of the files that it refers to, lead to, and that no file stands
/// for.
///
/// # Errors
/// The document cannot be read as text, or an overlay cannot be laid over it.
#[cfg(feature = "openapi")]
pub fn unmapped_urls(path: &Path, options: &ReadOptions) -> Result<Vec<String>, crate::problem::Problem> {
    let mut sources = crate::source::SourceMap::new();
    let document = load(&mut sources, path, options, &mut Problems::new())?;
    Ok(document.unmapped_urls())
}

/// Reads an OpenAPI document that stands in no file. `file` is what problems call it.
///
/// # Errors
/// As [`read`].
#[cfg(feature = "openapi")]
pub fn read_text(file: &str, text: impl Into<String>, options: &ReadOptions) -> Result<Read, Problems> {
    use crate::source::{Document, SourceMap};
    let mut sources = SourceMap::new();
    let id = sources.add_text(file, text);
    let document = Document::parse(&sources, id);
    let unchecked = from_document(sources, document, Problems::new(), Path::new(file), options);
    finish(unchecked, options)
}

fn finish(unchecked: Unchecked, options: &ReadOptions) -> Result<Read, Problems> {
    let Unchecked {
        contract,
        mut problems,
        files,
        lookups,
        skipped,
        unmapped_urls,
        #[cfg(feature = "proto")]
        descriptors,
        #[cfg(feature = "openapi")]
        sources,
    } = unchecked;
    let contract = contract.and_then(|contract| check::check(contract, &mut problems));
    #[cfg(feature = "openapi")]
    problems
        .places_mut()
        .for_each(|place| sources.fill_excerpt(place));
    if options.strict {
        problems.deny_warnings();
    }
    problems.settle();
    match contract {
        Some(contract) if !problems.has_errors() => Ok(Read {
            contract,
            problems,
            files,
            lookups,
            skipped,
            unmapped_urls,
            #[cfg(feature = "proto")]
            descriptors,
        }),
        _ => Err(problems),
    }
}

/// The name that the options give, or the file's.
#[cfg(any(feature = "openapi", feature = "proto"))]
fn short_name(path: &Path, options: &ReadOptions) -> String {
    let stem = || path.file_stem().map(|stem| stem.to_string_lossy().into_owned());
    options
        .name
        .clone()
        .or_else(stem)
        .unwrap_or_else(|| "contract".to_owned())
}

#[cfg(feature = "openapi")]
fn read_openapi(path: &Path, options: &ReadOptions) -> Unchecked {
    let mut sources = crate::source::SourceMap::new();
    let mut problems = Problems::new();
    let document = load(&mut sources, path, options, &mut problems);
    from_document(sources, document, problems, path, options)
}

/// The document with all that it refers to, overlays laid over it.
#[cfg(feature = "openapi")]
fn load(
    sources: &mut crate::source::SourceMap,
    path: &Path,
    options: &ReadOptions,
    problems: &mut Problems,
) -> Result<crate::source::Document, crate::problem::Problem> {
    use crate::source::{Document, Lock, Mapped};
    sources.look(&Lock::path_beside(path));
    let mapped = Mapped {
        urls: options.urls.clone(),
        lock: Lock::beside(path)?,
    };
    if options.overlays.is_empty() {
        return Document::load(sources, path, &mapped);
    }
    let file = sources.load(path)?;
    let document = Document::parse(sources, file)?;
    lay(sources, document, path, &options.overlays, &mapped, problems)
}

#[cfg(feature = "overlay")]
use crate::overlay::lay;

#[cfg(all(feature = "openapi", not(feature = "overlay")))]
fn lay(
    _: &mut crate::source::SourceMap,
    _: crate::source::Document,
    path: &Path,
    _: &[PathBuf],
    _: &crate::source::Mapped,
    _: &mut Problems,
) -> Result<crate::source::Document, crate::problem::Problem> {
    Err(without_feature(path, "overlay"))
}

#[cfg(feature = "openapi")]
fn from_document(
    mut sources: crate::source::SourceMap,
    document: Result<crate::source::Document, crate::problem::Problem>,
    mut problems: Problems,
    path: &Path,
    options: &ReadOptions,
) -> Unchecked {
    let mut read = match document {
        Ok(document) => {
            let unmapped_urls = document.unmapped_urls();
            let reading = crate::openapi::read(&sources, document, &short_name(path, options), options.xml);
            problems.append(reading.problems);
            Unchecked {
                contract: reading.contract,
                problems,
                skipped: reading.skipped,
                unmapped_urls,
                ..Unchecked::default()
            }
        }
        Err(problem) => {
            problems.push(problem);
            Unchecked {
                problems,
                ..Unchecked::default()
            }
        }
    };
    read.problems.append(sources.take_notes());
    let lookups = sources.take_lookups();
    let mut files = sources.paths();
    // The lock is read, too, where there is one.
    let others = lookups.files().into_iter();
    let others: Vec<PathBuf> = others.filter(|path| !files.contains(path)).collect();
    files.extend(others);
    Unchecked {
        files,
        lookups,
        sources,
        ..read
    }
}

#[cfg(not(feature = "openapi"))]
fn read_openapi(path: &Path, _: &ReadOptions) -> Unchecked {
    without_feature(path, "openapi").into()
}

#[cfg(feature = "proto")]
fn read_proto(path: &Path, options: &ReadOptions) -> Unchecked {
    let name = short_name(path, options);
    match crate::proto::read(&[path.to_owned()], &options.include, &name) {
        Ok(read) => Unchecked {
            contract: Some(read.contract),
            problems: read.problems,
            files: read.files,
            lookups: read.lookups,
            descriptors: Some(read.descriptors),
            ..Unchecked::default()
        },
        Err(problems) => Unchecked {
            problems,
            ..Unchecked::default()
        },
    }
}

#[cfg(not(feature = "proto"))]
fn read_proto(path: &Path, _: &ReadOptions) -> Unchecked {
    without_feature(path, "proto").into()
}

/// A dialect whose reader was not built in.
#[cfg(not(all(feature = "openapi", feature = "overlay", feature = "proto")))]
fn without_feature(path: &Path, feature: &str) -> crate::problem::Problem {
    use crate::problem::{Diagnostic, Level, Place, Problem};
    const NOT_BUILT_IN: Diagnostic = Diagnostic {
        code: "TL-SRC-020",
        level: Level::Error,
        title: "the reader of this kind of contract is not built in",
        label: "",
        help: "enable the feature of that name of tieline-contract",
    };
    let place = Place::file(path.to_string_lossy().into_owned());
    Problem::new(&NOT_BUILT_IN, place).about(format!("`{feature}`"))
}

#[cfg(not(all(feature = "openapi", feature = "proto")))]
impl From<crate::problem::Problem> for Unchecked {
    fn from(problem: crate::problem::Problem) -> Self {
        Self {
            problems: problem.into(),
            ..Self::default()
        }
    }
}
