//! Lists that come in pages.

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
