//! Lists that come in pages.

use serde_json::Value;

/// What a contract says about the pages of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Paging {
    /// Nothing. Whether the successful reply has the header `Link`.
    Unsaid {
        /// It has.
        links: bool,
    },
    /// That it comes in one piece.
    Never,
    /// How the pages follow each other.
    Said {
        /// How the next page is found.
        next: NextPage,
        /// The property of the body that holds the items, where it is said.
        items: Option<String>,
    },
}

impl Default for Paging {
    fn default() -> Self {
        Self::Unsaid { links: false }
    }
}

impl Paging {
    /// What `x-tieline-pagination` says, or the same words elsewhere. `None`: nothing that makes sense.
    pub fn read(said: &Value) -> Option<Self> {
        if *said == Value::Bool(false) {
            return Some(Self::Never);
        }
        said.as_object()?;
        let place = |value: &Value| -> Option<Vec<String>> {
            Some(value.as_str()?.split('.').map(str::to_owned).collect())
        };
        let parameter = |value: &Value| Some(value.get("parameter")?.as_str()?.to_owned());
        let next = if said.get("link") == Some(&Value::Bool(true)) {
            NextPage::Link
        } else if let Some(url) = said.get("url") {
            NextPage::Url(place(url)?)
        } else if let Some(cursor) = said.get("cursor") {
            NextPage::Cursor {
                parameter: parameter(cursor)?,
                at: place(cursor.get("at")?)?,
                more: cursor.get("more").and_then(place).unwrap_or_default(),
            }
        } else if let Some(page) = said.get("page") {
            NextPage::Page {
                parameter: parameter(page)?,
                first: page.get("first").and_then(Value::as_u64).unwrap_or(1),
            }
        } else {
            NextPage::Offset {
                parameter: parameter(said.get("offset")?)?,
            }
        };
        let items = said.get("items").and_then(Value::as_str).map(str::to_owned);
        Some(Self::Said { next, items })
    }
}

/// How the next page of a list is found. Places in the body are paths of properties.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NextPage {
    /// By the header `Link` with `rel="next"`.
    Link,
    /// By a URL in the body.
    Url(Vec<String>),
    /// By a cursor in the body, which goes into a parameter.
    Cursor {
        /// The parameter.
        parameter: String,
        /// Where the cursor stands.
        at: Vec<String>,
        /// Where the body says whether there is more; empty where it does not.
        more: Vec<String>,
    },
    /// By the number of the page.
    Page {
        /// The parameter.
        parameter: String,
        /// The number of the first page.
        first: u64,
    },
    /// By how many items to leave out.
    Offset {
        /// The parameter.
        parameter: String,
    },
}
