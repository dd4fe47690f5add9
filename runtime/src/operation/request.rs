//! What every request of an operation has beside its fields.

/// Makes a struct the request of an operation: its constructor, its table, and what is implemented by it. A field is given to
/// `new`, or it is one of the `rest` and absent at first, or `empty`:
///
/// ```text
/// request! {
///     Request: "findPets";
///     given: shop: impl Into<String> = shop.into(), town: i64;
///     rest: limit;
///     fields: 0: shop = required("shop"), 1: town = required("town"), 2: limit = optional("limit", &[v1::Rule::Minimum(1.0)]);
/// }
/// ```
#[doc(hidden)]
#[macro_export]
macro_rules! __request {
    (
        $ty:ident: $id:literal;
        given: $($given:ident: $given_ty:ty $(= $value:expr)?),+;
        $(rest: $($rest:ident),+;)?
        $(empty: $($empty:ident),+;)?
        fields: $($field:tt)+
    ) => {
        impl $ty {
            /// With what must be given.
            #[inline]
            pub fn new($($given: $given_ty),+) -> Self {
                Self {
                    $($given $(: $value)?,)+
                    $($($rest: $crate::__names::None,)+)?
                    $($($empty: ::core::default::Default::default(),)+)?
                }
            }
        }
        $crate::__request!(@table $ty: $id; $($field)+);
    };
    ($ty:ident: $id:literal; $(fields: $($field:tt)+)?) => {
        impl $ty {
            /// With nothing set.
            #[inline]
            pub fn new() -> Self {
                <Self as ::core::default::Default>::default()
            }
        }
        $crate::__request!(@table $ty: $id; $($($field)+)?);
    };
    (@table $ty:ident: $id:literal; $($($index:literal: $field:ident = $presence:ident($wire:literal $(, $rules:expr)?)),+;)?) => {
        static REQUEST: $crate::codec::Shape = $crate::codec::Shape::new(
            $id,
            &[$($($crate::codec::Field::$presence($wire)$(.rules($rules))?),+)?],
        );
        $crate::__record!($ty = REQUEST { $($($index: $field),+)? });
    };
}
