//! What a broker works with.

use std::sync::Arc;

use app_roles::policy::Policy;
use azure_rest::{arm::Arm, storage::Storage};
use microsoft_graph::Graph;
use record::record::Record;

use crate::{
    confirmation::ArmConfirmation, log_output::LogOutput, mode::Mode, outbox::Outbox,
    timing::Timing,
};

/// What a broker works with.
pub struct Parts {
    /// Microsoft Graph, with the broker's identity.
    pub graph: Arc<Graph>,
    /// Azure Resource Manager, with the broker's identity.
    pub arm: Arm,
    /// Azure Storage, to check the queues. Without it, they are not checked.
    pub storage: Option<Storage>,
    /// The record. Without it, nothing is written and nothing is answered.
    pub record: Option<Record>,
    /// The queues into which the broker itself puts messages. Without them, it sends no events and no late
    /// results.
    pub outbox: Option<Outbox>,
    /// The policy in force.
    pub policy: Policy,
    /// What to do with decisions.
    pub mode: Mode,
    /// Whether log lines reach their reader.
    pub log: LogOutput,
    /// Which writes Azure Resource Manager must confirm.
    pub confirmation: ArmConfirmation,
    /// How long to work, wait and remember.
    pub timing: Timing,
    /// How many assignments a comparison of the tenant holds in memory, 20 bytes each:
    /// [`MOST_ASSIGNMENTS`](crate::MOST_ASSIGNMENTS) except in tests.
    pub most_assignments: usize,
}
