//! The functions of an app: one folder each, with a function.json ("Azure Functions triggers and
//! bindings").

mod function_json;

use std::path::Path;

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
    Http(HttpTriggerBinding),
    Timer(TimerBinding),
    EventGrid { name: String },
}

/// Where a function writes.
#[derive(Debug)]
pub(super) enum Output {
    Queue(QueueBinding),
    Table(TableBinding),
    /// The answer to the caller of a function with an HTTP trigger.
    Http {
        name: String,
    },
}

/// A binding to a queue, as trigger or output.
#[derive(Debug)]
pub(super) struct QueueBinding {
    pub(super) name: String,
    pub(super) queue_name: String,
    pub(super) connection: Option<String>,
    pub(super) data_type: DataType,
}

/// A binding to a table, as output.
#[derive(Debug)]
pub(super) struct TableBinding {
    pub(super) name: String,
    pub(super) table_name: String,
    pub(super) connection: Option<String>,
    pub(super) data_type: DataType,
}

/// A binding to HTTP requests.
#[derive(Debug)]
pub(super) struct HttpTriggerBinding {
    pub(super) name: String,
    pub(super) auth_level: AuthLevel,
    /// `None` is all of them.
    pub(super) methods: Option<Vec<String>>,
    /// `None` is the function's name.
    pub(super) route: Option<String>,
}

/// A binding to a schedule.
#[derive(Debug)]
pub(super) struct TimerBinding {
    pub(super) name: String,
    pub(super) schedule: String,
    pub(super) run_on_startup: bool,
    pub(super) use_monitor: bool,
}

/// `dataType` of a binding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum DataType {
    Text,
    Binary,
}

/// `authLevel` of an HTTP trigger: which keys it takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum AuthLevel {
    /// None is needed.
    Anonymous,
    /// One of the function, one of all functions, or the master key.
    Function,
    /// The master key.
    Admin,
}

/// Why a folder is not a function that can run.
#[derive(Debug, thiserror::Error)]
pub(super) enum FolderFault {
    #[error(transparent)]
    File(#[from] SettingsError),
    #[error("the binding type '{0}' is not supported by this stand-in")]
    Unsupported(String),
    #[error("the table '{0}' is an input, which is not supported by this stand-in")]
    TableInput(String),
    #[error("a function needs exactly one trigger, and this has {0}")]
    Triggers(usize),
    #[error("the binding '{binding}' has no {field}")]
    Missing { binding: String, field: &'static str },
    #[error("{field} of the binding '{binding}' is '{value}', and should be {expected}")]
    Value { binding: String, field: &'static str, value: String, expected: &'static str },
    #[error("with this stand-in an httpTrigger needs exactly one http output, and this has {0}")]
    HttpOutputs(usize),
    #[error("an http output answers an httpTrigger, and this function has none")]
    NobodyToAnswer,
    #[error("an http output named $return is not supported by this stand-in")]
    ReturnedResponse,
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
    let (mut triggers, outputs) = function_json::bindings(read_json(path)?)?;
    let count = triggers.len();
    let trigger = triggers.pop().filter(|_| count == 1).ok_or(FolderFault::Triggers(count))?;
    check_http(&trigger, &outputs)?;
    Ok(FunctionFolder { name: name.to_owned(), trigger, outputs })
}

fn check_http(trigger: &Trigger, outputs: &[Output]) -> Result<(), FolderFault> {
    let answers = outputs.iter().filter_map(|output| match output {
        Output::Http { name } => Some(name.as_str()),
        Output::Queue(_) | Output::Table(_) => None,
    });
    let answers: Vec<_> = answers.collect();
    let is_http = matches!(trigger, Trigger::Http(_));
    match answers.as_slice() {
        [RETURN_BINDING] if is_http => Err(FolderFault::ReturnedResponse),
        [_] if is_http => Ok(()),
        answers if is_http => Err(FolderFault::HttpOutputs(answers.len())),
        [] => Ok(()),
        _ => Err(FolderFault::NobodyToAnswer),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn function(bindings: &str) -> Result<FunctionFolder, FolderFault> {
        let root = tempfile::tempdir().unwrap();
        std::fs::create_dir(root.path().join("F")).unwrap();
        let json = format!(r#"{{"bindings":[{bindings}]}}"#);
        std::fs::write(root.path().join("F/function.json"), json).unwrap();
        std::fs::create_dir(root.path().join("not-a-function")).unwrap();
        let mut found = find(root.path()).unwrap();
        assert_eq!(found.len(), 1);
        found.remove(0).1
    }

    const QUEUE: &str = r#"{"type":"queueTrigger","name":"m","queueName":"q"}"#;
    const REQUEST: &str = r#"{"type":"httpTrigger","name":"req"}"#;
    const RESPONSE: &str = r#"{"type":"http","direction":"out","name":"res"}"#;

    #[test]
    fn faults_are_named() {
        for (bindings, expected) in [
            ("", "exactly one trigger, and this has 0"),
            (&format!("{QUEUE},{QUEUE}"), "exactly one trigger, and this has 2"),
            (r#"{"type":"blobTrigger","name":"b"}"#, "'blobTrigger' is not supported"),
            (r#"{"type":"queueTrigger","name":"m"}"#, "'m' has no queueName"),
            (r#"{"type":"queueTrigger"}"#, "missing field `name`"),
            (r#"{"type":"table","direction":"out","name":"t"}"#, "'t' has no tableName"),
            (r#"{"type":"table","direction":"in","name":"t"}"#, "'t' is an input"),
            (
                r#"{"type":"eventGridTrigger","name":"e","cardinality":"many"}"#,
                "cardinality of the binding 'e' is 'many', and should be one",
            ),
            (r#"{"type":"timerTrigger","name":"t"}"#, "'t' has no schedule"),
            (REQUEST, "exactly one http output, and this has 0"),
            (&format!("{REQUEST},{RESPONSE},{RESPONSE}"), "http output, and this has 2"),
            (&format!("{QUEUE},{RESPONSE}"), "answers an httpTrigger, and this function has none"),
            (&format!("{REQUEST},{}", RESPONSE.replace("res", "$return")), "named $return"),
            (
                &format!(r#"{},{RESPONSE}"#, REQUEST.replace('}', r#","authLevel":"user"}"#)),
                "authLevel of the binding 'req' is 'user', and should be anonymous, function or admin",
            ),
        ] {
            let error = function(bindings).unwrap_err();
            assert!(error.to_string().contains(expected), "{error}");
        }
    }

    #[test]
    fn data_type_is_text_unless_it_says_binary() {
        let output =
            r#"{"type":"queue","direction":"out","name":"n","queueName":"r","dataType":"binary"}"#;
        let function = function(&format!("{QUEUE},{output}")).unwrap();
        let Trigger::Queue(trigger) = function.trigger else { panic!("{function:?}") };
        let [Output::Queue(output)] = &function.outputs[..] else {
            panic!("{:?}", function.outputs)
        };
        assert_eq!((trigger.data_type, output.data_type), (DataType::Text, DataType::Binary));
    }

    #[test]
    fn an_http_trigger_wants_a_key_unless_it_says_otherwise() {
        let level =
            |request: &str| match function(&format!("{request},{RESPONSE}")).unwrap().trigger {
                Trigger::Http(trigger) => trigger.auth_level,
                other => panic!("{other:?}"),
            };
        assert_eq!(level(REQUEST), AuthLevel::Function);
        let anonymous = REQUEST.replace('}', r#","authLevel":"Anonymous"}"#);
        assert_eq!(level(&anonymous), AuthLevel::Anonymous);
    }
}
