//! Work that a service has accepted and not done yet, waited for over HTTP and gRPC.

mod client_support;

use std::time::Duration;

use client_support::{builder, client, paused, seconds};
use tieline::Client;
use tieline::error::ErrorKind;
use tieline::long_running::Polling;
use tieline::policy::retry::Backoff;
use tieline::testing::{ScriptedLine, Step};

fn polling() -> Polling {
    Polling::new(Backoff::schedule(&[seconds(1)]))
}

fn accepted(header: &str, place: &str) -> Step {
    Step::status(202).header(header, place)
}

/// Starts work at `reports`, waits for it, and gives its result's body, or the error.
async fn finished(client: &Client) -> Result<String, tieline::Error> {
    let reply = client.post("reports", "weekly").await?;
    let accepted = client.accepted(&reply)?.expect("the work is accepted");
    let reply = client.finish(&accepted, &polling()).await?;
    Ok(String::from_utf8_lossy(reply.body()).into_owned())
}

/// What was asked for, and after how many seconds.
fn asked(line: &ScriptedLine) -> Vec<(String, u64)> {
    let all = line.requests().into_iter();
    all.map(|asked| (format!("{} {}", asked.method, asked.path), asked.at.as_secs()))
        .collect()
}

#[test]
fn a_place_is_asked_until_it_answers_with_another_status_than_202() {
    paused(async {
        let line = ScriptedLine::new([
            accepted("location", "/jobs/7?full=1"),
            Step::status(202).header("retry-after", "5"),
            accepted("location", "8"),
            Step::status(200).body("the report"),
        ]);
        assert_eq!(
            finished(&client(&line)).await.expect("it ends well"),
            "the report"
        );
        assert_eq!(
            asked(&line),
            [
                ("POST /reports".to_owned(), 0),
                ("GET /jobs/7?full=1".to_owned(), 1),
                ("GET /jobs/7?full=1".to_owned(), 6),
                ("GET /jobs/8".to_owned(), 7),
            ]
        );
    });
}

#[test]
fn a_303_leads_to_the_result() {
    paused(async {
        let line = ScriptedLine::new([
            accepted("location", "/jobs/7").header("retry-after", "3"),
            Step::status(303).header("location", "../reports/7"),
            Step::status(200).body("the report"),
        ]);
        assert_eq!(
            finished(&client(&line)).await.expect("it ends well"),
            "the report"
        );
        let places: Vec<_> = asked(&line);
        assert_eq!(
            places[1..],
            [("GET /jobs/7".to_owned(), 3), ("GET /reports/7".to_owned(), 3)]
        );
    });
}

#[test]
fn an_operation_location_tells_by_its_body() {
    paused(async {
        let line = ScriptedLine::new([
            accepted("operation-location", "/operations/7").header("location", "/reports/7"),
            Step::status(200).body(r#"{"status":"NotStarted"}"#),
            Step::status(200).body(r#"{"status":"Succeeded"}"#),
            Step::status(200).body("the report"),
        ]);
        assert_eq!(
            finished(&client(&line)).await.expect("it ends well"),
            "the report"
        );
        assert_eq!(asked(&line).last(), Some(&("GET /reports/7".to_owned(), 2)));

        let line = ScriptedLine::new([
            accepted("azure-asyncoperation", "/operations/7"),
            Step::status(200).body(r#"{"status":"Succeeded","resourceLocation":"/other/7"}"#),
            Step::status(200).body("the other"),
        ]);
        assert_eq!(finished(&client(&line)).await.expect("it ends well"), "the other");

        let done = r#"{"status":"succeeded","result":1}"#;
        let line = ScriptedLine::new([
            accepted("operation-location", "/o/7"),
            Step::status(200).body(done),
        ]);
        assert_eq!(finished(&client(&line)).await.expect("it ends well"), done);
    });
}

#[test]
fn work_that_failed_is_an_error_that_keeps_what_was_said() {
    paused(async {
        for (status, kind) in [("Failed", ErrorKind::Status), ("Canceled", ErrorKind::Status)] {
            let body = format!(r#"{{"status":"{status}","error":{{"code":"NoPaper"}}}}"#);
            let line = ScriptedLine::new([
                accepted("operation-location", "/operations/7"),
                Step::status(200).body(body.clone()),
            ]);
            let error = finished(&client(&line)).await.expect_err("it failed");
            assert_eq!((error.kind(), error.service()), (kind, "numbers"));
            assert_eq!(error.reply().expect("it is kept").body, body);
        }
    });
}

#[test]
fn what_tells_no_status_is_an_error_and_not_an_endless_wait() {
    paused(async {
        let line = ScriptedLine::new([
            accepted("operation-location", "/o/7"),
            Step::status(200).body("[]"),
        ]);
        let error = finished(&client(&line)).await.expect_err("no status");
        assert_eq!(error.kind(), ErrorKind::Decode);
        assert!(error.to_string().contains("`status`"), "{error}");
    });
}

#[test]
fn work_without_end_is_a_timeout() {
    paused(async {
        let line = ScriptedLine::always(accepted("location", "/jobs/7"));
        let client = client(&line);
        let reply = client.post("reports", "weekly").await.expect("accepted");
        let accepted = client.accepted(&reply).expect("well-formed").expect("accepted");
        let polling = polling().limit(Duration::from_secs(10));
        let error = client.finish(&accepted, &polling).await.expect_err("no end");
        assert!(error.is_timeout());
        assert!(error.to_string().contains("asked for 9 time(s)"), "{error}");
    });
}

#[test]
fn credentials_are_not_sent_to_another_origin() {
    paused(async {
        let line = ScriptedLine::always(accepted("location", "http://elsewhere.example/jobs/7"));
        let client = builder(&line).api_key("secret").build().expect("a client");
        let error = finished(&client).await.expect_err("another origin");
        assert!(error.to_string().contains("another origin"), "{error}");
        assert_eq!(line.requests().len(), 1);
    });
}

#[test]
fn a_reply_that_accepts_nothing_leads_nowhere() {
    paused(async {
        for step in [
            Step::status(202),
            Step::status(201).header("location", "/reports/7"),
        ] {
            let client = client(&ScriptedLine::always(step));
            let reply = client.post("reports", "weekly").await.expect("a reply");
            assert!(client.accepted(&reply).expect("well-formed").is_none());
        }
    });
}

#[test]
fn each_question_is_asked_whatever_the_client_keeps() {
    paused(async {
        let line = ScriptedLine::new([
            accepted("location", "/jobs/7"),
            Step::status(202),
            Step::status(200).body("the report"),
        ]);
        let client = builder(&line).fresh_for(seconds(60)).build().expect("a client");
        assert_eq!(finished(&client).await.expect("it ends well"), "the report");
        assert_eq!(asked(&line).last(), Some(&("GET /jobs/7".to_owned(), 2)));
    });
}

#[test]
fn each_question_is_retried_as_any_call() {
    paused(async {
        let line = ScriptedLine::new([
            accepted("location", "/jobs/7"),
            Step::status(503),
            Step::status(200).body("the report"),
        ]);
        assert_eq!(
            finished(&client(&line)).await.expect("it ends well"),
            "the report"
        );
        assert_eq!(line.requests().len(), 3);
    });
}

#[cfg(all(feature = "grpc", feature = "server"))]
mod grpc {
    use std::sync::atomic::{AtomicU32, Ordering};

    use bytes::Bytes;
    use prost::Message as _;
    use tieline::code::Code;
    use tieline::grpc::{Answer, GrpcService, Received};
    use tieline::http::{InProcess, Line};
    use tieline::long_running::{GetOperationRequest, Operation, OperationResult, OperationStatus};

    use super::*;

    /// A service whose operations end when they are asked for the third time: as their names say.
    fn operations() -> Client {
        let asked = AtomicU32::new(0);
        let service = GrpcService::new().unary(
            "/google.longrunning.Operations/GetOperation",
            move |received: Received<Bytes>| {
                let name = GetOperationRequest::decode(received.message)
                    .expect("a request")
                    .name;
                let done = asked.fetch_add(1, Ordering::Relaxed) == 2;
                let operation = if done { ended(&name) } else { running(&name) };
                async move { Ok(Answer::from(Bytes::from(operation.encode_to_vec()))) }
            },
        );
        let line = Line::over(InProcess::new(service));
        let client = Client::builder("operations").line(line).fresh_for(seconds(60));
        client.build().expect("a client")
    }

    fn running(name: &str) -> Operation {
        Operation {
            name: name.to_owned(),
            ..Operation::default()
        }
    }

    fn ended(name: &str) -> Operation {
        let result = match name {
            "good" => OperationResult::Response(prost_types::Any {
                type_url: "type.googleapis.com/google.protobuf.Duration".to_owned(),
                value: prost_types::Duration { seconds: 7, nanos: 0 }.encode_to_vec(),
            }),
            _ => OperationResult::Error(OperationStatus {
                code: 8,
                message: "out of paper".to_owned(),
                details: Vec::new(),
            }),
        };
        Operation {
            done: true,
            result: Some(result),
            ..running(name)
        }
    }

    #[test]
    fn an_operation_is_asked_for_until_it_is_done() {
        paused(async {
            let start = tokio::time::Instant::now();
            let result: prost_types::Duration = operations()
                .finish_operation(&running("good"), &polling())
                .await
                .expect("it ends well");
            assert_eq!((result.seconds, start.elapsed().as_secs()), (7, 3));
        });
    }

    #[test]
    fn an_operation_that_failed_is_its_status() {
        paused(async {
            let outcome = operations()
                .finish_operation::<()>(&running("bad"), &polling())
                .await;
            let error = outcome.expect_err("it failed");
            assert_eq!(
                (error.code(), error.message()),
                (Code::ResourceExhausted, "out of paper")
            );
            let details: OperationStatus = error.body().expect("details").decode().expect("a status");
            assert_eq!(details.code, 8);
        });
    }

    #[test]
    fn an_operation_that_has_ended_is_not_asked_for() {
        paused(async {
            let nobody = Client::from(Line::over(InProcess::new(GrpcService::new())));
            let result: prost_types::Duration = nobody
                .finish_operation(&ended("good"), &polling())
                .await
                .expect("it has ended");
            assert_eq!(result.seconds, 7);
            let error = nobody.finish_operation::<()>(&running("good"), &polling()).await;
            assert_eq!(error.expect_err("nobody knows it").code(), Code::Unimplemented);
        });
    }
}
