//! Changes to a tree, and the same changes to its image as JSON.

use serde_json::Value;

use crate::source::{Kind, Node};

/// A step into a tree.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Token {
    Index(usize),
    Name(String),
}

/// The node at a place.
pub(super) fn find<'n>(root: &'n mut Node, place: &[Token]) -> Option<&'n mut Node> {
    place
        .iter()
        .try_fold(root, |node, token| match (&mut node.kind, token) {
            (Kind::Object(object), Token::Name(name)) => object.get_mut(name),
            (Kind::Array(items), Token::Index(index)) => items.get_mut(*index),
            _ => None,
        })
}

/// The same in the image.
pub(super) fn find_json<'v>(root: &'v mut Value, place: &[Token]) -> Option<&'v mut Value> {
    place.iter().try_fold(root, |value, token| match token {
        Token::Name(name) => value.get_mut(name),
        Token::Index(index) => value.get_mut(*index),
    })
}

/// Takes the node at a place away.
pub(super) fn remove(root: &mut Node, place: &[Token]) {
    let Some((last, parents)) = place.split_last() else {
        return;
    };
    match (find(root, parents).map(|parent| &mut parent.kind), last) {
        (Some(Kind::Object(object)), Token::Name(name)) => {
            object.remove(name);
        }
        (Some(Kind::Array(items)), Token::Index(index)) if *index < items.len() => {
            items.remove(*index);
        }
        _ => {}
    }
}

/// The same in the image.
pub(super) fn remove_json(root: &mut Value, place: &[Token]) {
    let Some((last, parents)) = place.split_last() else {
        return;
    };
    match (find_json(root, parents), last) {
        (Some(Value::Object(object)), Token::Name(name)) => {
            // Keeps the order, whichever map serde_json was built with.
            object.retain(|key, _| key != name);
        }
        (Some(Value::Array(items)), Token::Index(index)) if *index < items.len() => {
            items.remove(*index);
        }
        _ => {}
    }
}

/// Merges a value into a node: objects into objects, property by property; into a list what is to stand in it; a scalar
/// in place of a scalar. `Err`: the kinds do not fit, by what they are.
pub(super) fn update(node: &mut Node, given: &Node) -> Result<(), (&'static str, &'static str)> {
    let kinds = (node.kind_name(), given.kind_name());
    match (&mut node.kind, &given.kind) {
        (Kind::Object(into), Kind::Object(from)) => {
            for entry in from.entries() {
                match into.get_mut(&entry.key) {
                    // Within an object, what is of another kind takes the place.
                    Some(known) if known.kind_name() == entry.value.kind_name() => {
                        update(known, &entry.value)?;
                    }
                    Some(known) => *known = entry.value.clone(),
                    None => into.add(entry.clone()),
                }
            }
        }
        (Kind::Array(into), Kind::Array(from)) => into.extend(from.iter().cloned()),
        (Kind::Array(into), _) => into.push(given.clone()),
        (Kind::Object(_), _) | (_, Kind::Object(_) | Kind::Array(_)) => return Err(kinds),
        _ => *node = given.clone(),
    }
    Ok(())
}

/// The same in the image.
pub(super) fn update_json(value: &mut Value, given: &Value) {
    match (value, given) {
        (Value::Object(into), Value::Object(from)) => {
            for (key, given) in from {
                match into.get_mut(key) {
                    Some(known) if is_alike(known, given) => update_json(known, given),
                    _ => {
                        into.insert(key.clone(), given.clone());
                    }
                }
            }
        }
        (Value::Array(into), Value::Array(from)) => into.extend(from.iter().cloned()),
        (Value::Array(into), given) => into.push(given.clone()),
        (value, given) => *value = given.clone(),
    }
}

fn is_alike(one: &Value, other: &Value) -> bool {
    std::mem::discriminant(one) == std::mem::discriminant(other)
}
