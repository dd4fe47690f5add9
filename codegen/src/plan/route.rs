//! Where an operation is, and where each field of its request goes.

use tieline_contract::model::{
    HttpBinding, InputPlace, Method, Operation, PathSegment, QueryStyle, TextStyle,
};

use super::media::{self, MediaPlan};
use super::replies::{self, Of, ReplyPlan};
use super::ty::Names;

/// A route, and all that its static facts say.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct RoutePlan {
    /// As the runtime's tables write it: `GET`, or `"LINK"` for one that it has no name for.
    pub(crate) method: String,
    /// As written in the contract.
    pub(crate) path: String,
    pub(crate) segments: Vec<SegmentPlan>,
    pub(crate) places: Vec<PlacePlan>,
    pub(crate) successes: Vec<ReplyPlan>,
    pub(crate) failures: Vec<ReplyPlan>,
}

/// A run of a path.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum SegmentPlan {
    Literal(String),
    /// The field of this index.
    Variable(usize),
}

/// Where a field of the request goes.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum PlacePlan {
    Path(&'static str),
    ReservedPath(&'static str),
    Query(&'static str),
    ReservedQuery(&'static str),
    QueryString(MediaPlan),
    Header(&'static str),
    Cookie,
    ReservedCookie,
    /// For each type of the body the media types that carry it, the preferred first.
    Body(Vec<Vec<MediaPlan>>),
}

/// The route of an operation.
pub(crate) fn plan(names: &Names<'_>, operation: &Operation, binding: &HttpBinding) -> RoutePlan {
    let field = |name: &str| {
        (operation.inputs.iter().zip(&binding.inputs)).position(|(input, place)| {
            input.name == name && matches!(place, InputPlace::Path(_) | InputPlace::ReservedPath(_))
        })
    };
    let mut path = String::new();
    let mut segments: Vec<SegmentPlan> = Vec::new();
    for segment in &binding.path.segments {
        let literal = match segment {
            PathSegment::Literal(text) => text.clone(),
            PathSegment::Variable(name) => format!("{{{name}}}"),
        };
        path.push_str(&literal);
        match segment {
            PathSegment::Variable(name) if let Some(index) = field(name) => {
                segments.push(SegmentPlan::Variable(index));
            }
            // A variable without an input is refused when the contract is checked.
            _ => segments.push(SegmentPlan::Literal(literal)),
        }
    }
    RoutePlan {
        method: match &binding.method {
            Method::Other(name) => format!("{name:?}"),
            known => known.as_str().to_owned(),
        },
        path,
        segments,
        places: binding.inputs.iter().map(place).collect(),
        successes: replies::variants(names, Of::Success, &operation.successes),
        failures: replies::variants(names, Of::Failure, &operation.failures),
    }
}

fn place(place: &InputPlace) -> PlacePlan {
    match place {
        InputPlace::Path(style) => PlacePlan::Path(text_style(*style)),
        InputPlace::ReservedPath(style) => PlacePlan::ReservedPath(text_style(*style)),
        InputPlace::Query(style) => PlacePlan::Query(query_style(*style)),
        InputPlace::ReservedQuery(style) => PlacePlan::ReservedQuery(query_style(*style)),
        InputPlace::QueryString { encoding, styles } => {
            PlacePlan::QueryString(media::of_query(*encoding, styles))
        }
        InputPlace::Header(style) => PlacePlan::Header(text_style(*style)),
        InputPlace::Cookie => PlacePlan::Cookie,
        InputPlace::ReservedCookie => PlacePlan::ReservedCookie,
        InputPlace::Body { .. } => PlacePlan::Body(media::of_request(place)),
    }
}

pub(crate) fn query_style(style: QueryStyle) -> &'static str {
    match style {
        QueryStyle::FormExploded => "FormExploded",
        QueryStyle::Form => "Form",
        QueryStyle::Space => "Space",
        QueryStyle::Pipe => "Pipe",
        QueryStyle::Tab => "Tab",
        QueryStyle::DeepObject => "DeepObject",
        QueryStyle::Json => "Json",
    }
}

pub(crate) fn text_style(style: TextStyle) -> &'static str {
    match style {
        TextStyle::Simple => "Simple",
        TextStyle::SimpleExploded => "SimpleExploded",
        TextStyle::Label => "Label",
        TextStyle::LabelExploded => "LabelExploded",
        TextStyle::Matrix => "Matrix",
        TextStyle::MatrixExploded => "MatrixExploded",
        TextStyle::Json => "Json",
    }
}
