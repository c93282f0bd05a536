//! Reading service principals: one of them, and lists.

use serde::{Serialize, Serializer, ser::SerializeMap as _};
use warp::{http::StatusCode, reply::Response};

use super::{
    answer::{self, METADATA},
    filter::Filter,
    lookup::find,
    page::Page,
    target::Key,
};
use crate::{
    failure::Failure,
    graph_error as error,
    incoming_request::IncomingRequest,
    service_principal::{AppRole, ServicePrincipal, ServicePrincipalType},
    world::World,
};

/// The emulated properties of a service principal, in the order of responses.
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

/// The header that, with `$count=true`, makes a query advanced (Microsoft Learn, "Advanced query
/// capabilities on Microsoft Entra ID objects").
const CONSISTENCY_LEVEL: &str = "ConsistencyLevel";
const EVENTUAL: &str = "eventual";

/// The selected properties; `None` means all.
type Selected = Option<Vec<String>>;

/// The query options of a list.
#[derive(Debug, Default)]
struct ListQuery {
    selected: Selected,
    filter: Option<Filter>,
    counted: bool,
    page: Page,
}

#[derive(Serialize)]
struct ListBody<'a> {
    #[serde(rename = "@odata.context")]
    context: String,
    #[serde(rename = "@odata.count", skip_serializing_if = "Option::is_none")]
    count: Option<usize>,
    #[serde(rename = "@odata.nextLink", skip_serializing_if = "Option::is_none")]
    next_link: Option<String>,
    value: Vec<Representation<'a>>,
}

/// A service principal with the selected properties.
struct Representation<'a> {
    /// `None` in a list, which has its own context.
    context: Option<String>,
    service_principal: &'a ServicePrincipal,
    selected: &'a Selected,
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
pub(crate) fn read(
    world: &World,
    incoming: &IncomingRequest,
    key: &Key,
) -> Result<Response, Failure> {
    let selected = selected_properties(incoming)?;
    let directory = world.directory();
    let service_principal = find(&directory, key)?;
    let context = Some(format!("{}/$entity", context(&selected)));
    let body = Representation { context, service_principal, selected: &selected };
    Ok(answer::json(incoming, StatusCode::OK, &body))
}

/// `GET` of a page of the service principals that match a filter.
///
/// With a type, only the service principals of that type are listed.
pub(crate) fn list(
    world: &World,
    incoming: &IncomingRequest,
    only: Option<ServicePrincipalType>,
) -> Result<Response, Failure> {
    let query = ListQuery::read(incoming)?;
    let is_advanced = query.counted && is_eventual(incoming);
    if let Some(property) = query.advanced_property().filter(|_| !is_advanced) {
        return Err(error::advanced_query_needed(property));
    }
    let directory = world.directory();
    let mut found: Vec<_> = match &query.filter {
        None => directory.service_principals().collect(),
        Some(filter) => filter.find(&directory),
    };
    found.retain(|one| only.is_none_or(|kind| one.service_principal_type == kind));
    let (length, selected) = (found.len(), &query.selected);
    let represented =
        |service_principal| Representation { context: None, service_principal, selected };
    let body = ListBody {
        context: context_of_list(selected, only),
        // Microsoft Learn, "Use query parameters to customize responses": on the first page only.
        count: (is_advanced && query.page.is_first()).then_some(length),
        next_link: query.page.next_link(&world.origin, incoming, length),
        value: query.page.of(found).map(represented).collect(),
    };
    Ok(answer::json(incoming, StatusCode::OK, &body))
}

fn is_eventual(incoming: &IncomingRequest) -> bool {
    let level = incoming.header(CONSISTENCY_LEVEL);
    level.is_some_and(|level| level.eq_ignore_ascii_case(EVENTUAL))
}

fn selected_properties(incoming: &IncomingRequest) -> Result<Selected, Failure> {
    let mut selected = None;
    for (option, value) in incoming.parameters() {
        if option != "$select" {
            return Err(error::query_option_not_emulated(&option));
        }
        selected = Some(properties(&value)?);
    }
    Ok(selected)
}

fn properties(list: &str) -> Result<Vec<String>, Failure> {
    list.split(',').map(|name| property(name.trim())).collect()
}

fn property(name: &str) -> Result<String, Failure> {
    if PROPERTIES.contains(&name) {
        Ok(name.to_owned())
    } else {
        Err(error::unknown_property(name))
    }
}

fn context(selected: &Selected) -> String {
    match selected {
        Some(names) => format!("{METADATA}#servicePrincipals({})", names.join(",")),
        None => format!("{METADATA}#servicePrincipals"),
    }
}

/// The context of a list, which names the type that the list is limited to.
fn context_of_list(selected: &Selected, only: Option<ServicePrincipalType>) -> String {
    let context = context(selected);
    match only.and_then(ServicePrincipalType::odata_type) {
        Some(name) => {
            let all = "#servicePrincipals";
            context.replacen(all, &format!("{all}/{}", name.trim_start_matches('#')), 1)
        }
        None => context,
    }
}

impl ListQuery {
    fn read(incoming: &IncomingRequest) -> Result<Self, Failure> {
        let mut query = Self::default();
        for (option, value) in incoming.parameters() {
            match (option.as_str(), value.as_str()) {
                ("$select", list) => query.selected = Some(properties(list)?),
                ("$filter", text) => query.filter = Some(Filter::parse(text)?),
                ("$count", "true") => query.counted = true,
                ("$count", "false") => query.counted = false,
                _ if query.page.takes(&option, &value)? => {}
                _ => return Err(error::query_option_not_emulated(&option)),
            }
        }
        Ok(query)
    }

    fn advanced_property(&self) -> Option<&'static str> {
        self.filter.as_ref().and_then(Filter::advanced_property)
    }
}

impl Representation<'_> {
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
        if let Some(context) = &self.context {
            map.serialize_entry("@odata.context", context)?;
        }
        if let Some(odata_type) = it.service_principal_type.odata_type() {
            map.serialize_entry("@odata.type", odata_type)?;
        }
        for name in PROPERTIES.into_iter().filter(|name| self.includes(name)) {
            match name {
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
