//! RFC 5892: which characters a label has, and which of them only beside some others. What is written twice in Unicode is
//! allowed in one way only; those are told here by their blocks.

use std::sync::LazyLock;

use regex::Regex;

static LETTER: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"^[\p{Ll}\p{Lo}\p{Lm}\p{Mn}\p{Mc}\p{Nd}-]$").ok());
static MARK: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"^\p{M}").ok());
static GREEK: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"^\p{Greek}").ok());
static HEBREW: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"^\p{Hebrew}").ok());
static JAPANESE: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"[\p{Hiragana}\p{Katakana}\p{Han}]").ok());
/// Scripts whose letters join.
static JOINING: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"^[[\p{Arabic}\p{Syriac}\p{Mongolian}\p{Nko}\p{Mandaic}]&&\p{L}]").ok());

/// Whether it is a label with a character that is not ASCII.
pub(super) fn is_label(label: &str) -> bool {
    let characters: Vec<char> = label.chars().collect();
    let allowed = |(at, character): (usize, &char)| match beside(&characters, at) {
        Some(allowed) => allowed,
        None => is_letter(*character),
    };
    !label.starts_with('-')
        && !label.ends_with('-')
        && !has_reserved_hyphens(label)
        && !is(&MARK, label)
        && characters.iter().enumerate().all(allowed)
}

/// Whether hyphens are the third and the fourth character.
pub(super) fn has_reserved_hyphens(label: &str) -> bool {
    label.chars().skip(2).take(2).eq(['-', '-'])
}

fn is(expression: &LazyLock<Option<Regex>>, text: &str) -> bool {
    expression
        .as_ref()
        .is_some_and(|expression| expression.is_match(text))
}

fn is_of(expression: &LazyLock<Option<Regex>>, character: Option<&char>) -> bool {
    character.is_some_and(|character| is(expression, character.encode_utf8(&mut [0; 4])))
}

fn is_letter(character: char) -> bool {
    let added = matches!(u32::from(character), 0x6FD | 0x6FE | 0xF0B | 0x3007);
    added || is_of(&LETTER, Some(&character)) && !is_excluded(character)
}

/// Whether a character that is allowed only beside some others stands beside them. `None`: it is no such character.
fn beside(label: &[char], at: usize) -> Option<bool> {
    let before = at.checked_sub(1).and_then(|at| label.get(at));
    let after = label.get(at + 1);
    let has = |range: std::ops::RangeInclusive<char>| label.iter().any(|character| range.contains(character));
    Some(match label[at] {
        '\u{B7}' => (before, after) == (Some(&'l'), Some(&'l')),
        '\u{375}' => is_of(&GREEK, after),
        '\u{5F3}' | '\u{5F4}' => is_of(&HEBREW, before),
        '\u{30FB}' => is(
            &JAPANESE,
            &label.iter().filter(|c| **c != '\u{30FB}').collect::<String>(),
        ),
        '\u{660}'..='\u{669}' => !has('\u{6F0}'..='\u{6F9}'),
        '\u{6F0}'..='\u{6F9}' => !has('\u{660}'..='\u{669}'),
        '\u{200D}' => before.is_some_and(|character| is_virama(*character)),
        '\u{200C}' => before.is_some_and(|character| is_virama(*character)) || joins(label, at),
        _ => return None,
    })
}

/// Whether letters that join stand on both sides, marks left aside.
fn joins(label: &[char], at: usize) -> bool {
    let is_letter = |character: &&char| !is_of(&MARK, Some(character));
    let before = label[..at].iter().rev().find(is_letter);
    let after = label[at + 1..].iter().find(is_letter);
    is_of(&JOINING, before) && is_of(&JOINING, after)
}

/// Signs that take a consonant's vowel away.
fn is_virama(character: char) -> bool {
    matches!(
        u32::from(character),
        0x94D
            | 0x9CD
            | 0xA4D
            | 0xACD
            | 0xB4D
            | 0xBCD
            | 0xC4D
            | 0xCCD
            | 0xD3B
            | 0xD3C
            | 0xD4D
            | 0xDCA
            | 0xE3A
            | 0xEBA
            | 0xF84
            | 0x1039
            | 0x103A
            | 0x1714
            | 0x1734
            | 0x17D2
            | 0x1A60
            | 0x1B44
            | 0x1BAA
            | 0x1BAB
            | 0x1BF2
            | 0x1BF3
            | 0x2D7F
            | 0xA806
            | 0xA82C
            | 0xA8C4
            | 0xA953
            | 0xA9C0
            | 0xAAF6
            | 0xABED
            | 0x10A3F
            | 0x11046
            | 0x1107F
            | 0x110B9
            | 0x11133
            | 0x11134
            | 0x111C0
            | 0x11235
            | 0x112EA
            | 0x1134D
    )
}

/// Letters that RFC 5892 disallows: those of its own list, what Unicode has only to be like other sets, and what cannot
/// be seen.
fn is_excluded(character: char) -> bool {
    matches!(
        u32::from(character),
        0xAA | 0xBA | 0x2B0..=0x2B8 | 0x2E0..=0x2E4 | 0x37A | 0x640 | 0x675..=0x678 | 0x7FA | 0xE33 | 0xEB3
            | 0xEDC | 0xEDD | 0x1100..=0x11FF | 0x17B4 | 0x17B5 | 0x180B..=0x180F | 0x1D2C..=0x1D6A | 0x1D9B..=0x1DBF
            | 0x2071 | 0x207F | 0x2090..=0x209C | 0x2100..=0x214D | 0x302E | 0x302F | 0x3031..=0x3035 | 0x303B
            | 0x309F | 0x30FF | 0x3131..=0x318E | 0xA960..=0xA97F | 0xD7B0..=0xD7FF | 0xF900..=0xFA0D
            | 0xFA10 | 0xFA12 | 0xFA15..=0xFA1E | 0xFA20 | 0xFA22 | 0xFA25 | 0xFA26 | 0xFA2A..=0xFB1D
            | 0xFB1F..=0xFDFF | 0xFE00..=0xFE0F | 0xFE70..=0xFFFF | 0x1_D400..=0x1_D7FF | 0x1_EE00..=0x1_EEFF
            | 0x2_F800..=0x2_FA1F | 0xE_0000..=0xE_0FFF
    )
}
