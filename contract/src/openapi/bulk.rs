//! Operations that answer for many keys at once, as they say it: `x-tieline-bulk`.
//!
//! ```yaml
//! x-tieline-bulk: { keys: ids, items: users, key: id, max: 50 }
//! x-tieline-bulk: { key: id }
//! ```

use crate::model::Bulk;
use crate::schema::Context;
use crate::source::Node;

use super::diagnostics;

/// What an operation says.
pub(super) fn read(cx: &Context<'_>, operation: &Node) -> Option<Bulk> {
    let node = operation.get("x-tieline-bulk")?;
    let said = Bulk::read(&node.to_json());
    if said.is_none() {
        cx.report(cx.problem(&diagnostics::BULK, node));
    }
    said
}

#[cfg(test)]
mod tests {
    use crate::model::Bulk;
    use crate::{Read, ReadOptions, read_text};

    fn said(words: &str) -> Read {
        let text = format!(
            "openapi: 3.1.0
info: {{title: T, version: '1'}}
paths:
  /users:
    get:
      operationId: getUsers
      x-tieline-bulk: {words}
      responses: {{default: {{description: What is.}}}}
"
        );
        read_text("a.yaml", text, &ReadOptions::default()).unwrap_or_else(|problems| panic!("{problems}"))
    }

    #[test]
    fn what_an_operation_says_is_read() {
        let read = said("{ keys: ids, items: users, key: id, max: 50 }");
        let bulk = read
            .contract
            .operations()
            .next()
            .and_then(|operation| operation.bulk.clone());
        let text = |text: &str| Some(text.to_owned());
        assert_eq!(
            bulk,
            Some(Bulk {
                keys: text("ids"),
                items: text("users"),
                key: "id".to_owned(),
                max: Some(50)
            })
        );
        assert!(read.problems.is_empty());
    }

    #[test]
    fn what_makes_no_sense_is_told_with_its_place() {
        for words in [
            "{ keys: ids }",
            "{ key: 7 }",
            "{ key: id, max: 0 }",
            "{ key: id, keys: [] }",
            "true",
        ] {
            let read = said(words);
            assert!(
                read.contract
                    .operations()
                    .all(|operation| operation.bulk.is_none())
            );
            let problems: Vec<_> = (read.problems.iter())
                .map(|problem| (problem.code, problem.place.as_ref().map(|place| place.line)))
                .collect();
            assert_eq!(problems, [("TL-OAS-047", Some(7))], "{words}");
        }
    }
}
