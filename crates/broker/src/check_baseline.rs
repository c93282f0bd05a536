//! Giving an identity what the baseline says that it lacks, because the comparison of the whole tenant
//! has found it wanting.

use super::{Broker, Context, Settlement, Unsettled, holder::Holder};
use app_roles::{
    event::{BaselineCheckRequested, Ignored},
    names::PrincipalName,
};
use microsoft_graph::{Lookup, priority::Priority};

impl Broker {
    /// Compares an identity with the baseline, and gives it what is missing. Nobody waits for it, so it
    /// goes after what somebody asks for.
    ///
    /// What the check claims counts for nothing: the identity is who Graph says that it is, and gets what
    /// the baseline gives it.
    pub async fn check_baseline(
        &self,
        context: Context<'_>,
        check: BaselineCheckRequested,
    ) -> Result<Settlement, Unsettled> {
        if self.policy.baseline().is_empty() {
            return Ok(Settlement::Ignored(Ignored::NoRule));
        }
        if self.is_paused() {
            return Err(Unsettled::for_now("the broker was paused"));
        }
        let context = Context { priority: Priority::Low, ..context };
        let (principal, memory) = (check.principal, self.timing.settled);
        let turn = self.settled.turn_of_identity(principal, context.deadline, memory).await;
        let turn = turn.ok_or_else(|| {
            Unsettled::for_now("another check of the same identity was worked on for too long")
        })?;
        // What came back may have been done and not recorded.
        if context.is_first_delivery && turn.covers(check.time, memory) {
            return Ok(Settlement::Ignored(Ignored::Settled));
        }
        let since = check.time.filter(|_| !context.is_first_delivery);
        let own = self.own_identity(context.deadline).await?;
        let name = PrincipalName::ObjectId(principal);
        let settlement = match self.graph.service_principals().find(&name, context.deadline).await?
        {
            Lookup::Found(principal) => {
                self.settle_holder(context, Holder::Known(principal), own, since).await?
            }
            // It was listed, so it is not young: it is gone.
            Lookup::NotFound | Lookup::Ambiguous(_) => Settlement::Ignored(Ignored::NoIdentity),
        };
        turn.settle(check.time);
        Ok(settlement)
    }
}
