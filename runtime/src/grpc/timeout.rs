//! The `grpc-timeout` header: at most eight digits and a unit.

use std::time::Duration;

use http::HeaderValue;

const MAX_VALUE: u128 = 99_999_999;

/// Writes a timeout in the finest unit whose value fits eight digits, rounding
/// up, so that a server never sees less than the client waits.
///
/// ```
/// # use std::time::Duration;
/// # use tieline::grpc::format_timeout;
/// assert_eq!(format_timeout(Duration::from_millis(1500)), "1500000u");
/// ```
pub fn format_timeout(timeout: Duration) -> HeaderValue {
    let nanos = timeout.as_nanos();
    let units: [(u128, u8); 6] = [
        (1, b'n'),
        (1_000, b'u'),
        (1_000_000, b'm'),
        (1_000_000_000, b'S'),
        (60_000_000_000, b'M'),
        (3_600_000_000_000, b'H'),
    ];
    let fitting = units
        .into_iter()
        .find(|(size, _)| nanos.div_ceil(*size) <= MAX_VALUE);
    let (size, unit) = fitting.unwrap_or(units[5]);
    let value = nanos.div_ceil(size).min(MAX_VALUE) as u64;
    let mut digits = itoa::Buffer::new();
    let digits = digits.format(value).as_bytes();
    let mut text = [0; 9];
    text[..digits.len()].copy_from_slice(digits);
    text[digits.len()] = unit;
    // Digits and a letter are always a header value.
    HeaderValue::from_bytes(&text[..=digits.len()]).unwrap_or_else(|_| HeaderValue::from_static("99999999H"))
}

/// Reads a timeout; `None` when it is malformed.
pub fn parse_timeout(value: &HeaderValue) -> Option<Duration> {
    let (unit, digits) = value.as_bytes().split_last()?;
    if digits.is_empty() || digits.len() > 8 || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let value = digits
        .iter()
        .fold(0, |value: u64, digit| value * 10 + u64::from(digit - b'0'));
    Some(match unit {
        b'n' => Duration::from_nanos(value),
        b'u' => Duration::from_micros(value),
        b'm' => Duration::from_millis(value),
        b'S' => Duration::from_secs(value),
        b'M' => Duration::from_secs(value * 60),
        b'H' => Duration::from_secs(value * 3600),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn timeouts_use_at_most_eight_digits_and_round_up() {
        for (timeout, text) in [
            (Duration::ZERO, "0n"),
            (Duration::from_nanos(7), "7n"),
            (Duration::from_secs(3), "3000000u"),
            (Duration::from_secs(99), "99000000u"),
            (Duration::from_secs(100), "100000m"),
            (Duration::from_nanos(100_000_001), "100001u"),
            (Duration::from_secs(200_000), "200000S"),
            (Duration::MAX, "99999999H"),
        ] {
            assert_eq!(format_timeout(timeout), text);
        }
    }

    #[test]
    fn malformed_timeouts_are_refused() {
        for text in ["", "5", "m", "123456789m", "-5m", "5x", "5 m"] {
            assert_eq!(parse_timeout(&HeaderValue::from_static(text)), None, "{text}");
        }
        let second = HeaderValue::from_static("1S");
        assert_eq!(parse_timeout(&second), Some(Duration::from_secs(1)));
    }

    #[test]
    fn timeouts_come_back_as_they_were() {
        for timeout in [Duration::from_millis(250), Duration::from_secs(3600)] {
            assert_eq!(parse_timeout(&format_timeout(timeout)), Some(timeout));
        }
    }
}
