//! What a contract adds to a client: its own timeouts, idempotency keys, and the protocol that it needs.

mod client_support;

use client_support::{builder, client, paused};
use std::time::Duration;
use tieline::background::Refused;
use tieline::error::Rejection;
use tieline::http::Protocol;
use tieline::operation::{Binding, CallShape, Contract, Operation, Safety};
use tieline::policy::breaker::Mode;
use tieline::policy::deadline::Deadline;
use tieline::testing::{ScriptedLine, Step};
use tieline::{Code, Context, ErrorKind};

/// As the generator writes it.
mod things {
    use tieline::generated::v1;

    pub(crate) mod get_thing {
        use tieline::generated::v1;

        #[derive(Clone)]
        pub(crate) struct Request {
            pub(crate) id: i64,
        }
        static REQUEST: v1::Shape = v1::Shape::new("GetThing", &[v1::Field::required("id")]);
        v1::record!(Request = REQUEST { 0: id });
        #[derive(Debug, Clone, PartialEq)]
        pub(crate) enum Response {
            Ok(i64),
        }
        v1::reply_set!(Response { 0: Ok(body) = 200 });
        pub(crate) use v1::NoFailure as Failure;
        v1::http_operation! {
            OPERATION = 0: "things", "getThing", Safe;
            GET: Literal("/things/"), Variable(0);
            inputs: Path(Simple);
            successes: Code(200) => Json("application/json");
            timeout_ms: 2000;
        }
        v1::http_call!(Request -> i64: Ok(body));
    }

    pub(crate) mod touch_thing {
        use tieline::generated::v1;

        #[derive(Clone)]
        pub(crate) struct Request {
            pub(crate) id: i64,
        }
        static REQUEST: v1::Shape = v1::Shape::new("TouchThing", &[v1::Field::required("id")]);
        v1::record!(Request = REQUEST { 0: id });
        #[derive(Debug, Clone, PartialEq)]
        pub(crate) enum Response {
            NoContent,
        }
        v1::reply_set!(Response { 0: NoContent = 204 });
        pub(crate) use v1::NoFailure as Failure;
        v1::http_operation! {
            OPERATION = 1: "things", "touchThing", Unsafe;
            POST: Literal("/things/"), Variable(0);
            inputs: Path(Simple);
            successes: Code(204);
            idempotency_key: "request-key", false;
        }
        v1::http_call!(Request -> (): NoContent);
    }

    pub(crate) static CONTRACT: v1::Contract = v1::Contract {
        name: "things",
        title: "Things",
        version: "1",
        servers: &[],
        operations: &[&get_thing::OPERATION, &touch_thing::OPERATION],
        security_schemes: &[],
    };
    v1::client!(CONTRACT);

    impl Client {
        pub(crate) fn get_thing(&self, id: i64) -> Pending<'_, get_thing::Request> {
            Pending::new(&self.0, get_thing::Request { id })
        }
        pub(crate) fn touch_thing(&self, id: i64) -> Pending<'_, touch_thing::Request> {
            Pending::new(&self.0, touch_thing::Request { id })
        }
    }
}

fn left(line: &ScriptedLine, request: usize) -> Option<String> {
    line.requests()[request]
        .header("tieline-timeout-ms")
        .map(str::to_owned)
}

#[test]
fn a_call_wins_over_its_client_and_the_client_over_the_contract() {
    paused(async {
        let line = ScriptedLine::always(Step::status(200).body("7"));
        let by_contract = things::Client::new(client(&line));
        assert_eq!(by_contract.get_thing(1).await.expect("it works"), 7);
        let slow = builder(&line)
            .timeout(Duration::from_secs(9))
            .build()
            .expect("a client");
        let by_client = things::Client::new(slow);
        by_client.get_thing(1).await.expect("it works");
        by_client
            .get_thing(1)
            .timeout(Duration::from_secs(4))
            .await
            .expect("it works");
        let endless = builder(&line).timeout(None).build().expect("a client");
        things::Client::new(endless).get_thing(1).await.expect("it works");
        let seen: Vec<_> = (0..4).map(|request| left(&line, request)).collect();
        assert_eq!(
            seen,
            [
                Some("2000".into()),
                Some("9000".into()),
                Some("4000".into()),
                None
            ]
        );
    });
}

#[test]
fn the_idempotency_key_that_the_contract_declares_makes_a_write_repeatable() {
    paused(async {
        let steps = [503, 204, 503, 204, 204].map(Step::status);
        let line = ScriptedLine::new(steps);
        let client = things::Client::new(client(&line));
        // One of its own, where the caller sets none.
        client.touch_thing(1).await.expect("repeated");
        client
            .touch_thing(1)
            .header("request-key", "7")
            .await
            .expect("repeated");
        client.touch_thing(1).await.expect("it works");
        let requests = line.requests();
        let keys: Vec<_> = requests
            .iter()
            .map(|request| request.header("request-key").unwrap_or_default())
            .collect();
        assert_eq!(requests.len(), 5);
        assert_eq!(keys[0], keys[1], "attempts of one call share it");
        assert_eq!(&keys[2..4], ["7", "7"]);
        assert!(
            keys[0].len() == 36 && keys[4].len() == 36 && keys[0] != keys[4],
            "{keys:?}"
        );
    });
}

#[test]
fn a_reply_that_cannot_be_read_says_how_often_it_was_asked_for() {
    paused(async {
        let line = ScriptedLine::new([Step::status(503), Step::status(200).body("\"seven\"")]);
        let error = things::Client::new(client(&line))
            .get_thing(1)
            .await
            .expect_err("no number");
        assert_eq!(
            (error.kind(), error.attempts(), error.operation()),
            (ErrorKind::Decode, 2, "getThing")
        );
    });
}

#[test]
fn closing_a_client_closes_the_typed_clients_made_of_it() {
    paused(async {
        let plain = client(&ScriptedLine::always(Step::status(200).body("7")));
        let typed = things::Client::new(plain.clone());
        plain.close();
        let error = typed.get_thing(1).await.expect_err("closed");
        assert_eq!(error.kind(), ErrorKind::Rejected(Rejection::Closed));
    });
}

#[test]
fn a_fallback_is_asked_where_the_service_failed_and_not_where_it_has_answered() {
    paused(async {
        let line = ScriptedLine::always(Step::status(503));
        let plain = client(&line);
        let things = things::Client::new(plain.clone());
        let ask = || {
            things.get_thing(1).or_else(|error| async move {
                assert_eq!(error.operation(), "getThing");
                Ok(-1)
            })
        };
        assert_eq!(ask().await.expect("the fallback"), -1);
        let backup = things::Client::new(client(&ScriptedLine::always(Step::status(200).body("7"))));
        let other = things
            .get_thing(1)
            .or_else(|_| async { backup.get_thing(1).await });
        assert_eq!(other.await.expect("the other service"), 7);
        line.change(Step::status(404));
        assert_eq!(ask().await.expect_err("an answer").code(), Code::NotFound);
        line.change(Step::status(200).body("8"));
        assert_eq!(ask().await.expect("the service"), 8);
        plain.breaker().expect("there is one").set_mode(Mode::ForcedOpen);
        assert_eq!(ask().await.expect("the fallback"), -1);
    });
}

#[test]
fn a_call_that_is_forgotten_is_made_under_all_policies_and_waited_for_at_the_end() {
    paused(async {
        let line = ScriptedLine::new([Step::status(503), Step::status(200).body("7")]);
        let plain = client(&line);
        let things = things::Client::new(plain.clone());
        let cause = Context::new()
            .with_correlation_id("cause")
            .with_deadline(Deadline::after(Duration::ZERO));
        let forget = async { things.get_thing(1).forget() };
        cause.scope(forget).await.expect("there is room");
        assert!(line.requests().is_empty(), "it was not waited for");
        assert!(plain.shutdown(Duration::from_secs(10)).await.is_whole());
        let ids: Vec<_> = (line.requests().iter())
            .map(|asked| asked.header("x-correlation-id").map(str::to_owned))
            .collect();
        assert_eq!(ids, [Some("cause".into()), Some("cause".into())]);
        assert_eq!(plain.background().failed(), 0);
        assert_eq!(things.get_thing(1).forget(), Err(Refused::Closed));
    });
}

#[test]
fn a_forgotten_call_that_fails_is_counted() {
    paused(async {
        let plain = client(&ScriptedLine::always(Step::status(404)));
        things::Client::new(plain.clone())
            .get_thing(1)
            .forget()
            .expect("there is room");
        assert!(plain.shutdown(Duration::from_secs(10)).await.is_whole());
        assert_eq!(plain.background().failed(), 1);
    });
}

#[test]
fn grpc_speaks_http2_whatever_the_scheme_of_the_address() {
    static GET: Operation = Operation {
        service: "things.Things",
        id: "Get",
        index: 0,
        shape: CallShape::Unary,
        safety: Safety::Unsafe,
        idempotency_key: None,
        timeout: None,
        security: &[],
        extras: tieline::operation::Extras::NONE,
        binding: Binding::Grpc("/things.Things/Get"),
    };
    static GRPC: Contract = Contract {
        name: "things",
        title: "",
        version: "",
        servers: &[],
        operations: &[&GET],
        security_schemes: &[],
    };
    let client = tieline::Client::to("http://things:50051").expect("an address");
    assert_eq!(client.endpoint().protocol(), Protocol::Http1);
    assert_eq!(client.for_contract(&GRPC).endpoint().protocol(), Protocol::Http2);
    assert_eq!(
        client.for_contract(&things::CONTRACT).endpoint().protocol(),
        Protocol::Http1
    );
}
