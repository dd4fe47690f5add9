//! One `[[contract]]` table of tieline.toml: which jobs it stands for. All that is wrong with it is said at once.

use std::collections::BTreeMap;
use std::path::PathBuf;

use toml::Spanned;

use tieline_contract::model::Paging;
use tieline_contract::problem::{Diagnostic, Place, Problem, Problems, escape_token};

use super::{Job, Sections, find, sections};
use crate::args::GenerateArgs;
use crate::config::{ContractConfig, Loaded, SplitConfig};
use crate::diagnostics;
use crate::discover::{self, Found};

/// One `[[contract]]` table.
pub(super) struct Reader<'a> {
    pub(super) args: &'a GenerateArgs,
    pub(super) loaded: &'a Loaded,
    pub(super) contract: &'a ContractConfig,
    /// Where the values of the table stand.
    pub(super) places: Option<&'a BTreeMap<String, Place>>,
    pub(super) path: Vec<String>,
}

impl Reader<'_> {
    /// Its jobs: one for a file, one for each contract in a folder.
    pub(super) fn jobs(&self) -> Result<Vec<Job>, Problems> {
        let mut problems = Problems::new();
        self.refuse_unsupported(&mut problems);
        let sections = sections(self.args, Some(self.contract)).unwrap_or_else(|diagnostic| {
            problems.push(self.at(diagnostic, "path", &self.contract.path));
            Sections::CLIENT
        });
        let out = self.out().unwrap_or_else(|problem| {
            problems.push(problem);
            PathBuf::new()
        });
        let found = self.found().unwrap_or_else(|problem| {
            problems.push(problem);
            Vec::new()
        });
        let pagination = self.pagination(&mut problems);
        let bulk = self.contract.bulk.iter();
        let bulk: Vec<_> = bulk.map(|(id, said)| (id.clone(), said.bulk())).collect();
        if !problems.is_empty() {
            return Err(problems);
        }
        let include = self.args.include.iter().cloned();
        let include = include.chain(
            self.contract
                .include
                .iter()
                .map(|path| self.loaded.folder.join(path)),
        );
        let include: Vec<PathBuf> = include.collect();
        let urls = self.contract.urls.iter();
        let urls: Vec<(String, PathBuf)> = urls
            .map(|(url, path)| (url.clone(), self.loaded.folder.join(path)))
            .collect();
        let overlays = self
            .contract
            .overlays
            .iter()
            .map(|path| self.loaded.folder.join(path));
        let overlays: Vec<PathBuf> = overlays.chain(self.args.overlay.iter().cloned()).collect();
        let types = self.contract.types.iter();
        let types: Vec<_> = types
            .map(|(name, decided)| (name.clone(), decided.options()))
            .collect();
        let renamed = self.contract.rename.iter();
        let renamed: Vec<_> = renamed.map(|(id, name)| (id.clone(), name.clone())).collect();
        let operations = self.contract.operations.as_ref();
        Ok(found
            .into_iter()
            .map(|found| Job {
                out: out.clone(),
                name: found.name,
                path: found.path,
                include: include.clone(),
                urls: urls.clone(),
                overlays: overlays.clone(),
                types: types.clone(),
                renamed: renamed.clone(),
                pagination: pagination.clone(),
                bulk: bulk.clone(),
                places: self.places.cloned().unwrap_or_default(),
                numbers: self.contract.numbers.map(Into::into).unwrap_or_default(),
                time: self.contract.time.map(Into::into).unwrap_or_default(),
                xml: self.contract.xml,
                split: self.contract.split == Some(SplitConfig::Tags),
                sections,
                operations: operations.map(|list| list.get_ref().clone()).unwrap_or_default(),
            })
            .collect())
    }

    /// The contracts of the path, under the name given when there is one.
    fn found(&self) -> Result<Vec<Found>, Problem> {
        let path = self.loaded.folder.join(self.contract.path.get_ref());
        let mut found = find(&path).map_err(|problem| {
            let mut located = self.at(&diagnostics::NO_SUCH_FILE, "path", &self.contract.path);
            located.code = problem.code;
            located.message = problem.message;
            located.help(
                problem
                    .help
                    .replace("the working directory", "the folder of this file"),
            )
        })?;
        if let Some(name) = &self.contract.name {
            if !discover::is_module_name(name.get_ref()) {
                let problem = self.at(&diagnostics::BAD_NAME, "name", name);
                return Err(problem.about(format!("`{}`", name.get_ref())));
            }
            let several = found.len() > 1;
            for one in &mut found {
                one.name = if several {
                    format!("{}_{}", name.get_ref(), one.name)
                } else {
                    name.get_ref().clone()
                };
            }
        }
        Ok(found)
    }

    fn out(&self) -> Result<PathBuf, Problem> {
        match (&self.args.out, &self.contract.out) {
            (Some(out), _) => Ok(out.clone()),
            (None, Some(out)) => Ok(self.loaded.folder.join(out)),
            (None, None) => Err(self.at(&diagnostics::NO_OUTPUT, "path", &self.contract.path)),
        }
    }

    /// What is said of lists in pages.
    fn pagination(&self, problems: &mut Problems) -> Vec<(String, Paging)> {
        let said = self.contract.pagination.iter();
        said.filter_map(|(id, said)| {
            let paging = said.paging();
            if paging.is_none() {
                let pointer = format!("/pagination/{}", escape_token(id));
                let place = self.places.and_then(|places| places.get(&pointer)).cloned();
                problems.push(
                    Problem::new(&diagnostics::BAD_VALUE, place)
                        .about(format!("`{id}`"))
                        .label("this does not say how pages follow each other")
                        .help("write `link = true`, `url`, `cursor`, `page` or `offset`, or `false`"),
                );
            }
            Some((id.clone(), paging?))
        })
        .collect()
    }

    fn refuse_unsupported(&self, problems: &mut Problems) {
        let mut refuse = |problem: Problem, key: &str| problems.push(problem.about(format!("`{key}`")));
        if let Some(value) = self.contract.gateway.as_ref().filter(|value| *value.get_ref()) {
            refuse(
                self.at(&diagnostics::NOT_SUPPORTED_YET, "gateway", value),
                "gateway",
            );
        }
    }

    /// A problem at the value of a key.
    fn at<T>(&self, diagnostic: &Diagnostic, key: &str, value: &Spanned<T>) -> Problem {
        let path: Vec<String> = self.path.iter().cloned().chain([key.to_owned()]).collect();
        self.loaded.problem_at(diagnostic, value, &path)
    }
}
