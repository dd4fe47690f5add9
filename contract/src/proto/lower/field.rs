//! Fields and what they hold.

use prost_reflect::{
    Cardinality, EnumDescriptor, FieldDescriptor, Kind, MessageDescriptor, MethodDescriptor, Value,
};
use prost_types::FieldOptions;
use serde_json::json;

use super::Context;
use crate::model::{Field, Scalar, Type, TypeName, TypeUse};

impl Context<'_> {
    pub(super) fn field(&self, field: &FieldDescriptor) -> Field {
        let direction = self.options.direction(field);
        let options = field.field_descriptor_proto().options.as_ref();
        Field {
            name: field.json_name().to_owned(),
            docs: self.docs(&field.parent_file(), field.path()),
            required: field.cardinality() == Cardinality::Required,
            value: field_use(field),
            default: default(field),
            read_only: direction.read_only,
            write_only: direction.write_only,
            deprecated: options.is_some_and(FieldOptions::deprecated),
        }
    }
}

fn field_use(field: &FieldDescriptor) -> TypeUse {
    match field.kind() {
        Kind::Message(entry) if field.is_map() => TypeUse::plain(Type::Map(Box::new(item_use(
            &entry.map_entry_value_field().kind(),
        )))),
        kind if field.is_list() => TypeUse::plain(Type::List(Box::new(item_use(&kind)))),
        kind => kind_use(&kind),
    }
}

/// In lists and maps `null` stands for nothing: not even wrappers are nullable there (ProtoJSON).
fn item_use(kind: &Kind) -> TypeUse {
    TypeUse {
        nullable: false,
        ..kind_use(kind)
    }
}

fn kind_use(kind: &Kind) -> TypeUse {
    let scalar = match kind {
        Kind::Double => Scalar::F64,
        Kind::Float => Scalar::F32,
        Kind::Int32 | Kind::Sint32 | Kind::Sfixed32 => Scalar::I32,
        Kind::Int64 | Kind::Sint64 | Kind::Sfixed64 => Scalar::I64,
        Kind::Uint32 | Kind::Fixed32 => Scalar::U32,
        Kind::Uint64 | Kind::Fixed64 => Scalar::U64,
        Kind::Bool => Scalar::Bool,
        Kind::String => Scalar::String,
        Kind::Bytes => Scalar::Bytes,
        Kind::Message(message) => return message_use(message),
        Kind::Enum(declared) if is_null_value(declared) => return TypeUse::plain(Type::Json),
        Kind::Enum(declared) => return TypeUse::plain(Type::Named(TypeName::from(declared.full_name()))),
    };
    TypeUse::plain(Type::Scalar(scalar))
}

/// A message where it is used.
pub(super) fn message_use(message: &MessageDescriptor) -> TypeUse {
    let name = message.full_name();
    well_known(name).unwrap_or_else(|| TypeUse::plain(Type::Named(TypeName::from(name))))
}

/// What the well-known types are, but for `Empty`, which is a message like any other.
pub(super) fn well_known(full_name: &str) -> Option<TypeUse> {
    let scalar = |scalar| TypeUse::plain(Type::Scalar(scalar));
    let wrapper = |scalar| TypeUse {
        nullable: true,
        ..TypeUse::plain(Type::Scalar(scalar))
    };
    Some(match full_name.strip_prefix("google.protobuf.")? {
        "Timestamp" => scalar(Scalar::DateTime),
        "Duration" | "FieldMask" => scalar(Scalar::String),
        "DoubleValue" => wrapper(Scalar::F64),
        "FloatValue" => wrapper(Scalar::F32),
        "Int64Value" => wrapper(Scalar::I64),
        "UInt64Value" => wrapper(Scalar::U64),
        "Int32Value" => wrapper(Scalar::I32),
        "UInt32Value" => wrapper(Scalar::U32),
        "BoolValue" => wrapper(Scalar::Bool),
        "StringValue" => wrapper(Scalar::String),
        "BytesValue" => wrapper(Scalar::Bytes),
        "Struct" | "Value" | "ListValue" | "Any" => TypeUse::plain(Type::Json),
        _ => return None,
    })
}

/// Whether a method's reply has no body in the model: one `Empty`.
pub(super) fn is_bodiless(method: &MethodDescriptor) -> bool {
    method.output().full_name() == "google.protobuf.Empty" && !method.is_server_streaming()
}

/// The enumeration that stands for JSON's `null`.
pub(super) fn is_null_value(declared: &EnumDescriptor) -> bool {
    declared.full_name() == "google.protobuf.NullValue"
}

/// What a reader assumes when the field is absent: proto2's default, or the zero of a field with implicit presence.
fn default(field: &FieldDescriptor) -> Option<serde_json::Value> {
    let is_given = field.field_descriptor_proto().default_value.is_some();
    let is_implicit = !field.supports_presence() && !field.is_list() && !field.is_map();
    (is_given || is_implicit).then(|| json_value(field)).flatten()
}

/// The field's default as JSON; none for what JSON cannot say (octets that are not UTF-8, infinity).
fn json_value(field: &FieldDescriptor) -> Option<serde_json::Value> {
    Some(match (field.default_value(), field.kind()) {
        (Value::EnumNumber(_), Kind::Enum(declared)) if is_null_value(&declared) => serde_json::Value::Null,
        (Value::EnumNumber(number), Kind::Enum(declared)) => json!(declared.get_value(number)?.name()),
        (Value::Bool(value), _) => json!(value),
        (Value::I32(value), _) => json!(value),
        (Value::I64(value), _) => json!(value),
        (Value::U32(value), _) => json!(value),
        (Value::U64(value), _) => json!(value),
        (Value::F32(value), _) => serde_json::Number::from_f64(shortest(value)?)?.into(),
        (Value::F64(value), _) => serde_json::Number::from_f64(value)?.into(),
        (Value::String(value), _) => json!(value),
        (Value::Bytes(value), _) if value.is_empty() => json!(""),
        _ => return None,
    })
}

/// The double that is written like this float: `0.1`, not `0.10000000149011612`.
fn shortest(value: f32) -> Option<f64> {
    value.to_string().parse().ok()
}
