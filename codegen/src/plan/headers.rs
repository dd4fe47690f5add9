//! The headers that replies declare: a record for the successes of an operation, and one for its failures.
//!
//! Each is read of a reply when somebody asks for it, so that it stands beside `Response` and `Failure` and not in them.

use std::collections::HashMap;

use tieline_contract::model::{Reply, ReplyHeader, Scalar, TextStyle, Type, TypeUse};

use super::docs::Docs;
use super::name::{self, Case};
use super::replies::Of;
use super::route::text_style;
use super::rules;
use super::ty::{Names, RustType};
use super::types::{FieldPlan, Made, RecordPlan, TAKEN, name_setters};

/// The headers of an operation's successes or failures.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum HeadersPlan {
    /// No header is declared.
    None,
    /// A record of its own.
    Own(HeaderRecord),
    /// The same as that of the operation whose module has the first name; the second is the record's.
    Shared(String, &'static str),
}

/// A record of headers.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct HeaderRecord {
    pub(crate) record: RecordPlan,
    /// How each is written, as the runtime calls it.
    pub(crate) styles: Vec<&'static str>,
}

/// The records planned so far, by what they hold: the module and the name of the first.
#[derive(Default)]
pub(crate) struct Records {
    owners: HashMap<Key, (String, &'static str)>,
}

/// Name, documentation, whether it is required, style and type of each header.
type Key = Vec<(String, Docs, bool, &'static str, RustType)>;

/// What the record of such replies is called.
pub(crate) const fn record_name(of: Of) -> &'static str {
    match of {
        Of::Success => "Headers",
        Of::Failure => "FailureHeaders",
    }
}

impl HeadersPlan {
    /// The record, where the operation has one of its own.
    pub(crate) fn own(&self) -> Option<&HeaderRecord> {
        match self {
            Self::Own(record) => Some(record),
            Self::None | Self::Shared(..) => None,
        }
    }
}

impl Records {
    /// The headers of `replies`, for the operation in `module`.
    pub(crate) fn plan(&mut self, names: &Names<'_>, of: Of, module: &str, replies: &[Reply]) -> HeadersPlan {
        let headers = together(replies);
        if headers.is_empty() {
            return HeadersPlan::None;
        }
        let made = record(names, of, &headers);
        let fields = made.record.fields.iter().zip(&made.styles);
        let key: Key = fields
            .map(|(field, style)| {
                let wire = field.wire.clone().unwrap_or_default();
                (wire, field.docs.clone(), field.required, *style, field.ty.clone())
            })
            .collect();
        if let Some((owner, name)) = self.owners.get(&key) {
            return HeadersPlan::Shared(owner.clone(), name);
        }
        self.owners.insert(key, (module.to_owned(), record_name(of)));
        HeadersPlan::Own(made)
    }
}

/// The headers of all replies, each once. One is required where every reply has it, and text where replies differ about
/// what it is.
fn together(replies: &[Reply]) -> Vec<ReplyHeader> {
    let mut all: Vec<ReplyHeader> = Vec::new();
    for header in replies.iter().flat_map(|reply| &reply.headers) {
        let same = |known: &&mut ReplyHeader| known.name.eq_ignore_ascii_case(&header.name);
        match all.iter_mut().find(same) {
            None => all.push(header.clone()),
            Some(known) => {
                known.deprecated &= header.deprecated;
                if known.value != header.value || known.style != header.style {
                    known.value = TypeUse::plain(Type::Scalar(Scalar::String));
                    known.style = TextStyle::Simple;
                }
            }
        }
    }
    for header in &mut all {
        header.required = replies.iter().all(|reply| {
            let mut headers = reply.headers.iter();
            headers.any(|other| other.required && other.name.eq_ignore_ascii_case(&header.name))
        });
        // A header that is there has a text, and text is no null.
        header.value.nullable = false;
    }
    all
}

fn record(names: &Names<'_>, of: Of, headers: &[ReplyHeader]) -> HeaderRecord {
    let texts: Vec<&str> = headers.iter().map(|header| header.name.as_str()).collect();
    let field_names = name::assign(Case::Field, &texts, &[]);
    let mut fields: Vec<FieldPlan> = (headers.iter().zip(field_names))
        .map(|(header, name)| field(names, header, name))
        .collect();
    name_setters(&mut fields, TAKEN);
    let table = match of {
        Of::Success => "HEADERS",
        Of::Failure => "FAILURE_HEADERS",
    };
    HeaderRecord {
        styles: headers.iter().map(|header| text_style(header.style)).collect(),
        record: RecordPlan {
            table: table.to_owned(),
            has_default: fields.iter().all(|field| field.made != Made::Given),
            fields,
            open: "Ignored",
            rest: Vec::new(),
            rules: Vec::new(),
        },
    }
}

fn field(names: &Names<'_>, header: &ReplyHeader, name: String) -> FieldPlan {
    FieldPlan {
        docs: Docs::new(header.docs.as_deref(), || {
            format!("The header `{}`.", header.name)
        }),
        wire: Some(header.name.clone()),
        deprecated: header.deprecated,
        ty: names.field(header.required, &header.value, false),
        required: header.required,
        made: if header.required {
            Made::Given
        } else {
            Made::Nothing
        },
        converts: names.converts(header.required, &header.value),
        rules: rules::of_use(names, &header.value),
        setter: (!header.required).then(|| name.clone()),
        name,
    }
}
