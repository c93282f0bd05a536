//! Requests by queue. The sender needs no right but to send to the queue and, to wait, to take results.

use std::time::Duration;

use super::{
    arguments::Sending,
    asked::{Asked, State},
    log::Log,
    results_queue::{Awaited, ResultsQueue},
};
use crate::{
    cloud::Cloud,
    exit::Exit,
    failure::Failure,
    options::GlobalOptions,
    storage::{Permissions, Queue, QueueError},
};

/// The wait between two looks into the queue of results. The broker's host looks for requests every 5
/// seconds at least.
const POLL: Duration = Duration::from_secs(2);

/// The same, if a look receives every message of a long queue.
const POLL_LONG_QUEUE: Duration = Duration::from_secs(15);

/// The way by queue.
pub(super) struct ByQueue {
    queue: String,
    requests: Queue,
    results: Option<Results>,
    polls: [Duration; 2],
}

struct Results {
    name: String,
    queue: ResultsQueue,
}

impl ByQueue {
    /// Opens the queues. Nothing is sent yet.
    pub(super) fn open(
        global: &GlobalOptions,
        cloud: &Cloud,
        sending: &Sending,
    ) -> Result<Self, Failure> {
        let options = &sending.queue;
        let queue = |name: &str, permissions| {
            let queue = options.account.open(global, permissions)?.queue(name);
            queue.map_err(|error| Failure::failed(error.to_string()))
        };
        let requests = queue(&options.queue, Permissions::Send)?;
        let results = if sending.wait {
            let name = options.results().ok_or_else(|| {
                let sentence = format!("the results queue of {} is not known", options.queue);
                Failure::usage(sentence).hint("name it with --results")
            })?;
            let queue = ResultsQueue::new(queue(&name, Permissions::Process)?);
            Some(Results { name, queue })
        } else {
            None
        };
        let polls = [POLL, POLL_LONG_QUEUE].map(|poll| cloud.paced(poll));
        Ok(Self { queue: options.queue.clone(), requests, results, polls })
    }

    /// The name of the request queue.
    pub(super) fn queue(&self) -> &str {
        &self.queue
    }

    /// The name of the results queue, if results are waited for.
    pub(super) fn results(&self) -> Option<&str> {
        self.results.as_ref().map(|results| results.name.as_str())
    }

    /// Checks that results can be taken, before anything is sent.
    pub(super) async fn check(&self) -> Result<(), Failure> {
        let Some(Results { name, queue }) = &self.results else { return Ok(()) };
        queue.check().await.map_err(|error| {
            let role = "Storage Queue Data Message Processor";
            of_queue(&error, &format!("the results queue {name} cannot be read"), role)
        })
    }

    /// Sends the requests. After one that cannot be sent, the others are not tried. One whose answer is lost
    /// is not sent again, because a second message would ask the approvers again.
    pub(super) async fn send(&self, all: &[Asked]) {
        for asked in all {
            asked.set(State::Called);
            match self.requests.send(&asked.written.json().to_string()).await {
                Ok(id) => asked.set(State::Queued(id)),
                Err(QueueError::Lost(_, reason)) => {
                    let sentence =
                        format!("the queue {} may have the request: {reason}", self.queue);
                    asked.set(State::Lost(Failure::failed(sentence)));
                }
                Err(error) => {
                    let sentence = format!("the request was not sent to the queue {}", self.queue);
                    let role = "Storage Queue Data Message Sender";
                    return asked.set(State::Failed(of_queue(&error, &sentence, role)));
                }
            }
        }
    }

    /// Waits for the final results of all requests that were sent.
    pub(super) async fn wait(&self, all: &[Asked], log: &Log) {
        let Some(Results { name, queue }) = &self.results else { return };
        let mut awaited = Awaited::default();
        for asked in all {
            if let State::Queued(id) = &*asked.state() {
                awaited.message(id.clone());
            }
        }
        while !awaited.is_empty() {
            match queue.take(&awaited).await {
                Ok(results) => {
                    for result in results {
                        awaited.remove(&result);
                        let Some(asked) = all.iter().find(|asked| asked.is_about(&result)) else {
                            continue;
                        };
                        match (asked.take_result(result), asked.approval()) {
                            (false, Some(approval)) => {
                                awaited.approval(approval);
                                log.pending(asked);
                            }
                            _ => log.answered(asked),
                        }
                    }
                    let slow = if queue.is_long() { ", which holds many of others" } else { "" };
                    log.tell(&format!("waiting for results in the queue {name}{slow} …"));
                }
                Err(error) => log.tell(&format!("{error}; trying again …")),
            }
            if !awaited.is_empty() {
                let [poll, poll_long] = self.polls;
                tokio::time::sleep(if queue.is_long() { poll_long } else { poll }).await;
            }
        }
    }
}

fn of_queue(error: &QueueError, sentence: &str, role: &str) -> Failure {
    match error {
        QueueError::NotFound(queue) => Failure {
            exit: Exit::NotFound,
            ..Failure::failed(format!("{sentence}: it does not exist"))
        }
        .hint(format!("check the name {queue}, and the account of --requests")),
        QueueError::Denied(_, reason) => Failure::failed(format!("{sentence}: {reason}"))
            .hint(format!("you need the Azure role {role} on the queue")),
        QueueError::Failed(_, reason) | QueueError::Lost(_, reason) => {
            Failure::failed(format!("{sentence}: {reason}"))
                .hint("check the account of --requests, and your sign-in")
        }
    }
}
