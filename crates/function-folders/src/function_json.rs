//! Function folders: each is one function, with its trigger and its outputs.

use std::path::{Path, PathBuf};

use serde::Deserialize;
use wire_formats::json;

use crate::file_fault::{FileFault, Lookup};

/// The file that makes a folder a function.
const FUNCTION_JSON: &str = "function.json";

/// The connection of the host's own storage account. Requesters have no access to this account. A binding
/// without a connection uses this one.
pub const HOST_CONNECTION: &str = "AzureWebJobsStorage";

/// A function folder.
#[derive(Debug, Clone)]
pub struct FunctionFolder {
    /// The function's name: the name of the folder.
    pub name: String,
    /// The path of its `function.json`.
    pub file: PathBuf,
    /// Its only trigger.
    pub trigger: Binding,
    /// Its output bindings.
    pub outputs: Vec<Binding>,
}

/// One binding of a `function.json`. Fields that only the host reads are ignored.
///
/// ```json
/// { "type": "queueTrigger", "direction": "in", "name": "request",
///   "queueName": "app-role-requests", "connection": "RequestQueues", "dataType": "binary" }
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Binding {
    /// The type, for example `queueTrigger`.
    #[serde(rename = "type")]
    pub kind: String,
    /// The name in envelopes and replies. Case-sensitive.
    pub name: String,
    direction: String,
    /// The queue. `%SETTING%` is replaced by the setting of that name.
    pub queue_name: Option<String>,
    /// The table. `%SETTING%` is replaced by the setting of that name.
    pub table_name: Option<String>,
    /// The name of the setting that holds the connection.
    pub connection: Option<String>,
    /// How the host passes the value; `binary` is base64 of the bytes.
    pub data_type: Option<String>,
}

impl Binding {
    /// The name of the setting that holds the connection.
    #[must_use]
    pub fn connection(&self) -> &str {
        self.connection.as_deref().unwrap_or(HOST_CONNECTION)
    }
}

#[derive(Deserialize)]
struct FunctionJson {
    bindings: Vec<Binding>,
}

/// The function folders below an app root.
#[derive(Debug, Clone, Default)]
pub struct FunctionFolders {
    /// The functions, sorted by name.
    pub functions: Vec<FunctionFolder>,
    /// The folders that cannot be used, each with the function's name.
    pub faults: Vec<(String, FileFault)>,
}

impl FunctionFolders {
    /// Reads `*/function.json` below `app_root`.
    ///
    /// The error is about the app root itself; faults of single folders are in the result.
    pub fn read(app_root: &Path, setting: Lookup<'_>) -> std::io::Result<Self> {
        let mut found = Self::default();
        for entry in std::fs::read_dir(app_root)? {
            let folder = entry?.path();
            let file = folder.join(FUNCTION_JSON);
            let Some(name) = folder.file_name().and_then(|name| name.to_str()) else {
                continue;
            };
            if !file.is_file() {
                continue;
            }
            match read_folder(name, &file, setting) {
                Ok(function) => found.functions.push(function),
                Err(problem) => {
                    found.faults.push((name.to_owned(), FileFault { file, problem }));
                }
            }
        }
        found.functions.sort_by(|a, b| a.name.cmp(&b.name));
        found.faults.sort_by(|a, b| a.0.cmp(&b.0));
        Ok(found)
    }
}

fn read_folder(name: &str, file: &Path, setting: Lookup<'_>) -> Result<FunctionFolder, String> {
    let bytes = std::fs::read(file).map_err(|error| format!("cannot be read: {}", error.kind()))?;
    let json: FunctionJson = json::from_slice_with_comments(&bytes)
        .map_err(|fault| fault.in_document("the document"))?;
    let mut bindings = json.bindings;
    for binding in &mut bindings {
        for name in [&mut binding.queue_name, &mut binding.table_name] {
            *name = name.take().map(|text| expand(&text, setting)).transpose()?;
        }
    }
    let (mut triggers, outputs): (Vec<_>, Vec<_>) =
        bindings.into_iter().partition(|binding| binding.direction == "in");
    match (triggers.pop(), triggers.is_empty()) {
        (Some(trigger), true) => {
            Ok(FunctionFolder { name: name.to_owned(), file: file.to_owned(), trigger, outputs })
        }
        _ => {
            Err("a function has exactly one binding with \"direction\": \"in\", its trigger".into())
        }
    }
}

/// Replaces each `%NAME%` by the setting of that name, as the host does.
fn expand(text: &str, setting: Lookup<'_>) -> Result<String, String> {
    let mut expanded = String::new();
    for (index, part) in text.split('%').enumerate() {
        if index % 2 == 0 {
            expanded.push_str(part);
        } else {
            let value = setting(part)
                .ok_or_else(|| format!("%{part}% names an app setting that is not set"))?;
            expanded.push_str(&value);
        }
    }
    Ok(expanded)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAIN: &str = r#"{
        "bindings": [
            { "type": "queueTrigger", "direction": "in", "name": "request",
              "queueName": "billing//requests", "connection": "TeamQueues", "dataType": "binary" },
            { "type": "queue", "direction": "out", "name": "result", "queueName": "a/*b*/c" }
        ]
    }"#;

    /// Reads one folder with this `function.json`.
    fn read(text: &str) -> Result<(Binding, Vec<Binding>), String> {
        let root = tempfile::tempdir().unwrap();
        let file = root.path().join(FUNCTION_JSON);
        std::fs::write(&file, text).unwrap();
        let folder = read_folder("Billing", &file, &|_| None)?;
        Ok((folder.trigger, folder.outputs))
    }

    #[test]
    fn a_file_is_the_same_in_every_form_that_the_host_reads() {
        let plain = read(PLAIN).unwrap();
        assert_eq!(plain.0.queue_name.as_deref(), Some("billing//requests"));
        for text in [
            format!("\u{feff}{PLAIN}"),
            format!("// ours\r\n/* \"bindings\": [] */ {PLAIN} // end"),
            format!("\u{feff}// ours\n{PLAIN}"),
            PLAIN.replace("c\" }", "c\", }, // last"),
            PLAIN.replace("\"dataType\"", "/* bytes, not text */ \"dataType\""),
            PLAIN.replace("\"dataType\"", "\"tableName\": null, \"dataType\""),
        ] {
            assert_eq!(read(&text), Ok(plain.clone()), "{text}");
        }
    }

    #[test]
    fn a_fault_names_its_place_in_plain_words() {
        for (text, told) in [
            ("", "the document: is empty"),
            ("null", "the document: must be a JSON object, but is null"),
            ("[]", "the document: must be a JSON object, but is an array"),
            ("{", "the document: is not complete"),
            ("{} {}", "the document: is not JSON; see line 1, column 4"),
            ("{}", "the document: the field `bindings` is missing"),
            (r#"{"bindings":{}}"#, "bindings: must be an array, but is an object"),
            (r#"{"bindings":[7]}"#, "bindings[0]: must be a JSON object, but is a number"),
            (r#"{"bindings":[{"type":"http"}]}"#, "bindings[0]: the field `name` is missing"),
            (
                r#"{"bindings":[{"type":7,"name":"x"}]}"#,
                "bindings[0].type: must be a string, but is a number",
            ),
        ] {
            let fault = read(text).unwrap_err();
            assert!(fault.starts_with(told), "{text}: {fault}");
        }
    }
}
