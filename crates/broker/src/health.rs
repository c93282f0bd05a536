//! Whether the broker could do its work now.
//!
//! Each check is made at most once within [`Timing::health_memory`], however many ask. What fails is said
//! in the log; to those who ask, one word is enough: anybody may.
//!
//! [`Timing::health_memory`]: broker::timing::Timing::health_memory

use std::fmt::Display;

use serde::Serialize;

use super::{AUDIT_TABLE, Broker, remembered::Remembered};
use app_roles::{
    directory::Assignment,
    outcome::{Code, Failure},
};
use azure_rest::{
    claims::Claims,
    retry::Deadline,
    storage::{Presence, Storage, StorageError},
    token::Token,
};
use microsoft_graph::error::{GraphError, NEEDED_ROLE_IDS, NEEDED_ROLES, missing_roles};

/// What came of one check.
///
/// On the wire: `"ok"`, `"failed"` or `"notChecked"`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(any(test, feature = "schema"), derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub enum Check {
    /// It is as it should be.
    Ok,
    /// It is not; the log says why.
    Failed,
    /// It could not be looked at, because another check failed first, or is not reached with the broker's
    /// identity.
    NotChecked,
}

/// What was found, a word for each part.
///
/// ```json
/// { "policy": "ok", "token": "ok", "roles": "failed", "graph": "ok", "table": "ok",
///   "queues": "notChecked" }
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(any(test, feature = "schema"), derive(schemars::JsonSchema))]
pub struct Health {
    /// A policy is in force; otherwise everything is denied.
    pub policy: Check,
    /// There is a token for Graph, and it says who the broker is.
    pub token: Check,
    /// The token carries the broker's own app roles.
    pub roles: Check,
    /// Graph answers a read.
    pub graph: Check,
    /// The table of the record can be reached. While it fails, nothing is written.
    pub table: Check,
    /// Every queue that should be there is.
    pub queues: Check,
}

/// A queue that Health looks at.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct WatchedQueue {
    /// The name of its connection.
    pub connection: String,
    /// Its name.
    pub name: String,
    /// Whether the host creates it when it writes the first message; a queue that it listens to must be
    /// there.
    pub made_on_demand: bool,
}

/// What was found lately.
#[derive(Default)]
pub(super) struct Findings {
    sign_in: Remembered<SignIn>,
    table: Remembered<Check>,
    queues: Remembered<Check>,
}

/// What was found about the broker's identity.
#[derive(Debug, Clone, Copy)]
struct SignIn {
    token: Check,
    roles: Check,
    graph: Check,
}

impl Check {
    fn of(holds: bool) -> Self {
        if holds { Self::Ok } else { Self::Failed }
    }
}

impl Broker {
    /// Whether the broker could do its work now; `queues` are those of its functions.
    pub async fn health(&self, queues: &[WatchedQueue]) -> Health {
        let memory = self.timing.health_memory;
        let (SignIn { token, roles, graph }, table, queues) = tokio::join!(
            self.findings.sign_in.get(memory, || self.check_sign_in()),
            self.check_table(),
            self.findings.queues.get(memory, || self.check_queues(queues)),
        );
        let policy = Check::of(self.policy.closed_because().is_none());
        Health { policy, token, roles, graph, table, queues }
    }

    /// Why nothing may be written now, if its row would be lost.
    pub(super) async fn unrecordable(&self) -> Option<Failure> {
        if self.check_table().await != Check::Failed {
            return None;
        }
        tracing::error!(
            event = "record.unavailable",
            "nothing is written to Microsoft Graph while the table {AUDIT_TABLE} cannot be reached"
        );
        let message = "the broker's record of decisions cannot be reached, and without it nothing is \
                       changed; its operators find the reason in its log";
        Some(Failure {
            code: Code::RecordUnavailable,
            message: message.to_owned(),
            graph_request_id: None,
        })
    }

    /// A table that does not exist is as good as one that does: the host creates it with its first row.
    async fn check_table(&self) -> Check {
        let check = async || {
            let Some(storage) = &self.storage else { return Check::NotChecked };
            match storage.table(AUDIT_TABLE, self.health_deadline()).await {
                None => Check::NotChecked,
                Some(Ok(_)) => Check::Ok,
                Some(Err(error)) => failed("table", &error),
            }
        };
        self.findings.table.get(self.timing.health_memory, check).await
    }

    async fn check_queues(&self, queues: &[WatchedQueue]) -> Check {
        let Some(storage) = &self.storage else { return Check::NotChecked };
        let mut worst = Check::NotChecked;
        for queue in queues {
            match self.check_queue(storage, queue).await {
                Check::Failed => return Check::Failed,
                Check::Ok => worst = Check::Ok,
                Check::NotChecked => {}
            }
        }
        worst
    }

    async fn check_queue(&self, storage: &Storage, queue: &WatchedQueue) -> Check {
        let WatchedQueue { connection, name, made_on_demand } = queue;
        let found: Option<Result<Presence, StorageError>> =
            storage.queue(connection, name, self.health_deadline()).await;
        match found {
            None => Check::NotChecked,
            Some(Ok(Presence::Missing)) if !made_on_demand => {
                failed("queues", &format!("there is no queue {name} in {connection}; create it"))
            }
            Some(Ok(_)) => Check::Ok,
            Some(Err(error)) => failed("queues", &error),
        }
    }

    async fn check_sign_in(&self) -> SignIn {
        let deadline = self.health_deadline();
        let not_signed_in =
            SignIn { token: Check::Failed, roles: Check::NotChecked, graph: Check::NotChecked };
        let token = match self.graph.sign_in(deadline).await {
            Ok(token) => token,
            Err(error) => return SignIn { token: failed("token", &error), ..not_signed_in },
        };
        let Some(own) = token.claims().object_id else {
            let error = GraphError::own_identity_unknown();
            return SignIn { token: failed("token", &error), ..not_signed_in };
        };
        let held = self.graph.assignments().list_by_object_id(own, deadline).await;
        let roles = check_roles(&token, held.as_deref().unwrap_or_default());
        let graph = held.map_or_else(|error| failed("graph", &error), |_| Check::Ok);
        SignIn { token: Check::Ok, roles, graph }
    }

    fn health_deadline(&self) -> Deadline {
        Deadline::after(self.timing.health_check)
    }
}

/// Whether the token carries the broker's own app roles. `held` are the broker's assignments, as far as
/// Graph shows them: they tell a role that nobody has granted from a token that is older than the grant.
fn check_roles(token: &Token, held: &[Assignment]) -> Check {
    let missing = missing_roles(token.claims());
    if missing.is_empty() {
        return Check::Ok;
    }
    if lacks_only_what_is_granted(token.claims(), held) {
        let (issued, ends) = (token.claims().issued(), token.expires_on());
        return failed(
            "roles",
            &format!(
                "the roles are granted on Microsoft Graph, and the token is older: it was issued at \
                 {issued}; the platform keeps it until {ends} at most"
            ),
        );
    }
    failed("roles", &format!("the broker cannot assign roles{missing}"))
}

fn lacks_only_what_is_granted(claims: &Claims, held: &[Assignment]) -> bool {
    let in_token = |role: &str| claims.roles.iter().any(|value| value == role);
    let granted = |id: &str| held.iter().any(|assignment| assignment.role.to_string() == id);
    NEEDED_ROLES.iter().zip(NEEDED_ROLE_IDS).all(|(role, id)| in_token(role) || granted(id))
}

fn failed(check: &'static str, why: &dyn Display) -> Check {
    tracing::error!(event = "health.failed", check, "{why}");
    Check::Failed
}
