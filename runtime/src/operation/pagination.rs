//! How the pages of a list follow each other.

/// How the next page of a list is found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pagination {
    /// By the reply's header `Link` with `rel="next"` (RFC 8288).
    Link,
    /// By a URL in the body: where it stands.
    Url(&'static [&'static str]),
    /// By a cursor in the body, which goes into a parameter.
    Cursor {
        /// The field of the request.
        input: usize,
        /// Where the cursor stands in the body.
        at: &'static [&'static str],
        /// Where the body says whether there is more, if it does.
        more: &'static [&'static str],
    },
    /// By the number of the page, until one is empty.
    Page {
        /// The field of the request.
        input: usize,
        /// The number of the first page.
        first: u64,
    },
    /// By how many items to leave out, until a page is empty.
    Offset {
        /// The field of the request.
        input: usize,
    },
}
