//! What a contract reaches of its descriptors.
//!
//! An import brings in whole files, of which most is never used: `google/api/client.proto` alone has 40 messages.
//! Root files are kept whole; of the others, the messages and enums that something kept refers to.

use std::collections::{HashMap, HashSet};

use prost_types::{DescriptorProto, FileDescriptorProto, FileDescriptorSet};

/// The files of `set` with what `roots` reach, in their order.
pub(super) fn reachable(set: FileDescriptorSet, roots: &[String]) -> Vec<FileDescriptorProto> {
    let index = Index::of(&set);
    let mut kept: HashSet<String> = HashSet::new();
    let mut open: Vec<String> = Vec::new();
    for file in set.file.iter().filter(|file| is_root(file, roots)) {
        let mut reach = |name: &str| open.push(name.to_owned());
        file.message_type
            .iter()
            .for_each(|message| references(message, &mut reach));
        for method in file.service.iter().flat_map(|service| &service.method) {
            reach(method.input_type());
            reach(method.output_type());
        }
    }
    while let Some(name) = open.pop() {
        let Some(top) = index.top_level(&name) else {
            continue;
        };
        if kept.insert(top.to_owned())
            && let Some(message) = index.messages.get(top)
        {
            references(message, &mut |name| open.push(name.to_owned()));
        }
    }
    let mut files = Vec::new();
    for mut file in set.file {
        // prost has the well-known types and writes none of them, but looks into them.
        if !is_root(&file, roots) && file.package() != "google.protobuf" {
            let prefix = prefix(&file);
            let is_kept = |name: &str| kept.contains(&format!("{prefix}{name}"));
            let messages: Vec<bool> = file
                .message_type
                .iter()
                .map(|message| is_kept(message.name()))
                .collect();
            let enums: Vec<bool> = file.enum_type.iter().map(|each| is_kept(each.name())).collect();
            file.service.clear();
            file.extension.clear();
            retain(&mut file, &messages, &enums);
        }
        if !(file.message_type.is_empty() && file.enum_type.is_empty() && file.service.is_empty()) {
            files.push(file);
        }
    }
    files
}

fn is_root(file: &FileDescriptorProto, roots: &[String]) -> bool {
    roots.iter().any(|root| root == file.name())
}

/// Keeps these messages and enums, and moves their comments, which are found by position.
fn retain(file: &mut FileDescriptorProto, messages: &[bool], enums: &[bool]) {
    const MESSAGES: i32 = 4;
    const ENUMS: i32 = 5;
    let moved = |keep: &[bool], from: i32| -> Option<i32> {
        let from = usize::try_from(from).ok()?;
        keep.get(from)?
            .then(|| keep[..from].iter().filter(|kept| **kept).count() as i32)
    };
    if let Some(info) = &mut file.source_code_info {
        info.location
            .retain_mut(|location| match location.path.as_mut_slice() {
                [MESSAGES, index, ..] => moved(messages, *index).map(|to| *index = to).is_some(),
                [ENUMS, index, ..] => moved(enums, *index).map(|to| *index = to).is_some(),
                _ => true,
            });
    }
    let mut keep = messages.iter();
    file.message_type.retain(|_| *keep.next().unwrap_or(&false));
    let mut keep = enums.iter();
    file.enum_type.retain(|_| *keep.next().unwrap_or(&false));
}

/// Top-level messages and enums by full name, with a leading dot.
struct Index<'a> {
    messages: HashMap<String, &'a DescriptorProto>,
    enums: HashSet<String>,
}

impl<'a> Index<'a> {
    fn of(set: &'a FileDescriptorSet) -> Self {
        let mut index = Self {
            messages: HashMap::new(),
            enums: HashSet::new(),
        };
        for file in &set.file {
            let prefix = prefix(file);
            for message in &file.message_type {
                index
                    .messages
                    .insert(format!("{prefix}{}", message.name()), message);
            }
            for each in &file.enum_type {
                index.enums.insert(format!("{prefix}{}", each.name()));
            }
        }
        index
    }

    /// The top-level type that `name`, itself or nested, stands in.
    fn top_level<'n>(&self, name: &'n str) -> Option<&'n str> {
        let ends = name
            .match_indices('.')
            .map(|(at, _)| at)
            .skip(1)
            .chain([name.len()]);
        ends.map(|end| &name[..end])
            .find(|part| self.messages.contains_key(*part) || self.enums.contains(*part))
    }
}

fn prefix(file: &FileDescriptorProto) -> String {
    if file.package().is_empty() {
        ".".to_owned()
    } else {
        format!(".{}.", file.package())
    }
}

/// Calls `reach` with the full name of every type that `message` and those nested in it refer to.
fn references(message: &DescriptorProto, reach: &mut impl FnMut(&str)) {
    for field in &message.field {
        if let Some(name) = &field.type_name {
            reach(name);
        }
    }
    for nested in &message.nested_type {
        references(nested, reach);
    }
}
