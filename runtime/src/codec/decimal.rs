//! Numbers by their digits: JSON knows no largest one, and compares them by value.

use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;

use super::{Node, NodeMut, Value};

/// A number of any size and with any number of digits, none of them rounded (`format: decimal`).
///
/// Compared by value, as JSON Schema does: `1.50` is `1.5`.
///
/// ```
/// use tieline::codec::Decimal;
///
/// let price: Decimal = "19.99".parse()?;
/// assert!(price < Decimal::from(20));
/// assert_eq!(price.to_string(), "19.99");
/// # Ok::<(), tieline::codec::NotANumber>(())
/// ```
// Digits without zeros at either end, and the power of ten of the last.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Decimal {
    negative: bool,
    /// Empty: zero.
    digits: String,
    exponent: i64,
}

impl Decimal {
    /// Of a JSON number's text. What is no number is zero.
    pub(in crate::codec) fn parse(text: &str) -> Self {
        let (negative, unsigned) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        let (mantissa, exponent) = unsigned.split_once(['e', 'E']).unwrap_or((unsigned, "0"));
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let all = format!("{whole}{fraction}");
        let trimmed = all.trim_end_matches('0');
        let zeros = all.len() - trimmed.len();
        let digits = trimmed.trim_start_matches('0').to_owned();
        // An exponent that has no i64 is out of reach on either side.
        let exponent = exponent.parse::<i64>().unwrap_or(if exponent.starts_with('-') {
            i64::MIN / 4
        } else {
            i64::MAX / 4
        });
        if digits.is_empty() {
            return Self {
                negative: false,
                digits,
                exponent: 0,
            };
        }
        Self {
            negative,
            digits,
            exponent: exponent
                .clamp(i64::MIN / 4, i64::MAX / 4)
                .saturating_sub(fraction.len() as i64)
                .saturating_add(zeros as i64),
        }
    }

    /// Whether it has no fraction.
    pub fn is_whole(&self) -> bool {
        self.exponent >= 0
    }

    /// The nearest `f64`; an infinity beyond its range.
    pub fn to_f64(&self) -> f64 {
        self.to_string().parse().unwrap_or(f64::NAN)
    }

    /// As an `i128`, if it has no fraction and is in the range of one.
    pub fn as_i128(&self) -> Option<i128> {
        let power = 10_i128.checked_pow(u32::try_from(self.exponent).ok()?)?;
        let digits = if self.digits.is_empty() { "0" } else { &self.digits };
        // With the sign from the start, as the smallest is one further from zero than the largest.
        let sign = if self.negative { "-" } else { "" };
        format!("{sign}{digits}").parse::<i128>().ok()?.checked_mul(power)
    }

    /// Whether it is a whole multiple of `step`. A step that is not above 0 is no step, and asks for nothing.
    pub(in crate::codec) fn is_multiple_of(&self, step: &Self) -> bool {
        if self.digits.is_empty() || step.digits.is_empty() || step.negative {
            return true;
        }
        let shift = self.exponent.saturating_sub(step.exponent);
        // The step's digits, with the zeros that the number has more behind its point.
        let zeros = shift.min(0).unsigned_abs();
        let Some(divisor) = step
            .digits
            .parse::<u64>()
            .ok()
            .and_then(|digits| digits.checked_mul(10_u64.checked_pow(u32::try_from(zeros).ok()?)?))
        else {
            return false;
        };
        let divisor = u128::from(divisor);
        let digit = |rest: u128, digit: u8| (rest * 10 + u128::from(digit - b'0')) % divisor;
        let rest = self.digits.bytes().fold(0, digit);
        let mut rest = rest % divisor;
        let (mut power, mut base) = (shift.max(0).unsigned_abs(), 10 % divisor);
        while power > 0 {
            if power & 1 == 1 {
                rest = rest * base % divisor;
            }
            base = base * base % divisor;
            power >>= 1;
        }
        rest == 0
    }

    /// Compares what is left of the signs.
    fn compare_size(&self, other: &Self) -> Ordering {
        match (self.digits.is_empty(), other.digits.is_empty()) {
            (true, true) => return Ordering::Equal,
            (true, false) => return Ordering::Less,
            (false, true) => return Ordering::Greater,
            (false, false) => {}
        }
        let order = |number: &Self| number.exponent.saturating_add(number.digits.len() as i64);
        // Without zeros at the end, the longer of two texts with one beginning is the greater.
        order(self)
            .cmp(&order(other))
            .then_with(|| self.digits.cmp(&other.digits))
    }
}

/// Text that is no number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotANumber;

impl fmt::Display for NotANumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the text is not a number as JSON writes them, such as -12.5 or 1e3")
    }
}

impl std::error::Error for NotANumber {}

impl FromStr for Decimal {
    type Err = NotANumber;

    fn from_str(text: &str) -> Result<Self, NotANumber> {
        is_number(text).then(|| Self::parse(text)).ok_or(NotANumber)
    }
}

/// Whether a text is a number as JSON writes them; zeros before it are passed over.
fn is_number(text: &str) -> bool {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let unsigned = text.strip_prefix('-').unwrap_or(text);
    let (mantissa, exponent) = unsigned.split_once(['e', 'E']).unwrap_or((unsigned, "0"));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, "0"));
    digits(whole) && digits(fraction) && digits(exponent.strip_prefix(['-', '+']).unwrap_or(exponent))
}

impl Default for Decimal {
    fn default() -> Self {
        Self::parse("0")
    }
}

impl Value for Decimal {
    fn node(&self) -> Node<'_> {
        Node::Decimal(self)
    }

    fn node_mut(&mut self) -> NodeMut<'_> {
        NodeMut::Decimal(self)
    }

    fn blank() -> Self {
        Self::default()
    }
}

impl PartialOrd for Decimal {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Decimal {
    fn cmp(&self, other: &Self) -> Ordering {
        match (self.negative, other.negative) {
            (false, true) => Ordering::Greater,
            (true, false) => Ordering::Less,
            (false, false) => self.compare_size(other),
            (true, true) => other.compare_size(self),
        }
    }
}

impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.negative { "-" } else { "" };
        let digits = if self.digits.is_empty() { "0" } else { &self.digits };
        match usize::try_from(self.exponent) {
            Ok(zeros) if zeros <= 20 => write!(f, "{sign}{digits}{}", "0".repeat(zeros)),
            _ => match usize::try_from(-self.exponent) {
                Ok(places) if places < digits.len() => {
                    let (whole, fraction) = digits.split_at(digits.len() - places);
                    write!(f, "{sign}{whole}.{fraction}")
                }
                Ok(places) if places - digits.len() <= 20 => {
                    write!(f, "{sign}0.{}{digits}", "0".repeat(places - digits.len()))
                }
                _ => write!(f, "{sign}{digits}e{}", self.exponent),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Decimal;

    #[test]
    fn numbers_are_equal_and_ordered_by_value() {
        let number = Decimal::parse;
        for (a, b) in [("1", "1.0"), ("100", "1e2"), ("-0", "0"), ("0.50", "5e-1")] {
            assert_eq!(number(a), number(b), "{a} {b}");
        }
        for (less, more) in [
            ("-2", "-1"),
            ("-1", "0"),
            ("0", "0.001"),
            ("0.0199", "0.02"),
            ("9", "10"),
            ("99", "1e2"),
            ("18446744073709551615", "18446744073709551616"),
        ] {
            assert!(number(less) < number(more), "{less} {more}");
        }
    }

    #[test]
    fn multiples_are_told_without_rounding() {
        for (number, step, expected) in [
            ("0.0075", "0.0001", true),
            ("0.00751", "0.0001", false),
            ("1e308", "0.5", true),
            ("1e308", "0.123456789", false),
            ("12391239123", "1e-8", true),
            ("4.5", "1.5", true),
            ("35", "1.5", false),
            ("0", "7", true),
            ("7", "0", true),
            ("18446744073709551616", "2", true),
        ] {
            let (number, step) = (Decimal::parse(number), Decimal::parse(step));
            assert_eq!(number.is_multiple_of(&step), expected, "{number} {step}");
        }
    }

    #[test]
    fn numbers_are_written_as_people_do() {
        for text in ["0", "-1.5", "100", "0.001", "12.34", "1e400"] {
            assert_eq!(Decimal::parse(text).to_string(), text);
        }
    }
}
