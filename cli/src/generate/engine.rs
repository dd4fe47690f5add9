//! The one place where the generator is called: from jobs to files in memory.

use std::collections::BTreeMap;
use std::num::NonZero;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use tieline_codegen::{Generator, Output, Runtime};
use tieline_contract::problem::{Level, Problems};

use super::folder::Tree;
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
}

/// Renders every job, and tells what there is to tell on the way.
pub(super) fn render(plan: &Plan, strict: bool, report: &mut Report) -> Rendered {
    match &plan.target {
        Target::Modules => modules(&plan.jobs, strict, report),
        Target::Crate { name, out, runtime } => package(plan, name, out, runtime.as_deref(), strict, report),
    }
}

/// A module a job: as many at a time as there are cores, told of in their order.
fn modules(jobs: &[Job], strict: bool, report: &mut Report) -> Rendered {
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
                    let outcome = Outcome::of(&generator(job, strict));
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
                all.module(&jobs[told], &outcome, took, report);
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
    fn module(&mut self, job: &Job, outcome: &Outcome, took: Duration, report: &mut Report) {
        self.tell(&outcome.problems, report);
        let contract = contract_report(job, outcome, (0, 1), took);
        report.contract(&contract);
        self.contracts.push(contract);
        for rendered in outcome.output.iter().flat_map(|output| &output.contracts) {
            let inside = |path: &Path| path.strip_prefix(&rendered.folder).unwrap_or(path).to_path_buf();
            self.trees.push(Tree {
                root: job.out.join(&rendered.folder),
                files: rendered
                    .files
                    .iter()
                    .map(|(path, text)| (inside(path), text.clone()))
                    .collect(),
            });
        }
    }
}

/// One crate of all jobs.
fn package(
    plan: &Plan,
    name: &str,
    out: &Path,
    runtime: Option<&Path>,
    strict: bool,
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
        .strict(strict)
        .package(name, runtime)
        .out_dir(out);
    let outcome = Outcome::of(&generator);
    all.tell(&outcome.problems, report);
    for (at, job) in jobs.iter().enumerate() {
        let contract = contract_report(job, &outcome, (at, jobs.len()), started.elapsed());
        report.contract(&contract);
        all.contracts.push(contract);
    }
    if let Some(output) = outcome.output {
        all.trees.push(Tree {
            root: out.to_path_buf(),
            files: output.files().cloned().collect::<BTreeMap<_, _>>(),
        });
    }
    all
}

fn with_source(generator: Generator, job: &Job) -> Generator {
    let generator = generator.contract(&job.path).name(&job.name);
    let generator = generator.numbers(job.numbers).time(job.time).xml(job.xml);
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
struct Outcome {
    /// None after an error.
    output: Option<Output>,
    problems: Problems,
}

impl Outcome {
    fn of(generator: &Generator) -> Self {
        match generator.render() {
            Ok(mut output) => Self {
                problems: std::mem::take(&mut output.problems),
                output: Some(output),
            },
            Err(failure) => Self {
                output: None,
                problems: failure.into_problems(),
            },
        }
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
    fn tell(&mut self, problems: &Problems, report: &mut Report) {
        report.problems(problems);
        self.errors += problems.count(Level::Error);
        self.warnings += problems.count(Level::Warning);
    }
}

/// What became of a job, the `at`-th contract of `of` in the outcome.
fn contract_report(job: &Job, outcome: &Outcome, (at, of): (usize, usize), time: Duration) -> ContractReport {
    let rendered = outcome
        .output
        .as_ref()
        .and_then(|output| output.contracts.get(at));
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
