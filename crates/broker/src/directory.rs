//! Resolves the names of a request to service principals of the tenant.

use std::{sync::Arc, time::Duration};

use app_roles::{
    directory::{Api, Assignment, Principal},
    held::{HeldAssignments, Holding},
    ids::{AppId, Guid},
    names::{ApiName, PrincipalName},
    outcome::{Code, RoleOutcome, Status},
    policy::{OwnIdentity, Permit},
    request::Request,
};
use azure_rest::{
    retry::{Attempt, Deadline, retry},
    timing::CallTiming,
};
use microsoft_graph::{Graph, Lookup, error::GraphError};

use crate::{answer::Answer, ask::Ask, stop::Stop, timing::Timing, waiting_places::WaitingPlaces};

/// How many requests of one requester may wait at the same time for principals that Graph does not know
/// yet. Others go back to their queue at once, so that a hundred wrong ids do not delay good requests.
const MOST_WAITING: usize = 8;

/// Looks up service principals, and waits for those that are too young for Graph's replicas.
pub struct Directory {
    graph: Arc<Graph>,
    timing: Timing,
    waiting: WaitingPlaces,
}

/// What the names of a request mean.
#[derive(Debug, Clone)]
pub struct Target {
    /// The broker's own identity.
    pub own: OwnIdentity,
    /// The principal.
    pub principal: Principal,
    /// The name of the API in the request.
    pub api_name: ApiName,
    /// The API.
    pub api: Arc<Api>,
    /// What the principal holds. Empty until it is read.
    pub held: HeldAssignments,
}

impl Target {
    /// The assignment that a permit is about, if the principal holds it.
    pub(crate) fn held_assignment(&self, permit: &Permit) -> Option<&Assignment> {
        match self.held.holding(permit.api(), permit.role()) {
            Holding::Held(assignment) => Some(assignment),
            Holding::NotHeld | Holding::Unclear => None,
        }
    }

    /// The answer about this target with these outcomes.
    pub(crate) fn answer(&self, roles: Vec<RoleOutcome>) -> Answer {
        Answer::about(&self.principal, &self.api, roles)
    }

    /// The end of work after a failed call, with what is known of the target.
    pub(crate) fn failed(&self, error: GraphError) -> Stop {
        Stop::failed(error).with(|answer| self.answer(answer.roles))
    }
}

impl Directory {
    /// A directory of the tenant of `graph`.
    #[must_use]
    pub fn new(graph: Arc<Graph>, timing: Timing) -> Self {
        Self { graph, timing, waiting: WaitingPlaces::new(MOST_WAITING) }
    }

    /// The time limits and waits.
    pub(crate) fn timing(&self) -> &Timing {
        &self.timing
    }

    /// The broker's own identity, from its token. Without it nothing is written, because the broker
    /// could not protect its own rights from a request.
    pub async fn own_identity(&self, deadline: Deadline) -> Result<OwnIdentity, GraphError> {
        let token = self.graph.sign_in(deadline).await?;
        let claims = token.claims();
        let object_id = claims.object_id.ok_or_else(GraphError::own_identity_unknown)?;
        Ok(OwnIdentity { object_id, tenant_id: claims.tenant_id })
    }

    /// Looks up the principal and the API of a request, and the API's current roles.
    pub(crate) async fn resolve(&self, ask: &Ask, request: &Request) -> Result<Target, Stop> {
        let mut target = self.resolve_names(ask, &request.principal, &request.api).await?;
        if request.roles.iter().any(|name| target.api.role(name).is_err()) {
            target.api = self.refreshed_api(&target, ask.deadline).await?;
        }
        Ok(target)
    }

    /// Looks up what two names mean.
    pub(crate) async fn resolve_names(
        &self,
        ask: &Ask,
        principal: &PrincipalName,
        api: &ApiName,
    ) -> Result<Target, Stop> {
        let own = self.own_identity(ask.deadline).await.map_err(Stop::failed)?;
        let principal = self.principal(ask, principal).await?;
        let api_name = api.clone();
        let found = self.api(api, ask.deadline).await.map_err(|stop| {
            stop.with(|answer| Answer { principal: Some((&principal).into()), ..answer })
        })?;
        Ok(Target { own, principal, api_name, api: found, held: HeldAssignments::default() })
    }

    /// The API of a target, read again: a role that it lacks may be new.
    pub(crate) async fn refreshed_api(
        &self,
        target: &Target,
        deadline: Deadline,
    ) -> Result<Arc<Api>, Stop> {
        let found =
            self.graph.service_principals().find_fresh_api(&target.api_name, deadline).await;
        match found.map_err(|error| target.failed(error))? {
            Lookup::Found(api) if api.object_id == target.api.object_id => Ok(api),
            // The name now means another API. The answer remains about the one that was found.
            _ => Ok(target.api.clone()),
        }
    }

    /// What the principal of a target holds.
    pub(crate) async fn held(
        &self,
        target: &Target,
        deadline: Deadline,
    ) -> Result<HeldAssignments, Stop> {
        let held = self.graph.assignments().list(&target.principal, deadline).await;
        let held = held.map_err(|error| target.failed(error))?;
        let of_api = held.iter().filter(|one| one.api == target.api.object_id);
        self.graph.assignments().expect(target.principal.object_id, of_api);
        Ok(held)
    }

    async fn principal(&self, ask: &Ask, name: &PrincipalName) -> Result<Principal, Stop> {
        let mut found =
            self.graph.service_principals().find(name, ask.deadline).await.map_err(Stop::failed)?;
        if matches!(found, Lookup::NotFound) && may_be_new(name) {
            let mistaken = self.mistaken_id(name, ask.deadline).await.map_err(Stop::failed)?;
            if let Some(message) = mistaken {
                return Err(not_found(Code::PrincipalNotFound, &message));
            }
            found = self.wait_for_principal(ask, name).await.map_err(Stop::failed)?;
        }
        match found {
            Lookup::Found(principal) => Ok(principal),
            Lookup::Ambiguous(candidates) => Err(ambiguous(Code::PrincipalAmbiguous, &candidates)),
            Lookup::NotFound if may_be_new(name) => Err(not_found_yet(unknown_principal(name))),
            Lookup::NotFound => Err(not_found(Code::PrincipalNotFound, unknown_principal(name))),
        }
    }

    async fn api(&self, name: &ApiName, deadline: Deadline) -> Result<Arc<Api>, Stop> {
        match self
            .graph
            .service_principals()
            .find_api(name, deadline)
            .await
            .map_err(Stop::failed)?
        {
            Lookup::Found(api) => Ok(api),
            Lookup::Ambiguous(candidates) => Err(ambiguous(Code::ApiAmbiguous, &candidates)),
            Lookup::NotFound => Err(not_found(
                Code::ApiNotFound,
                "this tenant has no service principal for the API; if the API belongs to Microsoft or \
                 a partner, an administrator must add it to the tenant first",
            )),
        }
    }

    /// The latest time to wait for Graph's replicas.
    pub(crate) fn replication_deadline(&self, ask: &Ask) -> Deadline {
        let wait = self.timing.young_principal;
        ask.deadline.at_most(if ask.waits_for_replication { wait } else { Duration::ZERO })
    }

    /// Looks repeatedly for a principal that may be seconds old. At most [`MOST_WAITING`] of
    /// each requester wait at once.
    pub(crate) async fn wait_for_principal(
        &self,
        ask: &Ask,
        name: &PrincipalName,
    ) -> Result<Lookup<Principal>, GraphError> {
        let place = self.waiting.take(&ask.requester).filter(|_| ask.waits_for_replication);
        let Some(_place) = place else { return Ok(Lookup::NotFound) };
        let poll = self.timing.young_principal_poll;
        let timing =
            CallTiming { first_wait: poll, longest_wait: poll, ..self.timing.calls.clone() };
        let until = self.replication_deadline(ask);
        let waited = retry("wait for the principal", &timing, until, || async {
            match self.graph.service_principals().find(name, ask.deadline).await {
                Ok(Lookup::NotFound) => Attempt::Again { after: None, error: Missing::NotFound },
                Ok(found) => Attempt::Done(found),
                Err(error) => Attempt::Stop(Missing::Failed(error)),
            }
        });
        match waited.await {
            Ok(found) => Ok(found),
            Err(Missing::NotFound) => Ok(Lookup::NotFound),
            Err(Missing::Failed(error)) => Err(error),
        }
    }

    /// The hint for a request that mistakes a client id for an object id or the reverse, the usual mistake.
    async fn mistaken_id(
        &self,
        name: &PrincipalName,
        deadline: Deadline,
    ) -> Result<Option<String>, GraphError> {
        let other = match name {
            PrincipalName::ObjectId(id) => {
                AppId::parse(&id.to_string()).map(PrincipalName::ClientId)
            }
            PrincipalName::ClientId(id) => {
                Guid::parse(&id.to_string()).map(|guid| PrincipalName::ObjectId(guid.into()))
            }
            _ => return Ok(None),
        };
        let Ok(other) = other else { return Ok(None) };
        let Lookup::Found(principal) =
            self.graph.service_principals().find(&other, deadline).await?
        else {
            return Ok(None);
        };
        let Principal { object_id, client_id, .. } = principal;
        Ok(Some(match other {
            PrincipalName::ClientId(_) => {
                format!("the id of the principal is its client id; its object id is {object_id}")
            }
            _ => match client_id {
                Some(id) => {
                    format!("the id of the principal is its object id; its client id is {id}")
                }
                None => "the id of the principal is its object id; it has no client id".to_owned(),
            },
        }))
    }
}

/// Why the wait for a principal ended without finding it.
#[derive(Debug, thiserror::Error)]
enum Missing {
    #[error("Microsoft Graph does not know the principal yet")]
    NotFound,
    #[error(transparent)]
    Failed(GraphError),
}

fn not_found(code: Code, message: &str) -> Stop {
    let outcome = RoleOutcome::new(Status::NotFound).with_code(code).with_message(message);
    Stop::Final(Answer::for_all(outcome))
}

/// The end of work on a principal that Graph does not know. It may be too new, so only the last delivery
/// answers `failed`.
fn not_found_yet(message: &str) -> Stop {
    let outcome =
        RoleOutcome::new(Status::Failed).with_code(Code::PrincipalNotFound).with_message(message);
    Stop::Again(crate::stop::Again::after(vec![Answer::for_all(outcome)]))
}

fn ambiguous(code: Code, candidates: &[Principal]) -> Stop {
    let message = format!(
        "{} service principals have this name; name one by an id, see candidates",
        candidates.len()
    );
    let outcome = RoleOutcome::new(Status::Ambiguous).with_code(code).with_message(&message);
    Stop::Final(Answer::ambiguous(outcome, candidates))
}

/// Whether an unknown principal may be too new for Graph. Azure hands out ids at the moment of creation. A
/// display name comes from a person who has seen it, so it is not new.
fn may_be_new(name: &PrincipalName) -> bool {
    !matches!(name, PrincipalName::DisplayName(_))
}

fn unknown_principal(name: &PrincipalName) -> &'static str {
    match name {
        PrincipalName::DisplayName(_) => "no service principal has this display name",
        PrincipalName::ResourceId(_) => {
            "no managed identity belongs to this resource; check that it has one"
        }
        _ => {
            "Microsoft Graph knows no service principal with this id; check that it is the object \
             id or the client id of the identity"
        }
    }
}
