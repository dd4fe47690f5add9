//! Which alternative of a union a JSON value is.
//!
//! Decided by the table that the generator wrote; only `Dispatch::Trial` decodes more than once.

use jiter::Peek;

use super::read::Reader;
use crate::codec::{Decimal, DecodeError, Dispatch, JsonKind, Union};

impl<'j> Reader<'j> {
    pub(super) fn union(&mut self, union: &mut dyn Union, peek: Peek) -> Result<(), DecodeError> {
        // A union can be an alternative of itself, and then nests without reading anything.
        self.deeper(|reader| reader.alternative(union, peek))
    }

    fn alternative(&mut self, union: &mut dyn Union, peek: Peek) -> Result<(), DecodeError> {
        let shape = union.shape();
        let unknown = shape.variants.len();
        let start = self.jiter.current_index();
        let (raw, start) = (self.raw(peek)?.0, start);
        let (index, for_sure) = match self.choose(&shape.dispatch, raw, start, peek)? {
            Choice::One(index) => (index, false),
            Choice::Tagged(index) => (index, true),
            Choice::Unknown => (unknown, true),
            Choice::Try => return self.best_fit(union, raw, start),
        };
        let mut part = self.part(raw, start);
        let outcome = part.value(union.select(index));
        self.trials = part.trials;
        if index == unknown {
            self.ignored += MISFIT;
        }
        match outcome {
            Ok(()) => self.ignored += part.ignored,
            Err(refused) if for_sure => return Err(refused),
            // What tells alternatives apart is not all that they say: another one may accept the value still.
            Err(refused) => match self.best(union, raw, start) {
                Some(other) => return self.take(union, other, raw, start),
                None if shape.non_objects && peek != Peek::Object => {
                    self.ignored += MISFIT;
                    return self.take(union, unknown, raw, start);
                }
                None => return Err(refused),
            },
        }
        Ok(())
    }

    fn choose(
        &self,
        dispatch: &Dispatch,
        raw: &'j [u8],
        start: usize,
        peek: Peek,
    ) -> Result<Choice, DecodeError> {
        Ok(match *dispatch {
            Dispatch::Kind(kinds) => by_kind(kinds, raw, peek).map_or(Choice::Unknown, Choice::One),
            Dispatch::KindThen { kinds, objects } => match by_kind(kinds, raw, peek) {
                Some(index) => Choice::One(index),
                None => self.choose(objects, raw, start, peek)?,
            },
            Dispatch::Tag { property, values } => {
                let mut tag = None;
                if peek == Peek::Object {
                    self.part(raw, start).each_key(|reader, key| {
                        if key == property && tag.is_none() {
                            let peek = reader.peek()?;
                            if peek == Peek::String {
                                tag = Some(reader.text(peek)?.to_owned());
                                return Ok(true);
                            }
                            // An integer is a tag by its digits.
                            if peek.is_num() {
                                tag = Some(String::from_utf8_lossy(reader.raw(peek)?.0).into_owned());
                                return Ok(true);
                            }
                        }
                        Ok(false)
                    })?;
                }
                tag.and_then(|tag| values.iter().find(|(value, _)| *value == tag))
                    .map_or(Choice::Unknown, |(_, index)| Choice::Tagged(*index))
            }
            Dispatch::Property {
                properties,
                otherwise,
            } => {
                let mut found: Option<usize> = None;
                if peek == Peek::Object {
                    self.part(raw, start).each_key(|_, key| {
                        if let Some(rank) = properties.iter().position(|(property, _)| *property == key) {
                            found = Some(found.map_or(rank, |best| best.min(rank)));
                        }
                        Ok(false)
                    })?;
                }
                let index = found.map(|rank| properties[rank].1).or(if peek == Peek::Object {
                    otherwise
                } else {
                    None
                });
                index.map_or(Choice::Unknown, Choice::One)
            }
            Dispatch::Or { known, otherwise } => match self.choose(known, raw, start, peek)? {
                Choice::Unknown if peek == Peek::Object => Choice::One(otherwise),
                choice => choice,
            },
            Dispatch::Trial => Choice::Try,
        })
    }

    /// Reads the alternative that fits best; the unknown one when none does.
    fn best_fit(&mut self, union: &mut dyn Union, raw: &'j [u8], start: usize) -> Result<(), DecodeError> {
        let best = self.best(union, raw, start);
        if best.is_none() {
            self.ignored += MISFIT;
        }
        let unknown = union.shape().variants.len();
        self.take(union, best.unwrap_or(unknown), raw, start)
    }

    /// Reads an alternative that was tried before.
    fn take(
        &mut self,
        union: &mut dyn Union,
        index: usize,
        raw: &'j [u8],
        start: usize,
    ) -> Result<(), DecodeError> {
        let mut reader = self.part(raw, start);
        let outcome = reader.value(union.select(index));
        self.ignored += reader.ignored;
        self.trials = reader.trials;
        outcome
    }

    /// The alternative that accepts the value and passes over the fewest properties, the first among equals.
    fn best(&mut self, union: &mut dyn Union, raw: &'j [u8], start: usize) -> Option<usize> {
        let count = union.shape().variants.len();
        let mut best: Option<(usize, usize)> = None;
        for index in 0..count {
            self.trials = self.trials.checked_sub(raw.len())?;
            let mut reader = self.part(raw, start);
            let outcome = reader.value(union.select(index));
            self.trials = reader.trials;
            if outcome.is_ok() {
                if reader.ignored == 0 {
                    return Some(index);
                }
                if best.is_none_or(|(_, ignored)| reader.ignored < ignored) {
                    best = Some((index, reader.ignored));
                }
            }
        }
        best.map(|(index, _)| index)
    }

    /// Calls `visit` at each key of the object, which says whether it has read the value.
    fn each_key(
        &mut self,
        mut visit: impl FnMut(&mut Self, &str) -> Result<bool, DecodeError>,
    ) -> Result<(), DecodeError> {
        self.peek()?;
        let mut key = self.first_key()?;
        while let Some(name) = key {
            if !visit(self, &name)? {
                let peek = self.peek()?;
                self.skip(peek)?;
            }
            key = self.next_key()?;
        }
        Ok(())
    }
}

/// What it counts when a constant or an alternative is none that the contract names: more than a property that it does
/// not name.
pub(super) const MISFIT: usize = 2;

enum Choice {
    One(usize),
    /// By a tag: what it names is meant, fit or not.
    Tagged(usize),
    Unknown,
    Try,
}

fn by_kind(kinds: &[(JsonKind, usize)], raw: &[u8], peek: Peek) -> Option<usize> {
    let is = |kind: JsonKind| match kind {
        JsonKind::Bool => matches!(peek, Peek::True | Peek::False),
        JsonKind::Integer => peek.is_num() && !raw.iter().any(|byte| matches!(byte, b'.' | b'e' | b'E')),
        JsonKind::Number => peek.is_num(),
        JsonKind::String => peek == Peek::String,
        JsonKind::Array => peek == Peek::Array,
        JsonKind::Object => peek == Peek::Object,
    };
    let of =
        |is: &dyn Fn(JsonKind) -> bool| kinds.iter().find(|(kind, _)| is(*kind)).map(|(_, index)| *index);
    // `1.0` is an integer to JSON Schema: it goes there when no other alternative takes it.
    of(&is).or_else(|| {
        let whole =
            peek.is_num() && std::str::from_utf8(raw).is_ok_and(|text| Decimal::parse(text).is_whole());
        of(&|kind| whole && kind == JsonKind::Integer)
    })
}
