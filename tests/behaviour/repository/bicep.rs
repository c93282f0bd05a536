//! The parts of Bicep files that tests check. There is no compiler here, only a parser.

mod evaluation;

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Component, Path, PathBuf},
};

use serde_json::Value;
use tree_sitter::{Node, Parser, Tree};

use self::evaluation::{Outcome, Scope};
use crate::world::ROOT;

/// A parsed file.
pub(crate) struct Template {
    /// The path of the file below the root.
    pub(crate) file: PathBuf,
    pub(crate) source: String,
    tree: Tree,
}

/// A `module` statement.
pub(crate) struct Module {
    pub(crate) name: String,
    /// The path of the module's file below the root.
    pub(crate) file: PathBuf,
    pub(crate) arguments: BTreeSet<String>,
}

/// Removes `..` from a path.
pub(crate) fn plain(path: &Path) -> PathBuf {
    let mut plain = PathBuf::new();
    for part in path.components() {
        if part == Component::ParentDir {
            plain.pop();
        } else {
            plain.push(part);
        }
    }
    plain
}

/// Parses every Bicep file.
pub(crate) fn templates() -> Vec<Template> {
    let mut files = Vec::new();
    for folder in ["infra", "infra/modules", "infra/graph", "examples/asking"] {
        for entry in std::fs::read_dir(Path::new(ROOT).join(folder)).unwrap() {
            let name = entry.unwrap().file_name().into_string().unwrap();
            if Path::new(&name).extension().is_some_and(|extension| extension == "bicep") {
                files.push(Path::new(folder).join(name));
            }
        }
    }
    files.sort();
    assert!(!files.is_empty());
    files.iter().map(|file| Template::read(file)).collect()
}

impl Template {
    pub(crate) fn read(file: &Path) -> Self {
        let source = std::fs::read_to_string(Path::new(ROOT).join(file)).unwrap();
        Self::parse(file, source)
    }

    pub(crate) fn parse(file: &Path, source: String) -> Self {
        let mut parser = Parser::new();
        parser.set_language(&tree_sitter_bicep::LANGUAGE.into()).unwrap();
        // The grammar is older than the `extension` statement.
        let known = source.replace("\nextension ", "\n//tension ");
        let tree = parser.parse(&known, None).unwrap();
        Self { file: file.to_owned(), source, tree }
    }

    /// The lines that do not parse.
    pub(crate) fn faults(&self) -> Vec<String> {
        let faulty = self.nodes().into_iter().filter(|node| node.is_error() || node.is_missing());
        faulty
            .map(|node| format!("{}:{}", self.file.display(), node.start_position().row + 1))
            .collect()
    }

    /// Each parameter, and whether it is required.
    pub(crate) fn parameters(&self) -> BTreeMap<String, bool> {
        let declarations = self.of_kind("parameter_declaration");
        declarations.map(|node| (self.name(node), node.named_child_count() < 3)).collect()
    }

    pub(crate) fn outputs(&self) -> BTreeSet<String> {
        self.of_kind("output_declaration").map(|node| self.name(node)).collect()
    }

    pub(crate) fn modules(&self) -> Vec<Module> {
        let folder = self.file.parent().unwrap();
        self.of_kind("module_declaration")
            .map(|node| Module {
                name: self.name(node),
                file: plain(
                    &folder.join(self.text(node.named_child(1).unwrap()).trim_matches('\'')),
                ),
                arguments: self.properties(self.property(node, "params")).into_keys().collect(),
            })
            .collect()
    }

    /// Each `module.outputs.name` in the file, as the names of the module and of the output.
    pub(crate) fn used_outputs(&self) -> Vec<(String, String)> {
        let word = |text: &str| {
            text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').next().unwrap().to_owned()
        };
        let pieces: Vec<_> = self.source.split(".outputs.").collect();
        pieces
            .windows(2)
            .map(|pair| {
                let before = pair[0].trim_end_matches('!');
                let start =
                    before.rfind(|c: char| !c.is_ascii_alphanumeric()).map_or(0, |at| at + 1);
                (before[start..].to_owned(), word(pair[1]))
            })
            .collect()
    }

    /// The properties of a variable's object, with the source text of their values.
    pub(crate) fn variable(&self, name: &str) -> BTreeMap<String, String> {
        let mut declarations = self.of_kind("variable_declaration");
        let declaration = declarations.find(|node| self.name(*node) == name).unwrap();
        self.properties(declaration.named_child(1))
    }

    /// The value of a variable, or the message with which the template fails, with these parameters.
    pub(crate) fn evaluate(&self, variable: &str, parameters: &Value) -> Outcome {
        let named = |name: &str| match parameters.get(name) {
            Some(value) => Ok(value.clone()),
            None => self.evaluate(name, parameters),
        };
        let scope = Scope { source: &self.source, named: &named };
        let kinds = ["variable_declaration", "parameter_declaration"];
        let mut declarations = kinds.iter().flat_map(|kind| self.of_kind(kind));
        let declaration = declarations.find(|node| self.name(*node) == variable).unwrap();
        let last = declaration.named_child_count() - 1;
        scope.evaluate(declaration.named_child(last.try_into().unwrap()).unwrap())
    }

    /// The text of every string that has no `${…}` in it.
    pub(crate) fn strings(&self) -> BTreeSet<&str> {
        self.of_kind("string").map(|node| self.text(node).trim_matches('\'')).collect()
    }

    /// The declarations of new resources of a type, without `existing` ones.
    pub(crate) fn resources(&self, kind: &str) -> Vec<&str> {
        let all = self.of_kind("resource_declaration").map(|node| self.text(node));
        all.filter(|text| text.contains(&format!("'{kind}@")))
            .filter(|text| !text.lines().next().unwrap().contains(" existing "))
            .collect()
    }

    fn nodes(&self) -> Vec<Node<'_>> {
        let mut nodes = vec![self.tree.root_node()];
        let mut seen = 0;
        while let Some(node) = nodes.get(seen).copied() {
            let mut cursor = node.walk();
            nodes.extend(node.children(&mut cursor));
            seen += 1;
        }
        nodes
    }

    fn of_kind<'a>(&'a self, kind: &'a str) -> impl Iterator<Item = Node<'a>> {
        self.nodes().into_iter().filter(move |node| node.kind() == kind)
    }

    fn text(&self, node: Node<'_>) -> &str {
        &self.source[node.byte_range()]
    }

    fn name(&self, declaration: Node<'_>) -> String {
        self.text(declaration.named_child(0).unwrap()).to_owned()
    }

    fn properties(&self, object: Option<Node<'_>>) -> BTreeMap<String, String> {
        let Some(object) = object else { return BTreeMap::new() };
        let mut cursor = object.walk();
        let properties = object.named_children(&mut cursor);
        properties
            .filter(|node| node.kind() == "object_property")
            .map(|node| {
                let key = self.text(node.named_child(0).unwrap()).trim_matches('\'');
                (key.to_owned(), self.text(node.named_child(1).unwrap()).to_owned())
            })
            .collect()
    }

    /// The value of the property `name` of the statement's object, which may be in a loop or condition.
    fn property<'a>(&self, statement: Node<'a>, name: &str) -> Option<Node<'a>> {
        let mut cursor = statement.walk();
        for child in statement.named_children(&mut cursor) {
            if matches!(child.kind(), "for_statement" | "if_statement" | "object") {
                return self.property(child, name);
            }
            if child.kind() == "object_property" && self.name(child) == name {
                return child.named_child(1);
            }
        }
        None
    }
}
