//! Benchmarks against peers: a subcommand a subject, a figure a line. `README.md` says what each figure means.

mod client;
mod corpus;
mod cost;
mod fuzz;
mod generate;
mod ledger;
mod policies;
mod report;
mod schema_suite;
mod schemathesis;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Any failure of a benchmark: it ends the run, and its message says all there is to say.
type Failure = Box<dyn std::error::Error + Send + Sync>;

/// Benchmarks of Tieline against its peers.
#[derive(Parser)]
#[command(name = "tieline-benches", version)]
struct Arguments {
    #[command(subcommand)]
    subject: Subject,
}

#[derive(Subcommand)]
enum Subject {
    /// A call of a generated client with every policy on, against hyper, hyper-util and reqwest.
    Client(client::Options),
    /// Every OpenAPI document of a folder: read, generated and, on request, compiled.
    Corpus(corpus::Options),
    /// Mutated documents: reading and generating must end without a panic.
    Fuzz(fuzz::Options),
    /// Generating clients of documents and compiling them, against the peers that are on crates.io.
    Generate(generate::Options),
    /// The policies around work that does nothing.
    Policies(policies::Options),
    /// JSON-Schema-Test-Suite, through generated types: nothing valid refused, and how exact `validate` is.
    SchemaSuite(schema_suite::Options),
    /// Generated servers of the OpenAPI documents of a folder, under schemathesis.
    Schemathesis(schemathesis::Options),
    /// The server that `client` calls: prints its address, and ends with its standard input.
    #[command(hide = true)]
    Serve,
    /// Writes a crate of a document: what `generate` measures.
    #[command(hide = true)]
    Render(generate::Rendering),
}

fn main() -> ExitCode {
    if let Some(code) = ledger::as_wrapper() {
        return code;
    }
    let done = match Arguments::parse().subject {
        Subject::Client(options) => client::run(&options),
        Subject::Corpus(options) => corpus::run(&options),
        Subject::Fuzz(options) => fuzz::run(&options),
        Subject::Generate(options) => generate::run(&options),
        Subject::Policies(options) => policies::run(&options),
        Subject::SchemaSuite(options) => schema_suite::run(&options),
        Subject::Schemathesis(options) => schemathesis::run(&options),
        Subject::Serve => client::serve(),
        Subject::Render(rendering) => rendering.run(),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}
