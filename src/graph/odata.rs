//! Addresses of Microsoft Graph.

use azure_core::http::Url;

use crate::domain::ids::ObjectId;

/// Properties of a service principal that the broker reads. Selecting them also makes a read
/// cheaper ("Microsoft Graph throttling limits", identity and access).
const PRINCIPAL_PROPERTIES: &str = "id,appId,displayName,servicePrincipalType,alternativeNames";
const API_PROPERTIES: &str = "id,appId,displayName,appRoles";

/// Largest page that Graph serves; nearly every list fits one.
const PAGE_SIZE: &str = "999";

/// Where a service principal is read that is to receive a role.
pub(super) fn principal(endpoint: &Url, id: ObjectId) -> Url {
    with_query(service_principal(endpoint, id, &[]), "$select", PRINCIPAL_PROPERTIES)
}

/// Where a service principal is read that defines roles.
pub(super) fn api(endpoint: &Url, id: ObjectId) -> Url {
    with_query(service_principal(endpoint, id, &[]), "$select", API_PROPERTIES)
}

/// Where assignments of a principal are created.
pub(super) fn assignments(endpoint: &Url, principal: ObjectId) -> Url {
    service_principal(endpoint, principal, &["appRoleAssignments"])
}

/// Where the list of a principal's assignments starts.
pub(super) fn assignment_list(endpoint: &Url, principal: ObjectId) -> Url {
    with_query(assignments(endpoint, principal), "$top", PAGE_SIZE)
}

fn service_principal(endpoint: &Url, id: ObjectId, below: &[&str]) -> Url {
    let mut url = endpoint.clone();
    // Only a URL that cannot have a path refuses segments, and an endpoint is http or https.
    if let Ok(mut segments) = url.path_segments_mut() {
        segments
            .pop_if_empty()
            .extend(["v1.0", "servicePrincipals", &id.to_string()])
            .extend(below);
    }
    url
}

fn with_query(mut url: Url, name: &str, value: &str) -> Url {
    url.set_query(Some(&format!("{name}={value}")));
    url
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_what_graph_documents() {
        let endpoint = Url::parse("https://graph.microsoft.com").unwrap();
        let id = ObjectId::parse("11111111-1111-1111-1111-111111111111").unwrap();
        let base = format!("https://graph.microsoft.com/v1.0/servicePrincipals/{id}");
        assert_eq!(assignments(&endpoint, id).as_str(), format!("{base}/appRoleAssignments"));
        assert_eq!(
            assignment_list(&endpoint, id).as_str(),
            format!("{base}/appRoleAssignments?$top=999")
        );
        assert_eq!(api(&endpoint, id).as_str(), format!("{base}?$select={API_PROPERTIES}"));
    }
}
