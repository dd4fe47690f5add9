//! A crate that is split by tags, compiled with each of its features alone, warnings being errors.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use tieline_codegen::{Generator, Runtime};

/// Compiled with the crate: the number that an operation has is its place in the list, whatever is left out.
const PLACES: &str = "
const _: () = {
    let mut place = 0;
    while place < CONTRACT.operations.len() {
        assert!(CONTRACT.operations[place].index == place);
        place += 1;
    }
};
";

/// Compiled with the crate: what must and must not be there.
const PARTS: &str = r#"
const _: Option<types::Notice> = None;
const _: Option<types::Unused> = None;
#[cfg(feature = "pets")]
const _: (Option<types::Pet>, Option<get_pet::Request>, Option<list_shop_pets::Request>) = (None, None, None);
#[cfg(not(feature = "pets"))]
mod absent {
    mod other {
        pub(super) struct Pet;
    }
    #[allow(unused_imports)]
    use super::types::*;
    // Were there another, nobody could say which is meant.
    use other::*;
    const _: Pet = Pet;
}
"#;

struct Generated {
    folder: PathBuf,
    target: PathBuf,
}

impl Generated {
    fn new() -> Self {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let temporary = Path::new(env!("CARGO_TARGET_TMPDIR"));
        let folder = temporary.join("by_tag");
        let generator = Generator::new()
            .contract(root.join("tests/golden/by_tag/contract.yaml"))
            .name("by_tag")
            .split_by_tag(true)
            .package(
                "town",
                Runtime::Path(root.join("runtime").canonicalize().unwrap()),
            )
            .out_dir(&folder);
        generator.write().unwrap();
        let add = |name: &str, more: &str| {
            let path = folder.join(name);
            let text = fs::read_to_string(&path).unwrap();
            fs::write(path, text + more).unwrap();
        };
        add(
            "Cargo.toml",
            "\n[lints.rust]\nwarnings = \"deny\"\nmissing_docs = \"deny\"\n",
        );
        add("src/lib.rs", PLACES);
        add("src/lib.rs", PARTS);
        // The same versions as here, so that nothing is fetched and most is compiled already.
        fs::copy(root.join("Cargo.lock"), folder.join("Cargo.lock")).unwrap();
        Self {
            folder,
            target: temporary.join(".."),
        }
    }

    #[track_caller]
    fn compiles(&self, features: &str) {
        let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let output = Command::new(cargo)
            .args([
                "check",
                "--offline",
                "--quiet",
                "--no-default-features",
                "--features",
                features,
            ])
            .current_dir(&self.folder)
            .env("CARGO_TARGET_DIR", &self.target)
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(
            output.status.success() && said.is_empty(),
            "with {features:?}:\n{said}"
        );
    }
}

#[test]
fn each_tag_alone_compiles_without_a_warning_on_every_side() {
    let generated = Generated::new();
    for sides in ["client", "client,server,mock,blocking"] {
        for tags in ["", "pets", "town-shops", "pets,town-shops"] {
            generated.compiles(&format!("{sides},{tags}"));
        }
    }
    generated.compiles("default");
}
