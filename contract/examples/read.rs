//! Reads the contracts given as arguments and prints, for each, how many operations, types and problems it has.
//!
//! ```text
//! cargo run --release -p tieline-contract --example read -- [--verbose] [--model] FILE…
//! ```

use std::path::Path;
use std::process::ExitCode;
use std::time::Instant;

use tieline_contract::problem::{Level, Problems};
use tieline_contract::{ReadOptions, read};

fn main() -> ExitCode {
    let mut verbose = false;
    let mut model = false;
    let mut failed = 0;
    for argument in std::env::args().skip(1) {
        match argument.as_str() {
            "--verbose" => verbose = true,
            "--model" => model = true,
            path => failed += u32::from(!show(Path::new(path), verbose, model)),
        }
    }
    if failed == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(1)
    }
}

fn show(path: &Path, verbose: bool, model: bool) -> bool {
    let started = Instant::now();
    let result = read(path, &ReadOptions::default());
    let took = started.elapsed();
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    match result {
        Ok(read) => {
            let types = read.contract.types.len();
            let exact = read.contract.types.values().filter(|def| def.exact).count();
            println!(
                "{name}: {} operations, {} skipped, {types} types ({exact} exact), {} warnings, {took:.1?}",
                read.contract.operations().count(),
                read.skipped.len(),
                read.problems.len(),
            );
            print_problems(&read.problems, verbose);
            if model {
                println!("{:#?}", *read.contract);
            }
            true
        }
        Err(problems) => {
            let (errors, warnings) = (problems.count(Level::Error), problems.count(Level::Warning));
            println!("{name}: REFUSED, {errors} errors, {warnings} warnings, {took:.1?}");
            print_problems(&problems, verbose);
            false
        }
    }
}

fn print_problems(problems: &Problems, verbose: bool) {
    if verbose {
        print!("{}", problems.to_text(false));
    }
}
