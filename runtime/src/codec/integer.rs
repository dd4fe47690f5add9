//! Integers without bounds.

use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;

use super::decimal::{Decimal, NotANumber};
use super::{Node, NodeMut, Value};

/// An integer of any size: what `type: integer` means where neither a format nor bounds say how large it can be.
///
/// Nearly all are in the range of `i64` and are held as such; one that is not keeps its digits.
///
/// ```
/// use tieline::codec::Integer;
///
/// let count = Integer::from(7);
/// assert_eq!(count, 7);
/// assert!(count < 8);
/// assert_eq!(count.as_i64(), Some(7));
///
/// let large: Integer = "18446744073709551616".parse()?;
/// assert_eq!(large.as_i64(), None);
/// assert_eq!(large.to_string(), "18446744073709551616");
/// # Ok::<(), tieline::codec::NotANumber>(())
/// ```
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Integer(Digits);

/// One value has one form: `Wide` is never in the range of `i64`.
#[derive(Clone, PartialEq, Eq, Hash)]
enum Digits {
    Small(i64),
    Wide(Box<Decimal>),
}

impl Integer {
    /// As an `i64`, if it is in the range of one.
    pub const fn as_i64(&self) -> Option<i64> {
        match self.0 {
            Digits::Small(number) => Some(number),
            Digits::Wide(_) => None,
        }
    }

    /// As a `u64`, if it is in the range of one.
    pub fn as_u64(&self) -> Option<u64> {
        self.as_i128().and_then(|number| number.try_into().ok())
    }

    /// As an `i128`, if it is in the range of one.
    pub fn as_i128(&self) -> Option<i128> {
        match &self.0 {
            Digits::Small(number) => Some((*number).into()),
            Digits::Wide(digits) => digits.as_i128(),
        }
    }

    /// The nearest `f64`; an infinity beyond its range.
    pub fn to_f64(&self) -> f64 {
        match &self.0 {
            Digits::Small(number) => *number as f64,
            Digits::Wide(digits) => digits.to_f64(),
        }
    }

    /// The integer that a number is. `None`: it has a fraction.
    pub(super) fn of(number: Decimal) -> Option<Self> {
        if !number.is_whole() {
            return None;
        }
        let small = number.as_i128().and_then(|whole| i64::try_from(whole).ok());
        Some(Self(match small {
            Some(small) => Digits::Small(small),
            None => Digits::Wide(Box::new(number)),
        }))
    }

    fn to_decimal(&self) -> Decimal {
        match &self.0 {
            Digits::Small(number) => Decimal::from(*number),
            Digits::Wide(digits) => (**digits).clone(),
        }
    }
}

impl Value for Integer {
    fn node(&self) -> Node<'_> {
        match &self.0 {
            Digits::Small(number) => Node::Int(*number),
            Digits::Wide(digits) => Node::Decimal(digits),
        }
    }

    fn node_mut(&mut self) -> NodeMut<'_> {
        NodeMut::Integer(self)
    }

    fn blank() -> Self {
        Self::from(0)
    }
}

impl fmt::Display for Integer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Digits::Small(number) => fmt::Display::fmt(number, f),
            Digits::Wide(digits) => fmt::Display::fmt(digits, f),
        }
    }
}

impl fmt::Debug for Integer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Integer {
    type Err = NotANumber;

    fn from_str(text: &str) -> Result<Self, NotANumber> {
        match text.parse() {
            Ok(small) => Ok(Self(Digits::Small(small))),
            Err(_) => Self::of(text.parse()?).ok_or(NotANumber),
        }
    }
}

impl Ord for Integer {
    fn cmp(&self, other: &Self) -> Ordering {
        match (&self.0, &other.0) {
            (Digits::Small(a), Digits::Small(b)) => a.cmp(b),
            _ => self.to_decimal().cmp(&other.to_decimal()),
        }
    }
}

impl PartialOrd for Integer {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Default for Integer {
    fn default() -> Self {
        Self::from(0)
    }
}

impl From<&Self> for Integer {
    fn from(number: &Self) -> Self {
        number.clone()
    }
}

impl From<Integer> for Decimal {
    fn from(number: Integer) -> Self {
        number.to_decimal()
    }
}

macro_rules! integers {
    ($($ty:ty)*) => {$(
        impl From<$ty> for Integer {
            fn from(number: $ty) -> Self {
                match i64::try_from(number) {
                    Ok(small) => Self(Digits::Small(small)),
                    Err(_) => Self(Digits::Wide(Box::new(Decimal::from(number)))),
                }
            }
        }

        impl From<$ty> for Decimal {
            fn from(number: $ty) -> Self {
                Self::parse(&number.to_string())
            }
        }

        impl TryFrom<&Integer> for $ty {
            type Error = std::num::TryFromIntError;

            fn try_from(number: &Integer) -> Result<Self, Self::Error> {
                // What has no i128 is out of the range of the others, too.
                Self::try_from(number.as_i128().unwrap_or(i128::MAX))
            }
        }

        impl TryFrom<Integer> for $ty {
            type Error = std::num::TryFromIntError;

            fn try_from(number: Integer) -> Result<Self, Self::Error> {
                Self::try_from(&number)
            }
        }

        impl PartialEq<$ty> for Integer {
            fn eq(&self, other: &$ty) -> bool {
                self.as_i128() == i128::try_from(*other).ok()
            }
        }

        impl PartialEq<Integer> for $ty {
            fn eq(&self, other: &Integer) -> bool {
                other == self
            }
        }

        impl PartialOrd<$ty> for Integer {
            fn partial_cmp(&self, other: &$ty) -> Option<Ordering> {
                Some(self.cmp(&Self::from(*other)))
            }
        }

        impl PartialOrd<Integer> for $ty {
            fn partial_cmp(&self, other: &Integer) -> Option<Ordering> {
                Some(Integer::from(*self).cmp(other))
            }
        }
    )*};
}

integers!(i8 i16 i32 i64 isize u8 u16 u32 u64 usize);

#[cfg(test)]
mod tests {
    use super::Integer;

    #[test]
    fn one_value_has_one_form() {
        for text in [
            "9223372036854775807",
            "9223372036854775807.0",
            "92233720368547758070e-1",
        ] {
            assert_eq!(text.parse(), Ok(Integer::from(i64::MAX)), "{text}");
        }
        assert_eq!("9223372036854775808".parse(), Ok(Integer::from(1_u64 << 63)));
        assert_eq!(
            "1e400".parse::<Integer>().map(|number| number.to_string()),
            Ok("1e400".to_owned())
        );
    }

    #[test]
    fn what_has_a_fraction_is_no_integer() {
        for text in ["1.5", "1e-1", "", "-", "1e", "0x1", "+1.5", "1 "] {
            assert!(text.parse::<Integer>().is_err(), "{text}");
        }
    }

    #[test]
    fn integers_are_ordered_by_value() {
        let wide: Integer = "-1e40".parse().unwrap_or_default();
        assert!(wide < i64::MIN && 7 > wide && Integer::from(u64::MAX) > i64::MAX);
        assert_eq!(u64::try_from(Integer::from(u64::MAX)), Ok(u64::MAX));
        assert!(i64::try_from(&wide).is_err() && u8::try_from(Integer::from(256)).is_err());
    }
}
