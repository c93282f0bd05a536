//! The listener of a timer trigger (Azure `WebJobs` SDK extensions, `TimerListener`; "Timer trigger for
//! Azure Functions"). The time zone is UTC, as in Azure.
//!
//! The status of a schedule ends with this emulator, so no run is ever past due.

use std::{
    future::pending,
    sync::{Arc, PoisonError},
};

use time::{OffsetDateTime, format_description::well_known::Rfc3339, macros::datetime};

use crate::{
    binding::{Function, TimerTrigger},
    envelope::{self, ScheduleStatus, SystemData, TimerInput},
    host::Host,
    invocation::{self, Invoked},
};

/// .NET's earliest date, which stands for a run that has not happened.
const NEVER: OffsetDateTime = datetime!(0001-01-01 00:00:00 UTC);

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
    let (mut last, mut updated) = (NEVER, OffsetDateTime::now_utc());
    loop {
        let Some(next) = trigger.schedule.next_after(updated) else { return pending().await };
        set_status(trigger, ScheduleStatus { last, next, last_updated: updated });
        wait_until(next).await;
        last = OffsetDateTime::now_utc().max(next);
        updated = last;
        let invoked = invoke(host, function, trigger).await;
        host.record_without_message(function, invoked.id, invoked.outcome);
    }
}

/// A panic elsewhere leaves the status consistent.
fn set_status(trigger: &TimerTrigger, status: ScheduleStatus) {
    *trigger.status.lock().unwrap_or_else(PoisonError::into_inner) = Some(status);
}

/// Calls the function now.
pub(crate) async fn invoke(host: &Host, function: &Function, trigger: &TimerTrigger) -> Invoked {
    let now = OffsetDateTime::now_utc().format(&Rfc3339).unwrap_or_default();
    let status = *trigger.status.lock().unwrap_or_else(PoisonError::into_inner);
    let input = TimerInput { binding: &trigger.name, status };
    let body = |system: &SystemData| Ok(envelope::of_timer(&input, system));
    invocation::invoke(host, function, &format!("Timer fired at {now}"), body).await
}

async fn wait_until(moment: OffsetDateTime) {
    // A time in the past gives no wait.
    let wait = (moment - OffsetDateTime::now_utc()).try_into().unwrap_or_default();
    tokio::time::sleep(wait).await;
}
