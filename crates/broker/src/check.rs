//! The result of one health check.

use std::fmt::Display;

use serde::Serialize;

/// The result of one health check.
///
/// On the wire: `"ok"`, `"failed"` or `"notChecked"`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(any(test, feature = "schema"), derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub enum Check {
    /// The part works.
    Ok,
    /// The part does not work; the log says why.
    Failed,
    /// The check was not made: another check failed first, or the part is not reached with the broker's
    /// identity.
    NotChecked,
}

impl Check {
    /// `Ok` if the condition holds, otherwise `Failed`.
    pub(crate) fn of(holds: bool) -> Self {
        if holds { Self::Ok } else { Self::Failed }
    }

    /// Logs why a check failed.
    pub(crate) fn failed(check: &'static str, why: &dyn Display) -> Self {
        tracing::error!(event = "health.failed", check, "{why}");
        Self::Failed
    }
}
