//! URLs and queries of Microsoft Graph.

use std::borrow::Cow;

use azure_core::http::Url;
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

use app_roles::{
    ids::{AppId, ObjectId},
    text::{DisplayName, IdentifierUri},
};

/// The properties of a service principal that the broker reads. `$select` also makes a read cheaper
/// ("Microsoft Graph throttling limits", identity and access).
const PRINCIPAL_PROPERTIES: &str = "id,appId,displayName,servicePrincipalType,alternativeNames";
const API_PROPERTIES: &str =
    "id,appId,displayName,appOwnerOrganizationId,servicePrincipalNames,appRoles";
/// In a list of the whole tenant, only the properties that the policy needs.
const IDENTITY_PROPERTIES: &str = "id,appId,servicePrincipalType,alternativeNames";

/// In a list of all service principals, what the policy needs of each as a principal and as an API.
const PRINCIPAL_AND_API_PROPERTIES: &str = "id,appId,displayName,servicePrincipalType,alternativeNames,\
     appOwnerOrganizationId,servicePrincipalNames,appRoles";

/// The number of service principals on a page with their roles. Microsoft Graph's own roles take half a
/// megabyte, and an answer may have eight.
const PAGE_SIZE_WITH_ROLES: &str = "400";

/// The largest page that Graph returns. Nearly every list fits into one.
const PAGE_SIZE: &str = "999";

/// The identification of a service principal in a URL.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Key {
    ObjectId(ObjectId),
    AppId(AppId),
}

/// A filter for service principals. This is the only place where text of callers enters a query.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Filter<'a> {
    DisplayName(&'a DisplayName),
    /// The beginning of a display name.
    DisplayNameStart(&'a str),
    IdentifierUri(&'a IdentifierUri),
    /// The ARM id of a managed identity's resource.
    ResourceId(&'a str),
    /// All managed identities.
    ManagedIdentities,
}

impl Filter<'_> {
    /// Whether Graph requires `ConsistencyLevel: eventual` for the filter ("Advanced query capabilities on
    /// Microsoft Entra ID objects"). That page does not say whether a filter by type requires it; Graph
    /// also accepts it where it is not required.
    pub(crate) fn is_advanced(&self) -> bool {
        matches!(self, Self::ResourceId(_) | Self::ManagedIdentities)
    }

    fn text(&self) -> String {
        match self {
            Self::DisplayName(name) => format!("displayName eq {}", quoted(name.as_str())),
            Self::DisplayNameStart(start) => {
                format!("startswith(displayName,{})", quoted(start))
            }
            Self::IdentifierUri(uri) => {
                format!("servicePrincipalNames/any(x:x eq {})", quoted(uri.as_str()))
            }
            Self::ResourceId(id) => format!(
                "servicePrincipalType eq 'ManagedIdentity' and alternativeNames/any(x:x eq {})",
                quoted(id)
            ),
            Self::ManagedIdentities => "servicePrincipalType eq 'ManagedIdentity'".to_owned(),
        }
    }
}

/// The root of version 1.0, which all other URLs start with.
pub(crate) fn root(endpoint: &Url) -> Url {
    path(endpoint, &["v1.0"], &[])
}

/// A service principal that can hold roles.
pub(crate) fn principal(root: &Url, key: Key) -> Url {
    with_query(service_principal(root, key, &[]), &[("$select", PRINCIPAL_PROPERTIES)])
}

/// A service principal that defines roles.
pub(crate) fn api(root: &Url, key: Key) -> Url {
    with_query(service_principal(root, key, &[]), &[("$select", API_PROPERTIES)])
}

/// A service principal with only its roles.
pub(crate) fn roles(root: &Url, api: ObjectId) -> Url {
    with_query(service_principal(root, Key::ObjectId(api), &[]), &[("$select", "appRoles")])
}

/// A service principal with only its id, to see whether it exists.
pub(crate) fn object(root: &Url, key: Key) -> Url {
    with_query(service_principal(root, key, &[]), &[("$select", "id")])
}

/// The first page of the service principals that match a filter.
pub(crate) fn principals(root: &Url, filter: Filter<'_>) -> Url {
    principal_list(root, filter, PRINCIPAL_PROPERTIES)
}

/// The first page of all managed identities.
pub(crate) fn identities(root: &Url) -> Url {
    principal_list(root, Filter::ManagedIdentities, IDENTITY_PROPERTIES)
}

/// The first page of all service principals, with the roles that they define.
pub(crate) fn all_service_principals(root: &Url) -> Url {
    let query = [("$select", PRINCIPAL_AND_API_PROPERTIES), ("$top", PAGE_SIZE_WITH_ROLES)];
    with_query(path(root, &["servicePrincipals"], &[]), &query)
}

/// The first page of the principals of all agent blueprints ("List agentIdentityBlueprintPrincipals").
/// The cast to a type needs an advanced query ("Advanced query capabilities on Microsoft Entra ID
/// objects").
pub(crate) fn agent_blueprints(root: &Url) -> Url {
    let cast = "microsoft.graph.agentIdentityBlueprintPrincipal";
    let query = [("$select", PRINCIPAL_PROPERTIES), ("$top", PAGE_SIZE), ("$count", "true")];
    with_query(path(root, &["servicePrincipals", cast], &[]), &query)
}

fn principal_list(root: &Url, filter: Filter<'_>, properties: &str) -> Url {
    let text = filter.text();
    let mut query = vec![("$filter", text.as_str()), ("$select", properties), ("$top", PAGE_SIZE)];
    if filter.is_advanced() {
        query.push(("$count", "true"));
    }
    with_query(path(root, &["servicePrincipals"], &[]), &query)
}

/// The collection in which assignments of a principal are created.
pub(crate) fn assignments(root: &Url, principal: Key) -> Url {
    service_principal(root, principal, &["appRoleAssignments"])
}

/// The first page of a principal's assignments.
pub(crate) fn assignment_list(root: &Url, principal: Key) -> Url {
    with_query(assignments(root, principal), &[("$top", PAGE_SIZE)])
}

/// The first page of the assignments of an API's roles.
pub(crate) fn assigned_to(root: &Url, api: Key) -> Url {
    with_query(service_principal(root, api, &["appRoleAssignedTo"]), &[("$top", PAGE_SIZE)])
}

/// The first page of the entries of one activity in the audit log since a moment ("List directoryAudits").
pub(crate) fn directory_audits(root: &Url, activity: &str, since: OffsetDateTime) -> Url {
    let since = since.replace_nanosecond(0).unwrap_or(since).format(&Rfc3339).unwrap_or_default();
    let filter =
        format!("activityDisplayName eq {} and activityDateTime ge {since}", quoted(activity));
    let query = [("$filter", filter.as_str()), ("$top", PAGE_SIZE)];
    with_query(path(root, &["auditLogs", "directoryAudits"], &[]), &query)
}

/// One assignment.
pub(crate) fn assignment(root: &Url, principal: Key, id: &str) -> Url {
    service_principal(root, principal, &["appRoleAssignments", id])
}

fn service_principal(root: &Url, key: Key, below: &[&str]) -> Url {
    match key {
        Key::ObjectId(id) => path(root, &["servicePrincipals", &id.to_string()], below),
        Key::AppId(id) => path(root, &[&format!("servicePrincipals(appId='{id}')")], below),
    }
}

fn path(root: &Url, segments: &[&str], below: &[&str]) -> Url {
    let mut url = root.clone();
    // Only a URL that cannot have a path refuses segments, and an endpoint is http or https.
    if let Ok(mut path) = url.path_segments_mut() {
        path.pop_if_empty().extend(segments).extend(below);
    }
    url
}

fn with_query(mut url: Url, parameters: &[(&str, &str)]) -> Url {
    let mut query = String::new();
    for (name, value) in parameters {
        let separator = if query.is_empty() { "" } else { "&" };
        query.extend([separator, name, "=", &percent_encoded(value)]);
    }
    url.set_query(Some(&query));
    url
}

/// An OData string literal: a quote inside is doubled ("OData Version 4.01. Part 2: URL
/// Conventions", primitive literals).
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

/// Encodes all bytes except RFC 3986's unreserved characters and the comma of `$select`. A form encoder
/// would write a space as `+`, which OData does not define.
fn percent_encoded(text: &str) -> Cow<'_, str> {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~,".contains(&byte);
    if text.bytes().all(is_plain) {
        return Cow::Borrowed(text);
    }
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if is_plain(byte) {
            encoded.push(char::from(byte));
        } else {
            encoded.push_str(&format!("%{byte:02X}"));
        }
    }
    Cow::Owned(encoded)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn graph() -> Url {
        root(&Url::parse("https://graph.microsoft.com").unwrap())
    }

    #[test]
    fn urls_are_those_that_graph_documents() {
        let id = "11111111-1111-1111-1111-111111111111";
        let object = Key::ObjectId(ObjectId::parse(id).unwrap());
        let app = Key::AppId(AppId::parse(id).unwrap());
        let base = "https://graph.microsoft.com/v1.0/servicePrincipals";
        for (url, expected) in [
            (assignments(&graph(), object), format!("{base}/{id}/appRoleAssignments")),
            (assignments(&graph(), app), format!("{base}(appId='{id}')/appRoleAssignments")),
            (assignment_list(&graph(), object), format!("{base}/{id}/appRoleAssignments?$top=999")),
            (assignment(&graph(), object, "a_-B"), format!("{base}/{id}/appRoleAssignments/a_-B")),
            (assigned_to(&graph(), object), format!("{base}/{id}/appRoleAssignedTo?$top=999")),
            (
                agent_blueprints(&graph()),
                format!(
                    "{base}/microsoft.graph.agentIdentityBlueprintPrincipal?$select={PRINCIPAL_PROPERTIES}\
                     &$top=999&$count=true"
                ),
            ),
            (
                identities(&graph()),
                format!(
                    "{base}?$filter=servicePrincipalType%20eq%20%27ManagedIdentity%27\
                     &$select={IDENTITY_PROPERTIES}&$top=999&$count=true"
                ),
            ),
            (
                all_service_principals(&graph()),
                format!("{base}?$select={PRINCIPAL_AND_API_PROPERTIES}&$top=400"),
            ),
            (api(&graph(), app), format!("{base}(appId='{id}')?$select={API_PROPERTIES}")),
        ] {
            assert_eq!(url.as_str(), expected);
        }
    }

    /// The decoded parameters of a query, as a server reads them.
    fn parameters(url: &Url) -> Vec<(String, String)> {
        url.query_pairs().into_owned().collect()
    }

    /// The filter as a server reads it.
    fn filter(filter: Filter<'_>) -> String {
        let parameters = parameters(&principals(&graph(), filter));
        parameters.into_iter().find(|(name, _)| name == "$filter").unwrap().1
    }

    proptest! {
        #[test]
        fn no_name_uri_or_resource_id_changes_the_meaning_of_a_query(text in "[ -~é日']{1,40}") {
            if let Ok(uri) = IdentifierUri::parse(&text) {
                let before = "servicePrincipalNames/any(x:x eq ";
                prop_assert_eq!(filter(Filter::IdentifierUri(&uri)), format!("{before}{})", quoted(&text)));
            }
            let before = "servicePrincipalType eq 'ManagedIdentity' and alternativeNames/any(x:x eq ";
            prop_assert_eq!(filter(Filter::ResourceId(&text)), format!("{before}{})", quoted(&text)));
        }

        #[test]
        fn no_name_changes_the_meaning_of_a_query(text: String) {
            let Ok(name) = DisplayName::parse(&text) else { return Ok(()) };
            let parameters = parameters(&principals(&graph(), Filter::DisplayName(&name)));
            prop_assert_eq!(parameters.len(), 3);
            let (option, filter) = &parameters[0];
            prop_assert_eq!(option, "$filter");
            let literal = filter.strip_prefix("displayName eq '").unwrap().strip_suffix('\'').unwrap();
            prop_assert!(!literal.replace("''", "").contains('\''), "the literal ends early");
            prop_assert_eq!(literal.replace("''", "'"), text);
        }

        #[test]
        fn no_assignment_id_escapes_its_path_segment(id in "[ -~]{1,50}") {
            let key = Key::ObjectId(ObjectId::parse("11111111-1111-1111-1111-111111111111").unwrap());
            let url = assignment(&graph(), key, &id);
            prop_assert_eq!(url.path_segments().unwrap().count(), if id == "." || id == ".." { 4 } else { 5 });
            prop_assert_eq!(url.query(), None);
        }
    }
}
