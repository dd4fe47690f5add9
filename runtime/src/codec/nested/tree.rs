//! Reading: texts gathered by the segments of their names, then the values that they make.

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::absent;
use crate::codec::text;
use crate::codec::{DecodeError, Dispatch, Json, JsonKind, Map, NodeMut, Record, Union, Value};

/// How deep names may nest.
const MAX_DEPTH: usize = 32;

/// How many alternatives of unions are tried for one value: each reads all that is below it.
const MAX_TRIALS: u32 = 1_000;

/// The segments of `a[b][0]`. `None`: it is not written so.
pub(crate) fn segments(name: &str) -> Option<Vec<&str>> {
    let open = name.find('[').filter(|open| *open > 0)?;
    let (head, mut rest) = name.split_at(open);
    let mut segments = vec![head];
    while !rest.is_empty() {
        let (segment, after) = rest.strip_prefix('[')?.split_once(']')?;
        segments.push(segment);
        rest = after;
    }
    Some(segments)
}

/// Texts by the segments of their names.
#[derive(Debug, Clone, Default)]
pub(crate) struct Tree<'t> {
    texts: Vec<Cow<'t, str>>,
    children: BTreeMap<String, Tree<'t>>,
}

impl<'t> Tree<'t> {
    /// Adds a text below the segments of `path`.
    ///
    /// # Errors
    /// It nests deeper than is read.
    pub(crate) fn insert<S: AsRef<str>>(
        &mut self,
        path: &[S],
        text: Cow<'t, str>,
    ) -> Result<(), DecodeError> {
        if path.len() > MAX_DEPTH {
            return Err(DecodeError::new("the name nests too deep"));
        }
        let mut place = self;
        for segment in path {
            place = place.children.entry(segment.as_ref().to_owned()).or_default();
        }
        place.texts.push(text);
        Ok(())
    }

    /// Whether nothing was added.
    pub(crate) fn is_empty(&self) -> bool {
        self.texts.is_empty() && self.children.is_empty()
    }

    /// Reads the value that the tree holds into `place`.
    ///
    /// # Errors
    /// A text is no value of its type, or a property is missing.
    pub(crate) fn read(&self, place: &mut dyn Value) -> Result<(), DecodeError> {
        let mut trials = MAX_TRIALS;
        self.fill(place, &mut trials)
    }

    fn fill(&self, place: &mut dyn Value, trials: &mut u32) -> Result<(), DecodeError> {
        match place.node_mut() {
            NodeMut::Optional(optional) | NodeMut::Nullable(optional) => self.fill(optional.fill(), trials),
            NodeMut::Json(json) => {
                *json = self.to_json();
                Ok(())
            }
            _ if self.children.is_empty() => self.fill_leaf(place, trials),
            NodeMut::Record(record) => self.fill_record(record, trials),
            NodeMut::Map(map) => {
                for (key, tree) in &self.children {
                    tree.put(map, key, trials)?;
                }
                Ok(())
            }
            NodeMut::List(list) => {
                list.clear();
                let items = self.items().ok_or_else(|| expected("a list"))?;
                for (index, item) in items.into_iter().enumerate() {
                    item.fill(list.push(), trials)
                        .map_err(|error| error.in_index(index))?;
                }
                Ok(())
            }
            NodeMut::Union(union) => self.fill_union(union, trials),
            NodeMut::Foreign(foreign) => {
                foreign.read_json(&serde_json::to_vec(&self.to_json()).unwrap_or_default())
            }
            _ => Err(expected("one text")),
        }
    }

    /// Fills a place by texts alone: one that holds properties has none, or comes as JSON.
    fn fill_leaf(&self, place: &mut dyn Value, trials: &mut u32) -> Result<(), DecodeError> {
        match place.node_mut() {
            NodeMut::Record(record) if self.texts.is_empty() => self.fill_record(record, trials),
            _ if self.texts.is_empty() => Ok(()),
            _ => {
                let texts: Vec<&str> = self.texts.iter().map(|text| &**text).collect();
                text::read_property(&texts, place)
            }
        }
    }

    fn fill_record(&self, record: &mut dyn Record, trials: &mut u32) -> Result<(), DecodeError> {
        let shape = record.shape();
        for (index, field) in shape.fields.iter().enumerate() {
            let (tree, place) = (self.children.get(field.name), record.field_mut(index));
            match (tree, place) {
                (Some(tree), Some(place)) => tree.fill(place, trials),
                (None, Some(place)) if field.required => absent(place),
                _ => Ok(()),
            }
            .map_err(|error| error.in_key(field.name))?;
        }
        if shape.open.keeps()
            && let Some(NodeMut::Map(rest)) = record.field_mut(shape.fields.len()).map(Value::node_mut)
        {
            let is_field = |key: &str| shape.fields.iter().any(|field| field.name == key);
            for (key, tree) in self.children.iter().filter(|(key, _)| !is_field(key)) {
                tree.put(rest, key, trials)?;
            }
        }
        Ok(())
    }

    fn put(&self, map: &mut dyn Map, key: &str, trials: &mut u32) -> Result<(), DecodeError> {
        self.fill(map.insert(key.to_owned()), trials)
            .map_err(|error| error.in_key(key.to_owned()))
    }

    fn fill_union(&self, union: &mut dyn Union, trials: &mut u32) -> Result<(), DecodeError> {
        let shape = union.shape();
        for index in self.candidates(shape.dispatch, shape.variants.len()) {
            *trials = trials
                .checked_sub(1)
                .ok_or_else(|| expected("a value that is told apart sooner"))?;
            if self.fill(union.select(index), trials).is_ok() {
                return Ok(());
            }
        }
        self.fill(union.select(shape.variants.len()), trials)
    }

    /// The alternatives that the properties here may be, the likeliest first.
    fn candidates(&self, dispatch: Dispatch, count: usize) -> Vec<usize> {
        let text_of = |property: &str| {
            let texts = &self.children.get(property)?.texts;
            texts.last().map(|text| &**text)
        };
        let index_of = |pairs: &[(JsonKind, usize)], wanted: JsonKind| {
            let found = pairs.iter().find(|(kind, _)| *kind == wanted);
            found.map(|(_, index)| *index).into_iter().collect()
        };
        match dispatch {
            Dispatch::Tag { property, values } => {
                let tag = text_of(property);
                let found = values.iter().find(|(value, _)| Some(*value) == tag);
                found.map(|(_, index)| *index).into_iter().collect()
            }
            Dispatch::Property {
                properties,
                otherwise,
            } => {
                let is_here = |(property, _): &&(&str, usize)| self.children.contains_key(*property);
                let found = properties.iter().filter(is_here).map(|(_, index)| *index);
                found.chain(otherwise).collect()
            }
            Dispatch::KindThen { kinds, .. } if self.items().is_some() => index_of(kinds, JsonKind::Array),
            Dispatch::KindThen { objects, .. } => self.candidates(*objects, count),
            Dispatch::Kind(kinds) if self.items().is_some() => index_of(kinds, JsonKind::Array),
            Dispatch::Kind(kinds) => index_of(kinds, JsonKind::Object),
            Dispatch::Or { known, otherwise } => {
                let found = self.candidates(*known, count);
                if found.is_empty() { vec![otherwise] } else { found }
            }
            Dispatch::Trial => (0..count).collect(),
        }
    }

    /// The items of a list, in the order of their indices: `[]` before all, gaps closed. `None`: some name is no index.
    fn items(&self) -> Option<Vec<Cow<'_, Self>>> {
        let mut items = Vec::new();
        for (key, tree) in &self.children {
            let index = if key.is_empty() {
                Some(0)
            } else {
                key.parse::<u64>().ok()
            };
            items.push((index?, key, tree));
        }
        items.sort_by_key(|(index, ..)| *index);
        let mut all = Vec::with_capacity(items.len() + self.texts.len());
        let single = |text: &Cow<'t, str>| {
            Cow::Owned(Self {
                texts: vec![text.clone()],
                children: BTreeMap::new(),
            })
        };
        all.extend(self.texts.iter().map(single));
        for (_, key, tree) in items {
            if key.is_empty() && tree.children.is_empty() {
                all.extend(tree.texts.iter().map(single));
            } else {
                all.push(Cow::Borrowed(tree));
            }
        }
        Some(all)
    }

    /// As JSON: a text is what it looks like.
    fn to_json(&self) -> Json {
        let scalar = |text: &Cow<'_, str>| match serde_json::from_str(text) {
            Ok(scalar @ (Json::Bool(_) | Json::Number(_))) => scalar,
            _ => Json::String(text.clone().into_owned()),
        };
        if self.children.is_empty() {
            return match &*self.texts {
                [text] => scalar(text),
                texts => Json::Array(texts.iter().map(scalar).collect()),
            };
        }
        match self.items() {
            Some(items) => Json::Array(items.iter().map(|item| item.to_json()).collect()),
            None => {
                let entries = self.children.iter();
                Json::Object(entries.map(|(key, tree)| (key.clone(), tree.to_json())).collect())
            }
        }
    }
}

fn expected(what: &str) -> DecodeError {
    DecodeError::new(format!("expected {what}"))
}

#[cfg(test)]
mod tests {
    use super::super::write;
    use super::*;

    fn tree<'t>(pairs: &[(&str, &'t str)]) -> Tree<'t> {
        let mut tree = Tree::default();
        for (name, text) in pairs {
            let path = segments(name).unwrap_or_else(|| vec![*name]);
            tree.insert(&path, Cow::Borrowed(*text)).unwrap();
        }
        tree
    }

    fn json(pairs: &[(&str, &str)]) -> Json {
        let mut json = Json::Null;
        tree(pairs).read(&mut json).unwrap();
        json
    }

    #[test]
    fn what_is_written_is_read_back() {
        let value = serde_json::json!({
            "a": { "b": [{ "c": 1, "d": "x" }, { "c": 2 }], "e[f]": true },
            "g": "text",
        });
        let mut tree = Tree::default();
        write("root", &value, &mut |path, text| {
            let text = Cow::Owned(text.to_owned());
            tree.insert(&path[1..], text).unwrap();
        });
        let mut back = Json::Null;
        tree.read(&mut back).unwrap();
        assert_eq!(back, value);
    }

    #[test]
    fn lists_are_read_in_every_way_they_are_written() {
        for (pairs, expected) in [
            (
                &[("a[]", "x"), ("a[]", "y")] as &[_],
                serde_json::json!(["x", "y"]),
            ),
            (&[("a", "x"), ("a", "y")], serde_json::json!(["x", "y"])),
            (&[("a[10]", "y"), ("a[9]", "x")], serde_json::json!(["x", "y"])),
            (
                &[("a[0][b]", "1"), ("a[0][c]", "2")],
                serde_json::json!([{ "b": 1, "c": 2 }]),
            ),
        ] {
            assert_eq!(json(pairs)["a"], expected, "{pairs:?}");
            if expected[0].is_string() {
                let mut list: Vec<String> = Vec::new();
                tree(pairs).children["a"].read(&mut list).unwrap();
                assert_eq!(list, ["x", "y"], "{pairs:?}");
            }
        }
    }

    #[test]
    fn names_without_a_pair_of_brackets_are_names_as_they_are() {
        for name in ["a", "[a]", "a[b", "a[b]c", "a]b[", "a[b[c]]"] {
            assert_eq!(segments(name), None, "{name}");
        }
        assert_eq!(segments("a[][b]"), Some(vec!["a", "", "b"]));
    }

    #[test]
    fn what_nests_without_end_is_refused() {
        let path = vec!["a"; MAX_DEPTH + 1];
        assert!(Tree::default().insert(&path, Cow::Borrowed("")).is_err());
        let mut list: Vec<String> = Vec::new();
        assert!(tree(&[("a[x]", "1")]).children["a"].read(&mut list).is_err());
    }
}
