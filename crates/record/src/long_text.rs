//! Texts that may be longer than a column of a table.
//!
//! Such a text continues in the columns with the numbers 2, 3 and so on after its name.

use azure_rest::tables::Entity;
use serde_json::Value;

/// Longest part of a text, in UTF-16 code units. A column holds about 32 K of them ("Understanding the
/// Table service data model").
const MOST_UNITS: usize = 30 * 1024;

/// A part is missing, or is no text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Incomplete;

/// Sets a text, in as many columns as it needs.
pub(crate) fn set(entity: &mut Entity, column: &str, text: &str) {
    for (number, part) in (1..).zip(parts(text)) {
        entity.insert(part_name(column, number), part.into());
    }
}

/// Reads a text, which is not empty. `None` if it is absent: the table service stores no nulls.
pub(crate) fn read(entity: &Entity, column: &str) -> Result<Option<String>, Incomplete> {
    let continuations = continuations(entity, column);
    let Some(first) = value(entity, column) else {
        // The beginning of a text may be missing.
        return if continuations == 0 { Ok(None) } else { Err(Incomplete) };
    };
    let mut whole = first.as_str().filter(|text| !text.is_empty()).ok_or(Incomplete)?.to_owned();
    for number in (2..).take(continuations) {
        let part = value(entity, &part_name(column, number)).and_then(Value::as_str);
        whole.push_str(part.ok_or(Incomplete)?);
    }
    Ok(Some(whole))
}

fn value<'a>(entity: &'a Entity, column: &str) -> Option<&'a Value> {
    entity.get(column).filter(|value| !value.is_null())
}

/// The number of columns in which a text continues.
fn continuations(entity: &Entity, column: &str) -> usize {
    let is_number = |rest: &str| !rest.is_empty() && rest.bytes().all(|byte| byte.is_ascii_digit());
    let numbered = |name: &&String| name.strip_prefix(column).is_some_and(is_number);
    entity.keys().filter(numbered).filter(|name| value(entity, name).is_some()).count()
}

/// The name of a part's column: `result`, `result2`, `result3` …
fn part_name(column: &str, number: usize) -> String {
    if number == 1 { column.to_owned() } else { format!("{column}{number}") }
}

/// A text in parts of at most [`MOST_UNITS`]. At least one part.
fn parts(text: &str) -> Vec<String> {
    let (mut parts, mut last, mut units) = (Vec::new(), String::new(), 0);
    for character in text.chars() {
        if units + character.len_utf16() > MOST_UNITS {
            parts.push(std::mem::take(&mut last));
            units = 0;
        }
        last.push(character);
        units += character.len_utf16();
    }
    parts.push(last);
    parts
}
