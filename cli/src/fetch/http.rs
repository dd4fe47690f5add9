//! GET, by the project's own runtime: with its timeouts, retries and limits.

use std::time::Duration;

use tieline::Client;
use tieline_contract::source::MAX_FILE_BYTES;

/// How often a server may send us elsewhere.
const MOST_REDIRECTS: usize = 5;

/// What fetches.
pub(super) struct Network {
    runtime: tokio::runtime::Runtime,
}

impl Network {
    pub(super) fn new() -> std::io::Result<Self> {
        let mut builder = tokio::runtime::Builder::new_current_thread();
        Ok(Self {
            runtime: builder.enable_all().build()?,
        })
    }

    /// The octets of a document. `Err`: why there are none.
    pub(super) fn get(&self, url: &str) -> Result<Vec<u8>, String> {
        let mut url = url.to_owned();
        for _ in 0..=MOST_REDIRECTS {
            match self.runtime.block_on(once(&url))? {
                Answer::Document(octets) => return Ok(octets),
                Answer::Elsewhere(next) => {
                    if url.starts_with("https:") && !next.starts_with("https:") {
                        return Err("it leads to an address without encryption".to_owned());
                    }
                    url = next;
                }
            }
        }
        Err(format!("it leads elsewhere more than {MOST_REDIRECTS} times"))
    }
}

enum Answer {
    Document(Vec<u8>),
    Elsewhere(String),
}

async fn once(url: &str) -> Result<Answer, String> {
    let (origin, path) = split(url).ok_or("it is no address of a document")?;
    if origin.contains('@') {
        return Err(
            "an address with credentials would stand in files; map the URL to a copy instead".to_owned(),
        );
    }
    let client = Client::builder("documents")
        .url(origin)
        .map_err(|error| error.to_string())?
        .timeout(Duration::from_secs(60))
        .body_limit(MAX_FILE_BYTES)
        .build()
        .map_err(|error| error.to_string())?;
    match client.get(path).await {
        Ok(reply) => Ok(Answer::Document(reply.into_body().to_vec())),
        Err(error) => {
            let status = error.status().map_or(0, |status| status.as_u16());
            let location = error.reply().and_then(|reply| reply.headers.get("location"));
            match location.and_then(|location| location.to_str().ok()) {
                Some(location) if matches!(status, 301 | 302 | 303 | 307 | 308) => Ok(Answer::Elsewhere(
                    tieline_contract::source::resolve_url(url, location),
                )),
                _ => Err(error.to_string()),
            }
        }
    }
}

/// Where a service is, and what is asked of it.
fn split(url: &str) -> Option<(&str, &str)> {
    let after = url.find("://")? + 3;
    let end = url[after..].find('/').map_or(url.len(), |at| after + at);
    Some((&url[..end], if end == url.len() { "/" } else { &url[end..] }))
}

/// A URL without what may be secret in it.
pub(super) fn shown(url: &str) -> String {
    let plain = url.split(['?', '#']).next().unwrap_or_default();
    match (plain.split_once("://"), plain.split_once('@')) {
        (Some((scheme, _)), Some((_, rest))) => format!("{scheme}://…@{rest}"),
        _ => plain.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_split_before_its_path() {
        assert_eq!(
            split("https://a.example:8/b/c?d=e"),
            Some(("https://a.example:8", "/b/c?d=e"))
        );
        assert_eq!(split("http://a.example"), Some(("http://a.example", "/")));
        assert_eq!(split("urn:a"), None);
    }

    #[test]
    fn what_may_be_secret_is_not_shown() {
        assert_eq!(shown("https://u:p@a.example/b?key=c"), "https://…@a.example/b");
    }
}
