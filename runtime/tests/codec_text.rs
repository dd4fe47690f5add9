//! Values as texts of paths, queries, headers and forms, and back.

mod codec_support;

use std::collections::BTreeMap;

use codec_support::{Count, Level, Name, Note, Plain, Status};
use tieline::codec::text::{Parts, parts, read, read_many, read_object};
use tieline::codec::{Date, Json, Nullable, Serde, Value};

fn one<T: Value>(text: &str) -> Result<T, String> {
    let mut value = T::blank();
    read(text, &mut value)
        .map(|()| value)
        .map_err(|error| error.to_string())
}

#[test]
fn scalars_survive_the_way_through_text() {
    fn survives<T: Value + PartialEq + std::fmt::Debug>(value: T, text: &str) {
        assert_eq!(parts(&value), Parts::One(text.into()));
        assert_eq!(one::<T>(text), Ok(value));
    }
    survives(true, "true");
    survives(i64::MIN, "-9223372036854775808");
    survives(u64::MAX, "18446744073709551615");
    survives(0.1_f32, "0.1");
    survives(1e300_f64, &1e300_f64.to_string());
    survives(String::from("a,b c"), "a,b c");
    survives(Status::Unknown("lost".into()), "lost");
    survives(Level::High, "2");
    survives(Name("x".into()), "x");
    survives(Date::from_text("not a day"), "not a day");
    survives(Some(7_i32), "7");
    survives(bytes::Bytes::from_static(b"\xff\x00"), "/wA=");
    survives(Count::Whole(7), "7");
    survives(Count::Text("seven".into()), "seven");
}

#[test]
fn text_of_another_type_is_refused_without_being_quoted() {
    assert_eq!(one::<i32>("secret"), Err("expected a 32-bit integer".into()));
    assert_eq!(one::<i32>("2147483648"), Err("expected a 32-bit integer".into()));
    assert_eq!(
        one::<u64>("-1"),
        Err("expected a 64-bit integer, not negative".into())
    );
    assert_eq!(one::<bool>("yes"), Err("expected true or false".into()));
    assert_eq!(one::<bytes::Bytes>("*"), Err("expected base64 text".into()));
    for text in ["NaN", "inf", "-infinity", "1e999", "", "1 "] {
        assert_eq!(one::<f64>(text), Err("expected a number".into()), "{text}");
    }
}

#[test]
fn what_is_absent_has_no_text_and_null_has_one() {
    assert_eq!(parts(&None::<i32>), Parts::Absent);
    assert_eq!(parts(&Some(Nullable::<String>::Null)), Parts::One("null".into()));
    assert_eq!(parts(&Note { note: None }), Parts::Object(vec![]));
}

#[test]
fn lists_take_every_text_and_anything_else_the_last() {
    let mut list = Some(vec![9]);
    read_many(["1", "2"], &mut list).unwrap();
    assert_eq!(list, Some(vec![1, 2]), "what was there is gone");
    let error = read_many(["1", "x"], &mut list).unwrap_err();
    assert_eq!(error.to_string(), "at /1: expected a 32-bit integer");
    let mut last = 0;
    read_many(["1", "2"], &mut last).unwrap();
    assert_eq!(last, 2);
    assert_eq!(parts(&vec![1, 2]).to_string(), "1,2");
}

#[test]
fn objects_are_read_property_by_property() {
    let mut plain = Plain::blank();
    read_object(
        [("id", "1"), ("tags", "a"), ("other", "x"), ("tags", "b")],
        &mut plain,
    )
    .unwrap();
    assert_eq!(
        plain,
        Plain {
            id: 1,
            name: None,
            tags: Some(vec!["a".into(), "b".into()])
        }
    );
    assert_eq!(
        parts(&plain),
        Parts::Object(vec![
            ("id".into(), "1".into()),
            ("tags".into(), r#"["a","b"]"#.into())
        ])
    );
    let Parts::Object(entries) = parts(&plain) else {
        panic!("an object")
    };
    let mut back = Plain::blank();
    read_object(
        entries.iter().map(|(key, text)| (key.as_str(), text.as_str())),
        &mut back,
    )
    .unwrap();
    assert_eq!(back, plain, "a list that nests is JSON");

    let missing = read_object([("name", "x")], &mut Plain::blank()).unwrap_err();
    assert_eq!(missing.to_string(), "at /id: a required property is missing");
    let wrong = read_object([("id", "secret")], &mut Plain::blank()).unwrap_err();
    assert_eq!(wrong.to_string(), "at /id: expected a 64-bit integer");
    let mut map = BTreeMap::<String, i32>::new();
    read_object([("a", "1"), ("b", "2")], &mut map).unwrap();
    assert_eq!(map, BTreeMap::from([("a".into(), 1), ("b".into(), 2)]));
}

#[test]
fn json_and_serde_values_read_what_they_can() {
    assert_eq!(one::<Json>("5"), Ok(5.into()));
    assert_eq!(one::<Json>("true"), Ok(true.into()));
    assert_eq!(one::<Json>("[1]"), Ok("[1]".into()));
    assert_eq!(one::<Serde<u8>>("255"), Ok(Serde::new(255)));
    assert!(one::<Serde<u8>>("256").is_err());
    assert_eq!(one::<Serde<Vec<i32>>>("1,2"), Ok(Serde::new(vec![1, 2])));
    assert_eq!(
        one::<Serde<Option<String>>>("x"),
        Ok(Serde::new(Some("x".to_owned())))
    );
}
