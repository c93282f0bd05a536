//! The fields of an event or a span.

use std::{error::Error, fmt};

use tracing::field::{Field, Visit};

use super::line::Line;

/// The value of a field.
pub(super) enum Value {
    Text(String),
    /// A number or a truth value, as JSON writes it.
    Plain(String),
}

impl Value {
    fn write(&self, name: &str, line: &mut Line) {
        match self {
            Self::Text(text) => line.text(name, text),
            Self::Plain(text) => line.plain(name, text),
        }
    }

    /// The value of a text.
    pub(super) fn into_text(self) -> String {
        match self {
            Self::Text(text) | Self::Plain(text) => text,
        }
    }
}

/// Fields in the order in which the code names them.
#[derive(Default)]
pub(super) struct Fields(Vec<(&'static str, Value)>);

impl Fields {
    /// Removes a field and returns its value.
    pub(super) fn take(&mut self, name: &str) -> Option<Value> {
        let at = self.0.iter().position(|(known, _)| *known == name)?;
        Some(self.0.remove(at).1)
    }

    /// Adds all fields to a line.
    pub(super) fn write(&self, line: &mut Line) {
        for (name, value) in &self.0 {
            value.write(name, line);
        }
    }

    /// Adds all fields to a line. Where an event has a field of the same name, its value replaces this one.
    pub(super) fn write_with(&self, event: &mut Self, line: &mut Line) {
        for (name, value) in &self.0 {
            event.take(name).as_ref().unwrap_or(value).write(name, line);
        }
    }

    fn push(&mut self, field: &Field, value: Value) {
        self.0.push((field.name(), value));
    }
}

impl Visit for Fields {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.push(field, Value::Text(value.to_owned()));
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.push(field, Value::Text(format!("{value:?}")));
    }

    fn record_error(&mut self, field: &Field, value: &(dyn Error + 'static)) {
        self.push(field, Value::Text(value.to_string()));
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.push(field, Value::Plain(value.to_string()));
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.push(field, Value::Plain(value.to_string()));
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.push(field, Value::Plain(value.to_string()));
    }
}
