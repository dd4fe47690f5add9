//! [`Settings`] from anything that serde reads. Every unknown key is refused with the key that was probably meant;
//! with a TOML document, the error carries its place.

use std::fmt;

use serde::de::{self, Deserialize, DeserializeSeed, Deserializer, Error as _, MapAccess, Visitor};

use super::leaves::{self, LEAVES, Leaf};
use super::raw::Raw;
use super::{Settings, spelling};

/// Says of everything but a table what it should be, and not what it is.
macro_rules! refuse {
    ($this:ident => $message:expr; $($visit:ident($ty:ty))*) => {
        $(fn $visit<E: de::Error>($this, _: $ty) -> Result<Self::Value, E> {
            Err(E::custom($message))
        })*
    };
}
pub(super) use refuse;

impl<'de> Deserialize<'de> for Settings {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut settings = Settings::default();
        let level = Level {
            settings: &mut settings,
            prefix: String::new(),
        };
        level.deserialize(deserializer)?;
        match leaves::conflict(&settings) {
            Some(message) => Err(D::Error::custom(message)),
            None => Ok(settings),
        }
    }
}

/// A table: the settings themselves, or a section such as `retry`.
struct Level<'a> {
    settings: &'a mut Settings,
    /// The path of the table with a dot behind it; empty for the settings themselves.
    prefix: String,
}

impl<'de> DeserializeSeed<'de> for Level<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Level<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a table of settings")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(found) = map.next_key_seed(Key(&self.prefix))? {
            match found {
                Found::Leaf(leaf) => map.next_value_seed(Value {
                    settings: self.settings,
                    leaf,
                })?,
                Found::Section(prefix) => map.next_value_seed(Level {
                    settings: self.settings,
                    prefix,
                })?,
            }
        }
        Ok(())
    }

    refuse! { self => not_a_table(&self.prefix);
    visit_str(&str) visit_i64(i64) visit_u64(u64) visit_f64(f64) visit_bool(bool) }
}

fn not_a_table(prefix: &str) -> String {
    match prefix.trim_end_matches('.') {
        "" => "the settings of a service are a table".into(),
        section => format!("`{section}` is a table of settings"),
    }
}

/// A key of the table with this prefix.
struct Key<'a>(&'a str);

enum Found {
    Leaf(&'static Leaf),
    /// With the prefix of its keys.
    Section(String),
}

impl<'de> DeserializeSeed<'de> for Key<'_> {
    type Value = Found;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Found, D::Error> {
        deserializer.deserialize_identifier(self)
    }
}

impl Visitor<'_> for Key<'_> {
    type Value = Found;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the name of a setting")
    }

    fn visit_str<E: de::Error>(self, key: &str) -> Result<Found, E> {
        let path = format!("{}{key}", self.0);
        if let Some(leaf) = leaves::find(&path) {
            return Ok(Found::Leaf(leaf));
        }
        let section = format!("{path}.");
        if LEAVES.iter().any(|leaf| leaf.path.starts_with(&section)) {
            return Ok(Found::Section(section));
        }
        Err(E::custom(unknown(self.0, key)))
    }
}

/// What to say of an unknown key.
fn unknown(prefix: &str, key: &str) -> String {
    let secrets = [
        ("api_key", "a key", "api_key_env"),
        ("apikey", "a key", "api_key_env"),
        ("service_api_key", "a key", "api_key_env"),
        ("client_secret", "a secret", "auth.client_secret_env"),
        ("password", "a password", "auth.password_env"),
        ("token", "a token", "auth.token_env"),
    ];
    let written = key.to_ascii_lowercase();
    if let Some((_, what, instead)) = secrets.iter().find(|(name, ..)| *name == written) {
        let place = "put it into an environment variable and name that by";
        return format!("{what} does not belong here: {place} `{instead}`");
    }
    let below = LEAVES
        .iter()
        .filter_map(|leaf| leaf.path.strip_prefix(prefix))
        .map(|rest| rest.split('.').next().unwrap_or(rest));
    let meant = spelling::nearest(key, below).map(|name| format!("{prefix}{name}"));
    // A setting of another table that was written without it.
    let elsewhere = || {
        let path = LEAVES
            .iter()
            .map(|leaf| leaf.path)
            .find(|path| path.rsplit('.').next() == Some(key));
        path.map(str::to_owned)
    };
    let what = format!("there is no setting `{prefix}{key}`");
    match meant.or_else(elsewhere) {
        Some(meant) => format!("{what}; did you mean `{meant}`?"),
        None => what,
    }
}

/// The value of a setting.
struct Value<'a> {
    settings: &'a mut Settings,
    leaf: &'static Leaf,
}

impl<'de> DeserializeSeed<'de> for Value<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        // Whatever serde says of a value quotes it, so none of that is passed on; the place is added from outside.
        let raw = Raw::deserialize(deserializer).map_err(|_| D::Error::custom(self.leaf.expectation()))?;
        (self.leaf.set)(self.settings, &raw).ok_or_else(|| D::Error::custom(self.leaf.expectation()))?;
        match self.leaf.problem(self.settings) {
            Some(message) => Err(D::Error::custom(message)),
            None => Ok(()),
        }
    }
}
