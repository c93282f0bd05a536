//! Principals, APIs and roles that a person states, instead of facts from Microsoft Graph.
//!
//! What is not stated is made up so that no rule can match it by chance: an id that is not stated is one
//! that no object has.

use app_roles::{
    arm::ArmScope,
    directory::{Api, AppRole, Principal, PrincipalKind, nearest},
    ids::{AppId, AppRoleId, Guid, ObjectId},
    names::{ApiName, PrincipalName, RoleName},
    policy::OwnIdentity,
    privileged,
    text::{IdentifierUri, RoleValue},
};

use crate::graph_catalogue;

/// The appId of Microsoft Graph ("Verify first-party Microsoft applications in sign-in reports").
const MICROSOFT_GRAPH: &str = "00000003-0000-0000-c000-000000000000";

/// The tenant that owns an API.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ApiOwner {
    /// The tenant of the broker.
    ThisTenant,
    /// A tenant of Microsoft.
    Microsoft,
    /// The tenant of another company.
    Other,
    /// Microsoft Graph states no owner.
    Unknown,
}

/// A principal, as far as it is stated.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct StatedPrincipal {
    pub(crate) resource_id: Option<ArmScope>,
    pub(crate) object_id: Option<ObjectId>,
    pub(crate) client_id: Option<AppId>,
    pub(crate) kind: Option<PrincipalKind>,
}

/// An API, as far as it is stated.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct StatedApi {
    pub(crate) app_id: Option<AppId>,
    pub(crate) identifier_uri: Option<IdentifierUri>,
    pub(crate) object_id: Option<ObjectId>,
    pub(crate) owner: Option<ApiOwner>,
}

/// A role, as far as it is stated.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct StatedRole {
    pub(crate) value: Option<RoleValue>,
    pub(crate) id: Option<AppRoleId>,
}

impl StatedPrincipal {
    /// The principal of a name that needs no look-up: an ARM id, or a GUID, which counts as an object id.
    /// `None` for other names.
    pub(crate) fn of_name(name: &PrincipalName) -> Option<Self> {
        let unnamed = Self::default();
        match name {
            PrincipalName::ResourceId(id) => {
                Some(Self { resource_id: Some(id.clone()), ..unnamed })
            }
            PrincipalName::Guid(id) => Some(Self { object_id: Some((*id).into()), ..unnamed }),
            PrincipalName::ObjectId(id) => Some(Self { object_id: Some(*id), ..unnamed }),
            PrincipalName::ClientId(id) => Some(Self { client_id: Some(*id), ..unnamed }),
            PrincipalName::DisplayName(_) => None,
        }
    }

    /// The contradiction or gap in the statement, if any.
    pub(crate) fn fault(&self) -> Option<&'static str> {
        let is_elsewhere = self.kind.is_some_and(|kind| kind != PrincipalKind::ManagedIdentity);
        if self.resource_id.is_none() && self.object_id.is_none() && self.client_id.is_none() {
            Some("state resourceId, objectId or clientId")
        } else if self.resource_id.is_some() && is_elsewhere {
            Some("only a managed identity has a resourceId")
        } else if self.client_id.is_some() && self.kind == Some(PrincipalKind::Agent) {
            Some("an agent has no clientId of its own")
        } else {
            None
        }
    }

    /// The kind: as stated, or else a managed identity if it has a resource, and an application if not.
    fn kind(&self) -> PrincipalKind {
        let by_place = match self.resource_id {
            Some(_) => PrincipalKind::ManagedIdentity,
            None => PrincipalKind::Application,
        };
        self.kind.unwrap_or(by_place)
    }

    /// What this principal is called in a text.
    fn text(&self) -> String {
        match self {
            Self { resource_id: Some(id), .. } => id.key().to_owned(),
            Self { object_id: Some(id), .. } => id.to_string(),
            Self { client_id, .. } => client_id.map(|id| id.to_string()).unwrap_or_default(),
        }
    }

    /// The principal that Microsoft Graph would state.
    pub(crate) fn principal(&self) -> Principal {
        let made_up = |what: &str| made_up(&format!("{what} of principal"), &self.text());
        let has_client_id = self.kind() != PrincipalKind::Agent;
        let client_id = self.client_id.unwrap_or_else(|| made_up("client id").into());
        Principal {
            object_id: self.object_id.unwrap_or_else(|| made_up("object id").into()),
            client_id: has_client_id.then_some(client_id),
            display_name: self.text(),
            kind: self.kind(),
            resource_id: self.resource_id.clone(),
            by_client_id: false,
        }
    }

    /// What [`Self::principal`] assumes, in sentences.
    pub(crate) fn assumptions(&self) -> Vec<String> {
        let kind = match self.kind() {
            PrincipalKind::ManagedIdentity => "a managed identity of this resource",
            _ => "an application outside Azure, which no scope covers",
        };
        let object_id = self.object_id.is_none().then(|| {
            "the object ID of the principal is unknown, so no rule that names one matches"
                .to_owned()
        });
        std::iter::once(format!("the principal is {kind}")).chain(object_id).collect()
    }
}

impl StatedApi {
    /// The API of a name that needs no look-up: an alias, a GUID, which counts as an appId, or an
    /// identifier URI. `None` for other names.
    pub(crate) fn of_name(name: &ApiName) -> Option<Self> {
        let unnamed = Self::default();
        match name {
            ApiName::Guid(id) => Some(Self { app_id: Some((*id).into()), ..unnamed }),
            ApiName::AppId(id) => Some(Self { app_id: Some(*id), ..unnamed }),
            ApiName::IdentifierUri(uri) => {
                Some(Self { identifier_uri: Some(uri.clone()), ..unnamed })
            }
            ApiName::ObjectId(_) | ApiName::DisplayName(_) => None,
        }
    }

    /// The gap in the statement, if any.
    pub(crate) fn fault(&self) -> Option<&'static str> {
        let is_named = self.app_id.is_some() || self.identifier_uri.is_some();
        (!is_named).then_some("state appId, identifierUri or both, as the rules name the API")
    }

    /// The appId: as stated, or that of a well-known API with this identifier URI.
    pub(crate) fn app_id(&self) -> Option<AppId> {
        let uri = self.identifier_uri.as_ref();
        self.app_id.or_else(|| privileged::microsofts_api(uri?.as_str()))
    }

    /// The appId that [`Self::api`] makes up, and the name that is stated instead of it. `None` if the
    /// appId is known.
    pub(crate) fn made_up_app_id(&self) -> Option<(String, String)> {
        let uri = self.identifier_uri.as_ref().filter(|_| self.app_id().is_none())?;
        let id = made_up("appId of API", &uri.as_str().to_ascii_lowercase());
        Some((id.to_string(), uri.as_str().to_owned()))
    }

    /// The owner: as stated, or else Microsoft for a well-known API, and this tenant for all others.
    fn owner(&self) -> ApiOwner {
        let is_known = self.app_id().is_some_and(|id| privileged::is_microsofts(id, None));
        self.owner.unwrap_or(if is_known { ApiOwner::Microsoft } else { ApiOwner::ThisTenant })
    }

    /// The API that Microsoft Graph would state, with one role.
    pub(crate) fn api(&self, role: &StatedRole) -> (Api, AppRole) {
        let text = self.app_id().map(|id| id.to_string());
        let uri = self.identifier_uri.as_ref().map(|uri| uri.as_str().to_owned());
        let text = text.or_else(|| uri.clone()).unwrap_or_default();
        let made_up_id = || made_up("appId of API", &text.to_ascii_lowercase()).into();
        let app_id = self.app_id().unwrap_or_else(made_up_id);
        // Graph states the URIs of Microsoft's APIs with and without a slash at the end.
        let known =
            privileged::identifier_uris(app_id).flat_map(|uri| [uri.to_owned(), format!("{uri}/")]);
        let object_id = self.object_id.unwrap_or_else(|| made_up("object id of API", &text).into());
        let role = role.role(app_id);
        let api = Api {
            object_id,
            app_id,
            owner: owner_id(self.owner()),
            identifier_uris: uri.into_iter().chain(known).collect(),
            display_name: text,
            roles: vec![role.clone()],
            has_unreadable_roles: true,
        };
        (api, role)
    }

    /// What [`Self::api`] assumes, in sentences. `named` are the names of APIs in the policy.
    pub(crate) fn assumptions(&self, named: &[ApiName]) -> Vec<String> {
        let owner = match self.owner() {
            ApiOwner::Microsoft => "Microsoft owns the API, so its roles can be privileged",
            _ => "this tenant owns the API, so no role of it is privileged",
        };
        // A well-known API is known by all its names.
        let is_known = self.app_id().is_some_and(|id| privileged::is_microsofts(id, None));
        let could_be = |name: &&ApiName| match (name, self.app_id()) {
            (ApiName::AppId(id), None) => !privileged::is_microsofts(*id, None),
            (ApiName::IdentifierUri(uri), Some(_)) => {
                self.identifier_uri.is_none() && privileged::microsofts_api(uri.as_str()).is_none()
            }
            _ => false,
        };
        let others = named.iter().filter(|_| !is_known).filter(could_be);
        let others: Vec<_> = others.map(ToString::to_string).collect();
        let other = (!others.is_empty()).then(|| {
            format!("the API is another one than {}, which the policy names", others.join(", "))
        });
        std::iter::once(owner.to_owned()).chain(other).collect()
    }
}

impl StatedRole {
    /// The role of a name.
    pub(crate) fn of_name(name: &RoleName) -> Self {
        match name {
            RoleName::Id(id) => Self { id: Some(*id), value: None },
            RoleName::Value(value) => Self { id: None, value: Some(value.clone()) },
            RoleName::DefaultAccess => Self { id: Some(AppRoleId::DEFAULT_ACCESS), value: None },
        }
    }

    /// The fault that Microsoft Graph does not define the role, as far as is known. `None` for other APIs,
    /// and for a role whose id is stated.
    pub(crate) fn unknown(&self, api: &StatedApi) -> Option<UnknownRole> {
        let (app_id, value) = (api.app_id()?, self.value.as_ref()?.as_str());
        if self.id.is_some() || !is_microsoft_graph(app_id) || known_role(app_id, value).is_some() {
            return None;
        }
        let as_of = graph_catalogue::AS_OF;
        Some(UnknownRole {
            sentence: format!("Microsoft Graph defines no app role {value:?} (as of {as_of})"),
            similar: nearest(value, graph_catalogue::roles().map(|role| role.value)),
        })
    }

    /// The role that Microsoft Graph would state. Roles of Microsoft's APIs have the same ids in every
    /// tenant, and a known one gets what is not stated.
    fn role(&self, app_id: AppId) -> AppRole {
        let stated = self.value.as_ref().map(|value| value.as_str().to_owned());
        let name = stated.clone().or_else(|| self.id.map(|id| id.to_string())).unwrap_or_default();
        let known = known_role(app_id, &name);
        let known_value = known.map(|(_, value)| value.to_owned());
        let made_up = || made_up(&format!("role of {app_id}"), &name.to_ascii_lowercase()).into();
        let id = self.id.or_else(|| known.map(|(id, _)| id)).unwrap_or_else(made_up);
        AppRole { value: stated.or(known_value), ..AppRole::known_by_id(id) }
    }
}

/// A role that its API does not define.
pub(crate) struct UnknownRole {
    pub(crate) sentence: String,
    /// The values of roles that are spelled similarly.
    pub(crate) similar: Vec<String>,
}

fn is_microsoft_graph(app_id: AppId) -> bool {
    app_id.to_string() == MICROSOFT_GRAPH
}

/// The id and the value of a role of Microsoft's, given either of them.
fn known_role(app_id: AppId, id_or_value: &str) -> Option<(AppRoleId, &'static str)> {
    let of_graph = || {
        let id = AppRoleId::parse(id_or_value).ok();
        let role = graph_catalogue::role_by_value(id_or_value);
        role.or_else(|| graph_catalogue::role_by_id(id?)).map(|role| (role.id, role.value))
    };
    privileged::known_role(app_id, id_or_value)
        .or_else(|| is_microsoft_graph(app_id).then(of_graph).flatten())
}

/// The broker's own identity: the stated one, or else one that no stated principal can have.
pub(crate) fn own_identity(broker: Option<ObjectId>) -> OwnIdentity {
    OwnIdentity {
        object_id: broker.unwrap_or_else(|| made_up("object id", "the broker").into()),
        tenant_id: owner_id(ApiOwner::ThisTenant),
    }
}

fn owner_id(owner: ApiOwner) -> Option<Guid> {
    match owner {
        ApiOwner::ThisTenant => Some(made_up("tenant", "this")),
        ApiOwner::Microsoft => Guid::parse(privileged::MICROSOFT_SERVICES).ok(),
        ApiOwner::Other => Some(made_up("tenant", "other")),
        ApiOwner::Unknown => None,
    }
}

/// An id that no object has, because it is derived from a text.
fn made_up(what: &str, text: &str) -> Guid {
    Guid::derived_from(&format!("app-role: {what} {text}"))
}

#[cfg(test)]
mod tests;
