//! From the names of a request to what they mean in the tenant.

use std::{sync::Arc, time::Duration};

use super::{Broker, Context, Decision, apply::is_worth_another_delivery};
use crate::{
    domain::{
        directory::{Api, Assignment, Principal},
        ids::{AppId, Guid},
        names::PrincipalName,
        outcome::{Candidate, Code, RoleOutcome, Status},
        pace::Pace,
        policy::OwnIdentity,
        request::{Action, Request},
        result::MOST_CANDIDATES,
    },
    graph::{Lookup, error::GraphError},
    remote::retry::{Attempt, Deadline, retry},
};

/// What the names of a request mean.
#[derive(Debug)]
pub(super) struct Resolved {
    /// Who the broker is.
    pub(super) own: OwnIdentity,
    pub(super) principal: Principal,
    pub(super) api: Arc<Api>,
    /// What the principal holds; read only where it decides something.
    pub(super) held: Vec<Assignment>,
}

/// Why the names of a request mean nothing, as an answer to it.
#[derive(Debug)]
pub(super) struct Unresolved {
    pub(super) decision: Decision,
    /// Whether another delivery may find what this one did not.
    pub(super) again: bool,
}

impl Resolved {
    /// An answer about this principal and API.
    pub(super) fn decision(&self, roles: Vec<RoleOutcome>) -> Decision {
        Decision {
            principal: Some((&self.principal).into()),
            api: Some(self.api.as_ref().into()),
            roles,
            candidates: Vec::new(),
        }
    }
}

impl Unresolved {
    /// A call to Graph did not work.
    pub(super) fn by(request: &Request, error: GraphError) -> Self {
        let again = is_worth_another_delivery(&error);
        let outcome = RoleOutcome::new(Status::Failed).failed(error.into_failure());
        Self { decision: Decision::for_all(request, &outcome), again }
    }

    /// The same, when principal and API were known already.
    pub(super) fn knowing(mut self, resolved: &Resolved) -> Self {
        let roles = std::mem::take(&mut self.decision.roles);
        Self { decision: resolved.decision(roles), ..self }
    }

    fn not_found(request: &Request, code: Code, message: &str) -> Self {
        let outcome = RoleOutcome::new(Status::NotFound).coded(code).because(message);
        Self { decision: Decision::for_all(request, &outcome), again: false }
    }

    /// What Graph does not know may be too young. Whoever gives up says `failed`.
    fn not_found_yet(request: &Request, message: &str) -> Self {
        let outcome = RoleOutcome::new(Status::Failed);
        let outcome = outcome.coded(Code::PrincipalNotFound).because(message);
        Self { decision: Decision::for_all(request, &outcome), again: true }
    }

    fn ambiguous(request: &Request, code: Code, candidates: &[Principal]) -> Self {
        let message = format!(
            "{} service principals have this name; name one by an id, see candidates",
            candidates.len()
        );
        let outcome = RoleOutcome::new(Status::Ambiguous).coded(code).because(&message);
        let candidates = candidates.iter().take(MOST_CANDIDATES).map(Candidate::from).collect();
        let decision = Decision { candidates, ..Decision::for_all(request, &outcome) };
        Self { decision, again: false }
    }
}

impl Broker {
    /// Looks up everything that a decision needs.
    pub(super) async fn resolve(
        &self,
        context: Context<'_>,
        request: &Request,
    ) -> Result<Resolved, Box<Unresolved>> {
        let failed = |error| Box::new(Unresolved::by(request, error));
        let own = self.own_identity(context.deadline).await.map_err(failed)?;
        let principal = self.find_principal(context, request).await?;
        let api = self.find_api(context, request).await.map_err(|mut unresolved| {
            unresolved.decision.principal = Some((&principal).into());
            unresolved
        })?;
        let held = if self.is_dry_run(request) || request.action == Action::Revoke {
            self.graph.assignments(&principal, context.deadline).await.map_err(failed)?
        } else {
            Vec::new()
        };
        Ok(Resolved { own, principal, api, held })
    }

    /// Who the broker is, from its own token. Without it nothing is written: the broker could not
    /// keep itself from changing its own rights.
    async fn own_identity(&self, deadline: Deadline) -> Result<OwnIdentity, GraphError> {
        let token = self.graph.sign_in(deadline).await?;
        let claims = token.claims();
        let object_id = claims.object_id.ok_or_else(GraphError::own_identity_unknown)?;
        Ok(OwnIdentity { object_id, tenant_id: claims.tenant_id })
    }

    async fn find_principal(
        &self,
        context: Context<'_>,
        request: &Request,
    ) -> Result<Principal, Box<Unresolved>> {
        let failed = |error| Box::new(Unresolved::by(request, error));
        let not_found = |message: &str| {
            let code = Code::PrincipalNotFound;
            Box::new(Unresolved::not_found(request, code, message))
        };
        let name = &request.principal;
        let mut found = self.graph.principal(name, context.deadline).await.map_err(failed)?;
        if matches!(found, Lookup::NotFound) && can_be_young(name) {
            let mistaken = self.mistaken_id(name, context.deadline).await.map_err(failed)?;
            if let Some(message) = mistaken {
                return Err(not_found(&message));
            }
            found = self.wait_for_principal(name, context).await.map_err(failed)?;
        }
        match found {
            Lookup::Found(principal) => Ok(principal),
            Lookup::Ambiguous(candidates) => {
                let code = Code::PrincipalAmbiguous;
                Err(Box::new(Unresolved::ambiguous(request, code, &candidates)))
            }
            Lookup::NotFound if can_be_young(name) => {
                Err(Box::new(Unresolved::not_found_yet(request, unknown_principal(name))))
            }
            Lookup::NotFound => Err(not_found(unknown_principal(name))),
        }
    }

    /// Until when somebody may be waited for whom Graph does not know: a while on the first delivery;
    /// afterwards the spacing of deliveries is the wait.
    pub(super) fn patience(&self, context: Context<'_>) -> Deadline {
        let wait = self.pace.young_principal;
        context.deadline.at_most(if context.is_first_delivery { wait } else { Duration::ZERO })
    }

    /// Looks for a principal that may be seconds old, for a while, if there is a place to wait.
    async fn wait_for_principal(
        &self,
        name: &PrincipalName,
        context: Context<'_>,
    ) -> Result<Lookup<Principal>, GraphError> {
        let Some(_place) =
            self.places_to_wait.try_acquire().ok().filter(|_| context.is_first_delivery)
        else {
            return Ok(Lookup::NotFound);
        };
        let poll = self.pace.young_principal_poll;
        let pace = Pace { first_wait: poll, longest_wait: poll, ..self.pace.clone() };
        let waited = retry("wait for the principal", &pace, self.patience(context), || async {
            match self.graph.principal(name, context.deadline).await {
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

    /// Whether the id is right and only its kind is wrong, the usual mix-up; then what to write
    /// instead.
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
        let Lookup::Found(principal) = self.graph.principal(&other, deadline).await? else {
            return Ok(None);
        };
        let Principal { object_id, client_id, .. } = principal;
        Ok(Some(match other {
            PrincipalName::ClientId(_) => {
                format!("the id of the principal is its client id; its object id is {object_id}")
            }
            _ => format!("the id of the principal is its object id; its client id is {client_id}"),
        }))
    }

    async fn find_api(
        &self,
        context: Context<'_>,
        request: &Request,
    ) -> Result<Arc<Api>, Box<Unresolved>> {
        let found = self.graph.api(&request.api, context.deadline).await;
        match found.map_err(|error| Box::new(Unresolved::by(request, error)))? {
            Lookup::Found(api) => Ok(api),
            Lookup::Ambiguous(candidates) => {
                let code = Code::ApiAmbiguous;
                Err(Box::new(Unresolved::ambiguous(request, code, &candidates)))
            }
            Lookup::NotFound => {
                let message = "this tenant has no service principal for the API; if the API is \
                               Microsoft's or a partner's, somebody must first add it to the tenant";
                let code = Code::ApiNotFound;
                Err(Box::new(Unresolved::not_found(request, code, message)))
            }
        }
    }
}

/// Why a wait for a principal ended without one.
#[derive(Debug, thiserror::Error)]
enum Missing {
    #[error("Microsoft Graph does not know the principal yet")]
    NotFound,
    #[error(transparent)]
    Failed(GraphError),
}

/// Whether what Graph does not know may be too young: ids come from Azure at the moment of creation,
/// a name comes from a person who has seen it.
fn can_be_young(name: &PrincipalName) -> bool {
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
