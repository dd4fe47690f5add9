//! What the contracts below a folder would be called.

use std::path::{Path, PathBuf};

use tieline_contract::discover;

/// A contract: an OpenAPI document, or a proto with what it imports.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Found {
    pub(crate) path: PathBuf,
    /// What it is called when nobody says otherwise: a Rust identifier.
    pub(crate) name: String,
}

/// Whether a file can be a contract: by its extension; by its text when it has none that tells.
pub(crate) fn is_contract(file: &Path) -> bool {
    matches!(
        discover::extension(file).as_deref(),
        Some("proto" | "yaml" | "yml" | "json")
    ) || discover::is_root_document(file)
}

/// The contracts below a folder: every root OpenAPI document, and every proto that declares a service. No two have the
/// same name.
pub(crate) fn below(folder: &Path) -> std::io::Result<Vec<Found>> {
    let mut found: Vec<Found> = discover::roots(folder)?
        .into_iter()
        .map(|path| Found {
            name: name_of_file(&path),
            path,
        })
        .collect();
    tell_apart(&mut found, folder);
    Ok(found)
}

/// Puts the names of the folders above, as far as needed, before names that meet.
fn tell_apart(found: &mut [Found], top: &Path) {
    let longest = found
        .iter()
        .map(|one| one.path.components().count())
        .max()
        .unwrap_or(0);
    for height in 1..longest {
        let names: Vec<String> = found.iter().map(|one| one.name.clone()).collect();
        let mut met = false;
        for one in found.iter_mut() {
            if names.iter().filter(|name| **name == one.name).count() < 2 {
                continue;
            }
            met = true;
            let holder = one.path.ancestors().nth(height).filter(|holder| *holder != top);
            if let Some(above) = holder.and_then(Path::file_name) {
                one.name = identifier(&format!("{}_{}", above.to_string_lossy(), one.name));
            }
        }
        if !met {
            return;
        }
    }
}

/// The name of a contract in this file: `pets` for `pets.yaml`, and for `pets/openapi.yaml`, too.
pub(crate) fn name_of_file(file: &Path) -> String {
    let stem = file.file_stem().unwrap_or_default().to_string_lossy();
    let telling = !matches!(&*stem.to_ascii_lowercase(), "openapi" | "swagger");
    let holder = file.parent().and_then(Path::file_name);
    match holder {
        Some(holder) if !telling => identifier(&holder.to_string_lossy()),
        _ => identifier(&stem),
    }
}

/// A text as a Rust identifier in snake case: `Discord API` -> `discord_api`. Never empty.
pub(crate) fn identifier(text: &str) -> String {
    let mut name = String::new();
    let mut lower_before = false;
    for c in text.chars() {
        if c.is_ascii_alphanumeric() {
            if c.is_ascii_uppercase() && lower_before {
                name.push('_');
            }
            name.push(c.to_ascii_lowercase());
            lower_before = !c.is_ascii_uppercase();
        } else {
            if !name.is_empty() && !name.ends_with('_') {
                name.push('_');
            }
            lower_before = false;
        }
    }
    let name = name.trim_matches('_');
    if name.is_empty() {
        "contract".to_owned()
    } else if name.starts_with(|c: char| c.is_ascii_digit()) {
        format!("v{name}")
    } else if is_keyword(name) {
        format!("{name}_")
    } else {
        name.to_owned()
    }
}

/// Whether a module can have this name as it is.
pub(crate) fn is_module_name(name: &str) -> bool {
    let plain = name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    plain && name.starts_with(|c: char| c.is_ascii_alphabetic()) && !is_keyword(name)
}

fn is_keyword(name: &str) -> bool {
    const KEYWORDS: &str = "abstract as async await become box break const continue crate do dyn else enum extern \
        false final fn for gen if impl in let loop macro match mod move mut override priv pub ref return self static \
        struct super trait true try type typeof unsafe unsized use virtual where while yield Self";
    KEYWORDS.split_whitespace().any(|keyword| keyword == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_identifiers() {
        for (text, name) in [
            ("pets", "pets"),
            ("discord-openapi", "discord_openapi"),
            ("PetStore API (v2)", "pet_store_api_v2"),
            ("2.15", "v2_15"),
            ("type", "type_"),
            ("…", "contract"),
        ] {
            assert_eq!(identifier(text), name);
            assert!(is_module_name(name), "{name}");
        }
        assert!(
            !is_module_name("my-api")
                && !is_module_name("1x")
                && !is_module_name("mod")
                && !is_module_name("")
        );
    }

    #[test]
    fn a_file_is_called_by_its_stem_or_else_by_its_folder() {
        assert_eq!(name_of_file(Path::new("a/pets.v2.yaml")), "pets_v2");
        assert_eq!(name_of_file(Path::new("pets/openapi.yaml")), "pets");
        assert_eq!(name_of_file(Path::new("openapi.json")), "openapi");
    }

    #[test]
    fn names_that_meet_are_told_apart_by_their_folders() {
        let mut found: Vec<Found> = ["p/user/v1/user.proto", "p/user/v2/user.proto", "p/order.proto"]
            .into_iter()
            .map(|path| Found {
                path: path.into(),
                name: name_of_file(Path::new(path)),
            })
            .collect();
        tell_apart(&mut found, Path::new("p"));
        let names: Vec<&str> = found.iter().map(|one| one.name.as_str()).collect();
        assert_eq!(names, ["v1_user", "v2_user", "order"]);
    }
}
