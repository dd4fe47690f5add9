//! The Prometheus text format, version 0.0.4: one `# HELP` and `# TYPE` a family, then its samples.

use std::fmt::{self, Display, Write};

use super::histogram::Snapshot;

/// A text being written.
#[derive(Default)]
pub(super) struct Text {
    out: String,
}

/// Label names with their values.
pub(super) type Labels<'a> = &'a [(&'a str, &'a str)];

impl Text {
    pub(super) fn family(&mut self, name: &str, kind: &str, help: &str) {
        self.line(format_args!("# HELP {name} {help}\n# TYPE {name} {kind}"));
    }

    pub(super) fn sample(&mut self, name: &str, labels: Labels<'_>, value: impl Display) {
        self.line(format_args!("{name}{} {value}", Set(labels)));
    }

    pub(super) fn histogram(&mut self, name: &str, labels: Labels<'_>, held: &Snapshot) {
        let bucket = format!("{name}_bucket");
        for (bound, count) in held.cumulative() {
            self.sample(&bucket, &[labels, &[("le", bound)]].concat(), count);
        }
        self.sample(&bucket, &[labels, &[("le", "+Inf")]].concat(), held.count());
        self.sample(&format!("{name}_sum"), labels, held.sum_seconds());
        self.sample(&format!("{name}_count"), labels, held.count());
    }

    pub(super) fn finish(self) -> String {
        self.out
    }

    fn line(&mut self, line: fmt::Arguments<'_>) {
        // Writing to a String cannot fail.
        let _ = writeln!(self.out, "{line}");
    }
}

/// A label set in braces.
struct Set<'a>(Labels<'a>);

impl Display for Set<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_char('{')?;
        for (at, (name, value)) in self.0.iter().enumerate() {
            let comma = if at == 0 { "" } else { "," };
            write!(f, "{comma}{name}=\"{}\"", Escaped(value))?;
        }
        f.write_char('}')
    }
}

/// A label's value with backslash, double quote and line feed escaped.
struct Escaped<'a>(&'a str);

impl Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for character in self.0.chars() {
            match character {
                '\\' => f.write_str("\\\\")?,
                '"' => f.write_str("\\\"")?,
                '\n' => f.write_str("\\n")?,
                other => f.write_char(other)?,
            }
        }
        Ok(())
    }
}
