//! `cargo tieline`: generates Rust clients, servers and mocks from service contracts, and checks what was generated.
//!
//! ```text
//! args -> init | schema | explain | fetch | generate
//!                                   jobs (config, discover) -> engine (the generator) -> folder (compare or replace)
//! ```
//!
//! Every way ends in one of three exit codes: see [`exit`].

mod args;
mod config;
mod diagnostics;
mod discover;
mod exit;
mod explain;
mod fetch;
mod generate;
mod init;
mod report;

use std::io::Write;
use std::process::ExitCode;

use clap::Parser;

use args::{Cli, Command};
use exit::Exit;

fn main() -> ExitCode {
    let arguments = args::from_cargo(std::env::args_os().collect());
    // clap ends the process itself: 0 after help and version, 2 after wrong usage.
    let cli = Cli::parse_from(arguments);
    let exit = match cli.command {
        Command::Init(args) => init::run(&args),
        Command::Generate(args) => generate::run(&args),
        Command::Fetch(args) => fetch::run(&args),
        Command::Schema => print_schema(),
        Command::Explain(args) => explain::run(&args),
    };
    exit.into()
}

/// Prints the JSON Schema of tieline.toml.
fn print_schema() -> Exit {
    let text = format!("{:#}\n", config::schema());
    match std::io::stdout().write_all(text.as_bytes()) {
        Ok(()) => Exit::Clean,
        // The reader has gone away: there is nobody left to tell.
        Err(_) => Exit::Usage,
    }
}
