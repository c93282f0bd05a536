//! Agents of Microsoft Entra Agent ID and their blueprints.
//!
//! All agents of a blueprint, present and future, can inherit the roles of the blueprint's principal.
//! Microsoft Graph does not list an inherited role with the agent, so commands must say so.

use app_roles::directory::{Principal, PrincipalKind};

/// The type of a blueprint's principal, in tables.
pub(crate) const BLUEPRINT: &str = "agent blueprint";

/// The consequence of a role of a blueprint's principal.
pub(crate) const INHERITED: &str = "all its agents, present and future, can inherit what it holds, and \
                                    Microsoft Graph lists that with no agent";

/// Returns whether the agents of this principal can inherit its roles.
pub(crate) fn is_inherited(principal: &Principal) -> bool {
    principal.kind == PrincipalKind::AgentBlueprint
}

/// Returns what the list of a principal's roles does not show, if it is an agent or a blueprint.
pub(crate) fn remark(principal: &Principal) -> Option<String> {
    let name = &principal.display_name;
    match principal.kind {
        PrincipalKind::AgentBlueprint => Some(format!("{name} is an {BLUEPRINT}: {INHERITED}")),
        PrincipalKind::Agent => Some(format!(
            "{name} is an agent: it can also inherit roles of its blueprint, which Microsoft Graph lists \
             only with the blueprint's principal"
        )),
        _ => None,
    }
}
