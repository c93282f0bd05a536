//! Faults of a request without text of the request.
//!
//! A caller may send a key in the wrong place, for instance as the name of a field. Results, rows and the
//! log must not repeat it.

use crate::{directory::nearest, json::Fault};

/// The beginning of the message about a field that the format does not have.
const UNKNOWN_FIELD: &str = "unknown field `";

/// A fault without the name of an unknown field and without values. `document` replaces a path that
/// consists only of such a name.
pub(super) fn censored(fault: Fault, document: &str) -> Fault {
    let Fault { path, problem } = fault;
    let (found, expected) = split(&problem);
    match found.strip_prefix(UNKNOWN_FIELD) {
        Some(name) => {
            let name = name.strip_suffix('`').unwrap_or(name);
            Fault {
                path: parent(&path, name, document),
                problem: format!("unknown field{}{expected}", similar_field(name, expected)),
            }
        }
        None if expected.is_empty() => Fault { path, problem },
        None => {
            // The JSON library quotes a value after its type.
            let end = found.find(['`', '"']).unwrap_or(found.len());
            let found = found.get(..end).unwrap_or_default().trim_end();
            Fault { path, problem: format!("{found}{expected}") }
        }
    }
}

/// The message of the JSON library, split into what it found and what it expected. Only the first part
/// may contain text of the document.
fn split(problem: &str) -> (&str, &str) {
    let end = [", expected ", ", there are no fields"].map(|text| problem.rfind(text));
    let end = end.into_iter().flatten().max();
    problem.split_at(end.unwrap_or(problem.len()))
}

/// A path without the name of the unknown field at its end.
fn parent(path: &str, name: &str, document: &str) -> String {
    match path.strip_suffix(name) {
        Some("") => document.to_owned(),
        Some(parent) => parent.strip_suffix('.').unwrap_or(path).to_owned(),
        None => path.to_owned(),
    }
}

/// The known field whose name is most similar to that of the unknown one.
fn similar_field(name: &str, expected: &str) -> String {
    let known = expected.split('`').skip(1).step_by(2);
    let nearest = nearest(name, known).into_iter().next();
    nearest.map_or(String::new(), |known| format!(" (did you mean `{known}`?)"))
}
