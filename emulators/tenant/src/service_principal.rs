//! Service principals and their app roles.

use std::collections::BTreeMap;

use serde_json::Value;

/// The member type of app roles that service principals may hold.
const APPLICATION_MEMBER: &str = "Application";

/// The kind of a service principal (Microsoft Learn, "servicePrincipal resource
/// type", property `servicePrincipalType`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ServicePrincipalType {
    /// An application or API.
    Application,
    /// A managed identity that is part of one resource.
    SystemAssignedIdentity,
    /// A managed identity that is a resource by itself.
    UserAssignedIdentity,
    /// An agent of Microsoft Entra Agent ID.
    Agent,
    /// The principal of an agent blueprint.
    AgentBlueprint,
}

/// A service principal: an API, or a managed identity.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServicePrincipal {
    /// The object id, a GUID, to which `principalId` and `resourceId` of an assignment refer.
    pub id: String,
    /// The application id, a GUID; for a managed identity, the client id.
    pub app_id: String,
    /// The display name, which is not unique.
    pub display_name: String,
    /// The kind.
    pub service_principal_type: ServicePrincipalType,
    /// The resources for which tokens are issued: the application id and identifier URIs.
    pub service_principal_names: Vec<String>,
    /// For a managed identity, `isExplicit=…` and the ARM id of its resource.
    pub alternative_names: Vec<String>,
    /// The tenant in which the application is registered; `None` for a managed identity.
    pub app_owner_organization_id: Option<String>,
    /// The app roles that the API defines.
    pub app_roles: Vec<AppRole>,
    /// The members that Graph writes differently than this object states; see [`Self::with_member`].
    pub members: BTreeMap<String, Option<Value>>,
}

/// An app role that an API defines (Microsoft Learn, "appRole resource type").
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AppRole {
    /// The role's id, a GUID, unique within its API.
    pub id: String,
    /// The value in the `roles` claim of a token. A role without a value is not in tokens.
    pub value: Option<String>,
    /// The display name.
    pub display_name: String,
    /// The description.
    pub description: String,
    /// The kinds of holders: `Application`, `User`.
    pub allowed_member_types: Vec<String>,
    /// Whether the role can be assigned.
    pub is_enabled: bool,
}

impl ServicePrincipalType {
    /// Whether this is a managed identity of either kind.
    #[must_use]
    pub fn is_managed_identity(self) -> bool {
        matches!(self, Self::SystemAssignedIdentity | Self::UserAssignedIdentity)
    }

    /// The value of `servicePrincipalType`. Only the `@odata.type` distinguishes a blueprint's principal
    /// from an application ("agentIdentityBlueprintPrincipal resource type").
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Application | Self::AgentBlueprint => "Application",
            Self::SystemAssignedIdentity | Self::UserAssignedIdentity => "ManagedIdentity",
            Self::Agent => "ServiceIdentity",
        }
    }

    /// The `@odata.type`, which Graph states only for a type derived from `servicePrincipal`.
    pub(crate) fn odata_type(self) -> Option<&'static str> {
        match self {
            Self::Agent => Some("#microsoft.graph.agentIdentity"),
            Self::AgentBlueprint => Some("#microsoft.graph.agentIdentityBlueprintPrincipal"),
            _ => None,
        }
    }
}

impl ServicePrincipal {
    /// An API whose tenant is not known; see [`Self::owned_by`].
    #[must_use]
    pub fn api(id: &str, app_id: &str, display_name: &str, identifier_uri: &str) -> Self {
        Self {
            id: id.to_lowercase(),
            app_id: app_id.to_lowercase(),
            display_name: display_name.to_owned(),
            service_principal_type: ServicePrincipalType::Application,
            service_principal_names: vec![app_id.to_lowercase(), identifier_uri.to_owned()],
            alternative_names: Vec::new(),
            app_owner_organization_id: None,
            app_roles: Vec::new(),
            members: BTreeMap::new(),
        }
    }

    /// The principal of an agent blueprint, or one of its agents.
    #[must_use]
    pub fn of_agents(kind: ServicePrincipalType, id: &str, app_id: &str, name: &str) -> Self {
        Self {
            id: id.to_lowercase(),
            app_id: app_id.to_lowercase(),
            display_name: name.to_owned(),
            service_principal_type: kind,
            service_principal_names: vec![app_id.to_lowercase()],
            alternative_names: Vec::new(),
            app_owner_organization_id: None,
            app_roles: Vec::new(),
            members: BTreeMap::new(),
        }
    }

    /// Writes a member of this object as `value` in every answer, or omits it. Graph's own knowledge of the
    /// object does not change.
    #[must_use]
    pub fn with_member(mut self, name: &str, value: Option<Value>) -> Self {
        self.members.insert(name.to_owned(), value);
        self
    }

    /// Sets the tenant in which the application is registered.
    #[must_use]
    pub fn owned_by(self, tenant_id: &str) -> Self {
        Self { app_owner_organization_id: Some(tenant_id.to_owned()), ..self }
    }

    /// A system-assigned identity of the resource with the given ARM id.
    #[must_use]
    pub fn system_assigned(id: &str, client_id: &str, name: &str, resource_id: &str) -> Self {
        Self {
            id: id.to_lowercase(),
            app_id: client_id.to_lowercase(),
            display_name: name.to_owned(),
            service_principal_type: ServicePrincipalType::SystemAssignedIdentity,
            service_principal_names: vec![client_id.to_lowercase()],
            alternative_names: vec!["isExplicit=False".to_owned(), resource_id.to_owned()],
            app_owner_organization_id: None,
            app_roles: Vec::new(),
            members: BTreeMap::new(),
        }
    }

    /// A user-assigned identity with the given ARM id.
    #[must_use]
    pub fn user_assigned(id: &str, client_id: &str, name: &str, resource_id: &str) -> Self {
        Self {
            service_principal_type: ServicePrincipalType::UserAssignedIdentity,
            alternative_names: vec!["isExplicit=True".to_owned(), resource_id.to_owned()],
            ..Self::system_assigned(id, client_id, name, resource_id)
        }
    }

    /// The app role with this value or id, ignoring case.
    #[must_use]
    pub fn app_role(&self, value_or_id: &str) -> Option<&AppRole> {
        self.app_roles.iter().find(|role| {
            role.id.eq_ignore_ascii_case(value_or_id)
                || role
                    .value
                    .as_deref()
                    .is_some_and(|value| value.eq_ignore_ascii_case(value_or_id))
        })
    }

    /// Whether a token for this resource is for this API. A trailing slash is ignored.
    pub(super) fn answers_to(&self, resource: &str) -> bool {
        let wanted = resource.trim_end_matches('/');
        self.service_principal_names
            .iter()
            .any(|name| name.trim_end_matches('/').eq_ignore_ascii_case(wanted))
    }
}

impl AppRole {
    /// An enabled app role that applications may hold.
    #[must_use]
    pub fn for_applications(id: &str, value: &str, description: &str) -> Self {
        Self {
            id: id.to_lowercase(),
            value: Some(value.to_owned()),
            display_name: value.to_owned(),
            description: description.to_owned(),
            allowed_member_types: vec![APPLICATION_MEMBER.to_owned()],
            is_enabled: true,
        }
    }

    /// Whether the role can be assigned to a service principal.
    pub(super) fn is_assignable(&self) -> bool {
        self.is_enabled
            && self.allowed_member_types.iter().any(|member| member == APPLICATION_MEMBER)
    }
}
