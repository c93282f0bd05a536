//! The names that operators type, and suggestions for misspelled ones.

use std::borrow::Borrow;

use app_roles::{
    directory::{Api, AppRole, NoSuchRole},
    names::RoleName,
};
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::failure::Failure;

/// Parses a name as the broker parses it in a request.
pub(crate) fn parse<N: DeserializeOwned>(what: &str, text: &str) -> Result<N, Failure> {
    serde_json::from_value(Value::String(text.to_owned()))
        .map_err(|error| Failure::usage(format!("{text:?} is not a valid {what}: {error}")))
}

/// Finds a role of an API, whether or not it can be assigned.
pub(crate) fn role(api: &Api, text: &str) -> Result<AppRole, Failure> {
    let name: RoleName = parse("role", text)?;
    match (api.role(&name), &name) {
        // Principals keep a role that the API no longer defines.
        (Err(NoSuchRole::Unknown(_)), RoleName::Id(id)) => Ok(AppRole::known_by_id(*id)),
        (found, _) => found.map_err(|problem| no_such_role(api, text, &problem)),
    }
}

fn no_such_role(api: &Api, text: &str, problem: &NoSuchRole) -> Failure {
    let api = &api.display_name;
    let unknown = Failure::not_found(format!("{api} has no role {text:?}"));
    match problem {
        NoSuchRole::Unknown(similar) if !similar.is_empty() => unknown.hint(did_you_mean(similar)),
        NoSuchRole::Unknown(_) => unknown.hint("list the roles of the API with `app-role roles`"),
        _ => Failure::not_found(format!("{text:?} is not a role of {api}: {problem}"))
            .hint("list the roles of the API with `app-role roles`"),
    }
}

/// Suggests similar names.
pub(crate) fn did_you_mean<T: Borrow<str>>(similar: &[T]) -> String {
    format!("did you mean {}?", similar.join(", "))
}
