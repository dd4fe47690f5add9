//! Reading and writing JSON by tables, judged against `serde_json`.

mod codec_support;

use std::collections::BTreeMap;

use codec_support::{Level, Note, Plain, Sample, Status, Twin, sample};
use serde_json::{Value as Json, json};
use tieline::codec::{Nullable, Value, json as codec};
use tieline::random::Random;

fn read<T: Value>(text: &str) -> Result<T, String> {
    codec::read_new(text.as_bytes()).map_err(|error| error.to_string())
}

#[track_caller]
fn refused<T: Value + std::fmt::Debug>(text: &str) -> String {
    read::<T>(text).expect_err(text)
}

/// Text of all kinds of characters that JSON treats differently.
fn text(random: &Random) -> String {
    const KINDS: [char; 12] = [
        'a',
        '"',
        '\\',
        '/',
        '\n',
        '\t',
        '\u{0}',
        '\u{1f}',
        '\u{7f}',
        '\u{e4}',
        '\u{2028}',
        '\u{1F600}',
    ];
    (0..random.below(6))
        .map(|_| KINDS[random.below(12) as usize])
        .collect()
}

fn some<T>(random: &Random, make: impl FnOnce() -> T) -> Option<T> {
    (random.below(2) == 0).then(make)
}

fn twin(random: &Random, depth: u32) -> Twin {
    let bits = random.next_u64();
    // With few digits: `serde_json` rounds others wrongly at times.
    let float = f64::from(random.next_u64() as i32) / 8.0;
    Twin {
        id: bits as i64 >> (bits % 64),
        count: random.next_u64() >> (bits % 64),
        small: random.next_u64() as i32,
        ratio: float,
        on: bits.is_multiple_of(2),
        name: text(random),
        tags: (0..random.below(3)).map(|_| text(random)).collect(),
        labels: (0..random.below(3))
            .map(|_| (text(random), random.next_u64() as i32))
            .collect(),
        child: some(random, || twin(random, depth + 1))
            .filter(|_| depth < 5)
            .map(Box::new),
        status: ["available", "sold", "lost"][random.below(3) as usize].to_owned(),
        any: json!({"x": [1, null, text(random)], "y": float}),
    }
}

#[test]
fn values_are_written_as_serde_json_writes_them_and_read_back_equal() {
    let random = Random::seeded(1);
    for _ in 0..500 {
        let twin = twin(&random, 0);
        let theirs = serde_json::to_vec(&twin).unwrap();
        let ours: Sample = codec::read_new(&theirs).unwrap();
        let written = codec::to_vec(&ours);
        assert_eq!(serde_json::from_slice::<Twin>(&written).unwrap(), twin);
        let (written, theirs): (Json, Json) = (
            serde_json::from_slice(&written).unwrap(),
            serde_json::from_slice(&theirs).unwrap(),
        );
        assert_eq!(written, theirs);
        assert_eq!(codec::read_new::<Sample>(&codec::to_vec(&ours)).unwrap(), ours);
        assert_eq!(
            serde_json::to_value(&ours).unwrap(),
            theirs,
            "serde writes the same"
        );
        assert_eq!(
            serde_json::from_value::<Sample>(theirs).unwrap(),
            ours,
            "and reads the same"
        );
    }
}

#[test]
fn strings_are_escaped_octet_by_octet_as_by_serde_json() {
    let every: String = (0..0x300_u32)
        .chain([0x2028, 0xfffd, 0x1F600])
        .filter_map(char::from_u32)
        .collect();
    assert_eq!(codec::to_string(&every), serde_json::to_string(&every).unwrap());
    assert_eq!(read::<String>(&codec::to_string(&every)).unwrap(), every);
    assert_eq!(
        read::<String>(r#""\ud83d\ude00\u00e4\/""#).unwrap(),
        "\u{1F600}\u{e4}/"
    );
    refused::<String>(r#""\ud83d""#);
    refused::<String>("\"a\nb\"");
}

#[test]
fn floats_are_written_with_the_fewest_digits_that_read_back() {
    let random = Random::seeded(2);
    for _ in 0..2000 {
        let (wide, narrow) = (
            f64::from_bits(random.next_u64()),
            f32::from_bits(random.next_u64() as u32),
        );
        if wide.is_finite() {
            assert_eq!(
                read::<f64>(&codec::to_string(&wide)).unwrap().to_bits(),
                wide.to_bits()
            );
            assert_eq!(
                read::<f64>(&serde_json::to_string(&wide).unwrap())
                    .unwrap()
                    .to_bits(),
                wide.to_bits()
            );
        }
        if narrow.is_finite() {
            assert_eq!(
                read::<f32>(&codec::to_string(&narrow)).unwrap().to_bits(),
                narrow.to_bits()
            );
        }
    }
    assert_eq!(codec::to_string(&0.1_f32), "0.1");
    for infinite in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        assert_eq!(codec::to_string(&infinite), "null", "as serde_json does");
    }
    assert_eq!(read::<f64>("-0").unwrap().to_bits(), (-0.0_f64).to_bits());
}

#[test]
fn any_number_without_a_fraction_is_an_integer() {
    for (text, number) in [
        ("1", 1),
        ("1.0", 1),
        ("1e3", 1000),
        ("1.5e1", 15),
        ("-0", 0),
        ("-2.50E2", -250),
        ("0e9", 0),
    ] {
        assert_eq!(read::<i64>(text), Ok(number), "{text}");
    }
    assert_eq!(read("9223372036854775807"), Ok(i64::MAX));
    assert_eq!(
        read("9007199254740993.0"),
        Ok(9_007_199_254_740_993_i64),
        "not by way of a float"
    );
    assert_eq!(read("922337203685477580.7e1"), Ok(i64::MAX));
    assert_eq!(
        read("-1844674407370955161500e-2"),
        Err::<i64, _>("the integer is out of range for i64 (octet 26)".into())
    );
    assert_eq!(read("1844674407370955161500e-2"), Ok(u64::MAX));
    assert_eq!(read("0.000e99999999999999999999"), Ok(0_u32));
    assert_eq!(read("-9223372036854775808"), Ok(i64::MIN));
    assert_eq!(read("18446744073709551615"), Ok(u64::MAX));
    for text in [
        "1.5", "1e-1", "NaN", "Infinity", "01", "+1", "1.", ".5", "0x1", "1_000", "", "\"1\"", "true", "--1",
    ] {
        refused::<i64>(text);
    }
    assert_eq!(
        refused::<i64>("1.5"),
        "expected an integer, found a number with a fraction (octet 0)"
    );
}

#[test]
fn integers_out_of_range_are_refused_not_wrapped() {
    refused::<i64>("9223372036854775808");
    refused::<i64>("-9223372036854775809");
    refused::<u64>("18446744073709551616");
    refused::<u64>("-1");
    refused::<u32>("4294967296");
    refused::<i32>("2147483648");
    refused::<i32>("1e10");
    refused::<i64>("1e400");
    refused::<i64>("170141183460469231731687303715884105728");
    refused::<i64>("1e38");
    assert!(refused::<i32>("3000000000").contains("out of range"));
    assert_eq!(read::<i32>("-2147483648.0"), Ok(i32::MIN));
}

#[test]
fn floats_beyond_the_range_are_refused() {
    refused::<f64>("1e400");
    refused::<f32>("1e39");
    assert_eq!(read::<f64>("1e-400"), Ok(0.0), "too small to tell from zero");
}

#[test]
fn a_field_has_three_states() {
    let absent: Note = read("{}").unwrap();
    let null: Note = read(r#"{"note":null}"#).unwrap();
    let value: Note = read(r#"{"note":"x"}"#).unwrap();
    assert_eq!(
        [&absent.note, &null.note, &value.note],
        [
            &None,
            &Some(Nullable::Null),
            &Some(Nullable::Value("x".to_owned()))
        ]
    );
    for (note, text) in [
        (absent, "{}"),
        (null, r#"{"note":null}"#),
        (value, r#"{"note":"x"}"#),
    ] {
        assert_eq!(codec::to_string(&note), text);
        assert_eq!(serde_json::to_string(&note).unwrap(), text);
        assert_eq!(serde_json::from_str::<Note>(text).unwrap(), note);
    }
}

#[test]
fn an_optional_field_that_is_null_is_absent_and_a_required_one_is_refused() {
    let plain: Plain = read(r#"{"id":1,"name":null}"#).unwrap();
    assert_eq!(
        (
            plain.name,
            codec::to_string(&read::<Plain>(r#"{"id":1,"name":null}"#).unwrap())
        ),
        (None, r#"{"id":1}"#.into())
    );
    assert_eq!(
        refused::<Plain>(r#"{"id":null}"#),
        "at /id: expected an integer, found null (octet 6)"
    );
    assert_eq!(
        refused::<Plain>("{}"),
        "at /id: a required property is missing (octet 2)"
    );
    assert_eq!(
        refused::<Plain>("null"),
        "expected an object, found null (octet 0)"
    );
}

#[test]
fn reading_replaces_all_that_was_there() {
    let mut value = sample();
    let other = Sample {
        child: None,
        tags: vec!["new".into()],
        labels: BTreeMap::new(),
        ..sample()
    };
    codec::read(&codec::to_vec(&other), &mut value).unwrap();
    assert_eq!(value, other);
    let mut note = Note {
        note: Some(Nullable::Value("old".into())),
    };
    codec::read(b"{}", &mut note).unwrap();
    assert_eq!(note.note, None);
}

#[test]
fn unknown_constants_are_kept_and_of_the_wrong_kind_refused() {
    let status: Status = read("\"lost\"").unwrap();
    assert_eq!(
        (&status, codec::to_string(&status)),
        (&Status::Unknown("lost".into()), "\"lost\"".into())
    );
    assert_eq!(read("\"sold\""), Ok(Status::Sold));
    assert_eq!(
        (read("3"), codec::to_string(&Level::Unknown(3))),
        (Ok(Level::Unknown(3)), "3".into())
    );
    assert_eq!((read("1"), read("2.0")), (Ok(Level::Low), Ok(Level::High)));
    refused::<Status>("1");
    refused::<Level>("\"1\"");
    refused::<Level>("1e300");
}

#[test]
fn properties_that_are_unknown_are_passed_over_and_the_last_of_equal_names_counts() {
    let plain: Plain = read(r#"{"x":{"id":[1,{}]},"id":1,"id":2,"y":"\u0000"}"#).unwrap();
    assert_eq!(plain.id, 2);
    let labels: BTreeMap<String, i32> = read(r#"{"a":1,"a":2}"#).unwrap();
    assert_eq!(labels["a"], 2);
    let plain: Plain = read(r#"{"id":1,"tags":["a"],"tags":["b"]}"#).unwrap();
    assert_eq!(plain.tags, Some(vec!["b".into()]), "not both");
    let plain: Plain = read(r#"{"\u0069d":5}"#).unwrap();
    assert_eq!(plain.id, 5, "names are compared after their escapes are undone");
}

#[test]
fn nesting_is_followed_to_a_limit_and_no_further() {
    let nested = |depth: usize| format!("{}1{}", "[".repeat(depth), "]".repeat(depth));
    assert!(read::<Json>(&nested(100)).is_ok());
    for depth in [200, 100_000] {
        refused::<Json>(&nested(depth));
        refused::<Plain>(&format!(r#"{{"id":1,"skipped":{}}}"#, nested(depth + 100)));
    }
    let chain = |depth: usize| format!("{}{}", r#"{"next":"#.repeat(depth), "{}") + &"}".repeat(depth);
    assert!(read::<codec_support::Chain>(&chain(100)).is_ok());
    let error = refused::<codec_support::Chain>(&chain(100_000));
    assert!(error.contains("nested deeper than 128 levels"), "{error}");
}

#[test]
fn octets_that_are_no_utf_8_are_refused_wherever_they_stand() {
    for octets in [
        &b"\"\xff\""[..],
        b"{\"id\":1,\"name\":\"\xc3\"}",
        b"{\"\xff\":1,\"id\":1}",
        b"\xff",
        b"\"\xed\xa0\x80\"",
    ] {
        assert!(codec::read_new::<Plain>(octets).is_err(), "{octets:?}");
        assert!(codec::read_new::<Json>(octets).is_err(), "{octets:?}");
    }
}

#[test]
fn what_is_no_json_is_refused() {
    for text in [
        "",
        " ",
        "{",
        "}",
        "{\"id\":1,}",
        "{id:1}",
        "{'id':1}",
        "{\"id\":1}x",
        "{\"id\":1}{}",
        "// c\n{}",
        "[1,]",
        "nul",
        "tru",
    ] {
        refused::<Plain>(text);
        assert!(serde_json::from_str::<Json>(text).is_err(), "{text}");
        refused::<Json>(text);
        refused::<Option<bool>>(text);
    }
    assert_eq!(
        read(" \t\r\n{ \"id\" : 1 } \n").map(|plain: Plain| plain.id),
        Ok(1)
    );
}

#[test]
fn all_four_kinds_of_base64_are_read_and_the_standard_one_is_written() {
    let octets = bytes::Bytes::from_static(&[0xfb, 0xff, 0xfe, 0x01]);
    for text in ["\"+//+AQ==\"", "\"+//+AQ\"", "\"-__-AQ==\"", "\"-__-AQ\""] {
        assert_eq!(read(text), Ok(octets.clone()), "{text}");
    }
    assert_eq!(codec::to_string(&octets), "\"+//+AQ==\"");
    assert_eq!(read("\"\""), Ok(bytes::Bytes::new()));
    for text in ["\"*\"", "\"A\"", "1", "\"+//-AQ==\""] {
        refused::<bytes::Bytes>(text);
    }
}

#[test]
fn an_error_says_where_and_never_quotes_a_value() {
    let text = r#"{"id":1,"count":2,"small":3,"ratio":1,"on":true,"name":"x","tags":["a",{"secret":1}],"labels":{},"status":"sold","any":null}"#;
    let error = codec::read_new::<Sample>(text.as_bytes()).unwrap_err();
    let place = text.find("{\"secret\"").unwrap();
    assert_eq!(
        error.to_string(),
        format!("at /tags/1: expected text, found an object (octet {place})")
    );
    let text = r#"{"a/b~c":"secret"}"#;
    let error = codec::read_new::<BTreeMap<String, i32>>(text.as_bytes()).unwrap_err();
    assert_eq!(error.path().to_string(), "/a~1b~0c");
    assert!(!error.to_string().contains("secret"));
}
