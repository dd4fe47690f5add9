//! Generates a crate from contracts: `generate OUT NAME RUNTIME CONTRACT…`.

use std::process::ExitCode;

use tieline_codegen::{Generator, Runtime};

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let (Some(out), Some(name), Some(runtime)) = (arguments.next(), arguments.next(), arguments.next())
    else {
        eprintln!("usage: generate OUT NAME RUNTIME CONTRACT…");
        return ExitCode::from(2);
    };
    let generator = arguments.fold(Generator::new(), Generator::contract);
    match generator
        .out_dir(out)
        .package(name, Runtime::Path(runtime.into()))
        .write()
    {
        Ok(output) => {
            eprint!("{}", output.problems);
            for contract in &output.contracts {
                let (operations, skipped) = (contract.operations, contract.skipped.len());
                println!(
                    "{}: {operations} operations, {skipped} skipped, {} types",
                    contract.name, contract.types
                );
            }
            ExitCode::SUCCESS
        }
        Err(failure) => {
            eprintln!("{failure}");
            ExitCode::FAILURE
        }
    }
}
