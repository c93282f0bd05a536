//! OData annotations in the body of a request (OData JSON Format 4.0, "Instance Annotations" and "Control
//! Information").
//!
//! Every SDK of Microsoft writes `@odata.type`. An annotation that a service does not know is no error.

use serde_json::{Map, Value};

use crate::{failure::Failure, graph_error as error};

const TYPE: &str = "odata.type";
/// The annotation that names a related object by its URL. It is a part of the object, not information about
/// it.
const BIND: &str = "odata.bind";

/// The type of an assignment, and its properties' type.
const ASSIGNMENT: &str = "microsoft.graph.appRoleAssignment";
const GUID: &str = "Edm.Guid";

/// The namespace of primitive types.
const EDM: &str = "Edm.";
/// Some types of Microsoft Graph that an assignment does not have. Its base types are among them.
const OTHER_TYPES: [&str; 6] = [
    "microsoft.graph.entity",
    "microsoft.graph.directoryObject",
    "microsoft.graph.servicePrincipal",
    "microsoft.graph.user",
    "microsoft.graph.group",
    "microsoft.graph.oAuth2PermissionGrant",
];

/// The properties of a new assignment without the annotations, which are checked where they have a meaning.
pub(crate) fn without_annotations(
    members: Map<String, Value>,
) -> Result<Map<String, Value>, Failure> {
    let mut properties = Map::new();
    for (name, value) in members {
        match name.split_once('@') {
            Some((property, TYPE)) => check_type(property, &value)?,
            Some((_, BIND)) => return Err(error::invalid_properties()),
            // The name of an annotation is qualified by a namespace.
            Some((_, annotation)) if annotation.contains('.') => {}
            _ => {
                properties.insert(name, value);
            }
        }
    }
    Ok(properties)
}

/// Checks the type of the object, or of a property.
fn check_type(property: &str, value: &Value) -> Result<(), Failure> {
    let Value::String(declared) = value else {
        return Err(error::invalid_properties());
    };
    let declared = declared.strip_prefix('#').unwrap_or(declared);
    let expected = if property.is_empty() { ASSIGNMENT } else { GUID };
    // A type of the namespace `Edm` is named without it behind the `#`.
    if declared == expected || (expected == GUID && format!("{EDM}{declared}") == GUID) {
        return Ok(());
    }
    let is_known =
        declared == ASSIGNMENT || OTHER_TYPES.contains(&declared) || declared.starts_with(EDM);
    Err(if is_known {
        error::incompatible_type(declared, expected)
    } else {
        error::unknown_type(declared)
    })
}
