//! Every style of every place, as the table of the specification shows it (OpenAPI 3.1, "Style Examples"): what a generated
//! client writes, and what a generated server and express read.

use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use tieline::Client;
use tieline::testing::{ScriptedLine, Step};

use super::served;
use crate::golden::styles::{Client as Styles, Mock, send_list, send_object, send_one, service, types};

/// What is on the wire.
struct Expected {
    path: &'static str,
    query: &'static str,
    /// `x-plain`, `x-exploded` and the cookie.
    headers: [&'static str; 3],
}

const ONE: Expected = Expected {
    path: "/one/blue/blue/.blue/.blue/;matrix=blue/;matrix_exploded=blue",
    query: "form=blue&exploded=blue&space=blue&pipe=blue&deep=blue",
    headers: ["blue", "blue", "crumb=blue"],
};

const LIST: Expected = Expected {
    path: "/list/blue,black,brown/blue,black,brown/.blue,black,brown/.blue.black.brown/;matrix=blue,black,brown/\
           ;matrix_exploded=blue;matrix_exploded=black;matrix_exploded=brown",
    query: "form=blue,black,brown&exploded=blue&exploded=black&exploded=brown&space=blue%20black%20brown&\
            pipe=blue%7Cblack%7Cbrown&deep[0]=blue&deep[1]=black&deep[2]=brown",
    headers: ["blue,black,brown", "blue,black,brown", "crumb=blue,black,brown"],
};

const OBJECT: Expected = Expected {
    path: "/object/R,100,G,200,B,150/R=100,G=200,B=150/.R,100,G,200,B,150/.R=100.G=200.B=150/\
           ;matrix=R,100,G,200,B,150/;R=100;G=200;B=150",
    query: "form=R,100,G,200,B,150&R=100&G=200&B=150&space=R%20100%20G%20200%20B%20150&\
            pipe=R%7C100%7CG%7C200%7CB%7C150&deep[R]=100&deep[G]=200&deep[B]=150",
    headers: [
        "R,100,G,200,B,150",
        "R=100,G=200,B=150",
        "crumb=R,100,G,200,B,150",
    ],
};

fn one() -> send_one::Request {
    let text = || "blue".to_owned();
    send_one::Request {
        simple: text(),
        simple_exploded: text(),
        label: text(),
        label_exploded: text(),
        matrix: text(),
        matrix_exploded: text(),
        form: text(),
        exploded: text(),
        space: text(),
        pipe: text(),
        deep: text(),
        x_plain: text(),
        x_exploded: text(),
        crumb: text(),
    }
}

fn list() -> send_list::Request {
    let list = || ["blue", "black", "brown"].map(str::to_owned).to_vec();
    send_list::Request {
        simple: list(),
        simple_exploded: list(),
        label: list(),
        label_exploded: list(),
        matrix: list(),
        matrix_exploded: list(),
        form: list(),
        exploded: list(),
        space: list(),
        pipe: list(),
        deep: list(),
        x_plain: list(),
        x_exploded: list(),
        crumb: list(),
    }
}

fn object() -> send_object::Request {
    let color = || types::Color::new(100, 200, 150);
    send_object::Request {
        simple: color(),
        simple_exploded: color(),
        label: color(),
        label_exploded: color(),
        matrix: color(),
        matrix_exploded: color(),
        form: color(),
        exploded: color(),
        space: color(),
        pipe: color(),
        deep: color(),
        x_plain: color(),
        x_exploded: color(),
        crumb: color(),
    }
}

/// Sends one of each by `client`: what each answer was.
async fn send_all(client: &Styles) -> [Value; 3] {
    use crate::golden::styles::Api;
    let cx = tieline::Context::new;
    let send_one::Response::Ok(one) = Api::send_one(client, cx(), one())
        .await
        .expect("it is understood");
    let send_list::Response::Ok(list) = Api::send_list(client, cx(), list())
        .await
        .expect("it is understood");
    let send_object::Response::Ok(object) = Api::send_object(client, cx(), object())
        .await
        .expect("it is understood");
    [one, list, object]
}

#[tokio::test]
async fn a_client_writes_each_style_as_the_table_shows() {
    let line = ScriptedLine::always(Step::status(200).body("{}"));
    let builder = Client::builder("styles").line(line.clone());
    send_all(&Styles::new(builder.build().expect("a client"))).await;
    let asked = line.requests();
    for (asked, expected) in asked.iter().zip([ONE, LIST, OBJECT]) {
        assert_eq!(asked.path, format!("{}?{}", expected.path, expected.query));
        let headers = ["x-plain", "x-exploded", "cookie"].map(|name| asked.header(name).unwrap_or_default());
        assert_eq!(headers, expected.headers, "{}", asked.path);
    }
}

#[tokio::test]
async fn a_generated_server_reads_each_style_as_it_was_sent() {
    let seen: Arc<Mutex<Vec<String>>> = Arc::default();
    let mock = Mock::new();
    let kept = seen.clone();
    mock.send_one.handle(move |_, request| {
        kept.lock().expect("no panic before").push(format!("{request:?}"));
        async { Ok(send_one::Response::Ok(json!({}))) }
    });
    let kept = seen.clone();
    mock.send_list.handle(move |_, request| {
        kept.lock().expect("no panic before").push(format!("{request:?}"));
        async { Ok(send_list::Response::Ok(json!({}))) }
    });
    let kept = seen.clone();
    mock.send_object.handle(move |_, request| {
        kept.lock().expect("no panic before").push(format!("{request:?}"));
        async { Ok(send_object::Response::Ok(json!({}))) }
    });
    let url = served(service(mock).into_router()).await;
    send_all(&Styles::to(&url).expect("a URL")).await;
    let sent = [
        format!("{:?}", one()),
        format!("{:?}", list()),
        format!("{:?}", object()),
    ];
    assert_eq!(*seen.lock().expect("no panic before"), sent);
}

#[tokio::test]
async fn express_reads_the_styles_that_it_knows() {
    let Some(node) = super::node("styles.js") else {
        return;
    };
    let [one, list, object] = send_all(&Styles::to(&node.url).expect("a URL")).await;
    for (found, expected) in [(&one, ONE), (&list, LIST), (&object, OBJECT)] {
        let mut segments = expected.path.split('/').skip(1);
        for name in [
            "kind",
            "simple",
            "simple_exploded",
            "label",
            "label_exploded",
            "matrix",
            "matrix_exploded",
        ] {
            assert_eq!(found["params"][name].as_str(), segments.next(), "{name}");
        }
        for (name, text) in ["x-plain", "x-exploded", "cookie"]
            .into_iter()
            .zip(expected.headers)
        {
            assert_eq!(found["headers"][name], text);
        }
    }
    let text = json!({ "form": "blue", "exploded": "blue", "space": "blue", "pipe": "blue", "deep": "blue" });
    assert_eq!(one["query"], text);
    let colors = json!(["blue", "black", "brown"]);
    assert_eq!(
        list["query"],
        json!({
            "form": "blue,black,brown",
            "exploded": colors,
            "space": "blue black brown",
            "pipe": "blue|black|brown",
            "deep": colors,
        })
    );
    assert_eq!(
        object["query"],
        json!({
            "form": "R,100,G,200,B,150",
            "R": "100", "G": "200", "B": "150",
            "space": "R 100 G 200 B 150",
            "pipe": "R|100|G|200|B|150",
            "deep": { "R": "100", "G": "200", "B": "150" },
        })
    );
}
