//! A tenant with many identities that hold no role yet, and the requests for their roles.

use std::{path::Path, time::Duration};

use anyhow::{Result, bail};
use app_process::{app::App, cargo_build::workspace_root};
use tenant_emulator::{
    Route, ServicePrincipal, Tenant,
    contoso::{ORDERS_API, ORDERS_READ, contoso, managed_identities},
};

use crate::{
    envelope::envelope,
    handler_calls::{Call, client, post_all},
    handler_process::HandlerProcess,
};

/// The policy that allows the workload.
pub(crate) const POLICY: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/src/policy.json");

/// A write quota that the broker cannot reach. By default it keeps to Graph's documented quota of 20
/// writes a second.
const WRITE_QUOTA: (&str, &str) = ("GRAPH_WRITE_QUOTA", "20000/1");

/// A tenant and its identities that have not been used yet.
pub(crate) struct Workload {
    pub(crate) tenant: Tenant,
    identities: std::vec::IntoIter<ServicePrincipal>,
}

impl Workload {
    /// Starts a tenant with this many identities and this latency.
    pub(crate) async fn start(identities: usize, latency: Duration) -> Result<Self> {
        let identities = managed_identities(identities);
        let mut directory = contoso();
        identities.iter().cloned().for_each(|identity| directory.add_service_principal(identity));
        let tenant = Tenant::start(directory).await?;
        tenant.set_latency(latency);
        Ok(Self { tenant, identities: identities.into_iter() })
    }

    /// Starts the broker on this tenant.
    pub(crate) async fn broker(&self, app: &App, policy: &Path) -> Result<HandlerProcess> {
        let mut environment = self.tenant.environment();
        let quota = WRITE_QUOTA;
        environment.extend(
            [
                quota,
                ("FUNCTIONS_APP_ROOT_PATH", &workspace_root().to_string_lossy()),
                ("POLICY_FILE", &policy.to_string_lossy()),
            ]
            .map(|(name, value)| (name.to_owned(), value.to_owned())),
        );
        HandlerProcess::start(app.handler()?, &environment).await
    }

    /// Starts the bare handler that makes the two calls of a grant and nothing else.
    pub(crate) async fn bare_calls(&self, bare: &str) -> Result<HandlerProcess> {
        let mut environment = self.tenant.environment();
        environment.push(("BARE_HANDLER_GRANT".to_owned(), format!("{ORDERS_API} {ORDERS_READ}")));
        HandlerProcess::start(bare, &environment).await
    }

    /// The next unused identities.
    pub(crate) fn next(&mut self, count: usize) -> Result<Vec<ServicePrincipal>> {
        let next: Vec<_> = self.identities.by_ref().take(count).collect();
        if next.len() < count {
            bail!("the workload has too few identities");
        }
        Ok(next)
    }

    /// Grants `count` identities a role each, so that the broker's token, API and connections are
    /// cached.
    pub(crate) async fn warm(&mut self, broker: &HandlerProcess, count: usize) -> Result<()> {
        let calls = requests(broker, &self.next(count)?);
        post_all(&client()?, calls, count).await?;
        Ok(())
    }

    /// The number of requests that have reached Graph.
    pub(crate) fn requests(&self) -> Requests {
        let count = |routes: &[Route]| routes.iter().map(|route| self.tenant.count(*route)).sum();
        Requests {
            reads: count(&[
                Route::ListServicePrincipals,
                Route::ReadServicePrincipal,
                Route::ListAssignments,
                Route::ReadAssignment,
            ]),
            writes: count(&[Route::CreateAssignment, Route::DeleteAssignment]),
        }
    }

    /// Fails unless this many assignments of the role exist.
    pub(crate) fn check_grants(&self, expected: usize) -> Result<()> {
        let held = self.tenant.assignments();
        let granted = held.iter().filter(|one| one.app_role_id == ORDERS_READ).count();
        if granted != expected {
            bail!("{granted} of {expected} grants were made; see the handler's log");
        }
        Ok(())
    }
}

/// Numbers of requests to Graph.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Requests {
    pub(crate) reads: usize,
    pub(crate) writes: usize,
}

impl Requests {
    /// The requests since an earlier count.
    pub(crate) fn since(self, before: Self) -> Self {
        Self { reads: self.reads - before.reads, writes: self.writes - before.writes }
    }
}

/// The request for an identity's role.
pub(crate) fn message(identity: &ServicePrincipal) -> String {
    let id = &identity.id;
    format!(r#"{{"principalId":"{id}","resourceId":"{ORDERS_API}","appRoleId":"{ORDERS_READ}"}}"#)
}

/// The calls with which the host would deliver a request for each identity.
pub(crate) fn requests(broker: &HandlerProcess, identities: &[ServicePrincipal]) -> Vec<Call> {
    let url = broker.url("AssignRole");
    let call = |identity| Call { url: url.clone(), body: envelope(&message(identity)) };
    identities.iter().map(call).collect()
}
