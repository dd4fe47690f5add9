//! Links of responses.
#![cfg(feature = "openapi")]

use tieline_contract::model::{Expression, Link, LinkValue, StatusMatch};
use tieline_contract::{Read, ReadOptions, read_text};

/// A document in which `from` has these links, of `200`.
fn linked(links: &str) -> Read {
    let text = format!(
        "openapi: 3.1.0
info: {{title: T, version: '1'}}
paths:
  /from/{{id}}:
    post:
      operationId: from
      parameters:
        - {{name: id, in: path, required: true, schema: {{type: string}}}}
        - {{name: If-Match, in: header, schema: {{type: string}}}}
      requestBody: {{content: {{application/json: {{schema: {{type: object}}}}}}}}
      responses:
        '200':
          description: It is.
          links:
{links}
  /to/{{id}}:
    get:
      parameters:
        - {{name: id, in: path, required: true, schema: {{type: string}}}}
        - {{name: id, in: query, schema: {{type: string}}}}
      responses: {{default: {{description: What is.}}}}
"
    );
    read_text("a.yaml", text, &ReadOptions::default()).unwrap_or_else(|problems| panic!("{problems}"))
}

fn links(read: &Read) -> &[Link] {
    let from = read
        .contract
        .operations()
        .find(|operation| operation.id == "from");
    &from.unwrap().successes[0].links
}

fn problems(read: &Read) -> Vec<(&str, u32)> {
    let place = |problem: &tieline_contract::problem::Problem| problem.place.as_ref().unwrap().line;
    read.problems
        .iter()
        .map(|problem| (problem.code, place(problem)))
        .collect()
}

#[test]
fn an_operation_without_an_id_is_named_by_a_reference() {
    let read = linked(
        "            next: {operationRef: '#/paths/~1to~1%7Bid%7D/get', parameters: {query.id: $request.path.id, id: $request.header.if-match}}",
    );
    assert!(read.problems.is_empty(), "{}", read.problems);
    let [link] = links(&read) else { panic!("one link") };
    assert_eq!((link.name.as_str(), link.operation.as_str()), ("next", "getToId"));
    assert_eq!(
        link.inputs,
        [
            (
                0,
                LinkValue::Expression(Expression::RequestHeader("if-match".into()))
            ),
            (1, LinkValue::Expression(Expression::RequestPath("id".into()))),
        ]
    );
}

#[test]
fn a_link_that_leads_nowhere_is_left_out_with_its_place() {
    let read = linked(
        "            gone: {operationId: nobody}
            good: {operationId: from}
            other: {operationRef: 'other.yaml#/paths/~1a/get'}
            none: {description: Somewhere.}",
    );
    assert_eq!(
        problems(&read),
        [("TL-OAS-045", 15), ("TL-OAS-045", 17), ("TL-OAS-045", 18)]
    );
    assert_eq!(links(&read).len(), 1);
}

#[test]
fn a_value_that_cannot_be_found_is_left_out_with_its_place() {
    let read = linked(
        "            next:
              operationId: getToId
              requestBody: 5
              parameters:
                id: $response.body.id
                query.id: $request.query.page
                unknown: 7
            back:
              operationId: from
              requestBody: {note: 1}
              parameters:
                id: '{$response.path.id}'
                If-Match: $request.body#/mark",
    );
    assert_eq!(
        problems(&read),
        [17, 19, 20, 21, 26].map(|line| ("TL-OAS-046", line))
    );
    let [next, back] = links(&read) else {
        panic!("two links")
    };
    assert!(next.inputs.is_empty(), "{next:?}");
    assert_eq!(
        back.inputs,
        [
            (1, LinkValue::Expression(Expression::RequestBody("/mark".into()))),
            (2, LinkValue::Constant(serde_json::json!({ "note": 1 }))),
        ]
    );
}

#[test]
fn links_of_the_default_stand_for_all_that_it_stands_for() {
    let text = "openapi: 3.1.0
info: {title: T, version: '1'}
paths:
  /a:
    get:
      operationId: a
      responses: {default: {description: It is., links: {again: {operationId: a}}}}
webhooks:
  told: {post: {responses: {'200': {description: Heard., links: {again: {operationId: a}}}}}}
";
    let read = read_text("a.yaml", text, &ReadOptions::default()).unwrap();
    assert_eq!(problems(&read), [("TL-OAS-045", 9)]);
    let operation = read.contract.operations().next().unwrap();
    for (reply, status) in [
        (&operation.successes[0], StatusMatch::Range(2)),
        (&operation.failures[0], StatusMatch::Default),
    ] {
        assert_eq!((reply.status, reply.links.len()), (status, 1));
    }
}
