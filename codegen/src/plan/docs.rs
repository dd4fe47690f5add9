//! Documentation from contracts, made safe for rustdoc.
//!
//! Contracts carry CommonMark, HTML and plain text that rustdoc would warn of, or run: code without a language is a
//! test to it, `[x]` a link, `<id>` a tag. The text is parsed as rustdoc parses it, what would be misread is escaped,
//! and that is repeated until nothing is left to escape.

use std::ops::Range;

use pulldown_cmark::{CodeBlockKind, Event, LinkType, Options, Parser, Tag, TagEnd};

/// Documentation, ready to be written: a line each, without trailing blanks.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub(crate) struct Docs(pub(crate) Vec<String>);

impl Docs {
    /// What the contract says, or else `fallback`.
    pub(crate) fn new(text: Option<&str>, fallback: impl FnOnce() -> String) -> Self {
        let said = text.map(safe).filter(|said| !said.is_empty());
        Self::lines(&said.unwrap_or_else(fallback))
    }

    /// A text of our own.
    pub(crate) fn lines(text: &str) -> Self {
        Self(text.lines().map(|line| line.trim_end().to_owned()).collect())
    }

    /// The first paragraph alone.
    pub(crate) fn summary(&self) -> Self {
        let lines: Vec<_> = self
            .0
            .iter()
            .take_while(|line| !line.is_empty())
            .cloned()
            .collect();
        let is_prose = lines
            .first()
            .is_some_and(|line| !line.starts_with("```") && !line.starts_with('|'));
        if is_prose { Self(lines) } else { self.clone() }
    }

    /// With another paragraph behind it.
    pub(crate) fn then(mut self, paragraph: &str) -> Self {
        self.0.push(String::new());
        self.0.extend(paragraph.lines().map(str::to_owned));
        self
    }
}

/// Languages that rustdoc leaves alone.
const LANGUAGES: &[&str] = &[
    "bash",
    "c",
    "console",
    "csharp",
    "css",
    "csv",
    "curl",
    "diff",
    "go",
    "graphql",
    "html",
    "http",
    "ini",
    "java",
    "javascript",
    "js",
    "json",
    "jsonc",
    "kotlin",
    "markdown",
    "php",
    "plaintext",
    "proto",
    "protobuf",
    "python",
    "ruby",
    "sh",
    "shell",
    "sql",
    "swift",
    "text",
    "toml",
    "ts",
    "txt",
    "typescript",
    "xml",
    "yaml",
    "yml",
];

/// HTML elements that say nothing to a reader of plain documentation; others look like `<placeholders>`.
const ELEMENTS: &[&str] = &[
    "a",
    "abbr",
    "b",
    "blockquote",
    "br",
    "center",
    "code",
    "dd",
    "details",
    "div",
    "dl",
    "dt",
    "em",
    "font",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "hr",
    "i",
    "img",
    "kbd",
    "li",
    "mark",
    "ol",
    "p",
    "pre",
    "s",
    "small",
    "span",
    "strong",
    "sub",
    "summary",
    "sup",
    "table",
    "tbody",
    "td",
    "tfoot",
    "th",
    "thead",
    "tr",
    "tt",
    "u",
    "ul",
];

/// Rounds of escaping before a text counts as hopeless.
const ROUNDS: usize = 6;

/// `text` as CommonMark that rustdoc accepts without a warning.
pub(crate) fn safe(text: &str) -> String {
    let mut text = clean(text);
    for _ in 0..ROUNDS {
        let mut edits = edits(&text);
        if edits.is_empty() {
            return text;
        }
        edits.sort_by_key(|(range, _)| (range.start, range.end));
        text = clean(&apply(&text, &edits));
    }
    plain(&text)
}

/// Without what an editor would not show, and without what hides text (bidirectional controls).
fn clean(text: &str) -> String {
    let is_hidden = |char: char| {
        (char.is_control() && char != '\n')
            || matches!(char, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
    };
    let text = text
        .replace("\r\n", "\n")
        .replace('\r', "\n")
        .replace('\t', "    ");
    let text: String = text.chars().filter(|char| !is_hidden(*char)).collect();
    let mut lines: Vec<&str> = text.lines().map(str::trim_end).collect();
    while lines.first().is_some_and(|line| line.is_empty()) {
        lines.remove(0);
    }
    // rustdoc removes what all lines are indented by; a first line that is would be code.
    let indent = lines
        .iter()
        .filter(|line| !line.is_empty())
        .map(|line| line.len() - line.trim_start_matches(' ').len())
        .min()
        .unwrap_or(0);
    lines.dedup_by(|a, b| a.is_empty() && b.is_empty());
    let text = lines
        .iter()
        .map(|line| line.get(indent..).unwrap_or(""))
        .collect::<Vec<_>>()
        .join("\n");
    text.trim_end().to_owned()
}

type Edit = (Range<usize>, String);

fn apply(text: &str, edits: &[Edit]) -> String {
    let mut out = String::with_capacity(text.len() + 64);
    let mut done = 0;
    for (range, replacement) in edits {
        if range.start >= done {
            out.push_str(&text[done..range.start]);
            out.push_str(replacement);
            done = range.end;
        }
    }
    out.push_str(&text[done..]);
    out
}

/// What must be changed for rustdoc.
fn edits(text: &str) -> Vec<Edit> {
    let options = Options::ENABLE_TABLES
        | Options::ENABLE_FOOTNOTES
        | Options::ENABLE_STRIKETHROUGH
        | Options::ENABLE_TASKLISTS;
    let mut editor = Editor {
        text,
        edits: Vec::new(),
        links: Vec::new(),
        code: false,
        url_end: 0,
    };
    for (event, range) in Parser::new_ext(text, options).into_offset_iter() {
        editor.event(&event, range);
    }
    editor.edits
}

struct Editor<'t> {
    text: &'t str,
    edits: Vec<Edit>,
    /// Open links: where the content starts and ends so far, and whether the link stays.
    links: Vec<(Range<usize>, Option<Range<usize>>, bool)>,
    code: bool,
    url_end: usize,
}

impl Editor<'_> {
    fn event(&mut self, event: &Event<'_>, range: Range<usize>) {
        if !matches!(
            event,
            Event::Start(Tag::Link { .. } | Tag::Image { .. }) | Event::End(TagEnd::Link | TagEnd::Image)
        ) {
            for (_, inner, _) in &mut self.links {
                let inner = inner.get_or_insert(range.clone());
                inner.end = inner.end.max(range.end);
            }
        }
        match event {
            Event::Start(Tag::CodeBlock(kind)) => {
                self.code = true;
                self.code_block(kind, range);
            }
            Event::End(TagEnd::CodeBlock) => self.code = false,
            Event::Start(
                Tag::Link {
                    link_type, dest_url, ..
                }
                | Tag::Image {
                    link_type, dest_url, ..
                },
            ) => {
                let absolute = ["https://", "http://", "mailto:"]
                    .iter()
                    .any(|scheme| dest_url.starts_with(scheme));
                let stays = absolute || matches!(link_type, LinkType::Autolink | LinkType::Email);
                self.links.push((range, None, stays));
            }
            Event::End(TagEnd::Link | TagEnd::Image) => {
                if let Some((outer, inner, false)) = self.links.pop() {
                    let inner = inner.unwrap_or(outer.end..outer.end);
                    self.edits.push((outer.start..inner.start, String::new()));
                    self.edits.push((inner.end..outer.end, String::new()));
                }
            }
            Event::Html(html) | Event::InlineHtml(html) => self.html(html, range),
            Event::FootnoteReference(_) => self.edits.push((range.start..range.start, "\\".to_owned())),
            Event::Text(_) if !self.code => self.prose(range),
            _ => {}
        }
    }

    fn code_block(&mut self, kind: &CodeBlockKind<'_>, range: Range<usize>) {
        let block = &self.text[range.clone()];
        match kind {
            CodeBlockKind::Fenced(info) if LANGUAGES.contains(&&*info.to_ascii_lowercase()) => {
                self.close_fence(block, range);
            }
            CodeBlockKind::Fenced(_) => {
                let line = block.find('\n').unwrap_or(block.len());
                let fence = block
                    .find(|char| char != '`' && char != '~')
                    .unwrap_or(line)
                    .min(line);
                self.edits
                    .push((range.start + fence..range.start + line, "text".to_owned()));
            }
            CodeBlockKind::Indented => {
                // Its lines become lines of prose.
                let mut start = range.start;
                let line_start = self.text[..start].rfind('\n').map_or(0, |end| end + 1);
                if self.text[line_start..start].trim().is_empty() {
                    start = line_start;
                }
                for line in self.text[start..range.end].split_inclusive('\n') {
                    let blanks = line.len() - line.trim_start_matches(' ').len();
                    self.edits.push((start..start + blanks, String::new()));
                    start += line.len();
                }
            }
        }
    }

    /// A block that is left open would swallow what we write behind it.
    fn close_fence(&mut self, block: &str, range: Range<usize>) {
        let fence: String = block
            .chars()
            .take_while(|char| matches!(char, '`' | '~'))
            .collect();
        let last = block
            .trim_end()
            .lines()
            .next_back()
            .unwrap_or_default()
            .trim_start_matches([' ', '>']);
        if range.end == self.text.len()
            && !fence.is_empty()
            && (!last.starts_with(&fence) || block.lines().count() < 2)
        {
            self.edits.push((range.end..range.end, format!("\n{fence}")));
        }
    }

    fn html(&mut self, html: &str, range: Range<usize>) {
        if html.trim_start().starts_with("<!--") && html.trim_end().ends_with("-->") {
            self.edits.push((range, String::new()));
            return;
        }
        let source = &self.text[range.clone()];
        let mut from = 0;
        while let Some(open) = source[from..].find('<').map(|at| from + at) {
            let name: String = source[open + 1..]
                .trim_start_matches('/')
                .chars()
                .take_while(char::is_ascii_alphanumeric)
                .collect::<String>()
                .to_ascii_lowercase();
            let close = source[open..].find('>').map(|at| open + at + 1);
            match close {
                Some(close) if ELEMENTS.contains(&&*name) => {
                    let line_break = matches!(name.as_str(), "br" | "p" | "li" | "tr" | "div")
                        && !source[..open].trim().is_empty();
                    let replacement = if line_break { " " } else { "" };
                    self.edits
                        .push((range.start + open..range.start + close, replacement.to_owned()));
                    from = close;
                }
                _ => {
                    self.edits
                        .push((range.start + open..range.start + open + 1, "\\<".to_owned()));
                    from = open + 1;
                }
            }
        }
    }

    /// Brackets that rustdoc would take for a link to an item, and URLs that want to be links.
    fn prose(&mut self, range: Range<usize>) {
        let in_link = !self.links.is_empty();
        let mut at = range.start.max(self.url_end);
        while at < range.end {
            let rest = &self.text[at..];
            let Some(char) = rest.chars().next() else { break };
            if !in_link && (rest.starts_with("https://") || rest.starts_with("http://")) {
                let length = url_length(rest);
                self.edits
                    .push((at..at + length, format!("<{}>", &rest[..length])));
                self.url_end = at + length;
                at += length;
                continue;
            }
            if matches!(char, '[' | ']') && !self.is_escaped(at) {
                self.edits.push((at..at, "\\".to_owned()));
            }
            at += char.len_utf8();
        }
    }

    fn is_escaped(&self, at: usize) -> bool {
        self.text[..at]
            .chars()
            .rev()
            .take_while(|char| *char == '\\')
            .count()
            % 2
            == 1
    }
}

/// How long the URL is that `text` starts with, without the sentence around it.
fn url_length(text: &str) -> usize {
    let end = text
        .find(|char: char| {
            char.is_whitespace() || matches!(char, '<' | '>' | '"' | '`' | '[' | ']' | '(' | ')' | '|' | '\\')
        })
        .unwrap_or(text.len());
    text[..end]
        .trim_end_matches(['.', ',', ';', ':', '!', '?', '\'', '*', '_'])
        .len()
}

/// The text with everything escaped that could mean something.
fn plain(text: &str) -> String {
    let mut out = String::new();
    for line in text.lines() {
        for char in line.trim().chars() {
            if char.is_ascii_punctuation() && !matches!(char, '.' | ',' | ';' | '?' | '\'' | '/' | ':') {
                out.push('\\');
            }
            // `https:` alone is enough for a bare URL.
            match char {
                ':' => out.push_str("&#58;"),
                other => out.push(other),
            }
        }
        out.push('\n');
    }
    out.trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &str) {
        let made = safe(text);
        assert_eq!(made, expected, "from {text:?}");
        assert!(edits(&made).is_empty(), "unstable: {made:?}");
    }

    #[test]
    fn plain_prose_stays_as_it_is() {
        check(
            "A pet.\n\n- *one*\n- `two`\n  - three",
            "A pet.\n\n- *one*\n- `two`\n  - three",
        );
    }

    #[test]
    fn code_never_becomes_a_test() {
        check("```\nlet x = 1;\n```", "```text\nlet x = 1;\n```");
        check("```rust\nlet x = 1;\n```", "```text\nlet x = 1;\n```");
        check("```json\n{}\n```", "```json\n{}\n```");
        check(
            "So:\n\n    let x = 1;\n    let y = 2;",
            "So:\n\nlet x = 1;\nlet y = 2;",
        );
        check("- item\n\n      indented\n\nend", "- item\n\nindented\n\nend");
        check("```json\n{", "```json\n{\n```");
    }

    #[test]
    fn brackets_are_no_links() {
        check("an array of [Pet] or a[0]", "an array of \\[Pet\\] or a\\[0\\]");
        check(
            "see [here](#anchor) and [there](https://example.com/x)",
            "see here and [there](https://example.com/x)",
        );
        check("a note[^1]", "a note\\[^1\\]");
        check("already \\[escaped\\]", "already \\[escaped\\]");
    }

    #[test]
    fn bare_urls_become_links() {
        check(
            "see https://example.com/a_b_c.",
            "see <https://example.com/a_b_c>.",
        );
        check("(http://example.com)", "(<http://example.com>)");
        check("<https://example.com>", "<https://example.com>");
    }

    #[test]
    fn tags_go_and_placeholders_stay() {
        check("<p>One<br/>two</p>", "One two");
        check("a <b>bold</b> word", "a bold word");
        check("Vec<String> and <id>", "Vec\\<String> and \\<id>");
        check("x <!-- hidden --> y", "x  y");
    }

    #[test]
    fn hidden_characters_are_dropped() {
        check("a\u{202e}b\r\nc\u{0}", "ab\nc");
    }
}
