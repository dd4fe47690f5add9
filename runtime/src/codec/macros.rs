//! What the generator would otherwise write out for every type.
//!
//! All of it is `#[inline]`, not to be fast but to be lazy: rustc makes machine code of such a function where it is used,
//! and of the types of operations that nobody calls none at all.

/// Makes a struct a [`Record`](crate::codec::Record): `record!(Pet = PET { 0: id, 1: name });`, where `PET` is its
/// [`Shape`](crate::codec::Shape) and the numbers count its fields.
#[doc(hidden)]
#[macro_export]
macro_rules! __record {
    ($ty:ident = $shape:ident {}) => {
        impl $crate::codec::Record for $ty {
            #[inline]
            fn shape(&self) -> &'static $crate::codec::Shape {
                &$shape
            }
            #[inline]
            fn field(&self, _: usize) -> $crate::__names::FieldRef<'_> {
                $crate::__names::None
            }
            #[inline]
            fn field_mut(&mut self, _: usize) -> $crate::__names::FieldMut<'_> {
                $crate::__names::None
            }
        }
        $crate::__record!(@value $ty {});
    };
    ($ty:ident = $shape:ident { $($index:literal: $field:ident),+ $(,)? }) => {
        impl $crate::codec::Record for $ty {
            #[inline]
            fn shape(&self) -> &'static $crate::codec::Shape {
                &$shape
            }
            #[inline]
            fn field(&self, index: usize) -> $crate::__names::FieldRef<'_> {
                let field: &dyn $crate::codec::Value = match index {
                    $($index => &self.$field,)+
                    _ => return $crate::__names::None,
                };
                $crate::__names::Some(field)
            }
            #[inline]
            fn field_mut(&mut self, index: usize) -> $crate::__names::FieldMut<'_> {
                let field: &mut dyn $crate::codec::Value = match index {
                    $($index => &mut self.$field,)+
                    _ => return $crate::__names::None,
                };
                $crate::__names::Some(field)
            }
        }
        $crate::__record!(@value $ty { $($field),+ });
    };
    (@value $ty:ident { $($field:ident),* }) => {
        impl $crate::codec::Value for $ty {
            #[inline]
            fn node(&self) -> $crate::codec::Node<'_> {
                $crate::codec::Node::Record(self)
            }
            #[inline]
            fn node_mut(&mut self) -> $crate::codec::NodeMut<'_> {
                $crate::codec::NodeMut::Record(self)
            }
            #[inline]
            fn blank() -> Self {
                Self { $($field: $crate::codec::Value::blank()),* }
            }
        }
        $crate::__by_table!($ty);
    };
}

/// Makes an enum of texts an [`Enumeration`](crate::codec::Enumeration):
/// `enumeration!(Status: Unknown { Available = "available" });`, where `Unknown` is the variant that keeps others.
#[doc(hidden)]
#[macro_export]
macro_rules! __enumeration {
    ($ty:ident: $unknown:ident { $($variant:ident = $text:literal),* $(,)? }) => {
        impl $ty {
            /// As it is on the wire.
            #[inline]
            pub fn as_str(&self) -> &str {
                match self {
                    $(Self::$variant => $text,)*
                    Self::$unknown(text) => text,
                }
            }
        }
        impl $crate::__names::From<&str> for $ty {
            #[inline]
            fn from(text: &str) -> Self {
                match text {
                    $($text => Self::$variant,)*
                    _ => Self::$unknown(text.into()),
                }
            }
        }
        impl $crate::__names::Display for $ty {
            #[inline]
            fn fmt(&self, f: &mut $crate::__names::Formatter<'_>) -> $crate::__names::Written {
                f.write_str(self.as_str())
            }
        }
        impl $crate::codec::Enumeration for $ty {
            #[inline]
            fn constant(&self) -> $crate::codec::Constant<'_> {
                $crate::codec::Constant::Text(self.as_str())
            }
            #[inline]
            fn is_known(&self) -> bool {
                !::core::matches!(self, Self::$unknown(_))
            }
            #[inline]
            fn known(&self) -> &'static [$crate::codec::Constant<'static>] {
                &[$($crate::codec::Constant::Text($text)),*]
            }
            #[inline]
            fn set(&mut self, constant: $crate::codec::Constant<'_>) -> bool {
                match constant {
                    $crate::codec::Constant::Text(text) => {
                        *self = text.into();
                        true
                    }
                    $crate::codec::Constant::Integer(_) => false,
                }
            }
        }
        impl $crate::codec::Value for $ty {
            #[inline]
            fn node(&self) -> $crate::codec::Node<'_> {
                $crate::codec::Node::Enum(self)
            }
            #[inline]
            fn node_mut(&mut self) -> $crate::codec::NodeMut<'_> {
                $crate::codec::NodeMut::Enum(self)
            }
            #[inline]
            fn blank() -> Self {
                Self::$unknown($crate::__names::String::new())
            }
        }
        $crate::__by_table!(@serde $ty);
    };
}

/// Makes an enum of integers an [`Enumeration`](crate::codec::Enumeration):
/// `integer_enumeration!(Level: Unknown { Low = 1 });`.
#[doc(hidden)]
#[macro_export]
macro_rules! __integer_enumeration {
    ($ty:ident: $unknown:ident { $($variant:ident = $number:literal),* $(,)? }) => {
        impl $ty {
            /// As it is on the wire.
            #[inline]
            pub fn as_i64(&self) -> i64 {
                match self {
                    $(Self::$variant => $number,)*
                    Self::$unknown(number) => *number,
                }
            }
        }
        impl $crate::__names::From<i64> for $ty {
            #[inline]
            fn from(number: i64) -> Self {
                match number {
                    $($number => Self::$variant,)*
                    _ => Self::$unknown(number),
                }
            }
        }
        impl $crate::codec::Enumeration for $ty {
            #[inline]
            fn constant(&self) -> $crate::codec::Constant<'_> {
                $crate::codec::Constant::Integer(self.as_i64())
            }
            #[inline]
            fn is_known(&self) -> bool {
                !::core::matches!(self, Self::$unknown(_))
            }
            #[inline]
            fn known(&self) -> &'static [$crate::codec::Constant<'static>] {
                &[$($crate::codec::Constant::Integer($number)),*]
            }
            #[inline]
            fn set(&mut self, constant: $crate::codec::Constant<'_>) -> bool {
                match constant {
                    $crate::codec::Constant::Integer(number) => {
                        *self = number.into();
                        true
                    }
                    $crate::codec::Constant::Text(_) => false,
                }
            }
        }
        impl $crate::codec::Value for $ty {
            #[inline]
            fn node(&self) -> $crate::codec::Node<'_> {
                $crate::codec::Node::Enum(self)
            }
            #[inline]
            fn node_mut(&mut self) -> $crate::codec::NodeMut<'_> {
                $crate::codec::NodeMut::Enum(self)
            }
            #[inline]
            fn blank() -> Self {
                Self::$unknown(0)
            }
        }
        $crate::__by_table!(@serde $ty);
    };
}

/// Makes an enum of alternatives a [`Union`](crate::codec::Union):
/// `union!(Animal = ANIMAL: Unknown { 0: Cat, 1: Dog });`, where `Unknown` is the variant that keeps others.
#[doc(hidden)]
#[macro_export]
macro_rules! __union {
    ($ty:ident = $shape:ident: $unknown:ident { $($index:literal: $variant:ident),* $(,)? }) => {
        impl $crate::codec::Union for $ty {
            #[inline]
            fn shape(&self) -> &'static $crate::codec::UnionShape {
                &$shape
            }
            #[inline]
            fn active(&self) -> (usize, &dyn $crate::codec::Value) {
                match self {
                    $(Self::$variant(value) => ($index, value),)*
                    Self::$unknown(value) => (usize::MAX, value),
                }
            }
            #[inline]
            fn select(&mut self, index: usize) -> &mut dyn $crate::codec::Value {
                *self = match index {
                    $($index => Self::$variant($crate::codec::Value::blank()),)*
                    _ => Self::$unknown($crate::codec::Value::blank()),
                };
                match self {
                    $(Self::$variant(value) => value,)*
                    Self::$unknown(value) => value,
                }
            }
            #[inline]
            fn fresh(&self) -> $crate::__names::Box<dyn $crate::codec::Union> {
                $crate::__names::Box::new(<Self as $crate::codec::Value>::blank())
            }
        }
        impl $crate::codec::Value for $ty {
            #[inline]
            fn node(&self) -> $crate::codec::Node<'_> {
                $crate::codec::Node::Union(self)
            }
            #[inline]
            fn node_mut(&mut self) -> $crate::codec::NodeMut<'_> {
                $crate::codec::NodeMut::Union(self)
            }
            #[inline]
            fn blank() -> Self {
                Self::$unknown($crate::codec::Value::blank())
            }
        }
        $crate::__by_table!($ty);
    };
}

/// Makes a struct around one value read and written as that value: `newtype!(Name);`, or, when more is required of it
/// than the value requires of itself, `newtype!(Name: NAME);` with a static list of rules.
#[doc(hidden)]
#[macro_export]
macro_rules! __newtype {
    ($ty:ident $(: $rules:ident)?) => {
        impl $crate::codec::Value for $ty {
            #[inline]
            fn node(&self) -> $crate::codec::Node<'_> {
                $crate::codec::Value::node(&self.0)
            }
            #[inline]
            fn node_mut(&mut self) -> $crate::codec::NodeMut<'_> {
                $crate::codec::Value::node_mut(&mut self.0)
            }
            $(#[inline]
            fn rules(&self) -> &'static [$crate::codec::Rule] {
                $rules
            })?
            #[inline]
            fn blank() -> Self {
                Self($crate::codec::Value::blank())
            }
        }
        $crate::__by_table!($ty);
    };
}

/// `Debug`, `PartialEq`, `Serialize`, `Deserialize` and `validate` by the table.
#[doc(hidden)]
#[macro_export]
macro_rules! __by_table {
    ($ty:ident) => {
        impl $crate::__names::Debug for $ty {
            #[inline]
            fn fmt(&self, f: &mut $crate::__names::Formatter<'_>) -> $crate::__names::Written {
                $crate::codec::debug(self, f)
            }
        }
        impl $crate::__names::PartialEq for $ty {
            #[inline]
            fn eq(&self, other: &Self) -> bool {
                $crate::codec::equal(self, other)
            }
        }
        $crate::__by_table!(@serde $ty);
    };
    (@serde $ty:ident) => {
        impl $crate::__names::Serialize for $ty {
            #[inline]
            fn serialize<S: $crate::__names::Serializer>(
                &self,
                serializer: S,
            ) -> $crate::__names::Result<S::Ok, S::Error> {
                $crate::codec::serialize(self, serializer)
            }
        }
        impl<'de> $crate::__names::Deserialize<'de> for $ty {
            #[inline]
            fn deserialize<D: $crate::__names::Deserializer<'de>>(
                deserializer: D,
            ) -> $crate::__names::Result<Self, D::Error> {
                $crate::codec::deserialize(deserializer)
            }
        }
    };
}
