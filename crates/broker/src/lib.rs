//! The use cases: what the broker does for those who ask.

mod apply;
mod apply_baseline;
mod baseline_roles;
mod check_baseline;
mod give;
mod health;
mod holder;
pub mod mode;
mod read;
mod reconcile;
mod remembered;
mod reminders;
mod resolve;
mod roles;
mod settled;
pub mod timing;

pub use apply::describe;
pub use apply_baseline::{Settlement, Unsettled};
use health::Findings;
pub use health::{Check, Health, WatchedQueue};
pub use read::Holdings;
use reconcile::LastRun;
use reminders::Reminders;
pub use roles::role_named;
use settled::SettledResources;
use time::OffsetDateTime;
use timing::Timing;
use tokio::sync::Semaphore;

use crate::mode::Mode;
use app_roles::{
    ids::{Guid, InvocationId},
    outcome::{Candidate, Failure, RoleOutcome},
    policy::Policy,
    request::Request,
    requester::Requester,
    result::{ResultApi, ResultPrincipal},
};
use azure_rest::{arm::Arm, retry::Deadline, storage::Storage};
use microsoft_graph::{Graph, error::missing_roles, priority::Priority};

/// How many requests may wait at once for principals that Graph does not know. The others are
/// handed back to their queue at once: a hundred wrong ids must not keep good requests waiting.
const PLACES_TO_WAIT: usize = 8;

/// The log target of the lines that are the record of what was decided and done. No setting may
/// silence them.
pub const RECORD: &str = "record";

/// The table that holds a row for every role and decision, in the storage account of the host.
pub const AUDIT_TABLE: &str = "AppRoleAudit";

/// The broker: a policy, the Graph on which it acts, and the Azure Resource Manager that it asks.
pub struct Broker {
    graph: Graph,
    arm: Arm,
    policy: Policy,
    mode: Mode,
    timing: Timing,
    places_to_wait: Semaphore,
    storage: Option<Storage>,
    findings: Findings,
    settled: SettledResources,
    reminders: Reminders,
    last_run: tokio::sync::Mutex<LastRun>,
}

/// In which invocation something is asked.
#[derive(Debug, Clone, Copy)]
pub struct Context<'a> {
    /// The host's id of the invocation.
    pub invocation_id: InvocationId,
    /// Who asks.
    pub requester: &'a Requester,
    /// When it was asked, as far as the entrance knows.
    pub sent: Option<OffsetDateTime>,
    /// Whether this is the first time that the request is looked at.
    pub is_first_delivery: bool,
    /// By when there must be an answer.
    pub deadline: Deadline,
    /// Whether somebody waits for it.
    pub priority: Priority,
}

/// A final answer to a request.
#[derive(Debug, Default)]
pub struct Decision {
    /// The principal, where it was found.
    pub principal: Option<ResultPrincipal>,
    /// The API, where it was found.
    pub api: Option<ResultApi>,
    /// What came of each role.
    pub roles: Vec<RoleOutcome>,
    /// The service principals that an ambiguous name may mean.
    pub candidates: Vec<Candidate>,
}

/// Why there is no final answer yet: another delivery of the same request may find one.
#[derive(Debug)]
pub struct NotYet {
    /// What to answer after the last delivery.
    pub last: Box<Decision>,
}

impl Broker {
    /// A broker that acts on `graph` as far as `policy` allows.
    #[must_use]
    pub fn new(graph: Graph, arm: Arm, policy: Policy, mode: Mode, timing: Timing) -> Self {
        Self {
            graph,
            arm,
            policy,
            mode,
            timing,
            places_to_wait: Semaphore::new(PLACES_TO_WAIT),
            storage: None,
            findings: Findings::default(),
            settled: SettledResources::default(),
            reminders: Reminders::default(),
            last_run: tokio::sync::Mutex::default(),
        }
    }

    /// The same broker, which writes nothing while the record cannot be reached in `storage`.
    #[must_use]
    pub fn with_storage(self, storage: Storage) -> Self {
        Self { storage: Some(storage), ..self }
    }

    /// Whether the broker is told to look at nothing.
    #[must_use]
    pub fn is_paused(&self) -> bool {
        self.mode == Mode::Paused
    }

    /// Whether a request changes nothing, by its own wish or by the broker's mode.
    #[must_use]
    pub fn is_dry_run(&self, request: &Request) -> bool {
        request.dry_run || self.only_reports()
    }

    /// Whether nothing is written, whoever asks.
    #[must_use]
    pub fn only_reports(&self) -> bool {
        self.mode != Mode::Enforce
    }

    /// The Graph on which it acts.
    #[must_use]
    pub fn graph(&self) -> &Graph {
        &self.graph
    }

    /// The policy in force.
    #[must_use]
    pub fn policy(&self) -> &Policy {
        &self.policy
    }

    /// The tenant that the broker belongs to, from its own token; `None` if the token does not say.
    pub async fn own_tenant(&self, deadline: Deadline) -> Result<Option<Guid>, Failure> {
        match self.graph.sign_in(deadline).await {
            Ok(token) => Ok(token.claims().tenant_id),
            Err(error) => {
                tracing::error!(event = "sign_in.failed", "{error}");
                Err(error.into_failure())
            }
        }
    }

    /// Signs in and says in the log who the broker is, so that an operator who looks at a fresh start
    /// sees whether it can work, before the first request does.
    pub async fn report_sign_in(&self, deadline: Deadline) {
        let token = match self.graph.sign_in(deadline).await {
            Ok(token) => token,
            Err(error) => return tracing::error!(event = "sign_in.failed", "{error}"),
        };
        let claims = token.claims();
        tracing::info!(
            event = "sign_in.done",
            object_id = claims.object_id.map(tracing::field::display),
            client_id = claims.client_id.map(tracing::field::display),
            tenant_id = claims.tenant_id.map(tracing::field::display),
            expires_on = %token.expires_on(),
            "signed in with the managed identity"
        );
        let missing = missing_roles(claims);
        if !missing.is_empty() {
            tracing::error!(
                event = "sign_in.roles_missing",
                "the broker cannot assign roles yet{missing}"
            );
        }
    }
}

impl Decision {
    /// The same answer for every role of a request.
    fn for_all(request: &Request, outcome: &RoleOutcome) -> Self {
        let roles = request.roles.iter().map(|role| outcome.clone().requested(role)).collect();
        Self { roles, ..Self::default() }
    }
}
