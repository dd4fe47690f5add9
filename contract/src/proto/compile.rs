//! Resolves the names of what was loaded: files become one pool of descriptors.

use std::collections::HashSet;

use prost_reflect::DescriptorPool;

use super::diagnose;
use super::load::Loaded;
use crate::problem::Problems;

/// Compiles every loaded file. A file that does not compile is told of in `loaded.problems`, and those that import it
/// are left out.
pub(super) fn compile(loaded: &mut Loaded) -> DescriptorPool {
    let mut pool = DescriptorPool::new();
    let mut failed: HashSet<&str> = HashSet::new();
    let mut problems = Problems::new();
    for (name, source) in &loaded.sources {
        let file = &source.descriptor;
        if file
            .dependency
            .iter()
            .any(|import| failed.contains(import.as_str()))
        {
            failed.insert(name);
        } else if let Err(error) = pool.add_file_descriptor_proto(file.clone()) {
            failed.insert(name);
            let error = error.with_source_code(&source.text.text);
            problems.extend(diagnose::invalid(&error, &source.text));
        }
    }
    loaded.problems.append(problems);
    pool
}
