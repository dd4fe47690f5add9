//! `#[service_client]` and `#[derive(ServiceError)]` from outside: a trait's client, server, mock and document.

#![deny(warnings, missing_docs, clippy::pedantic)]

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;
use tieline::server::serve::serve;
use tieline::{Code, Context, Error, ErrorKind, ServiceError, service_client};
use tokio::net::TcpListener;

/// A pet.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Pet {
    /// Its number.
    pub id: u64,
    /// Its name.
    pub name: String,
    /// How it is.
    pub status: Status,
}

/// How a pet is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Status {
    /// It can be bought.
    ForSale,
    /// It cannot.
    Sold,
}

/// A pet to be.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub struct NewPet {
    /// Its name.
    pub name: String,
}

/// Why it did not work.
#[derive(Debug, Clone, PartialEq, thiserror::Error, ServiceError)]
pub enum PetError {
    /// There is no such pet.
    #[error("there is no pet {id}")]
    #[service_error(status = 404)]
    NotFound {
        /// The number asked for.
        id: u64,
        /// One that is there.
        nearest: Option<u64>,
    },
    /// The name is taken.
    #[error("there is a {0} already")]
    #[service_error(status = 409, code = "ALREADY_EXISTS")]
    Taken(String),
    /// The shop is closed.
    #[error("closed")]
    #[service_error(code = "FAILED_PRECONDITION")]
    Closed,
    /// The name is no name.
    #[error("no name")]
    #[service_error(status = 400)]
    Nameless,
}

/// The pets of a shop.
#[service_client(name = "pets", version = "1.2.3", base = "/api/v1")]
pub trait Pets {
    /// Gets a pet.
    ///
    /// By its number.
    #[get("/pets/{id}")]
    async fn get_pet(&self, id: u64) -> Result<Pet, Error<PetError>>;

    /// Lists pets.
    #[get("/pets")]
    #[timeout("1500ms")]
    async fn list_pets(
        &self,
        /// The most to give.
        limit: Option<u32>,
        #[query("status")] statuses: Vec<Status>,
        #[header("x-tenant")] tenant: String,
    ) -> Result<Vec<Pet>, Error<PetError>>;

    /// Creates a pet.
    #[post("/pets", status = 201)]
    #[idempotency_key]
    async fn create_pet(&self, pet: NewPet) -> Result<Pet, Error<PetError>>;

    /// Deletes a pet.
    #[delete("/pets/{id}")]
    async fn delete_pet(&self, cx: Context, id: u64) -> Result<(), Error<PetError>>;

    /// Says how things are.
    #[post("/shops/{shop}/audits/{day}")]
    #[idempotent]
    async fn audit(
        &self,
        #[path("shop")] of: Status,
        day: String,
        #[body] counts: Option<BTreeMap<String, u32>>,
    ) -> Result<BTreeMap<String, u32>, Error>;
}

#[derive(Default)]
struct Shop {
    pets: Mutex<BTreeMap<u64, Pet>>,
    seen: Mutex<Vec<String>>,
}

impl Shop {
    fn with_rex() -> Self {
        let shop = Self::default();
        shop.pets.lock().unwrap().insert(7, rex());
        shop
    }
}

fn rex() -> Pet {
    Pet {
        id: 7,
        name: "Rex".into(),
        status: Status::ForSale,
    }
}

#[tieline::async_trait]
impl Pets for Shop {
    async fn get_pet(&self, id: u64) -> Result<Pet, Error<PetError>> {
        let pets = self.pets.lock().unwrap();
        let nearest = pets.keys().next().copied();
        Ok(pets.get(&id).cloned().ok_or(PetError::NotFound { id, nearest })?)
    }

    async fn list_pets(
        &self,
        limit: Option<u32>,
        statuses: Vec<Status>,
        tenant: String,
    ) -> Result<Vec<Pet>, Error<PetError>> {
        self.seen
            .lock()
            .unwrap()
            .push(format!("{limit:?} {statuses:?} {tenant}"));
        let pets = self.pets.lock().unwrap();
        Ok(pets
            .values()
            .take(limit.unwrap_or(100) as usize)
            .cloned()
            .collect())
    }

    async fn create_pet(&self, pet: NewPet) -> Result<Pet, Error<PetError>> {
        let mut pets = self.pets.lock().unwrap();
        match pet.name.as_str() {
            "" => return Err(PetError::Nameless.into()),
            "Cerberus" => return Err(PetError::Closed.into()),
            name if pets.values().any(|other| other.name == name) => {
                return Err(PetError::Taken(pet.name).into());
            }
            _ => {}
        }
        let id = pets.len() as u64 + 100;
        let pet = Pet {
            id,
            name: pet.name,
            status: Status::ForSale,
        };
        pets.insert(id, pet.clone());
        Ok(pet)
    }

    async fn delete_pet(&self, cx: Context, id: u64) -> Result<(), Error<PetError>> {
        self.seen
            .lock()
            .unwrap()
            .push(cx.correlation_id().map(ToString::to_string).unwrap_or_default());
        self.pets.lock().unwrap().remove(&id);
        Ok(())
    }

    async fn audit(
        &self,
        of: Status,
        day: String,
        counts: Option<BTreeMap<String, u32>>,
    ) -> Result<BTreeMap<String, u32>, Error> {
        if day == "never" {
            return Err(Error::new(Code::OutOfRange, "there is no such day"));
        }
        let mut counts = counts.unwrap_or_default();
        counts.insert(format!("{of:?} {day}"), 1);
        Ok(counts)
    }
}

/// A server on loopback, and the address of it.
async fn shop(shop: Shop) -> (Arc<Shop>, String) {
    let shop = Arc::new(shop);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let router = pets::router(shop.clone());
    tokio::spawn(serve(listener, router, std::future::pending(), Duration::ZERO));
    (shop, address)
}

#[tokio::test]
async fn client_and_server_of_a_trait_understand_each_other() {
    let (shop, address) = shop(Shop::with_rex()).await;
    let client = PetsClient::to(&address).unwrap();
    assert_eq!(client.get_pet(7).await.unwrap(), rex());
    let statuses = vec![Status::Sold, Status::ForSale];
    assert_eq!(
        client.list_pets(Some(1), statuses, "t 1".into()).await.unwrap(),
        [rex()]
    );
    assert_eq!(client.list_pets(None, vec![], "t".into()).await.unwrap(), [rex()]);
    assert_eq!(
        *shop.seen.lock().unwrap(),
        ["Some(1) [Sold, ForSale] t 1", "None [] t"]
    );
    let made = client
        .create_pet(NewPet { name: "Tom".into() })
        .send()
        .await
        .unwrap();
    assert_eq!((made.status().as_u16(), made.attempts()), (201, 1));
    assert_eq!(made.into_body().into_body().name, "Tom");
    let counts = BTreeMap::from([("a".to_owned(), 2)]);
    let audit = client
        .audit(Status::ForSale, "1/2".into(), Some(counts))
        .await
        .unwrap();
    assert_eq!(
        audit,
        BTreeMap::from([("a".to_owned(), 2), ("ForSale 1/2".to_owned(), 1)])
    );
    let audit = client.audit(Status::Sold, "3".into(), None).await.unwrap();
    assert_eq!(audit, BTreeMap::from([("Sold 3".to_owned(), 1)]));
}

#[tokio::test]
async fn a_context_given_to_the_client_reaches_the_implementation() {
    let (shop, address) = shop(Shop::with_rex()).await;
    let client = PetsClient::to(&address).unwrap();
    let cx = Context::new().with_correlation_id("corr-7");
    client.delete_pet(cx.clone(), 7).await.unwrap();
    let by_trait: &dyn Pets = &client;
    by_trait.delete_pet(cx, 8).await.unwrap();
    assert_eq!(*shop.seen.lock().unwrap(), ["corr-7", "corr-7"]);
}

#[tokio::test]
async fn domain_errors_keep_status_code_text_and_fields_over_the_wire() {
    let (_shop, address) = shop(Shop::with_rex()).await;
    let client = PetsClient::to(&address).unwrap();
    let error = client.get_pet(8).await.unwrap_err();
    assert_eq!(
        error.body(),
        Some(&PetError::NotFound {
            id: 8,
            nearest: Some(7)
        })
    );
    assert_eq!((error.kind(), error.code()), (ErrorKind::Failure, Code::NotFound));
    let create = async |name: &str| client.create_pet(NewPet { name: name.into() }).await.unwrap_err();
    let taken = create("Rex").await;
    assert_eq!(
        (taken.status().map(|status| status.as_u16()), taken.body()),
        (Some(409), Some(&PetError::Taken("Rex".into())))
    );
    // Two variants of one status are told apart by the body.
    assert_eq!(create("").await.body(), Some(&PetError::Nameless));
    assert_eq!(create("Cerberus").await.body(), Some(&PetError::Closed));
    let raw = tieline::Client::to(&address).unwrap();
    let body: serde_json::Value = {
        let error = raw.get("api/v1/pets/8").await.unwrap_err();
        serde_json::from_slice(&error.reply().unwrap().body).unwrap()
    };
    assert_eq!(
        body,
        json!({"code": "NotFound", "id": 8, "nearest": 7, "message": "there is no pet 8"})
    );
}

#[tokio::test]
async fn what_the_contract_does_not_declare_is_told_by_code_and_text() {
    let (_shop, address) = shop(Shop::default()).await;
    let client = PetsClient::to(&address).unwrap();
    let error = client
        .audit(Status::Sold, "never".into(), None)
        .await
        .unwrap_err();
    assert_eq!(
        (error.kind(), error.status().map(|status| status.as_u16())),
        (ErrorKind::Status, Some(400))
    );
    let raw = tieline::Client::to(&address).unwrap();
    let error = raw.get("api/v1/pets?limit=many").await.unwrap_err();
    let problem: serde_json::Value = serde_json::from_slice(&error.reply().unwrap().body).unwrap();
    let places: Vec<_> = problem["violations"]
        .as_array()
        .unwrap()
        .iter()
        .map(|violation| &violation["in"])
        .collect();
    assert_eq!(places, ["query", "header"], "{problem}");
}

#[tokio::test]
async fn a_mock_answers_as_told_and_stands_for_the_trait() {
    let mock = Arc::new(PetsMock::new());
    mock.get_pet.fail_once(PetError::Closed).reply(rex().into());
    mock.delete_pet.reply(().into());
    let api: Arc<dyn Pets> = mock.clone();
    assert_eq!(api.get_pet(7).await.unwrap_err().body(), Some(&PetError::Closed));
    assert_eq!(api.get_pet(8).await.unwrap(), rex());
    api.delete_pet(Context::new().with_correlation_id("c"), 9)
        .await
        .unwrap();
    assert_eq!(mock.get_pet.calls()[1].id, 8);
    assert_eq!(
        mock.delete_pet.contexts()[0].correlation_id().map(|id| &**id),
        Some("c")
    );
    let untold = api.create_pet(NewPet { name: "Tom".into() }).await.unwrap_err();
    assert_eq!(untold.code(), Code::Unimplemented);
}

#[tokio::test]
async fn a_call_takes_overrides_before_it_is_sent() {
    let (_shop, address) = shop(Shop::with_rex()).await;
    let client = PetsClient::to(&address).unwrap();
    let call = client.list_pets(None, vec![], "t".into()).timeout(Duration::ZERO);
    assert!(call.await.unwrap_err().is_timeout());
    let call = client.get_pet(7).header("not a name", "x");
    assert_eq!(call.await.unwrap_err().kind(), ErrorKind::Encode);
}

#[test]
fn the_blocking_client_blocks() {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .unwrap();
    let (_shop, address) = runtime.block_on(shop(Shop::with_rex()));
    let client = pets::blocking::Client::to(&address).unwrap();
    assert_eq!(client.get_pet(7).call().unwrap(), rex());
}

#[test]
fn attributes_become_static_facts() {
    use tieline::generated::v1::{Call, Safety};
    assert_eq!((pets::CONTRACT.name, pets::CONTRACT.version), ("pets", "1.2.3"));
    let ids: Vec<_> = pets::CONTRACT
        .operations
        .iter()
        .map(|operation| operation.id)
        .collect();
    assert_eq!(ids, ["getPet", "listPets", "createPet", "deletePet", "audit"]);
    assert!(
        pets::CONTRACT
            .operations
            .iter()
            .enumerate()
            .all(|(index, operation)| operation.index == index)
    );
    assert_eq!(
        pets::list_pets::OPERATION.timeout,
        Some(Duration::from_millis(1500))
    );
    assert_eq!(pets::create_pet::Request::OPERATION.safety, Safety::Unsafe);
    let key = pets::create_pet::OPERATION.idempotency_key.unwrap();
    assert_eq!((key.header, key.required), ("idempotency-key", false));
    assert_eq!(pets::audit::OPERATION.safety, Safety::Idempotent);
    assert_eq!(pets::delete_pet::OPERATION.safety, Safety::Idempotent);
    assert_eq!(pets::get_pet::OPERATION.safety, Safety::Safe);
}

#[test]
fn the_document_says_all_that_the_trait_says() {
    let document = pets::openapi();
    assert_eq!(document["openapi"], "3.0.3");
    assert_eq!(
        document["info"],
        json!({"title": "Pets", "version": "1.2.3", "description": "The pets of a shop."})
    );
    let get = &document["paths"]["/api/v1/pets/{id}"]["get"];
    assert_eq!(
        (&get["operationId"], &get["summary"], &get["description"]),
        (&json!("getPet"), &json!("Gets a pet."), &json!("By its number."))
    );
    assert_eq!(get["parameters"][0]["in"], "path");
    assert_eq!(get["parameters"][0]["required"], true);
    let reply = &get["responses"]["200"]["content"]["application/json"]["schema"];
    assert_eq!(*reply, json!({"$ref": "#/components/schemas/Pet"}));
    assert_eq!(
        document["components"]["schemas"]["Pet"]["properties"]["name"]["description"],
        "Its name."
    );
    let list = &document["paths"]["/api/v1/pets"]["get"];
    assert_eq!(list["x-tieline-timeout-ms"], 1500);
    let parameters = list["parameters"].as_array().unwrap();
    let facts: Vec<_> = parameters
        .iter()
        .map(|parameter| {
            (
                &parameter["name"],
                &parameter["in"],
                parameter["required"] == true,
                &parameter["schema"]["type"],
            )
        })
        .collect();
    assert_eq!(
        facts,
        [
            (&json!("limit"), &json!("query"), false, &json!("integer")),
            (&json!("status"), &json!("query"), false, &json!("array")),
            (&json!("x-tenant"), &json!("header"), true, &json!("string")),
        ]
    );
    assert_eq!(parameters[0]["description"], "The most to give.");
    let create = &document["paths"]["/api/v1/pets"]["post"];
    assert_eq!(create["requestBody"]["required"], true);
    assert_eq!(create["parameters"][0]["name"], "idempotency-key");
    let refused = &create["responses"]["400"]["content"]["application/json"]["schema"];
    assert_eq!(
        refused["discriminator"]["mapping"]["Closed"],
        "#/components/schemas/PetErrorClosed"
    );
    let missing = &document["components"]["schemas"]["PetErrorNotFound"];
    assert_eq!(missing["required"], json!(["code", "id", "message"]));
    assert_eq!(missing["description"], "There is no such pet.");
    assert_eq!(
        document["paths"]["/api/v1/shops/{shop}/audits/{day}"]["post"]["x-tieline-idempotent"],
        true
    );
    assert!(
        document["paths"]["/api/v1/pets/{id}"]["delete"]["responses"]["204"]
            .get("content")
            .is_none()
    );
}
