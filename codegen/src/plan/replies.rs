//! The sets of replies: what an operation's `Response` and `Failure` are.

use std::collections::HashMap;

use tieline_contract::model::{Body, Encoding, Operation, Reply, Scalar, StatusMatch, TypeUse};

use super::docs::Docs;
use super::media;
use super::name::{self, Case};
use super::ty::{Names, RustType};
use super::xml::XmlPlan;

/// A `Response` or a `Failure`.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum ReplySetPlan {
    /// No reply is declared.
    None,
    /// An enum of its own.
    Own(Vec<ReplyPlan>),
    /// The same as that of the operation whose module has this name.
    Shared(String),
}

/// One reply: a variant.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct ReplyPlan {
    pub(crate) name: String,
    pub(crate) docs: Docs,
    pub(crate) status: StatusMatch,
    pub(crate) body: Option<ReplyBody>,
}

/// A reply's body.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct ReplyBody {
    pub(crate) ty: RustType,
    pub(crate) encoding: &'static str,
    pub(crate) media_type: String,
    /// The table of its elements, where it is XML.
    pub(crate) xml: Option<XmlPlan>,
    /// Other media types that carry it: encoding, media type, and its table where it is XML.
    pub(crate) also: Vec<(&'static str, String, Option<XmlPlan>)>,
}

/// What is the same about equal sets: of each reply its name, its status, and its type.
type Key = Vec<(String, StatusMatch, Option<RustType>)>;

fn key(names: &Names<'_>, replies: &[ReplyPlan]) -> Key {
    let one = |reply: &ReplyPlan| {
        let ty = reply.body.as_ref().map(|body| names.defined(&body.ty));
        (reply.name.clone(), reply.status, ty)
    };
    replies.iter().map(one).collect()
}

/// The sets planned so far: whose they are, and whether all who share one describe it alike.
#[derive(Default)]
pub(crate) struct Sets {
    owners: HashMap<Key, Shared>,
}

struct Shared {
    module: String,
    descriptions: Vec<Option<String>>,
    alike: bool,
}

impl Sets {
    /// The set of `replies`, for the operation in `module`.
    pub(crate) fn plan(
        &mut self,
        names: &Names<'_>,
        of: Of,
        module: &str,
        replies: &[Reply],
    ) -> ReplySetPlan {
        if replies.is_empty() {
            return ReplySetPlan::None;
        }
        let descriptions: Vec<Option<String>> = replies.iter().map(|reply| reply.docs.clone()).collect();
        let plans = variants(names, of, replies);
        let key = key(names, &plans);
        match self.owners.get_mut(&key) {
            Some(shared) => {
                shared.alike &= shared.descriptions == descriptions;
                ReplySetPlan::Shared(shared.module.clone())
            }
            None => {
                self.owners.insert(
                    key,
                    Shared {
                        module: module.to_owned(),
                        descriptions,
                        alike: true,
                    },
                );
                ReplySetPlan::Own(plans)
            }
        }
    }

    /// Takes one operation's words out of a set that several share and describe in different words.
    pub(crate) fn settle(&self, names: &Names<'_>, module: &str, set: &mut ReplySetPlan) {
        let ReplySetPlan::Own(replies) = set else { return };
        if self
            .owners
            .get(&key(names, replies))
            .is_some_and(|shared| shared.module == module && !shared.alike)
        {
            for reply in replies {
                reply.docs = Docs::lines(&format!("{}.", meaning(reply.status)));
            }
        }
    }
}

/// What replies mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Of {
    Success,
    Failure,
}

/// How a body goes that goes piece by piece: the runtime's name of its encoding, and its type.
pub(crate) fn stream(
    names: &Names<'_>,
    encoding: Encoding,
    value: &TypeUse,
) -> Option<(&'static str, RustType)> {
    let item = || Box::new(names.whole(value));
    match encoding {
        Encoding::Bytes => Some(("Octets", RustType::Octets)),
        Encoding::Events => Some(("Events", RustType::Events(item()))),
        Encoding::TextEvents => Some(("TextEvents", RustType::Events(item()))),
        Encoding::Lines => Some(("Lines", RustType::Items(item()))),
        Encoding::Sequence => Some(("Sequence", RustType::Items(item()))),
        Encoding::Json
        | Encoding::Form
        | Encoding::Multipart
        | Encoding::Xml
        | Encoding::Text
        | Encoding::Protobuf => None,
    }
}

/// The replies of a set as variants.
pub(crate) fn variants(names: &Names<'_>, of: Of, replies: &[Reply]) -> Vec<ReplyPlan> {
    let texts: Vec<String> = replies.iter().map(|reply| text(replies, reply)).collect();
    let variant_names = name::assign(Case::Variant, &texts, &[]);
    (replies.iter().zip(variant_names))
        .map(|(reply, name)| ReplyPlan {
            name,
            docs: Docs::new(reply.docs.as_deref(), || format!("{}.", meaning(reply.status))),
            status: reply.status,
            body: reply.body.as_ref().and_then(|body| self::body(names, of, body)),
        })
        .collect()
}

/// What a reply is called: by its status, and, of several of one status, by its media type, but for the usual one.
fn text(replies: &[Reply], reply: &Reply) -> String {
    let of_status = replies.iter().filter(|other| other.status == reply.status);
    let usual = of_status.min_by_key(|other| other.body.as_ref().map(|body| media::rank(body.encoding)));
    let plain = variant(reply.status);
    match &reply.body {
        Some(body) if !usual.is_some_and(|usual| std::ptr::eq(usual, reply)) => {
            format!(
                "{plain} {}",
                media::word(body.encoding, &body.media_type, &body.also)
            )
        }
        _ => plain,
    }
}

fn body(names: &Names<'_>, of: Of, body: &Body) -> Option<ReplyBody> {
    let (encoding, ty) = match stream(names, body.encoding, &body.value) {
        Some(streamed) if of == Of::Success => streamed,
        // A failure is held in memory, so that it can be read and retried.
        Some(_) => ("Bytes", RustType::Scalar(Scalar::Binary)),
        None => (self::encoding(body.encoding)?, names.whole(&body.value)),
    };
    let also = body.also.iter().filter_map(|other| {
        let encoding = if other.encoding == body.encoding {
            encoding
        } else {
            self::encoding(other.encoding)?
        };
        let xml = other.xml.as_deref().map(XmlPlan::of);
        Some((encoding, other.media_type.clone(), xml))
    });
    Some(ReplyBody {
        ty,
        encoding,
        media_type: body.media_type.clone(),
        xml: body.xml.as_deref().map(XmlPlan::of),
        also: also.collect(),
    })
}

/// The runtime's name of an encoding. `None`: HTTP/JSON does not speak it.
pub(crate) const fn encoding(encoding: Encoding) -> Option<&'static str> {
    match encoding {
        Encoding::Json => Some("Json"),
        Encoding::Form => Some("Form"),
        Encoding::Multipart => Some("Multipart"),
        Encoding::Xml => Some("Xml"),
        Encoding::Text => Some("Text"),
        Encoding::Bytes => Some("Bytes"),
        Encoding::Events => Some("Events"),
        Encoding::TextEvents => Some("TextEvents"),
        Encoding::Lines => Some("Lines"),
        Encoding::Sequence => Some("Sequence"),
        Encoding::Protobuf => None,
    }
}

/// Whether every body of an operation can be written by the runtime's HTTP adapter.
pub(crate) fn is_speakable(operation: &Operation) -> bool {
    (operation.successes.iter().chain(&operation.failures))
        .filter_map(|reply| reply.body.as_ref())
        .all(|body| encoding(body.encoding).is_some())
}

fn variant(status: StatusMatch) -> String {
    match status {
        StatusMatch::Code(code) => match reason(code) {
            Some(reason) => reason.to_owned(),
            None => format!("Status{code}"),
        },
        StatusMatch::Range(hundred) => match hundred {
            1 => "Informational".to_owned(),
            2 => "Success".to_owned(),
            3 => "Redirection".to_owned(),
            4 => "ClientError".to_owned(),
            5 => "ServerError".to_owned(),
            other => format!("Status{other}xx"),
        },
        StatusMatch::Default => "Default".to_owned(),
    }
}

/// What a status says, for documentation.
fn meaning(status: StatusMatch) -> String {
    match status {
        StatusMatch::Code(code) => match reason(code) {
            Some(reason) => format!("{code} {reason}"),
            None => format!("Status {code}"),
        },
        StatusMatch::Range(hundred) => format!("Any other status of the {hundred}00s"),
        StatusMatch::Default => "Any other status".to_owned(),
    }
}

/// The reason phrase (RFC 9110 section 15, and the IANA registry of status codes).
const fn reason(code: u16) -> Option<&'static str> {
    Some(match code {
        100 => "Continue",
        101 => "Switching Protocols",
        102 => "Processing",
        103 => "Early Hints",
        200 => "Ok",
        201 => "Created",
        202 => "Accepted",
        203 => "Non-Authoritative Information",
        204 => "No Content",
        205 => "Reset Content",
        206 => "Partial Content",
        207 => "Multi-Status",
        208 => "Already Reported",
        226 => "IM Used",
        300 => "Multiple Choices",
        301 => "Moved Permanently",
        302 => "Found",
        303 => "See Other",
        304 => "Not Modified",
        305 => "Use Proxy",
        307 => "Temporary Redirect",
        308 => "Permanent Redirect",
        400 => "Bad Request",
        401 => "Unauthorized",
        402 => "Payment Required",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        406 => "Not Acceptable",
        407 => "Proxy Authentication Required",
        408 => "Request Timeout",
        409 => "Conflict",
        410 => "Gone",
        411 => "Length Required",
        412 => "Precondition Failed",
        413 => "Content Too Large",
        414 => "URI Too Long",
        415 => "Unsupported Media Type",
        416 => "Range Not Satisfiable",
        417 => "Expectation Failed",
        421 => "Misdirected Request",
        422 => "Unprocessable Content",
        423 => "Locked",
        424 => "Failed Dependency",
        425 => "Too Early",
        426 => "Upgrade Required",
        428 => "Precondition Required",
        429 => "Too Many Requests",
        431 => "Request Header Fields Too Large",
        451 => "Unavailable For Legal Reasons",
        500 => "Internal Server Error",
        501 => "Not Implemented",
        502 => "Bad Gateway",
        503 => "Service Unavailable",
        504 => "Gateway Timeout",
        505 => "HTTP Version Not Supported",
        506 => "Variant Also Negotiates",
        507 => "Insufficient Storage",
        508 => "Loop Detected",
        511 => "Network Authentication Required",
        _ => return None,
    })
}
