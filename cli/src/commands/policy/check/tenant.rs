//! Comparing the APIs and roles of a policy with those of the tenant.

use std::{collections::HashMap, sync::Arc};

use app_roles::{
    directory::{Api, AppRole, nearest},
    ids::{AppRoleId, Guid},
    names::ApiName,
    policy::{PolicyWarning, RoleReference, RuleReferences, Survey, WarningCode},
};
use microsoft_graph::Lookup;

use crate::{
    failure::Failure, names::did_you_mean, options::GlobalOptions, output::Progress,
    session::Session,
};

/// Signs in, and finds the APIs and roles that the tenant does not have.
pub(super) async fn survey(
    global: &GlobalOptions,
    references: &[RuleReferences],
) -> Result<Survey, Failure> {
    let session = Session::open(global).await?;
    let progress = Progress::start("looking up the APIs of the policy …");
    let mut known: HashMap<ApiName, Result<Arc<Api>, String>> = HashMap::new();
    let mut warnings = Vec::new();
    for rule in references {
        if !known.contains_key(&rule.api) {
            progress.say(&format!("looking up {} …", rule.api));
            known.insert(rule.api.clone(), look_up(&session, &rule.api).await?);
        }
        match known.get(&rule.api) {
            Some(Ok(api)) => warnings.extend(roles(rule, api, session.tenant())),
            Some(Err(problem)) => {
                warnings.push(rule.warning(WarningCode::UnknownApi, "api", problem.clone()));
            }
            None => {}
        }
    }
    let examined =
        vec![WarningCode::UnknownApi, WarningCode::UnknownRole, WarningCode::WildcardWithoutEffect];
    Ok(Survey { examined, warnings })
}

/// Looks up an API. The inner error says that the tenant does not have it.
async fn look_up(session: &Session, name: &ApiName) -> Result<Result<Arc<Api>, String>, Failure> {
    let found = session.graph().service_principals().find_api(name, session.deadline()).await?;
    Ok(match found {
        Lookup::Found(api) => Ok(api),
        Lookup::NotFound => Err(format!("the API {name} does not exist in this tenant")),
        Lookup::Ambiguous(_) => Err(format!("the API {name} is ambiguous in this tenant")),
    })
}

fn roles<'a>(
    rule: &'a RuleReferences,
    api: &'a Api,
    tenant: Option<Guid>,
) -> impl Iterator<Item = PolicyWarning> + 'a {
    rule.roles.iter().enumerate().filter_map(move |(index, role)| {
        let (code, sentence) = unknown(role, api, tenant)?;
        Some(rule.warning(code, &format!("roles[{index}]"), sentence))
    })
}

/// Returns that an entry names no assignable role; `None` if it does.
fn unknown(role: &RoleReference, api: &Api, tenant: Option<Guid>) -> Option<(WarningCode, String)> {
    let name = &api.display_name;
    let shown = match role {
        RoleReference::Id(id) => id.to_string(),
        RoleReference::Value(value) => value.clone(),
        RoleReference::Prefix(prefix) => format!("{prefix}*"),
    };
    if matches!(role, RoleReference::Prefix(_)) && (tenant.is_none() || api.owner != tenant) {
        let sentence = format!(
            "{shown} can never match: `*` works only on APIs that your own tenant owns, and {name} is \
             not one of them"
        );
        return Some((WarningCode::WildcardWithoutEffect, sentence));
    }
    let named: Vec<_> = api.roles.iter().filter(|known| is_named(role, known)).collect();
    let is_default_access = *role == RoleReference::Id(AppRoleId::DEFAULT_ACCESS);
    if named.iter().any(|known| known.is_assignable())
        || api.has_unreadable_roles
        || (is_default_access && api.roles.is_empty())
    {
        return None;
    }
    let sentence = if named.is_empty() {
        let values = api.roles.iter().filter(|known| known.is_assignable());
        let similar = nearest(&shown, values.filter_map(|known| known.value.as_deref()));
        let advice = match similar.as_slice() {
            [] => format!("list its roles with `app-role roles {}`", api.app_id),
            similar => did_you_mean(similar),
        };
        format!("{name} defines no app role {shown}; {advice}")
    } else {
        format!(
            "the app role {shown} of {name} cannot be assigned: it is disabled, or for users only"
        )
    };
    Some((WarningCode::UnknownRole, sentence))
}

fn is_named(reference: &RoleReference, role: &AppRole) -> bool {
    let value = role.value.as_deref().map(str::to_ascii_lowercase);
    match reference {
        RoleReference::Id(id) => *id == role.id,
        RoleReference::Value(named) => value.as_ref() == Some(named),
        RoleReference::Prefix(prefix) => value.is_some_and(|value| value.starts_with(prefix)),
    }
}
