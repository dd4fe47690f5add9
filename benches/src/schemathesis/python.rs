//! Schemathesis: installed from PyPI, run, and its report read.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::Failure;

/// The version that is used.
const VERSION: &str = "4.32.5";

/// How often it is looked whether a run has ended.
const POLL: Duration = Duration::from_millis(50);

/// Schemathesis in a virtual environment.
pub(super) struct Schemathesis {
    program: PathBuf,
    folder: PathBuf,
}

/// Which requests are made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mode {
    /// Those that the document calls valid.
    Positive,
    /// Those that it does not.
    Negative,
}

/// How much is tried.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    pub(super) examples: usize,
    pub(super) seed: u64,
    pub(super) seconds: u64,
}

/// What came of it.
#[derive(Debug, Default)]
pub(super) struct Report {
    pub(super) operations: usize,
    pub(super) cases: u64,
    pub(super) failures: Vec<String>,
}

impl Mode {
    const fn name(self) -> &'static str {
        match self {
            Self::Positive => "positive",
            Self::Negative => "negative",
        }
    }

    const fn checks(self) -> &'static str {
        match self {
            Self::Positive => {
                "not_a_server_error,status_code_conformance,content_type_conformance,response_headers_conformance,\
                 response_schema_conformance,positive_data_acceptance,unsupported_method,allow_header_conformance"
            }
            Self::Negative => {
                "not_a_server_error,negative_data_rejection,missing_required_header,unsupported_method,\
                 allow_header_conformance"
            }
        }
    }
}

impl Schemathesis {
    /// Makes the virtual environment, unless it is there.
    pub(super) fn install(folder: &Path) -> Result<Self, Failure> {
        let program = folder.join("bin/schemathesis");
        let known = Command::new(&program).arg("--version").output();
        if !known.is_ok_and(|output| String::from_utf8_lossy(&output.stdout).contains(VERSION)) {
            said(Command::new("python3").args(["-m", "venv"]).arg(folder))?;
            let wanted = format!("schemathesis=={VERSION}");
            said(Command::new(folder.join("bin/pip")).args(["install", "--quiet", &wanted]))?;
        }
        Ok(Self {
            program,
            folder: folder.to_owned(),
        })
    }

    /// Tests the server at `url`. What schemathesis says in full is left beside its report.
    pub(super) fn test(
        &self,
        document: &Path,
        url: &str,
        mode: Mode,
        limits: Limits,
        left_out: &BTreeSet<&str>,
    ) -> Result<Report, Failure> {
        let stem = document.file_name().unwrap_or_default().to_string_lossy();
        let report = self.folder.join(format!("{stem}.{}.json", mode.name()));
        let told = self.folder.join(format!("{stem}.{}.txt", mode.name()));
        if report.exists() {
            fs::remove_file(&report)?;
        }
        let mut command = Command::new(&self.program);
        command
            .current_dir(&self.folder)
            .arg("run")
            .arg(document)
            .args([
                "--no-color",
                "--url",
                url,
                "--mode",
                mode.name(),
                "--checks",
                mode.checks(),
            ])
            .args([
                "--phases",
                "examples,coverage,fuzzing",
                "--generation-deterministic",
            ])
            .args(["--suppress-health-check", "all"])
            .args([
                "--request-timeout",
                "10",
                "--report",
                "json",
                "--report-json-path",
            ])
            .arg(&report)
            .args([
                "--max-examples",
                &limits.examples.to_string(),
                "--seed",
                &limits.seed.to_string(),
            ]);
        for operation in left_out {
            command.args(["--exclude-name", operation]);
        }
        let file = fs::File::create(&told)?;
        let mut child = command
            .stdin(Stdio::null())
            .stdout(file.try_clone()?)
            .stderr(file)
            .spawn()?;
        let started = Instant::now();
        while child.try_wait()?.is_none() {
            if started.elapsed() > Duration::from_secs(limits.seconds) {
                child.kill()?;
                child.wait()?;
                return Err(format!("{stem}: schemathesis took longer than {} s", limits.seconds).into());
            }
            thread::sleep(POLL);
        }
        let text = fs::read_to_string(&report).map_err(|_| {
            let said = fs::read_to_string(&told).unwrap_or_default();
            format!("{stem}: schemathesis made no report: {said}")
        })?;
        Ok(read(&serde_json::from_str(&text)?, mode, &told))
    }
}

fn read(report: &Value, mode: Mode, told: &Path) -> Report {
    let mut failures = Vec::new();
    let list = |key: &str| report[key].as_array().cloned().unwrap_or_default();
    for failure in list("failures") {
        let title = failure["title"].as_str().unwrap_or_default();
        let operations = failure["operations"].as_array().into_iter().flatten();
        failures.extend(operations.map(|operation| {
            let operation = operation.as_str().unwrap_or_default();
            format!("{}: {title}: {operation} ({})", mode.name(), told.display())
        }));
    }
    failures.extend(
        list("errors")
            .iter()
            .map(|error| format!("{}: error: {error}", mode.name())),
    );
    Report {
        operations: 0,
        cases: report["test_cases"]["generated"].as_u64().unwrap_or_default(),
        failures,
    }
}

impl Report {
    pub(super) fn add(&mut self, other: &Self) {
        self.operations += other.operations;
        self.cases += other.cases;
        self.failures.extend(other.failures.iter().cloned());
    }
}

/// Runs a command; an error says what it said.
fn said(command: &mut Command) -> Result<(), Failure> {
    let output = command.stdin(Stdio::null()).output()?;
    if output.status.success() {
        return Ok(());
    }
    Err(String::from_utf8_lossy(&output.stderr).trim().to_owned().into())
}
