//! The scenarios of this benchmark, and the constants that they share.

use std::{fmt, time::Duration};

use tenant_emulator::QuotaModel;

/// The number of grants.
pub(crate) const GRANTS: usize = 600;
/// The latency of the emulated Microsoft Graph.
pub(crate) const LATENCY: Duration = Duration::from_millis(60);
/// The quota: 200 writes in 10 s is the documented rate of 20 writes a second.
pub(crate) const WRITES: u32 = 200;
pub(crate) const PERIOD: Duration = Duration::from_secs(10);
/// Microsoft does not document which model Graph uses.
pub(crate) const MODELS: [QuotaModel; 3] =
    [QuotaModel::FixedWindow, QuotaModel::TokenBucket, QuotaModel::TokenBucketChargingRefusals];

/// The scenarios that are measured by default. Several processes that each know the whole quota share it:
/// that is what happens when the platform starts more instances.
pub(crate) const DEFAULT: [Scenario; 4] = [
    Scenario { processes: 1, configured: true },
    Scenario { processes: 1, configured: false },
    Scenario { processes: 2, configured: true },
    Scenario { processes: 8, configured: true },
];

/// How the broker runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Scenario {
    /// The number of hosts, each with its handler, on the same queues.
    pub(crate) processes: u8,
    /// Whether each handler is configured with the whole quota.
    pub(crate) configured: bool,
}

impl fmt::Display for Scenario {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let knows = if self.configured { "configured" } else { "unconfigured" };
        let unit = if self.processes == 1 { "process" } else { "processes" };
        write!(formatter, "{} {knows} {unit}", self.processes)
    }
}
