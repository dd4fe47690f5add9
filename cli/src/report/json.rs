//! NDJSON: `{"schema":1,"kind":"diagnostic"|"contract"|"summary",…}`, a line each, on standard output.

use std::io::Write;

use serde::Serialize;
use serde_json::{Map, Value};

/// Writes one line.
pub(super) fn line(kind: &str, body: &impl Serialize) {
    let _ = writeln!(std::io::stdout(), "{}", render(kind, body));
}

fn render(kind: &str, body: &impl Serialize) -> Value {
    let mut line = Map::new();
    line.insert("schema".to_owned(), 1.into());
    line.insert("kind".to_owned(), kind.into());
    // Bodies are structs of plain data, which always become objects.
    if let Ok(Value::Object(body)) = serde_json::to_value(body) {
        line.extend(body);
    }
    Value::Object(line)
}

#[cfg(test)]
mod tests {
    use super::*;
    use tieline_contract::problem::{Place, Problem};

    #[test]
    fn a_diagnostic_is_the_one_shape_and_a_kind() {
        let problem = Problem::new(&crate::diagnostics::MISSING, Place::file("a/mod.rs"));
        let expected = serde_json::json!({
            "schema": 1, "kind": "diagnostic", "code": "TL-OUT-002", "level": "error",
            "message": "the file is missing", "file": "a/mod.rs", "line": null, "column": null, "pointer": null,
            "help": "run the same command without --check, and commit the result",
        });
        assert_eq!(render("diagnostic", &problem), expected);
    }
}
