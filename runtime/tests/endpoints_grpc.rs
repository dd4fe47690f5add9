//! A gRPC service of several endpoints, over real connections.

#![cfg(all(feature = "server", feature = "mock", feature = "grpc"))]

mod support;
mod wire_support;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;
use support::users::{self, user};
use tieline::call::{Call as _, CallOptions};
use tieline::client::Unary;
use tieline::endpoints::{Balance, Member};
use tieline::grpc::{Answer, GrpcService, Received, Status};
use tieline::observe::metrics::Metrics;
use tieline::operation::Contract;
use tieline::{Client, Code};
use wire_support::{PATIENCE, listen, soon};

static CONTRACT: Contract = Contract {
    name: "users",
    title: "",
    version: "",
    servers: &[],
    operations: &[&users::create_user::OPERATION],
    security_schemes: &[],
};

/// A server that answers with what it was sent, or with a status; its address, and how often it was asked.
async fn server(code: Option<Code>) -> (String, Arc<AtomicUsize>) {
    let (listener, address) = listen().await;
    let asked = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&asked);
    let service = GrpcService::new().unary("/demo.Users/CreateUser", move |received: Received<Bytes>| {
        count.fetch_add(1, Ordering::SeqCst);
        async move {
            match code {
                None => Ok(Answer::from(received.message)),
                Some(code) => Err(Status::new(code, "not now")),
            }
        }
    });
    tokio::spawn(async move {
        tieline::server::serve::serve(listener, service, std::future::pending(), PATIENCE).await;
    });
    // The scheme of an address says nothing of gRPC, which needs HTTP/2.
    (format!("http://{address}"), asked)
}

fn client(addresses: &[&String]) -> Client {
    let members = addresses.iter().map(|address| address.parse::<Member>().unwrap());
    let builder = Client::builder("users")
        .endpoints(members)
        .balance(Balance::RoundRobin)
        // The service as a whole is not what is judged here.
        .breaker(|settings| settings.enabled(false))
        .metrics(Arc::new(Metrics::new()));
    builder.build().unwrap().for_contract(&CONTRACT)
}

async fn call(client: &Client) -> Result<String, Code> {
    let call = Unary::<users::create_user::Method>(user("Ada", 36));
    let reply = soon(call.send(client, CallOptions::default())).await;
    reply
        .map(|reply| reply.into_body().name)
        .map_err(|error| error.code())
}

#[tokio::test]
async fn calls_go_to_all_servers_in_turn() {
    let (one, other) = (server(None).await, server(None).await);
    let client = client(&[&one.0, &other.0]);
    for _ in 0..10 {
        assert_eq!(call(&client).await.as_deref(), Ok("Ada"));
    }
    assert_eq!(
        (one.1.load(Ordering::SeqCst), other.1.load(Ordering::SeqCst)),
        (5, 5)
    );
}

#[tokio::test]
async fn statuses_that_are_failures_eject_and_others_do_not() {
    for (code, is_failure) in [
        (Code::Unavailable, true),
        (Code::Internal, true),
        (Code::NotFound, false),
        (Code::ResourceExhausted, false),
    ] {
        let (well, ill) = (server(None).await, server(Some(code)).await);
        let client = client(&[&well.0, &ill.0]);
        for _ in 0..40 {
            let _ = call(&client).await;
        }
        let asked = ill.1.load(Ordering::SeqCst);
        if is_failure {
            assert_eq!(asked, 5, "{code:?} ejects");
        } else {
            assert!(asked >= 20, "{code:?} is an answer");
        }
    }
}
