//! Giving the identity of a resource what the baseline says that it always holds.
//!
//! The order is by cost. What no rule covers costs nothing; what was looked at since the event
//! happened, nothing either; an identity that has everything, one read of Azure Resource Manager and
//! one list of Graph. Only for what is missing is the principal read and decided on, by what Graph says
//! of it.

use time::OffsetDateTime;

use super::{
    Broker, Context, Decision, apply::is_worth_another_delivery, give::given_before, holder::Holder,
};
use app_roles::{
    event::{Ignored, ResourceWritten},
    plan,
    policy::OwnIdentity,
};
use azure_rest::arm::ArmError;
use microsoft_graph::error::GraphError;

/// What came of an event about a resource.
#[derive(Debug)]
pub enum Settlement {
    /// It concerns nobody, or nobody any more.
    Ignored(Ignored),
    /// The identity has all that the baseline gives it. An answer for each API of which something was
    /// missing, now or at an earlier delivery of the same event.
    Applied(Vec<Decision>),
}

/// Why an identity does not have, or may not have, all that the baseline gives it.
#[derive(Debug)]
pub struct Unsettled {
    /// What was done, and what not.
    pub decisions: Vec<Decision>,
    /// What keeps it from being done, for operators.
    pub reason: String,
    /// Whether another delivery may do it.
    pub again: bool,
}

impl Unsettled {
    pub(super) fn for_now(reason: impl Into<String>) -> Self {
        Self { decisions: Vec::new(), reason: reason.into(), again: true }
    }

    /// The same, with what was done before.
    fn after(self, mut decisions: Vec<Decision>) -> Self {
        decisions.extend(self.decisions);
        Self { decisions, ..self }
    }

    pub(super) fn for_good(reason: impl Into<String>) -> Self {
        Self { again: false, ..Self::for_now(reason) }
    }
}

impl From<GraphError> for Unsettled {
    fn from(error: GraphError) -> Self {
        let again = is_worth_another_delivery(&error);
        Self { again, ..Self::for_now(error.into_failure().message) }
    }
}

/// Whatever keeps Azure Resource Manager from answering, an operator or time can mend it.
impl From<ArmError> for Unsettled {
    fn from(error: ArmError) -> Self {
        tracing::error!(event = "arm.failed", "{error}");
        Self::for_now(error.to_string())
    }
}

impl Broker {
    /// Gives the identity of a resource that was written what the baseline says.
    pub async fn apply_baseline(
        &self,
        context: Context<'_>,
        written: &ResourceWritten,
    ) -> Result<Settlement, Unsettled> {
        if !self.policy.baseline_concerns(&written.resource) {
            return Ok(Settlement::Ignored(Ignored::NoRule));
        }
        if self.is_paused() {
            let reason = "the broker was paused; its operators can replay the event";
            return Err(Unsettled::for_now(reason));
        }
        let memory = self.timing.settled;
        let turn = self.settled.turn(&written.resource, context.deadline, memory).await;
        let turn = turn.ok_or_else(|| {
            Unsettled::for_now("another event about the same resource was worked on for too long")
        })?;
        // What came back may have been done and not recorded.
        if context.is_first_delivery && turn.covers(written.time, memory) {
            return Ok(Settlement::Ignored(Ignored::Settled));
        }
        // From then on, what is held may have been given by an earlier delivery.
        let since = written.time.filter(|_| !context.is_first_delivery);
        // Who has waited for somebody else has waited for the identity too.
        let is_first_delivery = context.is_first_delivery && !turn.waited;
        let context = Context { is_first_delivery, ..context };
        let settlement = self.settle(context, written, since).await?;
        turn.settle(written.time);
        Ok(settlement)
    }

    async fn settle(
        &self,
        context: Context<'_>,
        written: &ResourceWritten,
        since: Option<OffsetDateTime>,
    ) -> Result<Settlement, Unsettled> {
        let own = self.own_identity(context.deadline).await?;
        let Some(holder) = self.holder(context, written, own).await? else {
            return Ok(Settlement::Ignored(Ignored::NoIdentity));
        };
        self.settle_holder(context, holder, own, since).await
    }

    /// Gives the holder what it lacks, if it may be given anything. What it was given since `since` is
    /// part of the answer.
    pub(super) async fn settle_holder(
        &self,
        context: Context<'_>,
        holder: Holder,
        own: OwnIdentity,
        since: Option<OffsetDateTime>,
    ) -> Result<Settlement, Unsettled> {
        if let Err(denial) = self.policy.check_principal(holder.principal(), own) {
            tracing::warn!(event = "baseline.denied", "{denial}");
            return Ok(Settlement::Ignored(Ignored::Guarded));
        }
        self.supply(context, holder, own, since).await.map(Settlement::Applied)
    }

    /// Gives the holder what it lacks.
    async fn supply(
        &self,
        context: Context<'_>,
        holder: Holder,
        own: OwnIdentity,
        since: Option<OffsetDateTime>,
    ) -> Result<Vec<Decision>, Unsettled> {
        let baseline = self.baseline(context, holder.principal(), own).await?;
        if baseline.roles.is_empty() {
            return Ok(Vec::new());
        }
        let (holder, held) = self.held_by(context, holder).await?;
        let before = given_before(&baseline, holder.principal(), &held, since);
        let missing = plan::missing(baseline.roles, held.iter().map(|one| (one.api, one.role)));
        if missing.is_empty() {
            return Ok(before);
        }
        let principal = self.known(context, holder).await?;
        match self.give(context, &principal, &baseline.apis, &missing, own).await {
            Ok(given) => Ok(before.into_iter().chain(given).collect()),
            Err(unsettled) => Err(unsettled.after(before)),
        }
    }
}
