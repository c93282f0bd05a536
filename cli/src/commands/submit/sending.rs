//! Sending requests, and waiting for what came of them.

use std::time::Duration;

use azure_rest::retry::Deadline;
use futures_util::{StreamExt as _, stream};

use super::{
    arguments::{Sending, Via},
    asked::Asked,
    by_http::ByHttp,
    by_queue::ByQueue,
    log::Log,
};
use crate::{
    broker_api, cloud::Cloud, failure::Failure, interruption::Interruption, options::GlobalOptions,
    output::Screen,
};

/// The number of calls at the same time. The broker serves requests for one principal together.
const SIDE_BY_SIDE: usize = 4;

/// The time that a call has after the timeout, because it may have just begun. It is shorter than that of
/// [`crate::time_limit`], so that this command reports the outcome.
const GRACE: Duration = Duration::from_secs(5);

/// How long requests are retried and waited for without `--timeout`.
const TIMEOUT: Duration = Duration::from_secs(10 * 60);

/// The time of the whole command.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limit {
    timeout: Duration,
    deadline: Deadline,
}

impl Limit {
    /// The time begins now.
    pub(super) fn begin(global: &GlobalOptions) -> Self {
        let timeout = global.timeout.unwrap_or(TIMEOUT);
        Self { timeout, deadline: Deadline::after(timeout) }
    }
}

/// The way of requests, ready to send.
pub(super) struct Sender {
    way: Way,
    waits: bool,
    limit: Limit,
}

enum Way {
    Http(Box<ByHttp>),
    Queue(ByQueue),
}

/// How the sending and the waiting ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ended {
    /// With everything that was asked for.
    Complete,
    /// With the timeout.
    TimedOut,
    /// With an interruption by the operator.
    Interrupted,
}

impl Sender {
    /// Prepares what the options say. Nothing is sent yet.
    pub(super) fn open(
        global: &GlobalOptions,
        sending: &Sending,
        limit: Limit,
    ) -> Result<Self, Failure> {
        let cloud = Cloud::read(global)?;
        let knows_broker = sending.broker.address.url().is_some();
        if !knows_broker && sending.via.is_none() && !sending.queue.account.is_named() {
            return Err(nowhere());
        }
        let via = match sending.via {
            Some(via) => via,
            None if !knows_broker && sending.queue.account.is_named() => Via::Queue,
            None => Via::Http,
        };
        let way = match via {
            Via::Http => Way::Http(Box::new(ByHttp::open(global, &cloud, sending)?)),
            Via::Queue => Way::Queue(ByQueue::open(global, &cloud, sending)?),
        };
        Ok(Self { way, waits: sending.wait, limit })
    }

    /// Whether the final results are waited for. An HTTP call always waits for a first one.
    pub(super) fn waits(&self) -> bool {
        self.waits
    }

    /// The time after which waiting ends.
    pub(super) fn timeout(&self) -> Duration {
        self.limit.timeout
    }

    /// The name of the request queue, if that is the way.
    pub(super) fn queue(&self) -> Option<&str> {
        match &self.way {
            Way::Http(_) => None,
            Way::Queue(way) => Some(way.queue()),
        }
    }

    /// Says where requests go, and where their results come from.
    pub(super) fn route(&self) -> String {
        match &self.way {
            Way::Http(way) => format!("over HTTP to {}", way.address()),
            Way::Queue(way) => {
                let results = way.results().map(|name| format!(", with results in {name}"));
                format!("to the queue {}{}", way.queue(), results.unwrap_or_default())
            }
        }
    }

    /// Sends the requests, and waits as long as the options say. With `lines`, each answer is told in a line.
    pub(super) async fn send(
        &self,
        screen: Screen,
        all: &[Asked],
        lines: bool,
    ) -> Result<Ended, Failure> {
        let deadline = self.limit.deadline;
        let mut interruption = Interruption::listen();
        let log = Log::start(screen, (all.len(), self.waits), lines);
        let work = async {
            match &self.way {
                Way::Http(way) => by_http(way, all, self.waits, (deadline, &log)).await,
                Way::Queue(way) => {
                    way.check().await?;
                    way.send(all).await;
                    way.wait(all, &log).await;
                }
            }
            Ok::<_, Failure>(())
        };
        // Calls over HTTP end before the deadline, unless the last one hangs.
        let last = match &self.way {
            Way::Http(_) => deadline.moment() + GRACE,
            Way::Queue(_) => deadline.moment(),
        };
        Ok(tokio::select! {
            biased;
            outcome = work => {
                outcome?;
                let waits = self.waits && all.iter().any(|asked| asked.approval().is_some());
                if waits { Ended::TimedOut } else { Ended::Complete }
            }
            () = tokio::time::sleep_until(last) => Ended::TimedOut,
            () = interruption.comes() => Ended::Interrupted,
        })
    }
}

/// Reports that neither way is known.
fn nowhere() -> Failure {
    Failure::usage("the URL of the broker is missing: pass --broker").hint(format!(
        "{}; to send by queue, name the account of the request queues with --requests",
        broker_api::EXAMPLE
    ))
}

/// Sends all requests, and only then asks about those that wait for approval, so that no request waits for
/// the approvers of another one.
async fn by_http(way: &ByHttp, all: &[Asked], waits: bool, (deadline, log): (Deadline, &Log)) {
    let sent = stream::iter(all).for_each_concurrent(SIDE_BY_SIDE, |asked| async {
        way.ask(asked, deadline, log).await;
        match asked.approval() {
            Some(_) if waits => log.pending(asked),
            _ => log.answered(asked),
        }
    });
    sent.await;
    let awaited = stream::iter(all).for_each_concurrent(None, |asked| async {
        if let (Some(approval), true) = (asked.approval(), waits) {
            way.wait(asked, approval, (deadline, log)).await;
            log.answered(asked);
        }
    });
    awaited.await;
}
