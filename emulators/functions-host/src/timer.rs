//! Functions that a timer starts (Azure `WebJobs` SDK extensions, `TimerListener`; "Timer trigger for
//! Azure Functions"). The time zone is UTC, as in Azure.
//!
//! This stand-in forgets what ran when it ends, so no run is ever past due.

mod cron;
mod schedule;

use std::{
    future::pending,
    sync::{Arc, Mutex, PoisonError},
};

pub(super) use schedule::Schedule;
use time::{OffsetDateTime, format_description::well_known::Rfc3339, macros::datetime};

use super::{
    binding::{Function, TimerTrigger},
    envelope::{self, SystemData, TimerInput},
    host::Host,
    invocation::{self, Invoked},
};

/// .NET's first of all times; it stands for a run that has not been.
const NEVER: OffsetDateTime = datetime!(0001-01-01 00:00:00 UTC);

/// What the host knows of a schedule, as of the end of a run.
#[derive(Clone, Copy, Debug)]
pub(super) struct ScheduleStatus {
    pub(super) last: OffsetDateTime,
    pub(super) next: OffsetDateTime,
    pub(super) last_updated: OffsetDateTime,
}

/// The status that is kept for a timer; there is none if nobody asked for it.
#[derive(Clone, Default)]
pub(super) struct ScheduleMonitor(Option<Arc<Mutex<Option<ScheduleStatus>>>>);

impl ScheduleMonitor {
    /// One that keeps a status if it is used, and none otherwise.
    pub(super) fn new(is_used: bool) -> Self {
        Self(is_used.then(Arc::default))
    }

    fn status(&self) -> Option<ScheduleStatus> {
        *self.0.as_ref()?.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn set(&self, status: ScheduleStatus) {
        if let Some(kept) = &self.0 {
            *kept.lock().unwrap_or_else(PoisonError::into_inner) = Some(status);
        }
    }
}

/// Fires until the host stops.
pub(super) async fn run(host: Arc<Host>, function: Arc<Function>, trigger: TimerTrigger) {
    tokio::select! {
        _ = host.until_stopping() => {}
        () = fire(&host, &function, &trigger) => {}
    }
}

/// Runs never overlap: the next one is due when the one before is over. Of those that were due
/// meanwhile only one is made up for, at once.
async fn fire(host: &Host, function: &Function, trigger: &TimerTrigger) {
    let mut last = OffsetDateTime::now_utc();
    let mut next = trigger.schedule.next_after(last);
    if let Some(next) = next {
        trigger.monitor.set(ScheduleStatus { last: NEVER, next, last_updated: NEVER });
    }
    let mut is_due_at_once = trigger.run_on_startup;
    loop {
        if !is_due_at_once {
            let Some(next) = next else { return pending().await };
            wait_until(next).await;
            last = OffsetDateTime::now_utc().max(next);
        }
        is_due_at_once = false;
        let invoked = invoke(host, function, trigger).await;
        host.record_without_message(function, invoked.id, invoked.outcome);
        next = trigger.schedule.next_after(last);
        if let Some(next) = next {
            trigger.monitor.set(ScheduleStatus { last, next, last_updated: last });
        }
    }
}

/// Calls the function now, whatever the schedule.
pub(super) async fn invoke(host: &Host, function: &Function, trigger: &TimerTrigger) -> Invoked {
    let now = OffsetDateTime::now_utc().format(&Rfc3339).unwrap_or_default();
    let input = TimerInput {
        binding: &trigger.name,
        adjusts_for_dst: trigger.schedule.adjusts_for_dst(),
        status: trigger.monitor.status(),
    };
    let body = |system: &SystemData| Ok(envelope::of_timer(&input, system));
    invocation::invoke(host, function, &format!("Timer fired at {now}"), body).await
}

async fn wait_until(moment: OffsetDateTime) {
    // What is over already is not waited for.
    let wait = (moment - OffsetDateTime::now_utc()).try_into().unwrap_or_default();
    tokio::time::sleep(wait).await;
}
