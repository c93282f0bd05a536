//! The principal, the API and the role that a decision is about: looked up, or assumed from their names.

use std::sync::Arc;

use app_roles::{
    ids::AppRoleId,
    names::{ApiName, PrincipalName, RoleName},
    policy::Policy,
};
use serde_json::{Value, json};

use super::super::verdict::Facts;
use crate::{
    exit::Exit,
    failure::Failure,
    names::{self, did_you_mean},
    options::GlobalOptions,
    output::Screen,
    session::Session,
    stated_facts::{self, StatedApi, StatedPrincipal, StatedRole},
};

/// The names that the operator typed.
pub(super) struct Names<'a> {
    pub(super) principal: &'a str,
    pub(super) api: &'a str,
    pub(super) role: &'a str,
    pub(super) broker: Option<&'a str>,
}

/// Facts, and where they come from.
pub(super) struct Known {
    pub(super) facts: Facts,
    /// Whether Microsoft Graph has stated them.
    is_looked_up: bool,
    /// What was looked up, or what is assumed, in sentences.
    sentences: Vec<String>,
}

impl Known {
    /// Prints where the facts come from.
    pub(super) fn show(&self, screen: Screen) {
        let label = if self.is_looked_up { "looked up" } else { "assumed" };
        for sentence in &self.sentences {
            screen.say(format!("{label}: {sentence}"));
        }
    }

    /// Returns where the facts come from, for programs.
    pub(super) fn json(&self) -> Value {
        let Facts { principal, api, role, .. } = &self.facts;
        if !self.is_looked_up {
            return json!({ "source": "assumed", "assumptions": self.sentences });
        }
        json!({
            "source": "lookedUp",
            "principal": {
                "objectId": principal.object_id, "displayName": principal.display_name,
                "resourceId": principal.resource_id.as_ref().map(ToString::to_string),
            },
            "api": { "appId": api.app_id, "displayName": api.display_name },
            "role": { "id": role.id, "value": role.value },
        })
    }
}

/// Looks the names up. Without a sign-in, facts are assumed if the names need no look-up.
pub(super) async fn find(
    global: &GlobalOptions,
    screen: Screen,
    names: &Names<'_>,
    policy: &Policy,
) -> Result<Known, Failure> {
    match Session::open(global).await {
        Ok(session) => looked_up(&session, names).await,
        Err(failure) if failure.exit == Exit::Failed => match assumed(names, policy) {
            Ok(known) => {
                screen.note(format!("{}; facts are assumed instead", failure.sentence));
                Ok(known)
            }
            Err(_) => {
                let advice = failure.hint.clone().unwrap_or_default();
                Err(failure.hint(format!(
                    "{advice}; or name the principal by its ARM ID or object ID, and the API by an \
                     alias, app ID or URI, with --offline"
                )))
            }
        },
        Err(failure) => Err(failure),
    }
}

async fn looked_up(session: &Session, names: &Names<'_>) -> Result<Known, Failure> {
    let directory = session.directory();
    let principal = directory.principal(names.principal).await?;
    let api = directory.api(names.api).await?;
    let role = names::role(&api, names.role)?;
    let broker = directory.broker_identity(names.broker).await?;
    let place = principal.resource_id.as_ref().map(|id| format!(" at {id}")).unwrap_or_default();
    let sentence = format!(
        "principal {} ({}){place}, API {} ({})",
        principal.display_name, principal.object_id, api.display_name, api.app_id
    );
    let own = session.own_identity(broker);
    let facts = Facts { principal, api, role, own, made_up: None };
    Ok(Known { facts, is_looked_up: true, sentences: vec![sentence] })
}

/// Assumes what the names do not say.
pub(super) fn assumed(names: &Names<'_>, policy: &Policy) -> Result<Known, Failure> {
    let principal = principal(names.principal)?;
    let name: ApiName = names::parse("API", names.api)?;
    let api = StatedApi::of_name(&name)
        .ok_or_else(|| needs_look_up(names.api, "an alias, an app ID or an identifier URI"))?;
    let role: RoleName = names::parse("role", names.role)?;
    let role = StatedRole::of_name(&role);
    if let Some(unknown) = role.unknown(&api) {
        let failure = Failure::not_found(unknown.sentence);
        return Err(match unknown.similar.as_slice() {
            [] => failure.hint("for a new role, name its ID"),
            similar => failure.hint(did_you_mean(similar)),
        });
    }
    let broker = names.broker.map(self::principal).transpose()?;
    let broker_assumed = broker.is_none().then(|| {
        "the principal is not the broker's own identity, which --broker-identity names".to_owned()
    });
    let own = stated_facts::own_identity(broker.map(|broker| broker.principal().object_id));
    let mut sentences = principal.assumptions();
    sentences.extend(api.assumptions(&policy.all_apis()));
    sentences.extend(broker_assumed);
    let made_up = api.made_up_app_id();
    let (api, role) = api.api(&role);
    if role.id != AppRoleId::DEFAULT_ACCESS {
        sentences.push("the API defines the role, and it can be assigned".to_owned());
    }
    let facts = Facts { principal: principal.principal(), api: Arc::new(api), role, own, made_up };
    Ok(Known { facts, is_looked_up: false, sentences })
}

fn principal(text: &str) -> Result<StatedPrincipal, Failure> {
    let name: PrincipalName = names::parse("principal", text)?;
    let stated = StatedPrincipal::of_name(&name);
    stated.ok_or_else(|| needs_look_up(text, "an ARM ID or an object ID"))
}

fn needs_look_up(text: &str, instead: &str) -> Failure {
    Failure::usage(format!("{text:?} is a display name, which only the tenant can resolve"))
        .hint(format!("with --offline, name {instead}"))
}
