//! RFC 3339: dates, times and durations.

/// `full-date "T" full-time`; RFC 3339 lets people write a space there.
pub(super) fn is_date_time(text: &str) -> bool {
    text.split_once(['T', 't', ' '])
        .is_some_and(|(date, time)| is_date(date) && is_time(time))
}

/// `YYYY-MM-DD`, a day that there is.
pub(super) fn is_date(text: &str) -> bool {
    let bytes = text.as_bytes();
    if bytes.len() != 10 || bytes[4] != b'-' || bytes[7] != b'-' {
        return false;
    }
    let fields = (number(&bytes[..4]), number(&bytes[5..7]), number(&bytes[8..]));
    let (Some(year), Some(month), Some(day)) = fields else {
        return false;
    };
    let is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let days = match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 if is_leap => 29,
        2 => 28,
        _ => return false,
    };
    (1..=days).contains(&day)
}

/// `HH:MM:SS`, a fraction, and how far from UTC. A leap second is the last one of a day of UTC.
pub(super) fn is_time(text: &str) -> bool {
    let Some((clock, rest)) = text.as_bytes().split_at_checked(8) else {
        return false;
    };
    if clock[2] != b':' || clock[5] != b':' {
        return false;
    }
    let fields = (number(&clock[..2]), number(&clock[3..5]), number(&clock[6..]));
    let (Some(hour), Some(minute), Some(second)) = fields else {
        return false;
    };
    let rest = match rest.strip_prefix(b".") {
        Some(fraction) => {
            let digits = fraction.iter().take_while(|byte| byte.is_ascii_digit()).count();
            if digits == 0 {
                return false;
            }
            &fraction[digits..]
        }
        None => rest,
    };
    let Some(offset) = offset(rest) else {
        return false;
    };
    let of_day = (i32::from(hour) * 60 + i32::from(minute) - offset).rem_euclid(24 * 60);
    hour < 24 && minute < 60 && (second < 60 || second == 60 && of_day == 24 * 60 - 1)
}

/// `Z`, or `+HH:MM`: minutes ahead of UTC.
fn offset(text: &[u8]) -> Option<i32> {
    if let [b'Z' | b'z'] = text {
        return Some(0);
    }
    let [sign @ (b'+' | b'-'), a, b, b':', c, d] = *text else {
        return None;
    };
    let (hours, minutes) = (number(&[a, b])?, number(&[c, d])?);
    let ahead = i32::from(hours) * 60 + i32::from(minutes);
    (hours < 24 && minutes < 60).then_some(if sign == b'-' { -ahead } else { ahead })
}

fn number(digits: &[u8]) -> Option<u16> {
    digits.iter().try_fold(0, |number, digit| {
        digit
            .is_ascii_digit()
            .then(|| number * 10 + u16::from(digit - b'0'))
    })
}

/// `P1Y2M3DT4H5M6S` and parts of it, without gaps, or `P1W`.
pub(super) fn is_duration(text: &str) -> bool {
    let Some(text) = text.strip_prefix('P') else {
        return false;
    };
    let (date, time) = match text.split_once('T') {
        Some((date, time)) => (date, Some(time)),
        None => (text, None),
    };
    let weeks = time.is_none() && units(date, "W");
    let timed = time.is_none_or(|time| units(time, "HMS"));
    weeks || timed && (units(date, "YMD") || date.is_empty() && time.is_some())
}

/// Whether `text` is counts of some units that follow each other.
fn units(text: &str, units: &str) -> bool {
    let (mut next, mut rest) = (None, text);
    while !rest.is_empty() {
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let at = rest[digits..].chars().next().and_then(|unit| units.find(unit));
        if digits == 0 || at.is_none() || next.is_some() && next != at {
            return false;
        }
        next = at.map(|at| at + 1);
        rest = &rest[digits + 1..];
    }
    next.is_some()
}
