//! The body that creates an assignment.

use serde_json::{Map, Value};

use super::{annotation, json_body, target::is_guid};
use crate::{failure::Failure, graph_error as error, incoming_request::IncomingRequest};

/// The body of a creation.
pub(crate) struct NewAssignment {
    pub(crate) principal_id: String,
    pub(crate) resource_id: String,
    pub(crate) app_role_id: String,
}

impl NewAssignment {
    /// Reads the body of a `POST`. Microsoft Graph refuses a property that it does not know.
    pub(crate) fn read(incoming: &IncomingRequest) -> Result<Self, Failure> {
        let mut properties = annotation::without_annotations(json_body::object(incoming)?)?;
        let wanted = Self {
            principal_id: take_guid(&mut properties, "principalId")?,
            resource_id: take_guid(&mut properties, "resourceId")?,
            app_role_id: take_guid(&mut properties, "appRoleId")?,
        };
        properties.is_empty().then_some(wanted).ok_or_else(error::invalid_properties)
    }
}

fn take_guid(properties: &mut Map<String, Value>, name: &str) -> Result<String, Failure> {
    match properties.remove(name) {
        None | Some(Value::Null) => Err(error::invalid_properties()),
        Some(Value::String(text)) if is_guid(&text) => Ok(text.to_lowercase()),
        Some(Value::String(text)) => Err(error::not_a_guid(&text)),
        Some(_) => Err(error::not_a_text()),
    }
}
