//! Reasons in results, for programs.

use std::fmt;

use serde::Serialize;

/// The reason for an outcome, for programs.
///
/// On the wire: a JSON string in camelCase, for instance `"principalNotFound"`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(any(test, feature = "schema"), derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub enum Code {
    /// Graph does not know the principal, or not yet.
    PrincipalNotFound,
    /// Several service principals have the principal's name.
    PrincipalAmbiguous,
    /// Graph does not know the API.
    ApiNotFound,
    /// Several service principals have the API's name.
    ApiAmbiguous,
    /// The API defines no such role.
    RoleNotFound,
    /// Several roles of the API have this value.
    RoleAmbiguous,
    /// The role is disabled: existing assignments stay, new ones cannot be created.
    RoleDisabled,
    /// The role is for users only.
    RoleNotForApplications,
    /// The broker is paused.
    Paused,
    /// No policy could be read.
    NoPolicy,
    /// No rule lets the requester use the action on anything that the request could mean.
    NoRuleForRequester,
    /// No rule for the requester names the API.
    NoRuleForApi,
    /// No rule for the requester and API covers the principal.
    NoRuleForPrincipal,
    /// No rule for the requester, API and principal names the role.
    NoRuleForRole,
    /// The role is privileged, and no rule names it exactly and says `"privileged": true`.
    PrivilegedRole,
    /// Rules would allow the role for a shorter time only.
    DurationTooLong,
    /// The requester has made as many writes in this hour as the rule allows, or as many of its requests
    /// wait for approval as may wait.
    RateLimited,
    /// The rule names too few approvers who may decide on the request.
    NoApprover,
    /// An approver has denied the request.
    ApprovalDenied,
    /// The approvers did not decide in time.
    ApprovalExpired,
    /// The policy protects the principal or the API.
    Protected,
    /// The principal is the broker's own identity.
    OwnIdentity,
    /// Azure Resource Manager did not confirm that the principal is the identity of its resource.
    IdentityNotConfirmed,
    /// The broker has no token for Graph.
    NotSignedIn,
    /// Graph refused the broker's token.
    TokenRefused,
    /// The broker's own identity lacks a role.
    Forbidden,
    /// The principal has the largest possible number of assignments.
    PrincipalFull,
    /// The tenant has reached its quota of directory objects.
    DirectoryFull,
    /// Graph throttled the broker until the request's deadline.
    Throttled,
    /// Graph did not answer, or answered with a transient error.
    GraphUnavailable,
    /// Graph refused for a reason that this broker does not know.
    GraphRefused,
    /// Graph's answer was complete, and not of the expected form.
    GraphUnreadable,
    /// Graph refused the role for an agent. It gives some roles to no agent.
    RoleNotForAgents,
    /// The broker's record of decisions is unreachable, and without it nothing is changed.
    RecordUnavailable,
    /// The time when the request was sent cannot be read, so its age is unknown.
    UnknownAge,
}

impl fmt::Display for Code {
    /// The string on the wire.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.serialize(formatter)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_displayed_as_on_the_wire() {
        assert_eq!(Code::GraphUnavailable.to_string(), "graphUnavailable");
    }
}
