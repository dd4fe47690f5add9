//! A pick allocates nothing: a call to one of several endpoints allocates as often as a call to the only one.

use std::sync::Arc;

use http::{Request, Response};
use tieline::Client;
use tieline::client::ClientBuilder;
use tieline::endpoints::{Balance, Member};
use tieline::http::{Body, Endpoint, Exchange, ExchangeFuture, Line, ResponseBody};
use tieline::observe::metrics::Metrics;

/// Answers at once.
struct AtOnce;

impl Exchange for AtOnce {
    fn exchange<'a>(&'a self, _: &'a Endpoint, _: Request<Body>) -> ExchangeFuture<'a> {
        Box::pin(async { Ok(Response::new(ResponseBody::from(bytes::Bytes::new()))) })
    }
}

fn builder() -> ClientBuilder {
    Client::builder("counted")
        .line(Line::over(AtOnce))
        .metrics(Arc::new(Metrics::new()))
}

/// The allocations of a thousand calls, after a warm-up.
fn allocations(builder: ClientBuilder) -> u64 {
    let client = builder.build().unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let run = |calls: u32| {
        allocation_counter::measure(|| {
            runtime.block_on(async {
                for _ in 0..calls {
                    client.get("x").await.unwrap();
                }
            });
        })
        .count_total
    };
    run(100);
    run(1000)
}

#[test]
fn a_pick_allocates_nothing() {
    let one = allocations(builder().endpoint(Endpoint::parse("http://a:1").unwrap()));
    for balance in [
        Balance::RoundRobin,
        Balance::Weighted,
        Balance::LeastRequest,
        Balance::P2c,
        Balance::ConsistentHash,
    ] {
        let members = ["http://a:1", "http://b:1;weight=2", "http://c:1"];
        let members = members.map(|member| member.parse::<Member>().unwrap());
        let several = allocations(builder().endpoints(members).balance(balance));
        assert_eq!(several, one, "{balance:?}");
    }
}
