//! `cargo tieline fetch`: what the references of contracts lead to on the network, kept beside the contracts.
//!
//! ```text
//! contracts -> for each: URLs that no file stands for -> fetch -> tieline-cache/, tieline.lock -> again, until there are none
//! ```
//!
//! Nothing else of this program uses a network: later runs read the copies, and check them against the lock.

mod http;

use std::collections::BTreeSet;
use std::path::Path;

use tieline_contract::problem::{Place, Problem};
use tieline_contract::source::Lock;
use tieline_contract::{ReadOptions, discover, unmapped_urls};

use crate::args::{FetchArgs, Format, GenerateArgs, SectionArgs};
use crate::diagnostics;
use crate::exit::{Exit, Failure};
use crate::generate::jobs::{self, Job};
use crate::report::Report;

/// No contract refers to more documents.
const MOST_DOCUMENTS: usize = 1000;

/// Runs the command.
pub(crate) fn run(args: &FetchArgs) -> Exit {
    fetch(args).unwrap_or_else(|failure| {
        Report::new(Format::Text).problems(&failure.problems);
        failure.exit
    })
}

fn fetch(args: &FetchArgs) -> Result<Exit, Failure> {
    let plan = jobs::plan(&GenerateArgs {
        contracts: args.contracts.clone(),
        config: args.config.clone(),
        // Nothing is written there; without it the contracts' own is asked for.
        out: Some(".".into()),
        overlay: args.overlay.clone(),
        package: None,
        runtime: None,
        include: Vec::new(),
        fresh: false,
        check: false,
        strict: false,
        report: None,
        format: Format::Text,
        sections: SectionArgs::default(),
    })?;
    let network = http::Network::new()
        .map_err(|error| Failure::usage(Problem::new(&diagnostics::CANNOT_FETCH, None).about(error)))?;
    let documents = plan
        .jobs
        .iter()
        .filter(|job| discover::extension(&job.path).as_deref() != Some("proto"));
    let mut fetched = 0;
    let mut renewed = BTreeSet::new();
    for job in documents {
        let folder = job.path.parent().unwrap_or_else(|| Path::new("")).to_path_buf();
        // Contracts of one folder share a lock.
        let anew = args.update && renewed.insert(folder);
        fetched += one(job, &network, anew)?;
    }
    let what = if fetched == 1 { "document" } else { "documents" };
    println!("done: {fetched} {what} fetched");
    Ok(Exit::Clean)
}

/// Fetches what one contract lacks: how many documents that were.
fn one(job: &Job, network: &http::Network, anew: bool) -> Result<usize, Failure> {
    let options = ReadOptions {
        urls: job.urls.clone(),
        overlays: job.overlays.clone(),
        ..ReadOptions::default()
    };
    let finding = |problem: Problem| Failure {
        exit: Exit::Finding,
        problems: problem.into(),
    };
    let mut lock = Lock::beside(&job.path).map_err(finding)?;
    let mut fetched = 0;
    if anew {
        for url in lock
            .documents()
            .iter()
            .map(|known| known.url.clone())
            .collect::<Vec<_>>()
        {
            keep(&mut lock, network, &url)?;
            fetched += 1;
        }
    }
    loop {
        let urls = unmapped_urls(&job.path, &options).map_err(finding)?;
        if urls.is_empty() {
            return Ok(fetched);
        }
        for url in urls {
            if fetched == MOST_DOCUMENTS {
                let place = Place::file(job.path.to_string_lossy().into_owned());
                let about = format!("more than {MOST_DOCUMENTS} documents");
                return Err(finding(
                    Problem::new(&diagnostics::CANNOT_FETCH, place).about(about),
                ));
            }
            keep(&mut lock, network, &url)?;
            fetched += 1;
        }
    }
}

/// Fetches a document, and writes copy and lock.
fn keep(lock: &mut Lock, network: &http::Network, url: &str) -> Result<(), Failure> {
    let octets = network.get(url).map_err(|error| Failure {
        exit: Exit::Finding,
        problems: Problem::new(&diagnostics::CANNOT_FETCH, None)
            .about(format!("`{}`: {error}", http::shown(url)))
            .into(),
    })?;
    let path = lock.insert(url, &octets);
    write(&path, &octets)?;
    write(&lock.path(), lock.to_text().as_bytes())?;
    println!(
        "{} -> {} ({} bytes)",
        http::shown(url),
        path.display(),
        octets.len()
    );
    Ok(())
}

fn write(path: &Path, octets: &[u8]) -> Result<(), Failure> {
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty());
    let written = parent
        .map_or(Ok(()), std::fs::create_dir_all)
        .and_then(|()| std::fs::write(path, octets));
    written.map_err(|error| {
        let place = Place::file(path.to_string_lossy().into_owned());
        Failure::usage(Problem::new(&diagnostics::CANNOT_WRITE, place).about(error))
    })
}
