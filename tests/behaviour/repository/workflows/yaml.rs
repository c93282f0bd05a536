//! Reads the part of YAML that the workflows are written in: block mappings and lists, plain and quoted
//! scalars on one line, `|` texts, `{}` and `[a, b]`.
//!
//! Anything else is refused, so that a rule cannot be passed by writing a value in another style.

use serde_json::{Map, Value, json};

/// Parses a document, or says which line is not understood.
pub(crate) fn parse(text: &str) -> Result<Value, String> {
    let lines = text.lines().map(Line::read).collect::<Result<Vec<_>, _>>()?;
    let mut reader = Reader { lines, at: 0 };
    let value = reader.block(0)?;
    match reader.peek() {
        None => Ok(value),
        Some(line) => Err(format!("not understood: {}", line.raw)),
    }
}

#[derive(Clone)]
struct Line {
    indent: usize,
    /// The text without indent and comment.
    content: String,
    raw: String,
}

impl Line {
    fn read(raw: &str) -> Result<Self, String> {
        if raw.contains('\t') {
            return Err(format!("a tab: {raw}"));
        }
        let content = raw.trim_start();
        let indent = raw.len() - content.len();
        let content = if content.starts_with('#') {
            ""
        } else {
            content.split_once(" #").map_or(content, |(content, _)| content).trim_end()
        };
        Ok(Self { indent, content: content.to_owned(), raw: raw.to_owned() })
    }
}

struct Reader {
    lines: Vec<Line>,
    at: usize,
}

impl Reader {
    /// The next line that is neither empty nor a comment.
    fn peek(&mut self) -> Option<Line> {
        while self.lines.get(self.at).is_some_and(|line| line.content.is_empty()) {
            self.at += 1;
        }
        self.lines.get(self.at).cloned()
    }

    fn block(&mut self, indent: usize) -> Result<Value, String> {
        let is_list = self.peek().is_some_and(|line| line.content.starts_with('-'));
        if is_list { self.list(indent) } else { self.mapping(indent) }
    }

    fn list(&mut self, indent: usize) -> Result<Value, String> {
        let mut items = Vec::new();
        while let Some(line) = self.peek().filter(|line| line.indent == indent) {
            let Some(item) = line.content.strip_prefix("- ") else {
                return Err(format!("no item of a list: {}", line.raw));
            };
            if item.split_once(": ").is_some() || item.ends_with(':') {
                // The item is a mapping whose first line follows the dash.
                let rest = Line { indent: indent + 2, content: item.to_owned(), ..line };
                self.lines[self.at] = rest;
                items.push(self.mapping(indent + 2)?);
            } else {
                self.at += 1;
                items.push(scalar(item)?);
            }
        }
        Ok(Value::Array(items))
    }

    fn mapping(&mut self, indent: usize) -> Result<Value, String> {
        let mut mapping = Map::new();
        while let Some(line) = self.peek().filter(|line| line.indent == indent) {
            let (key, rest) = line
                .content
                .split_once(':')
                .filter(|(_, rest)| rest.is_empty() || rest.starts_with(' '))
                .ok_or_else(|| format!("no key: {}", line.raw))?;
            let is_plain = key.chars().all(|c| c.is_ascii_alphanumeric() || "-_".contains(c));
            if !is_plain || mapping.contains_key(key) {
                return Err(format!("a key in quotes, or given twice: {}", line.raw));
            }
            self.at += 1;
            let value = match rest.trim() {
                "" => self.nested(indent)?,
                "|" => json!(self.text(indent)),
                rest => scalar(rest)?,
            };
            mapping.insert(key.to_owned(), value);
        }
        if mapping.is_empty() {
            return Err("an empty mapping".to_owned());
        }
        Ok(Value::Object(mapping))
    }

    /// What belongs to a key: the deeper lines that follow it.
    fn nested(&mut self, indent: usize) -> Result<Value, String> {
        match self.peek() {
            Some(next) if next.indent > indent => self.block(next.indent),
            _ => Ok(Value::Null),
        }
    }

    /// The deeper lines, as they are.
    fn text(&mut self, indent: usize) -> String {
        let mut text = String::new();
        while let Some(line) = self.lines.get(self.at) {
            if line.indent <= indent && !line.raw.trim().is_empty() {
                break;
            }
            text.push_str(line.raw.trim_start());
            text.push('\n');
            self.at += 1;
        }
        text
    }
}

fn scalar(text: &str) -> Result<Value, String> {
    if text == "{}" {
        return Ok(json!({}));
    }
    if let Some(items) = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        let items = items.split(',').map(|item| scalar(item.trim()));
        return items.collect::<Result<Vec<_>, _>>().map(Value::Array);
    }
    if let Some(quoted) = text.strip_prefix('\'') {
        let inner = quoted.strip_suffix('\'').filter(|inner| !inner.contains('\''));
        return inner.map(|inner| json!(inner)).ok_or_else(|| format!("quotes: {text}"));
    }
    if text.is_empty() || text.starts_with(|c: char| "{}[]&*!>|@%`\"?:".contains(c)) {
        return Err(format!("not understood: {text}"));
    }
    Ok(json!(text))
}
