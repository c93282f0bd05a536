//! The listener of a timer trigger (Azure `WebJobs` SDK extensions, `TimerListener`; "Timer trigger for
//! Azure Functions"). The time zone is UTC, as in Azure.
//!
//! The status of a schedule ends with this emulator, so no run is ever past due.

use std::{future::pending, sync::Arc};

use time::{OffsetDateTime, format_description::well_known::Rfc3339};

use crate::{
    binding::{Function, TimerTrigger},
    envelope::{self, SystemData, TimerInput},
    host::Host,
    invocation::{self, Invoked},
    schedule_monitor::{NEVER, ScheduleStatus},
};

/// Fires until the host stops.
pub(crate) async fn run(host: Arc<Host>, function: Arc<Function>, trigger: TimerTrigger) {
    tokio::select! {
        _ = host.until_stopping() => {}
        () = fire(&host, &function, &trigger) => {}
    }
}

/// Runs never overlap: a run that is due during another one starts when that one ends. Of several that
/// are due, only one runs.
async fn fire(host: &Host, function: &Function, trigger: &TimerTrigger) {
    let mut last = OffsetDateTime::now_utc();
    let mut next = trigger.schedule.next_after(last);
    if let Some(next) = next {
        trigger.monitor.set(ScheduleStatus { last: NEVER, next, last_updated: last });
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

/// Calls the function now.
pub(crate) async fn invoke(host: &Host, function: &Function, trigger: &TimerTrigger) -> Invoked {
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
    // A time in the past gives no wait.
    let wait = (moment - OffsetDateTime::now_utc()).try_into().unwrap_or_default();
    tokio::time::sleep(wait).await;
}
