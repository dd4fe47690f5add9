//! How the pages of a list follow each other, in the words of `x-tieline-pagination`.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Deserialize, Serialize};
use tieline_contract::model::Paging;

/// How the pages of a list follow each other; `false`: it comes in one piece.
#[derive(Debug, Deserialize, Serialize)]
#[serde(untagged)]
pub(crate) enum PaginationConfig {
    Switch(bool),
    Pages(PagesConfig),
}

impl PaginationConfig {
    /// The same for the generator. `None`: it says nothing.
    pub(crate) fn paging(&self) -> Option<Paging> {
        Paging::read(&serde_json::to_value(self).ok()?)
    }
}

/// Written out: the check of the file knows lists of types, and no alternatives.
impl JsonSchema for PaginationConfig {
    fn schema_name() -> Cow<'static, str> {
        "PaginationConfig".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let mut schema = PagesConfig::json_schema(generator);
        schema.insert("type".to_owned(), serde_json::json!(["boolean", "object"]));
        schema
    }
}

/// How the next page of a list is found: by one of `link`, `url`, `cursor`, `page` and `offset`; `false`: the list comes in one
/// piece.
#[derive(Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct PagesConfig {
    /// By the header `Link` with `rel="next"`.
    #[serde(skip_serializing_if = "Option::is_none")]
    link: Option<bool>,
    /// By a URL in the body, at this path of properties: `links.next`.
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<String>,
    /// By a cursor in the body, which goes into a parameter.
    #[serde(skip_serializing_if = "Option::is_none")]
    cursor: Option<CursorConfig>,
    /// By the number of the page.
    #[serde(skip_serializing_if = "Option::is_none")]
    page: Option<PageConfig>,
    /// By how many items to leave out.
    #[serde(skip_serializing_if = "Option::is_none")]
    offset: Option<OffsetConfig>,
    /// The property of the body that holds the items, where it has several lists.
    #[serde(skip_serializing_if = "Option::is_none")]
    items: Option<String>,
}

/// By a cursor in the body, which goes into a parameter.
#[derive(Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct CursorConfig {
    /// The parameter.
    parameter: String,
    /// Where the cursor stands, as a path of properties: `page.end`.
    at: String,
    /// Where the body says whether there is more, if it does: `page.has_more`.
    #[serde(skip_serializing_if = "Option::is_none")]
    more: Option<String>,
}

/// By the number of the page.
#[derive(Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct PageConfig {
    /// The parameter.
    parameter: String,
    /// The number of the first page. 1 by default.
    #[serde(skip_serializing_if = "Option::is_none")]
    first: Option<u32>,
}

/// By how many items to leave out.
#[derive(Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct OffsetConfig {
    /// The parameter.
    parameter: String,
}
