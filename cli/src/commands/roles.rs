//! `app-role roles`: the roles that an API defines.

use app_roles::{
    directory::{Api, AppRole, NoSuchRole},
    ids::AppRoleId,
    names::RoleName,
};
use clap::Args;
use serde::Serialize;

use crate::{
    exit::Exit,
    failure::Failure,
    names::{did_you_mean, parse},
    options::GlobalOptions,
    output::{Paging, Screen},
    privilege::Privilege,
    session::Session,
};

#[derive(Debug, Args)]
pub(crate) struct RolesArguments {
    /// API that defines the roles
    api: String,
    /// List only roles whose value contains this text. `*` matches any characters, and case is ignored
    pattern: Option<String>,
    #[command(flatten)]
    paging: Paging,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Row {
    #[serde(skip_serializing_if = "Option::is_none")]
    value: Option<String>,
    id: AppRoleId,
    #[serde(flatten)]
    privilege: Privilege,
    /// Whether it can be assigned to a managed identity.
    assignable: bool,
    /// How the API describes it.
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<String>,
    #[serde(skip)]
    remark: &'static str,
}

/// Runs `app-role roles`.
pub(crate) async fn run(
    global: &GlobalOptions,
    screen: Screen,
    arguments: &RolesArguments,
) -> Result<Exit, Failure> {
    let session = Session::open(global).await?;
    let api = session.directory().api(&arguments.api).await?;
    let pattern = arguments.pattern.as_deref();
    let mut roles: Vec<_> =
        api.roles.iter().filter(|role| pattern.is_none_or(|text| matches(text, role))).collect();
    if let (true, Some(text)) = (roles.is_empty(), pattern) {
        return Err(none_matches(&api, text));
    }
    roles.sort_by_key(|role| role.value.clone());
    let service_principals = session.graph().service_principals();
    let described = service_principals.role_descriptions(api.object_id, session.deadline()).await?;
    let row = |role: &AppRole| row(&api, role, described.get(&role.id).cloned());
    let rows: Vec<_> = roles.into_iter().map(row).collect();
    if rows.is_empty() {
        screen.note(
            "the API defines no roles; assign 00000000-0000-0000-0000-000000000000 for default access",
        );
    }
    let headers = ["VALUE", "ID", "REMARK", "PRIVILEGED", "DESCRIPTION"];
    screen.list(&headers, &rows, arguments.paging, |row| {
        let [value, description] =
            [&row.value, &row.description].map(|text| text.clone().unwrap_or_default());
        let id = row.id.to_string();
        vec![value, id, row.remark.to_owned(), row.privilege.cell(), description]
    })?;
    Ok(Exit::Done)
}

fn row(api: &Api, role: &AppRole, description: Option<String>) -> Row {
    let remark = match (role.is_enabled, role.is_for_applications) {
        (false, _) => "disabled",
        (true, false) => "users only",
        (true, true) => "",
    };
    Row {
        value: role.value.clone(),
        id: role.id,
        privilege: Privilege::of(api, role),
        assignable: remark.is_empty(),
        description,
        remark,
    }
}

/// Returns whether a role matches: its value contains the text, or has the form of a pattern with `*`, or
/// its ID is the text.
fn matches(pattern: &str, role: &AppRole) -> bool {
    let pattern = pattern.to_lowercase();
    if role.id.to_string() == pattern {
        return true;
    }
    let Some(value) = role.value.as_deref().map(str::to_lowercase) else { return false };
    let Some((start, rest)) = pattern.split_once('*') else { return value.contains(&pattern) };
    let Some(mut left) = value.strip_prefix(start) else { return false };
    let mut parts: Vec<_> = rest.split('*').collect();
    let last = parts.pop().unwrap_or_default();
    for part in parts {
        match left.split_once(part) {
            Some((_, rest)) => left = rest,
            None => return false,
        }
    }
    left.ends_with(last)
}

fn none_matches(api: &Api, pattern: &str) -> Failure {
    let sentence = format!("no role of {} matches {pattern:?}", api.display_name);
    let similar = parse::<RoleName>("role", pattern).ok().and_then(|name| api.role(&name).err());
    let failure = Failure::not_found(sentence);
    match similar {
        Some(NoSuchRole::Unknown(similar)) if !similar.is_empty() => {
            failure.hint(did_you_mean(&similar))
        }
        _ => failure.hint("omit the pattern to list all roles"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_is_part_of_the_value_or_describes_all_of_it() {
        let role = AppRole {
            value: Some("User.Read.All".to_owned()),
            ..AppRole::known_by_id(AppRoleId::DEFAULT_ACCESS)
        };
        for (pattern, expected) in [
            ("read", true),
            ("User.Read.All", true),
            ("user.*", true),
            ("*.all", true),
            ("u*e*l", true),
            ("*", true),
            ("read*", false),
            ("*read", false),
            ("user.*.all.*", false),
            ("write", false),
        ] {
            assert_eq!(matches(pattern, &role), expected, "{pattern}");
        }
    }
}
