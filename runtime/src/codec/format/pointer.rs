//! JSON pointers.

/// RFC 6901: nothing, or tokens with a slash before each. `~` stands only before 0 and 1.
pub(super) fn is_pointer(text: &str) -> bool {
    let escapes = text.split('~').skip(1);
    (text.is_empty() || text.starts_with('/'))
        && escapes.into_iter().all(|after| after.starts_with(['0', '1']))
}

/// How many levels up, and a pointer, or `#` for the name.
pub(super) fn is_relative(text: &str) -> bool {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (levels, rest) = text.split_at(digits);
    !levels.is_empty() && (levels == "0" || !levels.starts_with('0')) && (rest == "#" || is_pointer(rest))
}
