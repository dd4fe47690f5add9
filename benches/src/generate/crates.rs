//! Crates around generated code, and what compiling them costs.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use crate::{Failure, cost};

/// What progenitor's generated code needs, by its documentation.
pub(super) const PROGENITOR_MANIFEST: &str = r#"
bytes = "1"
chrono = { version = "0.4", default-features = false, features = ["serde"] }
futures-core = "0.3"
percent-encoding = "2"
progenitor-client = "0.15"
regress = "0.12"
reqwest = { version = "0.13", default-features = false, features = ["json", "query", "stream"] }
serde = { version = "1", features = ["derive"] }
serde_json = "1"
serde_urlencoded = "0.7"
uuid = { version = "1", features = ["serde", "v4"] }
"#;

/// Nothing: what cargo and rustc cost by themselves.
pub(super) const EMPTY_MANIFEST: &str = "";

/// The runtime of this very workspace.
pub(super) fn tieline_manifest() -> Result<String, Failure> {
    let runtime = Path::new(env!("CARGO_MANIFEST_DIR")).join("../runtime");
    let runtime = runtime.canonicalize()?;
    Ok(format!(
        "tieline = {{ path = {:?} }}\n",
        runtime.display().to_string()
    ))
}

/// A folder with a crate for each generator, and one target folder.
pub(super) struct Workshop(PathBuf);

/// A crate that is ready to be compiled, its dependencies being so already.
pub(super) struct Crate {
    name: &'static str,
    folder: PathBuf,
    target: PathBuf,
    command: &'static str,
}

impl Workshop {
    /// The folder given, or one next to this program.
    pub(super) fn open(folder: Option<PathBuf>) -> Result<Self, Failure> {
        let folder = match folder {
            Some(folder) => folder,
            None => std::env::current_exe()?
                .parent()
                .ok_or("this program is in no folder")?
                .join("benches-generate"),
        };
        fs::create_dir_all(&folder)?;
        Ok(Self(folder.canonicalize()?))
    }

    /// Writes a crate and compiles its dependencies.
    pub(super) fn prepare(
        &self,
        name: &'static str,
        dependencies: &str,
        files: &[(PathBuf, String)],
        command: &'static str,
    ) -> Result<Crate, Failure> {
        let folder = self.0.join(name);
        if folder.exists() {
            fs::remove_dir_all(folder.join("src"))?;
        }
        fs::create_dir_all(folder.join("src"))?;
        let manifest = format!(
            "[package]\nname = \"bench-{name}\"\nversion = \"0.0.0\"\nedition = \"2024\"\npublish = false\n\n\
             [features]\ndefault = [\"client\"]\nclient = []\n\n[workspace]\n\n[dependencies]\n{dependencies}"
        );
        fs::write(folder.join("Cargo.toml"), manifest)?;
        let prepared = Crate {
            name,
            target: self.0.join("target"),
            folder,
            command,
        };
        // Without the generated code first: what is compiled now is the dependencies.
        fs::write(prepared.root(), "")?;
        prepared.cargo()?;
        for (path, text) in files {
            let path = prepared.folder.join(path);
            if let Some(folder) = path.parent() {
                fs::create_dir_all(folder)?;
            }
            fs::write(path, text)?;
        }
        Ok(prepared)
    }
}

impl Crate {
    pub(super) fn name(&self) -> &'static str {
        self.name
    }

    fn root(&self) -> PathBuf {
        self.folder.join("src/lib.rs")
    }

    /// Compiles the crate, and says how much CPU time that took.
    pub(super) fn compile(&self) -> Result<Duration, Failure> {
        // Cargo goes by the time of change.
        let text = fs::read(self.root())?;
        fs::write(self.root(), text)?;
        let before = cost::children_cpu()?;
        self.cargo()?;
        Ok(cost::children_cpu()?.saturating_sub(before))
    }

    fn cargo(&self) -> Result<(), Failure> {
        let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let output = Command::new(cargo)
            .arg(self.command)
            .args(["--quiet", "--lib"])
            .current_dir(&self.folder)
            .env("CARGO_TARGET_DIR", &self.target)
            .env("CARGO_INCREMENTAL", "0")
            // What a peer's output makes the compiler warn of is not the question here.
            .env("RUSTFLAGS", "--cap-lints=allow")
            .stdin(Stdio::null())
            .output()?;
        if output.status.success() {
            return Ok(());
        }
        let said = String::from_utf8_lossy(&output.stderr);
        let first: Vec<&str> = said.lines().take(20).collect();
        Err(format!(
            "the crate of {} does not compile:\n{}",
            self.name,
            first.join("\n")
        )
        .into())
    }
}
