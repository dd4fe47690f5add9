//! What a value looks like to the codec: its parts, without its type.

use super::{Decimal, File, Integer, Json, Rule, Shape, Streamed, UnionShape};
use crate::codec::Foreign;

/// A value that the codec can read, write, check and compare.
///
/// Implemented for scalars, `Option`, `Vec`, `BTreeMap`, `Box` and every generated type.
pub trait Value: Send + Sync + 'static {
    /// Its content, to be read.
    fn node(&self) -> Node<'_>;
    /// Its place, to be filled.
    fn node_mut(&mut self) -> NodeMut<'_>;
    /// What is required of it wherever it is used, beside what its node's table says.
    fn rules(&self) -> &'static [Rule] {
        &[]
    }
    /// A value to be filled: zero, empty, absent. It need not be valid.
    fn blank() -> Self
    where
        Self: Sized;
}

/// The content of a value.
pub enum Node<'a> {
    /// Nothing: the field is not there.
    Absent,
    /// JSON `null`.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A signed integer.
    Int(i64),
    /// An unsigned integer.
    Uint(u64),
    /// A number by its digits; where an integer is meant, one beyond 64 bits.
    Decimal(&'a Decimal),
    /// A 32-bit float (written with the digits that a 32-bit float needs).
    F32(f32),
    /// A 64-bit float.
    F64(f64),
    /// Text.
    Text(&'a str),
    /// Octets: base64 in JSON, as they are in a binary body.
    Bytes(&'a [u8]),
    /// Octets with a name and a media type.
    File(&'a File),
    /// Any JSON value.
    Json(&'a Json),
    /// A list.
    List(&'a dyn List),
    /// A map from strings.
    Map(&'a dyn Map),
    /// An object with known fields.
    Record(&'a dyn Record),
    /// One of several constants.
    Enum(&'a dyn Enumeration),
    /// One of several types.
    Union(&'a dyn Union),
    /// A type of the user's, with serde.
    Foreign(&'a dyn Foreign),
    /// A body that goes piece by piece.
    Stream(&'a dyn Streamed),
}

/// The place of a value.
pub enum NodeMut<'a> {
    /// Nothing can be put here.
    Unit,
    /// May be absent.
    Optional(&'a mut dyn Optional),
    /// May be `null`, as a state of its own.
    Nullable(&'a mut dyn Optional),
    /// `true` or `false`.
    Bool(&'a mut bool),
    /// A 32-bit signed integer.
    I32(&'a mut i32),
    /// A 64-bit signed integer.
    I64(&'a mut i64),
    /// A 32-bit unsigned integer.
    U32(&'a mut u32),
    /// A 64-bit unsigned integer.
    U64(&'a mut u64),
    /// An integer of any size.
    Integer(&'a mut Integer),
    /// A number by its digits.
    Decimal(&'a mut Decimal),
    /// A 32-bit float.
    F32(&'a mut f32),
    /// A 64-bit float.
    F64(&'a mut f64),
    /// Text.
    Text(&'a mut String),
    /// Octets.
    Bytes(&'a mut bytes::Bytes),
    /// Octets with a name and a media type.
    File(&'a mut File),
    /// Any JSON value.
    Json(&'a mut Json),
    /// A list.
    List(&'a mut dyn List),
    /// A map from strings.
    Map(&'a mut dyn Map),
    /// An object with known fields.
    Record(&'a mut dyn Record),
    /// One of several constants.
    Enum(&'a mut dyn Enumeration),
    /// One of several types.
    Union(&'a mut dyn Union),
    /// A type of the user's, with serde.
    Foreign(&'a mut dyn Foreign),
    /// A body that comes piece by piece.
    Stream(&'a mut dyn Streamed),
}

/// Something that may not be there.
pub trait Optional {
    /// Empties it.
    fn clear(&mut self);
    /// Puts a blank value there, and gives its place.
    fn fill(&mut self) -> &mut dyn Value;
}

/// An ordered list.
pub trait List {
    /// How many items it has.
    fn len(&self) -> usize;
    /// Whether it has none.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }
    /// The item at `index`.
    fn item(&self, index: usize) -> Option<&dyn Value>;
    /// Appends a blank item, and gives its place.
    fn push(&mut self) -> &mut dyn Value;
    /// Removes all items.
    fn clear(&mut self);
}

/// A map from strings.
pub trait Map {
    /// How many entries it has.
    fn len(&self) -> usize;
    /// Whether it has none.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }
    /// The entry of `key`.
    fn entry(&self, key: &str) -> Option<&dyn Value>;
    /// Calls `visit` with each entry, in the order of the keys, until it gives `false`.
    fn each(&self, visit: &mut dyn FnMut(&str, &dyn Value) -> bool);
    /// Puts a blank entry there, and gives its place.
    fn insert(&mut self, key: String) -> &mut dyn Value;
    /// Removes all entries.
    fn clear(&mut self);
}

/// A field of an object. `None`: it has none of that index.
pub type FieldRef<'a> = Option<&'a dyn Value>;

/// The place of a field of an object. `None`: it has none of that index.
pub type FieldMut<'a> = Option<&'a mut dyn Value>;

/// An object with known fields.
pub trait Record {
    /// Its table of fields.
    fn shape(&self) -> &'static Shape;
    /// The field at `index` of the table.
    fn field(&self, index: usize) -> FieldRef<'_>;
    /// The place of the field at `index` of the table.
    fn field_mut(&mut self, index: usize) -> FieldMut<'_>;
}

/// A constant of an enumeration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Constant<'a> {
    /// Text.
    Text(&'a str),
    /// An integer.
    Integer(i64),
}

/// One of several constants. Unknown ones are kept.
pub trait Enumeration {
    /// What it is on the wire.
    fn constant(&self) -> Constant<'_>;
    /// Whether the contract names it.
    fn is_known(&self) -> bool;
    /// All that the contract names.
    fn known(&self) -> &'static [Constant<'static>];
    /// Takes a value from the wire. `false`: it is of the wrong kind (a number for text, or the reverse).
    fn set(&mut self, constant: Constant<'_>) -> bool;
}

/// One of several types.
pub trait Union {
    /// Its table.
    fn shape(&self) -> &'static UnionShape;
    /// The alternative it holds, by its index in the table, and the value. An unknown one has an index past the
    /// end, and a JSON value.
    fn active(&self) -> (usize, &dyn Value);
    /// Puts a blank value of the alternative there, and gives its place. An index past the end: the unknown one.
    fn select(&mut self, index: usize) -> &mut dyn Value;
    /// A blank union of the same type.
    fn fresh(&self) -> Box<dyn Union>;
}
