//! JSON octets to values: a pull parser fills the places that the value offers.

use base64::Engine as _;
use base64::prelude::{BASE64_STANDARD, BASE64_STANDARD_NO_PAD, BASE64_URL_SAFE, BASE64_URL_SAFE_NO_PAD};
use jiter::{Jiter, JiterError, Peek};

use super::unions::MISFIT;
use crate::codec::{
    Constant, Decimal, DecodeError, Enumeration, Field, Integer, Json, NodeMut, Open, Record, Value,
};

/// How deep a document may nest. Deeper ones are refused, not followed.
const MAX_DEPTH: u32 = 128;

/// How many times over a document may be read to find the alternatives of its unions by trial. Beyond that, as only
/// unions nested in each other get, they are read as unknown ones.
const TRIALS: usize = 100;

const FRACTION: &str = "expected an integer, found a number with a fraction";
const OUT_OF_RANGE: &str = "the integer is out of range";

/// Reads a JSON text into a new value.
///
/// # Errors
/// The text is no JSON, or no value of the type: a missing required field, a value of another kind, a number out of
/// range. The error names the place.
pub fn read_new<T: Value>(octets: &[u8]) -> Result<T, DecodeError> {
    let mut value = T::blank();
    read(octets, &mut value)?;
    Ok(value)
}

/// Reads a JSON text into `value`, replacing what was there.
///
/// # Errors
/// As [`read_new`].
pub fn read(octets: &[u8], value: &mut dyn Value) -> Result<(), DecodeError> {
    read_as(octets, value, Null::Absence)
}

/// As [`read`], but null is an error where the contract knows only absence. A request is judged by its contract, and once
/// read, null and absence could not be told apart.
///
/// # Errors
/// As [`read_new`]; null where it is not allowed.
pub fn read_strictly(octets: &[u8], value: &mut dyn Value) -> Result<(), DecodeError> {
    read_as(octets, value, Null::Refused)
}

fn read_as(octets: &[u8], value: &mut dyn Value, null: Null) -> Result<(), DecodeError> {
    let mut reader = Reader::new(octets, 0, 0, octets.len().saturating_mul(TRIALS));
    reader.null = null;
    reader.value(value)?;
    reader.jiter.finish().map_err(|error| reader.syntax(&error))
}

/// What null is where the contract knows only absence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Null {
    Absence,
    Refused,
}

/// A position in a JSON text.
pub(super) struct Reader<'j> {
    pub(super) jiter: Jiter<'j>,
    /// Where the text stands in the whole document.
    base: usize,
    depth: u32,
    null: Null,
    /// How many properties the contract does not name: how unions tell a good fit from a bad one.
    pub(super) ignored: usize,
    /// How many octets may still be read for trial.
    pub(super) trials: usize,
}

impl<'j> Reader<'j> {
    fn new(octets: &'j [u8], base: usize, depth: u32, trials: usize) -> Self {
        Self {
            jiter: Jiter::new(octets),
            base,
            depth,
            null: Null::Absence,
            ignored: 0,
            trials,
        }
    }

    /// A reader of a part of this text, just read over.
    pub(super) fn part(&self, octets: &'j [u8], start: usize) -> Self {
        Self {
            null: self.null,
            ..Self::new(octets, self.base + start, self.depth, self.trials)
        }
    }

    pub(super) fn value(&mut self, place: &mut dyn Value) -> Result<(), DecodeError> {
        let peek = self.peek()?;
        self.known(place, peek)
    }

    /// Reads the value that starts with `peek`.
    fn known(&mut self, place: &mut dyn Value, peek: Peek) -> Result<(), DecodeError> {
        match place.node_mut() {
            NodeMut::Unit => self.skip(peek),
            NodeMut::Optional(optional) => {
                if peek != Peek::Null {
                    return self.known(optional.fill(), peek);
                }
                let inner = optional.fill();
                if matches!(inner.node_mut(), NodeMut::Nullable(_) | NodeMut::Json(_)) {
                    return self.known(inner, peek);
                }
                optional.clear();
                if self.null == Null::Refused {
                    return Err(self.error("null is not allowed here, only absence"));
                }
                // Null where the contract knows only absence: another alternative, which does not name the property,
                // would keep it, and fits better.
                self.ignored += MISFIT;
                self.null()
            }
            NodeMut::Nullable(nullable) => {
                if peek != Peek::Null {
                    return self.known(nullable.fill(), peek);
                }
                nullable.clear();
                self.null()
            }
            NodeMut::Bool(value) => {
                if !matches!(peek, Peek::True | Peek::False) {
                    return Err(self.unexpected("true or false", peek));
                }
                *value = self.jiter.known_bool(peek).map_err(|error| self.syntax(&error))?;
                Ok(())
            }
            NodeMut::I32(value) => self.integer(peek).and_then(|wide| self.narrow(wide, value)),
            NodeMut::I64(value) => self.integer(peek).and_then(|wide| self.narrow(wide, value)),
            NodeMut::U32(value) => self.integer(peek).and_then(|wide| self.narrow(wide, value)),
            NodeMut::U64(value) => self.integer(peek).and_then(|wide| self.narrow(wide, value)),
            NodeMut::Integer(value) => self.any_integer(peek).map(|integer| *value = integer),
            NodeMut::Decimal(value) => {
                *value = Decimal::parse(self.number_text(peek)?);
                Ok(())
            }
            NodeMut::F32(value) => {
                // Parsed as 32 bits: going by way of 64 could round twice.
                let number = self.number_text(peek)?.parse().unwrap_or(f32::NAN);
                *value = number;
                self.finite(number.is_finite(), "f32")
            }
            NodeMut::F64(value) => {
                let number = self.number_text(peek)?.parse().unwrap_or(f64::NAN);
                *value = number;
                self.finite(number.is_finite(), "f64")
            }
            NodeMut::Text(text) => {
                let read = self.text(peek)?;
                text.clear();
                text.push_str(read);
                Ok(())
            }
            NodeMut::Bytes(octets) => {
                let decoded = decode_base64(self.text(peek)?);
                *octets = decoded.ok_or_else(|| self.error("expected base64 text"))?.into();
                Ok(())
            }
            NodeMut::File(file) => {
                file.set_content(bytes::Bytes::copy_from_slice(self.text(peek)?.as_bytes()));
                Ok(())
            }
            NodeMut::Json(json) => {
                *json = self.json(peek)?;
                Ok(())
            }
            NodeMut::List(list) => {
                list.clear();
                self.nested(peek, Peek::Array, "a list", |reader| {
                    let mut next = reader
                        .jiter
                        .known_array()
                        .map_err(|error| reader.syntax(&error))?;
                    let mut index = 0;
                    while let Some(peek) = next {
                        reader
                            .known(list.push(), peek)
                            .map_err(|error| error.in_index(index))?;
                        index += 1;
                        next = reader.jiter.array_step().map_err(|error| reader.syntax(&error))?;
                    }
                    Ok(())
                })
            }
            NodeMut::Map(map) => {
                map.clear();
                self.nested(peek, Peek::Object, "an object", |reader| {
                    let mut key = reader.first_key()?;
                    while let Some(name) = key {
                        reader
                            .value(map.insert(name.clone()))
                            .map_err(|error| error.in_key(name))?;
                        key = reader.next_key()?;
                    }
                    Ok(())
                })
            }
            NodeMut::Record(record) => {
                self.nested(peek, Peek::Object, "an object", |reader| reader.record(record))
            }
            NodeMut::Enum(enumeration) => self.enumeration(enumeration, peek),
            NodeMut::Union(union) => self.union(union, peek),
            NodeMut::Stream(_) => Err(self.error("a stream is a body of its own")),
            NodeMut::Foreign(foreign) => {
                let start = self.jiter.current_index();
                self.skip(peek)?;
                let raw = self.jiter.slice_to_current(start);
                foreign
                    .read_json(raw)
                    .map_err(|error| error.at_offset(self.base + start))
            }
        }
    }

    /// Fields are most often in the order of the table, so the search for one starts after the last found.
    fn record(&mut self, record: &mut dyn Record) -> Result<(), DecodeError> {
        let shape = record.shape();
        let mut seen = Seen::new(shape.fields.len());
        let mut expected = 0;
        if shape.open.keeps()
            && let Some(NodeMut::Map(map)) = record.field_mut(shape.fields.len()).map(Value::node_mut)
        {
            map.clear();
        }
        let mut found = self.first_field(shape.fields, expected)?;
        while let Some(key) = found {
            match key {
                Key::Field(index) => {
                    let name = shape.fields[index].name;
                    if let Some(place) = record.field_mut(index) {
                        self.value(place).map_err(|error| error.in_key(name))?;
                        seen.mark(index);
                    }
                    expected = index + 1;
                }
                Key::Other(name) if shape.open.keeps() => {
                    self.ignored += usize::from(shape.open != Open::Kept);
                    let map = record.field_mut(shape.fields.len()).map(Value::node_mut);
                    if let Some(NodeMut::Map(map)) = map {
                        self.value(map.insert(name.clone()))
                            .map_err(|error| error.in_key(name))?;
                    }
                }
                Key::Other(_) => {
                    self.ignored += 1;
                    let peek = self.peek()?;
                    self.skip(peek)?;
                }
            }
            found = self.next_field(shape.fields, expected)?;
        }
        for (index, field) in shape.fields.iter().enumerate() {
            if !seen.has(index) {
                if field.required {
                    return Err(self.error("a required property is missing").in_key(field.name));
                }
                if let Some(NodeMut::Optional(optional)) = record.field_mut(index).map(Value::node_mut) {
                    optional.clear();
                }
            }
        }
        Ok(())
    }

    fn enumeration(&mut self, enumeration: &mut dyn Enumeration, peek: Peek) -> Result<(), DecodeError> {
        let accepted = if peek == Peek::String {
            enumeration.set(Constant::Text(self.text(peek)?))
        } else {
            let wide = self.integer(peek)?;
            i64::try_from(wide).is_ok_and(|integer| enumeration.set(Constant::Integer(integer)))
        };
        if !accepted {
            return Err(self.unexpected("another kind of constant", peek));
        }
        if !enumeration.is_known() {
            self.ignored += MISFIT;
        }
        Ok(())
    }

    fn first_field(&mut self, fields: &'static [Field], expected: usize) -> Result<Option<Key>, DecodeError> {
        match self.jiter.known_object() {
            Ok(key) => Ok(key.map(|key| Key::find(fields, key, expected))),
            Err(error) => Err(self.syntax(&error)),
        }
    }

    fn next_field(&mut self, fields: &'static [Field], expected: usize) -> Result<Option<Key>, DecodeError> {
        match self.jiter.next_key() {
            Ok(key) => Ok(key.map(|key| Key::find(fields, key, expected))),
            Err(error) => Err(self.syntax(&error)),
        }
    }

    pub(super) fn first_key(&mut self) -> Result<Option<String>, DecodeError> {
        match self.jiter.known_object() {
            Ok(key) => Ok(key.map(str::to_owned)),
            Err(error) => Err(self.syntax(&error)),
        }
    }

    pub(super) fn next_key(&mut self) -> Result<Option<String>, DecodeError> {
        match self.jiter.next_key() {
            Ok(key) => Ok(key.map(str::to_owned)),
            Err(error) => Err(self.syntax(&error)),
        }
    }

    pub(super) fn peek(&mut self) -> Result<Peek, DecodeError> {
        self.jiter.peek().map_err(|error| self.syntax(&error))
    }

    pub(super) fn skip(&mut self, peek: Peek) -> Result<(), DecodeError> {
        self.jiter.known_skip(peek).map_err(|error| self.syntax(&error))
    }

    /// The text of the value that starts with `peek`, passed over, and where it starts.
    pub(super) fn raw(&mut self, peek: Peek) -> Result<(&'j [u8], usize), DecodeError> {
        let start = self.jiter.current_index();
        self.skip(peek)?;
        Ok((self.jiter.slice_to_current(start), start))
    }

    pub(super) fn json(&mut self, peek: Peek) -> Result<Json, DecodeError> {
        let (raw, start) = self.raw(peek)?;
        serde_json::from_slice(raw)
            .map_err(|_| DecodeError::new("not valid JSON").at_offset(self.base + start))
    }

    fn null(&mut self) -> Result<(), DecodeError> {
        self.jiter.known_null().map_err(|error| self.syntax(&error))
    }

    pub(super) fn text(&mut self, peek: Peek) -> Result<&str, DecodeError> {
        if peek != Peek::String {
            return Err(self.unexpected("text", peek));
        }
        let base = self.base;
        self.jiter.known_str().map_err(|error| syntax_error(&error, base))
    }

    fn number_text(&mut self, peek: Peek) -> Result<&str, DecodeError> {
        if !peek.is_num() {
            return Err(self.unexpected("a number", peek));
        }
        let base = self.base;
        let octets = self
            .jiter
            .known_number_bytes(peek)
            .map_err(|error| syntax_error(&error, base))?;
        std::str::from_utf8(octets).map_err(|_| DecodeError::new("not valid JSON"))
    }

    /// JSON Schema calls any number without a fractional part an integer, `1.0` and `1e3` too.
    fn integer(&mut self, peek: Peek) -> Result<i128, DecodeError> {
        if !peek.is_num() {
            return Err(self.unexpected("an integer", peek));
        }
        let start = self.base + self.jiter.current_index();
        let text = self.number_text(peek)?;
        if let Ok(integer) = text.parse::<i64>() {
            return Ok(integer.into());
        }
        whole(text).map_err(|error| error.at_offset(start))
    }

    fn any_integer(&mut self, peek: Peek) -> Result<Integer, DecodeError> {
        if !peek.is_num() {
            return Err(self.unexpected("an integer", peek));
        }
        let start = self.base + self.jiter.current_index();
        let text = self.number_text(peek)?;
        let fraction = || DecodeError::new(FRACTION).at_offset(start);
        match text.parse::<i64>() {
            Ok(small) => Ok(small.into()),
            Err(_) => Integer::of(Decimal::parse(text)).ok_or_else(fraction),
        }
    }

    /// An infinity could not be written again.
    fn finite(&self, finite: bool, name: &str) -> Result<(), DecodeError> {
        if finite {
            Ok(())
        } else {
            Err(self.error(format!("the number is out of range for {name}")))
        }
    }

    fn narrow<N: TryFrom<i128>>(&self, wide: i128, place: &mut N) -> Result<(), DecodeError> {
        *place = N::try_from(wide).map_err(|_| {
            self.error(format!(
                "the integer is out of range for {}",
                std::any::type_name::<N>()
            ))
        })?;
        Ok(())
    }

    fn nested(
        &mut self,
        peek: Peek,
        wanted: Peek,
        expected: &str,
        read: impl FnOnce(&mut Self) -> Result<(), DecodeError>,
    ) -> Result<(), DecodeError> {
        if peek != wanted {
            return Err(self.unexpected(expected, peek));
        }
        self.deeper(read)
    }

    /// Runs `read` a level deeper, unless that is too deep.
    pub(super) fn deeper(
        &mut self,
        read: impl FnOnce(&mut Self) -> Result<(), DecodeError>,
    ) -> Result<(), DecodeError> {
        if self.depth == MAX_DEPTH {
            return Err(self.error(format!("nested deeper than {MAX_DEPTH} levels")));
        }
        self.depth += 1;
        let outcome = read(self);
        self.depth -= 1;
        outcome
    }

    pub(super) fn error(&self, message: impl Into<std::borrow::Cow<'static, str>>) -> DecodeError {
        DecodeError::new(message).at_offset(self.base + self.jiter.current_index())
    }

    pub(super) fn unexpected(&self, expected: &str, peek: Peek) -> DecodeError {
        let found = match peek {
            Peek::Null => "null",
            Peek::True | Peek::False => "true or false",
            Peek::String => "text",
            Peek::Array => "a list",
            Peek::Object => "an object",
            _ if peek.is_num() => "a number",
            _ => "no JSON value",
        };
        self.error(format!("expected {expected}, found {found}"))
    }

    pub(super) fn syntax(&self, error: &JiterError) -> DecodeError {
        syntax_error(error, self.base)
    }
}

/// The integer that a JSON number with fraction or exponent is. By its digits: a float would round them.
fn whole(text: &str) -> Result<i128, DecodeError> {
    let (mantissa, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
    let (before, after) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = format!("{before}{after}");
    let significant = digits.trim_end_matches('0');
    if significant.is_empty() || significant == "-" {
        return Ok(0);
    }
    // An exponent that has no i64 is out of range on either side.
    let exponent = exponent.parse::<i64>().unwrap_or(if exponent.starts_with('-') {
        i64::MIN
    } else {
        i64::MAX
    });
    let dropped = (digits.len() - significant.len()) as i64;
    let zeros = exponent
        .saturating_sub(after.len() as i64)
        .saturating_add(dropped);
    let Ok(zeros) = u32::try_from(zeros) else {
        let message = if zeros < 0 { FRACTION } else { OUT_OF_RANGE };
        return Err(DecodeError::new(message));
    };
    let whole = 10_i128
        .checked_pow(zeros)
        .and_then(|power| significant.parse::<i128>().ok()?.checked_mul(power));
    whole.ok_or(DecodeError::new(OUT_OF_RANGE))
}

fn syntax_error(error: &JiterError, base: usize) -> DecodeError {
    DecodeError::new(format!("not valid JSON: {}", error.error_type)).at_offset(base + error.index)
}

/// A key of an object, looked up in the table.
enum Key {
    Field(usize),
    Other(String),
}

impl Key {
    fn find(fields: &'static [Field], key: &str, expected: usize) -> Self {
        if fields.get(expected).is_some_and(|field| field.name == key) {
            return Self::Field(expected);
        }
        match fields.iter().position(|field| field.name == key) {
            Some(index) => Self::Field(index),
            None => Self::Other(key.to_owned()),
        }
    }
}

/// Which fields were there. Objects with more than 128 fields are rare; theirs spill.
struct Seen {
    low: u128,
    high: Vec<bool>,
}

impl Seen {
    fn new(fields: usize) -> Self {
        Self {
            low: 0,
            high: vec![false; fields.saturating_sub(128)],
        }
    }

    fn mark(&mut self, index: usize) {
        match index.checked_sub(128) {
            None => self.low |= 1 << index,
            Some(rest) => self.high[rest] = true,
        }
    }

    fn has(&self, index: usize) -> bool {
        match index.checked_sub(128) {
            None => self.low & (1 << index) != 0,
            Some(rest) => self.high[rest],
        }
    }
}

/// Base64 in the standard or the URL-safe alphabet, padded or not: peers send all four.
fn decode_base64(text: &str) -> Option<Vec<u8>> {
    [
        &BASE64_STANDARD,
        &BASE64_STANDARD_NO_PAD,
        &BASE64_URL_SAFE,
        &BASE64_URL_SAFE_NO_PAD,
    ]
    .into_iter()
    .find_map(|engine| engine.decode(text).ok())
}
