//! What there is to do: which contracts are read, what is written for each, and where to. All that the command line and
//! tieline.toml leave open is decided here, once.

mod table;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use tieline_codegen::{Numbers, TimeLibrary, TypeOptions};
use tieline_contract::model::{Bulk, Paging};
use tieline_contract::problem::{Diagnostic, Place, Problem, Problems};

use crate::args::GenerateArgs;
use crate::config::{self, ContractConfig, FILE_NAME};
use crate::diagnostics;
use crate::discover::{self, Found};
use crate::exit::Failure;
use table::Reader;

/// A contract to read and what to write for it.
#[derive(Debug, Clone)]
pub(crate) struct Job {
    /// The name of its module.
    pub(crate) name: String,
    /// Its file.
    pub(crate) path: PathBuf,
    /// Where protos look for their imports.
    pub(crate) include: Vec<PathBuf>,
    /// URLs of references, and what is read in their place.
    pub(crate) urls: Vec<(String, PathBuf)>,
    /// Overlays, in order.
    pub(crate) overlays: Vec<PathBuf>,
    /// What is decided about types.
    pub(crate) types: Vec<(String, TypeOptions)>,
    /// Rust names of operations, by their ids.
    pub(crate) renamed: Vec<(String, String)>,
    /// How the pages of lists follow each other, by the ids of operations.
    pub(crate) pagination: Vec<(String, Paging)>,
    pub(crate) bulk: Vec<(String, Bulk)>,
    /// Where these are said, by JSON pointer.
    pub(crate) places: BTreeMap<String, Place>,
    /// The types of unlimited numbers.
    pub(crate) numbers: Numbers,
    /// The library of dates and times.
    pub(crate) time: TimeLibrary,
    /// Whether XML beside JSON is read.
    pub(crate) xml: bool,
    /// Whether operations of a tag stand apart.
    pub(crate) split: bool,
    /// Which parts are written.
    pub(crate) sections: Sections,
    /// Which operations are written. Empty: all.
    pub(crate) operations: Vec<String>,
    /// The folder that the module's folder is put in; for a crate the crate's folder.
    pub(crate) out: PathBuf,
}

/// The parts of generated code that can be left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Sections {
    pub(crate) client: bool,
    pub(crate) server: bool,
    pub(crate) mock: bool,
    pub(crate) blocking: bool,
}

/// What the jobs make together.
#[derive(Debug)]
pub(crate) enum Target {
    /// A module each.
    Modules,
    /// One crate.
    Crate {
        /// The package's name.
        name: String,
        /// Its folder.
        out: PathBuf,
        /// The path of the runtime it depends on. None: a published version.
        runtime: Option<PathBuf>,
    },
}

/// All that there is to do.
#[derive(Debug)]
pub(crate) struct Plan {
    pub(crate) jobs: Vec<Job>,
    pub(crate) target: Target,
    /// What is not wrong with the configuration, but idle.
    pub(crate) warnings: Problems,
}

/// Decides what there is to do.
///
/// # Errors
///
/// The usage or the configuration is wrong: all that is wrong with it.
pub(crate) fn plan(args: &GenerateArgs) -> Result<Plan, Failure> {
    let target = target(args)?;
    let (jobs, warnings) = if args.contracts.is_empty() {
        from_config(args)?
    } else {
        (from_arguments(args)?, Problems::new())
    };
    refuse_collisions(&jobs)?;
    if let Target::Crate { .. } = target {
        refuse_mixed_selections(&jobs)?;
    }
    Ok(Plan {
        jobs,
        target,
        warnings,
    })
}

fn target(args: &GenerateArgs) -> Result<Target, Failure> {
    let (Some(name), Some(out)) = (&args.package, &args.out) else {
        return Ok(Target::Modules);
    };
    let plain = name
        .chars()
        .all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-'));
    if !plain || !discover::is_module_name(&name.replace('-', "_")) {
        return Err(Problem::new(&diagnostics::BAD_NAME, None)
            .about(format!("`{name}`"))
            .into());
    }
    if let Some(runtime) = &args.runtime
        && !runtime.join("Cargo.toml").is_file()
    {
        return Err(at_path(&diagnostics::NO_RUNTIME, runtime).into());
    }
    Ok(Target::Crate {
        name: name.clone(),
        out: out.clone(),
        runtime: args.runtime.clone(),
    })
}

fn from_arguments(args: &GenerateArgs) -> Result<Vec<Job>, Failure> {
    let Some(out) = &args.out else {
        return Err(Problem::new(&diagnostics::NO_OUTPUT, None).into());
    };
    let sections =
        sections(args, None).map_err(|diagnostic| Failure::from(Problem::new(diagnostic, None)))?;
    let mut problems = Problems::new();
    let mut jobs = Vec::new();
    for path in &args.contracts {
        match find(path) {
            Ok(found) => jobs.extend(found.into_iter().map(|found| Job {
                out: out.clone(),
                name: found.name,
                path: found.path,
                include: args.include.clone(),
                urls: Vec::new(),
                overlays: args.overlay.clone(),
                types: Vec::new(),
                renamed: Vec::new(),
                pagination: Vec::new(),
                bulk: Vec::new(),
                places: BTreeMap::new(),
                numbers: Numbers::default(),
                time: TimeLibrary::default(),
                xml: false,
                split: false,
                sections,
                operations: Vec::new(),
            })),
            Err(problem) => problems.push(problem),
        }
    }
    if problems.is_empty() {
        Ok(jobs)
    } else {
        Err(problems.into())
    }
}

fn from_config(args: &GenerateArgs) -> Result<(Vec<Job>, Problems), Failure> {
    let path = config_path(args)?;
    let loaded = config::load(&path)?;
    if loaded.config.contracts.is_empty() {
        return Err(at_path(&diagnostics::EMPTY_CONFIG, &path).into());
    }
    let mut problems = Problems::new();
    let mut jobs = Vec::new();
    for (at, contract) in loaded.config.contracts.iter().enumerate() {
        let reader = Reader {
            args,
            loaded: &loaded,
            contract,
            places: loaded.places.get(at),
            path: vec!["contract".to_owned(), at.to_string()],
        };
        match reader.jobs() {
            Ok(found) => jobs.extend(found),
            Err(found) => problems.append(found),
        }
    }
    if problems.is_empty() {
        Ok((jobs, loaded.warnings))
    } else {
        Err(problems.into())
    }
}

/// `--config`, else the variable that the runtime heeds, too, else the file in the working directory.
fn config_path(args: &GenerateArgs) -> Result<PathBuf, Failure> {
    let named = args.config.clone().or_else(|| {
        std::env::var_os("TIELINE_CONFIG")
            .filter(|value| !value.is_empty())
            .map(PathBuf::from)
    });
    if let Some(path) = named {
        return Ok(path);
    }
    let path = PathBuf::from(FILE_NAME);
    if path.is_file() {
        Ok(path)
    } else {
        Err(Problem::new(&diagnostics::NO_CONTRACT, None).into())
    }
}

impl Sections {
    /// What modules have when nobody says otherwise.
    const CLIENT: Self = Self {
        client: true,
        server: false,
        mock: false,
        blocking: false,
    };

    /// What one of these has, all have.
    pub(crate) fn union(all: impl Iterator<Item = Self>) -> Self {
        let none = Self {
            client: false,
            server: false,
            mock: false,
            blocking: false,
        };
        all.fold(none, |one, other| Self {
            client: one.client || other.client,
            server: one.server || other.server,
            mock: one.mock || other.mock,
            blocking: one.blocking || other.blocking,
        })
    }

    /// What crates have when nobody says otherwise: each part stands behind a feature.
    const ALL: Self = Self {
        client: true,
        server: true,
        mock: true,
        blocking: true,
    };
}

/// The parts to write: the command line wins over the file, the file over the defaults.
fn sections(args: &GenerateArgs, config: Option<&ContractConfig>) -> Result<Sections, &'static Diagnostic> {
    let flags = &args.sections;
    let client = flags.client().or(config.and_then(|config| config.client));
    let server = flags.server().or(config.and_then(|config| config.server));
    let mock = flags.mock().or(config.and_then(|config| config.mock));
    let blocking = flags.blocking().or(config.and_then(|config| config.blocking));
    // To name one part for a crate means these and no more; to exclude some means all others.
    let names_some = [client, server, mock, blocking].contains(&Some(true));
    let defaults = if args.package.is_some() && !names_some {
        Sections::ALL
    } else {
        Sections::CLIENT
    };
    let client = client.unwrap_or(defaults.client);
    let sections = Sections {
        client,
        server: server.unwrap_or(defaults.server),
        mock: mock.unwrap_or(defaults.mock),
        blocking: blocking.unwrap_or(defaults.blocking && client),
    };
    if sections.blocking && !sections.client {
        return Err(&diagnostics::CLIENT_NEEDED);
    }
    Ok(sections)
}

/// The contracts that a path stands for.
fn find(path: &Path) -> Result<Vec<Found>, Problem> {
    if path.is_dir() {
        let found =
            discover::below(path).map_err(|error| at_path(&diagnostics::CANNOT_LIST, path).about(error))?;
        return if found.is_empty() {
            Err(at_path(&diagnostics::NOTHING_FOUND, path).about(path.display()))
        } else {
            Ok(found)
        };
    }
    if !path.exists() {
        return Err(at_path(&diagnostics::NO_SUCH_FILE, path).about(path.display()));
    }
    if !discover::is_contract(path) {
        return Err(at_path(&diagnostics::UNKNOWN_KIND, path).about(path.display()));
    }
    Ok(vec![Found {
        name: discover::name_of_file(path),
        path: path.to_path_buf(),
    }])
}

/// No two contracts may be written to one module.
fn refuse_collisions(jobs: &[Job]) -> Result<(), Failure> {
    let mut problems = Problems::new();
    for (at, job) in jobs.iter().enumerate() {
        let first = jobs[..at].iter().find(|other| {
            discover::identifier(&other.name) == discover::identifier(&job.name) && other.out == job.out
        });
        if let Some(first) = first {
            let problem = at_path(&diagnostics::SAME_OUTPUT, &job.path).about(format!("`{}`", job.name));
            problems.push(problem.related(Place::file(&*first.path.to_string_lossy()), ""));
        }
    }
    if problems.is_empty() {
        Ok(())
    } else {
        Err(problems.into())
    }
}

/// The contracts of one crate share a selection of operations.
fn refuse_mixed_selections(jobs: &[Job]) -> Result<(), Failure> {
    let first = jobs.first().map(|job| &job.operations);
    match jobs.iter().find(|job| Some(&job.operations) != first) {
        Some(job) => {
            let problem = at_path(&diagnostics::NOT_SUPPORTED_YET, &job.path);
            let problem = problem.about("different `operations` for the contracts of one crate");
            Err(problem
                .help("give each contract the same, or write a crate each")
                .into())
        }
        None => Ok(()),
    }
}

fn at_path(diagnostic: &Diagnostic, path: &Path) -> Problem {
    Problem::new(diagnostic, Place::file(&*path.to_string_lossy()))
}
