//! The broker: one method for each thing that it does. [`Broker::grant`] is the main one.

use std::sync::Arc;

#[cfg(feature = "operator")]
use app_roles::result::RequestResult;
use app_roles::{
    event::{BaselineCheckRequested, ResourceWritten},
    ids::Guid,
    names::{ApiName, PrincipalName},
    outcome::Failure,
    policy::Policy,
    request::Request,
};
use azure_rest::{retry::Deadline, tables::TableError};
use microsoft_graph::{
    Graph,
    error::{GraphError, missing_roles},
    priority::Priority,
};

#[cfg(feature = "operator")]
use crate::answer::Answer;
use crate::{
    approvals::{ApprovalParts, Approvals},
    ask::Ask,
    asked::Asked,
    assignment_ends::AssignmentEnds,
    baseline::Baseline,
    baseline_outcome::{Applied, BaselineOutcome},
    baseline_roles::BaselineRoles,
    change_events::ChangeEvents,
    confirmation::Confirmation,
    directory::Directory,
    due_end::DueEnds,
    end_assignments::{EndAssignments, EndsReport},
    ending_notices::EndingNotices,
    health::{Health, HealthChecks},
    mode::Mode,
    parts::Parts,
    reading::{Reader, Reading},
    reconcile::Reconciler,
    recorded::Recorded,
    recorder::Recorder,
    requests::Requests,
    resource_identities::ResourceIdentities,
    settle_intents::IntentSettler,
    stop::{Again, Stop, Unreadable},
    storage_checks::{StorageChecks, WatchedQueue},
    write_limits::WriteLimits,
    writer::Writer,
};

/// Grants and removes app roles, if the policy allows it.
pub struct Broker {
    policy: Arc<Policy>,
    mode: Mode,
    graph: Arc<Graph>,
    recorder: Arc<Recorder>,
    requests: Requests,
    reader: Reader,
    baseline: Baseline,
    reconciler: Reconciler,
    end_assignments: EndAssignments,
    settler: Arc<IntentSettler>,
    health: HealthChecks,
    approvals: Arc<Approvals>,
}

impl Broker {
    /// A broker made of these parts.
    #[must_use]
    pub fn new(parts: Parts) -> Self {
        let most_assignments = parts.most_assignments;
        let Parts { graph, arm, storage, record, outbox, policy, mode, log, .. } = parts;
        let (confirmation, timing) = (parts.confirmation, parts.timing);
        let (record, outbox) = (record.map(Arc::new), outbox.map(Arc::new));
        let (arm, policy) = (Arc::new(arm), Arc::new(policy));
        let storage = Arc::new(StorageChecks::new(storage, timing.clone()));
        let events = ChangeEvents::new(outbox.clone());
        let settler =
            IntentSettler::new(graph.clone(), record.clone(), events.clone(), timing.clone());
        let tables = record.as_ref().map(|record| record.tables().clone());
        let ends = Arc::new(AssignmentEnds::new(tables, timing.clone()));
        let recorder = Arc::new(Recorder::new(
            (policy.clone(), mode),
            (record.clone(), ends.clone(), events),
            log,
            timing.clone(),
        ));
        let directory = Arc::new(Directory::new(graph.clone(), timing.clone()));
        let limits = WriteLimits::new(record.as_ref());
        let writer =
            Writer::new(graph.clone(), directory.clone(), recorder.clone(), (ends.clone(), limits));
        let writer = Arc::new(writer);
        let identities =
            ResourceIdentities::new(graph.clone(), arm.clone(), directory.clone(), timing.clone());
        let confirmation = Arc::new(Confirmation::new(arm.clone(), confirmation, timing.clone()));
        let shared = ApprovalParts {
            policy: policy.clone(),
            mode,
            record,
            directory: directory.clone(),
            confirmation: confirmation.clone(),
            writer: writer.clone(),
            recorder: recorder.clone(),
            ends: ends.clone(),
            outbox,
            timing: timing.clone(),
        };
        let roles = Arc::new(BaselineRoles::new(policy.clone(), graph.clone()));
        let approvals = Arc::new(Approvals::new(shared.clone()));
        Self {
            reader: Reader::new(policy.clone(), directory.clone(), recorder.clone(), ends.clone()),
            baseline: Baseline::new(
                mode,
                roles.clone(),
                identities,
                (confirmation.clone(), writer.clone()),
            ),
            reconciler: Reconciler::new(roles, directory, most_assignments),
            end_assignments: end_assignments(graph.clone(), &shared),
            settler: Arc::new(settler),
            health: HealthChecks::new(graph.clone(), policy.clone(), storage, timing),
            requests: Requests::new(&shared, approvals.clone()),
            approvals,
            policy,
            mode,
            graph,
            recorder,
        }
    }

    /// Carries out a request, as far as the policy allows it, and records the decision.
    ///
    /// The error means that nothing is final yet: another delivery of the same message may finish it.
    pub async fn grant(
        &self,
        ask: &Ask,
        decoded: Result<&Request, &Unreadable>,
    ) -> Result<Recorded, Again> {
        self.requests.grant(ask, decoded).await
    }

    /// The answer to a request if it is a dry run. Nothing is recorded.
    #[cfg(feature = "operator")]
    pub async fn rehearse(&self, ask: &Ask, request: &Request) -> Answer {
        self.requests.rehearse(ask, request).await
    }

    /// The result for an answer that is not recorded: that of [`Broker::rehearse`], or of changes that an
    /// operator made with their own permissions.
    #[cfg(feature = "operator")]
    #[must_use]
    pub fn unrecorded_result(&self, ask: &Ask, request: &Request, answer: Answer) -> RequestResult {
        self.recorder.result(ask, Asked::Request(request), answer)
    }

    /// Looks up what a principal holds on an API, as far as the policy shows it to the requester. The
    /// error means that the broker is paused.
    pub async fn read(
        &self,
        ask: &Ask,
        principal: &PrincipalName,
        api: &ApiName,
    ) -> Result<Reading, Again> {
        if let Err(Stop::Again(paused)) = self.mode.check() {
            return Err(paused);
        }
        Ok(self.reader.read(ask, principal, api).await)
    }

    /// Applies the baseline to the identity of a resource that was created or changed.
    pub async fn apply_baseline(
        &self,
        ask: &Ask,
        written: &ResourceWritten,
    ) -> Result<BaselineOutcome, Again> {
        let outcome = self.baseline.apply(ask, written).await;
        self.record_baseline(ask, outcome).await
    }

    /// Applies the baseline to an identity that [`Broker::reconcile`] found. Its writes have a low priority,
    /// because no requester waits for them.
    pub async fn check_baseline(
        &self,
        ask: &Ask,
        check: &BaselineCheckRequested,
    ) -> Result<BaselineOutcome, Again> {
        let ask = Ask { priority: Priority::Low, ..ask.clone() };
        let outcome = self.baseline.check(&ask, check).await;
        self.record_baseline(&ask, outcome).await
    }

    async fn record_baseline(
        &self,
        ask: &Ask,
        outcome: Result<Applied, Stop>,
    ) -> Result<BaselineOutcome, Again> {
        let answers = match outcome {
            Ok(Applied::Ignored(reason)) => return Ok(BaselineOutcome::Ignored(reason)),
            Ok(Applied::Answers(answers)) => Ok(answers),
            Err(stop) => Err(stop),
        };
        self.recorder.record(ask, Asked::Baseline, answers).await.map(BaselineOutcome::Applied)
    }

    /// Compares the tenant with the baseline: returns a check for each identity that lacks something.
    /// Nothing is written. The error means that nothing is planned.
    pub async fn reconcile(
        &self,
        deadline: Deadline,
    ) -> Result<Vec<BaselineCheckRequested>, GraphError> {
        if self.mode.check().is_err() {
            // Nothing is lost: the next run finds what this one would have found.
            tracing::warn!(event = "broker.paused", "BROKER_MODE is paused: nothing is compared");
            return Ok(Vec::new());
        }
        self.reconciler.run(deadline).await
    }

    /// Removes the assignments whose end has come. What could not be removed is left to the next run. The
    /// error says why nothing could be read.
    pub async fn end_assignments(&self, ask: &Ask) -> Result<EndsReport, String> {
        self.end_assignments.run(ask).await
    }

    /// Finds out and records what became of writes whose outcome was not recorded. It writes nothing to
    /// Microsoft Graph, so it works in every mode. The error means that no intent could be read.
    pub async fn settle_intents(&self, deadline: Deadline) -> Result<(), TableError> {
        self.settler.run(deadline).await
    }

    /// Checks whether the broker can work now. `queues` are the queues of its functions.
    pub async fn health(&self, queues: &[WatchedQueue]) -> Health {
        self.health.run(queues).await
    }

    /// Starts no write to Microsoft Graph from now on, because the process ends. Writes in progress are
    /// finished. What was not written is left to another delivery.
    pub fn stop_writes(&self) {
        self.graph.assignments().stop_writes();
    }

    /// Requests that wait for approval.
    #[must_use]
    pub fn approvals(&self) -> &Approvals {
        &self.approvals
    }

    /// The policy in force.
    #[must_use]
    pub fn policy(&self) -> &Policy {
        &self.policy
    }

    /// The tenant of the broker, from its own token; `None` if the token does not say.
    pub async fn own_tenant(&self, deadline: Deadline) -> Result<Option<Guid>, Failure> {
        match self.graph.sign_in(deadline).await {
            Ok(token) => Ok(token.claims().tenant_id),
            Err(error) => {
                tracing::error!(event = "sign_in.failed", "{error}");
                Err(error.into_failure())
            }
        }
    }

    /// Signs in and logs the broker's identity, so that an operator sees after a start whether the
    /// broker can work.
    pub async fn report_sign_in(&self, deadline: Deadline) {
        let token = match self.graph.sign_in(deadline).await {
            Ok(token) => token,
            Err(error) => return tracing::error!(event = "sign_in.failed", "{error}"),
        };
        let claims = token.claims();
        tracing::info!(
            event = "sign_in.done",
            object_id = claims.object_id.map(tracing::field::display),
            client_id = claims.client_id.map(tracing::field::display),
            tenant_id = claims.tenant_id.map(tracing::field::display),
            expires_on = %token.expires_on(),
            "signed in with the managed identity"
        );
        let missing = missing_roles(claims);
        if !missing.is_empty() {
            tracing::error!(
                event = "sign_in.roles_missing",
                "the broker cannot assign roles yet{missing}"
            );
        }
    }
}

/// What ends assignments, and tells of it before.
fn end_assignments(graph: Arc<Graph>, shared: &ApprovalParts) -> EndAssignments {
    let ApprovalParts { mode, directory, recorder, ends, outbox, timing, .. } = shared;
    let due = DueEnds::new(graph, directory.clone(), recorder.clone(), ends.clone());
    let notices = EndingNotices::new(outbox.clone(), ends.clone(), timing.clone());
    EndAssignments::new(*mode, ends.clone(), Arc::new(due), Arc::new(notices))
}
