//! The status of a timer's schedule, which the host keeps for the handler.

use std::sync::{Arc, Mutex, PoisonError};

use time::{OffsetDateTime, macros::datetime};

/// .NET's earliest date, which stands for a run that has not happened.
pub(crate) const NEVER: OffsetDateTime = datetime!(0001-01-01 00:00:00 UTC);

/// The status of a schedule at the end of a run.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ScheduleStatus {
    pub(crate) last: OffsetDateTime,
    pub(crate) next: OffsetDateTime,
    pub(crate) last_updated: OffsetDateTime,
}

/// The status of a timer, if the host keeps one.
#[derive(Clone, Default)]
pub(crate) struct ScheduleMonitor(Option<Arc<Mutex<Option<ScheduleStatus>>>>);

impl ScheduleMonitor {
    /// A monitor that keeps a status only if it is used.
    pub(crate) fn new(is_used: bool) -> Self {
        Self(is_used.then(Arc::default))
    }

    pub(crate) fn status(&self) -> Option<ScheduleStatus> {
        *self.0.as_ref()?.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn set(&self, status: ScheduleStatus) {
        if let Some(known) = &self.0 {
            *known.lock().unwrap_or_else(PoisonError::into_inner) = Some(status);
        }
    }
}
