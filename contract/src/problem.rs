//! Problems: what is wrong with a contract, where, and what to do about it.
//!
//! A pass gathers all of its problems in a [`Problems`] and goes on with the rest; they are looked at together.
//! The fixed part of each problem is a [`Diagnostic`]: one constant, with a code that never changes its meaning,
//! kept together per area (`source::diagnostics`, `openapi::diagnostics`, …).

use std::fmt;
use std::sync::Arc;

use serde::ser::{Serialize, SerializeStruct, Serializer};

/// How bad a problem is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Level {
    /// The contract is wrong: nothing is written.
    Error,
    /// Something was widened, ignored or skipped: the rest builds.
    Warning,
}

impl Level {
    /// `error` or `warning`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
        }
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The fixed part of a problem.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Diagnostic {
    /// The code, such as `TL-OAS-012`. Never reused for another meaning.
    pub code: &'static str,
    /// How bad it is.
    pub level: Level,
    /// What is wrong, in a few words without a full stop.
    pub title: &'static str,
    /// What stands next to the caret. Empty: nothing.
    pub label: &'static str,
    /// What to do next. Empty: nothing to say.
    pub help: &'static str,
}

/// A place in a source file.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Place {
    /// The file, as the user named it.
    pub file: Arc<str>,
    /// Line, from 1. 0 when only the file is known.
    pub line: u32,
    /// Column in characters, from 1. 0 when only the file is known.
    pub column: u32,
    /// The line where it ends.
    pub end_line: u32,
    /// The column behind its last character.
    pub end_column: u32,
    /// JSON pointer (RFC 6901) or proto path of the node. Empty at the root, or where there is none.
    pub pointer: String,
    /// The text of the line where it starts. Of a line longer than [`Place::LONGEST_EXCERPT`] only a part: `…`,
    /// the [`Place::CUT_BEFORE`] characters before the column, and what follows.
    pub excerpt: String,
}

impl Place {
    /// Longer lines are cut in an excerpt, in characters.
    pub const LONGEST_EXCERPT: usize = 400;
    /// How many characters before the column a cut excerpt shows.
    pub const CUT_BEFORE: usize = 40;

    /// A whole file.
    pub fn file(name: impl Into<Arc<str>>) -> Self {
        Self {
            file: name.into(),
            ..Self::default()
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.file)?;
        if self.line > 0 {
            write!(f, ":{}:{}", self.line, self.column)?;
        }
        Ok(())
    }
}

/// A token as a JSON pointer (RFC 6901) writes it: `~` is `~0`, `/` is `~1`.
pub fn escape_token(token: &str) -> String {
    token.replace('~', "~0").replace('/', "~1")
}

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The code of its diagnostic.
    pub code: &'static str,
    /// How bad it is.
    pub level: Level,
    /// What is wrong, with the names concerned.
    pub message: String,
    /// What stands next to the caret.
    pub label: String,
    /// What to do next.
    pub help: String,
    /// Where. `None` when no file has to do with it.
    pub place: Option<Place>,
    /// Other places that have to do with it, and what they are.
    pub related: Vec<(Place, String)>,
}

impl Problem {
    /// The diagnostic as it is, at `place`.
    pub fn new(diagnostic: &Diagnostic, place: impl Into<Option<Place>>) -> Self {
        Self {
            code: diagnostic.code,
            level: diagnostic.level,
            message: diagnostic.title.to_owned(),
            label: diagnostic.label.to_owned(),
            help: diagnostic.help.to_owned(),
            place: place.into(),
            related: Vec::new(),
        }
    }

    /// With what it is about: `<title>: <detail>`.
    #[must_use]
    pub fn about(mut self, detail: impl fmt::Display) -> Self {
        self.message = format!("{}: {detail}", self.message);
        self
    }

    /// With another label at the caret.
    #[must_use]
    pub fn label(mut self, label: impl Into<String>) -> Self {
        self.label = label.into();
        self
    }

    /// With another advice.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = help.into();
        self
    }

    /// With another place that has to do with it.
    #[must_use]
    pub fn related(mut self, place: Place, what: impl Into<String>) -> Self {
        self.related.push((place, what.into()));
        self
    }

    /// As rustc would print it: message, place, excerpt with carets, help. Ends with a line feed.
    pub fn to_text(&self, colour: bool) -> String {
        let paint = Paint { colour };
        let head = match self.level {
            Level::Error => paint.red(&format!("error[{}]", self.code)),
            Level::Warning => paint.yellow(&format!("warning[{}]", self.code)),
        };
        let mut text = format!("{head}{}\n", paint.bold(&format!(": {}", self.message)));
        let width = self
            .place
            .iter()
            .chain(self.related.iter().map(|(place, _)| place))
            .map(|place| place.line.max(1).ilog10() as usize + 1)
            .max()
            .unwrap_or(1);
        if let Some(place) = &self.place {
            excerpt(&mut text, "-->", place, &self.label, width, paint);
        }
        for (place, what) in &self.related {
            excerpt(&mut text, ":::", place, what, width, paint);
        }
        if let Some(place) = self.place.as_ref().filter(|place| !place.pointer.is_empty()) {
            text.push_str(&format!(
                "{:width$} {} at {}\n",
                "",
                paint.blue("="),
                place.pointer
            ));
        }
        if !self.help.is_empty() {
            text.push_str(&format!(
                "{:width$} {} help: {}\n",
                "",
                paint.blue("="),
                self.help
            ));
        }
        text
    }

    fn sort_key(&self) -> (&str, u32, u32, Level, &str, &str) {
        let place = self.place.as_ref();
        (
            place.map_or("", |place| &*place.file),
            place.map_or(0, |place| place.line),
            place.map_or(0, |place| place.column),
            self.level,
            self.code,
            &self.message,
        )
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.to_text(false))
    }
}

/// The one JSON shape of a diagnostic: schema, code, level, message, file, line, column, pointer, help.
/// What is unknown is `null`.
impl Serialize for Problem {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let place = self.place.as_ref();
        let located = place.filter(|place| place.line > 0);
        let mut shape = serializer.serialize_struct("Problem", 9)?;
        shape.serialize_field("schema", &1)?;
        shape.serialize_field("code", self.code)?;
        shape.serialize_field("level", self.level.as_str())?;
        shape.serialize_field("message", &self.message)?;
        shape.serialize_field("file", &place.map(|place| &*place.file))?;
        shape.serialize_field("line", &located.map(|place| place.line))?;
        shape.serialize_field("column", &located.map(|place| place.column))?;
        shape.serialize_field("pointer", &located.map(|place| &place.pointer))?;
        shape.serialize_field("help", &(!self.help.is_empty()).then_some(&self.help))?;
        shape.end()
    }
}

fn excerpt(text: &mut String, arrow: &str, place: &Place, label: &str, width: usize, paint: Paint) {
    text.push_str(&format!("{:width$}{} {place}\n", "", paint.blue(arrow)));
    if place.line == 0 {
        return;
    }
    let (shown, before) = window(&place.excerpt, place.column);
    let after = shown.chars().count().saturating_sub(before);
    let length = if place.end_line == place.line {
        (place.end_column.saturating_sub(place.column) as usize).clamp(1, after.max(1))
    } else {
        after.max(1)
    };
    let bar = paint.blue("|");
    let number = paint.blue(&format!("{:>width$}", place.line));
    let carets = paint.red(format!("{} {label}", "^".repeat(length)).trim_end());
    text.push_str(&format!("{:width$} {bar}\n{number} {bar} {shown}\n", ""));
    text.push_str(&format!("{:width$} {bar} {}{carets}\n", "", " ".repeat(before)));
}

/// The part of a long line around a column, and how many characters of it stand before that column.
fn window(line: &str, column: u32) -> (String, usize) {
    const WIDTH: usize = 120;
    let line = line.replace('\t', " ");
    let is_cut = line.starts_with('…') && column as usize > Place::CUT_BEFORE;
    let before = if is_cut {
        Place::CUT_BEFORE + 1
    } else {
        (column as usize).saturating_sub(1)
    };
    let count = line.chars().count();
    if count <= WIDTH {
        return (line, before.min(count));
    }
    let start = before.saturating_sub(WIDTH / 3);
    let shown: String = line.chars().skip(start).take(WIDTH).collect();
    let lead = if start > 0 && !shown.starts_with('…') {
        "…"
    } else {
        ""
    };
    let trail = if start + WIDTH < count { "…" } else { "" };
    (
        format!("{lead}{shown}{trail}"),
        before.min(count) - start + lead.chars().count(),
    )
}

#[derive(Clone, Copy)]
struct Paint {
    colour: bool,
}

impl Paint {
    fn wrap(self, code: &str, text: &str) -> String {
        if self.colour {
            format!("\x1b[{code}m{text}\x1b[0m")
        } else {
            text.to_owned()
        }
    }

    fn red(self, text: &str) -> String {
        self.wrap("1;31", text)
    }

    fn yellow(self, text: &str) -> String {
        self.wrap("1;33", text)
    }

    fn blue(self, text: &str) -> String {
        self.wrap("1;34", text)
    }

    fn bold(self, text: &str) -> String {
        self.wrap("1", text)
    }
}

/// Problems, gathered.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[must_use = "problems that nobody looks at are lost"]
pub struct Problems {
    list: Vec<Problem>,
}

impl Problems {
    /// None yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds one.
    pub fn push(&mut self, problem: Problem) {
        self.list.push(problem);
    }

    /// Adds all of another gathering.
    pub fn append(&mut self, other: Self) {
        self.list.extend(other.list);
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.list.len()
    }

    /// Whether one of them is an error.
    pub fn has_errors(&self) -> bool {
        self.count(Level::Error) > 0
    }

    /// How many there are of a level.
    pub fn count(&self, level: Level) -> usize {
        self.list.iter().filter(|problem| problem.level == level).count()
    }

    /// Each of them, in order.
    pub fn iter(&self) -> std::slice::Iter<'_, Problem> {
        self.list.iter()
    }

    /// Every place that is named, to complete it.
    pub fn places_mut(&mut self) -> impl Iterator<Item = &mut Place> {
        self.list.iter_mut().flat_map(|problem| {
            problem
                .place
                .iter_mut()
                .chain(problem.related.iter_mut().map(|(place, _)| place))
        })
    }

    /// Makes every warning an error (`strict`).
    pub fn deny_warnings(&mut self) {
        for problem in &mut self.list {
            problem.level = Level::Error;
        }
    }

    /// Sorts by file, line and column, and drops those that say the same about the same place.
    pub fn settle(&mut self) {
        self.list.sort_by(|a, b| a.sort_key().cmp(&b.sort_key()));
        self.list.dedup_by(|a, b| a.sort_key() == b.sort_key());
    }

    /// All of them for people, with an empty line behind each.
    pub fn to_text(&self, colour: bool) -> String {
        self.list
            .iter()
            .map(|problem| problem.to_text(colour) + "\n")
            .collect()
    }

    /// All of them for machines: a JSON object a line.
    pub fn to_json_lines(&self) -> String {
        self.list
            .iter()
            .filter_map(|problem| serde_json::to_string(problem).ok())
            .map(|line| line + "\n")
            .collect()
    }
}

impl From<Problem> for Problems {
    fn from(problem: Problem) -> Self {
        Self { list: vec![problem] }
    }
}

impl Extend<Problem> for Problems {
    fn extend<T: IntoIterator<Item = Problem>>(&mut self, problems: T) {
        self.list.extend(problems);
    }
}

impl IntoIterator for Problems {
    type Item = Problem;
    type IntoIter = std::vec::IntoIter<Problem>;

    fn into_iter(self) -> Self::IntoIter {
        self.list.into_iter()
    }
}

impl<'a> IntoIterator for &'a Problems {
    type Item = &'a Problem;
    type IntoIter = std::slice::Iter<'a, Problem>;

    fn into_iter(self) -> Self::IntoIter {
        self.list.iter()
    }
}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.to_text(false))
    }
}

impl std::error::Error for Problems {}

#[cfg(test)]
mod tests {
    use super::*;

    const SAMPLE: Diagnostic = Diagnostic {
        code: "TL-TST-001",
        level: Level::Error,
        title: "the name is taken",
        label: "used again here",
        help: "choose another name",
    };

    fn place(line: u32) -> Place {
        Place {
            file: "pets.yaml".into(),
            line,
            column: 7,
            end_line: line,
            end_column: 11,
            pointer: "/paths/~1pets".to_owned(),
            excerpt: "name: fido".to_owned(),
        }
    }

    #[test]
    fn prints_an_excerpt_with_carets_under_the_place() {
        let problem = Problem::new(&SAMPLE, place(12))
            .about("`fido`")
            .related(place(3), "first used here");
        let expected = "\
error[TL-TST-001]: the name is taken: `fido`
  --> pets.yaml:12:7
   |
12 | name: fido
   |       ^^^^ used again here
  ::: pets.yaml:3:7
   |
 3 | name: fido
   |       ^^^^ first used here
   = at /paths/~1pets
   = help: choose another name
";
        assert_eq!(problem.to_text(false), expected);
    }

    #[test]
    fn writes_the_one_json_shape() {
        let mut problems = Problems::from(Problem::new(&SAMPLE, place(12)));
        problems.push(Problem::new(&SAMPLE, Place::file("a.yaml")));
        problems.settle();
        assert_eq!(
            problems.to_json_lines(),
            concat!(
                r#"{"schema":1,"code":"TL-TST-001","level":"error","message":"the name is taken","file":"a.yaml","#,
                r#""line":null,"column":null,"pointer":null,"help":"choose another name"}"#,
                "\n",
                r#"{"schema":1,"code":"TL-TST-001","level":"error","message":"the name is taken","file":"pets.yaml","#,
                r#""line":12,"column":7,"pointer":"/paths/~1pets","help":"choose another name"}"#,
                "\n"
            )
        );
    }

    #[test]
    fn settling_sorts_by_place_and_drops_repeats() {
        let mut problems = Problems::new();
        problems.push(Problem::new(&SAMPLE, place(9)));
        problems.push(Problem::new(&SAMPLE, place(2)));
        problems.push(Problem::new(&SAMPLE, place(9)));
        problems.settle();
        let lines: Vec<u32> = problems
            .iter()
            .filter_map(|p| Some(p.place.as_ref()?.line))
            .collect();
        assert_eq!(lines, [2, 9]);
    }

    #[test]
    fn a_long_line_is_cut_around_the_caret() {
        let line = format!("{}X{}", "a".repeat(500), "b".repeat(500));
        let (shown, before) = window(&line, 501);
        assert_eq!(shown.chars().nth(before), Some('X'));
        assert!(shown.chars().count() < 125);
    }
}
