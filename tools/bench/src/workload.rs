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
    table_service::TableService,
};

/// The policy that allows the workload.
pub(crate) const POLICY: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/src/policy.json");

/// A write quota that the broker cannot reach. By default it keeps to Graph's documented quota of 20
/// writes a second.
const WRITE_QUOTA: &str = "20000/1";

/// The latency of a storage account in the region of the function app.
pub(crate) const STORAGE_LATENCY: Duration = Duration::from_millis(5);

/// A tenant with its identities that have not been used yet, and the tables of the record.
pub(crate) struct Workload {
    pub(crate) tenant: Tenant,
    pub(crate) tables: TableService,
    identities: std::vec::IntoIter<ServicePrincipal>,
}

impl Workload {
    /// Starts a tenant with this many identities and this latency. If it has one, tables take
    /// [`STORAGE_LATENCY`].
    pub(crate) async fn start(identities: usize, latency: Duration) -> Result<Self> {
        let identities = managed_identities(identities);
        let mut directory = contoso();
        identities.iter().cloned().for_each(|identity| directory.add_service_principal(identity));
        let tenant = Tenant::start(directory).await?;
        let tables = TableService::start().await?;
        let workload = Self { tenant, tables, identities: identities.into_iter() };
        workload.set_latency(latency);
        Ok(workload)
    }

    /// Sets the latency of Microsoft Graph. If it has one, tables take [`STORAGE_LATENCY`].
    pub(crate) fn set_latency(&self, latency: Duration) {
        self.tenant.set_latency(latency);
        let of_tables = if latency.is_zero() { latency } else { STORAGE_LATENCY };
        self.tables.set_latency(of_tables);
    }

    /// Starts the broker on this tenant.
    pub(crate) async fn broker(&self, app: &App, policy: &Path) -> Result<HandlerProcess> {
        self.broker_with(app, (policy, &workspace_root()), WRITE_QUOTA).await
    }

    /// Starts the broker on this tenant, with the functions of a folder and a write quota.
    pub(crate) async fn broker_with(
        &self,
        app: &App,
        (policy, root): (&Path, &Path),
        quota: &str,
    ) -> Result<HandlerProcess> {
        let mut environment = self.tenant.environment();
        environment.extend(
            [
                ("GRAPH_WRITE_QUOTA", quota),
                ("AzureWebJobsStorage", &self.tables.connection_string()),
                ("FUNCTIONS_APP_ROOT_PATH", &root.to_string_lossy()),
                ("POLICY_FILE", &policy.to_string_lossy()),
            ]
            .map(|(name, value)| (name.to_owned(), value.to_owned())),
        );
        HandlerProcess::start(app.handler()?, &environment).await
    }

    /// Starts the bare handler that makes the calls of a grant and nothing else: a read and a write, and
    /// with a record one call to tables before the write and two after it.
    pub(crate) async fn bare_calls(&self, bare: &str, with_record: bool) -> Result<HandlerProcess> {
        let mut environment = self.tenant.environment();
        environment.push(("BARE_HANDLER_GRANT".to_owned(), format!("{ORDERS_API} {ORDERS_READ}")));
        if with_record {
            environment.push(("BARE_HANDLER_TABLES".to_owned(), self.tables.endpoint()));
        }
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

    /// Waits until this many writes have reached Graph.
    pub(crate) async fn wait_for_writes(&self, least: usize) {
        while self.tenant.count(Route::CreateAssignment) < least {
            tokio::time::sleep(Duration::from_millis(5)).await;
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

/// The request for an identity's role, with an end.
pub(crate) fn message_with_end(identity: &ServicePrincipal) -> String {
    let id = &identity.id;
    format!(
        r#"{{"principal":{{"objectId":"{id}"}},"api":{{"objectId":"{ORDERS_API}"}},"roles":["{ORDERS_READ}"],"duration":"PT8H"}}"#
    )
}

/// The calls with which the host would deliver a request for each identity.
pub(crate) fn requests(broker: &HandlerProcess, identities: &[ServicePrincipal]) -> Vec<Call> {
    let url = broker.url("AssignRole");
    let call = |identity| Call { url: url.clone(), body: envelope(&message(identity)) };
    identities.iter().map(call).collect()
}
