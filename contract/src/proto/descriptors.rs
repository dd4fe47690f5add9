//! Compiled descriptors, for those who need more than the model: message code, reflection, ProtoJSON.

use prost_reflect::DescriptorPool;
use prost_types::{FileDescriptorProto, FileDescriptorSet};

/// Every file that a contract reaches, compiled: each after those that it imports.
#[derive(Debug, Clone)]
pub struct Descriptors {
    pool: DescriptorPool,
    roots: Vec<String>,
}

impl Descriptors {
    pub(super) fn new(pool: DescriptorPool, roots: Vec<String>) -> Self {
        Self { pool, roots }
    }

    /// The import names of the root files (`user/v1/user.proto`), in the order in which they were given.
    pub fn roots(&self) -> &[String] {
        &self.roots
    }

    /// The descriptors, linked. Options that are extensions are kept.
    pub fn pool(&self) -> &DescriptorPool {
        &self.pool
    }

    /// An encoded `google.protobuf.FileDescriptorSet`, with comments, places, and options that are extensions.
    pub fn encoded(&self) -> Vec<u8> {
        self.pool.encode_to_vec()
    }

    /// The typed descriptors, with comments and places, as `prost-build` takes them. Options that are extensions are
    /// lost here: see [`Descriptors::encoded`].
    pub fn file_descriptor_set(&self) -> FileDescriptorSet {
        let file: Vec<FileDescriptorProto> = self
            .pool
            .files()
            .map(|file| file.file_descriptor_proto().clone())
            .collect();
        FileDescriptorSet { file }
    }
}

impl PartialEq for Descriptors {
    fn eq(&self, other: &Self) -> bool {
        self.roots == other.roots && self.encoded() == other.encoded()
    }
}
