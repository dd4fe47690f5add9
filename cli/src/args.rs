//! The command line.

// The doc comments are the help texts, where `<contract>` stands for itself.
#![allow(rustdoc::invalid_html_tags, rustdoc::bare_urls)]

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

const EXIT_CODES: &str = "\
Exit codes:
  0  clean; there may be warnings
  1  a problem with a contract, stale output (--check), or a finding
  2  wrong usage or configuration, or the output cannot be written

Colour and moving progress lines are shown on a terminal only, and not when NO_COLOR or CI is set.";

const PARTS: &str = "Parts of the code (these win over tieline.toml)";

/// Typed, resilient services from contracts: OpenAPI documents and Protocol Buffers in, Rust clients, servers and
/// mocks out.
#[derive(Debug, Parser)]
#[command(name = "cargo-tieline", bin_name = "cargo tieline", version, after_help = EXIT_CODES)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Write a commented tieline.toml for the contracts below the working directory
    Init(InitArgs),
    /// Generate Rust code from contracts, or check that generated code is up to date
    ///
    /// Every contract is read and rendered before anything is written: when one of them has a problem, all output
    /// stays as it was. An operation that cannot be expressed is reported and left out; the others are generated.
    Generate(Box<GenerateArgs>),
    /// Fetch the documents that references of contracts lead to by URL, and keep them beside the contracts
    ///
    /// Nothing else uses a network. The copies go to tieline-cache/ beside each contract, and their digests to
    /// tieline.lock; both are meant to be checked in. Later runs read the copies and check them against the lock.
    Fetch(FetchArgs),
    /// Print the JSON Schema of tieline.toml
    Schema,
    /// Say what a diagnostic means, and what to do about it
    Explain(ExplainArgs),
}

/// `cargo tieline explain`.
#[derive(Debug, Args)]
pub(crate) struct ExplainArgs {
    /// The code that stands in the message, such as TL-SCH-002. Without one, all codes are listed
    pub(crate) code: Option<String>,
}

/// `cargo tieline fetch`.
#[derive(Debug, Args)]
#[command(after_help = EXIT_CODES)]
pub(crate) struct FetchArgs {
    /// OpenAPI documents, or folders of them. Without any: those that tieline.toml lists
    #[arg(value_name = "CONTRACT")]
    pub(crate) contracts: Vec<PathBuf>,

    /// Fetch the documents that are there already, too, and lock what they are now
    #[arg(long)]
    pub(crate) update: bool,

    /// An Overlay document that is laid over every contract. Can be given several times
    #[arg(long, value_name = "FILE")]
    pub(crate) overlay: Vec<PathBuf>,

    /// The configuration to use in place of ./tieline.toml (or the file that TIELINE_CONFIG names)
    #[arg(long, value_name = "FILE", conflicts_with = "contracts")]
    pub(crate) config: Option<PathBuf>,
}

#[derive(Debug, Args)]
#[command(after_help = EXIT_CODES)]
pub(crate) struct InitArgs {
    /// Overwrite a tieline.toml that exists
    #[arg(long)]
    pub(crate) force: bool,
}

/// `cargo tieline generate`.
#[derive(Debug, Args)]
#[command(after_help = EXIT_CODES)]
pub(crate) struct GenerateArgs {
    /// OpenAPI documents (.yaml, .yml, .json), .proto files, or folders. A folder means every root OpenAPI document
    /// and every .proto file with a service below it, each a contract. Without any: those that tieline.toml lists
    #[arg(value_name = "CONTRACT")]
    pub(crate) contracts: Vec<PathBuf>,

    /// The folder to write to: DIR/<contract>/mod.rs and its files, or a whole crate with --crate
    #[arg(long, value_name = "DIR")]
    pub(crate) out: Option<PathBuf>,

    /// Write a whole crate of this name to --out, with a module per contract when there are several
    #[arg(long = "crate", value_name = "NAME", requires = "out")]
    pub(crate) package: Option<String>,

    /// Let the crate depend on the runtime at this path, and not on a published version
    #[arg(long, value_name = "PATH", requires = "package")]
    pub(crate) runtime: Option<PathBuf>,

    /// A folder in which protos look for their imports. Can be given several times
    #[arg(long, value_name = "DIR")]
    pub(crate) include: Vec<PathBuf>,

    /// An Overlay document (OpenAPI Overlay 1.0 or 1.1) to lay over every contract before it is read. Can be given several
    /// times: they apply in order, behind those of tieline.toml
    #[arg(long, value_name = "FILE")]
    pub(crate) overlay: Vec<PathBuf>,

    /// Write nothing: compare with what is there, show a diff, and exit with 1 when it is stale
    #[arg(long)]
    pub(crate) check: bool,

    /// Read and render everything, though nothing may have changed since the last run
    ///
    /// Runs are remembered in the user's cache folder, or the one that TIELINE_CACHE names (empty: nothing is remembered).
    #[arg(long)]
    pub(crate) fresh: bool,

    /// Treat warnings as errors: nothing is written when an operation is left out or widened
    #[arg(long)]
    pub(crate) strict: bool,

    /// Write what became of every contract, and all problems, as an HTML page, too
    #[arg(long, value_name = "FILE")]
    pub(crate) report: Option<PathBuf>,

    /// How results and problems are written: for people, or as a JSON object a line on standard output
    #[arg(long, value_enum, value_name = "FORMAT", default_value_t = Format::Text)]
    pub(crate) format: Format,

    /// The configuration to use in place of ./tieline.toml (or the file that TIELINE_CONFIG names)
    #[arg(long, value_name = "FILE", conflicts_with = "contracts")]
    pub(crate) config: Option<PathBuf>,

    // The last, because its heading holds for all that follows.
    #[command(flatten)]
    pub(crate) sections: SectionArgs,
}

/// Which parts of the code are written. These flags win over tieline.toml.
#[derive(Debug, Default, Args)]
#[command(next_help_heading = PARTS)]
pub(crate) struct SectionArgs {
    /// Write the async client. Modules have only this part unless others are named; a crate has all parts, each behind
    /// a feature, unless some are named
    #[arg(long, overrides_with = "no_client")]
    pub(crate) client: bool,
    /// Do not write the async client
    #[arg(long, overrides_with = "client")]
    pub(crate) no_client: bool,
    /// Write the server: an axum router from an implementation of the trait
    #[arg(long, overrides_with = "no_server")]
    pub(crate) server: bool,
    /// Do not write the server
    #[arg(long, overrides_with = "server")]
    pub(crate) no_server: bool,
    /// Write the mock
    #[arg(long, overrides_with = "no_mock")]
    pub(crate) mock: bool,
    /// Do not write the mock
    #[arg(long, overrides_with = "mock")]
    pub(crate) no_mock: bool,
    /// Write the blocking client
    #[arg(long, overrides_with = "no_blocking")]
    pub(crate) blocking: bool,
    /// Do not write the blocking client
    #[arg(long, overrides_with = "blocking")]
    pub(crate) no_blocking: bool,
}

impl SectionArgs {
    pub(crate) fn client(&self) -> Option<bool> {
        choice(self.client, self.no_client)
    }

    pub(crate) fn server(&self) -> Option<bool> {
        choice(self.server, self.no_server)
    }

    pub(crate) fn mock(&self) -> Option<bool> {
        choice(self.mock, self.no_mock)
    }

    pub(crate) fn blocking(&self) -> Option<bool> {
        choice(self.blocking, self.no_blocking)
    }
}

/// What a pair of opposite flags says.
const fn choice(yes: bool, no: bool) -> Option<bool> {
    match (yes, no) {
        (true, _) => Some(true),
        (_, true) => Some(false),
        _ => None,
    }
}

/// How results are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// For people.
    Text,
    /// NDJSON: a JSON object a line.
    Json,
}

/// The arguments as clap wants them: cargo calls `cargo-tieline tieline …`.
pub(crate) fn from_cargo(mut arguments: Vec<OsString>) -> Vec<OsString> {
    if arguments.get(1).is_some_and(|first| first == "tieline") {
        arguments.remove(1);
    }
    arguments
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_holds_together() {
        Cli::command().debug_assert();
    }

    #[test]
    fn the_last_of_two_opposite_flags_wins() {
        let line = [
            "x",
            "generate",
            "a.yaml",
            "--server",
            "--no-server",
            "--no-client",
        ];
        let Command::Generate(args) = Cli::parse_from(line).command else {
            panic!("not generate");
        };
        assert_eq!(args.sections.server(), Some(false));
        assert_eq!(args.sections.client(), Some(false));
        assert_eq!(args.sections.mock(), None);
    }
}
