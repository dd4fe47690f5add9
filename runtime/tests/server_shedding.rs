//! What a server does with more requests than it can handle.

#![cfg(all(feature = "server", feature = "mock"))]

mod support;

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use http::{Request, StatusCode};
use support::pets::{self, Mock, get_pet, order, pet};
use support::{Got, get, post, send};
use tieline::observe::metrics::Metrics;
use tieline::policy::adaptive::{Adaptive, Rule};
use tieline::server::shedding::{Priority, Shedding};
use tieline::{Code, Error};
use tokio::sync::Semaphore;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep};

const MS: Duration = Duration::from_millis(1);

/// A server whose orders wait at a gate, and what is behind it.
struct Served {
    mock: Arc<Mock>,
    gate: Arc<Semaphore>,
    shedding: Arc<Shedding>,
    metrics: Arc<Metrics>,
    service: tieline::server::Service,
}

fn served(shedding: Shedding) -> Served {
    let (mock, gate, shedding) = (
        Arc::new(Mock::default()),
        Arc::new(Semaphore::new(0)),
        Arc::new(shedding),
    );
    let closed = gate.clone();
    mock.order.handle(move |_, request| {
        let gate = closed.clone();
        async move {
            gate.acquire().await.unwrap().forget();
            Ok(order::Response::Ok(request.body.size.to_string()))
        }
    });
    mock.get_pet.reply(get_pet::Response::Ok(pet()));
    let metrics = Arc::new(Metrics::new());
    let service = pets::service(mock.clone())
        .shedding(shedding.clone())
        .metrics(metrics.clone());
    Served {
        mock,
        gate,
        shedding,
        metrics,
        service,
    }
}

impl Served {
    fn order(&self, size: u32, headers: &[(&'static str, &str)]) -> JoinHandle<Got> {
        tokio::spawn(send(self.service.clone(), ordering(size, headers)))
    }

    /// Waits until so many are handled, and so many wait.
    async fn until(&self, in_use: usize, waiting: usize) {
        while (self.shedding.in_use(), self.shedding.waiting()) != (in_use, waiting) {
            tokio::task::yield_now().await;
        }
    }
}

fn ordering(size: u32, headers: &[(&'static str, &str)]) -> Request<Body> {
    let mut request = post(
        "/orders",
        "application/x-www-form-urlencoded",
        format!("size={size}"),
    );
    for (name, value) in headers {
        request.headers_mut().insert(*name, value.parse().unwrap());
    }
    request
}

#[tokio::test(start_paused = true)]
async fn what_finds_neither_a_place_nor_room_to_wait_is_503_at_once_with_a_time_to_come_again() {
    let served = served(Shedding::at_most(1).queue(1));
    let handled = served.order(1, &[]);
    served.until(1, 0).await;
    let waits = served.order(2, &[]);
    served.until(1, 1).await;
    let begun = Instant::now();
    let shed = served.order(3, &[]).await.unwrap();
    assert_eq!(
        (shed.status, shed.header("retry-after")),
        (StatusCode::SERVICE_UNAVAILABLE, "1")
    );
    assert_eq!(begun.elapsed(), Duration::ZERO);
    assert!(shed.json()["detail"].as_str().unwrap().contains("too much to do"));
    served.gate.add_permits(2);
    assert_eq!(
        (handled.await.unwrap().text(), waits.await.unwrap().text()),
        ("1", "2")
    );
    served.until(0, 0).await;
    served.mock.order.assert_called(2);
    let text = served.metrics.render();
    let line = r#"tieline_shed_total{service="pets",operation="order",priority="critical",reason="full"} 1"#;
    assert!(text.contains(line), "{text}");
}

#[tokio::test(start_paused = true)]
async fn the_highest_priority_is_served_first_and_the_lowest_gives_way() {
    let served = served(
        Shedding::at_most(1)
            .queue(3)
            .priority("order", Priority::CriticalPlus),
    );
    let handled = served.order(0, &[]);
    served.until(1, 0).await;
    let priority = |name| [("tieline-priority", name)];
    let first = served.order(1, &priority("sheddable"));
    served.until(1, 1).await;
    let second = served.order(2, &priority("sheddable"));
    served.until(1, 2).await;
    let third = served.order(3, &priority("critical"));
    served.until(1, 3).await;
    // The queue is full: the last of the lowest goes.
    let fourth = served.order(4, &[]);
    assert_eq!(second.await.unwrap().status, StatusCode::SERVICE_UNAVAILABLE);
    served.until(1, 3).await;
    // Nobody gives way to an equal.
    let fifth = served.order(5, &priority("sheddable"));
    assert_eq!(fifth.await.unwrap().status, StatusCode::SERVICE_UNAVAILABLE);
    let mut order = Vec::new();
    for (done, next) in [handled, fourth, third, first].into_iter().enumerate() {
        served.gate.add_permits(1);
        order.push(next.await.unwrap().text().to_owned());
        assert_eq!(served.mock.order.count(), (done + 2).min(4));
    }
    assert_eq!(order, ["0", "4", "3", "1"]);
    assert!(
        served
            .metrics
            .render()
            .contains(r#"priority="sheddable",reason="displaced"} 1"#)
    );
}

#[tokio::test(start_paused = true)]
async fn a_caller_may_lower_a_priority_and_raises_it_only_where_it_is_trusted() {
    for (shedding, may_raise) in [
        (Shedding::at_most(1), false),
        (Shedding::at_most(1).trust_callers(), true),
    ] {
        let served = served(shedding.queue(1).priority("order", Priority::SheddablePlus));
        let handled = served.order(0, &[]);
        served.until(1, 0).await;
        let waits = served.order(1, &[]);
        served.until(1, 1).await;
        let claims = served.order(2, &[("tieline-priority", "critical_plus")]);
        let (shed, stays) = if may_raise {
            (waits, claims)
        } else {
            (claims, waits)
        };
        assert_eq!(shed.await.unwrap().status, StatusCode::SERVICE_UNAVAILABLE);
        served.gate.add_permits(2);
        assert!(handled.await.unwrap().status.is_success() && stays.await.unwrap().status.is_success());
    }
}

#[tokio::test(start_paused = true)]
async fn what_the_contract_calls_sheddable_gives_way_to_what_it_does_not() {
    let served = served(Shedding::at_most(1).queue(1));
    let handled = served.order(0, &[]);
    served.until(1, 0).await;
    let file = tokio::spawn(send(served.service.clone(), get("/files/a")));
    served.until(1, 1).await;
    let order = served.order(1, &[]);
    assert_eq!(file.await.unwrap().status, StatusCode::SERVICE_UNAVAILABLE);
    served.gate.add_permits(2);
    assert!(handled.await.unwrap().status.is_success() && order.await.unwrap().status.is_success());
}

#[tokio::test(start_paused = true)]
async fn a_wait_is_bounded_and_shorter_once_the_queue_stands() {
    let served = served(Shedding::at_most(1));
    let handled = served.order(0, &[]);
    served.until(1, 0).await;
    let begun = Instant::now();
    let patient = served.order(1, &[]);
    served.until(1, 1).await;
    sleep(60 * MS).await;
    let next = served.order(2, &[]);
    served.until(1, 2).await;
    assert_eq!(patient.await.unwrap().status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(
        (100..=102).contains(&begun.elapsed().as_millis()),
        "{:?}",
        begun.elapsed()
    );
    // The queue has not been empty for more than its interval.
    sleep(10 * MS).await;
    let begun = Instant::now();
    assert_eq!(
        served.order(3, &[]).await.unwrap().status,
        StatusCode::SERVICE_UNAVAILABLE
    );
    assert!(
        (5..=7).contains(&begun.elapsed().as_millis()),
        "{:?}",
        begun.elapsed()
    );
    served.gate.add_permits(2);
    assert!(handled.await.unwrap().status.is_success() && next.await.unwrap().status.is_success());
    assert!(served.metrics.render().contains(r#"reason="wait"} 2"#));
}

#[tokio::test(start_paused = true)]
async fn a_deadline_that_cannot_be_met_costs_no_work() {
    let served = served(Shedding::at_most(10));
    let slow = served.order(0, &[]);
    served.until(1, 0).await;
    sleep(200 * MS).await;
    served.gate.add_permits(1);
    assert!(slow.await.unwrap().status.is_success());
    // The fastest took 200 ms.
    let hopeless = served.order(1, &[("tieline-timeout-ms", "150")]).await.unwrap();
    assert_eq!(hopeless.status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(hopeless.json()["detail"].as_str().unwrap().contains("deadline"));
    let passed = served.order(1, &[("tieline-timeout-ms", "0")]).await.unwrap();
    assert_eq!(passed.status, StatusCode::GATEWAY_TIMEOUT);
    served.mock.order.assert_called(1);
    served.gate.add_permits(1);
    let met = served.order(1, &[("tieline-timeout-ms", "250")]).await.unwrap();
    assert!(met.status.is_success());
    // What is known of the pace is forgotten.
    sleep(Duration::from_secs(121)).await;
    served.gate.add_permits(1);
    let tried = served.order(1, &[("tieline-timeout-ms", "1")]).await.unwrap();
    assert!(tried.status.is_success());
}

#[tokio::test(start_paused = true)]
async fn nobody_waits_longer_than_its_deadline_lets_it() {
    let served = served(Shedding::at_most(1).max_wait(1000 * MS));
    let handled = served.order(0, &[]);
    served.until(1, 0).await;
    let begun = Instant::now();
    let shed = served.order(1, &[("tieline-timeout-ms", "50")]).await.unwrap();
    assert!(
        (50..=52).contains(&begun.elapsed().as_millis()),
        "{:?}",
        begun.elapsed()
    );
    assert!(shed.status.is_server_error());
    served.gate.add_permits(1);
    assert!(handled.await.unwrap().status.is_success());
    served.until(0, 0).await;
}

#[tokio::test(start_paused = true)]
async fn what_is_exempt_is_always_handled() {
    let served = served(Shedding::at_most(1).queue(0).exempt("getPet"));
    let handled = served.order(0, &[]);
    served.until(1, 0).await;
    assert_eq!(
        send(served.service.clone(), get("/pets/7")).await.status,
        StatusCode::OK
    );
    assert_eq!(
        served.order(1, &[]).await.unwrap().status,
        StatusCode::SERVICE_UNAVAILABLE
    );
    served.gate.add_permits(1);
    assert!(handled.await.unwrap().status.is_success());
}

#[tokio::test(start_paused = true)]
async fn callers_that_give_up_leave_their_places() {
    let served = served(Shedding::at_most(1).queue(1));
    for _ in 0..100 {
        let handled = served.order(0, &[]);
        served.until(1, 0).await;
        let waits = served.order(1, &[]);
        served.until(1, 1).await;
        // The one that waits has just got its turn when it gives up, or not: both leave nothing behind.
        handled.abort();
        waits.abort();
        assert!(handled.await.is_err() && waits.await.is_err());
        served.until(0, 0).await;
    }
}

#[tokio::test(start_paused = true)]
async fn an_adaptive_limit_shrinks_when_what_is_behind_it_is_overloaded() {
    let adaptive = Adaptive::new(Rule::Gradient).initial(40).bounds(5, 100);
    let served = served(Shedding::adaptive(adaptive).queue(0));
    served.mock.order.fail(Error::new(Code::Unavailable, "no"));
    let before = served.shedding.limit();
    for _ in 0..30 {
        assert_eq!(
            served.order(1, &[]).await.unwrap().status,
            StatusCode::SERVICE_UNAVAILABLE
        );
        sleep(100 * MS).await;
    }
    let after = served.shedding.limit();
    assert!(before == 40 && after < 40, "{before} {after}");
    assert_eq!(served.shedding.in_use(), 0);
}

#[cfg(feature = "grpc")]
#[tokio::test(start_paused = true)]
async fn grpc_callers_are_told_when_to_come_again() {
    use prost::Message;
    use support::users;
    use tieline::grpc::{CallOptions, Frame, GrpcFailure, unary};
    use tieline::http::{InProcess, Line};

    let mock = Arc::new(users::Mock::default());
    mock.create_user.handle(|_, _| std::future::pending());
    let shedding = Arc::new(Shedding::at_most(1).queue(0));
    let service = users::service(mock.clone()).shedding(shedding.clone());
    let call = || {
        let line = Line::over(InProcess::new(service.clone().into_router()));
        async move {
            let request = Frame::of(&users::user("Ada", 36).encode_to_vec()).unwrap();
            let path = http::uri::PathAndQuery::from_static("/demo.Users/CreateUser");
            let endpoint = "http://users".parse().unwrap();
            unary(
                &line,
                &endpoint,
                path,
                http::HeaderMap::new(),
                request,
                CallOptions::default(),
            )
            .await
        }
    };
    let handled = tokio::spawn(call());
    while shedding.in_use() == 0 {
        tokio::task::yield_now().await;
    }
    let Err(GrpcFailure::Status { status, .. }) = call().await else {
        panic!("it was to be turned away");
    };
    assert_eq!(status.code, Code::Unavailable);
    assert_eq!(status.metadata["grpc-retry-pushback-ms"], "1000");
    handled.abort();
    mock.create_user.assert_called(1);
}
