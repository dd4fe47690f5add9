//! The tables `[service.<name>]` and `[server]` of `tieline.toml`. Its other tables belong to the command line tool.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

use serde::de::{
    self, Deserialize, DeserializeSeed, Deserializer, Error as _, IgnoredAny, MapAccess, Visitor,
};

use super::environment::Environment;
use super::error::{ConfigError, Place};
use super::reading::refuse;
use super::{ServerSettings, Settings, spelling};

/// The file's name in the working directory.
pub const FILE_NAME: &str = "tieline.toml";
/// The environment variable that names another file.
pub const FILE_VARIABLE: &str = "TIELINE_CONFIG";

/// The settings in a file, by service.
#[derive(Debug, Clone, Default)]
pub struct ConfigFile {
    path: PathBuf,
    services: BTreeMap<String, Settings>,
    server: ServerSettings,
}

impl ConfigFile {
    /// Reads the file that `TIELINE_CONFIG` names, or `tieline.toml` in `directory` if there is one.
    ///
    /// # Errors
    /// The file that is named cannot be read, or what it says is wrong.
    pub fn find(environment: &dyn Environment, directory: &Path) -> Result<Self, ConfigError> {
        if let Some(named) = environment.get(FILE_VARIABLE) {
            return Self::load(&directory.join(named));
        }
        let path = directory.join(FILE_NAME);
        if path.is_file() {
            Self::load(&path)
        } else {
            Ok(Self::default())
        }
    }

    /// Reads a file.
    ///
    /// # Errors
    /// It cannot be read, or what it says is wrong.
    pub fn load(path: &Path) -> Result<Self, ConfigError> {
        let text = std::fs::read_to_string(path).map_err(|error| {
            ConfigError::new(
                Place::Unreadable(path.to_owned()),
                format!("cannot be read: {error}"),
            )
        })?;
        Self::parse(path, &text)
    }

    /// Reads the text of a file.
    ///
    /// # Errors
    /// It is no TOML, or has an unknown or unfit setting below `service`.
    pub fn parse(path: &Path, text: &str) -> Result<Self, ConfigError> {
        let located = |error: toml::de::Error| {
            let (line, column) = position(text, error.span().map_or(0, |span| span.start));
            let path = path.to_owned();
            // Only the message: the error's own text quotes the line.
            ConfigError::new(Place::File { path, line, column }, error.message())
        };
        let document: Document = toml::from_str(text).map_err(located)?;
        Ok(Self {
            path: path.to_owned(),
            services: document.service,
            server: document.server,
        })
    }

    /// The settings of a service, whichever way its name is spelled: `user-service` and `userService` are one.
    pub fn service(&self, name: &str) -> Option<&Settings> {
        let wanted = spelling::screaming_snake(name);
        self.services.get(name).or_else(|| {
            let mut all = self.services.iter();
            all.find(|(other, _)| spelling::screaming_snake(other) == wanted)
                .map(|(_, settings)| settings)
        })
    }

    /// The services that it has settings of.
    pub fn services(&self) -> impl Iterator<Item = &str> {
        self.services.keys().map(String::as_str)
    }

    /// The settings of the server of this process.
    pub fn server(&self) -> &ServerSettings {
        &self.server
    }

    /// Where it is; empty when there is none.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

/// The document, of which only `service` and `server` are read here.
#[derive(Default)]
struct Document {
    service: BTreeMap<String, Settings>,
    server: ServerSettings,
}

impl<'de> Deserialize<'de> for Document {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Top)
    }
}

struct Top;

impl<'de> Visitor<'de> for Top {
    type Value = Document;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a configuration")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Document, A::Error> {
        let mut document = Document::default();
        while let Some(table) = map.next_key_seed(TableName)? {
            if table == "service" {
                map.next_value_seed(Services(&mut document.service))?;
            } else if table == "server" {
                document.server = map.next_value()?;
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(document)
    }
}

/// The name of a table. The one spelling that is surely meant to be `service` is refused, so that its settings are
/// not overlooked.
struct TableName;

impl<'de> DeserializeSeed<'de> for TableName {
    type Value = String;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<String, D::Error> {
        let name = String::deserialize(deserializer)?;
        if name == "services" {
            return Err(D::Error::custom(
                "there is no table `services`; did you mean `service`?",
            ));
        }
        Ok(name)
    }
}

struct Services<'a>(&'a mut BTreeMap<String, Settings>);

impl<'de> DeserializeSeed<'de> for Services<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Services<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a table for each service: `[service.<name>]`")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(name) = map.next_key::<String>()? {
            let alike =
                |other: &&String| spelling::screaming_snake(other) == spelling::screaming_snake(&name);
            if let Some(other) = self.0.keys().find(alike) {
                let message =
                    format!("`{name}` and `{other}` are two spellings of one service: keep one table");
                return Err(A::Error::custom(message));
            }
            let settings = map.next_value()?;
            self.0.insert(name, settings);
        }
        Ok(())
    }

    refuse! { self => "`service` holds a table for each service: write `[service.<name>]`";
    visit_str(&str) visit_i64(i64) visit_u64(u64) visit_f64(f64) visit_bool(bool) }
}

/// Line and column, from 1, of a place in `text`. Columns are counted in characters.
fn position(text: &str, offset: usize) -> (usize, usize) {
    let before = text.get(..offset).unwrap_or(text);
    let line_start = before.rfind('\n').map_or(0, |at| at + 1);
    (
        before.matches('\n').count() + 1,
        before[line_start..].chars().count() + 1,
    )
}
