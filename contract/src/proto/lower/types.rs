//! Messages and enumerations.

use indexmap::IndexMap;
use prost_reflect::{EnumDescriptor, FileDescriptor, MessageDescriptor, ServiceDescriptor};
use prost_types::{EnumOptions, MessageOptions};

use super::Context;
use super::reach::{self, Declared};
use crate::model::{Additional, Enum, EnumConstant, EnumValue, Struct, TypeDef, TypeKind, TypeName};

impl Context<'_> {
    /// The types of the root files in the order of the source, then what is reached elsewhere, file by file.
    pub(super) fn types(
        &self,
        roots: &[FileDescriptor],
        services: &[ServiceDescriptor],
    ) -> IndexMap<TypeName, TypeDef> {
        let own: Vec<Declared> = roots.iter().flat_map(|root| self.in_source_order(root)).collect();
        let reached = reach::reached(services, &own);
        let others = self
            .loaded
            .sources
            .keys()
            .filter(|name| !self.loaded.roots.contains(name));
        let pool = roots.first().map(FileDescriptor::parent_pool);
        let files = others.filter_map(|name| pool?.get_file_by_name(name));
        let foreign = files.flat_map(|file| self.in_source_order(&file));
        let foreign = foreign.filter(|declared| reached.contains(declared.full_name()));
        own.iter()
            .cloned()
            .chain(foreign)
            .map(|declared| self.type_def(&declared))
            .collect()
    }

    fn in_source_order(&self, file: &FileDescriptor) -> Vec<Declared> {
        let mut declared = reach::declared(file);
        // The path decides where there is no source info (built-in files).
        declared.sort_by_cached_key(|each| {
            let place = self.place(file, each.path());
            (place.line, place.column, each.path().to_vec())
        });
        declared
    }

    fn type_def(&self, declared: &Declared) -> (TypeName, TypeDef) {
        let definition = match declared {
            Declared::Message(message) => self.message(message),
            Declared::Enum(declared) => self.enumeration(declared),
        };
        (TypeName::from(declared.full_name()), definition)
    }

    fn message(&self, message: &MessageDescriptor) -> TypeDef {
        let file = message.parent_file();
        let options = message.descriptor_proto().options.as_ref();
        TypeDef {
            docs: self.docs(&file, message.path()),
            deprecated: options.is_some_and(MessageOptions::deprecated),
            kind: TypeKind::Struct(self.structure(message)),
            rules: Vec::new(),
            // Extensions of proto2 are further properties, of which the type does not tell.
            exact: message.extension_ranges().len() == 0,
            inline: false,
            origin: self.origin(&file, message.path(), message.full_name()),
        }
    }

    fn structure(&self, message: &MessageDescriptor) -> Struct {
        let mut fields: Vec<_> = message.fields().collect();
        // Reflection sorts by number; the last part of the path is the place in the source.
        fields.sort_by_key(|field| field.path().last().copied());
        let index_of = |number: u32| fields.iter().position(|field| field.number() == number);
        let groups = message.oneofs().filter(|group| !group.is_synthetic());
        let one_of = groups.map(|group| {
            let mut members: Vec<usize> = group
                .fields()
                .filter_map(|field| index_of(field.number()))
                .collect();
            members.sort_unstable();
            (group.name().to_owned(), members)
        });
        Struct {
            one_of: one_of.collect(),
            fields: fields.iter().map(|field| self.field(field)).collect(),
            additional: Additional::Unspecified,
        }
    }

    fn enumeration(&self, declared: &EnumDescriptor) -> TypeDef {
        let file = declared.parent_file();
        let options = declared.enum_descriptor_proto().options.as_ref();
        let mut values: Vec<_> = declared.values().collect();
        values.sort_by_key(|value| value.path().last().copied());
        let values = values.iter().map(|value| EnumValue {
            constant: EnumConstant::Text(value.name().to_owned()),
            name: None,
            docs: self.docs(&file, value.path()),
            number: Some(value.number()),
        });
        TypeDef {
            docs: self.docs(&file, declared.path()),
            deprecated: options.is_some_and(EnumOptions::deprecated),
            kind: TypeKind::Enum(Enum {
                values: values.collect(),
            }),
            rules: Vec::new(),
            exact: true,
            inline: false,
            origin: self.origin(&file, declared.path(), declared.full_name()),
        }
    }
}
