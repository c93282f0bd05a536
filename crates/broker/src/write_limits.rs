//! The limits on the writes that a rule lets each requester make within an hour.

use std::{collections::BTreeMap, sync::Arc};

use app_roles::{
    outcome::{Failure, RoleOutcome, Status},
    policy::WriteLimit,
};
use record::{
    record::Record,
    write_counts::{Demand, OverLimit, WriteCounts, WriteCountsError},
};

use crate::{
    ask::Ask,
    record_failure::{no_record, unavailable},
    work::{Done, End, PlannedChange},
};

/// The length of the ids of messages and approvals. A row of counts has room for 500 of them.
const GUID_LENGTH: usize = 36;

/// The message of a dry run if the counts cannot be read.
const NOT_READ: &str = "whether the rule's limit of writes allows it could not be read";

/// Counts the writes of rules with a limit. A write by another rule costs nothing here.
pub(crate) struct WriteLimits {
    counts: Option<WriteCounts>,
}

/// The counted writes of a request, by the limit of their rule.
pub(crate) struct Counted {
    /// The limit, the indices of the roles, and the number of writes.
    rules: Vec<(WriteLimit, Vec<usize>)>,
}

/// Why no write of a request may be sent.
pub(crate) enum Refusal {
    /// The limit of a rule does not allow all writes now.
    OverLimit(WriteLimit, OverLimit),
    /// The writes could not be counted.
    NotCounted(Failure),
}

impl WriteLimits {
    pub(crate) fn new(record: Option<&Arc<Record>>) -> Self {
        Self { counts: record.map(|record| WriteCounts::new(record.tables().clone())) }
    }

    /// Counts the writes of a request before they are sent: all or none. The counts are durable when this
    /// returns.
    pub(crate) async fn take(
        &self,
        ask: &Ask,
        changes: &[PlannedChange],
    ) -> Result<Counted, Refusal> {
        let limited = changes
            .iter()
            .filter_map(|change| Some((change.permit.write_limit()?.clone(), change.index)));
        let mut counted = Counted { rules: Vec::new() };
        for (limit, indices) in by_limit(limited) {
            match self.take_by_rule(ask, &limit, indices.len()).await {
                Ok(Ok(())) => counted.rules.push((limit, indices)),
                Ok(Err(over)) => {
                    self.give_back(ask, counted).await;
                    return Err(Refusal::OverLimit(limit, over));
                }
                Err(failure) => {
                    self.give_back(ask, counted).await;
                    return Err(Refusal::NotCounted(failure));
                }
            }
        }
        Ok(counted)
    }

    async fn take_by_rule(
        &self,
        ask: &Ask,
        limit: &WriteLimit,
        writes: usize,
    ) -> Result<Result<(), OverLimit>, Failure> {
        let counts = self.counts.as_ref().ok_or_else(no_record)?;
        let key = key(ask);
        let demand = demand(&key, writes, limit);
        let taken = counts.take(&ask.requester, limit, demand, ask.deadline).await;
        taken.map_err(|error| unavailable(&error))
    }

    /// Corrects the counts once it is known what was written. A write without a known outcome keeps its
    /// count, and the next delivery of the message does not count it again.
    pub(crate) async fn settle(&self, ask: &Ask, counted: Counted, done: &Done) {
        let Some(counts) = &self.counts else { return };
        let key = key(ask);
        for (limit, indices) in counted.rules {
            let roles = || indices.iter().filter_map(|index| done.roles.get(*index));
            if roles().any(|role| role.status == Status::Unknown) {
                continue;
            }
            let made = roles().filter(|role| role.is_change()).count();
            let demand = demand(&key, indices.len(), &limit);
            let made = (demand, u32::try_from(made).unwrap_or(u32::MAX));
            log(counts.settle(&ask.requester, &limit, made, ask.deadline).await);
        }
    }

    async fn give_back(&self, ask: &Ask, counted: Counted) {
        self.settle(ask, counted, &Done::nothing()).await;
    }

    /// What the limits would say about the roles of a dry run. `limits` are those of the rules that would
    /// apply.
    pub(crate) async fn preview(
        &self,
        ask: &Ask,
        limits: Vec<Option<WriteLimit>>,
        roles: &mut [RoleOutcome],
    ) {
        let would_write = |index: &usize| {
            let status = roles.get(*index).map(|role| role.status);
            matches!(status, Some(Status::WouldAssign | Status::WouldRevoke))
        };
        let limits = limits.into_iter().enumerate();
        let limited = limits.filter_map(|(index, limit)| Some((limit?, index)));
        let limited: Vec<_> = limited.filter(|(_, index)| would_write(index)).collect();
        for (limit, indices) in by_limit(limited.into_iter()) {
            let taken = match &self.counts {
                None => None,
                Some(counts) => {
                    let (key, deadline) = (key(ask), ask.deadline);
                    let demand = demand(&key, indices.len(), &limit);
                    let taken = counts.would_take(&ask.requester, &limit, demand, deadline).await;
                    taken.map_err(|error| unavailable(&error)).ok()
                }
            };
            for index in indices {
                let Some(role) = roles.get_mut(index) else { continue };
                match taken {
                    Some(Ok(())) => {}
                    Some(Err(over)) => *role = role.clone().rate_limited(&limit, over.not_before),
                    None => *role = role.clone().with_message(NOT_READ),
                }
            }
        }
    }
}

impl Refusal {
    /// Sets the outcome of each role that is not written. The request is denied, or tried again if its
    /// writes could not be counted. An approved request is also tried again if the limit may allow it
    /// later, so that it does not lose its approvals.
    pub(crate) fn refuse(self, ask: &Ask, changes: Vec<PlannedChange>, done: &mut Done) {
        match self {
            Self::NotCounted(failure) => {
                for PlannedChange { index, outcome, .. } in changes {
                    done.set(index, outcome.with_failure(failure.clone()), End::Obstacle);
                }
            }
            Self::OverLimit(limit, over) => {
                let waits = ask.approval.is_some() && over.not_before.is_some();
                let end = if waits { End::Obstacle } else { End::Complete };
                tracing::warn!(
                    event = "request.rate_limited",
                    requester = %ask.requester,
                    rule = limit.rule(),
                    "the rule's limit of writes in an hour does not allow the request now"
                );
                let of_rule = |change: &PlannedChange| change.permit.write_limit() == Some(&limit);
                for change in changes.into_iter().filter(of_rule) {
                    let outcome = change.outcome.rate_limited(&limit, over.not_before);
                    done.set(change.index, outcome, end);
                }
            }
        }
    }
}

/// The indices of the roles of each limit.
fn by_limit(
    limited: impl Iterator<Item = (WriteLimit, usize)>,
) -> BTreeMap<WriteLimit, Vec<usize>> {
    let mut rules: BTreeMap<WriteLimit, Vec<usize>> = BTreeMap::new();
    for (limit, index) in limited {
        rules.entry(limit).or_default().push(index);
    }
    rules
}

/// The key of a request, the same in every delivery: its approval, its message, or else the invocation.
fn key(ask: &Ask) -> String {
    let approval = ask.approval.as_ref().map(|approval| approval.id.to_string());
    let message = ask.message_id.as_ref().map(ToString::to_string);
    // A message id in another form could contain the separators of the row, or make the row too large.
    let is_plain = |id: &str| id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    let message = message.filter(|id| id.len() <= GUID_LENGTH && is_plain(id));
    approval.or(message).unwrap_or_else(|| ask.invocation_id.to_string())
}

fn demand<'a>(key: &'a str, writes: usize, limit: &WriteLimit) -> Demand<'a> {
    let writes = u32::try_from(writes).unwrap_or(u32::MAX);
    Demand { key, writes, limit: limit.per_hour() }
}

fn log(settled: Result<(), WriteCountsError>) {
    if let Err(error) = settled {
        tracing::warn!(
            event = "write_count.not_settled",
            "writes that were not made count for an hour: {error}"
        );
    }
}
