//! Every duration that the broker waits by, in one place.

use std::time::Duration;

/// How long the broker waits, for what.
///
/// The default is what runs in production. Tests scale it, so that they prove the same order of
/// events in less time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pace {
    /// Limit of making a connection. Graph and the identity endpoint connect in milliseconds; five
    /// seconds leave room for one lost SYN.
    pub connect: Duration,
    /// Limit of one call to Graph, body included. Graph's own gateway gives up after 60 s; a call
    /// that has not answered after 30 s is better asked again.
    pub call: Duration,
    /// What a write has for its answer at least, even if its deadline is nearer: an answer that nobody
    /// waits for is a doubt that somebody has to settle.
    pub write_answer: Duration,
    /// Limit of fetching a token. The endpoint is on the same machine.
    pub token: Duration,
    /// How long a token that replaced a refused one is not replaced again: the platform hands out what
    /// it has cached, so the next one would be the same.
    pub token_renewal: Duration,
    /// After a failed fetch of a token, how long callers are told so without another try.
    pub token_failure: Duration,
    /// First wait between two tries of a call; doubled each time.
    pub first_wait: Duration,
    /// Longest wait between two tries, unless the remote side asks for more.
    pub longest_wait: Duration,
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
    /// ("Event Grid message delivery and retry"), and a write that has begun has [`Pace::write_answer`]
    /// beyond this.
    pub pushed_event: Duration,
    /// How long comparing a whole tenant with the baseline may take. The host writes what was planned
    /// afterwards, and both must fit into the function timeout of host.json, ten minutes.
    pub reconcile: Duration,
    /// How long it is remembered that a resource was looked at. A deployment takes minutes.
    pub settled: Duration,
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
    /// How long a shutdown waits for invocations in flight.
    pub drain: Duration,
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(5),
            call: Duration::from_secs(30),
            write_answer: Duration::from_secs(5),
            token: Duration::from_secs(10),
            token_renewal: Duration::from_secs(60),
            token_failure: Duration::from_secs(3),
            first_wait: Duration::from_millis(500),
            longest_wait: Duration::from_secs(16),
            young_principal: Duration::from_secs(15),
            young_principal_poll: Duration::from_secs(2),
            redelivery_spread: Duration::from_secs(2),
            queue_message: Duration::from_secs(60),
            pushed_event: Duration::from_secs(20),
            reconcile: Duration::from_secs(7 * 60),
            settled: Duration::from_secs(10 * 60),
            replication: Duration::from_secs(5 * 60),
            health_memory: Duration::from_secs(30),
            health_check: Duration::from_secs(15),
            http_request: Duration::from_secs(20),
            drain: Duration::from_secs(10),
        }
    }
}

impl Pace {
    /// The same pace with the waits between tries, and the time that they have, multiplied by
    /// `factor`.
    ///
    /// Limits of single calls stay: they are about real sockets, which do not get faster.
    #[must_use]
    pub fn scaled(&self, factor: f64) -> Self {
        Self {
            token_renewal: self.token_renewal.mul_f64(factor),
            token_failure: self.token_failure.mul_f64(factor),
            first_wait: self.first_wait.mul_f64(factor),
            longest_wait: self.longest_wait.mul_f64(factor),
            young_principal: self.young_principal.mul_f64(factor),
            young_principal_poll: self.young_principal_poll.mul_f64(factor),
            redelivery_spread: self.redelivery_spread.mul_f64(factor),
            queue_message: self.queue_message.mul_f64(factor),
            pushed_event: self.pushed_event.mul_f64(factor),
            reconcile: self.reconcile.mul_f64(factor),
            settled: self.settled.mul_f64(factor),
            replication: self.replication.mul_f64(factor),
            health_memory: self.health_memory.mul_f64(factor),
            health_check: self.health_check.mul_f64(factor),
            http_request: self.http_request.mul_f64(factor),
            ..self.clone()
        }
    }
}
