//! Connections, certificates and proxies of a service, as its settings name them.

use std::time::Duration;

use super::RegistryError;
use crate::config::{Environment, PoolSettings, Resolved};
use crate::http::{Proxies, Tls, TlsError, Transport, TransportBuilder};

/// Whom to trust and who we are.
pub(super) fn tls(resolved: &Resolved) -> Result<Tls, RegistryError> {
    let set = &resolved.settings().tls;
    let fail = |key: &str, problem: String| RegistryError::Transport {
        service: resolved.service().to_owned(),
        message: format!("`{key}`: {problem}"),
    };
    let read = |key: &str, path: &str| {
        std::fs::read(path).map_err(|error| fail(key, format!("{path} cannot be read: {error}")))
    };
    let mut tls = Tls::new();
    if let Some(path) = &set.ca_file {
        let unfit = |error: TlsError| fail("tls.ca_file", format!("{path}: {error}"));
        tls = tls.authority_pem(&read("tls.ca_file", path)?).map_err(unfit)?;
    }
    if set.public_roots == Some(false) {
        if set.ca_file.is_none() {
            let problem = "nobody would be trusted: set `tls.ca_file`".to_owned();
            return Err(fail("tls.public_roots", problem));
        }
        tls = tls.without_public_roots();
    }
    match (&set.certificate_file, &set.key_file) {
        (Some(certificate), Some(key)) => {
            // Each is told by its own name when it cannot be read.
            read("tls.certificate_file", certificate)?;
            read("tls.key_file", key)?;
            let unfit = |error: TlsError| fail("tls.certificate_file", format!("{certificate}: {error}"));
            tls = tls.identity_files(certificate, key).map_err(unfit)?;
        }
        (Some(_), None) => {
            return Err(fail(
                "tls.certificate_file",
                "its key is missing: set `tls.key_file`".into(),
            ));
        }
        (None, Some(_)) => {
            let problem = "its certificate is missing: set `tls.certificate_file`".to_owned();
            return Err(fail("tls.key_file", problem));
        }
        (None, None) => {}
    }
    Ok(tls)
}

/// Which proxies requests go by.
pub(super) fn proxies(resolved: &Resolved, environment: &dyn Environment) -> Result<Proxies, RegistryError> {
    let set = &resolved.settings().proxy;
    let fail = |key: &str, problem: String| RegistryError::Transport {
        service: resolved.service().to_owned(),
        message: format!("`{key}`: {problem}"),
    };
    let mut proxies = match &set.url {
        Some(url) => Proxies::all(url).map_err(|error| fail("proxy.url", error.to_string()))?,
        None if set.from_environment == Some(true) => Proxies::from_environment(|name| environment.get(name))
            .map_err(|error| fail("proxy.from_environment", error.to_string()))?,
        None => return Ok(Proxies::none()),
    };
    if let Some(except) = &set.except {
        proxies = proxies.except(&except.join(","));
    }
    match (&set.user, &set.password_env) {
        (Some(user), Some(variable)) => {
            let password = environment.get(variable).filter(|text| !text.is_empty());
            let missing = || {
                fail(
                    "proxy.password_env",
                    format!("the environment variable {variable} is not set"),
                )
            };
            proxies = proxies.credentials(user, &password.ok_or_else(missing)?);
        }
        (Some(_), None) => {
            return Err(fail(
                "proxy.user",
                "it has no password: set `proxy.password_env`".into(),
            ));
        }
        (None, Some(_)) => {
            return Err(fail(
                "proxy.password_env",
                "it has no user: set `proxy.user`".into(),
            ));
        }
        (None, None) => {}
    }
    Ok(proxies)
}

/// A transport whose connections are kept as the settings say.
pub(super) fn pool(set: &PoolSettings) -> TransportBuilder {
    let mut builder = Transport::builder();
    if let Some(connections) = set.max_idle {
        builder = builder.max_idle(connections as usize);
    }
    if let Some(timeout) = set.idle_timeout {
        builder = builder.idle_timeout(timeout);
    }
    if let Some(age) = set.max_age {
        builder = builder.max_age(age);
    }
    if set.http2_connections.is_some() || set.http2_streams.is_some() {
        let (connections, streams) = (
            set.http2_connections.unwrap_or(4),
            set.http2_streams.unwrap_or(100),
        );
        builder = builder.http2_connections(connections as usize, streams as usize);
    }
    if let Some(interval) = set.http2_ping_interval {
        let timeout = set.http2_ping_timeout.unwrap_or(Duration::from_secs(20));
        builder = builder.http2_ping(interval, timeout);
    }
    builder
}
