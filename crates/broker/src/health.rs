//! Whether the broker can work now.

use std::sync::Arc;

use app_roles::{directory::Assignment, policy::Policy};
use azure_rest::{claims::Claims, retry::Deadline, token::Token};
use memory_cache::TimedCache;
use microsoft_graph::{
    Graph,
    error::{GraphError, NEEDED_ROLE_IDS, NEEDED_ROLES, missing_roles},
};
use serde::Serialize;

use crate::{
    check::Check,
    storage_checks::{StorageChecks, WatchedQueue},
    timing::Timing,
};

/// The health of the broker, one word for each part. The log says why a check failed; callers get no
/// more than the word, because anyone may call.
///
/// ```json
/// { "policy": "ok", "token": "ok", "roles": "failed", "graph": "ok", "table": "ok",
///   "queues": "notChecked" }
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(any(test, feature = "schema"), derive(schemars::JsonSchema))]
pub struct Health {
    /// A policy is in force. Without one, everything is denied.
    pub policy: Check,
    /// The broker has a token for Microsoft Graph, and it says who the broker is.
    pub token: Check,
    /// The token carries the app roles that the broker needs.
    pub roles: Check,
    /// Microsoft Graph answers a read.
    pub graph: Check,
    /// The audit table can be reached. While it cannot, nothing is written.
    pub table: Check,
    /// Every queue that must exist does.
    pub queues: Check,
}

/// Makes the checks. Each is made at most once within [`Timing::health_memory`].
pub(crate) struct HealthChecks {
    graph: Arc<Graph>,
    policy: Arc<Policy>,
    storage: Arc<StorageChecks>,
    timing: Timing,
    sign_in: TimedCache<(), SignIn>,
}

/// The checks of the broker's identity.
#[derive(Debug, Clone, Copy)]
struct SignIn {
    token: Check,
    roles: Check,
    graph: Check,
}

impl HealthChecks {
    pub(crate) fn new(
        graph: Arc<Graph>,
        policy: Arc<Policy>,
        storage: Arc<StorageChecks>,
        timing: Timing,
    ) -> Self {
        Self { graph, policy, storage, timing, sign_in: TimedCache::new(1) }
    }

    /// Makes all checks. `queues` are the queues of the app's functions.
    pub(crate) async fn run(&self, queues: &[WatchedQueue]) -> Health {
        let (SignIn { token, roles, graph }, table, queues) = tokio::join!(
            self.sign_in.get_or_fetch(&(), self.timing.health_memory, || self.check_sign_in()),
            self.storage.table(),
            self.storage.queues(queues),
        );
        let policy = Check::of(self.policy.unavailable_reason().is_none());
        Health { policy, token, roles, graph, table, queues }
    }

    async fn check_sign_in(&self) -> SignIn {
        let deadline = Deadline::after(self.timing.health_check);
        let not_signed_in =
            SignIn { token: Check::Failed, roles: Check::NotChecked, graph: Check::NotChecked };
        let token = match self.graph.sign_in(deadline).await {
            Ok(token) => token,
            Err(error) => return SignIn { token: Check::failed("token", &error), ..not_signed_in },
        };
        let Some(own) = token.claims().object_id else {
            let error = GraphError::own_identity_unknown();
            return SignIn { token: Check::failed("token", &error), ..not_signed_in };
        };
        let held = self.graph.assignments().list_by_object_id(own, deadline).await;
        let roles = check_roles(&token, held.as_deref().unwrap_or_default());
        let graph = held.map_or_else(|error| Check::failed("graph", &error), |_| Check::Ok);
        SignIn { token: Check::Ok, roles, graph }
    }
}

/// Whether the token carries the broker's own app roles. `held` are the broker's assignments: they
/// distinguish a missing grant from a token that is older than the grant.
fn check_roles(token: &Token, held: &[Assignment]) -> Check {
    let missing = missing_roles(token.claims());
    if missing.is_empty() {
        return Check::Ok;
    }
    if has_all_roles_in_token_or_tenant(token.claims(), held) {
        let (issued, ends) = (token.claims().issued(), token.expires_on());
        return Check::failed(
            "roles",
            &format!(
                "the roles are granted on Microsoft Graph, but the token was issued before, at \
                 {issued}; the platform caches it until {ends} at most"
            ),
        );
    }
    Check::failed("roles", &format!("the broker cannot assign roles{missing}"))
}

fn has_all_roles_in_token_or_tenant(claims: &Claims, held: &[Assignment]) -> bool {
    let in_token = |role: &str| claims.roles.iter().any(|value| value == role);
    let granted = |id: &str| held.iter().any(|assignment| assignment.role.to_string() == id);
    NEEDED_ROLES.iter().zip(NEEDED_ROLE_IDS).all(|(role, id)| in_token(role) || granted(id))
}
