//! Whether there are colours and moving lines.

use std::io::IsTerminal;

/// How text is dressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Style {
    /// Whether standard output has colours.
    pub(crate) out: bool,
    /// Whether standard error has colours.
    pub(crate) err: bool,
    /// Whether a progress line may move on standard error.
    pub(crate) moving: bool,
}

/// What the environment wishes for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wish {
    /// Nothing in particular.
    All,
    /// No colours.
    NoColour,
    /// Neither colours nor moving lines.
    Plain,
}

impl Style {
    /// By the streams and the environment: `NO_COLOR` (no-color.org), `CI`, `TERM=dumb`.
    pub(crate) fn detect() -> Self {
        let set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
        let dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
        let wish = match (set("CI") || dumb, set("NO_COLOR")) {
            (true, _) => Wish::Plain,
            (_, true) => Wish::NoColour,
            _ => Wish::All,
        };
        Self::of(
            std::io::stdout().is_terminal(),
            std::io::stderr().is_terminal(),
            wish,
        )
    }

    fn of(out: bool, err: bool, wish: Wish) -> Self {
        Self {
            out: out && wish == Wish::All,
            err: err && wish == Wish::All,
            moving: err && wish != Wish::Plain,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_are_for_terminals_and_only_when_nobody_objects() {
        let style = |out, err, moving| Style { out, err, moving };
        assert_eq!(Style::of(true, true, Wish::All), style(true, true, true));
        assert_eq!(Style::of(true, true, Wish::NoColour), style(false, false, true));
        assert_eq!(Style::of(true, true, Wish::Plain), style(false, false, false));
        assert_eq!(Style::of(false, true, Wish::All), style(false, true, true));
        assert_eq!(Style::of(false, false, Wish::All), style(false, false, false));
    }
}
