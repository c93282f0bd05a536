//! Which module a path in code names.

use std::collections::{BTreeMap, BTreeSet};

use crate::module_path::{self, ROOT};

/// The names that a module can start a path with.
pub(crate) struct NamesInScope<'a> {
    /// The module in which the paths stand.
    pub(crate) module: &'a str,
    /// Every module of the crate.
    pub(crate) modules: &'a BTreeSet<String>,
    /// The modules that the module has imported, by the name it gave them.
    pub(crate) imported: BTreeMap<String, String>,
}

impl NamesInScope<'_> {
    /// The innermost module of the crate that a path names. `None` for a path into another crate,
    /// or to an item that the module itself has in scope.
    pub(crate) fn module_of(&self, path: &[String]) -> Option<String> {
        self.walk(path).map(|(module, _)| module)
    }

    /// The module that a path names, if it names a module and not an item in it.
    pub(crate) fn module_at(&self, path: &[String]) -> Option<String> {
        self.walk(path).filter(|(_, rest)| rest.is_empty()).map(|(module, _)| module)
    }

    /// Follows a path into the modules of the crate; the rest of it names items.
    fn walk<'p>(&self, path: &'p [String]) -> Option<(String, &'p [String])> {
        let (mut module, mut rest) = self.start(path)?;
        while let [name, after @ ..] = rest {
            let inner = module_path::child(&module, name);
            if !self.modules.contains(&inner) {
                break;
            }
            (module, rest) = (inner, after);
        }
        Some((module, rest))
    }

    fn start<'p>(&self, path: &'p [String]) -> Option<(String, &'p [String])> {
        let (first, rest) = path.split_first()?;
        match first.as_str() {
            "crate" => Some((ROOT.to_owned(), rest)),
            "self" => Some(self.climb(self.module, rest)),
            "super" => Some(self.climb(self.module, path)),
            name => {
                let child = module_path::child(self.module, name);
                let known = self.modules.contains(&child).then_some(child);
                let module = known.or_else(|| self.imported.get(name).cloned())?;
                Some((module, rest))
            }
        }
    }

    /// Goes up once for each leading `super`.
    fn climb<'p>(&self, module: &str, path: &'p [String]) -> (String, &'p [String]) {
        match path {
            [first, rest @ ..] if first == "super" => {
                self.climb(module_path::parent(module).unwrap_or(ROOT), rest)
            }
            path => (module.to_owned(), path),
        }
    }
}
