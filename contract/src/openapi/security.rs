//! Security schemes and requirements.

use indexmap::IndexMap;

use crate::model::{ApiKeyPlace, Requirement, SchemeKind, SecurityScheme};
use crate::schema::Context;
use crate::source::{Node, Object};

use super::diagnostics;
use super::info::docs;

type Schemes = IndexMap<String, SecurityScheme>;

/// `components/securitySchemes`.
pub(super) fn schemes(cx: &Context<'_>) -> Schemes {
    let Some(schemes) = cx
        .document
        .root
        .get("components")
        .and_then(|all| all.get("securitySchemes"))
    else {
        return Schemes::new();
    };
    let entries = cx
        .object(schemes, "`securitySchemes`")
        .map(Object::entries)
        .unwrap_or_default();
    let read = |entry: &crate::source::Entry| {
        let node = cx.document.follow(&entry.value).ok()?;
        let scheme = SecurityScheme {
            docs: docs(Some(node), "description"),
            kind: kind(node)?,
        };
        Some((entry.key.to_string(), scheme))
    };
    let mut known = Schemes::new();
    for entry in entries {
        match read(entry) {
            Some((name, scheme)) => {
                known.insert(name, scheme);
            }
            None => cx.report(cx.problem(&diagnostics::UNKNOWN_SCHEME_TYPE, &entry.value)),
        }
    }
    known
}

fn kind(node: &Node) -> Option<SchemeKind> {
    let text = |keyword: &str| node.get(keyword).and_then(Node::as_str);
    Some(match text("type")? {
        "apiKey" => SchemeKind::ApiKey {
            place: match text("in")? {
                "header" => ApiKeyPlace::Header,
                "query" => ApiKeyPlace::Query,
                "cookie" => ApiKeyPlace::Cookie,
                _ => return None,
            },
            name: text("name")?.to_owned(),
        },
        "http" => match text("scheme")?.to_ascii_lowercase().as_str() {
            "basic" => SchemeKind::Basic,
            "bearer" => SchemeKind::Bearer {
                format: text("bearerFormat").map(str::to_owned),
            },
            other => SchemeKind::Http {
                scheme: other.to_owned(),
            },
        },
        "oauth2" => {
            let flow = node.get("flows").and_then(|flows| flows.get("clientCredentials"));
            let token_url = flow
                .and_then(|flow| flow.get("tokenUrl")?.as_str())
                .map(str::to_owned);
            SchemeKind::OAuth2 { token_url }
        }
        "openIdConnect" => SchemeKind::OpenIdConnect {
            url: text("openIdConnectUrl")?.to_owned(),
        },
        "mutualTLS" => SchemeKind::MutualTls,
        _ => return None,
    })
}

/// An operation's requirements: its own, else the document's.
pub(super) fn requirements(cx: &Context<'_>, operation: &Node, known: &Schemes) -> Vec<Requirement> {
    let own = operation.get("security").filter(|node| !node.is_null());
    let Some(node) = own.or_else(|| cx.document.root.get("security")) else {
        return Vec::new();
    };
    let alternatives = cx.array(node, "`security`").unwrap_or_default();
    alternatives
        .iter()
        .filter_map(|alternative| requirement(cx, alternative, known))
        .collect()
}

fn requirement(cx: &Context<'_>, alternative: &Node, known: &Schemes) -> Option<Requirement> {
    let mut schemes = Vec::new();
    for entry in alternative.as_object()?.entries() {
        if !known.contains_key(&*entry.key) {
            let problem = cx.problem(&diagnostics::UNKNOWN_SCHEME, &entry.value);
            cx.report(problem.about(format!("`{}`", entry.key)));
            return None;
        }
        let scopes = entry.value.as_array().unwrap_or_default();
        let scopes = scopes
            .iter()
            .filter_map(Node::as_str)
            .map(str::to_owned)
            .collect();
        schemes.push((entry.key.to_string(), scopes));
    }
    Some(Requirement { schemes })
}
