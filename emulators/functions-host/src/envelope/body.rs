//! The common form of all envelopes.

use super::value::Metadata;
use crate::ordered_json::Json;

/// The envelope of a trigger's value. Metadata named like a trigger is left out.
pub(crate) fn body(binding: &str, data: Json, mut metadata: Metadata) -> String {
    metadata.retain(|name, _| !name.to_ascii_lowercase().ends_with("trigger"));
    let envelope = Json::object([
        ("Data", Json::object([(binding, data)])),
        ("Metadata", Json::Object(metadata)),
    ]);
    envelope.compact()
}
