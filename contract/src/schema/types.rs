//! The types made so far, and the two doors to make more: components, and schemas where they are used.

use std::collections::{HashMap, HashSet, VecDeque};
use std::mem;
use std::ptr;

use indexmap::IndexMap;

use crate::model::{Dispatch, Matching, Scalar, Type, TypeDef, TypeKind, TypeName, TypeUse};
use crate::source::{Entry, Node};

use super::names::{self, Names};
use super::nulls::{Nulls, accepts_null};
use super::parts::{Flat, Part};
use super::residue::Told;
use super::unions::Discriminator;
use super::{Context, diagnostics, dispatch};

/// How deep inline schemas may nest before they are kept as raw JSON.
const MAX_NESTING: usize = 48;

/// Of a type that is named by where it stands.
const INLINE: bool = true;

/// Compiles schemas to types.
#[derive(Debug)]
pub struct Types<'c, 'a> {
    pub(super) cx: &'c Context<'a>,
    types: IndexMap<TypeName, TypeDef>,
    names: Names,
    /// Names of what references point to, by the node's address.
    targets: HashMap<usize, TypeName>,
    /// Targets that have a name but no definition yet.
    queue: VecDeque<(TypeName, &'a Node)>,
    /// Inline schemas that became named types, by the parts that they are made of.
    made: HashMap<Vec<(usize, bool)>, TypeName>,
    /// Names that something refers to while they are still being made.
    pinned: HashSet<TypeName>,
    /// The schemas being defined, outermost first.
    defining: Vec<usize>,
    /// The definition under way is wider than its schema.
    pub(super) inexact: bool,
    discriminators: HashMap<TypeName, Discriminator>,
    pub(super) nulls: Nulls,
    /// What the union made last says of its schema.
    pub(super) told: Told,
    /// How many unions are being given what stands beside them, one within another.
    pub(super) distributing: usize,
    /// How many schemas and properties were merged so far.
    merged: usize,
    /// How many may be: in proportion to the document's length.
    most_merged: usize,
    /// What operations use directly.
    roots: HashSet<TypeName>,
}

/// What a schema becomes.
#[derive(Debug)]
pub(super) enum Shape {
    /// A type expression.
    Use(TypeUse),
    /// Something that needs a name.
    Def {
        kind: TypeKind,
        rules: Vec<crate::model::Rule>,
        discriminator: Option<Discriminator>,
    },
}

impl Shape {
    /// Any JSON value.
    pub(super) fn json() -> Self {
        Self::Use(TypeUse::plain(Type::Json))
    }

    /// A definition without rules.
    pub(super) fn def(kind: TypeKind) -> Self {
        Self::Def {
            kind,
            rules: Vec::new(),
            discriminator: None,
        }
    }
}

impl<'c, 'a> Types<'c, 'a> {
    /// No types yet.
    pub fn new(cx: &'c Context<'a>) -> Self {
        Self {
            cx,
            types: IndexMap::new(),
            names: Names::default(),
            targets: HashMap::new(),
            queue: VecDeque::new(),
            made: HashMap::new(),
            pinned: HashSet::new(),
            defining: Vec::new(),
            inexact: false,
            discriminators: HashMap::new(),
            nulls: Nulls::default(),
            told: Told::default(),
            distributing: 0,
            merged: 0,
            most_merged: 500_000 + cx.sources.bytes(),
            roots: HashSet::new(),
        }
    }

    /// Makes a type of every entry of `components/schemas`, under its own name.
    pub fn components(&mut self, schemas: &'a Node) {
        let Some(schemas) = self.cx.object(schemas, "`components.schemas`") else {
            return;
        };
        for entry in schemas.entries() {
            self.names.reserve(&entry.key);
            self.targets
                .insert(address(&entry.value), TypeName(entry.key.to_string()));
        }
        let written: Vec<&'a Node> = schemas
            .entries()
            .iter()
            .map(|entry| self.written_elsewhere(entry).unwrap_or(&entry.value))
            .collect();
        for (entry, schema) in schemas.entries().iter().zip(written) {
            self.define(&TypeName(entry.key.to_string()), &[Part::new(schema)]);
        }
    }

    /// A component that is no more than a reference to another file gives what stands there its name.
    fn written_elsewhere(&mut self, entry: &'a Entry) -> Option<&'a Node> {
        let object = entry
            .value
            .as_object()
            .filter(|object| object.entries().len() == 1)?;
        object.get("$ref")?;
        let target = self.cx.document.target(&entry.value)?.ok()?;
        if target.file == self.cx.document.file || self.targets.contains_key(&address(target.node)) {
            return None;
        }
        self.targets
            .insert(address(target.node), TypeName(entry.key.to_string()));
        Some(target.node)
    }

    /// The type of a schema where it is used. When it needs a name of its own, it is derived from `place`:
    /// `Pet.owner`, `listPets.response.200`.
    pub fn use_of(&mut self, schema: &'a Node, place: &str) -> TypeUse {
        let made = self.use_parts(&[Part::new(schema)], place);
        if self.defining.is_empty() {
            self.roots.extend(made.names().into_iter().cloned());
        }
        made
    }

    /// Makes files of the fields of these names. `false`: the value is no object with fields.
    pub fn mark_files(&mut self, value: &TypeUse, files: &[&str]) -> bool {
        let mut ty = &value.ty;
        // An alias of an alias of …, in a circle at worst.
        for _ in 0..=self.types.len() {
            let Type::Named(name) = ty else {
                return matches!(ty, Type::Map(_));
            };
            match self.types.get(name).map(|def| &def.kind) {
                Some(TypeKind::Alias(target)) => ty = &target.ty,
                Some(TypeKind::Struct(_)) => {
                    let name = name.clone();
                    self.mark_fields(&name, files);
                    return true;
                }
                _ => return false,
            }
        }
        false
    }

    fn mark_fields(&mut self, name: &TypeName, files: &[&str]) {
        let lists: Vec<bool> = match self.types.get(name).map(|def| &def.kind) {
            Some(TypeKind::Struct(one)) => one
                .fields
                .iter()
                .map(|field| self.is_list(&field.value.ty))
                .collect(),
            _ => Vec::new(),
        };
        let Some(TypeDef {
            kind: TypeKind::Struct(one),
            ..
        }) = self.types.get_mut(name)
        else {
            return;
        };
        for (field, is_list) in one.fields.iter_mut().zip(lists) {
            if files.contains(&field.name.as_str()) {
                let file = Type::Scalar(Scalar::File);
                field.value.ty = if is_list {
                    Type::List(Box::new(TypeUse::plain(file)))
                } else {
                    // What is said of text says nothing of a file.
                    field.value.rules.clear();
                    file
                };
                field.default = None;
            }
        }
    }

    /// Whether values of a type are lists.
    pub fn is_list(&self, ty: &Type) -> bool {
        let mut ty = ty;
        for _ in 0..=self.types.len() {
            match ty {
                Type::List(_) => return true,
                Type::Named(name) => match self.types.get(name).map(|def| &def.kind) {
                    Some(TypeKind::Alias(target)) => ty = &target.ty,
                    _ => return false,
                },
                _ => return false,
            }
        }
        false
    }

    /// All types, unions told apart. Alias circles are reported and widened.
    pub fn finish(mut self) -> IndexMap<TypeName, TypeDef> {
        while let Some((name, node)) = self.queue.pop_front() {
            self.define(&name, &[Part::new(node)]);
        }
        self.break_alias_circles();
        self.prune();
        let unions: Vec<(TypeName, Dispatch, bool)> = self
            .types
            .iter()
            .filter_map(|(name, def)| match &def.kind {
                TypeKind::Union(union) => {
                    let discriminator = self.discriminators.get(name);
                    let dispatch = dispatch::decide(&self.types, union, discriminator);
                    let decides = dispatch::decides(&dispatch);
                    Some((name.clone(), dispatch, decides))
                }
                _ => None,
            })
            .collect();
        for (name, decided, decides) in unions {
            if let Some(TypeDef {
                kind: TypeKind::Union(union),
                ..
            }) = self.types.get_mut(&name)
            {
                union.dispatch = decided;
                if decides {
                    union.matching = Matching::Decided;
                }
            }
        }
        self.types
    }

    /// The type of the schemas that must all hold.
    pub(super) fn use_parts(&mut self, parts: &[Part<'a>], place: &str) -> TypeUse {
        let nullable = self.nullable(parts);
        let key: Vec<_> = parts.iter().map(|part| part.key()).collect();
        if let Some(name) = self.made.get(&key) {
            self.pinned.insert(name.clone());
            return TypeUse {
                nullable,
                ..TypeUse::plain(Type::Named(name.clone()))
            };
        }
        if self.defining.len() > MAX_NESTING {
            if let Some(part) = parts.first() {
                self.cx.report(self.cx.problem(&diagnostics::TOO_DEEP, part.node));
            }
            self.inexact = true;
            return TypeUse::plain(Type::Json);
        }
        let flat = Flat::of(self.cx, parts);
        let mut made = match flat.single_ref() {
            Some(_) => match self.shape(flat, place) {
                Shape::Use(made) => made,
                Shape::Def { .. } => TypeUse::plain(Type::Json),
            },
            None => self.make(key, parts, flat, place),
        };
        made.nullable |= nullable && made.ty != Type::Json;
        made
    }

    /// Makes an inline schema's type, under a name while that is under way; it keeps the name if it needs one.
    fn make(&mut self, key: Vec<(usize, bool)>, parts: &[Part<'a>], flat: Flat<'a>, place: &str) -> TypeUse {
        let name = self.names.unique(place);
        self.made.insert(key.clone(), name.clone());
        self.types.insert(name.clone(), self.blank(parts, INLINE));
        let inexact_outside = mem::take(&mut self.inexact);
        self.defining
            .push(parts.first().map_or(0, |part| address(part.node)));
        let shape = self.shape(flat, &name.0);
        self.defining.pop();
        let inexact = mem::replace(&mut self.inexact, inexact_outside);
        match shape {
            Shape::Use(made) if !self.pinned.contains(&name) => {
                self.types.shift_remove(&name);
                self.made.remove(&key);
                self.names.release(&name);
                self.inexact |= inexact;
                made
            }
            shape => {
                self.settle(&name, shape, !inexact);
                TypeUse::plain(Type::Named(name))
            }
        }
    }

    /// Defines a type that a reference can point to.
    fn define(&mut self, name: &TypeName, parts: &[Part<'a>]) {
        self.types.insert(name.clone(), self.blank(parts, !INLINE));
        let flat = Flat::of(self.cx, parts);
        let inexact_outside = mem::take(&mut self.inexact);
        self.defining
            .push(parts.first().map_or(0, |part| address(part.node)));
        let shape = self.shape(flat, &name.0);
        self.defining.pop();
        let inexact = mem::replace(&mut self.inexact, inexact_outside);
        self.settle(name, shape, !inexact);
    }

    /// Gives a shape that stands among others a name, if it needs one.
    pub(super) fn named(&mut self, shape: Shape, parts: &[Part<'a>], place: &str) -> TypeUse {
        match shape {
            Shape::Use(made) => made,
            Shape::Def { .. } => {
                let name = self.names.unique(place);
                self.types.insert(name.clone(), self.blank(parts, INLINE));
                let exact = !self.inexact;
                self.settle(&name, shape, exact);
                TypeUse::plain(Type::Named(name))
            }
        }
    }

    /// The name of what a reference points to; it is defined in its turn.
    pub(super) fn target_name(&mut self, target: &'a Node, reference: &'a Node) -> TypeName {
        if let Some(name) = self.targets.get(&address(target)) {
            return name.clone();
        }
        let pointer = match self.cx.document.target(reference) {
            Some(Ok(target)) => target.pointer,
            _ => self.cx.document.pointer_to(target.span),
        };
        let file = self.cx.document.home(target.span.file);
        let name = if file == self.cx.document.file {
            self.names.unique(&names::from_pointer(&pointer))
        } else {
            let path = self.cx.sources.name(file);
            self.names.first_free(names::from_file(&path, &pointer))
        };
        self.targets.insert(address(target), name.clone());
        self.queue.push_back((name.clone(), target));
        name
    }

    /// Whether a name is that of an enumeration of texts.
    pub(super) fn is_text_enum(&self, name: &TypeName) -> bool {
        matches!(self.types.get(name).map(|def| &def.kind), Some(TypeKind::Enum(values))
            if values.values.iter().all(|value| matches!(value.constant, crate::model::EnumConstant::Text(_))))
    }

    /// Adds the values of one enumeration to another.
    pub(super) fn join_enums(&mut self, into: &Type, from: &Type) {
        let (Type::Named(into), Type::Named(from)) = (into, from) else {
            return;
        };
        let Some(TypeKind::Enum(from)) = self.types.get(from).map(|def| def.kind.clone()) else {
            return;
        };
        if let Some(TypeDef {
            kind: TypeKind::Enum(into),
            ..
        }) = self.types.get_mut(into)
        {
            for value in from.values {
                if !into.values.iter().any(|known| known.constant == value.constant) {
                    into.values.push(value);
                }
            }
        }
    }

    /// Counts what was merged. `false` when it has become too much: documents can be written whose types multiply
    /// without end.
    pub(super) fn afford(&mut self, cost: usize, at: Option<&'a Node>) -> bool {
        let most = self.most_merged;
        let before = self.merged;
        self.merged = before.saturating_add(cost);
        if before <= most
            && self.merged > most
            && let Some(node) = at
        {
            self.cx.report(self.cx.problem(&diagnostics::TOO_MANY, node));
        }
        self.merged <= most
    }

    /// Whether a schema is being defined right now.
    pub(super) fn is_defining(&self, node: &Node) -> bool {
        self.defining.contains(&address(node))
    }

    fn settle(&mut self, name: &TypeName, shape: Shape, exact: bool) {
        let Some(def) = self.types.get_mut(name) else {
            return;
        };
        def.exact = exact;
        match shape {
            Shape::Use(TypeUse { ty, rules, .. }) => {
                def.kind = TypeKind::Alias(TypeUse::plain(ty));
                def.rules = rules;
            }
            Shape::Def {
                kind,
                rules,
                discriminator,
            } => {
                def.kind = kind;
                def.rules = rules;
                if let Some(discriminator) = discriminator {
                    self.discriminators.insert(name.clone(), discriminator);
                }
            }
        }
    }

    /// A definition to be filled in, with all that its place says.
    fn blank(&self, parts: &[Part<'a>], inline: bool) -> TypeDef {
        let first = |keyword| parts.iter().find_map(|part| part.node.get(keyword));
        let docs = first("description")
            .or_else(|| first("title"))
            .and_then(Node::as_str);
        TypeDef {
            docs: docs
                .map(str::trim)
                .filter(|docs| !docs.is_empty())
                .map(str::to_owned),
            deprecated: first("deprecated").and_then(Node::as_bool) == Some(true),
            kind: TypeKind::Alias(TypeUse::plain(Type::Json)),
            rules: Vec::new(),
            exact: true,
            inline,
            origin: parts
                .first()
                .map(|part| self.cx.origin(part.node))
                .unwrap_or_default(),
        }
    }

    fn nullable(&mut self, parts: &[Part<'a>]) -> bool {
        let (cx, nulls) = (self.cx, &mut self.nulls);
        let verdicts: Vec<bool> = parts
            .iter()
            .filter_map(|part| accepts_null(nulls, cx, part.node))
            .collect();
        !verdicts.is_empty() && !verdicts.contains(&false)
    }

    /// Drops types made in passing that nothing uses: alternatives that became one with others.
    fn prune(&mut self) {
        let mut open: Vec<TypeName> = self.targets.values().chain(&self.roots).cloned().collect();
        let mut used: HashSet<TypeName> = open.iter().cloned().collect();
        while let Some(name) = open.pop() {
            let Some(def) = self.types.get(&name) else {
                continue;
            };
            for next in def.names() {
                if used.insert(next.clone()) {
                    open.push(next.clone());
                }
            }
        }
        self.types.retain(|name, _| used.contains(name));
    }

    /// `A: {$ref: B}`, `B: {$ref: A}` says nothing of what a value is.
    fn break_alias_circles(&mut self) {
        let next = |types: &IndexMap<TypeName, TypeDef>, name: &TypeName| match &types.get(name)?.kind {
            TypeKind::Alias(TypeUse {
                ty: Type::Named(next),
                ..
            }) => Some(next.clone()),
            _ => None,
        };
        let mut known_good = HashSet::new();
        for index in 0..self.types.len() {
            let mut trail = HashSet::new();
            let mut at = self.types.get_index(index).map(|(name, _)| name.clone());
            while let Some(name) = at.take_if(|name| !known_good.contains(name)) {
                if trail.contains(&name) {
                    self.widen_circle(&name);
                    break;
                }
                at = next(&self.types, &name);
                trail.insert(name);
            }
            known_good.extend(trail);
        }
    }

    fn widen_circle(&mut self, name: &TypeName) {
        let Some(def) = self.types.get_mut(name) else {
            return;
        };
        def.kind = TypeKind::Alias(TypeUse::plain(Type::Json));
        def.exact = false;
        let node = self
            .targets
            .iter()
            .find(|(_, target)| *target == name)
            .and_then(|(address, _)| {
                let schemas = self
                    .cx
                    .document
                    .root
                    .get("components")?
                    .get("schemas")?
                    .as_object()?;
                schemas
                    .entries()
                    .iter()
                    .map(|entry| &entry.value)
                    .find(|node| self::address(node) == *address)
            });
        let node = node.unwrap_or(&self.cx.document.root);
        let at = node.get("$ref").unwrap_or(node);
        self.cx.report(
            self.cx
                .problem(&diagnostics::REF_CYCLE, at)
                .about(format!("`{name}`")),
        );
    }
}

/// What tells nodes apart: the tree does not move while it is read.
pub(super) fn address(node: &Node) -> usize {
    ptr::from_ref(node) as usize
}
