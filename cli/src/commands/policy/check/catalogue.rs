//! Comparing the roles of a policy with the known roles of Microsoft Graph, without signing in.

use app_roles::{
    directory::nearest,
    ids::{AppId, AppRoleId},
    names::ApiName,
    policy::{RoleReference, RuleReferences, Survey, WarningCode},
};

use crate::{graph_catalogue, names::did_you_mean};

/// The appId of Microsoft Graph ("Verify first-party Microsoft applications in sign-in reports").
const MICROSOFT_GRAPH: &str = "00000003-0000-0000-c000-000000000000";

/// Finds the roles of Microsoft Graph that are not known. Only the tenant knows the roles of other APIs.
pub(super) fn survey(references: &[RuleReferences]) -> Survey {
    let graph = AppId::parse(MICROSOFT_GRAPH).map(ApiName::AppId).ok();
    let about_graph = references.iter().filter(|rule| graph.as_ref() == Some(&rule.api));
    let warnings = about_graph.flat_map(|rule| {
        rule.roles.iter().enumerate().filter_map(|(index, role)| {
            let sentence = unknown(role)?;
            Some(rule.warning(WarningCode::UnknownRole, &format!("roles[{index}]"), sentence))
        })
    });
    Survey { examined: Vec::new(), warnings: warnings.collect() }
}

/// Returns that Microsoft Graph does not define the role; `None` if it does.
fn unknown(role: &RoleReference) -> Option<String> {
    let as_of = graph_catalogue::AS_OF;
    match role {
        RoleReference::Value(value) => {
            if graph_catalogue::role_by_value(value).is_some() {
                return None;
            }
            let similar = nearest(value, graph_catalogue::roles().map(|role| role.value));
            let advice = match similar.as_slice() {
                [] => "check it with --online".to_owned(),
                similar => did_you_mean(similar),
            };
            Some(format!(
                "as of {as_of}, Microsoft Graph defines no app role {value:?}; {advice}"
            ))
        }
        // Default access is no role.
        RoleReference::Id(id) if *id == AppRoleId::DEFAULT_ACCESS => None,
        RoleReference::Id(id) => graph_catalogue::role_by_id(*id).is_none().then(|| {
            format!(
                "as of {as_of}, Microsoft Graph defines no app role with the id {id}; check it with \
                 --online"
            )
        }),
        RoleReference::Prefix(_) => None,
    }
}
