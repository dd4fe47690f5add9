//! Problems as they are saved: whole, where their JSON for machines says less.

use std::collections::BTreeSet;
use std::sync::Mutex;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use tieline_contract::problem::{Level, Place, Problem, Problems};

#[derive(Serialize, Deserialize)]
struct Saved {
    code: String,
    is_error: bool,
    message: String,
    label: String,
    help: String,
    place: Option<SavedPlace>,
    related: Vec<(SavedPlace, String)>,
}

#[derive(Serialize, Deserialize)]
struct SavedPlace {
    file: String,
    start: (u32, u32),
    end: (u32, u32),
    pointer: String,
    excerpt: String,
}

pub(super) fn serialize<S: Serializer>(problems: &Problems, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(problems.iter().map(Saved::from))
}

pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Problems, D::Error> {
    let mut problems = Problems::new();
    for saved in Vec::<Saved>::deserialize(deserializer)? {
        problems.push(saved.problem().ok_or_else(|| D::Error::custom("no code"))?);
    }
    Ok(problems)
}

impl From<&Problem> for Saved {
    fn from(problem: &Problem) -> Self {
        let related = problem.related.iter();
        Self {
            code: problem.code.to_owned(),
            is_error: problem.level == Level::Error,
            message: problem.message.clone(),
            label: problem.label.clone(),
            help: problem.help.clone(),
            place: problem.place.as_ref().map(SavedPlace::from),
            related: related
                .map(|(place, what)| (place.into(), what.clone()))
                .collect(),
        }
    }
}

impl Saved {
    fn problem(self) -> Option<Problem> {
        let related = self.related.into_iter();
        Some(Problem {
            code: code(&self.code)?,
            level: if self.is_error {
                Level::Error
            } else {
                Level::Warning
            },
            message: self.message,
            label: self.label,
            help: self.help,
            place: self.place.map(Place::from),
            related: related.map(|(place, what)| (place.into(), what)).collect(),
        })
    }
}

impl From<&Place> for SavedPlace {
    fn from(place: &Place) -> Self {
        Self {
            file: place.file.to_string(),
            start: (place.line, place.column),
            end: (place.end_line, place.end_column),
            pointer: place.pointer.clone(),
            excerpt: place.excerpt.clone(),
        }
    }
}

impl From<SavedPlace> for Place {
    fn from(saved: SavedPlace) -> Self {
        Self {
            file: saved.file.into(),
            line: saved.start.0,
            column: saved.start.1,
            end_line: saved.end.0,
            end_column: saved.end.1,
            pointer: saved.pointer,
            excerpt: saved.excerpt,
        }
    }
}

/// The longest code that is believed.
const LONGEST: usize = 16;

/// A code that lives as long as those that are written here: each is made once, and there are few.
fn code(text: &str) -> Option<&'static str> {
    static KNOWN: Mutex<BTreeSet<&'static str>> = Mutex::new(BTreeSet::new());
    if !text.starts_with("TL-") || text.len() > LONGEST {
        return None;
    }
    let mut known = KNOWN.lock().ok()?;
    if let Some(code) = known.get(text) {
        return Some(code);
    }
    let code: &'static str = Box::leak(text.to_owned().into_boxed_str());
    known.insert(code);
    Some(code)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Serialize, Deserialize, PartialEq, Debug)]
    struct Holder(#[serde(with = "super")] Problems);

    #[test]
    fn problems_come_back_whole() {
        let mut problem = Problem::new(&crate::diagnostics::NOT_HTTP, Place::file("a.yaml")).about("`x`");
        problem = problem.related(
            Place {
                line: 3,
                column: 4,
                end_line: 5,
                end_column: 6,
                pointer: "/a".into(),
                excerpt: "é".into(),
                ..Place::file("b.yaml")
            },
            "here",
        );
        let mut problems = Problems::new();
        problems.push(problem);
        problems.push(Problem::new(&crate::diagnostics::NOT_SET, None));
        let holder = Holder(problems);
        let text = serde_json::to_string(&holder).unwrap();
        assert_eq!(serde_json::from_str::<Holder>(&text).unwrap(), holder);
        let bent = text.replace("TL-GEN-001", "something else that is no code");
        assert!(serde_json::from_str::<Holder>(&bent).is_err());
    }
}
