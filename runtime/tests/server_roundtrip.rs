//! What the client's half of the tables writes, the server's half reads.

#![cfg(all(feature = "server", feature = "mock"))]

mod support;

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::body::Body;
use http::Request;
use support::pets::{self, Mock, types};
use support::send;
use tieline::codec::{Record, Uuid};
use tieline::generated::v1::{Binding, Call, Nullable};
use tieline::random::Random;
use tieline::rest::write_request;

/// A request as the client sends it.
fn written<R: Call + Record>(request: &R) -> Request<Body> {
    let Binding::Http(binding) = &R::OPERATION.binding else {
        panic!("an HTTP operation")
    };
    let encoded = write_request(binding, request).unwrap();
    let mut sent = Request::builder()
        .method(binding.method.to_http())
        .uri(&encoded.path)
        .body(Body::from(encoded.body));
    let headers = sent.as_mut().unwrap().headers_mut();
    headers.extend(encoded.headers);
    headers.insert("idempotency-key", "k".parse().unwrap());
    sent.unwrap()
}

/// Text with all that styles and encodings care about.
fn text(random: &Random) -> String {
    const PIECES: [&str; 16] = [
        "a",
        "b",
        ",",
        "|",
        " ",
        "+",
        "%",
        "&",
        "=",
        "/",
        "?",
        "#",
        ";",
        "\u{e4}",
        "\u{1F600}",
        "[x]",
    ];
    let length = 1 + random.below(4);
    (0..length).map(|_| PIECES[random.below(16) as usize]).collect()
}

fn some<T>(random: &Random, make: impl FnOnce() -> T) -> Option<T> {
    (random.below(2) == 0).then(make)
}

fn texts(random: &Random, most: u64) -> Vec<String> {
    (0..=random.below(most)).map(|_| text(random)).collect()
}

fn page(random: &Random) -> types::Page {
    types::Page {
        size: random.below(100) as i32 - 50,
        after: some(random, || text(random)),
    }
}

#[tokio::test]
async fn every_parameter_arrives_as_it_was_sent() {
    let mock = Arc::new(Mock::default());
    let service = pets::service(mock.clone());
    let random = Random::seeded(2026);
    for turn in 0..300 {
        let request = pets::search::Request {
            tags: some(&random, || texts(&random, 3)),
            ids: some(&random, || {
                (0..random.below(3)).map(|_| random.next_u64() as i32).collect()
            }),
            // Their delimiter is an encoded space: an item has no way to hold one.
            words: some(&random, || {
                texts(&random, 3)
                    .iter()
                    .map(|word| word.replace(' ', "_"))
                    .collect()
            }),
            codes: some(&random, || {
                (0..random.below(3)).map(|_| random.next_u64() as u32).collect()
            }),
            filter: some(&random, || types::Filter {
                status: if random.below(2) == 0 {
                    types::Status::Sold
                } else {
                    types::Status::Available
                },
                tags: some(&random, || texts(&random, 3)),
            }),
            page: some(&random, || page(&random)),
            extra: some(&random, || page(&random)),
            // A comma in a header ends an item, and there is no way to write one in it.
            trace: some(&random, || {
                (0..=random.below(3)).map(|at| format!("t{at}")).collect()
            }),
            session: some(&random, || {
                Uuid::from_text("67e55044-10b1-426f-9247-bb680e5fe0c8")
            }),
            rest: some(&random, || {
                BTreeMap::from([("k".to_owned(), text(&random)), ("l".to_owned(), text(&random))])
            }),
        };
        let got = send(service.clone(), written(&request)).await;
        assert_eq!(mock.search.count(), turn + 1, "{request:?}: {}", got.text());
        assert_eq!(mock.search.calls()[turn], request);
    }
}

#[tokio::test]
async fn every_body_and_path_arrives_as_it_was_sent() {
    let mock = Arc::new(Mock::default());
    let service = pets::service(mock.clone());
    let random = Random::seeded(2027);
    for turn in 0..100 {
        let name = text(&random);
        let octets: Vec<u8> = (0..=random.below(40)).map(|_| random.next_u64() as u8).collect();
        let put = pets::put_file::Request {
            name: format!("x{name}"),
            body: some(&random, || octets.into()),
        };
        send(service.clone(), written(&put)).await;
        assert_eq!(mock.put_file.calls().last(), Some(&put), "{turn}");

        let order = pets::order::Request { body: page(&random) };
        send(service.clone(), written(&order)).await;
        assert_eq!(mock.order.calls().last(), Some(&order), "{turn}");

        let create = pets::create_pet::Request {
            body: types::Pet {
                id: random.next_u64() as i64,
                name: name.chars().take(8).collect(),
                tags: vec![],
                status: some(&random, || types::Status::Sold),
                note: some(&random, || {
                    some(&random, || text(&random)).map_or(Nullable::Null, Nullable::Value)
                }),
            },
        };
        send(service.clone(), written(&create)).await;
        assert_eq!(mock.create_pet.calls().last(), Some(&create), "{turn}");
    }
}

/// An operation with a parameter in every style of paths and headers.
mod styles {
    use std::collections::BTreeMap;

    use tieline::generated::v1;

    #[derive(Clone)]
    pub(super) struct Request {
        pub one: String,
        pub two: Vec<String>,
        pub three: Vec<i64>,
        pub four: BTreeMap<String, String>,
        pub five: Vec<String>,
        pub six: BTreeMap<String, String>,
        pub seven: v1::Json,
        pub eight: BTreeMap<String, i64>,
        pub nine: v1::Json,
    }
    static REQUEST: v1::Shape = v1::Shape::new(
        "styles",
        &[
            v1::Field::required("one"),
            v1::Field::required("two"),
            v1::Field::required("three"),
            v1::Field::required("four"),
            v1::Field::required("five"),
            v1::Field::required("six"),
            v1::Field::required("seven"),
            v1::Field::required("x-eight"),
            v1::Field::required("x-nine"),
        ],
    );
    v1::record!(
        Request = REQUEST {
            0: one,
            1: two,
            2: three,
            3: four,
            4: five,
            5: six,
            6: seven,
            7: eight,
            8: nine
        }
    );

    #[derive(Debug, Clone, PartialEq)]
    pub(super) enum Response {
        Ok(String),
    }
    v1::reply_set!(Response { 0: Ok(body) = 200 });
    pub(super) use v1::NoFailure as Failure;

    v1::http_operation! {
        OPERATION = 0: "styles", "styles", Safe;
        GET: Literal("/"), Variable(0), Literal("/"), Variable(1), Literal("/"), Variable(2), Literal("/"),
            Variable(3), Literal("/"), Variable(4), Literal("/"), Variable(5), Literal("/"), Variable(6);
        inputs: Path(Matrix), Path(LabelExploded), Path(Label), Path(SimpleExploded), Path(MatrixExploded),
            Path(MatrixExploded), Path(Json), Header(SimpleExploded), Header(Json);
        successes: Code(200) => Text("text/plain");
    }
    v1::http_call!(Request -> String: Ok(body));

    pub(super) static CONTRACT: v1::Contract = v1::Contract {
        name: "styles",
        title: "",
        version: "",
        servers: &[],
        operations: &[&OPERATION],
        security_schemes: &[],
    };
}

#[tokio::test]
async fn paths_and_headers_arrive_in_every_style() {
    let seen = Arc::new(std::sync::Mutex::new(Vec::new()));
    let service = tieline::server::Service::new(&styles::CONTRACT).operation(
        &seen,
        |seen, _context, request: styles::Request| {
            let kept = seen.lock().map(|mut seen| seen.push(request)).is_ok();
            Box::pin(async move { Ok(styles::Response::Ok(kept.to_string())) })
        },
    );
    let random = Random::seeded(2028);
    let map =
        |random: &Random| BTreeMap::from([("k".to_owned(), text(random)), ("l.m".to_owned(), text(random))]);
    for turn in 0..200 {
        let request = styles::Request {
            one: text(&random),
            two: texts(&random, 3),
            three: (0..=random.below(3)).map(|_| random.next_u64() as i64).collect(),
            four: map(&random),
            five: texts(&random, 3),
            six: map(&random),
            seven: serde_json::json!({"a": [text(&random), 1.5, null]}),
            eight: BTreeMap::from([("a".to_owned(), 1), ("b".to_owned(), -2)]),
            nine: serde_json::json!(["x", {"y": turn}]),
        };
        let got = send(service.clone(), written(&request)).await;
        let seen = seen.lock().unwrap();
        assert_eq!(seen.len(), turn + 1, "{request:?}: {}", got.text());
        assert_eq!(seen[turn], request);
    }
}

/// An operation whose body is a form with properties of every kind.
mod forms {
    use tieline::generated::v1;

    #[derive(Clone)]
    pub(super) struct Place {
        pub lat: f64,
        pub name: Option<String>,
    }
    static PLACE: v1::Shape = v1::Shape::new(
        "Place",
        &[v1::Field::required("lat"), v1::Field::optional("name")],
    );
    v1::record!(Place = PLACE { 0: lat, 1: name });

    #[derive(Clone)]
    pub(super) struct Form {
        pub name: String,
        pub tags: Vec<String>,
        pub place: Place,
        pub stops: Vec<Place>,
        pub additional_properties: v1::Extra,
    }
    static FORM: v1::Shape = v1::Shape::new(
        "Form",
        &[
            v1::Field::required("name"),
            v1::Field::required("tags"),
            v1::Field::required("place"),
            v1::Field::required("stops"),
        ],
    )
    .open(v1::Open::Extra);
    v1::record!(
        Form = FORM {
            0: name,
            1: tags,
            2: place,
            3: stops,
            4: additional_properties
        }
    );

    #[derive(Clone)]
    pub(super) struct Request {
        pub body: Form,
    }
    static REQUEST: v1::Shape = v1::Shape::new("send", &[v1::Field::required("body")]);
    v1::record!(Request = REQUEST { 0: body });

    #[derive(Debug, Clone, PartialEq)]
    pub(super) enum Response {
        Ok(String),
    }
    v1::reply_set!(Response { 0: Ok(body) = 200 });
    pub(super) use v1::NoFailure as Failure;

    v1::http_operation! {
        OPERATION = 0: "forms", "send", Unsafe;
        POST: Literal("/");
        inputs: Body(Form("application/x-www-form-urlencoded"));
        successes: Code(200) => Text("text/plain");
    }
    v1::http_call!(Request -> String: Ok(body));

    pub(super) static CONTRACT: v1::Contract = v1::Contract {
        name: "forms",
        title: "",
        version: "",
        servers: &[],
        operations: &[&OPERATION],
        security_schemes: &[],
    };
}

#[tokio::test]
async fn forms_arrive_with_their_objects_and_with_what_the_contract_does_not_name() {
    let seen = Arc::new(std::sync::Mutex::new(Vec::new()));
    let service = tieline::server::Service::new(&forms::CONTRACT).operation(
        &seen,
        |seen, _context, request: forms::Request| {
            let kept = seen.lock().map(|mut seen| seen.push(request)).is_ok();
            Box::pin(async move { Ok(forms::Response::Ok(kept.to_string())) })
        },
    );
    let random = Random::seeded(2029);
    let place = |random: &Random| forms::Place {
        lat: f64::from(random.next_u64() as i32) / 8.0,
        name: some(random, || text(random)),
    };
    for turn in 0..100 {
        let request = forms::Request {
            body: forms::Form {
                name: text(&random),
                tags: texts(&random, 3),
                place: place(&random),
                stops: (0..2 + random.below(2)).map(|_| place(&random)).collect(),
                additional_properties: [("x y".to_owned(), format!("t{}", text(&random)))]
                    .into_iter()
                    .collect(),
            },
        };
        let got = send(service.clone(), written(&request)).await;
        let seen = seen.lock().unwrap();
        assert_eq!(seen.len(), turn + 1, "{request:?}: {}", got.text());
        assert_eq!(seen[turn], request);
    }
}
