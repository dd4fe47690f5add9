//! One endpoint of a service, and what discovery knows of it.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use crate::http::{Endpoint, EndpointError};

/// The greatest weight.
const MAX_WEIGHT: u32 = 65_535;

/// One endpoint of a service.
///
/// ```
/// # use tieline::endpoints::Member;
/// let member: Member = "http://10.0.0.7:8080;weight=3;zone=eu-1a".parse()?;
/// assert_eq!((member.weight(), member.zone()), (3, Some("eu-1a")));
/// # Ok::<(), tieline::endpoints::MemberError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    endpoint: Endpoint,
    weight: u32,
    zone: Option<Arc<str>>,
    priority: u32,
    metadata: BTreeMap<String, String>,
}

/// Why a text is no endpoint of a service.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum MemberError {
    /// Its address is none.
    #[error(transparent)]
    Address(#[from] EndpointError),
    /// What follows the address cannot be read.
    #[error(
        "`{0}` behind an address is not known: write `;weight=1` to `;weight=65535`, `;zone=name` or `;priority=0`"
    )]
    Attribute(String),
}

impl Member {
    /// An endpoint of weight 1, in no zone, of the first priority.
    pub fn new(endpoint: Endpoint) -> Self {
        Self {
            endpoint,
            weight: 1,
            zone: None,
            priority: 0,
            metadata: BTreeMap::new(),
        }
    }

    /// How much of the load it takes beside others, from 1 to 65,535.
    pub fn with_weight(mut self, weight: u32) -> Self {
        self.weight = weight.clamp(1, MAX_WEIGHT);
        self
    }

    /// The zone that it is in.
    pub fn in_zone(mut self, zone: impl Into<Arc<str>>) -> Self {
        self.zone = Some(zone.into());
        self
    }

    /// When it is called: those of 0 are first, others stand in for them.
    pub fn with_priority(mut self, priority: u32) -> Self {
        self.priority = priority;
        self
    }

    /// Something else that discovery knows of it.
    pub fn with_metadata(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.metadata.insert(name.into(), value.into());
        self
    }

    /// Where it is.
    pub fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    /// Its weight.
    pub fn weight(&self) -> u32 {
        self.weight
    }

    /// Its zone.
    pub fn zone(&self) -> Option<&str> {
        self.zone.as_deref()
    }

    /// Its priority.
    pub fn priority(&self) -> u32 {
        self.priority
    }

    /// What else is known of it.
    pub fn metadata(&self) -> &BTreeMap<String, String> {
        &self.metadata
    }

    /// Its address as logs and metrics show it: the resolved one, where there is one.
    pub fn address(&self) -> String {
        match self.endpoint.address() {
            Some(address) => address.to_string(),
            None => self.endpoint.authority().to_string(),
        }
    }
}

impl From<Endpoint> for Member {
    fn from(endpoint: Endpoint) -> Self {
        Self::new(endpoint)
    }
}

impl FromStr for Member {
    type Err = MemberError;

    /// An address, and `;weight=3`, `;zone=eu-1a`, `;priority=1` behind it.
    fn from_str(text: &str) -> Result<Self, MemberError> {
        let mut parts = text.split(';');
        let mut member = Self::new(Endpoint::parse(parts.next().unwrap_or_default())?);
        for part in parts {
            let unknown = || MemberError::Attribute(part.chars().take(40).collect());
            let (name, value) = part.split_once('=').ok_or_else(unknown)?;
            let number = || value.trim().parse::<u32>().map_err(|_| unknown());
            member = match name.trim() {
                "weight" => {
                    let weight = number()?;
                    if !(1..=MAX_WEIGHT).contains(&weight) {
                        return Err(unknown());
                    }
                    member.with_weight(weight)
                }
                "priority" => member.with_priority(number()?),
                "zone" if !value.trim().is_empty() => member.in_zone(value.trim()),
                _ => return Err(unknown()),
            };
        }
        Ok(member)
    }
}

impl fmt::Display for Member {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.address())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attributes_stand_behind_the_address() {
        let member: Member = "http://a:1/base;weight=7;zone=z;priority=2".parse().unwrap();
        assert_eq!(member.endpoint(), &Endpoint::parse("http://a:1/base").unwrap());
        assert_eq!(
            (member.weight(), member.zone(), member.priority()),
            (7, Some("z"), 2)
        );
    }

    #[test]
    fn what_is_no_attribute_is_refused_by_name() {
        for (text, named) in [
            ("http://a:1;wieght=3", "wieght=3"),
            ("http://a:1;weight=0", "weight=0"),
            ("http://a:1;weight=70000", "weight=70000"),
            ("http://a:1;zone=", "zone="),
            ("http://a:1;", "``"),
        ] {
            let error = text.parse::<Member>().unwrap_err().to_string();
            assert!(
                error.contains(named) && error.contains(";weight=1"),
                "{text}: {error}"
            );
        }
        assert!(matches!(
            "nonsense".parse::<Member>(),
            Err(MemberError::Address(_))
        ));
    }
}
