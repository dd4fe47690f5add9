//! What the targets share.

use std::path::Path;

use tieline_codegen::{Generator, Runtime};

/// Reads a contract from a file of this name and writes its crate, in memory: refused or not, it ends.
pub fn generate(name: &str, text: &[u8]) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join(name);
    std::fs::write(&path, text).expect("a file in it");
    let _ = generator(&path).render();
}

fn generator(path: &Path) -> Generator {
    Generator::new()
        .contract(path)
        .name("fuzzed")
        .package("fuzzed", Runtime::default())
        .threads(1)
}
