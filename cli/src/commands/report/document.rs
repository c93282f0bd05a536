//! The document of a report, as `-o report.json` writes it and the page shows it.
//!
//! Principals, APIs and rules are named by their positions in the lists. What is unknown, and a list without
//! entries, is left out, except for the lists of the report itself.

use app_roles::ids::{AppId, AppRoleId, Guid, ObjectId};
use serde::Serialize;

/// The format of the document. A reader refuses others.
pub(super) const FORMAT: u64 = 1;

/// Where the schema of the document is known by its name.
pub(super) const SCHEMA: &str = "urn:app-role-broker:schema:report";

/// Who may do what in a tenant, since when and until when, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(super) struct Report {
    /// The schema of this document.
    #[serde(rename = "$schema")]
    pub(super) schema: &'static str,
    /// The version of this format: 1.
    pub(super) format: u64,
    /// When the tenant was read, in UTC, RFC 3339.
    pub(super) generated_at: String,
    /// The tenant. Absent if the operator's token does not say it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, schemars(with = "Option<ObjectId>"))]
    pub(super) tenant_id: Option<Guid>,
    /// The version of the program that wrote it.
    pub(super) broker_version: &'static str,
    /// Whether everything could be read that was asked for. The notes say what is missing.
    pub(super) complete: bool,
    /// The policy that the assignments are compared with. Absent if none could be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) policy: Option<PolicyFile>,
    /// The earlier report that the assignments are compared with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) compared_with: Option<ComparedWith>,
    /// Managed identities, agent blueprints, and all other service principals that hold a role.
    pub(super) principals: Vec<ReportedPrincipal>,
    /// The APIs whose roles are held or missing, and those that a rule names.
    pub(super) apis: Vec<ReportedApi>,
    /// The rules of the policy, in the order of the file: those on request, and then those of the baseline.
    pub(super) rules: Vec<ReportedRule>,
    /// The assignments that exist.
    pub(super) assignments: Vec<ReportedAssignment>,
    /// The roles of the baseline that managed identities lack.
    pub(super) missing: Vec<MissingRole>,
    /// The assignments of the earlier report that do not exist any more.
    pub(super) gone: Vec<GoneAssignment>,
    /// What the report does not say, in sentences.
    pub(super) notes: Vec<String>,
}

/// The policy file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(super) struct PolicyFile {
    /// The SHA-256 of the file, in lower-case hexadecimal.
    pub(super) sha256: String,
    /// The name of the file.
    pub(super) file: String,
}

/// The earlier report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(super) struct ComparedWith {
    /// When it was generated, in UTC, RFC 3339.
    pub(super) generated_at: String,
}

/// A service principal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(super) struct ReportedPrincipal {
    /// The object ID.
    pub(super) id: ObjectId,
    /// The display name.
    pub(super) name: String,
    /// The kind of service principal.
    pub(super) kind: Kind,
    /// The Azure resource of a managed identity.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) resource_id: Option<String>,
    /// The subscription of the resource.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) subscription: Option<String>,
    /// The resource group of the resource.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) resource_group: Option<String>,
}

/// The kind of a service principal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(super) enum Kind {
    /// A managed identity.
    ManagedIdentity,
    /// An application.
    Application,
    /// An agent of Microsoft Entra Agent ID. It can also inherit roles of its blueprint.
    Agent,
    /// The principal of an agent blueprint, whose agents can inherit its roles.
    AgentBlueprint,
    /// Another kind, or an unknown one.
    Other,
}

/// An API.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(super) struct ReportedApi {
    /// The object ID.
    pub(super) id: ObjectId,
    /// The app ID.
    pub(super) app_id: AppId,
    /// The display name.
    pub(super) name: String,
    /// Who owns the application.
    pub(super) owner: Owner,
    /// The roles that it defines, and roles that it no longer defines and that are still held.
    pub(super) roles: Vec<ReportedRole>,
}

/// Who owns the application of an API.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(super) enum Owner {
    /// The tenant itself.
    ThisTenant,
    /// Microsoft.
    Microsoft,
    /// Another tenant.
    Other,
    /// Microsoft Graph does not say it.
    Unknown,
}

/// An app role.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(super) struct ReportedRole {
    /// The ID.
    pub(super) id: AppRoleId,
    /// The value in the claim `roles` of tokens. Absent if the role has none, or is not defined any more.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) value: Option<String>,
    /// A name for people, of a role without a value.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) display_name: Option<&'static str>,
}

/// A rule of the policy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(super) struct ReportedRule {
    /// The name.
    pub(super) name: String,
    /// The list of the policy that it is in.
    pub(super) list: List,
    /// Who answers for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) owner: Option<String>,
    /// What it is for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) description: Option<String>,
    /// The last day on which it allows anything.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) expires: Option<String>,
    /// The longest time that an assignment may last, as ISO 8601 writes it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) max_duration: Option<String>,
    /// How many of how many approvers, and within which time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) approval: Option<String>,
    /// Whether it grants privileged roles.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(super) privileged: bool,
    /// Who may use it, as the file writes it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) requesters: Vec<String>,
    /// Whom it covers, as the file writes it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) principals: Vec<String>,
    /// The API, as the file writes it.
    pub(super) api: String,
    /// The roles, as the file writes them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) roles: Vec<String>,
    /// The actions that it allows. A rule of the baseline has none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) actions: Vec<String>,
    /// The number of assignments that it allows.
    pub(super) assignments: usize,
}

/// A list of rules in the policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(super) enum List {
    /// What is allowed on request.
    Allow,
    /// What managed identities always hold.
    Baseline,
}

/// An assignment that exists.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(super) struct ReportedAssignment {
    /// The position in the list of principals.
    pub(super) principal: usize,
    /// The position in the list of APIs.
    pub(super) api: usize,
    /// The position in the roles of the API.
    pub(super) role: usize,
    /// When it was created, in UTC, RFC 3339. Microsoft Graph omits it for some old assignments.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) created: Option<String>,
    /// When the broker removes it, in UTC, RFC 3339. Absent if it has no end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) end_date_time: Option<String>,
    /// Until when tokens may carry the role after the end, in UTC, RFC 3339.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) tokens_until: Option<String>,
    /// Who asked for it, and why. Absent members are not on record.
    #[serde(flatten)]
    pub(super) request: RecordedRequest,
    /// The positions of the rules that allow it today to any requester.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) rules: Vec<usize>,
    /// Whether a rule allows it. Absent if that is not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) coverage: Option<Coverage>,
    /// Why it is privileged. Absent if it is not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) privileged: Option<String>,
    /// Who made it.
    pub(super) origin: Origin,
    /// What has changed since the earlier report.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) change: Option<Change>,
}

/// What the broker's record says of the request for an assignment.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(super) struct RecordedRequest {
    /// Who asked for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) requester: Option<String>,
    /// Why, in the requester's words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) reason: Option<String>,
    /// The requester's own label.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) request_id: Option<String>,
    /// Who approved it. Empty if the rule needed no approval.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) approved_by: Vec<String>,
    /// The rule that allowed it then.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) recorded_rule: Option<String>,
}

/// Whether a rule allows an assignment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(super) enum Coverage {
    /// The baseline grants it.
    Baseline,
    /// A rule lets a requester create it.
    Rule,
    /// It is a role of the broker's own identity. No rule allows it, and it makes the broker work.
    Broker,
    /// No rule allows it.
    None,
}

/// Who made an assignment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(super) enum Origin {
    /// The broker.
    Broker,
    /// Others: the record has no row about it.
    Other,
    /// Unknown, because the record was not read.
    Unknown,
}

/// What has changed since an earlier report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(super) enum Change {
    /// The assignment is new.
    New,
}

/// A role of the baseline that a principal lacks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(super) struct MissingRole {
    /// The position in the list of principals.
    pub(super) principal: usize,
    /// The position in the list of APIs.
    pub(super) api: usize,
    /// The position in the roles of the API.
    pub(super) role: usize,
    /// The position of the rule that grants it.
    pub(super) rule: usize,
}

/// An assignment of an earlier report that does not exist any more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(super) struct GoneAssignment {
    /// The name of the principal then.
    pub(super) principal_name: String,
    /// The object ID of the principal.
    pub(super) principal_id: ObjectId,
    /// The name of the API then.
    pub(super) api_name: String,
    /// The value or the ID of the role.
    pub(super) role: String,
    /// When it was created, in UTC, RFC 3339.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) created: Option<String>,
}
