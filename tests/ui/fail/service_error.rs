//! All that is wrong with failures.

use tieline::ServiceError;

#[derive(ServiceError)]
struct NoEnum;

#[derive(ServiceError)]
enum NoVariant {}

#[derive(ServiceError)]
enum Failures {
    NoStatus,
    #[service_error]
    Nothing,
    #[service_error()]
    Empty,
    #[service_error(status = 200)]
    Success,
    #[service_error(status = "404")]
    Text,
    #[service_error(code = "NOT_FUOND")]
    Misspelt,
    #[service_error(code = "Missing")]
    Unknown,
    #[service_error(code = "OK")]
    Fine,
    #[service_error(stauts = 404)]
    Argument,
    #[service_error(status = 404)]
    Field { code: u8 },
    #[service_error(status = 404)]
    FieldAttribute {
        #[service_error(rename = "x")]
        x: u8,
    },
}

#[derive(ServiceError)]
enum Generic<T> {
    #[service_error(status = 404)]
    One(T),
}

fn main() {}
