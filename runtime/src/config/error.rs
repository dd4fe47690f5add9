//! What is wrong with a configuration, and where. Values are never quoted: one of them may be a secret.

use std::fmt;
use std::path::PathBuf;

/// Why a configuration cannot be used. Its text says where, what, and what to do; it never shows a configured value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigError {
    place: Place,
    message: String,
    help: Option<String>,
}

/// Where a setting stands.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Place {
    /// A file, from line and column 1.
    File {
        /// The file.
        path: PathBuf,
        /// Its line.
        line: usize,
        /// The column, in characters.
        column: usize,
    },
    /// A file that cannot be read at all.
    Unreadable(PathBuf),
    /// An environment variable.
    Environment(String),
    /// Code that registers a service.
    Registered(String),
    /// Code that makes a client.
    Client(String),
    /// A contract's own defaults.
    Contract(String),
    /// None in particular: the settings of this service taken together.
    Service(String),
}

impl ConfigError {
    pub(crate) fn new(place: Place, message: impl Into<String>) -> Self {
        Self {
            place,
            message: message.into(),
            help: None,
        }
    }

    pub(crate) fn help(mut self, help: Option<String>) -> Self {
        self.help = help;
        self
    }

    /// Where it is.
    pub fn place(&self) -> &Place {
        &self.place
    }

    /// What is wrong.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// What to do about it, where that is known.
    pub fn help_text(&self) -> Option<&str> {
        self.help.as_deref()
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File { path, line, column } => write!(f, "{}:{line}:{column}", path.display()),
            Self::Unreadable(path) => write!(f, "{}", path.display()),
            Self::Environment(name) => write!(f, "environment variable {name}"),
            Self::Registered(service) => write!(f, "registered settings of {service}"),
            Self::Client(service) => write!(f, "overrides for a client of {service}"),
            Self::Contract(name) => write!(f, "contract {name}"),
            Self::Service(service) => write!(f, "settings of {service}"),
        }
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.message)?;
        match &self.help {
            Some(help) => write!(f, "; {help}"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for ConfigError {}
