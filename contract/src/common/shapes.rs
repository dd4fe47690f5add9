//! Types in their one form: aliases followed, packages dropped, only what is reached.

use std::collections::{BTreeMap, HashMap};

use super::{CommonKind, CommonType, Member, Presence, Shape, names};
use crate::model::{
    Contract, Enum, EnumConstant, Field, Input, Scalar, Struct, Type, TypeDef, TypeKind, TypeName, TypeUse,
};

/// The types of a contract, and those that were reached so far.
pub(super) struct Shapes<'a> {
    contract: &'a Contract,
    /// How many types share a name once the packages are dropped.
    namesakes: HashMap<&'a str, usize>,
    reached: BTreeMap<String, Option<CommonType>>,
}

/// The parts that inputs and fields share.
struct Parts<'a> {
    value: &'a TypeUse,
    required: bool,
    default: Option<&'a serde_json::Value>,
    docs: Option<&'a str>,
    deprecated: bool,
}

impl<'a> Shapes<'a> {
    pub(super) fn of(contract: &'a Contract) -> Self {
        let mut namesakes = HashMap::new();
        for name in contract.types.keys() {
            *namesakes.entry(names::last(&name.0)).or_default() += 1;
        }
        Self {
            contract,
            namesakes,
            reached: BTreeMap::new(),
        }
    }

    /// The types that lead on from these shapes: what was looked at on the way to an input, and is none, is left out.
    pub(super) fn into_types<'s>(
        self,
        from: impl Iterator<Item = &'s Shape>,
    ) -> BTreeMap<String, CommonType> {
        let mut types: BTreeMap<String, CommonType> = self
            .reached
            .into_iter()
            .filter_map(|(name, definition)| Some((name, definition?)))
            .collect();
        let mut kept = BTreeMap::new();
        let mut open: Vec<Shape> = from.cloned().collect();
        while let Some(shape) = open.pop() {
            match shape {
                Shape::List(item) | Shape::Map(item) => open.push(*item),
                Shape::Named(name) => {
                    if let Some(definition) = types.remove(&name) {
                        open.extend(definition.kind.shapes().cloned());
                        kept.insert(name, definition);
                    }
                }
                Shape::Scalar(_) | Shape::Json => {}
            }
        }
        kept
    }

    /// What a value is; the types that it is made of count as reached.
    pub(super) fn shape(&mut self, value: &'a TypeUse) -> Shape {
        match &self.resolved(value).ty {
            Type::Scalar(Scalar::Date | Scalar::Uuid | Scalar::Ipv4 | Scalar::Ipv6) => {
                Shape::Scalar(Scalar::String)
            }
            Type::Scalar(Scalar::Binary | Scalar::File) => Shape::Scalar(Scalar::Bytes),
            Type::Scalar(scalar) => Shape::Scalar(*scalar),
            Type::List(item) => Shape::List(Box::new(self.shape(item))),
            Type::Map(item) => Shape::Map(Box::new(self.shape(item))),
            Type::Json => Shape::Json,
            Type::Named(name) => self.named(name),
        }
    }

    pub(super) fn input(&mut self, input: &'a Input) -> Member {
        self.member(&Parts {
            value: &input.value,
            required: input.required,
            default: input.default.as_ref(),
            docs: input.docs.as_deref(),
            deprecated: input.deprecated,
        })
    }

    /// The fields of a record; none if the value is something else.
    pub(super) fn fields_of(&mut self, value: &'a TypeUse) -> Option<BTreeMap<String, Member>> {
        let record = self.record(value)?;
        Some(self.fields(record))
    }

    /// The type of a record's field, called by its proto name or its JSON name.
    pub(super) fn field_use(&self, record: &'a TypeUse, field: &str) -> Option<&'a TypeUse> {
        let wanted = names::snake(field);
        let mut fields = self.record(record)?.fields.iter();
        let found = fields.find(|field| names::snake(&field.name) == wanted);
        found.map(|field| &field.value)
    }

    fn fields(&mut self, record: &'a Struct) -> BTreeMap<String, Member> {
        let fields = record.fields.iter();
        fields
            .map(|field| (names::snake(&field.name), self.field(field)))
            .collect()
    }

    fn field(&mut self, field: &'a Field) -> Member {
        self.member(&Parts {
            value: &field.value,
            required: field.required,
            default: field.default.as_ref(),
            docs: field.docs.as_deref(),
            deprecated: field.deprecated,
        })
    }

    fn member(&mut self, parts: &Parts<'a>) -> Member {
        let shape = self.shape(parts.value);
        let zero = self.zero(parts.value);
        let is_zero = parts
            .default
            .zip(zero.as_ref())
            .is_some_and(|(default, zero)| is_same(default, zero));
        let is_nullable = parts.value.nullable || self.resolved(parts.value).nullable;
        let presence = match &shape {
            Shape::List(_) | Shape::Map(_) => Presence::Always,
            Shape::Json | Shape::Scalar(Scalar::DateTime) => Presence::Unsaid,
            Shape::Named(_) if !self.is_enumeration(parts.value) => Presence::Unsaid,
            Shape::Named(_) | Shape::Scalar(_) if (parts.required || is_zero) && !is_nullable => {
                Presence::Always
            }
            Shape::Named(_) | Shape::Scalar(_) => Presence::Maybe,
        };
        Member {
            shape,
            presence,
            default: parts.default.filter(|_| !is_zero).cloned(),
            docs: names::folded(parts.docs.unwrap_or_default()),
            deprecated: parts.deprecated,
        }
    }

    /// The zero of a type, as JSON shows it.
    fn zero(&self, value: &TypeUse) -> Option<serde_json::Value> {
        use serde_json::json;
        Some(match &self.resolved(value).ty {
            Type::Scalar(Scalar::Bool) => json!(false),
            Type::Scalar(Scalar::F32 | Scalar::F64 | Scalar::Number | Scalar::Decimal) => json!(0.0),
            Type::Scalar(Scalar::I32 | Scalar::I64 | Scalar::U32 | Scalar::U64 | Scalar::Integer) => json!(0),
            Type::Scalar(Scalar::DateTime) | Type::Json => return None,
            Type::Scalar(_) => json!(""),
            Type::List(_) => json!([]),
            Type::Map(_) => json!({}),
            Type::Named(name) => match &self.contract.types.get(name)?.kind {
                TypeKind::Enum(declared) => match &declared.values.first()?.constant {
                    EnumConstant::Text(text) => json!(text),
                    EnumConstant::Integer(number) => json!(number),
                },
                _ => return None,
            },
        })
    }

    fn named(&mut self, name: &'a TypeName) -> Shape {
        let key = self.key(name);
        let Some(definition) = self.contract.types.get(name) else {
            // A checked contract has none of these.
            return Shape::Json;
        };
        if self.enter(&key) {
            let reached = self.definition(name, definition);
            self.reached.insert(key.clone(), reached);
        }
        Shape::Named(key)
    }

    /// Whether this is the first time that a type is reached.
    fn enter(&mut self, key: &str) -> bool {
        let is_new = !self.reached.contains_key(key);
        if is_new {
            self.reached.insert(key.to_owned(), None);
        }
        is_new
    }

    fn definition(&mut self, name: &'a TypeName, definition: &'a TypeDef) -> Option<CommonType> {
        let kind = match &definition.kind {
            TypeKind::Struct(record) => CommonKind::Record(self.fields(record)),
            TypeKind::Enum(declared) => CommonKind::Enumeration(constants(name, declared)),
            TypeKind::Union(union) => {
                let variants = union.variants.iter();
                CommonKind::Union(variants.map(|variant| self.shape(&variant.value)).collect())
            }
            // Aliases were followed before.
            TypeKind::Alias(_) => return None,
        };
        Some(CommonType {
            docs: names::folded(definition.docs.as_deref().unwrap_or_default()),
            deprecated: definition.deprecated,
            kind,
        })
    }

    /// The name of a type without its package, unless another has it too.
    fn key(&self, name: &TypeName) -> String {
        let last = names::last(&name.0);
        match self.namesakes.get(last) {
            Some(0 | 1) | None => last.to_owned(),
            Some(_) => name.0.clone(),
        }
    }

    fn record(&self, value: &'a TypeUse) -> Option<&'a Struct> {
        match &self.resolved(value).ty {
            Type::Named(name) => match &self.contract.types.get(name)?.kind {
                TypeKind::Struct(record) => Some(record),
                _ => None,
            },
            _ => None,
        }
    }

    fn is_enumeration(&self, value: &TypeUse) -> bool {
        let Type::Named(name) = &self.resolved(value).ty else {
            return false;
        };
        let definition = self.contract.types.get(name);
        definition.is_some_and(|definition| matches!(definition.kind, TypeKind::Enum(_)))
    }

    /// What a value is once aliases are followed. Aliases end: the contract is checked.
    fn resolved<'v>(&self, value: &'v TypeUse) -> &'v TypeUse
    where
        'a: 'v,
    {
        let mut value = value;
        for _ in 0..=self.contract.types.len() {
            let Type::Named(name) = &value.ty else { break };
            match self.contract.types.get(name).map(|definition| &definition.kind) {
                Some(TypeKind::Alias(target)) => value = target,
                _ => break,
            }
        }
        value
    }
}

/// Equality of JSON, in which 0 and 0.0 are one number.
fn is_same(left: &serde_json::Value, right: &serde_json::Value) -> bool {
    match (left.as_f64(), right.as_f64()) {
        (Some(left), Some(right)) => left.total_cmp(&right).is_eq(),
        _ => left == right,
    }
}

fn constants(name: &TypeName, declared: &Enum) -> Vec<String> {
    let texts = declared.values.iter().filter_map(|value| match &value.constant {
        EnumConstant::Text(text) => names::constant(&name.0, text),
        EnumConstant::Integer(number) => Some(number.to_string()),
    });
    let mut texts: Vec<String> = texts.collect();
    texts.sort();
    texts.dedup();
    texts
}
