//! Templates of everything Tieline writes that is not Rust.
//!
//! The texts stand in `templates/`, in minijinja's language, and are built in. A name that a template uses and the
//! context does not have is an error, so that no output has a hole.

use minijinja::syntax::SyntaxConfig;
use minijinja::{AutoEscape, Environment, UndefinedBehavior};
use serde::Serialize;

/// A template.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Template {
    /// `Cargo.toml` of a generated crate: `crate_name`, `description`, `version`, `runtime` (`version` or `path`),
    /// `tags` (each `feature`, `about`).
    CrateManifest,
    /// `README.md` of a generated crate: `crate_name`, `crate_ident`, `contracts` (each `name`, `title`, `source`,
    /// `operations`), `has_examples`, `command`,
    /// `tags` (each `feature`, `about`).
    CrateReadme,
    /// `src/lib.rs` of a generated crate of several contracts: `mark`, `deep` (whether the types nest
    /// deeper than rustc follows by itself), `has_examples`, `contracts` (each `ident`, `title`).
    CrateLib,
    /// `EXAMPLES.md` of a generated crate: `crate_name`, `examples` (Markdown).
    CrateExamples,
    /// The report of a run as an HTML page, whose texts are escaped: `result`, `version`, `seconds`, `summary`, `contracts`
    /// and `problems` (each `level`, `code`, `message`, `place`, `text`).
    Report,
}

impl Template {
    /// Every template, for those who check them all.
    pub const ALL: [Self; 5] = [
        Self::CrateManifest,
        Self::CrateReadme,
        Self::CrateLib,
        Self::CrateExamples,
        Self::Report,
    ];

    /// Its file's name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::CrateManifest => "crate/Cargo.toml",
            Self::CrateReadme => "crate/README.md",
            Self::CrateLib => "crate/lib.rs",
            Self::CrateExamples => "crate/EXAMPLES.md",
            Self::Report => "report.html",
        }
    }

    /// Its text.
    pub const fn source(self) -> &'static str {
        match self {
            Self::CrateManifest => include_str!("../templates/crate/Cargo.toml.j2"),
            Self::CrateReadme => include_str!("../templates/crate/README.md.j2"),
            Self::CrateLib => include_str!("../templates/crate/lib.rs.j2"),
            Self::CrateExamples => include_str!("../templates/crate/EXAMPLES.md.j2"),
            Self::Report => include_str!("../templates/report.html.j2"),
        }
    }
}

/// A template that could not be filled in.
#[derive(Debug, thiserror::Error)]
#[error("the template {name} could not be filled in")]
pub struct RenderError {
    name: &'static str,
    #[source]
    source: minijinja::Error,
}

/// Fills a template in.
///
/// ```
/// let context = serde_json::json!({
///     "crate_name": "pets-api",
///     "description": "The pet shop",
///     "version": "1.2.3",
///     "runtime": { "version": "0.1.0" },
/// });
/// let manifest = tieline_templates::render(tieline_templates::Template::CrateManifest, &context)?;
/// assert!(manifest.contains("name = \"pets-api\""));
/// # Ok::<(), tieline_templates::RenderError>(())
/// ```
///
/// # Errors
/// The context lacks something that the template names.
pub fn render(template: Template, context: &impl Serialize) -> Result<String, RenderError> {
    let error = |source| RenderError {
        name: template.name(),
        source,
    };
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::SemiStrict);
    environment.set_auto_escape_callback(|name| match name.rsplit_once('.') {
        Some((_, "html")) => AutoEscape::Html,
        _ => AutoEscape::None,
    });
    environment.set_syntax(syntax().map_err(error)?);
    environment.add_filter("toml", toml_string);
    environment
        .add_template(template.name(), template.source())
        .map_err(error)?;
    let found = environment.get_template(template.name()).map_err(error)?;
    found.render(minijinja::value::Serde(context)).map_err(error)
}

/// Block tags stand on lines of their own, and leave none behind.
fn syntax() -> Result<SyntaxConfig, minijinja::Error> {
    SyntaxConfig::builder()
        .trim_blocks(true)
        .lstrip_blocks(true)
        .keep_trailing_newline(true)
        .build()
}

/// A TOML basic string (TOML 1.0, "String").
fn toml_string(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for char in text.chars() {
        match char {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            char if char.is_control() => out.push_str(&format!("\\u{:04X}", u32::from(char))),
            char => out.push(char),
        }
    }
    out.push('"');
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_template_parses() {
        for template in Template::ALL {
            let mut environment = Environment::new();
            let parsed = environment.add_template(template.name(), template.source());
            assert!(parsed.is_ok(), "{}: {parsed:?}", template.name());
        }
    }

    #[test]
    fn a_hole_in_the_context_is_an_error() {
        let error = render(Template::CrateManifest, &serde_json::json!({})).expect_err("nothing is given");
        assert!(error.to_string().contains("Cargo.toml"), "{error}");
    }

    #[test]
    fn text_becomes_a_toml_string() {
        assert_eq!(toml_string("a \"b\"\\\n"), "\"a \\\"b\\\"\\\\\\u000A\"");
    }
}
