//! A small contract in the shape that the generator writes, and a provider of it.

#![allow(dead_code, unreachable_pub, missing_docs)] // shared by test binaries, none of which uses all of it

use std::collections::BTreeMap;
use std::future::ready;
use std::sync::{Arc, Mutex};

use tieline::generated::v1;
use tieline::{Code, Context, Error};

pub mod types {
    use super::*;

    #[derive(Clone)]
    pub struct Pet {
        pub id: i64,
        pub name: String,
        pub tags: Vec<String>,
        pub status: Status,
        pub born: Option<v1::DateTime>,
        pub owner: Option<Box<Person>>,
        pub weights: Option<BTreeMap<String, f64>>,
    }
    static PET: v1::Shape = v1::Shape::new(
        "Pet",
        &[
            v1::Field::required("id"),
            v1::Field::required("name").rules(&[v1::Rule::MinLength(1)]),
            v1::Field::required("tags"),
            v1::Field::required("status"),
            v1::Field::optional("born").rules(&[v1::Rule::Format(v1::Format::DateTime)]),
            v1::Field::optional("owner"),
            v1::Field::optional("weights"),
        ],
    );
    v1::record!(
        Pet = PET {
            0: id,
            1: name,
            2: tags,
            3: status,
            4: born,
            5: owner,
            6: weights
        }
    );

    impl Pet {
        pub fn new(id: i64, name: impl Into<String>, tags: &[&str]) -> Self {
            Self {
                id,
                name: name.into(),
                tags: tags.iter().map(ToString::to_string).collect(),
                status: Status::Available,
                born: None,
                owner: None,
                weights: None,
            }
        }
    }

    #[derive(Clone)]
    pub struct Person {
        pub name: String,
    }
    static PERSON: v1::Shape = v1::Shape::new("Person", &[v1::Field::required("name")]);
    v1::record!(Person = PERSON { 0: name });

    #[derive(Debug, Clone, PartialEq, Eq, Hash)]
    #[non_exhaustive]
    pub enum Status {
        Available,
        Sold,
        Unknown(String),
    }
    v1::enumeration!(Status: Unknown { Available = "available", Sold = "sold" });

    #[derive(Clone)]
    pub struct NewPet {
        pub name: String,
        pub born: Option<v1::DateTime>,
    }
    static NEW_PET: v1::Shape = v1::Shape::new(
        "NewPet",
        &[
            v1::Field::required("name").rules(&[v1::Rule::MinLength(1)]),
            v1::Field::optional("born").rules(&[v1::Rule::Format(v1::Format::DateTime)]),
        ],
    );
    v1::record!(NewPet = NEW_PET { 0: name, 1: born });

    #[derive(Clone)]
    pub struct Problem {
        pub title: String,
    }
    static PROBLEM: v1::Shape = v1::Shape::new("Problem", &[v1::Field::required("title")]);
    v1::record!(Problem = PROBLEM { 0: title });
}

pub mod get_pet {
    use super::*;

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

    impl Request {
        pub fn new(id: i64) -> Self {
            Self { id, verbose: None }
        }
    }

    #[derive(Debug, Clone, PartialEq)]
    pub enum Response {
        Ok(types::Pet),
    }
    v1::reply_set!(Response { 0: Ok(body) = 200 });

    #[derive(Debug, Clone, PartialEq)]
    pub enum Failure {
        NotFound(types::Problem),
        Default(v1::StatusCode, types::Problem),
    }
    v1::reply_set!(Failure {
        0: NotFound(body) = 404,
        1: Default(status, body)
    });

    v1::http_operation! {
        OPERATION = 0: "pets", "getPet", Safe;
        GET: Literal("/pets/"), Variable(0);
        inputs: Path(Simple), Query(FormExploded);
        successes: Code(200) => Json("application/json");
        failures: Code(404) => Json("application/problem+json"), Default => Json("application/problem+json");
    }
    v1::http_call!(Request -> types::Pet: Ok(body));
}

pub mod create_pet {
    use super::*;

    #[derive(Clone)]
    pub struct Request {
        pub body: types::NewPet,
    }
    static REQUEST: v1::Shape = v1::Shape::new("createPet", &[v1::Field::required("body")]);
    v1::record!(Request = REQUEST { 0: body });

    #[derive(Debug, Clone, PartialEq)]
    pub enum Response {
        Created(types::Pet),
    }
    v1::reply_set!(Response {
        0: Created(body) = 201
    });
    pub use v1::NoFailure as Failure;

    v1::http_operation! {
        OPERATION = 1: "pets", "createPet", Unsafe;
        POST: Literal("/pets");
        inputs: Body(Json("application/json"));
        successes: Code(201) => Json("application/json");
    }
    v1::http_call!(Request -> types::Pet: Created(body));
}

pub mod delete_pet {
    use super::*;

    #[derive(Clone)]
    pub struct Request {
        pub id: i64,
    }
    static REQUEST: v1::Shape = v1::Shape::new("deletePet", &[v1::Field::required("id")]);
    v1::record!(Request = REQUEST { 0: id });

    #[derive(Debug, Clone, PartialEq)]
    pub enum Response {
        NoContent,
    }
    v1::reply_set!(Response { 0: NoContent = 204 });
    pub use v1::NoFailure as Failure;

    v1::http_operation! {
        OPERATION = 2: "pets", "deletePet", Idempotent;
        DELETE: Literal("/pets/"), Variable(0);
        inputs: Path(Simple);
        successes: Code(204);
    }
    v1::http_call!(Request -> (): NoContent);
}

pub static CONTRACT: v1::Contract = v1::Contract {
    name: "pets",
    title: "Pets",
    version: "1.0.0",
    servers: &[],
    operations: &[
        &get_pet::OPERATION,
        &create_pet::OPERATION,
        &delete_pet::OPERATION,
    ],
    security_schemes: &[v1::SecurityScheme {
        name: "key",
        kind: v1::SchemeKind::ApiKeyQuery("api_key"),
    }],
};

v1::client!(CONTRACT);

impl Client {
    pub fn get_pet(&self, id: i64) -> Pending<'_, get_pet::Request> {
        Pending::new(&self.0, get_pet::Request::new(id))
    }

    pub fn create_pet(&self, body: types::NewPet) -> Pending<'_, create_pet::Request> {
        Pending::new(&self.0, create_pet::Request { body })
    }

    pub fn delete_pet(&self, id: i64) -> Pending<'_, delete_pet::Request> {
        Pending::new(&self.0, delete_pet::Request { id })
    }
}

/// A provider: its pets by id.
#[derive(Clone, Default)]
pub struct Shop(pub Arc<Mutex<BTreeMap<i64, types::Pet>>>);

impl Shop {
    pub fn add(&self, pet: types::Pet) {
        self.0.lock().unwrap().insert(pet.id, pet);
    }

    fn get_pet(&self, request: get_pet::Request) -> Result<get_pet::Response, Error<get_pet::Failure>> {
        let pets = self.0.lock().unwrap();
        match pets.get(&request.id) {
            Some(pet) => Ok(get_pet::Response::Ok(pet.clone())),
            None => Err(get_pet::Failure::NotFound(types::Problem {
                title: "no such pet".into(),
            })
            .into()),
        }
    }

    fn create_pet(&self, request: create_pet::Request) -> Result<create_pet::Response, Error> {
        let pet = types::Pet::new(8, request.body.name, &[]);
        self.add(pet.clone());
        Ok(create_pet::Response::Created(pet))
    }

    fn delete_pet(&self, request: delete_pet::Request) -> Result<delete_pet::Response, Error> {
        match self.0.lock().unwrap().remove(&request.id) {
            Some(_) => Ok(delete_pet::Response::NoContent),
            None => Err(Error::new(Code::NotFound, "no such pet")),
        }
    }
}

pub fn router(shop: &Shop) -> axum::Router {
    let shop = Arc::new(shop.clone());
    tieline::server::Service::new(&CONTRACT)
        .operation(&shop, |shop: &Shop, _: Context, request: get_pet::Request| {
            Box::pin(ready(shop.get_pet(request)))
        })
        .operation(&shop, |shop: &Shop, _: Context, request: create_pet::Request| {
            Box::pin(ready(shop.create_pet(request)))
        })
        .operation(&shop, |shop: &Shop, _: Context, request: delete_pet::Request| {
            Box::pin(ready(shop.delete_pet(request)))
        })
        .into_router()
}
