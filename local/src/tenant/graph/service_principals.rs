//! Reading a service principal.

use serde::{Serialize, Serializer, ser::SerializeMap as _};
use warp::{http::StatusCode, reply::Response};

use super::{METADATA, answer, error, find, target::Key};
use crate::tenant::{
    failure::Failure,
    server::Incoming,
    service_principal::{AppRole, ServicePrincipal},
    world::{World, lock},
};

/// The properties of a service principal that are emulated, in the order in which they are answered.
const PROPERTIES: [&str; 11] = [
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
];

/// A service principal with the selected properties.
struct Representation<'a> {
    service_principal: &'a ServicePrincipal,
    /// None when the request selects nothing in particular, and so gets everything.
    selected: Option<Vec<String>>,
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

/// `GET` of one service principal.
pub(super) fn read(world: &World, incoming: &Incoming, key: &Key) -> Result<Response, Failure> {
    let selected = selected_properties(incoming)?;
    let directory = lock(&world.directory);
    let service_principal = find(&directory, key)?;
    let body = Representation { service_principal, selected };
    Ok(answer::json(incoming, StatusCode::OK, &body))
}

fn selected_properties(incoming: &Incoming) -> Result<Option<Vec<String>>, Failure> {
    let mut selected = None;
    for (option, value) in incoming.parameters() {
        if option != "$select" {
            return Err(error::query_option_not_emulated(&option));
        }
        let names = value.split(',').map(|name| property(name.trim()));
        selected = Some(names.collect::<Result<Vec<_>, _>>()?);
    }
    Ok(selected)
}

fn property(name: &str) -> Result<String, Failure> {
    if PROPERTIES.contains(&name) {
        Ok(name.to_owned())
    } else {
        Err(error::unknown_property(name))
    }
}

impl Representation<'_> {
    fn context(&self) -> String {
        let selected = match &self.selected {
            Some(names) => format!("({})", names.join(",")),
            None => String::new(),
        };
        format!("{METADATA}#servicePrincipals{selected}/$entity")
    }

    fn includes(&self, property: &str) -> bool {
        match &self.selected {
            Some(names) => names.iter().any(|name| name == property),
            None => true,
        }
    }
}

impl Serialize for Representation<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let it = self.service_principal;
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("@odata.context", &self.context())?;
        for name in PROPERTIES.into_iter().filter(|name| self.includes(name)) {
            match name {
                "id" => map.serialize_entry(name, &it.id)?,
                "appId" => map.serialize_entry(name, &it.app_id)?,
                "displayName" => map.serialize_entry(name, &it.display_name)?,
                "servicePrincipalType" => map.serialize_entry(name, type_name(it))?,
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
        map.end()
    }
}

fn type_name(service_principal: &ServicePrincipal) -> &'static str {
    if service_principal.service_principal_type.is_managed_identity() {
        "ManagedIdentity"
    } else {
        "Application"
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
