//! How an operation answers for many keys at once, in the words of `x-tieline-bulk`.

use schemars::JsonSchema;
use serde::Deserialize;
use tieline_contract::model::Bulk;

/// How an operation answers for many keys at once.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct BulkConfig {
    /// The parameter, or the property of the body, that takes the keys. The body is the list of keys by default.
    keys: Option<String>,
    /// The property of the reply that holds the items, where it has several lists.
    items: Option<String>,
    /// The property of an item that is its key.
    key: String,
    /// How many keys there may be at once. 100 by default.
    #[schemars(range(min = 1))]
    max: Option<u32>,
}

impl BulkConfig {
    /// The same for the generator.
    pub(crate) fn bulk(&self) -> Bulk {
        Bulk {
            keys: self.keys.clone(),
            items: self.items.clone(),
            key: self.key.clone(),
            max: self.max,
        }
    }
}
