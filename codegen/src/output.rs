//! What a run makes, in memory.

use std::path::PathBuf;
use std::time::SystemTime;

use tieline_contract::lookup::Found;
use tieline_contract::problem::Problems;

/// What a run makes.
#[derive(Debug, Clone)]
pub struct Output {
    /// The contracts, in the order they were named.
    pub contracts: Vec<Rendered>,
    /// The files of the crate around them, by their path in the output folder. Empty without one.
    pub package: Vec<(PathBuf, String)>,
    /// Warnings, located.
    pub problems: Problems,
    /// Every file that was read: a change of one makes the output stale.
    pub inputs: Vec<PathBuf>,
    /// Every path that was looked at, and what was there.
    pub(crate) lookups: Vec<(PathBuf, Found)>,
    /// When the run began.
    pub(crate) started: SystemTime,
}

impl Output {
    /// Every file, by its path in the output folder.
    pub fn files(&self) -> impl Iterator<Item = &(PathBuf, String)> {
        self.contracts
            .iter()
            .flat_map(|contract| &contract.files)
            .chain(&self.package)
    }
}

/// What one contract became.
#[derive(Debug, Clone)]
pub struct Rendered {
    /// Its name, as a module.
    pub name: String,
    /// The folder of its files, in the output folder.
    pub folder: PathBuf,
    /// Its files, by their path in the output folder.
    pub files: Vec<(PathBuf, String)>,
    /// How many operations were written.
    pub operations: usize,
    /// The operations that were left out: ids, or `GET /pets` where the contract could not say more.
    pub skipped: Vec<String>,
    /// How many types were written.
    pub types: usize,
    /// The types that stand in its module `types`: the name in the contract, and the one in Rust.
    pub type_names: Vec<(String, String)>,
}
