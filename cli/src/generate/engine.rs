//! The one place where the generator is called: from jobs to files in memory.

use std::collections::BTreeMap;
use std::num::NonZero;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use tieline_codegen::{Generator, Kept, KeptContract, Memory, Output, Runtime};
use tieline_contract::problem::{Level, Problems};

use super::folder::{Text, Tree};
use super::jobs::{Job, Plan, Sections, Target};
use crate::report::{ContractReport, Report};

/// All that was asked for, in memory.
#[derive(Debug, Default)]
pub(super) struct Rendered {
    /// Folders and what should be in them.
    pub(super) trees: Vec<Tree>,
    /// What became of each contract.
    pub(super) contracts: Vec<ContractReport>,
    /// How many errors there were.
    pub(super) errors: usize,
    /// How many warnings there were.
    pub(super) warnings: usize,
    /// How many contracts need not be read, as nothing has changed since they were.
    pub(super) reused: usize,
    /// What to remember once all is written.
    memories: Vec<Memory>,
}

/// How all is rendered.
#[derive(Debug, Clone, Copy)]
pub(super) struct Manner<'m> {
    /// Whether every warning is an error.
    pub(super) strict: bool,
    /// Where runs are remembered.
    pub(super) cache: Option<&'m Path>,
    /// Whether nothing that is remembered counts.
    pub(super) fresh: bool,
}

/// Renders every job, and tells what there is to tell on the way.
pub(super) fn render(plan: &Plan, manner: Manner<'_>, report: &mut Report) -> Rendered {
    match &plan.target {
        Target::Modules => modules(&plan.jobs, manner, report),
        Target::Crate { name, out, runtime } => package(plan, name, out, runtime.as_deref(), manner, report),
    }
}

/// A module a job: as many at a time as there are cores, told of in their order.
fn modules(jobs: &[Job], manner: Manner<'_>, report: &mut Report) -> Rendered {
    let mut all = Rendered::default();
    let cores = thread::available_parallelism().map_or(1, NonZero::get);
    let next = AtomicUsize::new(0);
    let (done, outcomes) = mpsc::channel();
    thread::scope(|scope| {
        for _ in 0..cores.min(jobs.len()) {
            let (next, done) = (&next, done.clone());
            scope.spawn(move || {
                while let Some((at, job)) = take(jobs, next) {
                    let started = Instant::now();
                    let outcome = Outcome::of(&generator(job, manner.strict), manner);
                    if done.send((at, outcome, started.elapsed())).is_err() {
                        break;
                    }
                }
            });
        }
        drop(done);
        report.begin(jobs.iter().map(|job| job.name.as_str()));
        if let Some(first) = jobs.first() {
            report.start(&first.name, 1, jobs.len());
        }
        let mut early = BTreeMap::new();
        let mut told = 0;
        for (at, outcome, took) in outcomes {
            early.insert(at, (outcome, took));
            while let Some((outcome, took)) = early.remove(&told) {
                all.module(&jobs[told], outcome, took, report);
                told += 1;
                if let Some(job) = jobs.get(told) {
                    report.start(&job.name, told + 1, jobs.len());
                }
            }
        }
    });
    all
}

/// The next job that nobody has taken.
fn take<'j>(jobs: &'j [Job], next: &AtomicUsize) -> Option<(usize, &'j Job)> {
    let at = next.fetch_add(1, Ordering::Relaxed);
    jobs.get(at).map(|job| (at, job))
}

/// What writes a job's module.
fn generator(job: &Job, strict: bool) -> Generator {
    let generator = with_sections(with_source(Generator::new(), job), job.sections)
        .operations(job.operations.iter().cloned())
        .strict(strict)
        .out_dir(&job.out);
    let generator = with_urls(generator, &job.urls);
    job.include.iter().fold(generator, Generator::include)
}

impl Rendered {
    /// Tells of a job's module, and keeps it.
    fn module(&mut self, job: &Job, outcome: Outcome, took: Duration, report: &mut Report) {
        self.tell(&outcome, report);
        let contract = contract_report(job, &outcome, (0, 1), took);
        report.contract(&contract);
        self.contracts.push(contract);
        // A module's files are all in its folder.
        if let Some(folder) = outcome.contract(0).map(|contract| contract.folder.clone()) {
            let inside = |path: PathBuf| path.strip_prefix(&folder).map(Path::to_path_buf).unwrap_or(path);
            let files = outcome.files.into_iter();
            self.trees.push(Tree {
                root: job.out.join(&folder),
                files: files.map(|(path, text)| (inside(path), text)).collect(),
            });
        }
        self.memories.extend(outcome.memory);
    }

    /// Remembers what was made: all of it is in its place.
    pub(super) fn remember(self, cache: Option<&Path>) {
        let Some(cache) = cache else { return };
        for memory in self.memories {
            memory.save(cache);
        }
    }
}

/// One crate of all jobs.
fn package(
    plan: &Plan,
    name: &str,
    out: &Path,
    runtime: Option<&Path>,
    manner: Manner<'_>,
    report: &mut Report,
) -> Rendered {
    let mut all = Rendered::default();
    let jobs = &plan.jobs;
    report.begin(jobs.iter().map(|job| job.name.as_str()));
    report.start(name, 1, 1);
    let started = Instant::now();
    let runtime = runtime.map_or_else(Runtime::default, |path| Runtime::Path(path.to_path_buf()));
    let generator = jobs.iter().fold(Generator::new(), with_source);
    let generator = with_sections(generator, Sections::union(jobs.iter().map(|job| job.sections)));
    let generator = includes(jobs).into_iter().fold(generator, Generator::include);
    let generator = jobs
        .iter()
        .fold(generator, |generator, job| with_urls(generator, &job.urls));
    // Every job has the same selection: the plan has seen to it.
    let operations = jobs.first().map(|job| job.operations.clone()).unwrap_or_default();
    let generator = generator
        .operations(operations)
        .strict(manner.strict)
        .package(name, runtime)
        .out_dir(out);
    let outcome = Outcome::of(&generator, manner);
    all.tell(&outcome, report);
    for (at, job) in jobs.iter().enumerate() {
        let contract = contract_report(job, &outcome, (at, jobs.len()), started.elapsed());
        report.contract(&contract);
        all.contracts.push(contract);
    }
    if outcome.made.is_some() {
        all.trees.push(Tree {
            root: out.to_path_buf(),
            files: outcome.files.into_iter().collect(),
        });
    }
    all.memories.extend(outcome.memory);
    all
}

fn with_source(generator: Generator, job: &Job) -> Generator {
    let generator = generator.contract(&job.path).name(&job.name);
    let generator = generator
        .numbers(job.numbers)
        .time(job.time)
        .xml(job.xml)
        .split_by_tag(job.split);
    let generator = generator.option_places(job.places.clone());
    let generator = job.overlays.iter().fold(generator, Generator::overlay);
    let types = job.types.iter();
    let generator = types.fold(generator, |generator, (name, options)| {
        generator.type_options(name, options.clone())
    });
    let pagination = job.pagination.iter();
    let generator = pagination.fold(generator, |generator, (id, paging)| {
        generator.pagination(id, paging.clone())
    });
    let bulk = job.bulk.iter();
    let generator = bulk.fold(generator, |generator, (id, bulk)| {
        generator.bulk(id, bulk.clone())
    });
    let renamed = job.renamed.iter();
    renamed.fold(generator, |generator, (id, name)| {
        generator.rename_operation(id, name)
    })
}

fn with_urls(generator: Generator, urls: &[(String, PathBuf)]) -> Generator {
    urls.iter()
        .fold(generator, |generator, (url, path)| generator.map_url(url, path))
}

fn with_sections(generator: Generator, sections: Sections) -> Generator {
    generator
        .client(sections.client)
        .server(sections.server)
        .mock(sections.mock)
        .blocking(sections.blocking)
}

/// The include folders of all jobs, each once.
fn includes(jobs: &[Job]) -> Vec<PathBuf> {
    let mut folders: Vec<PathBuf> = Vec::new();
    for folder in jobs.iter().flat_map(|job| &job.include) {
        if !folders.contains(folder) {
            folders.push(folder.clone());
        }
    }
    folders
}

/// What a generator came to.
#[derive(Default)]
struct Outcome {
    /// None after an error.
    made: Option<Kept>,
    files: Vec<(PathBuf, Text)>,
    problems: Problems,
    /// Whether nothing has changed since it was made.
    reused: bool,
    memory: Option<Memory>,
}

impl Outcome {
    fn of(generator: &Generator, manner: Manner<'_>) -> Self {
        let known = manner.cache.filter(|_| !manner.fresh);
        if let Some(mut kept) = known.and_then(|cache| generator.unchanged(cache)) {
            return Self {
                files: kept.files().map(|path| (path.clone(), Text::Kept)).collect(),
                problems: std::mem::take(&mut kept.problems),
                made: Some(kept),
                reused: true,
                memory: None,
            };
        }
        match generator.render() {
            Ok(output) => Self::new(generator, output, manner),
            Err(failure) => Self {
                problems: failure.into_problems(),
                ..Self::default()
            },
        }
    }

    fn new(generator: &Generator, output: Output, manner: Manner<'_>) -> Self {
        let memory = manner.cache.and_then(|_| generator.memory(&output));
        let mut made = Kept::from(&output);
        let contracts = output.contracts.into_iter().flat_map(|contract| contract.files);
        let files = contracts.chain(output.package);
        Self {
            problems: std::mem::take(&mut made.problems),
            made: Some(made),
            files: files.map(|(path, text)| (path, Text::New(text))).collect(),
            reused: false,
            memory,
        }
    }

    /// What became of the `at`-th contract.
    fn contract(&self, at: usize) -> Option<&KeptContract> {
        self.made.as_ref()?.contracts.get(at)
    }

    /// The problems in a file. A run of one contract has no others.
    fn count(&self, file: &Path, alone: bool, level: Level) -> usize {
        let at = |name: &str| Path::new(name) == file;
        let here = self.problems.iter().filter(|problem| {
            problem.level == level && (alone || problem.place.as_ref().is_some_and(|place| at(&place.file)))
        });
        here.count()
    }
}

impl Rendered {
    fn tell(&mut self, outcome: &Outcome, report: &mut Report) {
        report.problems(&outcome.problems);
        self.errors += outcome.problems.count(Level::Error);
        self.warnings += outcome.problems.count(Level::Warning);
        let contracts = outcome.made.as_ref().map_or(0, |made| made.contracts.len());
        self.reused += if outcome.reused { contracts } else { 0 };
    }
}

/// What became of a job, the `at`-th contract of `of` in the outcome.
fn contract_report(job: &Job, outcome: &Outcome, (at, of): (usize, usize), time: Duration) -> ContractReport {
    let rendered = outcome.contract(at);
    let alone = of == 1;
    ContractReport {
        name: rendered.map_or_else(|| job.name.clone(), |rendered| rendered.name.clone()),
        path: job.path.clone(),
        out: rendered.map_or_else(|| job.out.clone(), |rendered| job.out.join(&rendered.folder)),
        operations: rendered.map_or(0, |rendered| rendered.operations),
        types: rendered.map_or(0, |rendered| rendered.types),
        skipped: rendered.map_or(0, |rendered| rendered.skipped.len()),
        warnings: outcome.count(&job.path, alone, Level::Warning),
        errors: outcome.count(&job.path, alone, Level::Error),
        files: rendered.map_or(0, |rendered| rendered.files.len()),
        time,
    }
}
