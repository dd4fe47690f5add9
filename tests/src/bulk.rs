//! Single calls that are gathered into calls for many, through a generated client.

use tieline::Client;
use tieline::testing::{ScriptedLine, Step};

use crate::golden::bulk as contract;

fn client(line: &ScriptedLine) -> contract::Client {
    let builder = Client::builder("users").line(line.clone());
    contract::Client::new(builder.build().expect("a client"))
}

fn found(body: &str) -> Step {
    Step::status(200).body(body.to_owned())
}

#[tokio::test(start_paused = true)]
async fn keys_go_into_a_parameter_once_each() {
    let line = ScriptedLine::always(found(r#"[{"id":"b","number":2},{"id":"a","number":1}]"#));
    let users = contract::get_users::loader(client(&line).inner());
    let (a, b, again, none) = tokio::join!(
        users.load("a".to_owned()),
        users.load("b".to_owned()),
        users.load("a".to_owned()),
        users.load("c".to_owned())
    );
    let number =
        |user: Result<Option<contract::types::User>, _>| user.ok().flatten().and_then(|user| user.number);
    assert_eq!((number(a), number(b), number(again)), (Some(1), Some(2), Some(1)));
    assert!(none.is_ok_and(|user| user.is_none()));
    let asked: Vec<_> = line.requests().into_iter().map(|asked| asked.path).collect();
    assert_eq!(asked, ["/users?id=a&id=b&id=c"]);
}

#[tokio::test(start_paused = true)]
async fn keys_go_into_a_property_of_the_body() {
    let line = ScriptedLine::always(found(
        r#"{"found":[{"id":"a"},{"id":"b","number":2}],"missing":[1]}"#,
    ));
    let users = contract::search_users::loader(client(&line).inner());
    let found = users.load_many([1, 2]).await.expect("an answer");
    let ids: Vec<_> = found
        .iter()
        .map(|user| user.as_ref().map(|user| user.id.as_str()))
        .collect();
    assert_eq!(ids, [None, Some("b")]);
    assert_eq!(line.requests()[0].body, r#"{"numbers":[1,2]}"#);
}

#[tokio::test(start_paused = true)]
async fn keys_are_the_body_and_a_failure_is_typed() {
    let line = ScriptedLine::always(Step::status(404));
    let users = contract::list_users::loader(client(&line).inner());
    let error = users.load("a".to_owned()).await.expect_err("it fails");
    let tieline::bulk::LoadError::Failed(error) = error else {
        panic!("{error:?}");
    };
    assert_eq!(
        (error.operation(), error.code()),
        ("listUsers", tieline::Code::NotFound)
    );
    assert_eq!(line.requests()[0].body, r#"["a"]"#);
}
