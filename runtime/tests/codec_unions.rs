//! Which alternative of a union a JSON value is read as.

mod codec_support;

use codec_support::{Kinded, Mixed, Numbered, Otherwise, Propertied, Tagged, Tried};
use serde_json::json;
use tieline::codec::{Node, Value, json as codec, validate};

/// The name of the alternative, and that the value is written as it was read.
#[track_caller]
fn alternative<T: Value + PartialEq + std::fmt::Debug>(value: &serde_json::Value) -> &'static str {
    let union: T =
        codec::read_new(value.to_string().as_bytes()).unwrap_or_else(|error| panic!("{value}: {error}"));
    let written: serde_json::Value = serde_json::from_slice(&codec::to_vec(&union)).unwrap();
    assert_eq!(&written, value, "nothing is lost");
    assert_eq!(codec::read_new::<T>(&codec::to_vec(&union)).unwrap(), union);
    let Node::Union(parts) = union.node() else {
        panic!("a union")
    };
    parts
        .shape()
        .variants
        .get(parts.active().0)
        .copied()
        .unwrap_or("Unknown")
}

#[test]
fn a_tag_decides_wherever_it_stands() {
    assert_eq!(
        alternative::<Tagged>(&json!({"kind": "circle", "radius": 1.5})),
        "Circle"
    );
    assert_eq!(
        alternative::<Tagged>(&json!({"kind": "square", "side": 1.5})),
        "Square"
    );
    assert_eq!(
        alternative::<Tagged>(&json!({"kind": "quad", "side": 1.5})),
        "Square",
        "two tags of one type"
    );
    let late = br#"{"side":1,"name":"{\"kind\":\"circle\"}","kind":"square"}"#;
    assert!(matches!(codec::read_new::<Tagged>(late), Ok(Tagged::Square(_))));
    let escaped = br#"{"k\u0069nd":"circ\u006ce","radius":1}"#;
    assert!(matches!(
        codec::read_new::<Tagged>(escaped),
        Ok(Tagged::Circle(_))
    ));
}

#[test]
fn an_integer_is_a_tag_by_its_digits() {
    for (value, expected) in [
        (r#"{"type":1,"radius":1.5}"#, "Circle"),
        (r#"{"side":1.5,"type":2}"#, "Square"),
        (r#"{"type":3,"side":1.5}"#, "Unknown"),
    ] {
        let union: Numbered = codec::read_new(value.as_bytes()).unwrap();
        let Node::Union(parts) = union.node() else {
            panic!("a union")
        };
        let variants = parts.shape().variants;
        assert_eq!(
            variants.get(parts.active().0).copied().unwrap_or("Unknown"),
            expected,
            "{value}"
        );
    }
}

#[test]
fn a_value_of_no_alternative_is_kept_and_judged_as_a_violation() {
    for value in [
        json!({"kind": "oval", "x": [1, {"y": null}]}),
        json!({"x": 1}),
        json!({"kind": 1}),
        json!("text"),
        json!(null),
    ] {
        assert_eq!(alternative::<Tagged>(&value), "Unknown", "{value}");
    }
    let union: Tagged = codec::read_new(br#"{"kind":"oval"}"#).unwrap();
    let violations: Vec<_> = validate(&union).iter().map(ToString::to_string).collect();
    assert_eq!(
        violations,
        ["must be one of the alternatives that the contract names"]
    );
}

#[test]
fn a_tag_does_not_excuse_a_malformed_alternative() {
    let error = codec::read_new::<Tagged>(br#"{"kind":"circle","side":1}"#).unwrap_err();
    assert_eq!(error.path().to_string(), "/radius");
    let text = br#"[{"kind":"circle","radius":1},{"kind":"circle","radius":"x"}]"#;
    let error = codec::read_new::<Vec<Tagged>>(text).unwrap_err();
    assert_eq!(
        (error.path().to_string(), error.offset()),
        ("/1/radius".into(), Some(56))
    );
}

#[test]
fn a_property_that_only_one_has_decides() {
    assert_eq!(alternative::<Propertied>(&json!({"radius": 1.5})), "Circle");
    assert_eq!(
        alternative::<Propertied>(&json!({"name": "x", "side": 1.5})),
        "Square"
    );
    assert_eq!(
        alternative::<Propertied>(&json!({"other": {"side": 1}})),
        "Unknown",
        "not one further down"
    );
    let both = codec::read_new::<Propertied>(br#"{"side":1,"radius":2}"#);
    assert!(
        matches!(both, Ok(Propertied::Circle(_))),
        "the first of the table"
    );
    assert_eq!(alternative::<Otherwise>(&json!({"side": 1.5})), "Square");
    assert_eq!(
        alternative::<Otherwise>(&json!("text")),
        "Unknown",
        "only objects fall back to an object"
    );
}

#[test]
fn an_alternative_chosen_by_a_property_gives_way_when_it_refuses_and_another_accepts() {
    // It has the first one's property, but is no value of it.
    let square = codec::read_new::<Propertied>(br#"{"radius":"none","side":1.5}"#);
    assert!(matches!(square, Ok(Propertied::Square(_))), "{square:?}");
    let neither = codec::read_new::<Propertied>(br#"{"radius":"none"}"#).unwrap_err();
    assert_eq!(neither.path().to_string(), "/radius");
}

#[test]
fn the_kind_of_json_value_decides() {
    assert_eq!(alternative::<Mixed>(&json!(5)), "Whole");
    assert_eq!(alternative::<Mixed>(&json!(5.5)), "Number");
    assert_eq!(alternative::<Mixed>(&json!(true)), "Flag");
    assert_eq!(alternative::<Mixed>(&json!([1, 2])), "List");
    assert_eq!(alternative::<Mixed>(&json!({"a": 1})), "Unknown");
    assert_eq!(alternative::<Mixed>(&json!("5")), "Unknown");
}

#[test]
fn kinds_can_go_before_tags() {
    assert_eq!(alternative::<Kinded>(&json!("text")), "Text");
    assert_eq!(
        alternative::<Kinded>(&json!({"kind": "square", "side": 2.5})),
        "Square"
    );
    assert_eq!(alternative::<Kinded>(&json!([1])), "Unknown");
}

#[test]
fn a_trial_takes_the_alternative_that_passes_over_least() {
    assert_eq!(alternative::<Tried>(&json!({"radius": 1.5})), "Circle");
    assert_eq!(alternative::<Tried>(&json!({"side": 1.5, "name": "x"})), "Square");
    assert_eq!(alternative::<Tried>(&json!("text")), "Text");
    assert_eq!(alternative::<Tried>(&json!([1])), "Unknown");
    let both = codec::read_new::<Tried>(br#"{"radius":1,"side":2,"name":"x"}"#);
    assert!(
        matches!(both, Ok(Tried::Square(_))),
        "the square knows two of the three"
    );
}

#[test]
fn a_whole_number_with_a_point_is_an_integer_where_nothing_else_takes_it() {
    assert_eq!(
        codec::read_new::<Mixed>(b"5.0").unwrap(),
        Mixed::Number(5.0),
        "where any number is meant, it is one"
    );
    assert_eq!(
        codec::read_new::<codec_support::Count>(b"5.0").unwrap(),
        codec_support::Count::Whole(5)
    );
    assert_eq!(
        codec::read_new::<codec_support::Count>(b"5e1").unwrap(),
        codec_support::Count::Whole(50)
    );
    let half = codec::read_new::<codec_support::Count>(b"5.5").unwrap();
    assert_eq!(half, codec_support::Count::Unknown(json!(5.5)));
}

#[test]
fn trials_within_trials_end_in_reasonable_time_and_lose_nothing() {
    use codec_support::Tree;
    let nested = |depth: usize| {
        let inner = r#"{"leaf":1,"extra":true}"#;
        format!("{}{inner}{}", r#"{"twig":"#.repeat(depth), "}".repeat(depth))
    };
    assert!(matches!(
        codec::read_new::<Tree>(nested(3).as_bytes()),
        Ok(Tree::Branch(_))
    ));
    let deep = nested(100);
    let tree: Tree = codec::read_new(deep.as_bytes()).unwrap();
    assert!(codec::to_string(&tree).starts_with(r#"{"twig":{"twig":"#));
}

/// A union that is one of its own alternatives.
#[derive(Clone)]
enum Endless {
    Again(Box<Endless>),
    Number(i64),
    Unknown(tieline::codec::Json),
}
static ENDLESS: tieline::generated::v1::UnionShape = tieline::generated::v1::UnionShape::new(
    "Endless",
    &["Again", "Number"],
    tieline::generated::v1::Dispatch::Trial,
);
tieline::generated::v1::union!(Endless = ENDLESS: Unknown { 0: Again, 1: Number });

#[test]
fn a_union_of_itself_ends() {
    for text in ["1", r#""text""#, r#"{"a":[{}]}"#] {
        let padded = format!("{text}{}", " ".repeat(10_000));
        // It may be read as anything, but the stack holds.
        let _ = codec::read_new::<Endless>(padded.as_bytes());
        let mut place = <Endless as Value>::blank();
        let _ = tieline::codec::text::read(text, &mut place);
    }
    assert!(codec::read_new::<Endless>(b"7").is_ok());
}
