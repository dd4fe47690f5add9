//! A setting as it was read, before its type is known, and the types that it can be of.

use std::fmt;

use serde::de::{self, Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};

/// A setting as it was read.
#[derive(Debug, Clone)]
pub(super) enum Raw {
    /// Text in a file.
    Text(String),
    /// A number in a file.
    Integer(i64),
    /// A number in a file.
    Float(f64),
    /// A truth value in a file.
    Boolean(bool),
    /// A list in a file.
    List(Vec<Raw>),
    /// A table of texts in a file.
    Table(Vec<(String, String)>),
    /// The value of an environment variable, which is text whatever it means.
    Variable(String),
}

impl<'de> Deserialize<'de> for Raw {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Any;
        impl<'de> Visitor<'de> for Any {
            type Value = Raw;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a text, a number, true, false, or a list")
            }
            fn visit_str<E: de::Error>(self, text: &str) -> Result<Raw, E> {
                Ok(Raw::Text(text.to_owned()))
            }
            fn visit_i64<E: de::Error>(self, number: i64) -> Result<Raw, E> {
                Ok(Raw::Integer(number))
            }
            fn visit_u64<E: de::Error>(self, number: u64) -> Result<Raw, E> {
                // Beyond i64 it is beyond what any setting allows, too.
                Ok(i64::try_from(number).map_or(Raw::Float(number as f64), Raw::Integer))
            }
            fn visit_f64<E: de::Error>(self, number: f64) -> Result<Raw, E> {
                Ok(Raw::Float(number))
            }
            fn visit_bool<E: de::Error>(self, truth: bool) -> Result<Raw, E> {
                Ok(Raw::Boolean(truth))
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Raw, A::Error> {
                let mut items = Vec::new();
                while let Some(item) = list.next_element()? {
                    items.push(item);
                }
                Ok(Raw::List(items))
            }
            fn visit_map<A: MapAccess<'de>>(self, mut table: A) -> Result<Raw, A::Error> {
                let mut entries = Vec::new();
                while let Some(entry) = table.next_entry()? {
                    entries.push(entry);
                }
                Ok(Raw::Table(entries))
            }
        }
        deserializer.deserialize_any(Any)
    }
}

/// Text as it is.
pub(super) mod text {
    use super::Raw;

    pub(in crate::config) fn read(raw: &Raw) -> Option<String> {
        match raw {
            Raw::Text(text) => Some(text.clone()),
            Raw::Variable(text) => Some(text.trim().to_owned()),
            _ => None,
        }
    }

    pub(in crate::config) fn show(text: &String) -> String {
        format!("{text:?}")
    }
}

/// A list of words; in a variable, between commas or spaces.
pub(super) mod words {
    use super::Raw;

    pub(in crate::config) fn read(raw: &Raw) -> Option<Vec<String>> {
        match raw {
            Raw::List(items) => items.iter().map(super::text::read).collect(),
            Raw::Variable(text) => {
                let words = text.split(|c: char| c == ',' || c.is_whitespace());
                Some(words.filter(|word| !word.is_empty()).map(str::to_owned).collect())
            }
            _ => None,
        }
    }

    pub(in crate::config) fn show(words: &[String]) -> String {
        format!("{words:?}")
    }
}

/// A table of texts; in a variable, `name=text` between commas.
pub(super) mod pairs {
    use std::collections::BTreeMap;

    use super::Raw;

    pub(in crate::config) fn read(raw: &Raw) -> Option<BTreeMap<String, String>> {
        match raw {
            Raw::Table(entries) => Some(entries.iter().cloned().collect()),
            Raw::Variable(text) => {
                let pairs = text.split(',').filter(|pair| !pair.trim().is_empty());
                let pair = |pair: &str| {
                    let (name, value) = pair.split_once('=')?;
                    Some((name.trim().to_owned(), value.trim().to_owned()))
                };
                pairs.map(pair).collect()
            }
            _ => None,
        }
    }

    pub(in crate::config) fn show(pairs: &BTreeMap<String, String>) -> String {
        let pairs: Vec<String> = pairs
            .iter()
            .map(|(name, text)| format!("{name} = {text:?}"))
            .collect();
        format!("{{ {} }}", pairs.join(", "))
    }
}

/// A duration.
pub(super) mod time {
    use std::time::Duration;

    use super::Raw;
    use crate::config::units::{parse_duration, show_duration};

    pub(in crate::config) fn read(raw: &Raw) -> Option<Duration> {
        match raw {
            Raw::Text(text) | Raw::Variable(text) => parse_duration(text),
            _ => None,
        }
    }

    pub(in crate::config) fn show(duration: &Duration) -> String {
        show_duration(*duration)
    }
}

/// A list of durations; in a variable, between commas.
pub(super) mod times {
    use std::time::Duration;

    use super::Raw;
    use crate::config::units::{parse_duration, show_duration};

    pub(in crate::config) fn read(raw: &Raw) -> Option<Vec<Duration>> {
        match raw {
            Raw::List(items) => items.iter().map(super::time::read).collect(),
            Raw::Variable(text) => text.split(',').map(parse_duration).collect(),
            _ => None,
        }
    }

    pub(in crate::config) fn show(waits: &[Duration]) -> String {
        let waits: Vec<String> = waits.iter().map(|wait| show_duration(*wait)).collect();
        format!("[{}]", waits.join(", "))
    }
}

/// A number of something small.
pub(super) mod whole {
    use super::Raw;

    pub(in crate::config) fn read(raw: &Raw) -> Option<u32> {
        super::count::read(raw).and_then(|number| u32::try_from(number).ok())
    }

    pub(in crate::config) fn show(number: &u32) -> String {
        number.to_string()
    }
}

/// A number of something.
pub(super) mod count {
    use super::Raw;

    pub(in crate::config) fn read(raw: &Raw) -> Option<u64> {
        match raw {
            Raw::Integer(number) => u64::try_from(*number).ok(),
            Raw::Variable(text) => text.trim().parse().ok(),
            _ => None,
        }
    }

    pub(in crate::config) fn show(number: &u64) -> String {
        number.to_string()
    }
}

/// A size in octets.
pub(super) mod octets {
    use super::Raw;
    use crate::config::units::{parse_size, show_size};

    pub(in crate::config) fn read(raw: &Raw) -> Option<u64> {
        match raw {
            Raw::Text(text) | Raw::Variable(text) => parse_size(text),
            _ => None,
        }
    }

    pub(in crate::config) fn show(octets: &u64) -> String {
        show_size(*octets)
    }
}

/// A number that need not be whole.
pub(super) mod ratio {
    use super::Raw;

    pub(in crate::config) fn read(raw: &Raw) -> Option<f64> {
        match raw {
            Raw::Float(number) => Some(*number),
            Raw::Integer(number) => Some(*number as f64),
            Raw::Variable(text) => text.trim().parse().ok(),
            _ => None,
        }
    }

    pub(in crate::config) fn show(number: &f64) -> String {
        number.to_string()
    }
}

/// True or false.
pub(super) mod truth {
    use super::Raw;

    pub(in crate::config) fn read(raw: &Raw) -> Option<bool> {
        match raw {
            Raw::Boolean(truth) => Some(*truth),
            Raw::Variable(text) => text.trim().parse().ok(),
            _ => None,
        }
    }

    pub(in crate::config) fn show(truth: &bool) -> String {
        truth.to_string()
    }
}
