//! `#[service_client(contract = "…")]`: a module filled from a contract file.

#![deny(warnings, missing_docs)]

use tieline::{Code, Context, Error};

/// Pets, from a document.
#[tieline::service_client(contract = "golden/pets/contract.yaml", server, mock, blocking)]
pub mod pets {}

#[tieline::service_client(contract = "tests/same_contract/users.proto", mock)]
mod users {}

/// Two versions of one contract, side by side.
mod versions {
    #[tieline::service_client(contract = "contracts/pets/v1.yaml", server, mock)]
    pub mod v1 {}

    #[tieline::service_client(contract = "contracts/pets/v2.yaml", server, mock)]
    pub mod v2 {}
}

/// The address where it is served as long as the test runs.
async fn served(router: axum::Router) -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let never = std::future::pending();
    tokio::spawn(tieline::server::serve::serve(
        listener,
        router,
        never,
        std::time::Duration::ZERO,
    ));
    address
}

#[tokio::test]
async fn two_versions_of_a_contract_are_served_and_called_side_by_side() {
    use versions::{v1, v2};

    let (old, new) = (v1::Mock::new(), v2::Mock::new());
    old.get_pet
        .reply(v1::get_pet::Response::Ok(v1::types::Pet::new("Rex")));
    new.get_pet
        .reply(v2::get_pet::Response::Ok(v2::types::Pet::new(vec![
            "Rex".to_owned(),
            "Rexy".to_owned(),
        ])));
    let router = axum::Router::new()
        .nest("/v1", v1::router(old))
        .nest("/v2", v2::router(new));
    let address = served(router).await;
    let old = v1::Client::to(&format!("{address}/v1")).unwrap();
    let new = v2::Client::to(&format!("{address}/v2")).unwrap();
    #[allow(deprecated, reason = "what is deprecated still answers")]
    let pet = old.get_pet(7).await.unwrap();
    assert_eq!(pet.name, "Rex");
    assert_eq!(new.get_pet("seven").await.unwrap().names, ["Rex", "Rexy"]);
    let versions = [v1::CONTRACT.version, v2::CONTRACT.version];
    assert_eq!(versions, ["1.4.0", "2.0.0"]);
}

#[tokio::test]
async fn a_module_filled_from_a_document_has_client_server_and_mock() {
    let mock = pets::Mock::new();
    let missing = pets::types::Problem::default().title("no pet");
    let failure = pets::get_pet::Failure::NotFound(missing.clone());
    mock.get_pet.with(move |request| match request.verbose {
        Some(true) => Ok(pets::get_pet::Response::Ok(pets::types::Pet::new("Rex"))),
        _ => Err(failure.clone().into()),
    });
    let address = served(pets::router(mock)).await;
    let client = pets::Client::to(&address).unwrap();
    let error = client.get_pet(7).await.unwrap_err();
    assert_eq!(error.body(), Some(&pets::get_pet::Failure::NotFound(missing)));
    assert_eq!(client.get_pet(7).verbose(true).await.unwrap().name, "Rex");
}

#[test]
fn a_module_filled_from_a_proto_has_its_operations() {
    assert!(!users::CONTRACT.operations.is_empty());
    let services: Vec<_> = users::CONTRACT
        .operations
        .iter()
        .map(|operation| operation.service)
        .collect();
    assert!(
        services.iter().all(|service| service.contains("sers")),
        "{services:?}"
    );
}

#[tokio::test]
async fn what_a_handler_says_beside_the_contract_is_its_code() {
    let mock = pets::Mock::new();
    mock.get_pet.fail(Error::new(Code::Unavailable, "later"));
    let error = pets::Api::get_pet(&mock, Context::new(), pets::get_pet::Request::new(7))
        .await
        .unwrap_err();
    assert_eq!((error.code(), error.message()), (Code::Unavailable, "later"));
}
