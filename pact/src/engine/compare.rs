//! Matching by `pact_matching`, its outcome in our words.

use std::collections::HashMap;
use std::panic::RefUnwindSafe;

use bytes::Bytes;
use http::{HeaderMap, header};
use pact_matching::{Mismatch as Theirs, match_request, match_response};
use pact_models::bodies::OptionalBody;
use pact_models::content_types::ContentType;
use pact_models::headers::parse_header;
use pact_models::interaction::Interaction;
use pact_models::pact::Pact;
use pact_models::query_strings::parse_query_string;
use pact_models::v4::http_parts::{HttpRequest, HttpResponse};
use pact_models::v4::pact::V4Pact;

use super::{ActualReply, ActualRequest, Expected, pointer_of};
use crate::mismatch::{Mismatch, Place};

impl Expected {
    /// How `actual` differs from the request of the interaction.
    pub(crate) async fn compare_request(&self, actual: &ActualRequest) -> Vec<Mismatch> {
        let request = HttpRequest {
            method: actual.method.as_str().to_owned(),
            path: actual.path.clone(),
            query: actual
                .query
                .as_deref()
                .filter(|query| !query.is_empty())
                .and_then(parse_query_string),
            headers: Some(headers(&actual.headers)),
            body: body(&actual.headers, &actual.body),
            ..HttpRequest::default()
        };
        let (pact, interaction) = self.surroundings();
        match match_request(self.0.request.clone(), request, &pact, &interaction).await {
            Ok(result) => translated(result.mismatches()),
            Err(error) => vec![broken(&error)],
        }
    }

    /// How `actual` differs from the reply of the interaction.
    pub(crate) async fn compare_reply(&self, actual: &ActualReply) -> Vec<Mismatch> {
        let response = HttpResponse {
            status: actual.status.as_u16(),
            headers: Some(headers(&actual.headers)),
            body: body(&actual.headers, &actual.body),
            ..HttpResponse::default()
        };
        let (pact, interaction) = self.surroundings();
        match match_response(self.0.response.clone(), response, &pact, &interaction).await {
            Ok(mismatches) => translated(mismatches),
            Err(error) => vec![broken(&error)],
        }
    }

    /// What the matcher reads the configuration of plugins from: there is none.
    fn surroundings(
        &self,
    ) -> (
        Box<dyn Pact + Send + Sync + RefUnwindSafe>,
        Box<dyn Interaction + Send + Sync + RefUnwindSafe>,
    ) {
        (V4Pact::default().boxed(), self.0.boxed())
    }
}

fn headers(headers: &HeaderMap) -> HashMap<String, Vec<String>> {
    let mut all: HashMap<String, Vec<String>> = HashMap::new();
    for (name, value) in headers {
        let text = String::from_utf8_lossy(value.as_bytes());
        all.entry(name.as_str().to_owned())
            .or_default()
            .extend(parse_header(name.as_str(), &text));
    }
    all
}

fn body(headers: &HeaderMap, body: &Bytes) -> OptionalBody {
    if body.is_empty() {
        return OptionalBody::Empty;
    }
    let media_type = headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .and_then(|text| ContentType::parse(text).ok());
    OptionalBody::Present(body.clone(), media_type, None)
}

fn broken(error: &impl ToString) -> Mismatch {
    Mismatch {
        place: Place::Body(String::new()),
        expected: "an interaction that can be matched".into(),
        actual: String::new(),
        message: error.to_string(),
    }
}

/// In our words, in a stable order: the matcher collects them in hash maps.
fn translated(theirs: Vec<Theirs>) -> Vec<Mismatch> {
    let mut ours: Vec<_> = theirs.into_iter().map(translate).collect();
    ours.sort_by(|left, right| (&left.place, &left.message).cmp(&(&right.place, &right.message)));
    ours.dedup();
    ours
}

fn translate(theirs: Theirs) -> Mismatch {
    let (place, expected, actual, message) = match theirs {
        Theirs::MethodMismatch {
            expected,
            actual,
            mismatch,
        } => (Place::Method, expected, actual, mismatch),
        Theirs::PathMismatch {
            expected,
            actual,
            mismatch,
        } => (Place::Path, expected, actual, mismatch),
        Theirs::StatusMismatch {
            expected,
            actual,
            mismatch,
        } => (Place::Status, expected.to_string(), actual.to_string(), mismatch),
        Theirs::QueryMismatch {
            parameter,
            expected,
            actual,
            mismatch,
        } => (Place::Query(parameter), expected, actual, mismatch),
        Theirs::HeaderMismatch {
            key,
            expected,
            actual,
            mismatch,
        } => (Place::Header(key), expected, actual, mismatch),
        Theirs::MetadataMismatch {
            key,
            expected,
            actual,
            mismatch,
        } => (Place::Header(key), expected, actual, mismatch),
        Theirs::BodyTypeMismatch {
            expected,
            actual,
            mismatch,
            ..
        } => (Place::MediaType, expected, actual, mismatch),
        Theirs::BodyMismatch {
            path,
            expected,
            actual,
            mismatch,
        } => (
            Place::Body(pointer_of(&path)),
            text(expected.as_ref()),
            text(actual.as_ref()),
            mismatch,
        ),
    };
    Mismatch {
        place,
        expected: if expected.is_empty() {
            "nothing".into()
        } else {
            expected
        },
        actual,
        message: helped(message),
    }
}

fn text(octets: Option<&Bytes>) -> String {
    octets.map_or_else(String::new, |octets| String::from_utf8_lossy(octets).into_owned())
}

/// Without the feature every date matcher fails: say how to get it.
fn helped(message: String) -> String {
    if message.contains("require the datetime feature") {
        format!("{message}: add `features = [\"datetime\"]` to tieline-pact")
    } else {
        message
    }
}
