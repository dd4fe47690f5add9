//! What is wrong with a document is said with its place, all at once, and concerns nothing else.
#![cfg(feature = "openapi")]

use tieline_contract::problem::{Level, Problems};
use tieline_contract::{Read, ReadOptions, read_text};

fn refused(file: &str, text: &str) -> Problems {
    match read_text(file, text, &ReadOptions::default()) {
        Err(problems) => problems,
        Ok(read) => panic!("read without an error: {}", read.problems),
    }
}

fn accepted(text: &str) -> Read {
    read_text("a.yaml", text, &ReadOptions::default()).unwrap_or_else(|problems| panic!("{problems}"))
}

/// Code, line and column of each problem.
fn places(problems: &Problems) -> Vec<(&str, u32, u32)> {
    let place = |problem: &tieline_contract::problem::Problem| {
        problem
            .place
            .as_ref()
            .map_or((0, 0), |place| (place.line, place.column))
    };
    problems
        .iter()
        .map(|problem| (problem.code, place(problem).0, place(problem).1))
        .collect()
}

const HEAD: &str = "openapi: 3.0.3\ninfo: {title: T, version: '1'}\n";

#[test]
fn malformed_yaml_is_located() {
    let problems = refused("a.yaml", "openapi: 3.0.0\npaths:\n  /a: [1, 2\ninfo: {}\n");
    assert_eq!(
        problems.iter().map(|problem| problem.code).collect::<Vec<_>>(),
        ["TL-SRC-005"]
    );
    let line = problems
        .iter()
        .next()
        .and_then(|problem| Some(problem.place.as_ref()?.line));
    assert!(matches!(line, Some(3 | 4)), "{problems}");
}

#[test]
fn malformed_json_is_located() {
    let problems = refused("a.json", "{\n  \"openapi\": \"3.0.0\",\n  \"paths\": {,}\n}");
    assert_eq!(places(&problems), [("TL-SRC-004", 3, 13)]);
}

#[test]
fn a_missing_file_is_a_problem() {
    let missing = std::path::Path::new("there/is/no/such.yaml");
    let problems = tieline_contract::read(missing, &ReadOptions::default())
        .map(|_| ())
        .unwrap_err();
    assert_eq!(places(&problems), [("TL-SRC-001", 0, 0)]);
}

#[test]
fn versions_that_are_not_read_are_said_at_the_version() {
    for (text, code) in [
        ("swagger: '1.2'\n", "TL-OAS-002"),
        ("openapi: 4.0.0\n", "TL-OAS-002"),
        ("openapi: 4.0.0\n", "TL-OAS-002"),
        ("openapi: [3]\n", "TL-OAS-002"),
    ] {
        let problems = refused("a.yaml", text);
        assert_eq!(places(&problems)[0].0, code, "{text}");
        assert_eq!(places(&problems)[0].1, 1, "{text}");
    }
    assert_eq!(places(&refused("a.yaml", "a: 1\n")), [("TL-OAS-001", 1, 1)]);
    assert_eq!(places(&refused("a.yaml", "- a\n")), [("TL-OAS-001", 1, 1)]);
}

#[test]
fn a_duplicate_operation_id_names_both_places_and_gives_way_to_method_and_path() {
    let text = format!(
        "{HEAD}paths:\n  /a:\n    get:\n      operationId: x\n      responses: {{}}\n  /b:\n    get:\n      operationId: x\n      responses: {{}}\n"
    );
    let read = read_text("pets.yaml", &*text, &ReadOptions::default()).unwrap();
    let ids: Vec<&str> = read.contract.operations().map(|one| &*one.id).collect();
    assert_eq!(ids, ["x", "getB"]);
    let problems = read.problems;
    let expected = "\
warning[TL-OAS-006]: two operations share one operationId: `x`
  --> pets.yaml:10:20
   |
10 |       operationId: x
   |                    ^ used again here; named by its method and path instead
  ::: pets.yaml:6:20
   |
 6 |       operationId: x
   |                    ^ first used here
   = at /paths/~1b/get/operationId
   = help: every operationId must be unique within the document
";
    assert_eq!(problems.to_text(false).trim_end(), expected.trim_end());
}

#[test]
fn dangling_references_are_all_said_at_once() {
    let text = format!(
        "{HEAD}paths:\n  /a:\n    get:\n      parameters:\n        - $ref: '#/components/parameters/none'\n      responses: {{}}\ncomponents:\n  schemas:\n    A: {{type: object, properties: {{b: {{$ref: '#/components/schemas/B'}}}}}}\n"
    );
    let problems = refused("a.yaml", &text);
    assert_eq!(places(&problems), [("TL-SCH-002", 7, 17), ("TL-SCH-002", 11, 46)]);
    assert!(
        problems
            .iter()
            .all(|problem| problem.message.contains("`#/components/"))
    );
}

#[test]
fn references_in_circles_are_located() {
    let circles = [
        "components:\n  schemas:\n    A: {$ref: '#/components/schemas/B'}\n    B: {$ref: '#/components/schemas/A'}\n",
        "components:\n  schemas:\n    A: {allOf: [{$ref: '#/components/schemas/A'}]}\n",
        "components:\n  schemas:\n    A: {oneOf: [{$ref: '#/components/schemas/A'}]}\n",
    ];
    for circle in circles {
        let problems = refused("a.yaml", &format!("{HEAD}paths: {{}}\n{circle}"));
        assert_eq!(
            problems.iter().map(|problem| problem.code).collect::<Vec<_>>(),
            ["TL-SCH-003"],
            "{circle}"
        );
        assert_eq!(places(&problems)[0].1, 6, "{problems}");
    }
    let parameters = "paths:\n  /a:\n    get:\n      parameters: [{$ref: '#/components/parameters/P'}]\n      responses: {}\ncomponents:\n  parameters:\n    P: {$ref: '#/components/parameters/P'}\n";
    let problems = refused("a.yaml", &format!("{HEAD}{parameters}"));
    assert_eq!(
        problems.iter().map(|problem| problem.code).collect::<Vec<_>>(),
        ["TL-SCH-003"]
    );
}

#[test]
fn schemas_that_contain_themselves_end() {
    let texts = [
        "A: {allOf: [{$ref: '#/components/schemas/A'}, {type: object, properties: {a: {$ref: '#/components/schemas/A'}}}]}",
        "A: {type: array, items: {$ref: '#/components/schemas/A'}}",
        "A: {oneOf: [{$ref: '#/components/schemas/A'}, {type: string}]}",
        "A: {properties: {b: {allOf: [{$ref: '#/components/schemas/A'}, {properties: {c: {type: string}}}]}}}",
        "A: {properties: {x: {type: string}}, oneOf: [{$ref: '#/components/schemas/A'}, {$ref: '#/components/schemas/B'}]}\n    B: {allOf: [{$ref: '#/components/schemas/A'}]}",
    ];
    for schema in texts {
        let read = accepted(&format!(
            "{HEAD}paths: {{}}\ncomponents:\n  schemas:\n    {schema}\n"
        ));
        assert!(
            read.contract
                .types
                .contains_key(&tieline_contract::model::TypeName::from("A")),
            "{schema}"
        );
    }
}

#[test]
fn deep_inline_schemas_are_kept_as_raw_json() {
    let deep = "{type: array, items: ".repeat(90)
        + "{type: object, properties: {a: {type: string}}}"
        + &"}".repeat(90);
    let read = accepted(&format!(
        "{HEAD}paths: {{}}\ncomponents:\n  schemas:\n    A: {deep}\n"
    ));
    assert_eq!(
        read.problems
            .iter()
            .map(|problem| problem.code)
            .collect::<Vec<_>>(),
        ["TL-SCH-008"]
    );
}

/// A document whose component schemas `A0`, `A1`, … are these.
fn many(count: usize, schema: impl Fn(usize) -> String) -> String {
    let lines: Vec<String> = (0..count)
        .map(|at| format!("    A{at}: {}\n", schema(at)))
        .collect();
    format!("{HEAD}paths: {{}}\ncomponents:\n  schemas:\n{}", lines.concat())
}

#[test]
fn schemas_that_multiply_take_no_time_without_end() {
    let one = |name: usize| format!("{{$ref: '#/components/schemas/A{name}'}}");
    let all = |count: usize| (0..count).map(one).collect::<Vec<_>>().join(", ");
    let texts = [
        many(3000, |at| {
            if at < 2999 {
                one(at + 1)
            } else {
                "{type: string}".to_owned()
            }
        }),
        many(12, |at| {
            format!(
                "{{allOf: [{{properties: {{x: {}}}}}, {}]}}",
                one(at),
                one((at + 1) % 12)
            )
        }),
        many(10, |at| {
            format!(
                "{{properties: {{p{at}: {{type: string}}}}, oneOf: [{}]}}",
                all(10)
            )
        }),
        many(30, |_| format!("{{oneOf: [{}]}}", all(30))),
        many(300, |at| {
            format!(
                "{{properties: {{p{at}: {{}}}}, oneOf: [{}, {}]}}",
                one((at + 1) % 300),
                one((at + 2) % 300)
            )
        }),
    ];
    for text in texts {
        let read = accepted(&text);
        assert!(!read.contract.types.is_empty());
    }
}

#[test]
fn nodes_of_the_wrong_kind_are_said_where_they_stand() {
    let text =
        format!("{HEAD}paths:\n  /a: nothing\n  /b:\n    get: [1]\ncomponents:\n  schemas:\n    A: text\n");
    let problems = refused("a.yaml", &text);
    let errors: Vec<_> = problems
        .iter()
        .filter(|problem| problem.level == Level::Error)
        .collect();
    let lines: Vec<_> = errors
        .iter()
        .filter_map(|problem| Some(problem.place.as_ref()?.line))
        .collect();
    assert_eq!(lines, [4, 6, 9], "{problems}");
    assert!(
        errors[0]
            .message
            .contains("a path item is an object, not a string"),
        "{}",
        errors[0].message
    );
}

#[test]
fn what_cannot_be_expressed_skips_one_operation_only() {
    let text = format!(
        "{HEAD}paths:\n  /a/{{x}}:\n    get:\n      operationId: a\n      parameters: [{{name: x, in: zigzag, required: true, schema: {{type: string}}}}]\n      responses: {{}}\n    post:\n      operationId: b\n      parameters: [{{$ref: 'other.yaml#/x'}}]\n      responses: {{}}\n    put:\n      operationId: c\n      responses: {{}}\n"
    );
    let read = accepted(&text);
    let ids: Vec<_> = read
        .contract
        .operations()
        .map(|operation| &*operation.id)
        .collect();
    assert_eq!(ids, ["c"]);
    assert_eq!(read.skipped, ["GET /a/{x}", "POST /a/{x}"]);
    assert_eq!(
        places(&read.problems),
        [
            ("TL-OAS-007", 4, 3),
            ("TL-OAS-005", 7, 34),
            ("TL-OAS-005", 11, 27)
        ]
    );
    let strict = ReadOptions {
        strict: true,
        ..ReadOptions::default()
    };
    assert!(read_text("a.yaml", text, &strict).is_err_and(|problems| problems.count(Level::Error) == 3));
}

#[test]
fn two_routes_that_a_server_cannot_tell_apart_are_said_with_both_places() {
    let text = format!(
        "{HEAD}paths:\n  /a/{{x}}:\n    get: &op {{responses: {{}}}}\n  /a/{{y}}:\n    get: {{responses: {{}}}}\n"
    );
    let read = accepted(&text);
    let problem = read.problems.iter().find(|problem| problem.code == "TL-CHK-002");
    let problem = problem.unwrap_or_else(|| panic!("{}", read.problems));
    assert_eq!(
        problem.place.as_ref().map(|place| (place.line, &*place.excerpt)),
        Some((7, "    get: {responses: {}}"))
    );
    assert_eq!(problem.related[0].0.line, 5);
}

#[test]
fn security_requirements_without_a_scheme_are_warned_of() {
    let read = accepted(&format!(
        "{HEAD}security: [{{none: []}}]\npaths:\n  /a: {{get: {{responses: {{}}}}}}\n"
    ));
    assert_eq!(places(&read.problems)[0].0, "TL-OAS-009");
}

#[test]
fn every_diagnostic_has_a_code_of_its_own() {
    use tieline_contract::{check, openapi, schema, source};
    let areas = [
        source::diagnostics::ALL,
        schema::diagnostics::ALL,
        openapi::diagnostics::ALL,
        check::diagnostics::ALL,
    ];
    let mut codes: Vec<&str> = areas
        .iter()
        .flat_map(|area| area.iter().map(|one| one.code))
        .collect();
    let count = codes.len();
    codes.sort_unstable();
    codes.dedup();
    assert_eq!(codes.len(), count);
    assert!(
        codes
            .iter()
            .all(|code| code.len() == 10 && code.starts_with("TL-")),
        "{codes:?}"
    );
}

#[test]
fn a_key_with_nothing_behind_it_is_told_of_and_read_as_empty() {
    let read = accepted(&format!(
        "{HEAD}security: [{{key: }}]\npaths:\n  /empty:\n  /a:\n    parameters:\n    get:\n      operationId:\n      security:\n      \
         parameters:\n      - {{name: q, in: query, schema: }}\n      responses:\n        '200':\n          description: d\n          \
         content:\n            application/json:\n              schema:\n        '404':\n    post:\n      requestBody:\n      \
         responses:\ncomponents:\n  securitySchemes:\n    key: {{type: apiKey, in: header, name: k}}\n  schemas:\n    Any:\n    \
         Some:\n      properties:\n        a:\n      enum:\n"
    ));
    let contract = &read.contract;
    let ids: Vec<&str> = contract.services[0]
        .operations
        .iter()
        .map(|operation| &*operation.id)
        .collect();
    assert_eq!(ids, ["getA", "postA"]);
    assert!(read.skipped.is_empty());
    assert_eq!(
        contract.services[0].operations[0].security.len(),
        1,
        "the document's"
    );
    let codes: Vec<&str> = read.problems.iter().map(|problem| problem.code).collect();
    assert!(
        codes.iter().all(|code| *code == "TL-SCH-020"),
        "{}",
        read.problems
    );
    let strict = ReadOptions {
        strict: true,
        ..ReadOptions::default()
    };
    let text = format!("{HEAD}paths:\n  /a:\n");
    let problems = read_text("a.yaml", text, &strict).map(|_| ()).unwrap_err();
    assert_eq!(places(&problems), [("TL-SCH-020", 4, 5)]);
}

#[test]
fn a_style_that_does_not_fit_its_place_is_the_places_own() {
    let read = accepted(&format!(
        "{HEAD}paths:\n  /a:\n    get:\n      parameters:\n      - {{name: q, in: query, style: simple, schema: {{type: string}}}}\n      \
         responses: {{'204': {{description: d}}}}\n"
    ));
    assert_eq!(places(&read.problems), [("TL-OAS-030", 7, 37)]);
    assert!(read.skipped.is_empty());
}
