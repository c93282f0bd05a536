//! A tenant full of identities that have no roles yet, and handlers that may give them some.

use std::{path::Path, time::Duration};

use tenant_emulator::{
    Route, ServicePrincipal, Tenant,
    contoso::{ORDERS_API, ORDERS_READ, contoso, managed_identities},
};

use super::{
    envelope::envelope,
    posting::{Call, client, post_all},
    process::HandlerProcess,
};
use crate::{
    Outcome,
    app::{App, app_root},
};

pub(super) const POLICY: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/src/bench/policy.json");

/// The broker would not write faster than Graph's documented quota, 20 a second; here it is told of one
/// that nobody reaches.
const WRITE_QUOTA: (&str, &str) = ("GRAPH_WRITE_QUOTA", "20000/1");

/// A tenant, and which of its identities have not been asked for yet.
pub(super) struct Stage {
    pub(super) tenant: Tenant,
    identities: std::vec::IntoIter<ServicePrincipal>,
}

impl Stage {
    /// A tenant with so many identities, which takes so long to answer.
    pub(super) async fn set(identities: usize, latency: Duration) -> Outcome<Self> {
        let identities = managed_identities(identities);
        let mut directory = contoso();
        identities.iter().cloned().for_each(|identity| directory.add_service_principal(identity));
        let tenant = Tenant::start(directory).await?;
        tenant.set_latency(latency);
        Ok(Self { tenant, identities: identities.into_iter() })
    }

    /// Starts the broker's handler on this tenant.
    pub(super) async fn broker(&self, app: &App, policy: &Path) -> Outcome<HandlerProcess> {
        let mut environment = self.tenant.environment();
        let quota = WRITE_QUOTA;
        environment.extend(
            [
                quota,
                ("FUNCTIONS_APP_ROOT_PATH", &app_root().to_string_lossy()),
                ("POLICY_FILE", &policy.to_string_lossy()),
            ]
            .map(|(name, value)| (name.to_owned(), value.to_owned())),
        );
        HandlerProcess::start(app.handler()?, &environment).await
    }

    /// Starts a bare handler that makes the two calls of a grant, and nothing else.
    pub(super) async fn bare_calls(&self, bare: &str) -> Outcome<HandlerProcess> {
        let mut environment = self.tenant.environment();
        environment.push(("BARE_HANDLER_GRANT".to_owned(), format!("{ORDERS_API} {ORDERS_READ}")));
        HandlerProcess::start(bare, &environment).await
    }

    /// The next identities that nobody has asked for.
    pub(super) fn next(&mut self, count: usize) -> Outcome<Vec<ServicePrincipal>> {
        let next: Vec<_> = self.identities.by_ref().take(count).collect();
        if next.len() == count { Ok(next) } else { Err("the stage has too few identities".into()) }
    }

    /// Has a broker grant so many identities a role each, so that its token, its API and its
    /// connections are there.
    pub(super) async fn warm(&mut self, broker: &HandlerProcess, count: usize) -> Outcome {
        let calls = requests(broker, &self.next(count)?);
        post_all(&client()?, calls, count).await?;
        Ok(())
    }

    /// How many requests have reached Graph, reads and writes apart.
    pub(super) fn requests(&self) -> Requests {
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

    /// An error unless so many assignments of the role exist: a bench of what was not done says nothing.
    pub(super) fn check_grants(&self, expected: usize) -> Outcome {
        let held = self.tenant.assignments();
        let granted = held.iter().filter(|one| one.app_role_id == ORDERS_READ).count();
        if granted == expected {
            return Ok(());
        }
        Err(format!("{granted} of {expected} grants were made; see what the handler logs").into())
    }
}

/// How many requests have reached Graph.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Requests {
    pub(super) reads: usize,
    pub(super) writes: usize,
}

impl Requests {
    /// How many have come since then.
    pub(super) fn since(self, before: Self) -> Self {
        Self { reads: self.reads - before.reads, writes: self.writes - before.writes }
    }
}

/// The message by which an identity asks for the role.
pub(super) fn message(identity: &ServicePrincipal) -> String {
    let id = &identity.id;
    format!(r#"{{"principalId":"{id}","resourceId":"{ORDERS_API}","appRoleId":"{ORDERS_READ}"}}"#)
}

/// The calls by which the host would deliver a request for each identity.
pub(super) fn requests(broker: &HandlerProcess, identities: &[ServicePrincipal]) -> Vec<Call> {
    let url = broker.url("AssignRole");
    let call = |identity| Call { url: url.clone(), body: envelope(&message(identity)) };
    identities.iter().map(call).collect()
}
