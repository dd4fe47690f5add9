//! Links of replies: followed by a client, to a server.

use std::collections::BTreeMap;

use http::{HeaderName, HeaderValue};
use tieline::Client;
use tieline::client::LinkError;

use super::golden::links::{
    Client as Teams, Mock, add_note, blocking, create_user, get_job, get_repository, get_user, service, types,
};
use super::wire::served;

fn client(url: &str) -> Teams {
    let builder = Client::builder("links").url(url).expect("a URL");
    Teams::new(builder.build().expect("a client"))
}

async fn teams(mock: Mock) -> Teams {
    client(&served(service(mock).into_router()).await)
}

/// A mock that says with what each resource was asked for.
fn mock() -> Mock {
    let mock = Mock::new();
    mock.create_user.handle(|cx, request| async move {
        if request.body.name == "taken" {
            let existing = types::CreateUserResponse409::new().existing(8);
            return Err(create_user::Failure::Conflict(existing).into());
        }
        let job = HeaderValue::from_static("12");
        cx.set_reply_header(HeaderName::from_static("x-job"), job);
        Ok(create_user::Response::Created)
    });
    mock.get_user.handle(|_, request| async move {
        let user =
            types::User::new(format!("user {}", request.id)).tags(vec!["a".to_owned(), "b".to_owned()]);
        Ok(match request.id {
            1 => get_user::Response::NonAuthoritativeInformation(user),
            2 => get_user::Response::PartialContent(user),
            _ => get_user::Response::Ok(user.account(types::UserAccount::new().login("octocat"))),
        })
    });
    mock.get_repository.handle(|_, asked| async move {
        let about = format!("{}/{} {:?} {:?}", asked.owner, asked.name, asked.user, asked.tags);
        Ok(get_repository::Response::Ok(about))
    });
    mock.get_job.handle(|_, asked| async move {
        let about = format!("{}/{} {:?}", asked.team, asked.id, asked.path_page);
        Ok(get_job::Response::Ok(about))
    });
    mock.add_note
        .handle(|_, _| async move { Ok(add_note::Response::NoContent) });
    mock
}

#[tokio::test]
async fn a_link_leads_from_a_body_to_the_resource() {
    let teams = teams(mock()).await;
    let request = get_user::Request::new(5);
    let reply = teams.pending(request.clone()).send().await.expect("a user");
    let next = get_user::links::repositories(&request, &reply, "tieline").expect("a link");
    let found = teams.pending(next).await.expect("a repository");
    assert_eq!(found, r#"octocat/tieline Some(5) Some(["a", "b"])"#);
}

#[tokio::test]
async fn a_link_leads_from_headers_of_request_and_reply_to_the_resource() {
    let teams = teams(mock()).await;
    let mut request = create_user::Request::new(types::User::new("new"));
    request.x_team = Some("blue".to_owned());
    let reply = teams.pending(request.clone()).send().await.expect("a user");
    let next = create_user::links::job(&request, &reply).expect("a link");
    assert_eq!(teams.pending(next).await.expect("a job"), "blue/12 Some(7)");
}

#[tokio::test]
async fn a_text_with_expressions_says_what_was_called() {
    let url = served(service(mock()).into_router()).await;
    let teams = client(&url);
    let request = create_user::Request::new(types::User::new("new"));
    let reply = teams.pending(request.clone()).send().await.expect("a user");
    let next = create_user::links::note(teams.inner(), &request, &reply).expect("a link");
    assert_eq!(next.about, Some(format!("POST {url}/users gave 201")));
    assert_eq!(next.body, "new");
    let server = create_user::links::NOTE_SERVER.url_with(&BTreeMap::new());
    assert_eq!(server.expect("a URL"), "https://eu.notes.example");
}

#[tokio::test]
async fn a_failure_leads_on_as_well() {
    let teams = teams(mock()).await;
    let error = teams
        .create_user(types::User::new("taken"))
        .await
        .expect_err("taken");
    let next = create_user::links::existing(&error).expect("a link");
    let get_user::Response::Ok(user) = teams.pending(next).await.expect("a user") else {
        panic!("another user");
    };
    assert_eq!(user.name, "user 8");
}

#[tokio::test]
async fn what_is_not_there_is_named_and_other_replies_have_no_link() {
    let teams = teams(mock()).await;
    let request = get_user::Request::new(1);
    let reply = teams.pending(request.clone()).send().await.expect("a user");
    let error = get_user::links::repositories(&request, &reply, "tieline").expect_err("no account");
    assert_eq!(
        error.to_string(),
        "the link repositories gives $response.body#/account/login as owner, and there is none"
    );
    let request = get_user::Request::new(2);
    let reply = teams.pending(request.clone()).send().await.expect("a user");
    let error = get_user::links::repositories(&request, &reply, "tieline").expect_err("206 has none");
    assert_eq!(error, LinkError::NotThere { link: "repositories" });
}

#[tokio::test]
async fn what_is_not_of_the_type_of_its_parameter_is_refused_without_being_shown() {
    let mock = Mock::new();
    mock.create_user.handle(|cx, _| async move {
        let job = HeaderValue::from_static("secret");
        cx.set_reply_header(HeaderName::from_static("x-job"), job);
        Ok(create_user::Response::Created)
    });
    let teams = teams(mock).await;
    let mut request = create_user::Request::new(types::User::new("new"));
    request.x_team = Some("blue".to_owned());
    let reply = teams.pending(request.clone()).send().await.expect("a user");
    let error = create_user::links::job(&request, &reply).expect_err("no number");
    assert!(matches!(error, LinkError::Unfit { input: "id", .. }), "{error}");
    assert!(!error.to_string().contains("secret"), "{error}");
}

#[test]
fn a_blocking_client_follows_a_link() {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let url = runtime.block_on(async { served(service(mock()).into_router()).await });
    let teams = blocking::Client::to(&url).expect("a client");
    let request = get_user::Request::new(5);
    let reply = teams.pending(request.clone()).send().expect("a user");
    let next = get_user::links::repositories(&request, &reply, "tieline").expect("a link");
    let found = teams.pending(next).call().expect("a repository");
    assert!(found.starts_with("octocat/tieline"), "{found}");
}
