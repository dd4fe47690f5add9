//! Reads options that are extensions. Only dynamic messages still carry them: the typed ones drop what they do not know.

use prost_reflect::{DescriptorPool, DynamicMessage, ExtensionDescriptor, FieldDescriptor, MethodDescriptor};
use prost_reflect::{ServiceDescriptor, Value};

/// The extensions that mean something here, as far as the contract's files import them.
pub(super) struct Known {
    http: Option<ExtensionDescriptor>,
    default_host: Option<ExtensionDescriptor>,
    field_behavior: Option<ExtensionDescriptor>,
}

/// In which direction a field travels.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Direction {
    /// Only in replies.
    pub(super) read_only: bool,
    /// Only in requests.
    pub(super) write_only: bool,
}

impl Known {
    pub(super) fn of(pool: &DescriptorPool) -> Self {
        let extension = |name: &str| pool.get_extension_by_name(name);
        Self {
            http: extension("google.api.http"),
            default_host: extension("google.api.default_host"),
            field_behavior: extension("google.api.field_behavior"),
        }
    }

    /// The method's `google.api.HttpRule`.
    pub(super) fn http(&self, method: &MethodDescriptor) -> Option<DynamicMessage> {
        match value(&method.options(), self.http.as_ref())? {
            Value::Message(rule) => Some(rule),
            _ => None,
        }
    }

    /// The service's `google.api.default_host`.
    pub(super) fn default_host(&self, service: &ServiceDescriptor) -> Option<String> {
        match value(&service.options(), self.default_host.as_ref())? {
            Value::String(host) if !host.is_empty() => Some(host),
            _ => None,
        }
    }

    /// The field's `google.api.field_behavior`, as far as it tells a direction.
    pub(super) fn direction(&self, field: &FieldDescriptor) -> Direction {
        const OUTPUT_ONLY: i32 = 3;
        const INPUT_ONLY: i32 = 4;
        let behaviour = value(&field.options(), self.field_behavior.as_ref());
        let Some(Value::List(items)) = behaviour else {
            return Direction::default();
        };
        let has = |number: i32| items.iter().any(|item| item.as_enum_number() == Some(number));
        Direction {
            read_only: has(OUTPUT_ONLY),
            write_only: has(INPUT_ONLY),
        }
    }
}

fn value(options: &DynamicMessage, extension: Option<&ExtensionDescriptor>) -> Option<Value> {
    let extension = extension.filter(|extension| options.has_extension(extension))?;
    Some(options.get_extension(extension).into_owned())
}
