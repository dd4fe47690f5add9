//! Any octets as JSON of generated types. What is read is written to what is read again as the same.

#![no_main]

use libfuzzer_sys::fuzz_target;
use tieline::codec::{Value, json, validate};

#[allow(dead_code)]
#[path = "../../tests/golden/all_of/mod.rs"]
#[rustfmt::skip]
mod all_of;
#[allow(dead_code)]
#[path = "../../tests/golden/checks/mod.rs"]
#[rustfmt::skip]
mod checks;
#[allow(dead_code)]
#[path = "../../tests/golden/maps/mod.rs"]
#[rustfmt::skip]
mod maps;
#[allow(dead_code)]
#[path = "../../tests/golden/three_states/mod.rs"]
#[rustfmt::skip]
mod three_states;
#[allow(dead_code)]
#[path = "../../tests/golden/union_by_kind/mod.rs"]
#[rustfmt::skip]
mod union_by_kind;
#[allow(dead_code)]
#[path = "../../tests/golden/union_by_tag/mod.rs"]
#[rustfmt::skip]
mod union_by_tag;

fn there_and_back<T: Value + PartialEq + std::fmt::Debug>(octets: &[u8]) {
    let Ok(value) = json::read_new::<T>(octets) else {
        return;
    };
    let _ = validate(&value);
    let written = json::to_vec(&value);
    let again = json::read_new::<T>(&written).expect("what was written can be read");
    assert_eq!(value, again);
}

fuzz_target!(|octets: &[u8]| {
    let Some((chosen, octets)) = octets.split_first() else {
        return;
    };
    match chosen % 14 {
        0 => there_and_back::<all_of::types::Named>(octets),
        1 => there_and_back::<all_of::types::Dated>(octets),
        2 => there_and_back::<all_of::types::Member>(octets),
        3 => there_and_back::<checks::types::Offer>(octets),
        4 => there_and_back::<checks::types::Contact>(octets),
        5 => there_and_back::<checks::types::Notes>(octets),
        6 => there_and_back::<maps::types::Labels>(octets),
        7 => there_and_back::<maps::types::Extended>(octets),
        8 => there_and_back::<maps::types::Anything>(octets),
        9 => there_and_back::<three_states::types::Patch>(octets),
        10 => there_and_back::<three_states::types::Nothing>(octets),
        11 => there_and_back::<union_by_kind::types::Id>(octets),
        12 => there_and_back::<union_by_kind::types::Filter>(octets),
        _ => there_and_back::<union_by_tag::types::Animal>(octets),
    }
});
