//! Types: how a value is represented, what else is checked about it, and how a union is told apart.

use std::fmt;

use super::Origin;

/// The name of a type: as written in the source for a component schema (`Pet`) or a proto message
/// (`user.v1.User`), or derived from where an inline schema stands (`Pet.owner`, `listPets.response.200`).
///
/// Unique within a contract. Rust names are made from it by the code generator.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TypeName(pub String);

impl fmt::Display for TypeName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<&str> for TypeName {
    fn from(name: &str) -> Self {
        Self(name.to_owned())
    }
}

/// A named type.
#[derive(Debug, Clone, PartialEq)]
pub struct TypeDef {
    /// Documentation (CommonMark).
    pub docs: Option<String>,
    /// Marked as deprecated.
    pub deprecated: bool,
    /// What it is.
    pub kind: TypeKind,
    /// What else is required of a value (a struct's property counts, an alias' ranges, …).
    pub rules: Vec<Rule>,
    /// Whether `kind` and `rules` say all that the source says. `false`: the type was widened, and accepts
    /// values that the source would refuse; it never refuses one that the source accepts.
    pub exact: bool,
    /// Whether it has no name of its own in the source: it is named by where it stands (`Pet.owner`).
    pub inline: bool,
    /// Where it was written.
    pub origin: Origin,
}

impl TypeDef {
    /// The names of the types that it is made of, or judged by.
    pub fn names(&self) -> Vec<&TypeName> {
        let mut names = names_in(&self.rules);
        match &self.kind {
            TypeKind::Alias(value) => names.extend(value.names()),
            TypeKind::Union(union) => {
                names.extend(union.variants.iter().flat_map(|variant| variant.value.names()));
            }
            TypeKind::Struct(one) => {
                names.extend(one.fields.iter().flat_map(|field| field.value.names()));
                if let Additional::Typed(value) = &one.additional {
                    names.extend(value.names());
                }
            }
            TypeKind::Enum(_) => {}
        }
        names
    }
}

/// The names in checks.
fn names_in(rules: &[Rule]) -> Vec<&TypeName> {
    let checks = rules.iter().filter_map(|rule| match rule {
        Rule::Check(check) => Some(&check.types),
        _ => None,
    });
    checks.flatten().collect()
}

/// The four kinds of named type.
#[derive(Debug, Clone, PartialEq)]
pub enum TypeKind {
    /// An object with known fields.
    Struct(Struct),
    /// One of a closed list of constants (decoders still keep unknown ones).
    Enum(Enum),
    /// One of several types.
    Union(Union),
    /// Another name for a type.
    Alias(TypeUse),
}

/// An object.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Struct {
    /// Its fields, in the order of the source.
    pub fields: Vec<Field>,
    /// What is said about other properties.
    pub additional: Additional,
    /// Groups of fields of which at most one is set (proto `oneof`): name and indices into `fields`.
    pub one_of: Vec<(String, Vec<usize>)>,
}

/// What a struct says about properties that it does not name.
#[derive(Debug, Clone, PartialEq, Default)]
pub enum Additional {
    /// Nothing: they are accepted and not kept.
    #[default]
    Unspecified,
    /// There must be none.
    Forbidden,
    /// They are kept, and each is of this type.
    Typed(Box<TypeUse>),
}

/// A field of a struct.
#[derive(Debug, Clone, PartialEq)]
pub struct Field {
    /// The name on the wire (JSON).
    pub name: String,
    /// Documentation (CommonMark).
    pub docs: Option<String>,
    /// Must be present. Whether it may be null is the type use's `nullable`: three states when it is both
    /// optional and nullable.
    pub required: bool,
    /// Its type.
    pub value: TypeUse,
    /// The value that a reader assumes when it is absent.
    pub default: Option<serde_json::Value>,
    /// Only in replies.
    pub read_only: bool,
    /// Only in requests.
    pub write_only: bool,
    /// Marked as deprecated.
    pub deprecated: bool,
}

/// A type where it is used, with what is said there.
#[derive(Debug, Clone, PartialEq)]
pub struct TypeUse {
    /// The type.
    pub ty: Type,
    /// `null` is a value too.
    pub nullable: bool,
    /// What else is required of the value here.
    pub rules: Vec<Rule>,
}

impl TypeUse {
    /// `ty`, not nullable, without rules.
    pub fn plain(ty: Type) -> Self {
        Self {
            ty,
            nullable: false,
            rules: Vec::new(),
        }
    }

    /// The names of the types that it is made of, within lists and maps, too, or judged by.
    pub fn names(&self) -> Vec<&TypeName> {
        let mut names = Vec::new();
        let mut value = self;
        loop {
            names.extend(names_in(&value.rules));
            match &value.ty {
                Type::List(inner) | Type::Map(inner) => value = inner,
                Type::Named(name) => {
                    names.push(name);
                    return names;
                }
                Type::Scalar(_) | Type::Json => return names,
            }
        }
    }
}

/// A type expression.
#[derive(Debug, Clone, PartialEq)]
pub enum Type {
    /// A named type of the contract.
    Named(TypeName),
    /// A scalar.
    Scalar(Scalar),
    /// An ordered list.
    List(Box<TypeUse>),
    /// A map from strings.
    Map(Box<TypeUse>),
    /// Any JSON value, kept as it is.
    Json,
}

/// Scalars, by what they mean; what a format cannot express falls back to `String`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Scalar {
    /// `true` or `false`.
    Bool,
    /// 32-bit signed integer.
    I32,
    /// 64-bit signed integer.
    I64,
    /// 32-bit unsigned integer.
    U32,
    /// 64-bit unsigned integer.
    U64,
    /// An integer of any size: neither a format nor bounds say how large it can be.
    Integer,
    /// 32-bit float.
    F32,
    /// 64-bit float.
    F64,
    /// A number without a format: read as a 64-bit float, or by its digits.
    Number,
    /// A number by its digits (`format: decimal`).
    Decimal,
    /// Text.
    String,
    /// Octets; base64 in JSON (`format: byte`, `contentEncoding: base64`, proto `bytes`).
    Bytes,
    /// Octets as they are (`format: binary`): only as a whole body.
    Binary,
    /// Octets with a file name and a media type: a part of a multipart body.
    File,
    /// RFC 3339 date and time; proto `google.protobuf.Timestamp`.
    DateTime,
    /// RFC 3339 full-date.
    Date,
    /// RFC 3339 full-time.
    Time,
    /// RFC 3339 duration.
    Duration,
    /// A UUID.
    Uuid,
    /// An IPv4 address.
    Ipv4,
    /// An IPv6 address.
    Ipv6,
}

/// A string or integer enumeration.
#[derive(Debug, Clone, PartialEq)]
pub struct Enum {
    /// Its values, in the order of the source, without duplicates. All of one kind.
    pub values: Vec<EnumValue>,
}

/// One value of an enumeration.
#[derive(Debug, Clone, PartialEq)]
pub struct EnumValue {
    /// The constant on the wire (JSON).
    pub constant: EnumConstant,
    /// A name given by the author (`x-enum-varnames`, a titled `const`), else none.
    pub name: Option<String>,
    /// Documentation.
    pub docs: Option<String>,
    /// The number on the wire in protobuf, where there is one.
    pub number: Option<i32>,
}

/// What an enumeration's value is on the wire.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum EnumConstant {
    /// Text.
    Text(String),
    /// An integer.
    Integer(i64),
}

/// One of several types.
#[derive(Debug, Clone, PartialEq)]
pub struct Union {
    /// The alternatives, in the order of the source.
    pub variants: Vec<Variant>,
    /// How a reader finds the alternative, decided while reading the contract.
    pub dispatch: Dispatch,
    /// How many alternatives a valid value fits.
    pub matching: Matching,
    /// A value that is no object is valid, too: an alternative that names properties and no type says nothing of it.
    pub non_objects: bool,
}

/// How many alternatives of a union a valid value fits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Matching {
    /// The one that it is read as: they exclude each other, or a discriminator says which is meant.
    Decided,
    /// At least one (`anyOf`).
    Any,
    /// Exactly one (`oneOf`).
    One,
}

/// An alternative of a union.
#[derive(Debug, Clone, PartialEq)]
pub struct Variant {
    /// A name: the referenced type's, a title, or one derived from the type (`string`, `list of Pet`).
    pub name: String,
    /// Documentation.
    pub docs: Option<String>,
    /// Its type.
    pub value: TypeUse,
}

/// How a reader tells a union's alternatives apart. Numbers index `variants`.
#[derive(Debug, Clone, PartialEq)]
pub enum Dispatch {
    /// By the text or integer in a property (a discriminator): value of the tag, alternative.
    Tag {
        /// The property.
        property: String,
        /// Tag values, integers in decimal digits. Several can lead to one alternative.
        values: Vec<(String, usize)>,
    },
    /// By the JSON kind of the value.
    Kind(Vec<(JsonKind, usize)>),
    /// By a property that only one alternative has, and requires; the first match wins. `otherwise` takes the rest.
    Property {
        /// Property, alternative.
        properties: Vec<(String, usize)>,
        /// The alternative without such a property.
        otherwise: Option<usize>,
    },
    /// First by JSON kind, then among the objects by one of the other ways.
    KindThen {
        /// Kind, alternative, for kinds that decide at once.
        kinds: Vec<(JsonKind, usize)>,
        /// What decides among objects.
        objects: Box<Dispatch>,
    },
    /// As `known` says; an object that it leaves open is the alternative `otherwise` (a discriminator's `defaultMapping`).
    Or {
        /// What decides first.
        known: Box<Dispatch>,
        /// The alternative of the rest.
        otherwise: usize,
    },
    /// By decoding: the first alternative that accepts the value.
    Trial,
}

/// The kinds of JSON value. An integer is a number, too; a dispatch by kind never has both.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum JsonKind {
    /// `true`, `false`.
    Bool,
    /// A number without a fraction.
    Integer,
    /// Any number.
    Number,
    /// Text.
    String,
    /// A list.
    Array,
    /// An object.
    Object,
}

/// What else is required of a value. Each applies to values of its kind and is satisfied by all others,
/// as JSON Schema 2020-12 (validation vocabulary) says.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Rule {
    /// Least number of characters.
    MinLength(u64),
    /// Greatest number of characters.
    MaxLength(u64),
    /// ECMA-262 regular expression that matches somewhere in the text.
    Pattern(String),
    /// `>=`.
    Minimum(serde_json::Number),
    /// `<=`.
    Maximum(serde_json::Number),
    /// `>`.
    ExclusiveMinimum(serde_json::Number),
    /// `<`.
    ExclusiveMaximum(serde_json::Number),
    /// A whole multiple.
    MultipleOf(serde_json::Number),
    /// Least number of items.
    MinItems(u64),
    /// Greatest number of items.
    MaxItems(u64),
    /// No two items are equal.
    UniqueItems,
    /// Least number of properties.
    MinProperties(u64),
    /// Greatest number of properties.
    MaxProperties(u64),
    /// The text has this format of JSON Schema 2020-12, where no type stands for it.
    Format(String),
    /// One of these values (`enum` and `const` where the type does not say so already).
    OneOf(Vec<serde_json::Value>),
    /// What a schema says that no type and no other rule does.
    Check(Check),
}

/// The residue of a schema: what is left of it when all that its type and the other rules say is taken away.
#[derive(Debug, Clone, PartialEq)]
pub struct Check {
    /// JSON Schema 2020-12 without annotations, whatever the dialect of the source. A `$ref` is a number, which counts
    /// `types`, or the name of an entry of its own `$defs`.
    pub schema: serde_json::Value,
    /// The types that it refers to.
    pub types: Vec<TypeName>,
}
