//! `app-role roles`: which roles an API defines.

use app_roles::{
    directory::{Api, AppRole},
    ids::AppRoleId,
    names::RoleName,
    privileged,
};
use clap::Args;
use serde::Serialize;

use crate::{
    arguments::GlobalOptions,
    failure::{Exit, Failure},
    names::{meant, read},
    output::{Paging, Screen},
    session::Session,
};

#[derive(Debug, Args)]
pub(crate) struct RolesArguments {
    /// Whose roles
    api: String,
    /// Only those with this in their value, in any case; `*` stands for any characters
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
    /// Whether a managed identity can be given it.
    assignable: bool,
    #[serde(skip)]
    remark: &'static str,
}

/// Whether a role is privileged, and why.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Privilege {
    privileged: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    privileged_because: Option<String>,
}

impl Privilege {
    pub(crate) fn of(api: &Api, role: &AppRole) -> Self {
        let why = privileged::why(api.app_id, api.owner, role.id, role.value.as_deref());
        let privileged_because = why.map(|why| why.to_string());
        Self { privileged: privileged_because.is_some(), privileged_because }
    }

    /// Of a role of which nobody can say it.
    pub(crate) fn unknown() -> Self {
        Self { privileged: false, privileged_because: None }
    }

    /// The mark in a table.
    pub(crate) fn mark(&self) -> String {
        self.privileged_because.as_ref().map(|why| format!("yes ({why})")).unwrap_or_default()
    }
}

pub(crate) async fn run(
    global: &GlobalOptions,
    screen: &Screen,
    arguments: &RolesArguments,
) -> Result<Exit, Failure> {
    let session = Session::open(global).await?;
    let api = session.api(&arguments.api).await?;
    let pattern = arguments.pattern.as_deref();
    let mut roles: Vec<_> =
        api.roles.iter().filter(|role| pattern.is_none_or(|text| matches(text, role))).collect();
    if let (true, Some(text)) = (roles.is_empty(), pattern) {
        return Err(none_matches(&api, text));
    }
    roles.sort_by_key(|role| role.value.clone());
    let rows: Vec<_> = roles.into_iter().map(|role| row(&api, role)).collect();
    if rows.is_empty() {
        screen.note("the API defines no roles; 00000000-0000-0000-0000-000000000000 is access");
    }
    screen.list(&["VALUE", "ID", "PRIVILEGED", ""], &rows, arguments.paging, |row| {
        let value = row.value.clone().unwrap_or_default();
        vec![value, row.id.to_string(), row.privilege.mark(), row.remark.to_owned()]
    })?;
    Ok(Exit::Done)
}

fn row(api: &Api, role: &AppRole) -> Row {
    let remark = match (role.is_enabled, role.is_for_applications) {
        (false, _) => "disabled",
        (true, false) => "for people only",
        (true, true) => "",
    };
    Row {
        value: role.value.clone(),
        id: role.id,
        privilege: Privilege::of(api, role),
        assignable: remark.is_empty(),
        remark,
    }
}

/// Whether a role's value has the text in it, or is of this form if it has a `*`; an id matches too.
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
            Some((_, behind)) => left = behind,
            None => return false,
        }
    }
    left.ends_with(last)
}

fn none_matches(api: &Api, pattern: &str) -> Failure {
    let sentence = format!("no role of {} matches {pattern:?}", api.display_name);
    let similar = read::<RoleName>("role", pattern).ok().and_then(|name| api.role(&name).err());
    let failure = Failure::not_found(sentence);
    match similar {
        Some(app_roles::directory::NoSuchRole::Unknown(similar)) if !similar.is_empty() => {
            failure.hint(meant(&similar))
        }
        _ => failure.hint("without a pattern, all roles are listed"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_is_a_part_of_the_value_or_its_form() {
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
