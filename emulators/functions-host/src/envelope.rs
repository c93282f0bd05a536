//! The body of an invocation request: `{"Data":…,"Metadata":…}`.
//!
//! The rules are the host's (Azure Functions host, `ScriptInvocationContextExtensions`), and not what
//! "Azure Functions custom handlers" shows: strings are encoded twice, numbers are strings.

mod event_grid;
mod http;
mod queue;
mod timer;
mod value;

pub(super) use event_grid::of_event;
pub(super) use http::{HttpBody, HttpInput, of_http};
pub(super) use queue::{MessageProperties, QueueInput, of_queue};
use time::{OffsetDateTime, format_description::BorrowedFormatItem, macros::format_description};
pub(super) use timer::{TimerInput, of_timer};
use uuid::Uuid;
pub(super) use value::dotnet_text;

use super::json::Json;

const SEVEN_DECIMALS: &[BorrowedFormatItem<'_>] =
    format_description!("[year]-[month]-[day]T[hour]:[minute]:[second].[subsecond digits:7]Z");

type Metadata = Vec<(String, Json)>;

/// What the host adds to the metadata of every invocation, as `sys`.
pub(super) struct SystemData {
    function: String,
    now: OffsetDateTime,
    random_guid: Uuid,
}

impl SystemData {
    /// For an invocation that happens now.
    pub(super) fn now(function: &str) -> Self {
        Self {
            function: function.to_owned(),
            now: OffsetDateTime::now_utc(),
            random_guid: Uuid::new_v4(),
        }
    }

    fn json(&self) -> Json {
        Json::object([
            ("MethodName", Json::text(&self.function)),
            ("UtcNow", value::date(self.now, SEVEN_DECIMALS)),
            ("RandGuid", Json::text(self.random_guid.to_string())),
        ])
    }
}

/// The trigger's own value is in the data; metadata that is named for it is left out.
fn body(binding: &str, data: Json, mut metadata: Metadata) -> String {
    metadata.retain(|(name, _)| !name.to_ascii_lowercase().ends_with("trigger"));
    let envelope = Json::object([
        ("Data", Json::object([(binding, data)])),
        ("Metadata", Json::Object(metadata)),
    ]);
    envelope.compact()
}

#[cfg(test)]
mod tests {
    /// A payload file that the handler is held to as well.
    pub(super) fn documented(file: &str) -> String {
        const FOLDER: &str = "../../tests/data/functions-host";
        let path = format!("{}/{FOLDER}/{file}", env!("CARGO_MANIFEST_DIR"));
        std::fs::read_to_string(path).unwrap()
    }
}
