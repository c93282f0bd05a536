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
    request::{Action, Request},
};
use azure_rest::{arm::Arm, retry::Deadline, storage::Storage};
use microsoft_graph::{
    Graph,
    error::{GraphError, missing_roles},
    priority::Priority,
};
use time::OffsetDateTime;

use crate::{
    answer::Answer,
    ask::{Ask, IfFailed},
    baseline::Baseline,
    baseline_outcome::{Applied, BaselineOutcome},
    baseline_roles::BaselineRoles,
    confirmation::{ArmConfirmation, Confirmation},
    decide::decide,
    directory::{Directory, Target},
    health::{Health, HealthChecks},
    in_effect::InEffect,
    log_output::LogOutput,
    mode::Mode,
    reading::{Reader, Reading},
    reconcile::Reconciler,
    recorded::Recorded,
    recorder::{Asked, Recorder},
    resource_identities::ResourceIdentities,
    stop::{Again, Stop, Unreadable},
    storage_checks::{StorageChecks, WatchedQueue},
    timing::Timing,
    writer::{End, Writer, dry_run},
};

/// Grants and removes app roles, if the policy allows it.
pub struct Broker {
    policy: Arc<Policy>,
    mode: Mode,
    graph: Arc<Graph>,
    directory: Arc<Directory>,
    confirmation: Arc<Confirmation>,
    writer: Arc<Writer>,
    recorder: Arc<Recorder>,
    reader: Reader,
    baseline: Baseline,
    reconciler: Reconciler,
    health: HealthChecks,
}

/// What a broker works with.
pub struct Parts {
    /// Microsoft Graph, with the broker's identity.
    pub graph: Arc<Graph>,
    /// Azure Resource Manager, with the broker's identity.
    pub arm: Arm,
    /// Azure Storage, to check the audit table and the queues. Without it, they are not checked.
    pub storage: Option<Storage>,
    /// The policy in force.
    pub policy: Policy,
    /// What to do with decisions.
    pub mode: Mode,
    /// Whether log lines reach their reader.
    pub log: LogOutput,
    /// Which writes Azure Resource Manager must confirm.
    pub confirmation: ArmConfirmation,
    /// How long to work, wait and remember.
    pub timing: Timing,
}

impl Broker {
    /// A broker made of these parts.
    #[must_use]
    pub fn new(parts: Parts) -> Self {
        let Parts { graph, arm, storage, policy, mode, log, confirmation, timing } = parts;
        let arm = Arc::new(arm);
        let policy = Arc::new(policy);
        let storage = Arc::new(StorageChecks::new(storage, timing.clone()));
        let recorder = Arc::new(Recorder::new(policy.clone(), mode, storage.clone(), log));
        let directory = Arc::new(Directory::new(graph.clone(), timing.clone()));
        let writer = Arc::new(Writer::new(graph.clone(), directory.clone(), recorder.clone()));
        let identities =
            ResourceIdentities::new(graph.clone(), arm.clone(), directory.clone(), timing.clone());
        let confirmation = Arc::new(Confirmation::new(arm.clone(), confirmation, timing.clone()));
        let roles = Arc::new(BaselineRoles::new(policy.clone(), graph.clone()));
        Self {
            reader: Reader::new(policy.clone(), directory.clone(), recorder.clone()),
            baseline: Baseline::new(
                mode,
                roles.clone(),
                identities,
                (confirmation.clone(), writer.clone()),
            ),
            reconciler: Reconciler::new(roles, directory.clone()),
            health: HealthChecks::new(graph.clone(), policy.clone(), storage, timing),
            policy,
            mode,
            graph,
            directory,
            confirmation,
            writer,
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
        let outcome = self.decide_and_write(ask, decoded).await;
        let asked = decoded.map_or_else(Asked::of_unreadable, Asked::Request);
        self.recorder.record(ask, asked, outcome.map(|answer| vec![answer]))
    }

    /// From the second delivery on, what is in effect is read first, so that the answer cannot
    /// contradict it.
    async fn decide_and_write(
        &self,
        ask: &Ask,
        decoded: Result<&Request, &Unreadable>,
    ) -> Result<Answer, Stop> {
        // Before the last delivery, a paused broker reads nothing.
        if ask.delivery.if_failed != IfFailed::GivenUp {
            self.mode.check()?;
        }
        let request = decoded.map_err(Stop::unreadable)?;
        let request_id = request.request_id.as_ref().map(tracing::field::display);
        tracing::debug!(event = "request.received", request_id, "working on a request");
        if !ask.is_redelivery() {
            return self.work_on(ask, request, None).await;
        }
        let in_effect = InEffect::read(&self.directory, ask, request).await?;
        let target = in_effect.as_ref().map(|in_effect| in_effect.target.clone());
        let outcome = self.work_on(ask, request, target).await;
        InEffect::correct(in_effect, request, outcome)
    }

    /// Everything is looked up and decided before the first write. `target` is what the request means,
    /// if that was looked up already.
    async fn work_on(
        &self,
        ask: &Ask,
        request: &Request,
        target: Option<Target>,
    ) -> Result<Answer, Stop> {
        self.mode.check()?;
        let now = OffsetDateTime::now_utc();
        request.check_age(ask.sent, now).map_err(|expired| Stop::expired(&expired))?;
        // The first gate: a requester that no rule names learns nothing about the tenant.
        self.policy.admit(&ask.requester, request).map_err(|denial| Stop::denied(&denial))?;
        let mut target = match target {
            Some(target) => target,
            None => self.directory.resolve(ask, request).await?,
        };
        // The second gate, on what Microsoft Graph says.
        let permitted = decide(&self.policy, ask, request, &target)?;
        let is_dry_run = self.mode.is_dry_run(request);
        if is_dry_run || request.action == Action::Revoke {
            target.held = self.directory.held(&target, ask.deadline).await?;
        }
        if is_dry_run {
            return Ok(dry_run(&target, permitted));
        }
        // Where the identity lies is proven, if a rule for a scope permits the write.
        let permitted = self.confirmation.confirm(ask, &target, permitted).await?;
        let (roles, end) = self.writer.write(ask, &target, permitted).await;
        let answer = target.answer(roles);
        if end == End::Complete { Ok(answer) } else { Err(Stop::Again(Again::after(vec![answer]))) }
    }

    /// The answer to a request if it is a dry run. Nothing is recorded.
    #[cfg(feature = "operator")]
    pub async fn rehearse(&self, ask: &Ask, request: &Request) -> Answer {
        let request = Request { dry_run: true, ..request.clone() };
        let answer = match self.decide_and_write(ask, Ok(&request)).await {
            Ok(answer) | Err(Stop::Final(answer)) => answer,
            Err(Stop::Again(again) | Stop::GiveUp(again)) => {
                again.answers.into_iter().next().unwrap_or_default()
            }
        };
        answer.for_each_role_of(&request)
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
        self.record_baseline(ask, outcome)
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
        self.record_baseline(&ask, outcome)
    }

    fn record_baseline(
        &self,
        ask: &Ask,
        outcome: Result<Applied, Stop>,
    ) -> Result<BaselineOutcome, Again> {
        let answers = match outcome {
            Ok(Applied::Ignored(reason)) => return Ok(BaselineOutcome::Ignored(reason)),
            Ok(Applied::Answers(answers)) => Ok(answers),
            Err(stop) => Err(stop),
        };
        self.recorder.record(ask, Asked::Baseline, answers).map(BaselineOutcome::Applied)
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

    /// Checks whether the broker can work now. `queues` are the queues of its functions.
    pub async fn health(&self, queues: &[WatchedQueue]) -> Health {
        self.health.run(queues).await
    }

    /// Starts no write to Microsoft Graph from now on, because the process ends. Writes in progress are
    /// finished. What was not written is left to another delivery.
    pub fn stop_writes(&self) {
        self.graph.assignments().stop_writes();
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
