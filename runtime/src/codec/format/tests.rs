use super::Format;

fn judges(format: Format, good: &[&str], bad: &[&str]) {
    for text in good {
        assert!(format.accepts(text), "{}: {text:?}", format.name());
    }
    for text in bad {
        assert!(!format.accepts(text), "{}: {text:?}", format.name());
    }
}

#[test]
fn every_format_is_found_by_its_name() {
    for (format, name) in super::ALL {
        assert_eq!(Format::named(name), Some(format));
        assert_eq!(format.name(), name);
    }
    assert_eq!(Format::named("colour"), None);
}

#[test]
fn international_host_names_are_the_same_in_capitals() {
    judges(
        Format::IdnHostname,
        &["bücher.example", "Bücher.Example", "BÜCHER.example"],
        &["-bücher.example", "bü cher.example"],
    );
}

#[test]
fn dates_and_times_are_those_of_rfc_3339() {
    judges(
        Format::DateTime,
        &[
            "1963-06-19T08:30:06.283185Z",
            "1990-12-31T15:59:60-08:00",
            "1963-06-19t08:30:06z",
            "2020-02-29T00:00:00+14:00",
        ],
        &[
            "1998-12-31T23:58:60Z",
            "1990-02-31T15:59:59Z",
            "2013-350T01:01:01",
            "1963-06-19T08:30:06",
            "1963-06-19T08:30:6Z",
            "",
            "T",
        ],
    );
    judges(
        Format::Duration,
        &[
            "P4DT12H30M5S",
            "P4Y",
            "PT0S",
            "P0D",
            "P1M",
            "PT1M",
            "PT36H",
            "P1DT12H",
            "P2W",
        ],
        &[
            "PT1D",
            "P",
            "P1YT",
            "PT",
            "P2D1Y",
            "P1D2H",
            "P2S",
            "P1Y2W",
            "P1",
            "4DT12H30M5S",
            "P1Y2D",
            "PT1H2S",
            "P১Y",
        ],
    );
}

#[test]
fn mailboxes_and_addresses_are_told_by_their_grammar() {
    judges(
        Format::Email,
        &[
            "joe.bloggs@example.com",
            "te~st@example.com",
            "\"joe bloggs\"@example.com",
            "\"joe@bloggs\"@example.com",
            "joe@[127.0.0.1]",
            "joe@[IPv6:::1]",
        ],
        &[
            "2962",
            ".test@example.com",
            "test.@example.com",
            "te..st@example.com",
            "joe@inva=lid.com",
            "joe@[127.0.0.300]",
            "a@b.org, c@d.org",
            "\"Joe\" <joe@example.com>",
            "\"@example.com",
            "ä@example.com",
            "joe@",
        ],
    );
    judges(
        Format::Ipv4,
        &["192.168.0.1", "0.0.0.0"],
        &[
            "127.0.0.0.1",
            "256.1.1.1",
            "127.0",
            "0x7f000001",
            "087.10.0.1",
            "1.2.3.4/8",
            "1২7.0.0.1",
        ],
    );
    judges(
        Format::Ipv6,
        &[
            "::1",
            "::",
            "::42:ff:1",
            "d6::",
            "1:d6::42",
            "1::d6:192.168.0.1",
            "1:2:3:4:5:6:7:8",
        ],
        &[
            "12345::",
            "::laptop",
            "1::1::",
            "1:2:3:4:5:6:7:8:9",
            "fe80::a%eth1",
            "::1 ",
            "1:2:3:4:5:::8",
            "::192.168.0.01",
            ":2:3:4:5:6:7:8",
        ],
    );
}

#[test]
fn international_names_are_told_by_what_they_say() {
    judges(
        Format::Hostname,
        &["xn--4gbwdl.xn--wgbh1c", "a-b.c1"],
        &["xn--X", "a_b", "-a", "xn--07jt112bpxg", ""],
    );
    judges(
        Format::IdnHostname,
        &["실례.테스트", "bücher.example", "a.b"],
        &["〮실례.테스트", "-> $1.00 --", "Ａ.b", "aa--ä"],
    );
}

#[test]
fn expressions_are_those_of_ecma_262() {
    judges(
        Format::Regex,
        &[
            "([abc])+\\s+$",
            "^[\\w\\-]+$",
            "(?<year>\\d{4})-\\k<year>",
            "a{2,3}?",
            "[^]",
            "\\u{1F600}",
            "\\p{Letter}",
            "(?<=a)b",
            "{",
        ],
        &[
            "^(abc]", "\\Z", "\\a", "(?P<n>a)", "(?i)a", "a**", "[z-a]", "a{3,2}", "\\k<no>", "(a)\\2", "*",
            "(?<a>b", "[a",
        ],
    );
}

#[test]
fn no_text_makes_a_judge_panic() {
    for (format, _) in super::ALL {
        for text in [
            "",
            "%",
            "é",
            "-",
            "xn--",
            "xn---",
            "xn--99999999999999",
            "\u{10FFFF}",
            "[",
            "(",
            "\\",
            "P",
            "1",
            "@",
            "\u{FF0E}",
            "12345678é",
        ] {
            for end in ["", "é", ":", "]", "@", ".", "\u{200C}"] {
                let _: bool = format.accepts(&format!("{text}{end}"));
            }
        }
        let _: bool = format.accepts(&"(".repeat(100_000));
    }
}
