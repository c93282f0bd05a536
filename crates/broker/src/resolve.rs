//! From the names of a request to what they mean in the tenant.

use std::{sync::Arc, time::Duration};

use super::{Broker, Context, Decision, apply::is_worth_another_delivery};
use app_roles::{
    directory::{Api, Assignment, Principal},
    ids::{AppId, Guid},
    names::{ApiName, PrincipalName},
    outcome::{Candidate, Code, RoleOutcome, Status},
    policy::OwnIdentity,
    request::{Action, Request},
    result::{MOST_CANDIDATES, ResultApi, ResultPrincipal},
};
use azure_rest::{
    retry::{Attempt, Deadline, retry},
    timing::CallTiming,
};
use microsoft_graph::{Lookup, error::GraphError};

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

/// How a request names its two service principals.
#[derive(Debug, Clone, Copy)]
pub(super) struct Names<'a> {
    pub(super) principal: &'a PrincipalName,
    pub(super) api: &'a ApiName,
}

impl<'a> From<&'a Request> for Names<'a> {
    fn from(request: &'a Request) -> Self {
        Self { principal: &request.principal, api: &request.api }
    }
}

/// Why the names of a request mean nothing, which is the same for all its roles.
#[derive(Debug)]
pub(super) struct Unresolved {
    pub(super) outcome: RoleOutcome,
    principal: Option<ResultPrincipal>,
    api: Option<ResultApi>,
    candidates: Vec<Candidate>,
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
    pub(super) fn by(error: GraphError) -> Self {
        let again = is_worth_another_delivery(&error);
        let outcome = RoleOutcome::new(Status::Failed).failed(error.into_failure());
        Self { again, ..Self::finally(outcome) }
    }

    fn finally(outcome: RoleOutcome) -> Self {
        Self { outcome, principal: None, api: None, candidates: Vec::new(), again: false }
    }

    /// The same, when principal and API were known already.
    pub(super) fn knowing(self, resolved: &Resolved) -> Self {
        let principal = Some((&resolved.principal).into());
        Self { principal, api: Some(resolved.api.as_ref().into()), ..self }
    }

    fn not_found(code: Code, message: &str) -> Self {
        Self::finally(RoleOutcome::new(Status::NotFound).coded(code).because(message))
    }

    /// What Graph does not know may be too young. Whoever gives up says `failed`.
    fn not_found_yet(message: &str) -> Self {
        let outcome = RoleOutcome::new(Status::Failed);
        let outcome = outcome.coded(Code::PrincipalNotFound).because(message);
        Self { again: true, ..Self::finally(outcome) }
    }

    fn ambiguous(code: Code, candidates: &[Principal]) -> Self {
        let message = format!(
            "{} service principals have this name; name one by an id, see candidates",
            candidates.len()
        );
        let outcome = RoleOutcome::new(Status::Ambiguous).coded(code).because(&message);
        let candidates = candidates.iter().take(MOST_CANDIDATES).map(Candidate::from).collect();
        Self { candidates, ..Self::finally(outcome) }
    }

    /// The answer, with these outcomes.
    pub(super) fn decision(self, roles: Vec<RoleOutcome>) -> Decision {
        let Self { principal, api, candidates, .. } = self;
        Decision { principal, api, roles, candidates }
    }
}

impl Broker {
    /// Looks up everything that a decision on a request needs.
    pub(super) async fn resolve_for(
        &self,
        context: Context<'_>,
        request: &Request,
    ) -> Result<Resolved, Box<Unresolved>> {
        let mut resolved = self.resolve(context, request.into()).await?;
        if self.is_dry_run(request) || request.action == Action::Revoke {
            let held = self.graph.assignments().list(&resolved.principal, context.deadline).await;
            resolved.held =
                held.map_err(|error| Box::new(Unresolved::by(error).knowing(&resolved)))?;
        }
        Ok(resolved)
    }

    /// Looks up what two names mean.
    pub(super) async fn resolve(
        &self,
        context: Context<'_>,
        names: Names<'_>,
    ) -> Result<Resolved, Box<Unresolved>> {
        let failed = |error| Box::new(Unresolved::by(error));
        let own = self.own_identity(context.deadline).await.map_err(failed)?;
        let principal = self.find_principal(context, names.principal).await?;
        let api = self.find_api(context, names.api).await.map_err(|mut unresolved| {
            unresolved.principal = Some((&principal).into());
            unresolved
        })?;
        Ok(Resolved { own, principal, api, held: Vec::new() })
    }

    /// Who the broker is, from its own token. Without it nothing is written: the broker could not
    /// keep itself from changing its own rights.
    pub(super) async fn own_identity(&self, deadline: Deadline) -> Result<OwnIdentity, GraphError> {
        let token = self.graph.sign_in(deadline).await?;
        let claims = token.claims();
        let object_id = claims.object_id.ok_or_else(GraphError::own_identity_unknown)?;
        Ok(OwnIdentity { object_id, tenant_id: claims.tenant_id })
    }

    async fn find_principal(
        &self,
        context: Context<'_>,
        name: &PrincipalName,
    ) -> Result<Principal, Box<Unresolved>> {
        let failed = |error| Box::new(Unresolved::by(error));
        let not_found =
            |message: &str| Box::new(Unresolved::not_found(Code::PrincipalNotFound, message));
        let mut found =
            self.graph.service_principals().find(name, context.deadline).await.map_err(failed)?;
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
                Err(Box::new(Unresolved::ambiguous(Code::PrincipalAmbiguous, &candidates)))
            }
            Lookup::NotFound if can_be_young(name) => {
                Err(Box::new(Unresolved::not_found_yet(unknown_principal(name))))
            }
            Lookup::NotFound => Err(not_found(unknown_principal(name))),
        }
    }

    /// Until when somebody may be waited for whom Graph does not know: a while on the first delivery;
    /// afterwards the spacing of deliveries is the wait.
    pub(super) fn patience(&self, context: Context<'_>) -> Deadline {
        let wait = self.timing.young_principal;
        context.deadline.at_most(if context.is_first_delivery { wait } else { Duration::ZERO })
    }

    /// Looks for a principal that may be seconds old, for a while, if there is a place to wait.
    pub(super) async fn wait_for_principal(
        &self,
        name: &PrincipalName,
        context: Context<'_>,
    ) -> Result<Lookup<Principal>, GraphError> {
        let Some(_place) =
            self.places_to_wait.try_acquire().ok().filter(|_| context.is_first_delivery)
        else {
            return Ok(Lookup::NotFound);
        };
        let poll = self.timing.young_principal_poll;
        let timing =
            CallTiming { first_wait: poll, longest_wait: poll, ..self.timing.calls.clone() };
        let waited = retry("wait for the principal", &timing, self.patience(context), || async {
            match self.graph.service_principals().find(name, context.deadline).await {
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
            _ => format!("the id of the principal is its object id; its client id is {client_id}"),
        }))
    }

    async fn find_api(
        &self,
        context: Context<'_>,
        name: &ApiName,
    ) -> Result<Arc<Api>, Box<Unresolved>> {
        let found = self.graph.service_principals().find_api(name, context.deadline).await;
        match found.map_err(|error| Box::new(Unresolved::by(error)))? {
            Lookup::Found(api) => Ok(api),
            Lookup::Ambiguous(candidates) => {
                Err(Box::new(Unresolved::ambiguous(Code::ApiAmbiguous, &candidates)))
            }
            Lookup::NotFound => {
                let message = "this tenant has no service principal for the API; if the API is \
                               Microsoft's or a partner's, somebody must first add it to the tenant";
                Err(Box::new(Unresolved::not_found(Code::ApiNotFound, message)))
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
