//! Lookups in the tenant's directory, by the names that operators type.

use std::sync::Arc;

use app_roles::{
    directory::{Api, Assignment, Principal},
    held::HeldAssignments,
    ids::ObjectId,
    names::{ApiName, PrincipalName},
};
use azure_rest::{
    retry::{Attempt, Deadline, retry},
    timing::CallTiming,
};
use broker::timing::Timing;
use microsoft_graph::{Graph, Lookup};

use crate::{
    exit::Exit,
    failure::Failure,
    names::{did_you_mean, parse},
    output::Progress,
};

/// The kinds of names, in error messages.
const PRINCIPAL: &str = "principal";
const API: &str = "API";

/// The tenant's directory.
#[derive(Clone, Copy)]
pub(crate) struct Directory<'a> {
    graph: &'a Graph,
    timing: &'a Timing,
}

impl<'a> Directory<'a> {
    /// The directory that `graph` reads.
    pub(crate) fn new(graph: &'a Graph, timing: &'a Timing) -> Self {
        Self { graph, timing }
    }

    /// Looks up the one principal of this name.
    pub(crate) async fn principal(&self, text: &str) -> Result<Principal, Failure> {
        let name: PrincipalName = parse(PRINCIPAL, text)?;
        let _progress = Progress::start("looking up the principal …");
        match self.graph.service_principals().find(&name, self.deadline()).await? {
            Lookup::Found(principal) => Ok(principal),
            Lookup::Ambiguous(candidates) => Err(ambiguous(text, &candidates)),
            Lookup::NotFound => {
                let is_name = matches!(name, PrincipalName::DisplayName(_));
                Err(self.not_found(PRINCIPAL, text, is_name).await)
            }
        }
    }

    /// Looks up a principal that may have been created seconds ago: retries an unknown ID for as long as
    /// the broker does. A display name is looked up once.
    pub(crate) async fn new_principal(&self, text: &str) -> Result<Principal, Failure> {
        let name: PrincipalName = parse(PRINCIPAL, text)?;
        if matches!(name, PrincipalName::DisplayName(_)) {
            return self.principal(text).await;
        }
        let _progress = Progress::start("waiting for the principal, which may be new …");
        let poll = self.timing.young_principal_poll;
        let timing =
            CallTiming { first_wait: poll, longest_wait: poll, ..self.timing.calls.clone() };
        let deadline = Deadline::after(self.timing.young_principal);
        retry("look up the principal", &timing, deadline, || async {
            match self.principal(text).await {
                Ok(principal) => Attempt::Done(principal),
                Err(error) if error.exit == Exit::NotFound => Attempt::Again { after: None, error },
                Err(error) => Attempt::Stop(error),
            }
        })
        .await
    }

    /// Looks up the one API of this name.
    pub(crate) async fn api(&self, text: &str) -> Result<Arc<Api>, Failure> {
        let name: ApiName = parse(API, text)?;
        let _progress = Progress::start("looking up the API …");
        match self.graph.service_principals().find_api(&name, self.deadline()).await? {
            Lookup::Found(api) => Ok(api),
            Lookup::Ambiguous(candidates) => Err(ambiguous(text, &candidates)),
            Lookup::NotFound => {
                let is_name = matches!(name, ApiName::DisplayName(_));
                Err(self.not_found(API, text, is_name).await)
            }
        }
    }

    /// Looks up the API of an assignment; `None` if it was deleted. Graph's client caches it.
    pub(crate) async fn api_of(
        &self,
        assignment: &Assignment,
    ) -> Result<Option<Arc<Api>>, Failure> {
        match self
            .graph
            .service_principals()
            .find_api(&ApiName::ObjectId(assignment.api), self.deadline())
            .await?
        {
            Lookup::Found(api) => Ok(Some(api)),
            _ => Ok(None),
        }
    }

    /// Lists what a principal holds.
    pub(crate) async fn assignments(
        &self,
        principal: &Principal,
    ) -> Result<HeldAssignments, Failure> {
        let _progress = Progress::start("listing what the principal holds …");
        Ok(self.graph.assignments().list(principal, self.deadline()).await?)
    }

    /// Looks up the object ID of the broker's identity, if it was named.
    pub(crate) async fn broker_identity(
        &self,
        name: Option<&str>,
    ) -> Result<Option<ObjectId>, Failure> {
        match name {
            Some(name) => Ok(Some(self.principal(name).await?.object_id)),
            None => Ok(None),
        }
    }

    /// Reports an unknown name, with similar ones as a hint.
    async fn not_found(&self, what: &str, text: &str, is_name: bool) -> Failure {
        let failure = Failure::not_found(format!("this tenant has no {what} {text:?}"));
        if !is_name && what == API {
            return failure.hint("check the ID and the tenant that you are signed in to");
        }
        if !is_name {
            return failure.hint(
                "check the ID and the tenant that you are signed in to; a new identity can take \
                 minutes to appear",
            );
        }
        // A failure to find similar names must not hide the error itself.
        let similar = self
            .graph
            .service_principals()
            .similar_names(text, self.deadline())
            .await
            .unwrap_or_default();
        match similar.as_slice() {
            [] => failure.hint("use the display name in the directory, or an ID"),
            similar => failure.hint(did_you_mean(similar)),
        }
    }

    fn deadline(&self) -> Deadline {
        Deadline::after(self.timing.queue_message)
    }
}

fn ambiguous(text: &str, candidates: &[Principal]) -> Failure {
    let ids = candidates.iter().map(|candidate| match &candidate.resource_id {
        Some(resource) => format!("{} ({resource})", candidate.object_id),
        None => match candidate.client_id {
            Some(id) => format!("{} (app ID {id})", candidate.object_id),
            None => format!("{} (no app ID)", candidate.object_id),
        },
    });
    let count = candidates.len();
    Failure::not_found(format!("{text:?} is the name of {count} service principals"))
        .code("ambiguous")
        .hint(format!("use one of these IDs: {}", ids.collect::<Vec<_>>().join(", ")))
}
