//! The one door to the generator: read, plan, emit, write.

use std::collections::{BTreeMap, HashSet};
use std::env;
use std::num::NonZero;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::SystemTime;

use tieline_contract::model::{Bulk, Paging};
use tieline_contract::problem::{Place, Problem, Problems};
use tieline_contract::{Read, ReadOptions};

use crate::diagnostics;
use crate::failure::Failure;
use crate::options::{Numbers, Options, TimeLibrary, TypeOptions};
use crate::output::{Output, Rendered};
use crate::package::{self, Runtime};
use crate::plan::select::Selection;
use crate::plan::{self, Form, Plan, Sections, Settings};
use crate::stamp::{Kept, Memory, Run};
use crate::{rust, write};

/// Writes Rust from contracts.
///
/// ```no_run
/// use tieline_codegen::Generator;
///
/// let generator = Generator::new().contract("pets.yaml").server(true).out_dir("src/generated");
/// let output = generator.render()?;
/// println!("{} operations", output.contracts[0].operations);
/// generator.write()?;
/// # Ok::<(), tieline_codegen::Failure>(())
/// ```
#[derive(Debug, Clone, Default)]
#[must_use = "a generator does nothing until it renders, writes or runs"]
pub struct Generator {
    sources: Vec<Source>,
    client: Option<bool>,
    server: Option<bool>,
    mock: Option<bool>,
    blocking: Option<bool>,
    include: Vec<PathBuf>,
    urls: Vec<(String, PathBuf)>,
    operations: Vec<String>,
    strict: bool,
    out_dir: Option<PathBuf>,
    package: Option<(String, Runtime)>,
    included: bool,
    threads: Option<usize>,
}

#[derive(Debug, Clone)]
struct Source {
    path: PathBuf,
    name: Option<String>,
    overlays: Vec<PathBuf>,
    options: Options,
}

impl Generator {
    /// A generator that knows no contract.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a contract: an OpenAPI document or a `.proto` file.
    pub fn contract(mut self, path: impl Into<PathBuf>) -> Self {
        self.sources.push(Source {
            path: path.into(),
            name: None,
            overlays: Vec::new(),
            options: Options::default(),
        });
        self
    }

    /// Names the contract that was added last; its module is called so. Its file's name unless set.
    pub fn name(mut self, name: impl Into<String>) -> Self {
        if let Some(source) = self.sources.last_mut() {
            source.name = Some(name.into());
        }
        self
    }

    /// Lays an Overlay document over the contract that was added last, behind those that were laid over it before.
    pub fn overlay(mut self, path: impl Into<PathBuf>) -> Self {
        if let Some(source) = self.sources.last_mut() {
            source.overlays.push(path.into());
        }
        self
    }

    /// Decides about a type of the contract that was added last: named as the contract does (`Pet`, `Pet.owner`), by its
    /// Rust name, or by a pattern (`*Id`). What is said of one type wins over what is said of a pattern, later over
    /// earlier. A name that the contract does not have is an error.
    pub fn type_options(mut self, name: impl Into<String>, options: TypeOptions) -> Self {
        if let Some(source) = self.sources.last_mut() {
            source.options.types.push((name.into(), options));
        }
        self
    }

    /// The Rust name of an operation of the contract that was added last, by its id.
    pub fn rename_operation(mut self, id: impl Into<String>, name: impl Into<String>) -> Self {
        if let Some(source) = self.sources.last_mut() {
            source.options.operations.push((id.into(), name.into()));
        }
        self
    }

    /// How the pages of a list follow each other: of an operation of the contract that was added last, by its id. It counts
    /// more than what the contract says. An operation, parameter or property that the contract does not have is an error.
    pub fn pagination(mut self, id: impl Into<String>, paging: Paging) -> Self {
        if let Some(source) = self.sources.last_mut() {
            source.options.pagination.push((id.into(), paging));
        }
        self
    }

    /// How an operation answers for many keys, so that single calls can be gathered into calls of it: of the contract that was
    /// added last, by its id. It counts more than what the contract says. What the contract does not have is an error.
    pub fn bulk(mut self, id: impl Into<String>, bulk: Bulk) -> Self {
        if let Some(source) = self.sources.last_mut() {
            source.options.bulk.push((id.into(), bulk));
        }
        self
    }

    /// Where the options of the contract that was added last are said, by JSON pointer (`/types/Pet/rename`,
    /// `/rename/getPet`, `/operations/0`), so that what is wrong with one is shown there.
    pub fn option_places(mut self, places: BTreeMap<String, Place>) -> Self {
        if let Some(source) = self.sources.last_mut() {
            source.options.places = places;
        }
        self
    }

    /// The types of unlimited numbers in the contract that was added last. [`Numbers::Open`] unless set.
    pub fn numbers(mut self, numbers: Numbers) -> Self {
        if let Some(source) = self.sources.last_mut() {
            source.options.numbers = numbers;
        }
        self
    }

    /// The library of dates and times in the contract that was added last. [`TimeLibrary::Jiff`] unless set; the runtime
    /// needs the feature of another.
    pub fn time(mut self, library: TimeLibrary) -> Self {
        if let Some(source) = self.sources.last_mut() {
            source.options.times = library;
        }
        self
    }

    /// Whether bodies in XML are written, too, where the contract that was added last has JSON of the same schema beside them.
    /// Off unless set: the tables of their elements are long, and the runtime needs the feature `xml`.
    pub fn xml(mut self, xml: bool) -> Self {
        if let Some(source) = self.sources.last_mut() {
            source.options.xml = xml;
        }
        self
    }

    /// Whether the operations of each tag of the contract that was added last stand in a module of their own, with the types
    /// that only they reach. In a crate that module stands behind a feature of the tag's name; all are on by default, and
    /// the crate can be compiled with those that are needed. Off unless set. Operations of a `.proto` have no tags.
    pub fn split_by_tag(mut self, split: bool) -> Self {
        if let Some(source) = self.sources.last_mut() {
            source.options.split = split;
        }
        self
    }

    /// Whether the async client is written. On unless set.
    pub fn client(mut self, client: bool) -> Self {
        self.client = Some(client);
        self
    }

    /// Whether the server is written. Off unless set; in a crate it stands behind a feature.
    pub fn server(mut self, server: bool) -> Self {
        self.server = Some(server);
        self
    }

    /// Whether the mock is written. Off unless set; in a crate it stands behind a feature.
    pub fn mock(mut self, mock: bool) -> Self {
        self.mock = Some(mock);
        self
    }

    /// Whether the blocking client is written; the async one is, too, then. Off unless set; in a crate it stands behind a
    /// feature.
    pub fn blocking(mut self, blocking: bool) -> Self {
        self.blocking = Some(blocking);
        self
    }

    /// Adds a folder that proto imports are looked for in.
    pub fn include(mut self, folder: impl Into<PathBuf>) -> Self {
        self.include.push(folder.into());
        self
    }

    /// Reads a file, or the files of a folder, wherever a reference of an OpenAPI document says this URL, or one that
    /// starts so. Nothing is fetched from a network.
    pub fn map_url(mut self, url: impl Into<String>, path: impl Into<PathBuf>) -> Self {
        self.urls.push((url.into(), path.into()));
        self
    }

    /// Writes only some operations and the types that these reach: by id (`get*`), by tag (`tag:pets`) or by path
    /// (`/pets/**`, `GET /pets`). All unless called.
    pub fn operations<S: Into<String>>(mut self, selectors: impl IntoIterator<Item = S>) -> Self {
        self.operations.extend(selectors.into_iter().map(Into::into));
        self
    }

    /// Whether every warning is an error.
    pub fn strict(mut self, strict: bool) -> Self {
        self.strict = strict;
        self
    }

    /// How many threads write code: as many as there are cores unless set. A procedural macro needs 1, because the
    /// compiler's tokens belong to its thread.
    pub fn threads(mut self, threads: usize) -> Self {
        self.threads = Some(threads);
        self
    }

    /// The folder that the output is written to.
    pub fn out_dir(mut self, folder: impl Into<PathBuf>) -> Self {
        self.out_dir = Some(folder.into());
        self
    }

    /// Writes a whole crate of this name, which finds the runtime where `runtime` says.
    pub fn package(mut self, name: impl Into<String>, runtime: Runtime) -> Self {
        self.package = Some((name.into(), runtime));
        self
    }

    /// Makes the output in memory.
    ///
    /// # Errors
    /// Every problem of every contract, when one of them is an error.
    pub fn render(&self) -> Result<Output, Failure> {
        let started = SystemTime::now();
        let mut problems = Problems::new();
        let reads = self.read(&mut problems)?;
        let plans = self.plan(&reads, &mut problems)?;
        let contracts = emit(&plans, &reads, self.form(), self.thread_count())?;
        let package = self.package_files(&plans)?;
        let (mut inputs, mut lookups) = (Vec::new(), Vec::new());
        for read in reads {
            inputs.extend(read.files);
            lookups.extend(read.lookups.into_list());
        }
        Ok(Output {
            contracts,
            package,
            problems,
            inputs,
            lookups,
            started,
        })
    }

    /// Writes the output into the folder set by [`Generator::out_dir`]: all files or none.
    ///
    /// # Errors
    /// As [`Generator::render`], or a file cannot be written.
    pub fn write(&self) -> Result<Output, Failure> {
        let Some(folder) = &self.out_dir else {
            return Err(Problem::new(&diagnostics::NOT_SET, None)
                .about("no folder to write to")
                .into());
        };
        let output = self.render()?;
        write::write(folder, &output)?;
        Ok(output)
    }

    /// What stands on disk, when that is what [`Generator::write`] would write: the options and the generator are the same
    /// as in the run that was remembered in the folder `stamps`, every path that it looked at is as it was, and so is
    /// every file that it wrote. `None`: something has changed, or nothing is known.
    ///
    /// Files that are no output are not looked for: see [`Kept::files`].
    pub fn unchanged(&self, stamps: &Path) -> Option<Kept> {
        self.as_run()?.unchanged(stamps)
    }

    /// What is to be remembered of a run whose output is `output`. `None`: it depended on something that cannot be told
    /// when it changes.
    pub fn memory(&self, output: &Output) -> Option<Memory> {
        self.as_run()?.memory(output)
    }

    /// As [`Generator::write`], but nothing is read, made or written when [`Generator::unchanged`] finds that all would
    /// stay as it is. What was made is remembered in the folder `stamps`, which belongs to this machine.
    ///
    /// # Errors
    /// As [`Generator::write`].
    pub fn refresh(&self, stamps: &Path) -> Result<Kept, Failure> {
        if let (Some(folder), Some(kept)) = (&self.out_dir, self.unchanged(stamps)) {
            let folders = kept.contracts.iter().map(|contract| &*contract.folder);
            write::remove_stale(folder, folders, kept.files().map(|path| &**path))?;
            return Ok(kept);
        }
        let output = self.write()?;
        if let Some(memory) = self.memory(&output) {
            memory.save(stamps);
        }
        Ok(Kept::from(&output))
    }

    /// For build scripts: writes to `OUT_DIR/tieline/<name>/`, and tells cargo which files to watch. A run for which nothing
    /// has changed since the last one returns at once.
    ///
    /// # Errors
    /// As [`Generator::write`]. Returned from `main`, it prints every problem with its place.
    pub fn run(&self) -> Result<(), Failure> {
        let watch = |path: &Path| println!("cargo::rerun-if-changed={}", path.display());
        // Also when reading fails: the next run must see the file that was mended.
        for source in &self.sources {
            watch(&source.path);
            source.overlays.iter().for_each(|path| watch(path));
        }
        self.include.iter().for_each(|folder| watch(folder));
        let mut generator = self.clone();
        generator.included = true;
        let out_dir = env::var_os("OUT_DIR").map(PathBuf::from);
        if generator.out_dir.is_none() {
            generator.out_dir = out_dir.as_ref().map(|folder| folder.join("tieline"));
        }
        let output = match out_dir {
            Some(folder) => generator.refresh(&folder.join("tieline-stamps"))?,
            None => Kept::from(&generator.write()?),
        };
        output.inputs.iter().for_each(|path| watch(path));
        for problem in &output.problems {
            let place = problem
                .place
                .as_ref()
                .map(|place| format!("{place}: "))
                .unwrap_or_default();
            println!(
                "cargo::warning={place}{} [{}]",
                problem.message.replace('\n', " "),
                problem.code
            );
        }
        Ok(())
    }

    /// What tells its run from others, once a folder is set.
    fn as_run(&self) -> Option<Run<'_>> {
        let modules = self.sources.iter();
        let modules: Vec<_> = modules.map(|source| (&source.path, &source.name)).collect();
        let package = self.package.as_ref().map(|(name, _)| name);
        Some(Run {
            // However many threads write, they write the same.
            said: format!("{:?}", self.clone().threads(1)),
            makes: format!("{package:?} {modules:?}"),
            folder: self.out_dir.as_deref()?,
        })
    }

    fn thread_count(&self) -> usize {
        self.threads
            .unwrap_or_else(|| thread::available_parallelism().map_or(1, NonZero::get))
    }

    fn form(&self) -> Form {
        match (&self.package, self.included) {
            (Some(_), _) => Form::Crate,
            (None, true) => Form::Included,
            (None, false) => Form::Folder,
        }
    }

    fn sections(&self) -> Sections {
        // In a crate, features choose.
        let unless_set = self.package.is_some();
        let blocking = self.blocking.unwrap_or(unless_set);
        Sections {
            client: self.client.unwrap_or(true) || blocking,
            server: self.server.unwrap_or(unless_set),
            mock: self.mock.unwrap_or(unless_set),
            blocking,
        }
    }

    /// Reads every contract, so that one run shows all that is wrong.
    fn read(&self, problems: &mut Problems) -> Result<Vec<Read>, Failure> {
        if self.sources.is_empty() {
            return Err(Problem::new(&diagnostics::NOT_SET, None)
                .about("no contract")
                .into());
        }
        let mut reads = Vec::new();
        for source in &self.sources {
            let options = ReadOptions {
                name: source.name.clone(),
                strict: self.strict,
                include: self.include.clone(),
                urls: self.urls.clone(),
                overlays: source.overlays.clone(),
                xml: source.options.xml,
            };
            match tieline_contract::read(&source.path, &options) {
                Ok(mut read) => {
                    problems.append(std::mem::take(&mut read.problems));
                    reads.push(read);
                }
                Err(found) => problems.append(found),
            }
        }
        stop_on_errors(problems)?;
        Ok(reads)
    }

    fn plan(&self, reads: &[Read], problems: &mut Problems) -> Result<Vec<Plan>, Failure> {
        let selection = Selection::new(self.operations.clone());
        let mut names = HashSet::new();
        let mut plans = Vec::new();
        for (read, source) in reads.iter().zip(&self.sources) {
            let file = source
                .path
                .file_name()
                .map(|name| name.to_string_lossy().into_owned())
                .unwrap_or_default();
            let settings = Settings {
                source: &file,
                selection: &selection,
                options: &source.options,
                sections: self.sections(),
                form: self.form(),
                is_root: self.package.is_some() && self.sources.len() == 1,
                prefix: (self.sources.len() > 1).then_some(&*read.contract.name),
            };
            let plan = plan_of(read, &settings, problems);
            if !names.insert(plan.name.clone()) {
                problems.push(Problem::new(&diagnostics::SAME_NAME, None).about(format!("`{}`", plan.name)));
            }
            plans.push(plan);
        }
        if self.strict {
            problems.deny_warnings();
        }
        problems.settle();
        stop_on_errors(problems)?;
        Ok(plans)
    }

    fn package_files(&self, plans: &[Plan]) -> Result<Vec<(PathBuf, String)>, Failure> {
        let Some((name, runtime)) = &self.package else {
            return Ok(Vec::new());
        };
        let folder = self.out_dir.as_deref().unwrap_or_else(|| Path::new("."));
        Ok(package::files(name, runtime, folder, plans)?)
    }
}

/// The plan of a contract of any dialect.
fn plan_of(read: &Read, settings: &Settings<'_>, problems: &mut Problems) -> Plan {
    #[cfg(feature = "proto")]
    if let Some(descriptors) = &read.descriptors {
        return plan::methods::plan(&read.contract, descriptors, settings, problems);
    }
    plan::plan(&read.contract, settings, problems)
}

fn stop_on_errors(problems: &mut Problems) -> Result<(), Failure> {
    if !problems.has_errors() {
        return Ok(());
    }
    problems.settle();
    Err(std::mem::take(problems).into())
}

/// Writes every plan in memory, a folder each; a crate of one contract is that contract's module.
fn emit(plans: &[Plan], reads: &[Read], form: Form, threads: usize) -> Result<Vec<Rendered>, Failure> {
    let alone = form == Form::Crate && plans.len() == 1;
    let mut rendered = Vec::new();
    for (plan, read) in plans.iter().zip(reads) {
        let folder = match form {
            Form::Crate if alone => PathBuf::from("src"),
            Form::Crate => PathBuf::from("src").join(&plan.name),
            Form::Folder | Form::Included => PathBuf::from(&plan.name),
        };
        let files = rust::emit(plan, threads).map_err(|(file, error)| {
            Problem::new(&diagnostics::MALFORMED, None)
                .about(format!("{}: {error}", folder.join(file).display()))
        })?;
        let in_place = |path: PathBuf| {
            folder.join(if alone && path == Path::new("mod.rs") {
                "lib.rs".into()
            } else {
                path
            })
        };
        rendered.push(Rendered {
            name: plan.name.clone(),
            files: files
                .into_iter()
                .map(|(path, text)| (in_place(path), text))
                .collect(),
            folder,
            operations: plan.operation_count(),
            skipped: read.skipped.iter().chain(&plan.skipped).cloned().collect(),
            types: plan.type_count(),
            type_names: plan
                .types
                .iter()
                .map(|ty| (ty.wire.clone(), ty.name.clone()))
                .collect(),
        });
    }
    Ok(rendered)
}
