//! Operations that answer for many keys at once.

use serde_json::Value;

/// How an operation answers for many keys, so that single questions can be gathered into calls of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bulk {
    /// The parameter, or the property of the body, that takes the keys. `None`: the body is the list of keys.
    pub keys: Option<String>,
    /// The property of the reply that holds the items, where it is said.
    pub items: Option<String>,
    /// The property of an item that is its key.
    pub key: String,
    /// How many keys there may be at once, where it is said.
    pub max: Option<u32>,
}

impl Bulk {
    /// What `x-tieline-bulk` says, or the same words elsewhere. `None`: nothing that makes sense.
    pub fn read(said: &Value) -> Option<Self> {
        let said = said.as_object()?;
        let text = |name: &str| match said.get(name) {
            None => Some(None),
            Some(value) => Some(Some(value.as_str()?.to_owned())),
        };
        let max = match said.get("max") {
            None => None,
            Some(value) => Some(u32::try_from(value.as_u64()?).ok().filter(|max| *max > 0)?),
        };
        Some(Self {
            keys: text("keys")?,
            items: text("items")?,
            key: text("key")??,
            max,
        })
    }
}
