//! Problems of documents, with the field that an unknown one resembles.

use wire_formats::json::Problem;

use crate::{directory::nearest, text::printable};

/// The problem without any text of the document. Results, rows and the log must not repeat the name of an
/// unknown field: a caller may send a key in the wrong place.
pub(crate) fn censored(problem: &Problem) -> String {
    match problem {
        Problem::UnknownField { name, known } => {
            format!("unknown field{}; the fields are {}", similar(name, known), quoted(known))
        }
        other => other.to_string(),
    }
}

/// The problem with the name of an unknown field, for a file whose author reads the message.
pub(crate) fn uncensored(problem: &Problem) -> String {
    match problem {
        Problem::UnknownField { name, known } => {
            let (name, similar) = (printable(name), similar(name, known));
            format!("unknown field `{name}`{similar}; the fields are {}", quoted(known))
        }
        other => other.to_string(),
    }
}

/// The known field whose name is most similar to that of the unknown one.
fn similar(name: &str, known: &[&str]) -> String {
    let nearest = nearest(name, known.iter().copied()).into_iter().next();
    nearest.map_or_else(String::new, |known| format!(" (did you mean `{known}`?)"))
}

/// Names in backticks.
fn quoted(names: &[&str]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}
