//! Addresses that a contract names, with variables to be filled in.

use std::collections::BTreeMap;

/// An address that a contract names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Server {
    /// What it is called, by its `name`, its `x-name`, or its description; empty when it is called nothing.
    pub name: &'static str,
    /// Its URL, absolute or relative, with variables in braces: `https://{region}.example.com/v1`.
    pub url: &'static str,
    /// The variables.
    pub variables: &'static [ServerVariable],
}

/// A variable of a server's URL.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ServerVariable {
    /// Its name.
    pub name: &'static str,
    /// What it is unless set.
    pub default: &'static str,
    /// What it can be. Empty: anything.
    pub values: &'static [&'static str],
}

/// Why no address comes of a contract's servers. Says what there is to choose from.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ServerError {
    /// The contract names no such server.
    #[error("the contract names no server `{asked}`; it has {}", listed(known))]
    Unknown {
        /// What was asked for.
        asked: String,
        /// What there is.
        known: Vec<String>,
    },
    /// No server of the choice has such a variable.
    #[error("the server `{url}` has no variable `{asked}`; it has {}", listed(known))]
    UnknownVariable {
        /// What was to be set.
        asked: String,
        /// The server.
        url: &'static str,
        /// What there is.
        known: Vec<String>,
    },
    /// The variable cannot have this value.
    #[error("the variable `{variable}` of the server `{url}` has to be {}", either(known))]
    NotAmong {
        /// The variable.
        variable: &'static str,
        /// The server.
        url: &'static str,
        /// What it can be.
        known: Vec<String>,
    },
    /// The URL is relative, and nothing is known that it could be relative to.
    #[error("the server `{url}` is relative: set the address that it is relative to (`base_url`)")]
    Relative {
        /// The server.
        url: String,
    },
}

fn listed(known: &[String]) -> String {
    if known.is_empty() {
        "none".to_owned()
    } else {
        quoted(known).join(", ")
    }
}

fn either(known: &[String]) -> String {
    quoted(known).join(" or ")
}

fn quoted(known: &[String]) -> Vec<String> {
    known.iter().map(|text| format!("`{text}`")).collect()
}

impl Server {
    /// A server without variables or a name.
    pub const fn at(url: &'static str) -> Self {
        Self {
            name: "",
            url,
            variables: &[],
        }
    }

    /// Its URL, with these values for variables and defaults for the others.
    ///
    /// # Errors
    /// It has no such variable, or a variable cannot have such a value.
    pub fn url_with(&self, values: &BTreeMap<String, String>) -> Result<String, ServerError> {
        let unknown = values
            .keys()
            .find(|name| !self.variables.iter().any(|variable| variable.name == **name));
        if let Some(asked) = unknown {
            return Err(ServerError::UnknownVariable {
                asked: asked.clone(),
                url: self.url,
                known: self
                    .variables
                    .iter()
                    .map(|variable| variable.name.to_owned())
                    .collect(),
            });
        }
        let mut url = self.url.to_owned();
        for variable in self.variables {
            let value = values.get(variable.name).map_or(variable.default, String::as_str);
            let is_set = values.contains_key(variable.name);
            if is_set && !variable.values.is_empty() && !variable.values.contains(&value) {
                return Err(ServerError::NotAmong {
                    variable: variable.name,
                    url: self.url,
                    known: variable.values.iter().map(ToString::to_string).collect(),
                });
            }
            url = url.replace(&format!("{{{}}}", variable.name), value);
        }
        Ok(url)
    }
}

impl Server {
    /// Whether `address` is its URL, whatever its variables are.
    pub fn admits(&self, address: &str) -> bool {
        fn matches(template: &str, text: &str) -> bool {
            let Some((before, (_, after))) = template
                .split_once('{')
                .and_then(|(before, rest)| Some((before, rest.split_once('}')?)))
            else {
                return template == text;
            };
            let Some(rest) = text.strip_prefix(before) else {
                return false;
            };
            let mut ends = rest.char_indices().map(|(at, _)| at).chain([rest.len()]);
            ends.any(|end| matches(after, &rest[end..]))
        }
        self.url.contains("://") && matches(self.url.trim_end_matches('/'), address.trim_end_matches('/'))
    }
}

/// The server among `servers` that is called `name`, whatever the case; by its number from 0 where it has no name.
///
/// # Errors
/// There is none.
pub fn named(servers: &'static [Server], name: &str) -> Result<&'static Server, ServerError> {
    let by_name = servers
        .iter()
        .find(|server| !server.name.is_empty() && server.name.eq_ignore_ascii_case(name.trim()));
    let by_url = || servers.iter().find(|server| server.url == name);
    let by_number = || servers.get(name.trim().parse::<usize>().ok()?);
    by_name.or_else(by_url).or_else(by_number).ok_or_else(|| {
        let called = |(number, server): (usize, &Server)| match server.name {
            "" => number.to_string(),
            name => name.to_owned(),
        };
        ServerError::Unknown {
            asked: name.to_owned(),
            known: servers.iter().enumerate().map(called).collect(),
        }
    })
}

/// `url`, relative to `base` where it is no absolute one (RFC 3986, 5.2, of paths alone).
///
/// # Errors
/// It is relative, and there is no base.
pub fn resolved(url: &str, base: Option<&str>) -> Result<String, ServerError> {
    if url.contains("://") {
        return Ok(url.to_owned());
    }
    let Some((scheme, rest)) = base.and_then(|base| base.split_once("://")) else {
        return Err(ServerError::Relative { url: url.to_owned() });
    };
    if let Some(host) = url.strip_prefix("//") {
        return Ok(format!("{scheme}://{host}"));
    }
    let (authority, path) = match rest.find('/') {
        Some(at) => rest.split_at(at),
        None => (rest, "/"),
    };
    let joined = if url.starts_with('/') {
        url.to_owned()
    } else {
        let folder = &path[..=path.rfind('/').unwrap_or(0)];
        format!("{folder}{url}")
    };
    Ok(format!("{scheme}://{authority}{}", without_dots(&joined)))
}

/// A path without `.` and `..` (RFC 3986, 5.2.4).
pub(crate) fn without_dots(path: &str) -> String {
    let mut kept: Vec<&str> = Vec::new();
    let segments: Vec<&str> = path.split('/').collect();
    for (index, segment) in segments.iter().enumerate() {
        let is_last = index + 1 == segments.len();
        match *segment {
            "." if is_last => kept.push(""),
            "." => {}
            ".." => {
                // The first is what stands before the leading slash.
                if kept.len() > 1 {
                    kept.pop();
                }
                if is_last {
                    kept.push("");
                }
            }
            other => kept.push(other),
        }
    }
    kept.join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    const REGIONAL: Server = Server {
        name: "Production",
        url: "https://{region}.example.com/{version}",
        variables: &[
            ServerVariable {
                name: "region",
                default: "eu",
                values: &["eu", "us"],
            },
            ServerVariable {
                name: "version",
                default: "v1",
                values: &[],
            },
        ],
    };
    const ALL: &[Server] = &[REGIONAL, Server::at("/api")];

    fn set(values: &[(&str, &str)]) -> BTreeMap<String, String> {
        let own = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        values.iter().map(own).collect()
    }

    #[test]
    fn variables_have_their_defaults_unless_set() {
        assert_eq!(
            REGIONAL.url_with(&set(&[])).as_deref(),
            Ok("https://eu.example.com/v1")
        );
        assert_eq!(
            REGIONAL
                .url_with(&set(&[("region", "us"), ("version", "v9")]))
                .as_deref(),
            Ok("https://us.example.com/v9")
        );
    }

    #[test]
    fn what_the_contract_does_not_allow_is_refused_with_what_it_does() {
        let error = REGIONAL.url_with(&set(&[("region", "mars")])).unwrap_err();
        assert!(error.to_string().ends_with("has to be `eu` or `us`"), "{error}");
        let error = REGIONAL.url_with(&set(&[("zone", "a")])).unwrap_err();
        assert!(
            error.to_string().ends_with("it has `region`, `version`"),
            "{error}"
        );
        let error = named(ALL, "staging").unwrap_err();
        assert!(error.to_string().ends_with("it has `Production`, `1`"), "{error}");
    }

    #[test]
    fn an_address_is_told_to_be_a_servers() {
        assert!(REGIONAL.admits("https://us.example.com/v2/"));
        assert!(!REGIONAL.admits("https://us.example.org/v2"));
        assert!(!REGIONAL.admits("http://localhost:8080"));
        assert!(
            !Server::at("/api").admits("/api"),
            "a relative one could be anybody's"
        );
    }

    #[test]
    fn servers_are_found_by_name_url_and_number() {
        assert_eq!(named(ALL, "production"), Ok(&REGIONAL));
        assert_eq!(named(ALL, "1"), Ok(&Server::at("/api")));
        assert_eq!(named(ALL, "/api"), Ok(&Server::at("/api")));
    }

    #[test]
    fn a_relative_url_is_relative_to_the_base() {
        for (url, base, expected) in [
            ("/api", "https://h:1/docs/openapi.json", "https://h:1/api"),
            ("v2", "https://h/docs/openapi.json", "https://h/docs/v2"),
            ("../v2", "https://h/a/b/c.json", "https://h/a/v2"),
            ("./", "https://h/a/c.json", "https://h/a/"),
            ("//other/x", "https://h/a", "https://other/x"),
            ("http://else/x", "https://h/a", "http://else/x"),
            ("../../../x", "https://h", "https://h/x"),
        ] {
            assert_eq!(
                resolved(url, Some(base)).as_deref(),
                Ok(expected),
                "{url} on {base}"
            );
        }
        assert!(resolved("/api", None).is_err());
    }
}
