//! A service principal in an answer.

use serde::{Serialize, Serializer, ser::SerializeMap as _};

use super::{
    assignment_body::{self, AssignmentBody},
    relation::Relation,
    shape::{Shape, Type},
};
use crate::{
    directory::{AppRoleAssignment, Directory},
    service_principal::{AppRole, ServicePrincipal},
};

/// What can be selected and expanded of a service principal (Microsoft Learn, "servicePrincipal resource
/// type").
pub(crate) const SERVICE_PRINCIPAL: Type = Type {
    name: "microsoft.graph.servicePrincipal",
    properties: &[
        "id",
        "appId",
        "displayName",
        "servicePrincipalType",
        "servicePrincipalNames",
        "alternativeNames",
        "deletedDateTime",
        "accountEnabled",
        "appOwnerOrganizationId",
        "appRoleAssignmentRequired",
        "appRoles",
    ],
    relations: &Relation::ALL,
};

/// The largest number of objects in an expanded relation, as callers reported; more are left out without a
/// link.
const MOST_EXPANDED: usize = 20;

/// A service principal with the selected properties and expanded relations.
pub(crate) struct ServicePrincipalBody<'a> {
    /// `None` in a list, which has its own context.
    context: Option<String>,
    service_principal: &'a ServicePrincipal,
    shape: &'a Shape,
    expanded: Vec<(Relation, Vec<&'a AppRoleAssignment>)>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct AppRoleBody<'a> {
    id: &'a str,
    value: Option<&'a str>,
    display_name: &'a str,
    description: &'a str,
    allowed_member_types: &'a [String],
    is_enabled: bool,
    origin: &'static str,
}

impl<'a> ServicePrincipalBody<'a> {
    /// A service principal of the directory, in a list.
    pub(crate) fn of(
        service_principal: &'a ServicePrincipal,
        directory: &'a Directory,
        shape: &'a Shape,
    ) -> Self {
        let expand = |relation: &Relation| {
            let mut listed = relation.listed(directory, service_principal);
            listed.truncate(MOST_EXPANDED);
            (*relation, listed)
        };
        let expanded = shape.expanded().iter().map(expand).collect();
        Self { context: None, service_principal, shape, expanded }
    }

    /// The same as the only object of an answer.
    pub(crate) fn with_context(self, context: String) -> Self {
        Self { context: Some(context), ..self }
    }
}

impl Serialize for ServicePrincipalBody<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let it = self.service_principal;
        let mut map = serializer.serialize_map(None)?;
        if let Some(context) = &self.context {
            map.serialize_entry("@odata.context", context)?;
        }
        if let Some(odata_type) = it.service_principal_type.odata_type() {
            map.serialize_entry("@odata.type", odata_type)?;
        }
        for name in SERVICE_PRINCIPAL.properties.iter().filter(|name| self.shape.includes(name)) {
            if let Some(written) = it.members.get(*name) {
                if let Some(value) = written {
                    map.serialize_entry(name, value)?;
                }
                continue;
            }
            match *name {
                "id" => map.serialize_entry(name, &it.id)?,
                "appId" => map.serialize_entry(name, &it.app_id)?,
                "displayName" => map.serialize_entry(name, &it.display_name)?,
                "servicePrincipalType" => {
                    map.serialize_entry(name, it.service_principal_type.name())?;
                }
                "servicePrincipalNames" => {
                    map.serialize_entry(name, &it.service_principal_names)?;
                }
                "alternativeNames" => map.serialize_entry(name, &it.alternative_names)?,
                "appOwnerOrganizationId" => {
                    map.serialize_entry(name, &it.app_owner_organization_id)?;
                }
                "accountEnabled" => map.serialize_entry(name, &true)?,
                "appRoleAssignmentRequired" => map.serialize_entry(name, &false)?,
                "appRoles" => map.serialize_entry(name, &app_roles(it))?,
                _ => map.serialize_entry(name, &())?,
            }
        }
        let whole = Shape::default();
        for (relation, listed) in &self.expanded {
            let context = assignment_body::context(&it.id, *relation, &whole);
            map.serialize_entry(&format!("{}@odata.context", relation.name()), &context)?;
            let bodies = listed.iter().map(|assignment| AssignmentBody {
                context: None,
                assignment,
                shape: &whole,
            });
            map.serialize_entry(relation.name(), &bodies.collect::<Vec<_>>())?;
        }
        map.end()
    }
}

fn app_roles(service_principal: &ServicePrincipal) -> Vec<AppRoleBody<'_>> {
    service_principal.app_roles.iter().map(AppRoleBody::of).collect()
}

impl<'a> AppRoleBody<'a> {
    fn of(role: &'a AppRole) -> Self {
        Self {
            id: &role.id,
            value: role.value.as_deref(),
            display_name: &role.display_name,
            description: &role.description,
            allowed_member_types: &role.allowed_member_types,
            is_enabled: role.is_enabled,
            origin: "Application",
        }
    }
}
