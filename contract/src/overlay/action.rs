//! One action: where it applies, and what it does there.

use std::cmp::Ordering;

use serde_json::Value;
use serde_json_path::{JsonPath, PathElement};

use crate::problem::{Problem, Problems};
use crate::source::{MAX_ALIAS_BYTES, MAX_DEPTH, Node};

use super::merge::{self, Token};
use super::{Overlay, diagnostics};

/// An action, as it is written.
pub(super) struct Action<'o> {
    pub(super) target: &'o Node,
    pub(super) update: Option<&'o Node>,
    pub(super) copy: Option<&'o Node>,
    pub(super) remove: bool,
}

/// A document that overlays are laid over: its tree, and the same as JSON, in which paths are looked for.
pub(super) struct Laid {
    root: Node,
    image: Value,
    /// Bytes of nodes that were brought so far.
    brought: usize,
}

type Path = Vec<Token>;

impl Laid {
    pub(super) fn over(root: Node) -> Self {
        Self {
            image: root.to_json(),
            root,
            brought: 0,
        }
    }

    pub(super) fn into_root(self) -> Node {
        self.root
    }

    pub(super) fn apply(
        &mut self,
        overlay: &Overlay<'_>,
        action: &Action<'_>,
        problems: &mut Problems,
    ) -> Result<(), Problem> {
        let mut places = self.find(overlay, action.target)?;
        if places.is_empty() {
            let text = action.target.as_str().unwrap_or_default();
            let problem = overlay.problem(&diagnostics::MATCHES_NOTHING, action.target);
            problems.push(problem.about(format!("`{text}`")));
            return Ok(());
        }
        if action.remove {
            // From the end, so that the places of the others stay what they are.
            places.sort_by(|a, b| compare(b, a));
            for place in places {
                if place.is_empty() {
                    let problem = overlay.problem(&diagnostics::BAD_ACTION, action.target);
                    return Err(problem.about("the whole document cannot be removed"));
                }
                merge::remove(&mut self.root, &place);
                merge::remove_json(&mut self.image, &place);
            }
            return Ok(());
        }
        let (given, at) = match (action.update, action.copy) {
            (Some(update), _) => (update.clone(), update),
            (None, Some(copy)) => (self.copied(overlay, copy)?, copy),
            (None, None) => return Ok(()),
        };
        for place in places {
            self.brought = self.brought.saturating_add(given.weight());
            if self.brought > MAX_ALIAS_BYTES {
                return Err(overlay.problem(&diagnostics::BRINGS_TOO_MUCH, at));
            }
            if place.len() + given.height() > MAX_DEPTH {
                return Err(overlay.problem(&crate::source::diagnostics::TOO_DEEP, at));
            }
            let (Some(node), Some(image)) = (
                merge::find(&mut self.root, &place),
                merge::find_json(&mut self.image, &place),
            ) else {
                continue;
            };
            merge::update(node, &given).map_err(|(target, given)| {
                let problem = overlay.problem(&diagnostics::BAD_ACTION, at);
                problem.about(format!("{given} cannot be merged into {target}"))
            })?;
            merge::update_json(image, &given.to_json());
        }
        Ok(())
    }

    /// The places that a path selects.
    fn find(&self, overlay: &Overlay<'_>, path: &Node) -> Result<Vec<Path>, Problem> {
        let text = path.as_str().unwrap_or_default();
        let parsed = JsonPath::parse(text).map_err(|error| {
            let message = error.message().to_owned();
            overlay.problem(&diagnostics::BAD_PATH, path).about(format!(
                "`{text}`: {message} (character {})",
                error.position() + 1
            ))
        })?;
        let located = parsed.query_located(&self.image);
        let mut places: Vec<Path> = located
            .locations()
            .map(|location| {
                let tokens = location.iter().map(|element| match element {
                    PathElement::Name(name) => Token::Name((*name).to_owned()),
                    PathElement::Index(index) => Token::Index(*index),
                });
                tokens.collect()
            })
            .collect();
        places.sort_by(compare);
        places.dedup();
        Ok(places)
    }

    /// The one node that `copy` selects.
    fn copied(&mut self, overlay: &Overlay<'_>, path: &Node) -> Result<Node, Problem> {
        let places = self.find(overlay, path)?;
        match places.as_slice() {
            [place] => {
                Ok(merge::find(&mut self.root, place).map_or_else(|| path.clone(), |node| node.clone()))
            }
            several => {
                let problem = overlay.problem(&diagnostics::BAD_ACTION, path);
                Err(problem.about(format!(
                    "`copy` selects one node, and this selects {}",
                    several.len()
                )))
            }
        }
    }
}

fn compare(a: &Path, b: &Path) -> Ordering {
    a.cmp(b)
}
