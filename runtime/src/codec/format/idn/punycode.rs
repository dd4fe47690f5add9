//! RFC 3492.

const BASE: u32 = 36;
const LEAST: u32 = 1;
const MOST: u32 = 26;

/// The text that digits say. `None`: they say none.
pub(super) fn decode(text: &str) -> Option<String> {
    let (plain, digits) = text.rsplit_once('-').unwrap_or(("", text));
    let mut characters: Vec<char> = plain.chars().collect();
    let (mut code, mut at, mut bias) = (128_u32, 0_u32, 72);
    let mut digits = digits.bytes().peekable();
    while digits.peek().is_some() {
        let (before, mut weight, mut threshold_at) = (at, 1_u32, BASE);
        loop {
            let digit = match digits.next()? {
                letter @ b'a'..=b'z' => u32::from(letter - b'a'),
                number @ b'0'..=b'9' => u32::from(number - b'0') + 26,
                _ => return None,
            };
            at = at.checked_add(digit.checked_mul(weight)?)?;
            let threshold = threshold(threshold_at, bias);
            if digit < threshold {
                break;
            }
            weight = weight.checked_mul(BASE - threshold)?;
            threshold_at += BASE;
        }
        let count = u32::try_from(characters.len()).ok()? + 1;
        bias = adapted(at - before, count, before == 0);
        code = code.checked_add(at / count)?;
        at %= count;
        characters.insert(usize::try_from(at).ok()?, char::from_u32(code)?);
        at += 1;
    }
    Some(characters.into_iter().collect())
}

/// The digits that say a text. `None`: it is too long for any label.
pub(super) fn encode(text: &str) -> Option<String> {
    let characters: Vec<u32> = text.chars().map(u32::from).collect();
    if characters.len() > 63 {
        return None;
    }
    let mut out: String = text.chars().filter(char::is_ascii).collect();
    let plain = u32::try_from(out.len()).ok()?;
    if plain > 0 {
        out.push('-');
    }
    let (mut code, mut delta, mut bias, mut done) = (128_u32, 0_u32, 72, plain);
    while (done as usize) < characters.len() {
        let next = *characters.iter().filter(|other| **other >= code).min()?;
        delta = delta.checked_add((next - code).checked_mul(done + 1)?)?;
        code = next;
        for &character in &characters {
            if character < code {
                delta = delta.checked_add(1)?;
            } else if character == code {
                write(delta, bias, &mut out);
                bias = adapted(delta, done + 1, done == plain);
                delta = 0;
                done += 1;
            }
        }
        delta += 1;
        code += 1;
    }
    Some(out)
}

fn write(mut delta: u32, bias: u32, out: &mut String) {
    let mut at = BASE;
    loop {
        let threshold = threshold(at, bias);
        if delta < threshold {
            out.push(letter(delta));
            return;
        }
        out.push(letter(threshold + (delta - threshold) % (BASE - threshold)));
        delta = (delta - threshold) / (BASE - threshold);
        at += BASE;
    }
}

/// A digit: 26 letters, then ten numbers.
fn letter(digit: u32) -> char {
    let digit = digit as u8;
    char::from(if digit < 26 {
        b'a' + digit
    } else {
        b'0' + (digit - 26)
    })
}

fn threshold(at: u32, bias: u32) -> u32 {
    at.saturating_sub(bias).clamp(LEAST, MOST)
}

fn adapted(delta: u32, count: u32, is_first: bool) -> u32 {
    let mut delta = if is_first { delta / 700 } else { delta / 2 };
    delta += delta / count;
    let mut at = 0;
    while delta > (BASE - LEAST) * MOST / 2 {
        delta /= BASE - LEAST;
        at += BASE;
    }
    at + (BASE - LEAST + 1) * delta / (delta + 38)
}
