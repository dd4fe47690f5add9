//! Protos that need not be on the include path: the options of `google.api` and the error model of `google.rpc`.
//!
//! They are small texts of our own after the public wire formats, so that nobody needs a checkout of googleapis to
//! annotate a method. A file of the same name on the include path wins. `google/protobuf/*` comes with the compiler.

/// The text of a bundled file, by the name that imports use.
pub(super) fn text(name: &str) -> Option<&'static str> {
    FILES
        .iter()
        .find(|(bundled, _)| *bundled == name)
        .map(|(_, text)| *text)
}

/// Name and text, sorted by name.
const FILES: &[(&str, &str)] = &[
    (
        "google/api/annotations.proto",
        include_str!("bundled/google/api/annotations.proto"),
    ),
    (
        "google/api/client.proto",
        include_str!("bundled/google/api/client.proto"),
    ),
    (
        "google/api/field_behavior.proto",
        include_str!("bundled/google/api/field_behavior.proto"),
    ),
    (
        "google/api/field_info.proto",
        include_str!("bundled/google/api/field_info.proto"),
    ),
    (
        "google/api/http.proto",
        include_str!("bundled/google/api/http.proto"),
    ),
    (
        "google/api/httpbody.proto",
        include_str!("bundled/google/api/httpbody.proto"),
    ),
    (
        "google/api/launch_stage.proto",
        include_str!("bundled/google/api/launch_stage.proto"),
    ),
    (
        "google/api/resource.proto",
        include_str!("bundled/google/api/resource.proto"),
    ),
    (
        "google/api/routing.proto",
        include_str!("bundled/google/api/routing.proto"),
    ),
    (
        "google/api/visibility.proto",
        include_str!("bundled/google/api/visibility.proto"),
    ),
    (
        "google/rpc/code.proto",
        include_str!("bundled/google/rpc/code.proto"),
    ),
    (
        "google/rpc/status.proto",
        include_str!("bundled/google/rpc/status.proto"),
    ),
];
