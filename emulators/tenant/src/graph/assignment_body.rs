//! An assignment in an answer.

use serde::{Serialize, Serializer, ser::SerializeMap as _};

use super::{
    answer::METADATA,
    relation::Relation,
    shape::{Shape, Type},
};
use crate::directory::AppRoleAssignment;

/// What can be selected of an assignment (Microsoft Learn, "appRoleAssignment resource type").
pub(crate) const ASSIGNMENT: Type = Type {
    name: "microsoft.graph.appRoleAssignment",
    properties: &[
        "id",
        "deletedDateTime",
        "appRoleId",
        "createdDateTime",
        "principalDisplayName",
        "principalId",
        "principalType",
        "resourceDisplayName",
        "resourceId",
    ],
    relations: &[],
};

/// An assignment with the selected properties.
pub(crate) struct AssignmentBody<'a> {
    /// `None` in a list, which has its own context.
    pub(crate) context: Option<String>,
    pub(crate) assignment: &'a AppRoleAssignment,
    pub(crate) shape: &'a Shape,
}

/// The context of a service principal's assignments.
pub(crate) fn context(service_principal_id: &str, relation: Relation, shape: &Shape) -> String {
    let (name, selected) = (relation.name(), shape.in_context());
    format!("{METADATA}#servicePrincipals('{service_principal_id}')/{name}{selected}")
}

impl Serialize for AssignmentBody<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let it = self.assignment;
        let mut map = serializer.serialize_map(None)?;
        if let Some(context) = &self.context {
            map.serialize_entry("@odata.context", context)?;
        }
        for name in ASSIGNMENT.properties.iter().filter(|name| self.shape.includes(name)) {
            match *name {
                "id" => map.serialize_entry(name, &it.id)?,
                "appRoleId" => map.serialize_entry(name, &it.app_role_id)?,
                "createdDateTime" => map.serialize_entry(name, &it.created_date_time)?,
                "principalDisplayName" => map.serialize_entry(name, &it.principal_display_name)?,
                "principalId" => map.serialize_entry(name, &it.principal_id)?,
                "principalType" => map.serialize_entry(name, "ServicePrincipal")?,
                "resourceDisplayName" => map.serialize_entry(name, &it.resource_display_name)?,
                "resourceId" => map.serialize_entry(name, &it.resource_id)?,
                _ => map.serialize_entry(name, &())?,
            }
        }
        map.end()
    }
}
