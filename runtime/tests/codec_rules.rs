//! The rules that values are judged by, what `Debug` shows, and when values are equal.

mod codec_support;

use codec_support::{Level, Open, Plain, Status, Tagged, sample};
use tieline::codec::{DateTime, Format, Pattern, Rule, Uuid, Value, json as codec, validate, validate_with};

fn broken(value: &dyn Value, rules: &[Rule]) -> Vec<String> {
    validate_with(value, rules)
        .iter()
        .map(ToString::to_string)
        .collect()
}

#[test]
fn numbers_are_judged_at_their_limits() {
    assert_eq!(broken(&1, &[Rule::Minimum(1.0), Rule::Maximum(1.0)]), [""; 0]);
    assert_eq!(broken(&0, &[Rule::Minimum(1.0)]), ["must be at least 1"]);
    assert_eq!(
        broken(&1, &[Rule::ExclusiveMinimum(1.0)]),
        ["must be more than 1"]
    );
    assert_eq!(
        broken(&1.0, &[Rule::ExclusiveMaximum(1.0)]),
        ["must be less than 1"]
    );
    assert_eq!(
        broken(&u64::MAX, &[Rule::Maximum(100.0)]),
        ["must be at most 100"]
    );
    for number in [0.3, 19.99, 0.07, 1e15] {
        assert_eq!(broken(&number, &[Rule::MultipleOf(0.01)]), [""; 0], "{number}");
    }
    assert_eq!(
        broken(&0.005, &[Rule::MultipleOf(0.01)]),
        ["must be a multiple of 0.01"]
    );
    assert_eq!(
        broken(&"text".to_owned(), &[Rule::Minimum(1.0)]),
        [""; 0],
        "a rule of numbers is no rule of texts"
    );
}

#[test]
fn texts_are_measured_in_characters_and_matched_anywhere() {
    static PATTERN: Pattern = Pattern::new("b+");
    static ANCHORED: Pattern = Pattern::new("^b+$");
    static BEYOND: Pattern = Pattern::new("(?=x)y");
    let text = "\u{1F600}b\u{e4}".to_owned();
    assert_eq!(
        broken(
            &text,
            &[Rule::MinLength(3), Rule::MaxLength(3), Rule::Pattern(&PATTERN)]
        ),
        [""; 0]
    );
    assert_eq!(
        broken(&text, &[Rule::MaxLength(2)]),
        ["must have at most 2 characters"]
    );
    assert_eq!(
        broken(&text, &[Rule::Pattern(&ANCHORED)]),
        ["must match the pattern ^b+$"]
    );
    assert_eq!(
        broken(&text, &[Rule::Pattern(&BEYOND)]),
        [""; 0],
        "what cannot be judged is not refused"
    );
}

#[test]
fn lists_and_objects_are_judged_with_what_is_in_them() {
    let list = vec![1, 2, 2];
    assert_eq!(
        broken(
            &list,
            &[
                Rule::MinItems(4),
                Rule::UniqueItems,
                Rule::Each(&[Rule::Maximum(1.0)])
            ]
        ),
        [
            "must have at least 4 items",
            "must not have equal items",
            "/1: must be at most 1",
            "/2: must be at most 1",
        ]
    );
    let open: Open = codec::read_new(br#"{"id":1,"a":2,"b":3,"c":4}"#).unwrap();
    assert_eq!(broken(&open, &[]), ["must have at most 3 properties"]);
    let open: Open = codec::read_new(br#"{"id":1,"a":2}"#).unwrap();
    assert_eq!(
        (broken(&open, &[]), codec::to_string(&open)),
        (vec![], r#"{"id":1,"a":2}"#.into())
    );
}

#[test]
fn constants_are_compared_by_value() {
    let rules = [Rule::OneOf(&["1", "\"x\"", "null"])];
    assert_eq!(broken(&1.0, &rules), [""; 0], "1 and 1.0 are equal");
    assert_eq!(broken(&"x".to_owned(), &rules), [""; 0]);
    assert_eq!(broken(&2, &rules), [r#"must be one of 1, "x", null"#]);
    assert_eq!(
        broken(&Status::Unknown("secret".into()), &[]),
        ["must be one of the 2 values that the contract names"]
    );
    assert_eq!(broken(&Level::Low, &[]), [""; 0]);
}

#[test]
fn formats_are_those_of_their_rfcs() {
    for (format, good, bad) in [
        (
            Format::Date,
            &["2024-02-29", "0001-01-01"][..],
            &["2023-02-29", "2024-1-1", "2024-02-29Z", "", "20240229"][..],
        ),
        (
            Format::DateTime,
            &[
                "2025-12-30T10:00:00Z",
                "2025-12-30t10:00:00.123456+05:30",
                "2025-12-30 10:00:00z",
            ],
            &[
                "2025-12-30T10:00:00",
                "2025-12-30",
                "2025-12-30T25:00:00Z",
                "2025-12-30T10:00Z",
                "2025-12-30T10:00:00+0530",
            ],
        ),
        (
            Format::Uuid,
            &[
                "67e55044-10b1-426f-9247-bb680e5fe0c8",
                "67E55044-10B1-426F-9247-BB680E5FE0C8",
            ],
            &[
                "67e5504410b1426f9247bb680e5fe0c8",
                "{67e55044-10b1-426f-9247-bb680e5fe0c8}",
                "67e55044-10b1-426f-9247-bb680e5fe0cg",
            ],
        ),
    ] {
        for text in good {
            assert!(format.accepts(text), "{format:?} {text}");
        }
        for text in bad {
            assert!(!format.accepts(text), "{format:?} {text}");
        }
    }
    let malformed: DateTime = codec::read_new(b"\"yesterday\"").unwrap();
    assert_eq!(codec::to_string(&malformed), "\"yesterday\"", "kept as it came");
    assert_eq!(
        broken(&malformed, &[Rule::Format(Format::DateTime)]),
        ["must be of the format date-time"]
    );
    assert!(Uuid::parse("x").is_err());
}

#[test]
fn a_nested_violation_is_located_and_quotes_nothing() {
    let mut value = sample();
    if let Some(child) = &mut value.child {
        child.status = Status::Unknown("secret".into());
    }
    let violations = validate(&value);
    assert_eq!(violations[0].path.to_string(), "/child/status");
    assert!(!format!("{violations:?}").contains("secret"));
}

#[test]
fn debug_shows_values_but_not_those_that_are_sensitive() {
    let plain = Plain {
        id: 1,
        name: Some("hunter2".into()),
        tags: Some(vec!["a".into()]),
    };
    assert_eq!(
        format!("{plain:?}"),
        r#"Plain { id: 1, name: [redacted], tags: ["a"] }"#
    );
    assert!(
        !format!("{:#?}", vec![Some(plain)]).contains("hunter2"),
        "however deep it lies"
    );
    let circle: Tagged = codec::read_new(br#"{"kind":"circle","radius":1.5}"#).unwrap();
    assert_eq!(
        format!("{circle:?}"),
        r#"Circle(Circle { kind: "circle", radius: 1.5 })"#
    );
    let unknown: Tagged = codec::read_new(br#"{"kind":"oval"}"#).unwrap();
    assert_eq!(format!("{unknown:?}"), r#"Unknown({"kind":"oval"})"#);
}

#[test]
fn values_are_equal_when_all_their_parts_are() {
    let (left, mut right) = (sample(), sample());
    assert_eq!(left, right);
    right.ratio = f64::NAN;
    assert_ne!(right, right.clone(), "as with any float");
    for change in [
        (|value| value.tags.push("x".into())) as fn(&mut codec_support::Sample),
        |value| value.labels.insert("z".into(), 1).map_or((), |_| ()),
        |value| value.child = None,
        |value| value.status = Status::Unknown("available!".into()),
        |value| value.any = serde_json::json!([true]),
    ] {
        let mut right = sample();
        change(&mut right);
        assert_ne!(left, right);
    }
}
