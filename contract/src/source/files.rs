//! The files that were read, and places in them.

use std::cell::RefCell;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::lookup::Lookups;
use crate::problem::{Place, Problem, Problems};

use super::{MAX_FILE_BYTES, diagnostics};

/// A file of a [`SourceMap`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FileId(u32);

/// Bytes `start..end` of a file's text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Span {
    /// The file.
    pub file: FileId,
    /// The first byte.
    pub start: u32,
    /// The byte behind the last.
    pub end: u32,
}

impl Span {
    /// Whether `offset` lies in it, its end included.
    pub(super) fn reaches(self, offset: u32) -> bool {
        self.start <= offset && offset <= self.end
    }
}

/// Every file that was read: its name, text and line starts.
#[derive(Debug, Default)]
pub struct SourceMap {
    files: Vec<File>,
    /// What was wrong with texts that were read all the same.
    notes: RefCell<Problems>,
    lookups: Lookups,
}

#[derive(Debug)]
struct File {
    path: Option<PathBuf>,
    name: Arc<str>,
    text: Arc<str>,
    line_starts: Vec<u32>,
    /// For each block, how many bytes before it continue a character.
    continuations: Vec<u32>,
}

impl SourceMap {
    /// No files yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Reads a file. A byte order mark is dropped.
    pub fn load(&mut self, path: &Path) -> Result<FileId, Problem> {
        let name: Arc<str> = path.to_string_lossy().into();
        let at = || Place::file(Arc::clone(&name));
        let read = std::fs::read(path);
        self.lookups.read(path, &read);
        let bytes = read.map_err(|error| {
            Problem::new(&diagnostics::UNREADABLE, at()).about(format!("{name}: {error}"))
        })?;
        if bytes.len() > MAX_FILE_BYTES {
            return Err(Problem::new(&diagnostics::TOO_LARGE, at()));
        }
        let text = String::from_utf8(bytes).map_err(|error| {
            let offset = error.utf8_error().valid_up_to();
            Problem::new(&diagnostics::NOT_UTF8, at()).about(format!("byte {offset} of {name}"))
        })?;
        Ok(self.insert(Some(path.to_owned()), name, text))
    }

    /// Takes a text that stands in no file, under a name to show.
    pub fn add_text(&mut self, name: &str, text: impl Into<String>) -> FileId {
        self.insert(None, name.into(), text.into())
    }

    /// Notes what is at a path that others read.
    pub fn look(&self, path: &Path) {
        self.lookups.look(path);
    }

    /// The paths that were looked at.
    pub(super) fn lookups(&self) -> &Lookups {
        &self.lookups
    }

    /// The paths that were looked at, taken away.
    pub fn take_lookups(&mut self) -> Lookups {
        std::mem::take(&mut self.lookups)
    }

    /// Keeps what is wrong with a text that is read all the same.
    pub(super) fn note(&self, problem: Problem) {
        self.notes.borrow_mut().push(problem);
    }

    /// What was wrong with texts that were read all the same.
    pub fn take_notes(&self) -> Problems {
        self.notes.take()
    }

    fn insert(&mut self, path: Option<PathBuf>, name: Arc<str>, text: String) -> FileId {
        let text: Arc<str> = text.strip_prefix('\u{feff}').unwrap_or(&text).into();
        self.files.push(File::new(path, name, text));
        FileId(self.files.len() as u32 - 1)
    }

    /// The text of a file. Empty for a file of another map.
    pub fn text(&self, file: FileId) -> Arc<str> {
        self.files
            .get(file.0 as usize)
            .map_or_else(|| "".into(), |file| Arc::clone(&file.text))
    }

    /// The name of a file, as the user gave it.
    pub fn name(&self, file: FileId) -> Arc<str> {
        self.files
            .get(file.0 as usize)
            .map_or_else(|| "".into(), |file| Arc::clone(&file.name))
    }

    /// Where a file was read from. `None`: it stands in no file.
    pub(super) fn path(&self, file: FileId) -> Option<PathBuf> {
        self.files.get(file.0 as usize)?.path.clone()
    }

    /// How long all files are together.
    pub fn bytes(&self) -> usize {
        self.files.iter().map(|file| file.text.len()).sum()
    }

    /// The path of every file that was read from disk, in the order of reading.
    pub fn paths(&self) -> Vec<PathBuf> {
        self.files.iter().filter_map(|file| file.path.clone()).collect()
    }

    /// Line and column of a byte, both from 1; columns count characters.
    pub fn line_column(&self, file: FileId, offset: u32) -> (u32, u32) {
        let Some(file) = self.files.get(file.0 as usize) else {
            return (0, 0);
        };
        let line = file.line_starts.partition_point(|start| *start <= offset).max(1);
        let start = file.line_starts[line - 1];
        let characters = |at: u32| at as usize - file.continuations_before(at);
        (
            line as u32,
            (characters(offset.max(start)) - characters(start)) as u32 + 1,
        )
    }

    /// Where a span stands, with the line it starts in. The pointer is left empty.
    pub fn place(&self, span: Span) -> Place {
        let (line, column) = self.line_column(span.file, span.start);
        let (end_line, end_column) = self.line_column(span.file, span.end.max(span.start));
        Place {
            file: self.name(span.file),
            line,
            column,
            end_line,
            end_column,
            pointer: String::new(),
            excerpt: self.excerpt(span.file, line, span.start),
        }
    }

    /// Gives a place that has no excerpt the line it starts in.
    pub fn fill_excerpt(&self, place: &mut Place) {
        if !place.excerpt.is_empty() || place.line == 0 {
            return;
        }
        if let Some(at) = self.files.iter().position(|file| file.name == place.file) {
            let file = &self.files[at];
            let Some(start) = file.line_starts.get(place.line as usize - 1) else {
                return;
            };
            let rest = file.text.get(*start as usize..).unwrap_or_default();
            let before = rest.char_indices().nth(place.column.saturating_sub(1) as usize);
            let offset = *start + before.map_or(0, |(at, _)| at as u32);
            place.excerpt = self.excerpt(FileId(at as u32), place.line, offset);
        }
    }

    /// A line (from 1) without its line feed, cut around `offset` when it is long, as [`Place::excerpt`] says.
    fn excerpt(&self, file: FileId, line: u32, offset: u32) -> String {
        let Some(file) = self.files.get(file.0 as usize) else {
            return String::new();
        };
        let start = (line as usize)
            .checked_sub(1)
            .and_then(|at| file.line_starts.get(at))
            .copied();
        let end = file
            .line_starts
            .get(line as usize)
            .map_or(file.text.len(), |end| *end as usize);
        let text = start
            .and_then(|start| file.text.get(start as usize..end))
            .unwrap_or_default();
        let text = text.trim_end_matches(['\n', '\r']);
        let offset = (offset - start.unwrap_or(offset)) as usize;
        cut(text, offset.min(text.len()))
    }
}

impl File {
    fn new(path: Option<PathBuf>, name: Arc<str>, text: Arc<str>) -> Self {
        let newlines = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n');
        let line_starts = std::iter::once(0)
            .chain(newlines.map(|(at, _)| at as u32 + 1))
            .collect();
        let mut total = 0;
        let blocks = text.as_bytes().chunks(BLOCK).map(|block| {
            let before = total;
            total += block.iter().filter(|byte| is_continuation(**byte)).count() as u32;
            before
        });
        let continuations = blocks.collect();
        Self {
            path,
            name,
            text,
            line_starts,
            continuations,
        }
    }

    /// How many bytes before an offset continue a character.
    fn continuations_before(&self, offset: u32) -> usize {
        let block = offset as usize / BLOCK;
        let known = self
            .continuations
            .get(block)
            .or(self.continuations.last())
            .map_or(0, |count| *count);
        let start = block.min(self.continuations.len().saturating_sub(1)) * BLOCK;
        let rest = self
            .text
            .as_bytes()
            .get(start..offset as usize)
            .unwrap_or_default();
        known as usize + rest.iter().filter(|byte| is_continuation(**byte)).count()
    }
}

/// Documents in one line are common; excerpts of them are cut.
fn cut(line: &str, offset: usize) -> String {
    if line.len() <= Place::LONGEST_EXCERPT {
        return line.to_owned();
    }
    let before = line.get(..offset).unwrap_or_default();
    let lead = before
        .char_indices()
        .rev()
        .nth(Place::CUT_BEFORE - 1)
        .map_or(0, |(at, _)| at);
    let shown: String = line
        .get(lead..)
        .unwrap_or_default()
        .chars()
        .take(Place::LONGEST_EXCERPT)
        .collect();
    if lead > 0 { format!("…{shown}") } else { shown }
}

/// Continuation bytes are counted once for every block of this many bytes.
const BLOCK: usize = 1024;

const fn is_continuation(byte: u8) -> bool {
    byte & 0b1100_0000 == 0b1000_0000
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_count_characters_and_lines_start_at_one() {
        let mut sources = SourceMap::new();
        let file = sources.add_text("a.yaml", "\u{feff}é: ü\nb: c\n");
        assert_eq!(sources.line_column(file, 0), (1, 1));
        assert_eq!(sources.line_column(file, 4), (1, 4));
        assert_eq!(sources.line_column(file, 7), (2, 1));
        let place = sources.place(Span {
            file,
            start: 4,
            end: 6,
        });
        assert_eq!((place.end_column, &*place.excerpt), (5, "é: ü"));
    }

    #[test]
    fn places_in_a_very_long_line_are_exact_and_their_excerpts_cut() {
        let mut sources = SourceMap::new();
        let text = format!("{}KEY{}", "é".repeat(3000), "x".repeat(3000));
        let file = sources.add_text("a.json", text);
        let place = sources.place(Span {
            file,
            start: 6000,
            end: 6003,
        });
        assert_eq!((place.line, place.column, place.end_column), (1, 3001, 3004));
        assert!(place.excerpt.chars().count() <= 401, "{}", place.excerpt);
        let text = crate::problem::Problem::new(&diagnostics::BAD_JSON, place).to_text(false);
        let lines: Vec<&str> = text.lines().collect();
        let caret = lines[4].chars().position(|c| c == '^').unwrap();
        assert_eq!(
            lines[3].chars().skip(caret).take(3).collect::<String>(),
            "KEY",
            "{text}"
        );
    }

    #[test]
    fn a_missing_file_is_a_problem_that_names_it() {
        let problem = SourceMap::new()
            .load(Path::new("does/not/exist.yaml"))
            .unwrap_err();
        assert_eq!(problem.code, "TL-SRC-001");
        assert!(
            problem.message.contains("does/not/exist.yaml"),
            "{}",
            problem.message
        );
    }
}
