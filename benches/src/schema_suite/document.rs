//! Files of the suite as documents.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value, json};

use crate::Failure;
use crate::corpus::compile::Workshop;
use crate::corpus::generate::{self, Outcome, Row};
use crate::corpus::round_trip::instances::Instance;

/// A file of the suite.
pub(super) struct Group {
    /// The draft, and what is special about the file's folder: `draft4`, `draft2020-12/optional/format`.
    pub(super) draft: String,
    /// The path below `tests`, without extension.
    pub(super) name: String,
    /// `None`: no schema of the file can be read.
    pub(super) row: Option<Row>,
    /// The instances of the schemas that can be read.
    pub(super) tests: Vec<Test>,
    /// How many others there are.
    pub(super) unread: usize,
    /// Why they are not read.
    pub(super) complaints: Vec<String>,
}

/// An instance, and what the suite says of it.
pub(super) struct Test {
    type_name: String,
    about: String,
    data: Value,
    pub(super) valid: bool,
}

impl Test {
    /// The object that has the instance as its property: there, null is a value like others.
    pub(super) fn instance(&self) -> Instance {
        Instance {
            type_name: self.type_name.clone(),
            value: json!({ "value": self.data }),
            place: self.about.clone(),
            is_example: false,
        }
    }

    pub(super) fn shown(&self) -> String {
        let data: String = self.data.to_string().chars().take(120).collect();
        format!("{}: {data}", self.about)
    }
}

/// The drafts that documents can speak.
const DRAFTS: [(&str, &str); 2] = [("draft2020-12", "3.1.0"), ("draft4", "3.0.3")];

/// Writes a document for each file that is wanted, and generates its crate.
pub(super) fn all(
    folder: &Path,
    workshop: &Workshop,
    wanted: impl Fn(&str) -> bool,
) -> Result<Vec<Group>, Failure> {
    let mut groups = Vec::new();
    for (draft, version) in DRAFTS {
        for inner in ["", "optional/format"] {
            let tests = folder.join("tests").join(draft).join(inner);
            let mut files: Vec<PathBuf> = match fs::read_dir(&tests) {
                Ok(entries) => entries
                    .map(|entry| Ok(entry?.path()))
                    .collect::<Result<_, Failure>>()?,
                Err(_) => continue,
            };
            files.retain(|path| path.extension().is_some_and(|extension| extension == "json"));
            files.sort();
            let dialect = inner.is_empty().then_some("https://json-schema.org/draft");
            for file in files {
                let stem = file
                    .file_stem()
                    .unwrap_or_default()
                    .to_string_lossy()
                    .into_owned();
                let draft = Path::new(draft).join(inner).to_string_lossy().into_owned();
                let name = Path::new(&draft).join(&stem).to_string_lossy().into_owned();
                if wanted(&name) {
                    let writer = Writer {
                        workshop,
                        remotes: folder.join("remotes"),
                        version,
                        dialect,
                        name,
                    };
                    groups.push(writer.group(&file, draft.trim_end_matches('/'))?);
                }
            }
        }
    }
    if groups.is_empty() {
        return Err(format!("no test in {}", folder.display()).into());
    }
    Ok(groups)
}

/// Writes one document.
struct Writer<'w> {
    workshop: &'w Workshop,
    remotes: PathBuf,
    version: &'w str,
    dialect: Option<&'w str>,
    name: String,
}

impl Writer<'_> {
    fn group(self, file: &Path, draft: &str) -> Result<Group, Failure> {
        let cases: Vec<Value> = serde_json::from_str(&fs::read_to_string(file)?)?;
        let folder = self.workshop.folder().join("documents");
        let short = self.name.replace('/', "-");
        let schemas = folder.join(&short);
        fs::create_dir_all(&schemas)?;
        let mut group = Group {
            draft: draft.to_owned(),
            name: self.name.clone(),
            row: None,
            tests: Vec::new(),
            unread: 0,
            complaints: Vec::new(),
        };
        let mut components = Map::new();
        for (number, case) in cases.iter().enumerate() {
            write(&schemas.join(format!("{number}.json")), &case["schema"])?;
            let name = format!("Case{number}");
            let schema = json!({
                "type": "object",
                "required": ["value"],
                "properties": { "value": { "$ref": format!("{short}/{number}.json") } },
            });
            let tests = case["tests"].as_array().into_iter().flatten();
            // Alone first: what cannot be read must not take the others along.
            let alone = Map::from_iter([(name.clone(), schema.clone())]);
            let row = self.generate(&folder, &format!("{short}-alone"), alone, false)?;
            if let Outcome::Generated { .. } = row.outcome {
                components.insert(name.clone(), schema);
                group.tests.extend(tests.map(|test| Test {
                    type_name: name.clone(),
                    about: format!("{}: {}", text(case), text(test)),
                    data: test["data"].clone(),
                    valid: test["valid"] == Value::Bool(true),
                }));
            } else {
                group.unread += tests.count();
                group.complaints.push(format!("not read: {}: {row}", text(case)));
            }
        }
        if !components.is_empty() {
            group.row = Some(self.generate(&folder, &short, components, true)?);
        }
        Ok(group)
    }

    fn generate(
        &self,
        folder: &Path,
        name: &str,
        components: Map<String, Value>,
        keep: bool,
    ) -> Result<Row, Failure> {
        let path = folder.join(format!("{name}.json"));
        let mut document = json!({
            "openapi": self.version,
            "info": { "title": "Suite", "version": "1" },
            "paths": {},
            "components": { "schemas": components },
        });
        if let Some(dialect) = self.dialect {
            document["jsonSchemaDialect"] = json!(dialect);
        }
        write(&path, &document)?;
        let urls = [("http://localhost:1234/".to_owned(), self.remotes.clone())];
        let row = generate::document(
            &path,
            folder,
            name.to_ascii_lowercase(),
            keep.then_some(self.workshop),
            &urls,
            false,
        );
        if !keep {
            fs::remove_file(&path)?;
        }
        Ok(row)
    }
}

fn text(value: &Value) -> &str {
    value["description"].as_str().unwrap_or_default()
}

/// Writes a file that does not say the same already.
fn write(path: &Path, json: &Value) -> Result<(), Failure> {
    let text = json.to_string();
    if fs::read_to_string(path).is_ok_and(|old| old == text) {
        return Ok(());
    }
    Ok(fs::write(path, text)?)
}
