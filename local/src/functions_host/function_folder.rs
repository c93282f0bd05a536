//! The functions of an app: one folder each, with a function.json ("Azure Functions triggers and
//! bindings").

use std::path::Path;

use serde::Deserialize;

use super::settings::{SettingsError, read_json};

/// The name under which a binding takes the reply's `ReturnValue`.
pub(super) const RETURN_BINDING: &str = "$return";

/// A function as its folder describes it.
#[derive(Debug)]
pub(super) struct FunctionFolder {
    pub(super) name: String,
    pub(super) trigger: Trigger,
    pub(super) outputs: Vec<Output>,
}

/// What makes a function run.
#[derive(Debug)]
pub(super) enum Trigger {
    Queue(QueueBinding),
}

/// Where a function writes.
#[derive(Debug)]
pub(super) enum Output {
    Queue(QueueBinding),
}

/// A binding to a queue, as trigger or output.
#[derive(Debug)]
pub(super) struct QueueBinding {
    pub(super) name: String,
    pub(super) queue_name: String,
    pub(super) connection: Option<String>,
    pub(super) data_type: DataType,
}

/// `dataType` of a binding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum DataType {
    Text,
    Binary,
}

/// Why a folder is not a function that can run.
#[derive(Debug, thiserror::Error)]
pub(super) enum FolderFault {
    #[error(transparent)]
    File(#[from] SettingsError),
    #[error("the binding type '{0}' is not supported by this stand-in")]
    Unsupported(String),
    #[error("a function needs exactly one trigger, and this has {0}")]
    Triggers(usize),
    #[error("the binding '{0}' has no queueName")]
    NoQueueName(String),
}

#[derive(Deserialize)]
struct FunctionJson {
    bindings: Vec<BindingJson>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct BindingJson {
    #[serde(rename = "type")]
    binding_type: String,
    name: String,
    queue_name: Option<String>,
    connection: Option<String>,
    data_type: Option<String>,
}

/// A folder's name, and the function in it or why there is none.
pub(super) type Found = (String, Result<FunctionFolder, FolderFault>);

/// All folders of the app with a function.json, in the order of their names.
pub(super) fn find(app_root: &Path) -> Result<Vec<Found>, SettingsError> {
    let unreadable = |source| SettingsError::Unreadable { path: app_root.to_owned(), source };
    let mut found = Vec::new();
    for entry in std::fs::read_dir(app_root).map_err(unreadable)? {
        let entry = entry.map_err(unreadable)?;
        let path = entry.path().join("function.json");
        if path.is_file() {
            let name = entry.file_name().to_string_lossy().into_owned();
            let function = read(&name, &path);
            found.push((name, function));
        }
    }
    found.sort_by(|(one, _), (other, _)| one.cmp(other));
    Ok(found)
}

fn read(name: &str, path: &Path) -> Result<FunctionFolder, FolderFault> {
    let json: FunctionJson = read_json(path)?;
    let mut triggers = Vec::new();
    let mut outputs = Vec::new();
    for binding in json.bindings {
        match binding.binding_type.as_str() {
            "queueTrigger" => triggers.push(Trigger::Queue(queue_binding(binding)?)),
            "queue" => outputs.push(Output::Queue(queue_binding(binding)?)),
            _ => return Err(FolderFault::Unsupported(binding.binding_type)),
        }
    }
    let count = triggers.len();
    match triggers.pop() {
        Some(trigger) if count == 1 => {
            Ok(FunctionFolder { name: name.to_owned(), trigger, outputs })
        }
        _ => Err(FolderFault::Triggers(count)),
    }
}

fn queue_binding(binding: BindingJson) -> Result<QueueBinding, FolderFault> {
    let is_binary = |text: &str| text.eq_ignore_ascii_case("binary");
    Ok(QueueBinding {
        queue_name: binding
            .queue_name
            .ok_or_else(|| FolderFault::NoQueueName(binding.name.clone()))?,
        name: binding.name,
        connection: binding.connection,
        data_type: if binding.data_type.as_deref().is_some_and(is_binary) {
            DataType::Binary
        } else {
            DataType::Text
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn function(json: &str) -> Result<FunctionFolder, FolderFault> {
        let root = tempfile::tempdir().unwrap();
        std::fs::create_dir(root.path().join("F")).unwrap();
        std::fs::write(root.path().join("F/function.json"), json).unwrap();
        std::fs::create_dir(root.path().join("not-a-function")).unwrap();
        let mut found = find(root.path()).unwrap();
        assert_eq!(found.len(), 1);
        found.remove(0).1
    }

    #[test]
    fn faults_are_named() {
        let queue = r#"{"type":"queueTrigger","name":"m","queueName":"q"}"#;
        for (bindings, expected) in [
            (String::new(), "exactly one trigger, and this has 0"),
            (format!("{queue},{queue}"), "exactly one trigger, and this has 2"),
            (r#"{"type":"blobTrigger","name":"b"}"#.to_owned(), "'blobTrigger' is not supported"),
            (r#"{"type":"queueTrigger","name":"m"}"#.to_owned(), "'m' has no queueName"),
            (r#"{"type":"queueTrigger"}"#.to_owned(), "missing field `name`"),
        ] {
            let error = function(&format!(r#"{{"bindings":[{bindings}]}}"#)).unwrap_err();
            assert!(error.to_string().contains(expected), "{error}");
        }
    }

    #[test]
    fn data_type_is_text_unless_it_says_binary() {
        let json = r#"{"bindings":[{"type":"queueTrigger","name":"m","queueName":"q"},
            {"type":"queue","direction":"out","name":"n","queueName":"r","dataType":"binary"}]}"#;
        let function = function(json).unwrap();
        let Trigger::Queue(trigger) = function.trigger;
        let Output::Queue(output) = &function.outputs[0];
        assert_eq!((trigger.data_type, output.data_type), (DataType::Text, DataType::Binary));
    }
}
