//! A run is left out exactly when it would change nothing.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use tempfile::TempDir;
use tieline_codegen::{Generator, Kept};

/// A security scheme is missing, which is a warning; `more.json` is referred to, and is not there.
const PETS: &str = r##"
openapi: 3.1.0
info: { title: Pets, version: 1.2.3 }
x-more: { $ref: "more.json" }
paths:
  /pets:
    get:
      operationId: listPets
      responses:
        "200": { description: All., content: { application/json: { schema: { $ref: "#/components/schemas/Pet" } } } }
  /sums:
    get:
      operationId: getSum
      security: [{ nobody: [] }]
      responses:
        "200": { description: A sum., content: { application/json: { schema: { $ref: "#/components/schemas/Sum" } } } }
components:
  schemas:
    Pet: { type: object, properties: { name: { type: string } } }
    Sum: { type: object, properties: { of: { type: integer } } }
"##;

struct Bench(TempDir);

impl Bench {
    fn new() -> Self {
        let bench = Self(tempfile::tempdir().unwrap());
        fs::write(bench.path("pets.yaml"), PETS).unwrap();
        bench
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn generator(&self) -> Generator {
        Generator::new()
            .contract(self.path("pets.yaml"))
            .out_dir(self.path("out"))
    }

    fn refresh(&self, generator: &Generator) -> Kept {
        generator.refresh(&self.path("stamps")).unwrap()
    }

    fn is_warm(&self, generator: &Generator) -> bool {
        generator.unchanged(&self.path("stamps")).is_some()
    }

    /// The one stamp.
    fn stamp(&self) -> PathBuf {
        let mut entries = fs::read_dir(self.path("stamps")).unwrap();
        entries.next().unwrap().unwrap().path()
    }

    /// Makes every file older than the time within which two writes could look the same, and has that remembered.
    fn settle(&self, generator: &Generator) {
        let old = SystemTime::now() - Duration::from_secs(3600);
        for path in [self.path("pets.yaml"), self.path("out/pets/types.rs")] {
            fs::File::options()
                .write(true)
                .open(path)
                .unwrap()
                .set_modified(old)
                .unwrap();
        }
        assert!(self.is_warm(generator));
    }
}

fn modified(path: &Path) -> SystemTime {
    fs::metadata(path).unwrap().modified().unwrap()
}

#[test]
fn the_same_again_is_known_with_all_that_the_run_had_said() {
    let bench = Bench::new();
    let generator = bench.generator();
    assert!(!bench.is_warm(&generator), "nothing is known yet");
    let first = bench.refresh(&generator);
    assert!(!first.problems.is_empty(), "the contract has a warning");
    let again = generator.unchanged(&bench.path("stamps")).unwrap();
    assert_eq!(again, first);
    assert_eq!(again.contracts[0].operations, 2);
    assert_eq!(bench.refresh(&generator), first);
    assert_eq!(again.problems.to_text(false), first.problems.to_text(false));
}

#[test]
fn a_file_that_was_touched_and_says_the_same_is_the_same() {
    let bench = Bench::new();
    let generator = bench.generator();
    bench.refresh(&generator);
    bench.settle(&generator);
    let before = modified(&bench.path("out/pets/types.rs"));
    fs::write(bench.path("pets.yaml"), PETS).unwrap();
    assert!(bench.is_warm(&generator));
    bench.refresh(&generator);
    assert_eq!(modified(&bench.path("out/pets/types.rs")), before);
}

#[test]
fn whatever_a_run_depends_on_is_missed_when_it_changes() {
    type Change = (&'static str, fn(&Bench));
    let changes: [Change; 7] = [
        ("an edit of the same length", |bench| {
            fs::write(bench.path("pets.yaml"), PETS.replace("Pets", "Cats")).unwrap();
        }),
        ("a file that a reference leads to appears", |bench| {
            fs::write(bench.path("more.json"), "{}").unwrap();
        }),
        ("a lock appears", |bench| {
            let lock = "{\"version\": 1, \"documents\": []}";
            fs::write(bench.path("tieline.lock"), lock).unwrap();
        }),
        ("an output is deleted", |bench| {
            fs::remove_file(bench.path("out/pets/types.rs")).unwrap();
        }),
        ("an output is edited by hand", |bench| {
            let path = bench.path("out/pets/types.rs");
            let text = fs::read_to_string(&path).unwrap();
            fs::write(path, text.replacen("Pet", "Cat", 1)).unwrap();
        }),
        ("the stamp is cut short", |bench| {
            let text = fs::read(bench.stamp()).unwrap();
            fs::write(bench.stamp(), &text[..text.len() / 2]).unwrap();
        }),
        ("the stamp is of something else", |bench| {
            fs::write(bench.stamp(), "[]").unwrap();
        }),
    ];
    for (what, change) in changes {
        for settled in [false, true] {
            let bench = Bench::new();
            let generator = bench.generator();
            bench.refresh(&generator);
            if settled {
                bench.settle(&generator);
            }
            change(&bench);
            assert!(!bench.is_warm(&generator), "{what}, settled: {settled}");
            let whole = generator.render().unwrap();
            bench.refresh(&generator);
            assert!(bench.is_warm(&generator), "{what}");
            for (path, text) in whole.files() {
                let written = fs::read_to_string(bench.path("out").join(path)).unwrap();
                assert_eq!(written, *text, "{what}: {}", path.display());
            }
        }
    }
}

#[test]
fn other_options_are_another_run() {
    let bench = Bench::new();
    bench.refresh(&bench.generator());
    let others = [
        bench.generator().server(true),
        bench.generator().operations(["listPets"]),
        bench.generator().strict(true),
        bench.generator().name("cats"),
        bench.generator().overlay(bench.path("overlay.yaml")),
        bench.generator().rename_operation("listPets", "all_pets"),
    ];
    for other in others {
        assert!(!bench.is_warm(&other), "{other:?}");
    }
    assert!(
        bench.is_warm(&bench.generator().threads(7)),
        "however many threads"
    );
}

#[test]
fn an_edit_of_one_schema_writes_only_the_files_that_it_touches() {
    let bench = Bench::new();
    let generator = bench.generator().server(true);
    let kept = bench.refresh(&generator);
    let old = SystemTime::now() - Duration::from_secs(3600);
    for path in kept.files() {
        let file = fs::File::options().write(true).open(bench.path("out").join(path));
        file.unwrap().set_modified(old).unwrap();
    }
    let edited = PETS.replace("name: { type: string }", "nick: { type: string }");
    fs::write(bench.path("pets.yaml"), edited).unwrap();
    bench.refresh(&generator);
    let written = |path: &&PathBuf| modified(&bench.path("out").join(path)) != old;
    let written: Vec<_> = kept.files().filter(written).collect();
    assert_eq!(written, [Path::new("pets/types.rs")]);
}

#[test]
fn a_file_of_ours_that_is_no_output_goes_even_when_nothing_has_changed() {
    let bench = Bench::new();
    let generator = bench.generator();
    bench.refresh(&generator);
    let text = fs::read_to_string(bench.path("out/pets/types.rs")).unwrap();
    fs::write(bench.path("out/pets/old.rs"), text).unwrap();
    fs::write(bench.path("out/pets/mine.rs"), "// mine\n").unwrap();
    bench.refresh(&generator);
    assert!(!bench.path("out/pets/old.rs").exists());
    assert!(bench.path("out/pets/mine.rs").exists());
}

#[test]
fn a_run_that_fails_is_not_remembered() {
    let bench = Bench::new();
    let generator = bench.generator();
    let broken = PETS.replace("#/components/schemas/Pet", "#/components/schemas/Lost");
    fs::write(bench.path("pets.yaml"), broken).unwrap();
    assert!(generator.refresh(&bench.path("stamps")).is_err());
    assert!(!bench.is_warm(&generator));
    assert!(
        generator.refresh(&bench.path("stamps")).is_err(),
        "it fails again"
    );
}
