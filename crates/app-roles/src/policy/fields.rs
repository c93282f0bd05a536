//! Reads the fields of a policy file. Faults are collected, and reading continues.

use std::{collections::HashSet, fmt::Display};

use wire_formats::json::{
    Problem,
    located::{Located, Location, Member, SyntaxFault, Value},
};

use super::fault::PolicyFault;
use crate::json_fault;

/// The path of the document itself, for readers.
const ROOT: &str = "policy";

/// Longest part of an unknown name that a fault repeats, in characters.
const MOST_OF_A_NAME: usize = 60;

/// Why a list must have an entry.
const EMPTY_LIST: &str = "an empty list makes a rule that never applies";

/// The faults of a file that were found so far.
#[derive(Debug, Default)]
pub(super) struct Faults {
    found: Vec<PolicyFault>,
    /// The name of the rule that is being read.
    rule: Option<String>,
}

impl Faults {
    /// The faults of the file's syntax.
    pub(super) fn of_syntax(faults: &[SyntaxFault]) -> Self {
        let mut all = Self::default();
        for fault in faults {
            all.add_at(ROOT, fault.location, fault.problem.to_string());
        }
        all
    }

    /// Names the rule in the faults that follow.
    pub(super) fn name_rule(&mut self, rule: Option<String>) {
        self.rule = rule;
    }

    /// Adds a fault of a field.
    pub(super) fn add(&mut self, field: &Field<'_>, problem: impl Display) {
        self.add_at(&field.path, field.node.location, problem.to_string());
    }

    fn add_at(&mut self, path: &str, location: Location, problem: String) {
        let path = if path.is_empty() { ROOT } else { path }.to_owned();
        self.found.push(PolicyFault { location, path, rule: self.rule.clone(), problem });
    }

    /// All faults, in the order of the file.
    pub(super) fn in_order(self) -> Vec<PolicyFault> {
        let mut found = self.found;
        found.sort_by_key(|fault| fault.location);
        found
    }
}

/// A value of the file, with its path.
#[derive(Debug, Clone)]
pub(super) struct Field<'a> {
    path: String,
    node: &'a Located,
}

impl<'a> Field<'a> {
    /// The whole document.
    pub(super) fn root(node: &'a Located) -> Self {
        Self { path: String::new(), node }
    }

    fn wrong_type<T>(&self, expected: &str, faults: &mut Faults) -> Option<T> {
        // An unreadable value is a fault of syntax.
        if self.node.value != Value::Unreadable {
            let found = self.node.value.type_name();
            faults.add(self, format!("must be {expected}, but is {found}"));
        }
        None
    }

    /// Reads a string.
    pub(super) fn text(&self, faults: &mut Faults) -> Option<&'a str> {
        match &self.node.value {
            Value::Text(text) => Some(text),
            _ => self.wrong_type("a string", faults),
        }
    }

    /// Reads a string of a form.
    pub(super) fn parsed<T, E: Display>(
        &self,
        parse: impl Fn(&str) -> Result<T, E>,
        faults: &mut Faults,
    ) -> Option<T> {
        parse(self.text(faults)?).map_err(|problem| faults.add(self, problem)).ok()
    }

    /// Reads `true` or `false`.
    pub(super) fn boolean(&self, faults: &mut Faults) -> Option<bool> {
        match &self.node.value {
            Value::Boolean(value) => Some(*value),
            _ => self.wrong_type("true or false", faults),
        }
    }

    /// Reads a whole number that is not negative.
    pub(super) fn whole_number(&self, faults: &mut Faults) -> Option<u64> {
        match &self.node.value {
            Value::Number(number) if number.is_u64() => number.as_u64(),
            Value::Number(number) if number.is_i64() => {
                faults.add(self, "must not be negative");
                None
            }
            _ => self.wrong_type("a whole number", faults),
        }
    }

    /// Reads an array.
    pub(super) fn items(&self, faults: &mut Faults) -> Option<Vec<Self>> {
        let Value::Array(items) = &self.node.value else {
            return self.wrong_type("an array", faults);
        };
        let items = items.iter().enumerate();
        let path = &self.path;
        Some(items.map(|(at, node)| Self { path: format!("{path}[{at}]"), node }).collect())
    }

    /// Reads an array of strings of a form. `None` if one has a fault.
    pub(super) fn entries<T, E: Display>(
        &self,
        parse: impl Fn(&str) -> Result<T, E>,
        faults: &mut Faults,
    ) -> Option<Vec<T>> {
        let entries = self.items(faults)?.into_iter().map(|item| item.parsed(&parse, faults));
        // Collects first, so that each entry is read even after a fault.
        entries.collect::<Vec<_>>().into_iter().collect()
    }

    /// Reads an array of strings of a form with at least one entry.
    pub(super) fn list<T, E: Display>(
        &self,
        parse: impl Fn(&str) -> Result<T, E>,
        faults: &mut Faults,
    ) -> Option<Vec<T>> {
        let entries = self.entries(parse, faults)?;
        if entries.is_empty() {
            faults.add(self, EMPTY_LIST);
            return None;
        }
        Some(entries)
    }

    /// Reads an object.
    pub(super) fn members(&self, faults: &mut Faults) -> Option<Fields<'a>> {
        let Value::Object(object) = &self.node.value else {
            return self.wrong_type("a JSON object", faults);
        };
        let (members, is_complete) = (object.members.as_slice(), object.is_complete);
        Some(Fields { of: self.clone(), members, is_complete })
    }
}

/// The fields of an object.
#[derive(Debug)]
pub(super) struct Fields<'a> {
    of: Field<'a>,
    members: &'a [Member],
    is_complete: bool,
}

impl<'a> Fields<'a> {
    /// Refuses fields with other names than these, and repeated ones.
    pub(super) fn refuse_unknown(&self, known: &'static [&'static str], faults: &mut Faults) {
        let mut names = HashSet::new();
        for Member { name, location, .. } in self.members {
            let problem = if !known.contains(&name.as_str()) {
                unknown(name, known)
            } else if !names.insert(name) {
                format!("the field `{name}` occurs twice")
            } else {
                continue;
            };
            faults.add_at(&self.of.path, *location, problem);
        }
    }

    /// The field, if it is present. If it is repeated, the first one.
    pub(super) fn optional(&self, name: &str) -> Option<Field<'a>> {
        let member = self.members.iter().find(|member| member.name == name)?;
        let path = match self.of.path.as_str() {
            "" => name.to_owned(),
            path => format!("{path}.{name}"),
        };
        Some(Field { path, node: &member.value })
    }

    /// The field, if it is present and not `null`.
    pub(super) fn nullable(&self, name: &str) -> Option<Field<'a>> {
        self.optional(name).filter(|field| field.node.value != Value::Null)
    }

    /// The field. A missing one is a fault.
    pub(super) fn required(&self, name: &str, faults: &mut Faults) -> Option<Field<'a>> {
        let field = self.optional(name);
        if field.is_none() && self.is_complete {
            faults.add(&self.of, format!("the field `{name}` is missing"));
        }
        field
    }
}

fn unknown(name: &str, known: &'static [&'static str]) -> String {
    let mut shown: String = name.chars().take(MOST_OF_A_NAME).collect();
    if shown.len() < name.len() {
        shown.push('…');
    }
    json_fault::uncensored(&Problem::UnknownField { name: shown, known })
}
