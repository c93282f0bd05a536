//! All durations of the broker.

use std::time::Duration;

use azure_rest::timing::CallTiming;

/// The least time limit of a request in tests. A busy machine needs it for what takes milliseconds elsewhere.
const LEAST_LIMIT: Duration = Duration::from_secs(10);

/// Time limits, waits and cache lifetimes.
///
/// The default is for production. Tests scale it, so that events keep their order and take less time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Timing {
    /// The time limits of single calls, and the waits between their attempts.
    pub calls: CallTiming,
    /// How long a first delivery waits for a principal that Graph does not know, because it may be seconds
    /// old. Later deliveries do not wait: the time between deliveries is the wait.
    pub young_principal: Duration,
    /// The time between two look-ups during this wait.
    pub young_principal_poll: Duration,
    /// The longest random delay of a redelivery. Messages that failed together return together. If one of
    /// them ended the handler, it must not take the same messages with it each time.
    pub redelivery_spread: Duration,
    /// The time limit of a queue message in one delivery. It is far below the function timeout of
    /// host.json, which would end all other invocations, too.
    pub queue_message: Duration,
    /// The time limit of an event that Event Grid pushes. Event Grid waits 30 seconds for the answer
    /// ("Event Grid message delivery and retry"). A write in progress may take
    /// [`CallTiming::write_answer`] longer.
    pub pushed_event: Duration,
    /// The time limit of a comparison of the whole tenant with the baseline. After it, the host writes
    /// the planned checks. Both must fit into the function timeout of host.json, ten minutes.
    pub reconcile: Duration,
    /// How long a check of a resource is remembered. A deployment takes minutes.
    pub settled: Duration,
    /// How long a confirmation by Azure Resource Manager is remembered. A deployment requests several
    /// grants of one identity within a minute.
    pub confirmed: Duration,
    /// The largest age of an identity that Graph or Azure Resource Manager may not know yet. 2 to 5
    /// minutes have been reported.
    pub replication: Duration,
    /// The largest age of a change that may have given a resource a system-assigned identity, which Azure
    /// Resource Manager may not know yet. It is shorter than [`Timing::replication`], because most
    /// resources have no such identity, and each look at one costs a delivery.
    pub identity_enabled: Duration,
    /// How long the findings of Health are remembered. A monitor asks about once a minute.
    pub health_memory: Duration,
    /// How long a failed look at storage is remembered. It keeps grants from writing, so it must not
    /// outlast its cause; and while storage is down, a thousand grants must not look at it at once.
    pub storage_failure: Duration,
    /// How long an event is tried after one that could not be put into its queue. Grants and removals wait
    /// for their events, and a timer sends later what was not put.
    pub queue_away: Duration,
    /// The time limit of one of Health's checks, with its retries. Monitors wait for half a minute or
    /// longer.
    pub health_check: Duration,
    /// The time limit of an HTTP call. It is far below the 230 seconds of Azure's load balancer ("Azure
    /// Functions HTTP trigger", limits), and longer than the wait for a young principal.
    pub http_request: Duration,
    /// How long lists of Microsoft Graph may lack an assignment that exists, or show one that does not. Two
    /// minutes have been reported.
    pub list_lag: Duration,
    /// The time limit of a run that ends assignments. It is below the minute between two runs: an end that
    /// comes during a run waits for the next one. That one continues.
    pub end_assignments: Duration,
    /// How long a run waits before it tries again an end that another instance has begun. That instance
    /// needs seconds, unless it was killed.
    pub contested_end: Duration,
    /// How long an approver's denial waits before it looks again at a request that another invocation is
    /// carrying out. That takes seconds.
    pub contested_approval: Duration,
    /// The time limit of a run that finishes approvals. It is below the function timeout of host.json, and
    /// the next run continues.
    pub finish_approvals: Duration,
    /// How long before its end people are told of it: long enough to ask for more time.
    pub ending_notice: Duration,
    /// The time limit of these notices in one run. It is below the minute between two runs.
    pub ending_notices: Duration,
    /// How late an end is reported as an error.
    pub end_late: Duration,
    /// The age from which an intent is settled. It is far above every time limit of an invocation and above
    /// the lag of Microsoft Graph's lists, so that the write is over and can be seen.
    pub intent_age: Duration,
    /// The age from which an intent that cannot be settled is an error: `SettleIntents`, which runs every
    /// ten minutes, has tried twice.
    pub intent_late: Duration,
    /// The time limit of a run that settles intents. It is below the time between two runs.
    pub settle_all: Duration,
    /// The time limit for the intents of one principal.
    pub settle_one: Duration,
    /// How long a shutdown waits for invocations in progress. After it, they start no more writes.
    pub drain: Duration,
    /// How long a shutdown then waits for writes in progress. A container has 10 seconds or more after
    /// SIGTERM; together, the two stay below 15 seconds.
    pub drain_writes: Duration,
}

impl Default for Timing {
    fn default() -> Self {
        Self {
            calls: CallTiming::default(),
            young_principal: Duration::from_secs(15),
            young_principal_poll: Duration::from_secs(2),
            redelivery_spread: Duration::from_secs(2),
            queue_message: Duration::from_secs(60),
            pushed_event: Duration::from_secs(20),
            reconcile: Duration::from_secs(7 * 60),
            settled: Duration::from_secs(10 * 60),
            confirmed: Duration::from_secs(2 * 60),
            replication: Duration::from_secs(5 * 60),
            identity_enabled: Duration::from_secs(2 * 60),
            health_memory: Duration::from_secs(30),
            storage_failure: Duration::from_secs(3),
            queue_away: Duration::from_millis(500),
            health_check: Duration::from_secs(15),
            http_request: Duration::from_secs(20),
            list_lag: Duration::from_secs(5 * 60),
            end_assignments: Duration::from_secs(50),
            contested_end: Duration::from_secs(10),
            contested_approval: Duration::from_millis(500),
            finish_approvals: Duration::from_secs(4 * 60),
            ending_notice: Duration::from_secs(15 * 60),
            ending_notices: Duration::from_secs(30),
            end_late: Duration::from_secs(15 * 60),
            intent_age: Duration::from_secs(10 * 60),
            intent_late: Duration::from_secs(30 * 60),
            settle_all: Duration::from_secs(7 * 60),
            settle_one: Duration::from_secs(60),
            drain: Duration::from_secs(10),
            drain_writes: Duration::from_secs(4),
        }
    }
}

impl Timing {
    /// This timing with its waits and time limits multiplied by `factor`.
    ///
    /// Timeouts of single calls stay: real sockets do not get faster. Time limits of requests stay above
    /// ten seconds: a busy machine does not get faster either.
    #[must_use]
    pub fn scaled(&self, factor: f64) -> Self {
        let limit = |limit: Duration| limit.mul_f64(factor).max(limit.min(LEAST_LIMIT));
        Self {
            calls: self.calls.scaled(factor),
            young_principal: self.young_principal.mul_f64(factor),
            young_principal_poll: self.young_principal_poll.mul_f64(factor),
            redelivery_spread: self.redelivery_spread.mul_f64(factor),
            queue_message: limit(self.queue_message),
            pushed_event: limit(self.pushed_event),
            reconcile: self.reconcile.mul_f64(factor),
            settled: self.settled.mul_f64(factor),
            confirmed: self.confirmed.mul_f64(factor),
            replication: self.replication.mul_f64(factor),
            identity_enabled: self.identity_enabled.mul_f64(factor),
            health_memory: self.health_memory.mul_f64(factor),
            storage_failure: self.storage_failure.mul_f64(factor),
            health_check: limit(self.health_check),
            http_request: limit(self.http_request),
            list_lag: self.list_lag.mul_f64(factor),
            end_assignments: self.end_assignments.mul_f64(factor),
            contested_end: self.contested_end.mul_f64(factor),
            contested_approval: self.contested_approval.mul_f64(factor),
            finish_approvals: self.finish_approvals.mul_f64(factor),
            end_late: self.end_late.mul_f64(factor),
            intent_age: self.intent_age.mul_f64(factor),
            intent_late: self.intent_late.mul_f64(factor),
            settle_all: self.settle_all.mul_f64(factor),
            settle_one: self.settle_one.mul_f64(factor),
            ..self.clone()
        }
    }
}
