//! Finds contracts: which lie below a folder.
//!
//! Folders are walked in sorted order. Hidden folders, `target` and `node_modules` are left out; links to folders are
//! not followed, because they can lead in circles.

use std::io::Read;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde::de::IgnoredAny;

/// The most of a file that is looked at.
const MAX_FILE_BYTES: usize = 64 * 1024 * 1024;

/// The contracts below a folder: every root OpenAPI document, and every proto that declares a service.
///
/// # Errors
/// A folder cannot be read.
pub fn roots(folder: &Path) -> std::io::Result<Vec<PathBuf>> {
    let is_root = |file: &PathBuf| match extension(file).as_deref() {
        Some("proto") => declares_service(file),
        Some("yaml" | "yml" | "json") => is_root_document(file),
        _ => false,
    };
    Ok(walk(folder)?.into_iter().filter(is_root).collect())
}

/// Whether a file is the root of an OpenAPI document: it says `openapi` or `swagger` at its top. Judged leniently, so
/// that a broken document is still read, and reported.
pub fn is_root_document(file: &Path) -> bool {
    let Some(text) = read_text(file) else {
        return false;
    };
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
    if text.trim_start().starts_with('{') {
        return match serde_json::from_str::<Head>(text) {
            Ok(head) => head.openapi.is_some() || head.swagger.is_some(),
            Err(error) if error.is_data() => false,
            // Not JSON: it may be YAML's flow style, or broken.
            Err(_) => text.contains("openapi") || text.contains("swagger"),
        };
    }
    text.lines().any(|line| {
        let key = line.split_once(':').map_or("", |(key, _)| key.trim_end());
        matches!(
            key,
            "openapi" | "\"openapi\"" | "'openapi'" | "swagger" | "\"swagger\"" | "'swagger'"
        )
    })
}

/// The keys by which a root document is known.
#[derive(Deserialize)]
struct Head {
    openapi: Option<IgnoredAny>,
    swagger: Option<IgnoredAny>,
}

/// A text of at most the size that contracts may have.
fn read_text(file: &Path) -> Option<String> {
    let mut text = String::new();
    let limit = MAX_FILE_BYTES as u64;
    let file = std::fs::File::open(file).ok()?;
    file.take(limit).read_to_string(&mut text).ok()?;
    Some(text)
}

fn declares_service(file: &Path) -> bool {
    let declares = |line: &str| {
        let rest = line.trim_start().strip_prefix("service ").map(str::trim);
        rest.is_some_and(|rest| {
            let end = rest
                .find(|c: char| !c.is_ascii_alphanumeric() && c != '_')
                .unwrap_or(rest.len());
            end > 0 && (rest[end..].is_empty() || rest[end..].trim_start().starts_with('{'))
        })
    };
    read_text(file).is_some_and(|text| text.lines().any(declares))
}

/// A file's extension in lower case.
pub fn extension(file: &Path) -> Option<String> {
    Some(file.extension()?.to_str()?.to_ascii_lowercase())
}

/// Every file below a folder, sorted.
fn walk(folder: &Path) -> std::io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    let mut folders = vec![folder.to_path_buf()];
    while let Some(next) = folders.pop() {
        let here = if next.as_os_str().is_empty() {
            Path::new(".")
        } else {
            &next
        };
        for entry in std::fs::read_dir(here)? {
            let entry = entry?;
            let name = entry.file_name();
            let name = name.to_string_lossy();
            let path = next.join(entry.file_name());
            if name.starts_with('.') {
                continue;
            }
            if entry.file_type()?.is_dir() {
                if !matches!(&*name, "target" | "node_modules") {
                    folders.push(path);
                }
            } else if path.is_file() {
                files.push(path);
            }
        }
    }
    files.sort();
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_is_no_root_document() {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
        write("list.json", r#"[{"openapi": "3.1.0"}, 1]"#);
        write("root.json", r#"{"openapi": "3.1.0"}"#);
        write("flow.yaml", "{openapi: 3.1.0}");
        let found = roots(folder.path()).unwrap();
        assert_eq!(
            found,
            ["flow.yaml", "root.json"].map(|name| folder.path().join(name))
        );
    }
}
