//! Every duration that the broker waits by, in one place.

use std::time::Duration;

use azure_rest::timing::CallTiming;

/// How long the broker works, waits and remembers.
///
/// The default is what runs in production. Tests scale it, so that they prove the same order of events in
/// less time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Timing {
    /// Limits of single calls, and the waits between their tries.
    pub calls: CallTiming,
    /// How long a first delivery waits for a principal that Graph does not know: it may be seconds old.
    /// Later deliveries do not wait, their spacing is the wait.
    pub young_principal: Duration,
    /// How often it looks meanwhile.
    pub young_principal_poll: Duration,
    /// Up to how long a second or later delivery waits, by chance, before it begins. Messages that
    /// failed together come back together: if one of them ended the handler, it must not take the
    /// same ones with it each time.
    pub redelivery_spread: Duration,
    /// How long one queue message may be worked on before it is handed back to its queue. Far below
    /// the function timeout of host.json, whose end would kill every other invocation too.
    pub queue_message: Duration,
    /// How long an event that Event Grid pushes may be worked on. Event Grid waits 30 s for the answer
    /// ("Event Grid message delivery and retry"), and a write that has begun has [`azure_rest::timing::CallTiming::write_answer`]
    /// beyond this.
    pub pushed_event: Duration,
    /// How long comparing a whole tenant with the baseline may take. The host writes what was planned
    /// afterwards, and both must fit into the function timeout of host.json, ten minutes.
    pub reconcile: Duration,
    /// How long it is remembered that a resource was looked at. A deployment takes minutes.
    pub settled: Duration,
    /// How long a confirmation by Azure Resource Manager is remembered. A deployment asks for several
    /// grants of one identity within a minute.
    pub confirmed: Duration,
    /// How old an identity is at most that Graph does not know yet; 2 to 5 minutes have been reported.
    pub replication: Duration,
    /// How long what Health found is believed. A monitor asks every minute or so, and whatever is asked
    /// about is asked in vain while it fails.
    pub health_memory: Duration,
    /// Limit of one of Health's checks, several tries included. Monitors wait for half a minute at least.
    pub health_check: Duration,
    /// How long a caller over HTTP waits for an answer. Far below the 230 s after which Azure's load
    /// balancer hangs up ("Azure Functions HTTP trigger", limits), and longer than a young principal is
    /// waited for.
    pub http_request: Duration,
    /// How long after the deadline the outcome of an unanswered write is read. Lists of Microsoft Graph lag
    /// for up to two minutes.
    pub settle_unknown: Duration,
    /// How long a shutdown waits for invocations in flight.
    pub drain: Duration,
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
            health_memory: Duration::from_secs(30),
            health_check: Duration::from_secs(15),
            http_request: Duration::from_secs(20),
            settle_unknown: Duration::from_secs(150),
            drain: Duration::from_secs(10),
        }
    }
}

impl Timing {
    /// The same timing with the waits, and the time that work has, multiplied by `factor`.
    ///
    /// Limits of single calls stay: they are about real sockets, which do not get faster.
    #[must_use]
    pub fn scaled(&self, factor: f64) -> Self {
        Self {
            calls: self.calls.scaled(factor),
            young_principal: self.young_principal.mul_f64(factor),
            young_principal_poll: self.young_principal_poll.mul_f64(factor),
            redelivery_spread: self.redelivery_spread.mul_f64(factor),
            queue_message: self.queue_message.mul_f64(factor),
            pushed_event: self.pushed_event.mul_f64(factor),
            reconcile: self.reconcile.mul_f64(factor),
            settled: self.settled.mul_f64(factor),
            confirmed: self.confirmed.mul_f64(factor),
            replication: self.replication.mul_f64(factor),
            health_memory: self.health_memory.mul_f64(factor),
            health_check: self.health_check.mul_f64(factor),
            http_request: self.http_request.mul_f64(factor),
            settle_unknown: self.settle_unknown.mul_f64(factor),
            ..self.clone()
        }
    }
}
