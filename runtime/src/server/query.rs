//! Reading a query, and a form, which is written as one.

use std::borrow::Cow;
use std::collections::HashMap;

use percent_encoding::percent_decode;

use super::request::Presence;
use crate::codec::nested::{self, Tree};
use crate::codec::text::{self, PlaceKind};
use crate::codec::{DecodeError, Field, NodeMut, Record, Value, json};
use crate::operation::{HttpBinding, InputPlace, QueryStyle};
use crate::rest::styled::delimited;

/// A pair of a query or a form.
pub(super) struct Pair<'t> {
    /// The name, decoded.
    name: Cow<'t, str>,
    /// The name as it came.
    raw_name: &'t str,
    /// The value as it came.
    raw: &'t str,
}

impl<'t> Pair<'t> {
    fn value(&self) -> Result<Cow<'t, str>, DecodeError> {
        decode(self.raw, true)
    }

    /// The segments of a name with brackets. Those that are not encoded set segments apart, so that an encoded one is
    /// part of its segment; where all are encoded, as browsers and `qs` do it, these do.
    fn segments(&self) -> Option<Vec<Cow<'_, str>>> {
        if self.raw_name.contains('[') {
            let segments = nested::segments(self.raw_name)?;
            return segments.into_iter().map(|raw| decode(raw, true).ok()).collect();
        }
        let segments = nested::segments(&self.name)?;
        Some(segments.into_iter().map(Cow::Borrowed).collect())
    }
}

/// The pairs of a query or a form.
pub(super) fn pairs(text: &str) -> Vec<Pair<'_>> {
    let pairs = text.split('&').filter(|pair| !pair.is_empty());
    pairs
        .map(|pair| {
            let (raw_name, raw) = pair.split_once('=').unwrap_or((pair, ""));
            Pair {
                name: decode(raw_name, true).unwrap_or(Cow::Borrowed(raw_name)),
                raw_name,
                raw,
            }
        })
        .collect()
}

/// Reads the parameter `name` in its style. `others` are the names of the other parameters.
pub(super) fn parameter(
    pairs: &[Pair<'_>],
    name: &str,
    style: QueryStyle,
    others: impl FnOnce() -> Vec<&'static str>,
    value: &mut dyn Value,
) -> Presence {
    let of_name = || pairs.iter().filter(|pair| pair.name == name);
    let delimiters: &[&str] = match style {
        QueryStyle::DeepObject => {
            let mut tree = Tree::default();
            for pair in pairs {
                if pair.name == name {
                    tree.insert::<&str>(&[], pair.value()?)?;
                } else if let Some(segments) = pair.segments()
                    && segments[0] == name
                {
                    tree.insert(&segments[1..], pair.value()?)?;
                }
            }
            if tree.is_empty() {
                return Ok(false);
            }
            return tree.read(value).map(|()| true);
        }
        QueryStyle::FormExploded => {
            // Asking for the kind fills an optional place, so not before something is there.
            if pairs.is_empty() {
                return Ok(false);
            }
            if text::kind_of(value) == PlaceKind::Object {
                let (names, others) = (names_of(value), others());
                let is_ours = |key: &str| match &names {
                    Some(names) => names.contains(&key),
                    None => !others.contains(&key),
                };
                return properties(pairs, is_ours, value);
            }
            let texts = of_name().map(Pair::value).collect::<Result<Vec<_>, _>>()?;
            if texts.is_empty() {
                clear(value);
                return Ok(false);
            }
            return text::read_many(texts.iter().map(|text| &**text), value).map(|()| true);
        }
        QueryStyle::Json => {
            let Some(pair) = of_name().next_back() else {
                return Ok(false);
            };
            return json::read(pair.value()?.as_bytes(), value).map(|()| true);
        }
        QueryStyle::Form => &[","],
        QueryStyle::Space => &["%20", "+"],
        QueryStyle::Pipe => &["%7C", "|"],
        QueryStyle::Tab => &["%09"],
    };
    match of_name().next_back() {
        None => Ok(false),
        Some(pair) => delimited(pair.raw, delimiters, &|text| decode(text, true), value).map(|()| true),
    }
}

/// Reads the pairs whose names are those of properties.
fn properties(pairs: &[Pair<'_>], is_ours: impl Fn(&str) -> bool, value: &mut dyn Value) -> Presence {
    let mut entries = Vec::new();
    for pair in pairs.iter().filter(|pair| is_ours(&pair.name)) {
        entries.push((&*pair.name, pair.value()?));
    }
    if entries.is_empty() {
        clear(value);
        return Ok(false);
    }
    text::read_object(entries.iter().map(|(name, text)| (*name, &**text)), value).map(|()| true)
}

/// The properties that an object knows. `None`: it is a map.
fn names_of(value: &mut dyn Value) -> Option<Vec<&'static str>> {
    match value.node_mut() {
        NodeMut::Optional(optional) | NodeMut::Nullable(optional) => names_of(optional.fill()),
        NodeMut::Record(record) => Some(record.shape().fields.iter().map(|field| field.name).collect()),
        _ => None,
    }
}

/// The names of the query's other parameters: a map that stands by its properties does not take those.
pub(super) fn others(binding: &HttpBinding, fields: &[Field], name: &str) -> Vec<&'static str> {
    let inputs = binding.inputs.iter().zip(fields);
    inputs
        .filter(|(place, field)| {
            matches!(place, InputPlace::Query(_) | InputPlace::ReservedQuery(_)) && field.name != name
        })
        .map(|(_, field)| field.name)
        .collect()
}

fn clear(value: &mut dyn Value) {
    if let NodeMut::Optional(optional) | NodeMut::Nullable(optional) = value.node_mut() {
        optional.clear();
    }
}

/// Reads a form, whose properties have `styles` where the contract says so.
///
/// # Errors
/// The form is no text, or a property is wrong.
pub(super) fn form(
    body: &[u8],
    styles: &'static [(&'static str, QueryStyle)],
    value: &mut dyn Value,
) -> Result<(), DecodeError> {
    let text = std::str::from_utf8(body).map_err(|_| DecodeError::new("is not UTF-8 text"))?;
    object(&pairs(text), styles, value)
}

fn object(
    pairs: &[Pair<'_>],
    styles: &'static [(&'static str, QueryStyle)],
    value: &mut dyn Value,
) -> Result<(), DecodeError> {
    match value.node_mut() {
        NodeMut::Optional(optional) | NodeMut::Nullable(optional) => object(pairs, styles, optional.fill()),
        NodeMut::Record(record) => fields(pairs, styles, record),
        NodeMut::Union(_) => {
            let mut tree = Tree::default();
            for pair in pairs {
                let path = pair.segments().unwrap_or_else(|| vec![pair.name.clone()]);
                tree.insert(&path, text_of(pair)?)?;
            }
            tree.read(value)
        }
        _ => {
            let mut entries = Vec::with_capacity(pairs.len());
            for pair in pairs {
                entries.push((&*pair.name, text_of(pair)?));
            }
            text::read_object(entries.iter().map(|(key, text)| (*key, &**text)), value)
        }
    }
}

fn text_of<'t>(pair: &Pair<'t>) -> Result<Cow<'t, str>, DecodeError> {
    pair.value()
        .map_err(|error| error.in_key(pair.name.clone().into_owned()))
}

/// Reads the fields of a form. Where a style is not said, names with brackets are read, too: many write them unasked.
fn fields(
    pairs: &[Pair<'_>],
    styles: &'static [(&'static str, QueryStyle)],
    record: &mut dyn Record,
) -> Result<(), DecodeError> {
    let shape = record.shape();
    let style_of = |name: &str| {
        let said = styles.iter().find(|(of, _)| *of == name).map(|(_, style)| *style);
        said.filter(|style| *style != QueryStyle::DeepObject)
    };
    let places: HashMap<&'static str, usize> = (shape.fields.iter().enumerate())
        .map(|(index, field)| (field.name, index))
        .collect();
    let mut trees: Vec<Tree<'_>> = shape.fields.iter().map(|_| Tree::default()).collect();
    let mut rest: Vec<&Pair<'_>> = Vec::new();
    for pair in pairs {
        if let Some(index) = places.get(&*pair.name) {
            trees[*index].insert::<&str>(&[], text_of(pair)?)?;
            continue;
        }
        let segments = pair.segments();
        let index = segments.as_ref().and_then(|segments| places.get(&*segments[0]));
        match (index, segments) {
            (Some(index), Some(segments)) => trees[*index].insert(&segments[1..], text_of(pair)?)?,
            _ => rest.push(pair),
        }
    }
    let mut taken: Vec<&str> = Vec::new();
    for (index, (field, tree)) in shape.fields.iter().zip(&trees).enumerate() {
        let Some(place) = record.field_mut(index) else {
            continue;
        };
        let outcome = match style_of(field.name) {
            Some(style) => {
                if style == QueryStyle::FormExploded && !pairs.is_empty() {
                    taken.extend(names_of(place).unwrap_or_default());
                }
                let others = || {
                    places
                        .keys()
                        .copied()
                        .filter(|other| *other != field.name)
                        .collect()
                };
                parameter(pairs, field.name, style, others, place)
            }
            None if tree.is_empty() => Ok(false),
            None => tree.read(place).map(|()| true),
        };
        match outcome {
            Ok(false) if field.required => nested::absent(place),
            outcome => outcome.map(|_| ()),
        }
        .map_err(|error| error.in_key(field.name))?;
    }
    if shape.open.keeps()
        && let Some(NodeMut::Map(map)) = record.field_mut(shape.fields.len()).map(Value::node_mut)
    {
        let mut others: HashMap<&str, Tree<'_>> = HashMap::new();
        for pair in rest.into_iter().filter(|pair| !taken.contains(&&*pair.name)) {
            let tree = others.entry(&*pair.name).or_default();
            tree.insert::<&str>(&[], text_of(pair)?)?;
        }
        for (name, tree) in others {
            tree.read(map.insert(name.to_owned()))
                .map_err(|error| error.in_key(name.to_owned()))?;
        }
    }
    Ok(())
}

/// Undoes percent-encoding, and `+` for a space where that is the custom.
pub(super) fn decode(text: &str, plus: bool) -> Result<Cow<'_, str>, DecodeError> {
    let invalid = |_| DecodeError::new("is not UTF-8 text");
    if plus && text.contains('+') {
        let spaced = text.replace('+', " ");
        let decoded = percent_decode(spaced.as_bytes()).decode_utf8().map_err(invalid)?;
        return Ok(Cow::Owned(decoded.into_owned()));
    }
    percent_decode(text.as_bytes()).decode_utf8().map_err(invalid)
}
