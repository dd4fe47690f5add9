//! How mocks are told what to answer, and what they tell afterwards.

#![cfg(all(feature = "server", feature = "mock", feature = "grpc"))]

mod support;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use support::pets::{Api, Mock, get_pet, pet, types};
use support::users;
use tieline::generated::v1;
use tieline::{Code, Context, Error};

fn request(id: i64) -> get_pet::Request {
    get_pet::Request { id, verbose: None }
}

async fn ask(mock: &Mock, id: i64) -> Result<get_pet::Response, Error<get_pet::Failure>> {
    mock.get_pet(Context::new().with_caller("test"), request(id))
        .await
}

#[tokio::test]
async fn answers_for_once_come_first_and_in_order() {
    let mock = Mock::default();
    let first = get_pet::Response::Ok(types::Pet { id: 1, ..pet() });
    mock.get_pet
        .reply(get_pet::Response::Ok(pet()))
        .reply_once(first.clone())
        .fail_once(get_pet::Failure::Gone);
    assert_eq!(ask(&mock, 1).await.unwrap(), first);
    assert_eq!(
        ask(&mock, 2).await.unwrap_err().body(),
        Some(&get_pet::Failure::Gone)
    );
    for id in 3..5 {
        assert_eq!(ask(&mock, id).await.unwrap(), get_pet::Response::Ok(pet()));
    }
    assert_eq!(
        mock.get_pet
            .calls()
            .iter()
            .map(|call| call.id)
            .collect::<Vec<_>>(),
        [1, 2, 3, 4]
    );
    assert_eq!(mock.get_pet.contexts()[0].caller(), Some("test"));
}

#[tokio::test]
async fn a_lasting_failure_fails_every_time_alike() {
    let mock = Mock::default();
    let fault = tieline::error::Fault::new(tieline::ErrorKind::Timeout, Code::DeadlineExceeded, "too slow");
    mock.get_pet
        .fail(fault.with_retry_after(Some(Duration::from_secs(3))));
    for _ in 0..2 {
        let error = ask(&mock, 1).await.unwrap_err();
        assert!(error.is_timeout());
        assert_eq!(
            (error.message(), error.retry_after()),
            ("too slow", Some(Duration::from_secs(3)))
        );
    }
    mock.get_pet.fail(get_pet::Failure::Gone);
    for _ in 0..2 {
        assert_eq!(
            ask(&mock, 1).await.unwrap_err().body(),
            Some(&get_pet::Failure::Gone)
        );
    }
}

#[tokio::test]
async fn an_answer_can_depend_on_the_request() {
    let mock = Mock::default();
    mock.get_pet.with(|request| match request.id {
        7 => Ok(get_pet::Response::Ok(pet())),
        _ => Err(get_pet::Failure::Gone.into()),
    });
    assert!(ask(&mock, 7).await.is_ok());
    assert!(ask(&mock, 8).await.is_err());
}

#[tokio::test]
async fn a_call_that_nothing_was_told_for_says_how_to_tell() {
    let mock = Mock::default();
    let error = ask(&mock, 7).await.unwrap_err();
    assert_eq!(error.code(), Code::Unimplemented);
    assert!(
        error.message().contains("pets.getPet") && error.message().contains("`reply`"),
        "{error}"
    );
    assert_eq!(mock.get_pet.count(), 1);
}

#[tokio::test]
async fn a_wrong_count_is_shown_with_the_requests() {
    let mock = Mock::default();
    mock.get_pet.reply(get_pet::Response::Ok(pet()));
    mock.get_pet.assert_called(0);
    ask(&mock, 7).await.unwrap();
    ask(&mock, 8).await.unwrap();
    mock.get_pet.assert_called(2);
    let panic = catch_unwind(AssertUnwindSafe(|| mock.get_pet.assert_called(1))).unwrap_err();
    let text = panic.downcast_ref::<String>().unwrap();
    assert!(
        text.starts_with("pets.getPet was called 2 times, not once\n  1: getPet { id: 7"),
        "{text}"
    );
    assert!(text.contains("\n  2: getPet { id: 8"), "{text}");
    mock.get_pet.reset();
    mock.get_pet.assert_called(0);
    assert!(ask(&mock, 7).await.is_err(), "what was told is forgotten too");
}

#[tokio::test]
async fn grpc_methods_are_mocked_alike() {
    let mock = users::Mock::default();
    mock.create_user.reply(users::user("Eve", 1));
    let api: &dyn users::Api = &mock;
    let reply = api
        .create_user(Context::new(), users::user("Ada", 36))
        .await
        .unwrap();
    assert_eq!(
        (reply, &mock.create_user.calls()[0].0),
        (users::user("Eve", 1), &users::user("Ada", 36))
    );
    mock.list_users
        .with(|request| Ok(v1::Streaming::of(vec![request.0.clone(); 2])));
    let listed = api
        .list_users(Context::new(), users::user("Ada", 36))
        .await
        .unwrap();
    assert_eq!(listed.collect().await.unwrap().len(), 2);
}

#[tokio::test]
async fn clones_share_what_they_were_told_and_what_they_record() {
    let mock = Mock::default();
    let kept = mock.get_pet.clone();
    kept.reply(get_pet::Response::Ok(pet()));
    ask(&mock, 7).await.unwrap();
    kept.assert_called(1);
}
