//! The functions of an app: folders with a function.json ("Azure Functions triggers and
//! bindings").

mod declared_binding;
mod folder_error;
mod function_json;

use std::path::Path;

pub(crate) use declared_binding::{
    AuthLevel, HttpTriggerBinding, Output, QueueBinding, TableBinding, TimerBinding, Trigger,
};
pub(crate) use folder_error::FolderError;

use crate::settings_error::{SettingsError, read_json};

/// A function as its folder describes it.
#[derive(Debug)]
pub(crate) struct FunctionFolder {
    pub(crate) name: String,
    pub(crate) trigger: Trigger,
    pub(crate) outputs: Vec<Output>,
}

/// A folder's name, and its function or the fault in it.
pub(crate) type NamedFolder = (String, Result<FunctionFolder, FolderError>);

/// Finds all folders with a function.json, in the order of their names.
pub(crate) fn find(app_root: &Path) -> Result<Vec<NamedFolder>, SettingsError> {
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

/// Replaces the schedule of a timer. False if no function of this name has a timer.
pub(crate) fn replace_schedule(
    folders: &mut [NamedFolder],
    function: &str,
    schedule: String,
) -> bool {
    let mut functions = folders.iter_mut().filter_map(|(_, folder)| folder.as_mut().ok());
    let found = functions.find(|folder| folder.name == function);
    let Some(Trigger::Timer(timer)) = found.map(|folder| &mut folder.trigger) else {
        return false;
    };
    timer.schedule = schedule;
    true
}

fn read(name: &str, path: &Path) -> Result<FunctionFolder, FolderError> {
    let (mut triggers, outputs) = function_json::bindings(read_json(path)?)?;
    let count = triggers.len();
    let trigger = triggers.pop().filter(|_| count == 1).ok_or(FolderError::Triggers(count))?;
    check_http(&trigger, &outputs)?;
    Ok(FunctionFolder { name: name.to_owned(), trigger, outputs })
}

fn check_http(trigger: &Trigger, outputs: &[Output]) -> Result<(), FolderError> {
    let answers = outputs.iter().filter(|output| matches!(output, Output::Http { .. })).count();
    match (matches!(trigger, Trigger::Http(_)), answers) {
        (true, 1) | (false, 0) => Ok(()),
        (true, count) => Err(FolderError::HttpOutputs(count)),
        (false, _) => Err(FolderError::NoHttpTrigger),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn function(bindings: &str) -> Result<FunctionFolder, FolderError> {
        let root = tempfile::tempdir().unwrap();
        std::fs::create_dir(root.path().join("F")).unwrap();
        let json = format!(r#"{{"bindings":[{bindings}]}}"#);
        std::fs::write(root.path().join("F/function.json"), json).unwrap();
        std::fs::create_dir(root.path().join("not-a-function")).unwrap();
        let mut found = find(root.path()).unwrap();
        assert_eq!(found.len(), 1);
        found.remove(0).1
    }

    const QUEUE: &str = r#"{"type":"queueTrigger","name":"m","queueName":"q","dataType":"binary"}"#;
    const REQUEST: &str = r#"{"type":"httpTrigger","name":"req"}"#;
    const RESPONSE: &str = r#"{"type":"http","direction":"out","name":"res"}"#;

    #[test]
    fn every_fault_is_named() {
        for (bindings, expected) in [
            ("", "exactly one trigger, and this one has 0"),
            (&format!("{QUEUE},{QUEUE}"), "exactly one trigger, and this one has 2"),
            (r#"{"type":"blobTrigger","name":"b"}"#, "'blobTrigger' is not supported"),
            (r#"{"type":"queue","name":"m"}"#, "'m' has no queueName"),
            (&QUEUE.replace("binary", "string"), "dataType of the binding 'm' is 'string'"),
            (r#"{"type":"queueTrigger"}"#, "missing field `name`"),
            (r#"{"type":"table","direction":"out","name":"t"}"#, "'t' has no tableName"),
            (r#"{"type":"table","direction":"in","name":"t"}"#, "'t' is an input"),
            (r#"{"type":"timerTrigger","name":"t"}"#, "'t' has no schedule"),
            (REQUEST, "exactly one http output in this emulator, and this one has 0"),
            (&format!("{REQUEST},{RESPONSE},{RESPONSE}"), "this one has 2"),
            (&format!("{QUEUE},{RESPONSE}"), "needs an httpTrigger, and this function has none"),
            (
                &format!(r#"{},{RESPONSE}"#, REQUEST.replace('}', r#","authLevel":"user"}"#)),
                "authLevel of the binding 'req' is 'user', and should be anonymous or function",
            ),
        ] {
            let error = function(bindings).unwrap_err();
            assert!(error.to_string().contains(expected), "{error}");
        }
    }

    #[test]
    fn an_http_trigger_requires_a_key_by_default() {
        let level =
            |request: &str| match function(&format!("{request},{RESPONSE}")).unwrap().trigger {
                Trigger::Http(trigger) => trigger.auth_level,
                other => panic!("{other:?}"),
            };
        assert_eq!(level(REQUEST), AuthLevel::Function);
        let anonymous = REQUEST.replace('}', r#","authLevel":"Anonymous"}"#);
        assert_eq!(level(&anonymous), AuthLevel::Anonymous);
    }

    #[test]
    fn properties_are_found_in_any_spelling_but_the_type_in_one() {
        for spelled in [
            QUEUE.replace("queueName", "QUEUENAME").replace("dataType", "datatype"),
            QUEUE.replace("name", "Name").replace("}", r#","Connection":"Jobs"}"#),
        ] {
            let Trigger::Queue(queue) = function(&spelled).unwrap().trigger else {
                panic!("{spelled}")
            };
            assert_eq!((queue.name.as_str(), queue.queue_name.as_str()), ("m", "q"));
            assert_eq!(queue.connection.is_some(), spelled.contains("Jobs"));
        }
        for (spelled, expected) in [
            (QUEUE.replace("type", "Type"), "missing field `type`"),
            (QUEUE.replace("}", r#","QueueName":"r"}"#), "`queueName` occurs in two spellings"),
        ] {
            let error = function(&spelled).unwrap_err().to_string();
            assert!(error.contains(expected), "{error}");
        }
    }
}
