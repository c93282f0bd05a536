//! JSON bodies of Microsoft Graph.
//!
//! A member is required only if a decision needs it. Absent and null are the same.

use serde::{Deserialize, Serialize};

use crate::{
    member::Member,
    rows::{RowReader, WireRow},
};

use app_roles::{
    arm::ArmScope,
    directory::{Api, AppRole, Assignment, Principal, PrincipalKind},
    held::HeldAssignment,
    ids::{AppId, AppRoleId, Guid, ObjectId},
    policy::Permit,
};

/// The `servicePrincipalType` of managed identities. Only Azure can set it.
const MANAGED_IDENTITY: &str = "ManagedIdentity";

/// The `servicePrincipalType` of the agents of Microsoft Entra Agent ID ("agentIdentity resource type").
const AGENT: &str = "ServiceIdentity";

/// The other types of service principals ("servicePrincipal resource type"). The principal of an agent
/// blueprint has the type of an application too.
const APPLICATIONS: [&str; 3] = ["Application", "Legacy", "SocialIdp"];

/// The part of `@odata.type` that the principals of agent blueprints have ("agentIdentityBlueprintPrincipal
/// resource type"). Graph states the type of an object if it is derived from that of its list, even if
/// `$select` does not name it.
const BLUEPRINT: &str = "blueprint";

/// The member type of roles that applications can hold ("appRole resource type", allowedMemberTypes).
const APPLICATION: &str = "Application";

/// A service principal that can hold roles.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct WirePrincipal {
    #[serde(default)]
    id: Member<String>,
    #[serde(default)]
    app_id: Member<AppId>,
    #[serde(default)]
    display_name: Member<String>,
    #[serde(default)]
    service_principal_type: Member<String>,
    #[serde(default, rename = "@odata.type")]
    odata_type: Member<String>,
    #[serde(default)]
    alternative_names: Member<Vec<Member<String>>>,
}

/// A managed identity in the list of all of them.
#[derive(Debug, Deserialize)]
#[serde(transparent)]
pub(crate) struct WireIdentity(WirePrincipal);

/// A service principal that defines roles.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct WireApi {
    #[serde(default)]
    id: Member<ObjectId>,
    #[serde(default)]
    app_id: Member<AppId>,
    #[serde(default)]
    display_name: Member<String>,
    #[serde(default)]
    app_owner_organization_id: Member<Guid>,
    #[serde(default)]
    service_principal_names: Member<Vec<Member<String>>>,
    #[serde(default)]
    app_roles: Member<Vec<Member<WireAppRole>>>,
}

/// A role that an API defines.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct WireAppRole {
    #[serde(default)]
    id: Member<String>,
    #[serde(default)]
    value: Member<String>,
    #[serde(default)]
    is_enabled: Member<bool>,
    #[serde(default)]
    allowed_member_types: Member<Vec<Member<String>>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct NewAssignment {
    pub(crate) principal_id: ObjectId,
    pub(crate) resource_id: ObjectId,
    pub(crate) app_role_id: AppRoleId,
}

/// An assignment in a principal's list, or in the response to its creation.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct WireAssignment {
    #[serde(default)]
    id: Member<String>,
    #[serde(default)]
    app_role_id: Member<AppRoleId>,
    #[serde(default)]
    resource_id: Member<ObjectId>,
    #[serde(default)]
    created_date_time: Member<String>,
}

/// An assignment in the list of an API's assignments.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct WireHolder {
    #[serde(default)]
    id: Member<String>,
    #[serde(default)]
    principal_id: Member<ObjectId>,
    #[serde(default)]
    principal_display_name: Member<String>,
    #[serde(default)]
    principal_type: Member<String>,
    #[serde(default)]
    app_role_id: Member<AppRoleId>,
    #[serde(default)]
    created_date_time: Member<String>,
}

/// A user, group or service principal that holds a role of the API whose list is read.
#[derive(Debug)]
pub(crate) struct Holder {
    pub(crate) principal: ObjectId,
    pub(crate) role: AppRoleId,
    pub(crate) display_name: String,
    /// The type of the principal. Empty if it cannot be read.
    pub(crate) kind: String,
    pub(crate) assignment_id: Option<String>,
    pub(crate) created: Option<String>,
}

impl WirePrincipal {
    /// The kind of principal. It is unknown if Graph states none that this program knows, or one that
    /// cannot be read.
    fn kind(&self) -> PrincipalKind {
        if self.odata_type.is_unreadable() || self.service_principal_type.is_unreadable() {
            return PrincipalKind::Unknown;
        }
        let odata_type = self.odata_type.as_ref().value().map_or("", String::as_str);
        let stated = self.service_principal_type.as_ref().value().map_or("", String::as_str);
        let is = |kind: &str| stated.eq_ignore_ascii_case(kind);
        let is_blueprint = |text: &str| text.to_ascii_lowercase().contains(BLUEPRINT);
        if is_blueprint(odata_type) || is_blueprint(stated) {
            PrincipalKind::AgentBlueprint
        } else if is(MANAGED_IDENTITY) {
            PrincipalKind::ManagedIdentity
        } else if is(AGENT) {
            PrincipalKind::Agent
        } else if APPLICATIONS.into_iter().any(is) {
            PrincipalKind::Application
        } else {
            PrincipalKind::Unknown
        }
    }

    /// Whether one of the names cannot be read. It may be an ARM id.
    fn has_unreadable_names(&self) -> bool {
        match &self.alternative_names {
            Member::Absent => false,
            Member::Value(names) => names.iter().any(Member::is_unreadable),
            Member::Unreadable => true,
        }
    }

    /// The display name; empty if there is none.
    pub(crate) fn into_display_name(self) -> String {
        self.display_name.value().unwrap_or_default()
    }
}

impl WireRow for WirePrincipal {
    type Row = Principal;

    fn id(&self) -> Option<String> {
        self.id.clone().value()
    }

    fn read(self) -> Result<Principal, &'static str> {
        let kind = self.kind();
        let resource_id = match kind {
            PrincipalKind::ManagedIdentity if !self.has_unreadable_names() => {
                single_resource_id(self.alternative_names)
            }
            _ => None,
        };
        Ok(Principal {
            kind,
            object_id: guid(self.id, ObjectId::parse).ok_or("it has no valid id")?,
            client_id: self.app_id.value(),
            display_name: self.display_name.value().unwrap_or_default(),
            resource_id,
            by_client_id: false,
        })
    }

    fn flaw(&self) -> Option<&'static str> {
        let is_identity = self.kind() == PrincipalKind::ManagedIdentity;
        (is_identity && self.has_unreadable_names())
            .then_some("its alternativeNames cannot be read, so its place in Azure is unknown")
    }
}

impl WireRow for WireIdentity {
    type Row = Principal;

    fn id(&self) -> Option<String> {
        self.0.id()
    }

    /// Azure gives every managed identity an appId. Without it, there is no way to tell whether the policy
    /// protects the identity.
    fn read(self) -> Result<Principal, &'static str> {
        let identity = self.0.read()?;
        if identity.client_id.is_none() { Err("it has no valid appId") } else { Ok(identity) }
    }

    fn flaw(&self) -> Option<&'static str> {
        self.0.flaw()
    }
}

/// The only alternative name that is an ARM id. With two of them, the resource would be ambiguous. A
/// malformed one counts too: Azure would not write it.
fn single_resource_id(names: Member<Vec<Member<String>>>) -> Option<ArmScope> {
    let names = names.value().unwrap_or_default().into_iter().filter_map(Member::value);
    let mut paths = names.filter(|name| name.starts_with('/'));
    match (paths.next(), paths.next()) {
        (Some(path), None) => ArmScope::parse(&path).ok(),
        _ => None,
    }
}

/// An id that is kept as text until it is needed, so that the log can name a row by any text.
fn guid<T, E>(text: Member<String>, parse: impl Fn(&str) -> Result<T, E>) -> Option<T> {
    parse(&text.value()?).ok()
}

impl WireApi {
    /// The API, or what is wrong with it. `rows` reads its roles.
    pub(crate) fn read(self, rows: &mut RowReader) -> Result<Api, &'static str> {
        let names = self.service_principal_names.value().unwrap_or_default();
        let has_other_roles = self.app_roles.is_unreadable();
        let roles = rows.read(self.app_roles.value().unwrap_or_default());
        Ok(Api {
            object_id: self.id.value().ok_or("it has no valid id")?,
            app_id: self.app_id.value().ok_or("it has no valid appId")?,
            owner: self.app_owner_organization_id.value(),
            identifier_uris: names.into_iter().filter_map(Member::value).collect(),
            display_name: self.display_name.value().unwrap_or_default(),
            roles,
            has_unreadable_roles: has_other_roles || rows.skipped() > 0,
        })
    }
}

impl WireRow for WireAppRole {
    type Row = AppRole;

    fn id(&self) -> Option<String> {
        self.id.clone().value()
    }

    /// A value that cannot be read may be that of a privileged role, so the role is not used.
    fn read(self) -> Result<AppRole, &'static str> {
        if self.value.is_unreadable() {
            return Err("its value cannot be read");
        }
        let kinds = self.allowed_member_types.value().unwrap_or_default();
        let mut kinds = kinds.into_iter().filter_map(Member::value);
        Ok(AppRole {
            id: guid(self.id, AppRoleId::parse).ok_or("it has no valid id")?,
            value: self.value.value(),
            is_enabled: match self.is_enabled {
                Member::Absent => true,
                Member::Value(is_enabled) => is_enabled,
                Member::Unreadable => false,
            },
            is_for_applications: kinds.any(|kind| kind == APPLICATION),
        })
    }
}

impl WireAssignment {
    /// The assignment that was created as the permit says, if its id can be read.
    pub(crate) fn created(self, permit: &Permit) -> Option<Assignment> {
        Some(Assignment {
            id: self.id.value()?,
            api: permit.api(),
            role: permit.role(),
            created: self.created_date_time.value(),
        })
    }
}

impl WireRow for WireAssignment {
    type Row = HeldAssignment;

    fn id(&self) -> Option<String> {
        self.id.clone().value()
    }

    /// Every row is an assignment that the principal holds, even if nothing in it can be read.
    fn read(self) -> Result<HeldAssignment, &'static str> {
        Ok(HeldAssignment {
            id: self.id.value(),
            api: self.resource_id.value(),
            role: self.app_role_id.value(),
            created: self.created_date_time.value(),
        })
    }

    fn flaw(&self) -> Option<&'static str> {
        match (&self.id, &self.resource_id, &self.app_role_id) {
            (_, Member::Absent | Member::Unreadable, _) => Some("it has no valid resourceId"),
            (_, _, Member::Absent | Member::Unreadable) => Some("it has no valid appRoleId"),
            (Member::Absent | Member::Unreadable, _, _) => Some("it has no valid id"),
            _ => None,
        }
    }
}

impl WireRow for WireHolder {
    type Row = Holder;

    fn id(&self) -> Option<String> {
        self.id.clone().value()
    }

    fn read(self) -> Result<Holder, &'static str> {
        Ok(Holder {
            principal: self.principal_id.value().ok_or("it has no valid principalId")?,
            role: self.app_role_id.value().ok_or("it has no valid appRoleId")?,
            display_name: self.principal_display_name.value().unwrap_or_default(),
            kind: self.principal_type.value().unwrap_or_default(),
            assignment_id: self.id.value(),
            created: self.created_date_time.value(),
        })
    }
}

#[cfg(test)]
mod tests;
