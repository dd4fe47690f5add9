//! Domain errors over HTTP and gRPC, there and back.

#![cfg(all(feature = "server", feature = "grpc"))]
#![allow(missing_docs, reason = "written as the derive writes")]

use std::sync::Arc;

use axum::body::Body;
use http::{Request, StatusCode};
use http_body_util::BodyExt;
use serde_json::json;
use tieline::codec::json;
use tieline::generated::v1::{self, ReplySet, ServiceError};
use tieline::grpc::Details;
use tieline::service_error;
use tieline::{Code, Context, Error};
use tower::ServiceExt;

#[derive(Debug, Clone, PartialEq, thiserror::Error)]
enum PetError {
    #[error("there is no pet {id}")]
    NotFound { id: u64 },
    #[error("the pet is gone since {0:?}")]
    Lost(Option<String>, Vec<u8>),
    #[error("the pet is sold")]
    Sold,
    #[error("text")]
    Told { message: String },
}

const PET_ERROR: [v1::ErrorVariant; 4] = [
    v1::ErrorVariant::new("NotFound", 404, Code::NotFound),
    v1::ErrorVariant::new("Lost", 404, Code::DataLoss),
    v1::ErrorVariant::of_status("Sold", 409),
    v1::ErrorVariant::of_code("Told", Code::PermissionDenied),
];
v1::service_error!(PetError);

impl v1::ServiceError for PetError {
    const VARIANTS: &'static [v1::ErrorVariant] = &PET_ERROR;
    const REPLIES: &'static [v1::Reply] = &v1::ErrorVariant::replies(&PET_ERROR);

    fn variant(&self) -> usize {
        match self {
            Self::NotFound { .. } => 0,
            Self::Lost { .. } => 1,
            Self::Sold { .. } => 2,
            Self::Told { .. } => 3,
        }
    }

    fn write_fields(&self, fields: &mut v1::ErrorFields) {
        match self {
            Self::NotFound { id } => {
                fields.put("id", id);
            }
            Self::Lost { 0: field0, 1: field1 } => {
                fields.put("0", field0).put("1", field1);
            }
            Self::Sold {} => {}
            Self::Told { message } => {
                fields.put("message", message);
            }
        }
    }

    fn read_fields(variant: usize, fields: &mut v1::ErrorFields) -> Result<Self, v1::DecodeError> {
        Ok(match variant {
            0 => Self::NotFound {
                id: fields.take("id")?,
            },
            1 => Self::Lost(fields.take("0")?, fields.take("1")?),
            2 => Self::Sold {},
            _ => Self::Told {
                message: fields.take("message")?,
            },
        })
    }

    fn blank() -> Self {
        Self::Sold {}
    }
}

fn every() -> [PetError; 5] {
    [
        PetError::NotFound { id: u64::MAX },
        PetError::Lost(None, vec![0, 255]),
        PetError::Lost(Some("May".into()), vec![]),
        PetError::Sold,
        PetError::Told {
            message: "own".into(),
        },
    ]
}

#[test]
fn bodies_are_tagged_by_the_variant_and_say_what_happened() {
    assert_eq!(
        json::to_string(&PetError::NotFound { id: 7 }),
        r#"{"code":"NotFound","id":7,"message":"there is no pet 7"}"#
    );
    assert_eq!(
        service_error::to_json(&PetError::Sold),
        json!({"code": "Sold", "message": "the pet is sold"})
    );
    assert_eq!(
        service_error::to_json(&every()[4]),
        json!({"code": "Told", "message": "own"}),
        "the field wins"
    );
}

#[test]
fn every_variant_survives_the_way_through_a_reply() {
    for error in every() {
        let (index, status, value) = error.active();
        assert_eq!(status.as_u16(), PET_ERROR[index].status);
        let body = json::to_vec(value);
        let back = PetError::decode(0, status, &mut |place| json::read(&body, place)).unwrap();
        assert_eq!(
            back, error,
            "variants that share a status are told apart by the body"
        );
    }
}

#[test]
fn every_variant_survives_the_way_through_a_grpc_status() {
    for error in every() {
        let sent: Error<Details> = error.clone().into();
        assert_eq!(sent.code(), PET_ERROR[error.variant()].code);
        let status = sent.to_status();
        assert_eq!(status.message, error.to_string());
        let received: Error<PetError> = Error::<Details>::from(status).into_service_error();
        assert_eq!(received.body(), Some(&error));
        assert_eq!(received.code(), PET_ERROR[error.variant()].code);
    }
}

#[test]
fn a_body_of_another_service_is_refused_with_its_place() {
    let read = |body: serde_json::Value| {
        service_error::from_json::<PetError>(body)
            .unwrap_err()
            .to_string()
    };
    assert_eq!(
        read(json!({"error": "x"})),
        "at /code: expected the name of a failure"
    );
    assert_eq!(
        read(json!({"code": "Stolen"})),
        "at /code: expected the name of a failure"
    );
    assert_eq!(
        read(json!({"code": "NotFound"})),
        "at /id: a required property is missing"
    );
    assert_eq!(
        read(json!({"code": "NotFound", "id": "secret"})),
        "at /id: the value is of another type"
    );
    assert_eq!(read(json!([])), "expected an object");
    let plain: Error<Details> = Error::new(Code::NotFound, "gone");
    assert_eq!(plain.into_service_error::<PetError>().body(), None);
}

/// `GET /pets`, which fails as told.
#[derive(Clone)]
struct List {}
static LIST: v1::Shape = v1::Shape::new("list", &[]);
v1::record!(List = LIST {});

#[derive(Debug, Clone, PartialEq)]
enum Response {
    NoContent,
}
v1::reply_set!(Response { 0: NoContent = 204 });

static OPERATION: v1::Operation = v1::Operation {
    service: "pets",
    id: "list",
    index: 0,
    shape: v1::CallShape::Unary,
    safety: v1::Safety::Safe,
    idempotency_key: None,
    timeout: None,
    security: &[],
    extras: tieline::operation::Extras::NONE,
    binding: v1::Binding::Http(v1::HttpBinding {
        method: v1::RouteMethod::Known(v1::Method::GET),
        path: &[v1::Segment::Literal("/pets")],
        inputs: &[],
        successes: &[v1::Reply {
            status: v1::StatusMatch::Code(204),
            body: None,
        }],
        failures: <PetError as v1::ServiceError>::REPLIES,
    }),
};
static CONTRACT: v1::Contract = v1::Contract {
    name: "pets",
    title: "Pets",
    version: "1",
    servers: &[],
    operations: &[&OPERATION],
    security_schemes: &[],
};

impl v1::Call for List {
    type Response = Response;
    type Failure = PetError;
    type Output = ();
    const OPERATION: &'static v1::Operation = &OPERATION;
    fn send(self, client: &v1::Client, options: v1::CallOptions) -> v1::Sending<'_, Self> {
        v1::send_http(client, self, options)
    }
    fn output(_: Response) {}
}

#[tokio::test]
async fn a_handler_answers_with_a_domain_error() {
    for error in every() {
        let api = Arc::new(error.clone());
        let service = v1::server::Service::new(&CONTRACT).operation(&api, |api, _: Context, _: List| {
            Box::pin(async move { Err(api.clone().into()) })
        });
        let response = service
            .oneshot(Request::get("/pets").body(Body::empty()).unwrap())
            .await
            .unwrap();
        let (index, status, _) = error.active();
        assert_eq!(response.status(), status);
        assert_eq!(response.headers()["content-type"], "application/json");
        let body = response.into_body().collect().await.unwrap().to_bytes();
        let status = StatusCode::from_u16(PET_ERROR[index].status).unwrap();
        let back = PetError::decode(index, status, &mut |place| json::read(&body, place));
        assert_eq!(back.unwrap(), error);
    }
}
