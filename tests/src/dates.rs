//! Dates in generated types: with the values of a library, and with their texts as they came.

use serde_json::json;
use tieline::codec::validate;
use tieline_contract::schema::JUDGED_FORMATS;

use crate::golden::{dates_chrono, dates_time};

/// What none of the libraries would write the same way.
fn unusual() -> serde_json::Value {
    json!({
        "at": "2025-12-30T10:00:00.000+00:00",
        "day": "2024-02-29",
        "opens": "08:30:00.50+02:00",
        "lasted": "P1Y2M3DT4H",
        "pauses": ["PT90M", "P2W"],
        "from": "192.0.2.1",
        "by": "2001:DB8:0:0::1"
    })
}

#[test]
fn what_came_is_written_as_it_was_whichever_the_library() {
    let chrono: dates_chrono::types::Visit = serde_json::from_value(unusual()).expect("read");
    assert_eq!(serde_json::to_value(&chrono).expect("written"), unusual());
    assert_eq!(validate(&chrono), []);
    let time: dates_time::types::Visit = serde_json::from_value(unusual()).expect("read");
    assert_eq!(serde_json::to_value(&time).expect("written"), unusual());
    assert_eq!(validate(&time), []);
}

#[test]
fn malformed_dates_are_read_and_judged() {
    let visit = json!({ "at": "yesterday", "day": "2025-02-30", "from": "192.0.2.256" });
    let chrono: dates_chrono::types::Visit = serde_json::from_value(visit.clone()).expect("read");
    assert_eq!(serde_json::to_value(&chrono).expect("written"), visit);
    assert_eq!(validate(&chrono).len(), 3);
    assert!(chrono.at.value().is_err());
    let time: dates_time::types::Visit = serde_json::from_value(visit.clone()).expect("read");
    assert_eq!(serde_json::to_value(&time).expect("written"), visit);
    assert_eq!(validate(&time).len(), 3);
    assert!(time.at.value().is_err());
}

#[test]
fn values_of_chrono_go_in_and_come_out() {
    let at = chrono::DateTime::from_timestamp(1_767_088_800, 0).expect("in range");
    let day = chrono::NaiveDate::from_ymd_opt(2025, 12, 30).expect("a day");
    let visit = dates_chrono::types::Visit::new(at.into(), std::net::Ipv4Addr::LOCALHOST.into())
        .day(day.into())
        .lasted(chrono::TimeDelta::minutes(90).into());
    let written = serde_json::to_value(&visit).expect("written");
    assert_eq!(
        written,
        json!({ "at": "2025-12-30T10:00:00Z", "from": "127.0.0.1", "day": "2025-12-30", "lasted": "PT1H30M" })
    );
    assert_eq!(visit.at.value(), Ok(at.fixed_offset()));
    assert_eq!(validate(&visit), []);
}

#[test]
fn values_of_time_go_in_and_come_out() {
    let at = time::OffsetDateTime::from_unix_timestamp(1_767_088_800).expect("in range");
    let visit = dates_time::types::Visit::new(at.into(), std::net::Ipv4Addr::LOCALHOST.into())
        .day(at.date().into())
        .lasted(time::Duration::minutes(90).into());
    let written = serde_json::to_value(&visit).expect("written");
    assert_eq!(
        written,
        json!({ "at": "2025-12-30T10:00:00Z", "from": "127.0.0.1", "day": "2025-12-30", "lasted": "PT1H30M" })
    );
    assert_eq!(visit.at.value(), Ok(at));
    assert_eq!(validate(&visit), []);
}

#[test]
fn the_contract_and_the_runtime_judge_the_same_formats() {
    let mut judged = JUDGED_FORMATS.to_vec();
    let mut known: Vec<&str> = tieline::codec::Format::all()
        .map(tieline::codec::Format::name)
        .collect();
    judged.sort_unstable();
    known.sort_unstable();
    assert_eq!(judged, known);
}
