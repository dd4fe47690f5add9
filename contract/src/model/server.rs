//! Where a service can be reached.

/// An address at which the service can be reached.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Server {
    /// What it is called: by its `name` (OpenAPI 3.2), its `x-name`, or a description of one line.
    pub name: Option<String>,
    /// Absolute or relative URL, with variables in braces.
    pub url: String,
    /// Documentation.
    pub docs: Option<String>,
    /// The variables that its URL has.
    pub variables: Vec<ServerVariable>,
}

/// A variable of a server's URL.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ServerVariable {
    /// Its name.
    pub name: String,
    /// What it is unless set.
    pub default: String,
    /// What it can be. Empty: anything.
    pub values: Vec<String>,
}
