//! The format of function.json.

use serde::{Deserialize, Deserializer, de::Error as _};
use serde_json::{Map, Value};

use super::{
    declared_binding::{
        AuthLevel, HttpTriggerBinding, Output, QueueBinding, TableBinding, TimerBinding, Trigger,
    },
    folder_error::FolderError,
};

/// The properties of a binding that the host finds in any spelling: it reads them by reflection (Azure
/// `WebJobs` SDK, `AttributeCloner`; Newtonsoft.Json). It looks up `type` and `direction` by their exact names
/// (Azure Functions host, `BindingMetadata`).
const IN_ANY_CASE: [&str; 9] = [
    "name",
    "queueName",
    "tableName",
    "connection",
    "dataType",
    "authLevel",
    "methods",
    "route",
    "schedule",
];

#[derive(Deserialize)]
pub(crate) struct FunctionJson {
    #[serde(deserialize_with = "in_any_case")]
    bindings: Vec<BindingJson>,
}

/// Reads bindings whose properties may have another spelling. One property in two spellings is refused,
/// because the host may take either.
fn in_any_case<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<BindingJson>, D::Error> {
    let bindings = Vec::<Map<String, Value>>::deserialize(deserializer)?;
    let read = |members: Map<String, Value>| {
        let mut spelled = Map::new();
        for (name, value) in members {
            let known = IN_ANY_CASE.into_iter().find(|known| known.eq_ignore_ascii_case(&name));
            let name = known.map_or(name, str::to_owned);
            if spelled.insert(name.clone(), value).is_some() {
                return Err(D::Error::custom(format_args!("`{name}` occurs in two spellings")));
            }
        }
        BindingJson::deserialize(Value::Object(spelled)).map_err(D::Error::custom)
    };
    bindings.into_iter().map(read).collect()
}

/// The fields of all supported kinds of bindings. Other fields are ignored, as by the host.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct BindingJson {
    #[serde(rename = "type")]
    binding_type: String,
    name: String,
    direction: Option<String>,
    queue_name: Option<String>,
    table_name: Option<String>,
    connection: Option<String>,
    data_type: Option<String>,
    auth_level: Option<String>,
    methods: Option<Vec<String>>,
    route: Option<String>,
    schedule: Option<String>,
}

/// Sorts the bindings into triggers and outputs.
pub(crate) fn bindings(json: FunctionJson) -> Result<(Vec<Trigger>, Vec<Output>), FolderError> {
    let (mut triggers, mut outputs) = (Vec::new(), Vec::new());
    for binding in json.bindings {
        match binding.binding_type.as_str() {
            "queueTrigger" => triggers.push(Trigger::Queue(binding.queue_trigger()?)),
            "queue" => outputs.push(Output::Queue(binding.queue()?)),
            "table" => outputs.push(Output::Table(binding.table()?)),
            "httpTrigger" => triggers.push(Trigger::Http(binding.http_trigger()?)),
            "timerTrigger" => triggers.push(Trigger::Timer(binding.timer()?)),
            "eventGridTrigger" => triggers.push(Trigger::EventGrid { name: binding.name }),
            "http" => outputs.push(Output::Http { name: binding.name }),
            _ => return Err(FolderError::Unsupported(binding.binding_type)),
        }
    }
    Ok((triggers, outputs))
}

impl BindingJson {
    /// A trigger for text would let a message forge its own metadata, so no function of the app has one.
    fn queue_trigger(self) -> Result<QueueBinding, FolderError> {
        match self.data_type.as_deref() {
            Some("binary") => self.queue(),
            other => Err(FolderError::Value {
                value: other.unwrap_or("string").to_owned(),
                binding: self.name,
                field: "dataType",
                expected: "binary with this emulator",
            }),
        }
    }

    fn queue(self) -> Result<QueueBinding, FolderError> {
        Ok(QueueBinding {
            queue_name: required(&self.name, "queueName", self.queue_name)?,
            name: self.name,
            connection: self.connection,
        })
    }

    fn table(self) -> Result<TableBinding, FolderError> {
        if self.direction.as_deref() != Some("out") {
            return Err(FolderError::TableInput(self.name));
        }
        Ok(TableBinding {
            table_name: required(&self.name, "tableName", self.table_name)?,
            name: self.name,
            connection: self.connection,
        })
    }

    fn http_trigger(self) -> Result<HttpTriggerBinding, FolderError> {
        Ok(HttpTriggerBinding {
            auth_level: self.auth_level()?,
            name: self.name,
            methods: self.methods,
            route: self.route.filter(|route| !route.is_empty()),
        })
    }

    fn timer(self) -> Result<TimerBinding, FolderError> {
        Ok(TimerBinding {
            schedule: required(&self.name, "schedule", self.schedule)?,
            name: self.name,
        })
    }

    fn auth_level(&self) -> Result<AuthLevel, FolderError> {
        let text = self.auth_level.as_deref().unwrap_or("function");
        match text.to_ascii_lowercase().as_str() {
            "anonymous" => Ok(AuthLevel::Anonymous),
            "function" => Ok(AuthLevel::Function),
            _ => Err(FolderError::Value {
                binding: self.name.clone(),
                field: "authLevel",
                value: text.to_owned(),
                expected: "anonymous or function with this emulator",
            }),
        }
    }
}

fn required(
    binding: &str,
    field: &'static str,
    value: Option<String>,
) -> Result<String, FolderError> {
    value.ok_or_else(|| FolderError::Missing { binding: binding.to_owned(), field })
}
