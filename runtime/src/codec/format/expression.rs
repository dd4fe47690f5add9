//! ECMA-262 regular expressions: whether a text is one, with the flag `u`. Brackets that stand alone are let through, as
//! without that flag.

/// How deep groups may nest. A text with deeper ones counts as no expression.
const MAX_DEPTH: usize = 256;

pub(super) fn is_expression(text: &str) -> bool {
    let mut parser = Parser {
        rest: text,
        depth: 0,
        groups: 0,
        names: Vec::new(),
        wanted: Vec::new(),
        largest: 0,
    };
    parser.alternatives().is_some()
        && parser.rest.is_empty()
        && parser.largest <= parser.groups
        && parser.wanted.iter().all(|name| parser.names.contains(name))
}

/// Reads an expression; `None` where it is none.
struct Parser<'t> {
    rest: &'t str,
    depth: usize,
    /// How many groups that are remembered.
    groups: u32,
    names: Vec<&'t str>,
    /// Names that are referred to.
    wanted: Vec<&'t str>,
    /// The largest number that is referred to.
    largest: u32,
}

/// What a term lets follow it.
enum Term {
    Repeatable,
    Assertion,
}

impl<'t> Parser<'t> {
    fn peek(&self) -> Option<char> {
        self.rest.chars().next()
    }

    fn next(&mut self) -> Option<char> {
        let mut characters = self.rest.chars();
        let next = characters.next();
        self.rest = characters.as_str();
        next
    }

    fn take(&mut self, text: &str) -> bool {
        match self.rest.strip_prefix(text) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    /// Terms up to the end, or to the end of a group.
    fn alternatives(&mut self) -> Option<()> {
        while let Some(next) = self.peek() {
            if next == ')' {
                break;
            }
            if self.take("|") {
                continue;
            }
            let term = self.term()?;
            self.quantifier(&term)?;
        }
        Some(())
    }

    fn term(&mut self) -> Option<Term> {
        match self.next()? {
            '^' | '$' => return Some(Term::Assertion),
            '*' | '+' | '?' => return None,
            '(' => return self.group(),
            '[' => self.class()?,
            '\\' => return self.escape(),
            _ => {}
        }
        Some(Term::Repeatable)
    }

    fn group(&mut self) -> Option<Term> {
        let mut term = Term::Repeatable;
        if self.take("?=") || self.take("?!") || self.take("?<=") || self.take("?<!") {
            term = Term::Assertion;
        } else if self.take("?<") {
            let name = self.name('>')?;
            if self.names.contains(&name) {
                return None;
            }
            self.names.push(name);
            self.groups += 1;
        } else if self.take("?:") {
        } else if self.peek() == Some('?') {
            return None;
        } else {
            self.groups += 1;
        }
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return None;
        }
        self.alternatives()?;
        self.depth -= 1;
        self.take(")").then_some(term)
    }

    /// A name up to `end`.
    fn name(&mut self, end: char) -> Option<&'t str> {
        let (name, rest) = self.rest.split_once(end)?;
        let is_start = |c: char| c.is_alphabetic() || matches!(c, '_' | '$');
        let is_name = name.starts_with(is_start) && name.chars().all(|c| is_start(c) || c.is_alphanumeric());
        self.rest = rest;
        is_name.then_some(name)
    }

    /// `*`, `+`, `?`, `{2,3}`, each lazy or not.
    fn quantifier(&mut self, term: &Term) -> Option<()> {
        let is_there = if self.take("*") || self.take("+") || self.take("?") {
            true
        } else {
            self.counts()?
        };
        if is_there {
            self.take("?");
        }
        (!is_there || matches!(term, Term::Repeatable)).then_some(())
    }

    /// A count in braces. Anything else in braces is itself.
    fn counts(&mut self) -> Option<bool> {
        let Some((counts, rest)) = self.rest.strip_prefix('{').and_then(|rest| rest.split_once('}')) else {
            return Some(false);
        };
        let (least, most) = counts.split_once(',').unwrap_or((counts, counts));
        let is_count = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        if least.is_empty() || !is_count(least) || !is_count(most) {
            return Some(false);
        }
        self.rest = rest;
        let number = |text: &str| text.parse().unwrap_or(u64::MAX);
        (most.is_empty() || number(least) <= number(most)).then_some(true)
    }

    /// An escape outside a class.
    fn escape(&mut self) -> Option<Term> {
        match self.peek()? {
            'b' | 'B' => {
                self.next();
                return Some(Term::Assertion);
            }
            'k' => {
                self.next();
                if !self.take("<") {
                    return None;
                }
                let name = self.name('>')?;
                self.wanted.push(name);
            }
            '1'..='9' => {
                let digits = self.rest.bytes().take_while(u8::is_ascii_digit).count();
                let (number, rest) = self.rest.split_at(digits);
                self.rest = rest;
                self.largest = self.largest.max(number.parse().unwrap_or(u32::MAX));
            }
            _ => self.character_escape(false)?,
        }
        Some(Term::Repeatable)
    }

    /// An escape that stands for characters.
    fn character_escape(&mut self, in_class: bool) -> Option<()> {
        match self.next()? {
            'd' | 'D' | 's' | 'S' | 'w' | 'W' | 't' | 'n' | 'v' | 'f' | 'r' => Some(()),
            'b' | '-' => in_class.then_some(()),
            'c' => self.next().filter(char::is_ascii_alphabetic).map(drop),
            '0' => self
                .peek()
                .is_none_or(|next| !next.is_ascii_digit())
                .then_some(()),
            'x' => self.hexadecimal(2),
            'u' if self.take("{") => {
                let (digits, rest) = self.rest.split_once('}')?;
                self.rest = rest;
                let code = u32::from_str_radix(digits, 16).ok()?;
                (code <= 0x10_FFFF && !digits.starts_with('+')).then_some(())
            }
            'u' => self.hexadecimal(4),
            'p' | 'P' => self.property(),
            '^' | '$' | '\\' | '.' | '*' | '+' | '?' | '(' | ')' | '[' | ']' | '{' | '}' | '|' | '/' => {
                Some(())
            }
            _ => None,
        }
    }

    fn hexadecimal(&mut self, count: usize) -> Option<()> {
        (0..count).try_for_each(|_| self.next().filter(char::is_ascii_hexdigit).map(drop))
    }

    /// `{Letter}`, `{Script=Greek}`. Names are not looked up.
    fn property(&mut self) -> Option<()> {
        let (property, rest) = self.rest.strip_prefix('{')?.split_once('}')?;
        self.rest = rest;
        let is_name = |text: &str| {
            !text.is_empty()
                && text
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
        };
        property.splitn(2, '=').all(is_name).then_some(())
    }

    /// What stands in brackets.
    fn class(&mut self) -> Option<()> {
        self.take("^");
        loop {
            let first = match self.atom()? {
                Atom::End => return Some(()),
                atom => atom,
            };
            // A hyphen before the end is itself.
            if !self.rest.starts_with('-') || self.rest.starts_with("-]") {
                continue;
            }
            self.next();
            match (first, self.atom()?) {
                (Atom::Character(first), Atom::Character(last)) if first > last => return None,
                (Atom::Set, _) | (_, Atom::Set | Atom::End) => return None,
                _ => {}
            }
        }
    }

    fn atom(&mut self) -> Option<Atom> {
        Some(match self.next()? {
            ']' => Atom::End,
            '\\' => {
                let escaped = self.peek()?;
                self.character_escape(true)?;
                match escaped {
                    'd' | 'D' | 's' | 'S' | 'w' | 'W' | 'p' | 'P' => Atom::Set,
                    c if c.is_ascii_alphanumeric() => Atom::Escaped,
                    c => Atom::Character(c),
                }
            }
            c => Atom::Character(c),
        })
    }
}

/// A part of a class.
enum Atom {
    Character(char),
    /// A character that is not looked up.
    Escaped,
    Set,
    End,
}
