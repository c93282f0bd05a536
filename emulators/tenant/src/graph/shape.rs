//! `$select` and `$expand`: what an answer has of each object.

use super::relation::Relation;
use crate::{failure::Failure, graph_error as error};

/// A type, with what can be selected and expanded.
#[derive(Debug)]
pub(crate) struct Type {
    pub(crate) name: &'static str,
    /// In the order of answers.
    pub(crate) properties: &'static [&'static str],
    pub(crate) relations: &'static [Relation],
}

/// The selected properties and the expanded relations.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Shape {
    /// `None` means all.
    selected: Option<Vec<String>>,
    expanded: Vec<Relation>,
}

impl Shape {
    /// Reads a query option; returns false if it is not about the shape.
    pub(crate) fn takes(&mut self, option: &str, value: &str, of: &Type) -> Result<bool, Failure> {
        let mut names = value.split(',').map(str::trim);
        match option {
            "$select" => {
                let names = names.map(|name| property(name, of));
                self.selected = Some(names.collect::<Result<_, _>>()?);
            }
            "$expand" if !of.relations.is_empty() => {
                self.expanded = names.try_fold(Vec::new(), |mut relations, name| {
                    relations.push(relation(name, of)?);
                    Ok(relations)
                })?;
            }
            _ => return Ok(false),
        }
        Ok(true)
    }

    /// Whether an answer has this property.
    pub(crate) fn includes(&self, property: &str) -> bool {
        self.selected.as_ref().is_none_or(|names| names.iter().any(|name| name == property))
    }

    /// The relations whose objects are in the answer.
    pub(crate) fn expanded(&self) -> &[Relation] {
        &self.expanded
    }

    /// The end of a context URL, `(id,appRoleAssignments())`; empty if an answer has all properties and
    /// nothing else (OData JSON Format, "Context URL").
    pub(crate) fn in_context(&self) -> String {
        let selected = self.selected.iter().flatten().cloned();
        let expanded = self.expanded.iter().map(|relation| format!("{}()", relation.name()));
        let names: Vec<_> = selected.chain(expanded).collect();
        if names.is_empty() { String::new() } else { format!("({})", names.join(",")) }
    }
}

fn property(name: &str, of: &Type) -> Result<String, Failure> {
    if of.properties.contains(&name) {
        Ok(name.to_owned())
    } else {
        Err(error::unknown_property(name, of.name))
    }
}

fn relation(name: &str, of: &Type) -> Result<Relation, Failure> {
    let found = of.relations.iter().find(|relation| relation.name() == name);
    found.copied().ok_or_else(|| error::unknown_property(name, of.name))
}
