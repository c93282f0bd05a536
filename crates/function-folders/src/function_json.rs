//! Function folders: each is one function, with its trigger and its outputs.

use std::path::{Path, PathBuf};

use serde::Deserialize;
use wire_formats::json::{self, Node};

use crate::{app_settings::AppSettings, file_fault::FileFault};

/// The file that makes a folder a function.
const FUNCTION_JSON: &str = "function.json";

/// The properties of a binding that the host finds in any spelling: it reads them by reflection (Azure
/// `WebJobs` SDK, `AttributeCloner`; Newtonsoft.Json). It looks up `bindings`, `type` and `direction` by their
/// exact names (Azure Functions host, `BindingMetadata`), so other spellings of these count as missing.
const IN_ANY_CASE: [&str; 5] = ["name", "queueName", "tableName", "connection", "dataType"];

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
    pub fn read(app_root: &Path, settings: &AppSettings) -> std::io::Result<Self> {
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
            match read_folder(name, &file, settings) {
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

fn read_folder(name: &str, file: &Path, settings: &AppSettings) -> Result<FunctionFolder, String> {
    let bytes = std::fs::read(file).map_err(|error| format!("cannot be read: {}", error.kind()))?;
    // A property in two spellings occurs twice then, which is a fault: the host may take either.
    let json = json::from_slice_with_comments(&bytes)
        .and_then(|document: Node| FunctionJson::deserialize(&document.spelled(&IN_ANY_CASE)))
        .map_err(|fault| fault.in_document("the document"))?;
    let mut bindings = json.bindings;
    for binding in &mut bindings {
        for name in [&mut binding.queue_name, &mut binding.table_name] {
            *name = name.take().map(|text| expand(&text, settings)).transpose()?;
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
fn expand(text: &str, settings: &AppSettings) -> Result<String, String> {
    let mut expanded = String::new();
    for (index, part) in text.split('%').enumerate() {
        if index % 2 == 0 {
            expanded.push_str(part);
        } else {
            let value = settings
                .get(part)?
                .ok_or_else(|| format!("%{part}% names an app setting that is not set"))?;
            expanded.push_str(value);
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
        read_with(text, &AppSettings::default())
    }

    fn read_with(text: &str, settings: &AppSettings) -> Result<(Binding, Vec<Binding>), String> {
        let root = tempfile::tempdir().unwrap();
        let file = root.path().join(FUNCTION_JSON);
        std::fs::write(&file, text).unwrap();
        let folder = read_folder("Billing", &file, settings)?;
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
    fn properties_are_found_in_the_spellings_in_which_the_host_finds_them() {
        let plain = read(PLAIN).unwrap();
        for property in ["queueName", "connection", "dataType", "name"] {
            for other in [property.to_uppercase(), property.to_lowercase()] {
                let spelled = PLAIN.replace(&format!("\"{property}\""), &format!("\"{other}\""));
                assert_eq!(read(&spelled), Ok(plain.clone()), "{other}");
            }
        }
        for property in ["bindings", "type", "direction"] {
            let upper = property.to_uppercase();
            let spelled = PLAIN.replace(&format!("\"{property}\""), &format!("\"{upper}\""));
            let fault = read(&spelled).unwrap_err();
            assert!(fault.ends_with(&format!("the field `{property}` is missing")), "{fault}");
        }
    }

    #[test]
    fn a_property_in_two_spellings_is_refused() {
        for property in ["queueName", "connection", "dataType", "name"] {
            let upper = property.to_uppercase();
            let text = PLAIN.replace("\"in\",", &format!("\"in\", \"{upper}\": \"binary\","));
            let fault = read(&text).unwrap_err();
            assert_eq!(fault, format!("bindings[0]: the field `{property}` occurs twice"));
        }
    }

    #[test]
    fn a_setting_in_a_name_is_found_in_any_spelling_and_must_be_unambiguous() {
        let text = PLAIN.replace("billing//requests", "%Team_Queue%-%TEAM_queue%");
        let settings = |pairs: &[(&str, &str)]| -> AppSettings {
            pairs.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect()
        };
        let (trigger, _) = read_with(&text, &settings(&[("TEAM_QUEUE", "billing")])).unwrap();
        assert_eq!(trigger.queue_name.as_deref(), Some("billing-billing"));
        let two = settings(&[("TEAM_QUEUE", "billing"), ("team_queue", "payroll")]);
        assert!(read_with(&text, &two).unwrap_err().contains("TEAM_QUEUE and team_queue"));
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
