//! From what an operator types to what it means in the tenant.

use std::{borrow::Borrow, sync::Arc};

use app_roles::{
    directory::{Api, AppRole, NoSuchRole, Principal},
    ids::ObjectId,
    names::{ApiName, PrincipalName, RoleName},
};
use azure_rest::{
    retry::{Attempt, Deadline, retry},
    timing::CallTiming,
};
use microsoft_graph::Lookup;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::{
    failure::{Exit, Failure},
    output::Progress,
    session::Session,
};

/// What names are names of, in sentences.
const PRINCIPAL: &str = "principal";
const API: &str = "API";

/// Reads a name as a request would be read that has it.
pub(crate) fn read<N: DeserializeOwned>(what: &str, text: &str) -> Result<N, Failure> {
    serde_json::from_value(Value::String(text.to_owned()))
        .map_err(|error| Failure::usage(format!("{text:?} is no {what}: {error}")))
}

impl Session {
    /// The one service principal of this name that holds roles, or may.
    pub(crate) async fn principal(&self, text: &str) -> Result<Principal, Failure> {
        let name: PrincipalName = read(PRINCIPAL, text)?;
        match self.broker.graph().service_principals().find(&name, self.deadline()).await? {
            Lookup::Found(principal) => Ok(principal),
            Lookup::Ambiguous(candidates) => Err(ambiguous(text, &candidates)),
            Lookup::NotFound => {
                let is_name = matches!(name, PrincipalName::DisplayName(_));
                Err(self.unknown(PRINCIPAL, text, is_name).await)
            }
        }
    }

    /// The same for somebody who is about to receive a role: an id that nobody knows may belong to an
    /// identity that is seconds old, and is looked for as long as the broker would.
    pub(crate) async fn young_principal(&self, text: &str) -> Result<Principal, Failure> {
        let name: PrincipalName = read(PRINCIPAL, text)?;
        if matches!(name, PrincipalName::DisplayName(_)) {
            return self.principal(text).await;
        }
        let _waiting = Progress::start("looking for the principal …");
        let poll = self.timing.young_principal_poll;
        let timing =
            CallTiming { first_wait: poll, longest_wait: poll, ..self.timing.calls.clone() };
        let deadline = Deadline::after(self.timing.young_principal);
        retry("look for the principal", &timing, deadline, || async {
            match self.principal(text).await {
                Ok(principal) => Attempt::Done(principal),
                Err(error) if error.exit == Exit::NotFound => Attempt::Again { after: None, error },
                Err(error) => Attempt::Stop(error),
            }
        })
        .await
    }

    /// The one service principal of this name that defines roles.
    pub(crate) async fn api(&self, text: &str) -> Result<Arc<Api>, Failure> {
        let name: ApiName = read(API, text)?;
        match self.broker.graph().service_principals().find_api(&name, self.deadline()).await? {
            Lookup::Found(api) => Ok(api),
            Lookup::Ambiguous(candidates) => Err(ambiguous(text, &candidates)),
            Lookup::NotFound => {
                let is_name = matches!(name, ApiName::DisplayName(_));
                Err(self.unknown(API, text, is_name).await)
            }
        }
    }

    /// The object id of the broker's identity, if somebody has named it.
    pub(crate) async fn broker_identity(
        &self,
        text: Option<&str>,
    ) -> Result<Option<ObjectId>, Failure> {
        match text.filter(|text| !text.is_empty()) {
            Some(text) => Ok(Some(self.principal(text).await?.object_id)),
            None => Ok(None),
        }
    }

    /// What is not known, and what may have been meant.
    async fn unknown(&self, what: &str, text: &str, is_name: bool) -> Failure {
        let failure = Failure::not_found(format!("this tenant has no {what} {text:?}"));
        if !is_name && what == API {
            return failure.hint("check it, and that you are signed in to the right tenant");
        }
        if !is_name {
            return failure.hint(
                "an identity that is seconds old takes a while to be known; otherwise check the id, \
                 and that you are signed in to the right tenant",
            );
        }
        // Not to know what was meant is no reason to fail in another way.
        let similar =
            self.broker.graph().service_principals().similar_names(text, self.deadline()).await;
        match similar.unwrap_or_default().as_slice() {
            [] => failure.hint("names are display names in the directory; an id names it for sure"),
            similar => failure.hint(meant(similar)),
        }
    }
}

/// The role of an API, whatever may be done with it.
pub(crate) fn role(api: &Api, text: &str) -> Result<AppRole, Failure> {
    let name: RoleName = read("role", text)?;
    if let (Err(NoSuchRole::Unknown(_)), RoleName::Id(id)) = (api.role(&name), &name) {
        // Who holds a role keeps it when the API defines it no more.
        return Ok(AppRole::known_by_id(*id));
    }
    api.role(&name).map_err(|problem| no_such_role(api, text, &problem))
}

fn no_such_role(api: &Api, text: &str, problem: &NoSuchRole) -> Failure {
    let failure =
        Failure::not_found(format!("{} has no role {text:?}: {problem}", api.display_name));
    match problem {
        NoSuchRole::Unknown(similar) if !similar.is_empty() => failure.hint(meant(similar)),
        _ => failure.hint("`app-role roles API` lists what there is"),
    }
}

fn ambiguous(text: &str, candidates: &[Principal]) -> Failure {
    let ids = candidates.iter().map(|candidate| match &candidate.resource_id {
        Some(resource) => format!("{} ({resource})", candidate.object_id),
        None => format!("{} (appId {})", candidate.object_id, candidate.client_id),
    });
    let count = candidates.len();
    Failure::not_found(format!("{text:?} is the name of {count} service principals"))
        .hint(format!("name one by its id: {}", ids.collect::<Vec<_>>().join(", ")))
}

/// What may have been meant, as a question.
pub(crate) fn meant<T: Borrow<str>>(similar: &[T]) -> String {
    format!("did you mean {}?", similar.join(", "))
}
