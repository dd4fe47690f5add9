//! How durations and sizes are written: `250ms`, `5s`, `1m30s`, `64KiB`. And back.

use std::time::Duration;

/// Units of time and how many nanoseconds they have, the longest first.
const TIME: [(&str, u64); 6] = [
    ("h", 3_600_000_000_000),
    ("m", 60_000_000_000),
    ("s", 1_000_000_000),
    ("ms", 1_000_000),
    ("us", 1_000),
    ("ns", 1),
];

/// Units of size and how many octets they have.
const SIZE: [(&str, u64); 8] = [
    ("B", 1),
    ("KiB", 1 << 10),
    ("MiB", 1 << 20),
    ("GiB", 1 << 30),
    ("kB", 1_000),
    ("KB", 1_000),
    ("MB", 1_000_000),
    ("GB", 1_000_000_000),
];

/// Reads a duration: one or more whole numbers, each with its unit (`h`, `m`, `s`, `ms`, `us`, `ns`), the longer units
/// first and none twice. A number without a unit is refused: it would be guessed differently by everyone.
pub fn parse_duration(text: &str) -> Option<Duration> {
    let mut rest = text.trim();
    let mut total = 0_u64;
    let mut units = TIME.iter();
    while !rest.is_empty() {
        let (number, unit, after) = quantity(rest)?;
        // Looks only among the units that are shorter than the one before.
        let (_, nanos) = units.find(|(name, _)| *name == unit)?;
        total = total.checked_add(number.checked_mul(*nanos)?)?;
        rest = after;
    }
    let is_empty = text.trim().is_empty();
    (!is_empty).then(|| Duration::from_nanos(total))
}

/// Reads a size in octets: a whole number with its unit (`B`, `KiB`, `MiB`, `GiB`, `kB`, `MB`, `GB`).
pub fn parse_size(text: &str) -> Option<u64> {
    let (number, unit, rest) = quantity(text.trim())?;
    let (_, octets) = SIZE.iter().find(|(name, _)| *name == unit)?;
    rest.is_empty().then(|| number.checked_mul(*octets)).flatten()
}

/// A leading number, the letters behind it, and the rest.
fn quantity(text: &str) -> Option<(u64, &str, &str)> {
    let digits = text.find(|c: char| !c.is_ascii_digit())?;
    let (number, rest) = text.split_at(digits);
    let letters = rest
        .find(|c: char| !c.is_ascii_alphabetic())
        .unwrap_or(rest.len());
    let (unit, rest) = rest.split_at(letters);
    Some((number.parse().ok()?, unit, rest))
}

/// Writes a duration so that [`parse_duration`] reads it back.
pub fn show_duration(duration: Duration) -> String {
    let mut nanos = duration.as_nanos();
    let mut text = String::new();
    for (unit, size) in TIME {
        let count = nanos / u128::from(size);
        if count > 0 {
            text.push_str(&format!("{count}{unit}"));
            nanos %= u128::from(size);
        }
    }
    if text.is_empty() { "0s".into() } else { text }
}

/// Writes a size in the greatest binary unit that divides it.
pub fn show_size(octets: u64) -> String {
    let binary = SIZE[..4].iter().rev();
    let fitting = binary
        .copied()
        .find(|(_, size)| octets > 0 && octets.is_multiple_of(*size));
    let (unit, size) = fitting.unwrap_or(("B", 1));
    format!("{}{unit}", octets / size)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read_in_every_unit_and_in_sums() {
        for (text, nanos) in [
            ("250ms", 250_000_000),
            ("5s", 5_000_000_000),
            ("1m30s", 90_000_000_000),
            ("2h", 7_200_000_000_000),
            ("1s500ms", 1_500_000_000),
            ("7us", 7_000),
            ("0s", 0),
            (" 5s ", 5_000_000_000),
        ] {
            assert_eq!(parse_duration(text), Some(Duration::from_nanos(nanos)), "{text}");
        }
    }

    #[test]
    fn what_is_ambiguous_or_no_duration_is_refused() {
        for text in [
            "",
            " ",
            "5",
            "s",
            "5 s",
            "-5s",
            "1.5s",
            "30s1m",
            "1s1s",
            "5sec",
            "5S",
            "5s ms",
            "99999999999999999999s",
            "9999999999999h",
            "5s€",
        ] {
            assert_eq!(parse_duration(text), None, "{text:?}");
        }
    }

    #[test]
    fn sizes_are_read_in_binary_and_decimal_units() {
        for (text, octets) in [
            ("64KiB", 65_536),
            ("1MiB", 1 << 20),
            ("2GiB", 2 << 30),
            ("5MB", 5_000_000),
            ("10B", 10),
        ] {
            assert_eq!(parse_size(text), Some(octets), "{text}");
        }
        for text in [
            "",
            "64",
            "KiB",
            "64kib",
            "1KiB1B",
            "1.5MiB",
            "-1B",
            "99999999999GiB",
        ] {
            assert_eq!(parse_size(text), None, "{text:?}");
        }
    }

    #[test]
    fn what_is_shown_reads_back() {
        for nanos in [0, 1, 1_500_000_000, 90_000_000_000, 3_600_000_000_001] {
            let duration = Duration::from_nanos(nanos);
            assert_eq!(parse_duration(&show_duration(duration)), Some(duration));
        }
        for octets in [0, 1, 1000, 65_536, 64 << 20, 3 << 30] {
            assert_eq!(parse_size(&show_size(octets)), Some(octets));
        }
        assert_eq!(
            (
                show_duration(Duration::from_secs(90)).as_str(),
                show_size(65_536).as_str()
            ),
            ("1m30s", "64KiB")
        );
    }
}
