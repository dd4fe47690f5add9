//! The contract between a web shop and the gateway, from both sides.
//!
//! The shop's tests say what it asks and what it needs to be told, and write `contracts/pacts/`; the gateway's test
//! replays that file against the gateway, with both services behind it, in one process and without a socket.

use serde_json::json;
use tieline::Client;
use tieline::generated::v1::{DateTime, StatusCode};
use tieline::http::{InProcess, Line};
use tieline_orders::contracts::gateway::{self, create_order, get_user, types};
use tieline_orders::platform::{gateway_router, order_router, user_router};
use tieline_orders::store::{NewUser, Users};
use tieline_pact::{Pact, StateError};

fn failed(error: impl std::fmt::Display) -> StateError {
    StateError::failed(error.to_string())
}

type TestResult = Result<(), Box<dyn std::error::Error + Send + Sync>>;

fn shop() -> Pact {
    tieline_pact::consumer("web-shop", &gateway::CONTRACT)
}

#[tokio::test]
async fn the_shop_reads_a_user() -> TestResult {
    let pact = shop();
    let user = types::User::new(
        1,
        "John Doe",
        "john@example.com",
        DateTime::from_text("2025-12-30T10:00:00Z"),
    );
    pact.given(
        "a user exists",
        json!({ "name": "John Doe", "email": "john@example.com" }),
    )
    .on(get_user::Request::new(1))
    .reply(get_user::Response::Ok(types::UserReply::new(user)))
    .exact("/user/name")
    .record()?;
    let reply = gateway::Client::new(pact.transport()).get_user(1).await?;
    assert_eq!(reply.user.name, "John Doe");
    pact.finish()?;
    Ok(())
}

#[tokio::test]
async fn the_shop_is_told_that_a_user_is_unknown() -> TestResult {
    let pact = shop();
    let unknown = types::Failure::new("user not found");
    pact.on(get_user::Request::new(404))
        .reply_failure(get_user::Failure::Default(StatusCode::NOT_FOUND, unknown))
        .exact("/error")
        .record()?;
    let error = gateway::Client::new(pact.transport())
        .get_user(404)
        .await
        .expect_err("there is none");
    assert_eq!(error.status(), Some(StatusCode::NOT_FOUND));
    pact.finish()?;
    Ok(())
}

#[tokio::test]
async fn the_shop_orders() -> TestResult {
    let pact = shop();
    let items = vec![types::Item::new("Laptop", 1, 999.99)];
    let order = types::Order::new(
        1,
        1,
        "John Doe",
        "john@example.com",
        items.clone(),
        999.99,
        types::OrderStatus::Pending,
        DateTime::from_text("2025-12-30T10:00:00Z"),
    );
    let new = types::NewOrder::new(1, items);
    pact.given(
        "a user exists",
        json!({ "name": "John Doe", "email": "john@example.com" }),
    )
    .on(create_order::Request::new(new.clone()))
    .reply(create_order::Response::Created(types::OrderReply::new(order)))
    .exact("/order/status")
    .exact("/order/totalAmount")
    .record()?;
    let reply = gateway::Client::new(pact.transport()).create_order(new).await?;
    assert_eq!(reply.order.status, types::OrderStatus::Pending);
    pact.finish()?;
    Ok(())
}

#[tokio::test]
async fn the_gateway_keeps_its_contract_with_every_consumer() -> TestResult {
    let folder = tempfile::tempdir()?;
    let database = |name: &str| format!("sqlite://{}", folder.path().join(name).display());
    let (users_at, orders_at) = (database("userdb.sqlite"), database("orderdb.sqlite"));
    let user_service = user_router(&users_at).await?;
    let users = || Client::builder("user-service").line(Line::over(InProcess::new(user_service.clone())));
    let order_service = order_router(&orders_at, users()).await?;
    let orders = Client::builder("order-service").line(Line::over(InProcess::new(order_service)));
    let store = Users::open(&users_at).await?;
    tieline_pact::verify(&gateway::CONTRACT)
        .service(gateway_router(users(), orders)?)
        .state("a user exists", move |params| {
            let store = store.clone();
            async move {
                if store.find(1).await.map_err(failed)?.is_some() {
                    return Ok(());
                }
                let (name, email) = (params.get::<String>("name")?, params.get::<String>("email")?);
                let new = NewUser {
                    name: &name,
                    email: &email,
                    phone: "",
                    address: "",
                };
                store.create(new).await.map(drop).map_err(failed)
            }
        })
        .source_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/contracts/pacts"))
        .require_at_least(3)
        .run()
        .await
        .assert_ok();
    Ok(())
}
