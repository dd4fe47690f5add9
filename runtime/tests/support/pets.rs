//! A service with every place, style and encoding, as the generator would write it.

use std::collections::BTreeMap;
use std::sync::Arc;

use tieline::generated::v1;

pub mod types {
    use super::{BTreeMap, v1};

    #[derive(Clone)]
    pub struct Pet {
        pub id: i64,
        pub name: String,
        pub tags: Vec<String>,
        pub status: Option<Status>,
        pub note: Option<v1::Nullable<String>>,
    }
    static PET: v1::Shape = v1::Shape::new(
        "Pet",
        &[
            v1::Field::required("id"),
            v1::Field::required("name").rules(&[v1::Rule::MinLength(1), v1::Rule::MaxLength(8)]),
            v1::Field::required("tags")
                .rules(&[v1::Rule::UniqueItems, v1::Rule::Each(&[v1::Rule::MinLength(2)])]),
            v1::Field::optional("status"),
            v1::Field::optional("note"),
        ],
    );
    v1::record!(
        Pet = PET {
            0: id,
            1: name,
            2: tags,
            3: status,
            4: note
        }
    );

    #[derive(Debug, Clone, PartialEq, Eq)]
    #[non_exhaustive]
    pub enum Status {
        Available,
        Sold,
        Unknown(String),
    }
    v1::enumeration!(Status: Unknown { Available = "available", Sold = "sold" });

    #[derive(Clone)]
    pub struct Problem {
        pub title: String,
    }
    static PROBLEM: v1::Shape = v1::Shape::new("Problem", &[v1::Field::required("title")]);
    v1::record!(Problem = PROBLEM { 0: title });

    #[derive(Clone)]
    pub struct Page {
        pub size: i32,
        pub after: Option<String>,
    }
    static PAGE: v1::Shape = v1::Shape::new(
        "Page",
        &[
            v1::Field::required("size").rules(&[v1::Rule::Maximum(100.0)]),
            v1::Field::optional("after"),
        ],
    );
    v1::record!(Page = PAGE { 0: size, 1: after });

    #[derive(Clone)]
    pub struct Filter {
        pub status: Status,
        pub tags: Option<Vec<String>>,
    }
    static FILTER: v1::Shape = v1::Shape::new(
        "Filter",
        &[v1::Field::required("status"), v1::Field::optional("tags")],
    );
    v1::record!(Filter = FILTER { 0: status, 1: tags });

    /// What `search` was asked, as it understood it.
    #[derive(Clone)]
    pub struct Understood {
        pub parameters: BTreeMap<String, v1::Json>,
    }
    static UNDERSTOOD: v1::Shape = v1::Shape::new("Understood", &[v1::Field::required("parameters")]);
    v1::record!(Understood = UNDERSTOOD { 0: parameters });
}

pub mod get_pet {
    use super::{types, v1};

    #[derive(Clone)]
    pub struct Request {
        pub id: i64,
        pub verbose: Option<bool>,
    }
    static REQUEST: v1::Shape = v1::Shape::new(
        "getPet",
        &[
            v1::Field::required("id").rules(&[v1::Rule::Minimum(1.0)]),
            v1::Field::optional("verbose"),
        ],
    );
    v1::record!(Request = REQUEST { 0: id, 1: verbose });

    #[derive(Debug, Clone, PartialEq)]
    pub enum Response {
        Ok(types::Pet),
    }
    v1::reply_set!(Response { 0: Ok(body) = 200 });

    #[derive(Debug, Clone, PartialEq)]
    pub enum Failure {
        NotFound(types::Problem),
        Gone,
        Default(v1::StatusCode, types::Problem),
    }
    v1::reply_set!(Failure {
        0: NotFound(body) = 404,
        1: Gone = 410,
        2: Default(status, body)
    });

    v1::http_operation! {
        OPERATION = 0: "pets", "getPet", Safe;
        GET: Literal("/pets/"), Variable(0);
        inputs: Path(Simple), Query(FormExploded);
        successes: Code(200) => Json("application/json");
        failures: Code(404) => Json("application/problem+json"), Code(410), Default => Json("application/problem+json");
    }
    v1::http_call!(Request -> types::Pet: Ok(body));
}

pub mod create_pet {
    use super::{types, v1};

    #[derive(Clone)]
    pub struct Request {
        pub body: types::Pet,
    }
    static REQUEST: v1::Shape = v1::Shape::new("createPet", &[v1::Field::required("body")]);
    v1::record!(Request = REQUEST { 0: body });

    #[derive(Debug, Clone, PartialEq)]
    pub enum Response {
        Created(types::Pet),
        Accepted,
    }
    v1::reply_set!(Response {
        0: Created(body) = 201,
        1: Accepted = 202
    });
    pub use v1::NoFailure as Failure;

    v1::http_operation! {
        OPERATION = 1: "pets", "createPet", Unsafe;
        POST: Literal("/pets");
        inputs: Body(Json("application/json"));
        successes: Code(201) => Json("application/json"), Code(202);
        idempotency_key: "idempotency-key", true;
    }
    v1::http_call!(Request -> Response);
}

pub mod search {
    use super::{BTreeMap, types, v1};

    #[derive(Clone)]
    pub struct Request {
        pub tags: Option<Vec<String>>,
        pub ids: Option<Vec<i32>>,
        pub words: Option<Vec<String>>,
        pub codes: Option<Vec<u32>>,
        pub filter: Option<types::Filter>,
        pub page: Option<types::Page>,
        pub extra: Option<types::Page>,
        pub trace: Option<Vec<String>>,
        pub session: Option<v1::Uuid>,
        pub rest: Option<BTreeMap<String, String>>,
    }
    static REQUEST: v1::Shape = v1::Shape::new(
        "search",
        &[
            v1::Field::optional("tags").rules(&[v1::Rule::MaxItems(3)]),
            v1::Field::optional("ids"),
            v1::Field::optional("words"),
            v1::Field::optional("codes"),
            v1::Field::optional("filter"),
            v1::Field::optional("page"),
            v1::Field::optional("extra"),
            v1::Field::optional("x-trace"),
            v1::Field::optional("session").rules(&[v1::Rule::Format(v1::Format::Uuid)]),
            v1::Field::optional("rest"),
        ],
    );
    v1::record!(
        Request = REQUEST {
            0: tags,
            1: ids,
            2: words,
            3: codes,
            4: filter,
            5: page,
            6: extra,
            7: trace,
            8: session,
            9: rest
        }
    );

    #[derive(Debug, Clone, PartialEq)]
    pub enum Response {
        Ok(types::Understood),
    }
    v1::reply_set!(Response { 0: Ok(body) = 200 });
    pub use v1::NoFailure as Failure;

    v1::http_operation! {
        OPERATION = 2: "pets", "search", Safe;
        GET: Literal("/pets/search");
        inputs: Query(FormExploded), Query(Form), Query(Space), Query(Pipe), Query(DeepObject), Query(FormExploded),
            Query(Json), Header(Simple), Cookie, Query(DeepObject);
        successes: Code(200) => Json("application/json");
    }
    v1::http_call!(Request -> types::Understood: Ok(body));
}

/// `/files/{name}.json` and `/files/{name}`: two templates of one shape.
pub mod get_file {
    use super::v1;

    #[derive(Clone)]
    pub struct Request {
        pub name: String,
    }
    static REQUEST: v1::Shape = v1::Shape::new("getFile", &[v1::Field::required("name")]);
    v1::record!(Request = REQUEST { 0: name });

    #[derive(Debug, Clone, PartialEq)]
    pub enum Response {
        Ok(v1::Bytes),
    }
    v1::reply_set!(Response { 0: Ok(body) = 200 });
    pub use v1::NoFailure as Failure;

    v1::http_operation! {
        OPERATION = 3: "pets", "getFile", Safe;
        GET: Literal("/files/"), Variable(0);
        inputs: Path(Simple);
        successes: Code(200) => Bytes("image/*");
        priority: Sheddable;
    }
    v1::http_call!(Request -> v1::Bytes: Ok(body));
}

pub mod get_meta {
    use super::v1;

    #[derive(Clone)]
    pub struct Request {
        pub name: String,
    }
    static REQUEST: v1::Shape = v1::Shape::new("getMeta", &[v1::Field::required("name")]);
    v1::record!(Request = REQUEST { 0: name });

    #[derive(Debug, Clone, PartialEq)]
    pub enum Response {
        Ok(String),
    }
    v1::reply_set!(Response { 0: Ok(body) = 200 });
    pub use v1::NoFailure as Failure;

    v1::http_operation! {
        OPERATION = 4: "pets", "getMeta", Safe;
        GET: Literal("/files/"), Variable(0), Literal(".json");
        inputs: Path(Simple);
        successes: Code(200) => Text("text/plain");
    }
    v1::http_call!(Request -> String: Ok(body));
}

pub mod put_file {
    use super::v1;

    #[derive(Clone)]
    pub struct Request {
        pub name: String,
        pub body: Option<v1::Bytes>,
    }
    static REQUEST: v1::Shape = v1::Shape::new(
        "putFile",
        &[v1::Field::required("name"), v1::Field::optional("body")],
    );
    v1::record!(Request = REQUEST { 0: name, 1: body });

    #[derive(Debug, Clone, PartialEq)]
    pub enum Response {
        NoContent,
    }
    v1::reply_set!(Response { 0: NoContent = 204 });
    pub use v1::NoFailure as Failure;

    v1::http_operation! {
        OPERATION = 5: "pets", "putFile", Idempotent;
        PUT: Literal("/files/"), Variable(0);
        inputs: Path(Simple), Body(Bytes("application/octet-stream"));
        successes: Code(204);
    }
    v1::http_call!(Request -> (): NoContent);
}

pub mod order {
    use super::{types, v1};

    #[derive(Clone)]
    pub struct Request {
        pub body: types::Page,
    }
    static REQUEST: v1::Shape = v1::Shape::new("order", &[v1::Field::required("body")]);
    v1::record!(Request = REQUEST { 0: body });

    #[derive(Debug, Clone, PartialEq)]
    pub enum Response {
        Ok(String),
    }
    v1::reply_set!(Response { 0: Ok(body) = 200 });
    pub use v1::NoFailure as Failure;

    v1::http_operation! {
        OPERATION = 6: "pets", "order", Unsafe;
        POST: Literal("/orders");
        inputs: Body(Form("application/x-www-form-urlencoded"));
        successes: Code(200) => Text("text/plain");
    }
    v1::http_call!(Request -> String: Ok(body));
}

pub static CONTRACT: v1::Contract = v1::Contract {
    name: "pets",
    title: "Pets",
    version: "1.0.0",
    servers: &[],
    operations: &[
        &get_pet::OPERATION,
        &create_pet::OPERATION,
        &search::OPERATION,
        &get_file::OPERATION,
        &get_meta::OPERATION,
        &put_file::OPERATION,
        &order::OPERATION,
    ],
    security_schemes: &[],
};

type Outcome<R> = Result<<R as v1::Call>::Response, tieline::Error<<R as v1::Call>::Failure>>;

#[v1::async_trait]
pub trait Api: Send + Sync {
    async fn get_pet(&self, cx: tieline::Context, request: get_pet::Request) -> Outcome<get_pet::Request>;
    async fn create_pet(
        &self,
        cx: tieline::Context,
        request: create_pet::Request,
    ) -> Outcome<create_pet::Request>;
    async fn search(&self, cx: tieline::Context, request: search::Request) -> Outcome<search::Request>;
    async fn get_file(&self, cx: tieline::Context, request: get_file::Request) -> Outcome<get_file::Request>;
    async fn get_meta(&self, cx: tieline::Context, request: get_meta::Request) -> Outcome<get_meta::Request>;
    async fn put_file(&self, cx: tieline::Context, request: put_file::Request) -> Outcome<put_file::Request>;
    async fn order(&self, cx: tieline::Context, request: order::Request) -> Outcome<order::Request>;
}

#[derive(Debug, Default)]
pub struct Mock {
    pub get_pet: v1::mock::Method<get_pet::Request>,
    pub create_pet: v1::mock::Method<create_pet::Request>,
    pub search: v1::mock::Method<search::Request>,
    pub get_file: v1::mock::Method<get_file::Request>,
    pub get_meta: v1::mock::Method<get_meta::Request>,
    pub put_file: v1::mock::Method<put_file::Request>,
    pub order: v1::mock::Method<order::Request>,
}
v1::forward_api!(Mock by mock { get_pet, create_pet, search, get_file, get_meta, put_file, order });

pub fn service(api: Arc<dyn Api>) -> tieline::server::Service {
    v1::server::Service::new(&CONTRACT)
        .operation(&api, |api, cx, request: get_pet::Request| {
            api.get_pet(cx, request)
        })
        .operation(&api, |api, cx, request: create_pet::Request| {
            api.create_pet(cx, request)
        })
        .operation(&api, |api, cx, request: search::Request| api.search(cx, request))
        .operation(&api, |api, cx, request: get_file::Request| {
            api.get_file(cx, request)
        })
        .operation(&api, |api, cx, request: get_meta::Request| {
            api.get_meta(cx, request)
        })
        .operation(&api, |api, cx, request: put_file::Request| {
            api.put_file(cx, request)
        })
        .operation(&api, |api, cx, request: order::Request| api.order(cx, request))
}

pub fn pet() -> types::Pet {
    types::Pet {
        id: 7,
        name: "Rex".into(),
        tags: vec!["good".into()],
        status: None,
        note: None,
    }
}
