//! Reading documents part by part, so that all their faults are found.

use std::fmt::Display;

use app_roles::directory::nearest;
use serde::de::{DeserializeOwned, IntoDeserializer as _, value::StrDeserializer};
use wire_formats::json::{
    Fault,
    located::{Located, Location, Members, Value},
};

/// A fault, and where it is.
struct Found {
    location: Location,
    /// The path in the document. Empty for the document itself.
    path: String,
    problem: String,
}

/// All faults of a document.
#[derive(Default)]
pub(crate) struct Faults(Vec<Found>);

impl Faults {
    /// Adds a fault. The empty path is the document itself.
    pub(crate) fn add(&mut self, location: Location, path: &str, problem: &str) {
        let (path, problem) = (path.to_owned(), problem.to_owned());
        self.0.push(Found { location, path, problem });
    }

    /// The faults in the order of the document: line, column, path and problem.
    pub(crate) fn into_sentences(mut self) -> Vec<String> {
        self.0.sort_by_key(|found| found.location);
        let sentence = |Found { location, path, problem }: Found| match path.as_str() {
            "" => format!("{location}: {problem}"),
            path => format!("{location}: {path}: {problem}"),
        };
        self.0.into_iter().map(sentence).collect()
    }
}

/// A value with its path.
#[derive(Clone)]
pub(crate) struct Part<'a> {
    pub(crate) path: String,
    pub(crate) value: &'a Located,
}

impl<'a> Part<'a> {
    pub(crate) fn fault(&self, problem: &str, faults: &mut Faults) {
        faults.add(self.value.location, &self.path, problem);
    }

    fn wrong_type(&self, expected: &str, faults: &mut Faults) {
        let found = self.value.value.type_name();
        // The faults of syntax say why a value is unreadable.
        if self.value.value != Value::Unreadable {
            self.fault(&format!("must be {expected}, but is {found}"), faults);
        }
    }

    /// Whether this is a string.
    pub(crate) fn is_text(&self) -> bool {
        matches!(self.value.value, Value::Text(_))
    }

    /// Reads a string.
    pub(crate) fn text(&self, faults: &mut Faults) -> Option<&'a str> {
        match &self.value.value {
            Value::Text(text) => Some(text),
            _ => {
                self.wrong_type("a string", faults);
                None
            }
        }
    }

    /// Reads a string and parses it.
    pub(crate) fn parsed<T, E: Display>(
        &self,
        parse: impl Fn(&str) -> Result<T, E>,
        faults: &mut Faults,
    ) -> Option<T> {
        let text = self.text(faults)?;
        parse(text).map_err(|error| self.fault(&error.to_string(), faults)).ok()
    }

    /// Reads a type that is a string on the wire.
    pub(crate) fn read<T: DeserializeOwned>(&self, faults: &mut Faults) -> Option<T> {
        self.parsed(of_text, faults)
    }

    /// Reads a whole number that is not negative.
    pub(crate) fn number(&self, faults: &mut Faults) -> Option<u64> {
        let number = match &self.value.value {
            Value::Number(number) => number.as_u64(),
            _ => None,
        };
        if number.is_none() {
            self.wrong_type("a whole number that is not negative", faults);
        }
        number
    }

    /// Reads an array.
    pub(crate) fn items(&self, faults: &mut Faults) -> Option<Vec<Part<'a>>> {
        let Value::Array(items) = &self.value.value else {
            self.wrong_type("an array", faults);
            return None;
        };
        let path = |index: usize| format!("{}[{index}]", self.path);
        let parts = items.iter().enumerate();
        Some(parts.map(|(index, value)| Part { path: path(index), value }).collect())
    }

    /// Reads an object whose fields have any names.
    pub(crate) fn members(&self, faults: &mut Faults) -> Option<Vec<(&'a str, Part<'a>)>> {
        let members = self.object(faults)?.members.iter();
        let part = |name: &str, value| Part { path: below(&self.path, name), value };
        Some(members.map(|one| (one.name.as_str(), part(&one.name, &one.value))).collect())
    }

    /// Reads an object that has no other fields than these, each at most once.
    pub(crate) fn section(&self, fields: &[&str], faults: &mut Faults) -> Option<Section<'a>> {
        let object = self.object(faults)?;
        for (index, member) in object.members.iter().enumerate() {
            let mut earlier = object.members.iter().take(index);
            if !fields.contains(&member.name.as_str()) {
                faults.add(member.location, &self.path, &unknown_field(&member.name, fields));
            } else if earlier.any(|one| one.name == member.name) {
                let problem = format!("the field `{}` occurs twice", member.name);
                faults.add(member.location, &self.path, &problem);
            }
        }
        Some(Section { path: self.path.clone(), location: self.value.location, object })
    }

    fn object(&self, faults: &mut Faults) -> Option<&'a Members> {
        match &self.value.value {
            Value::Object(members) => Some(members),
            _ => {
                self.wrong_type("an object", faults);
                None
            }
        }
    }
}

/// Reads a type from its string on the wire. The error is in the words of documents.
pub(crate) fn of_text<T: DeserializeOwned>(text: &str) -> Result<T, String> {
    let deserializer: StrDeserializer<'_, Fault> = text.into_deserializer();
    T::deserialize(deserializer).map_err(|fault| fault.problem().to_string())
}

/// The path of a part of a document, given the path around it.
pub(crate) fn below(path: &str, name: &str) -> String {
    if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") }
}

fn unknown_field(name: &str, fields: &[&str]) -> String {
    let similar = nearest(name, fields.iter().copied()).into_iter().next();
    let similar = similar.map_or_else(String::new, |known| format!(" (did you mean `{known}`?)"));
    let fields = fields.iter().map(|field| format!("`{field}`")).collect::<Vec<_>>().join(", ");
    format!("unknown field `{name}`{similar}; the fields are {fields}")
}

/// An object with known fields.
pub(crate) struct Section<'a> {
    path: String,
    location: Location,
    object: &'a Members,
}

impl<'a> Section<'a> {
    /// A fault of the object.
    pub(crate) fn fault(&self, problem: &str, faults: &mut Faults) {
        faults.add(self.location, &self.path, problem);
    }

    /// The value of a field. `None` if it is absent or `null`.
    pub(crate) fn part(&self, field: &str) -> Option<Part<'a>> {
        let member = self.object.members.iter().find(|member| member.name == field)?;
        let value = Some(&member.value).filter(|located| located.value != Value::Null)?;
        Some(Part { path: below(&self.path, field), value })
    }

    /// The value of a field, which is a fault if it is absent or `null`.
    pub(crate) fn required(&self, field: &str, faults: &mut Faults) -> Option<Part<'a>> {
        let part = self.part(field);
        // If the object was not read to its end, the field may still follow.
        if part.is_none() && self.object.is_complete {
            self.fault(&format!("the field `{field}` is missing"), faults);
        }
        part
    }

    /// Reads a field that is a string on the wire.
    pub(crate) fn read<T: DeserializeOwned>(&self, field: &str, faults: &mut Faults) -> Option<T> {
        self.part(field)?.read(faults)
    }
}
