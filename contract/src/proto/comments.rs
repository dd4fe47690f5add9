//! Where declarations stand in a proto file, and what their comments say.

use std::collections::HashMap;

use prost_types::FileDescriptorProto;
use prost_types::source_code_info::Location;

/// The places of one file's declarations, by descriptor path.
#[derive(Debug, Default)]
pub(super) struct Places {
    by_path: HashMap<Vec<i32>, Place>,
}

/// Where one declaration stands.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Place {
    /// From 1; 0 when unknown.
    pub(super) line: u32,
    /// From 1; 0 when unknown.
    pub(super) column: u32,
    /// The line where it ends.
    pub(super) end_line: u32,
    /// The column behind its last character.
    pub(super) end_column: u32,
    /// The comment before it, else the one behind it.
    pub(super) docs: Option<String>,
}

impl Places {
    /// Indexes a file's source info.
    pub(super) fn of(file: &FileDescriptorProto) -> Self {
        let locations = file.source_code_info.iter().flat_map(|info| &info.location);
        // Declarations have paths of (field, index) pairs; the package statement is the one other of interest.
        let wanted = locations.filter(|at| !at.path.is_empty() && (at.path.len() % 2 == 0 || at.path == [2]));
        let mut by_path = HashMap::new();
        for location in wanted {
            // An extend block repeats its path; the first is the declaration.
            by_path
                .entry(location.path.clone())
                .or_insert_with(|| Place::of(location));
        }
        Self { by_path }
    }

    /// The place of the declaration at a descriptor path.
    pub(super) fn get(&self, path: &[i32]) -> Place {
        self.by_path.get(path).cloned().unwrap_or_default()
    }
}

impl Place {
    fn of(location: &Location) -> Self {
        // Three numbers, [line, column, end column], or four with the end's line before its column; all from 0.
        let position = |index: usize| {
            location
                .span
                .get(index)
                .map_or(0, |at| at.cast_unsigned().saturating_add(1))
        };
        let multiline = location.span.len() > 3;
        let docs = |comment: &Option<String>| comment.as_deref().and_then(clean);
        Self {
            line: position(0),
            column: position(1),
            end_line: position(if multiline { 2 } else { 0 }),
            end_column: position(if multiline { 3 } else { 2 }),
            docs: docs(&location.leading_comments).or_else(|| docs(&location.trailing_comments)),
        }
    }
}

/// A comment's text: without the blank after `//`, the star of `/**`, and remarks `(-- … --)` that are meant for
/// linters only (AIP-192).
fn clean(comment: &str) -> Option<String> {
    let public = without_internal_remarks(comment);
    let body = public.strip_prefix('*').unwrap_or(&public);
    let lines: Vec<&str> = body
        .lines()
        .map(|line| line.strip_prefix(' ').unwrap_or(line).trim_end())
        .collect();
    let text = lines.join("\n");
    let text = text.trim_matches('\n').trim_end();
    (!text.trim().is_empty()).then(|| text.to_owned())
}

fn without_internal_remarks(comment: &str) -> String {
    let mut kept = String::with_capacity(comment.len());
    let mut rest = comment;
    while let Some(start) = rest.find("(--") {
        let Some(length) = rest[start..].find("--)") else {
            break;
        };
        kept.push_str(&rest[..start]);
        rest = &rest[start + length + "--)".len()..];
    }
    kept.push_str(rest);
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn line_comments_lose_one_blank_only() {
        assert_eq!(
            clean(" A user.\n   indented\n\n More.\n").as_deref(),
            Some("A user.\n  indented\n\nMore.")
        );
    }

    #[test]
    fn block_comments_lose_their_star() {
        assert_eq!(clean("*\n A user.\n").as_deref(), Some("A user."));
    }

    #[test]
    fn remarks_for_linters_are_left_out() {
        assert_eq!(
            clean(" (-- api-linter: x=disabled\n  because --)\n A user.\n").as_deref(),
            Some("A user.")
        );
        assert_eq!(clean(" (-- all --)\n"), None);
        assert_eq!(clean(" (-- open\n").as_deref(), Some("(-- open"));
    }

    #[test]
    fn an_empty_comment_is_none() {
        assert_eq!(clean("  \n\n"), None);
    }
}
