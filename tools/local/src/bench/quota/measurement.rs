//! One run: a tenant with a quota, a queue full of requests, hosts, and what came of it.

use std::{
    path::Path,
    time::{Duration, Instant},
};

use functions_host_emulator::FunctionsHost;
use storage_emulator::{Account, Azurite};
use tenant_emulator::{
    RecordedRequest, Route, ServicePrincipal, Tenant, WriteQuota,
    contoso::{ORDERS_READ, contoso, managed_identities},
};

use super::{
    GRANTS, LATENCY, Scenario,
    closings::{Refusal, closings},
    figures::{Counted, Figures},
    ideal::{cost, ideal},
};
use crate::{
    Outcome,
    app::{App, FAILED, POISON, messages_in_flight},
    bench::{
        queue::{fill, until_empty},
        stage::POLICY,
    },
};

/// After this the run is over, and what is missing is lost: many times the ideal.
const PATIENCE: Duration = Duration::from_secs(240);
const TOO_MANY_REQUESTS: u16 = 429;

/// Runs one scenario under one quota.
pub(super) async fn measure(
    app: &App,
    azurite: &Azurite,
    scenario: Scenario,
    quota: WriteQuota,
) -> Outcome<Figures> {
    let identities = managed_identities(GRANTS);
    let tenant = tenant(&identities, quota).await?;
    let account = azurite.account()?;
    let requests = fill(&account, &identities).await?;
    let mut options = app.options(&tenant, &account, Path::new(POLICY));
    if scenario.configured {
        let setting = format!("{}/{}", quota.writes, quota.period.as_secs());
        options.environment.push(("GRAPH_WRITE_QUOTA".to_owned(), setting));
    }
    let mut hosts = Vec::new();
    for _ in 0..scenario.processes {
        hosts.push(FunctionsHost::start(options.clone()).await?);
    }
    let ended = until_empty(&requests, &hosts, GRANTS, PATIENCE).await?;
    for host in hosts {
        host.stop().await;
    }
    let in_flight = messages_in_flight()?;
    let charged = if scenario.knows_the_quota() { 0 } else { tenant.quota_refusals() };
    let workers = in_flight * usize::from(scenario.processes);
    let counted = Counted {
        ideal: ideal(quota, GRANTS, LATENCY, workers) + cost(quota, charged),
        in_flight,
        messages_given_up: messages_given_up(&account).await?,
        ..count(&tenant, ended)?
    };
    Ok(Figures::new(format!("{:?}", quota.model), scenario, &counted))
}

async fn tenant(identities: &[ServicePrincipal], quota: WriteQuota) -> Outcome<Tenant> {
    let mut directory = contoso();
    identities.iter().cloned().for_each(|identity| directory.add_service_principal(identity));
    let tenant = Tenant::start(directory).await?;
    tenant.set_latency(LATENCY);
    tenant.set_write_quota(Some(quota));
    Ok(tenant)
}

/// Neither queue exists unless something was given up.
async fn messages_given_up(account: &Account) -> Outcome<usize> {
    let mut count = 0;
    for name in [POISON, FAILED] {
        let queue = account.queue(name)?;
        if queue.exists().await? {
            count += usize::try_from(queue.approximate_count().await?)?;
        }
    }
    Ok(count)
}

/// What the tenant knows; the rest is left for others.
fn count(tenant: &Tenant, ended: Instant) -> Outcome<Counted> {
    let asked = tenant.requests();
    let to_graph = asked.iter().filter(|request| request.route != Route::IssueToken);
    let first = to_graph.map(|request| request.arrived).min();
    let first = first.ok_or("no request reached Microsoft Graph: look at the handler's log")?;
    let accepted = tenant.accepted_writes();
    let last = accepted.iter().map(|write| write.at).max().unwrap_or(ended);
    let refusals: Vec<_> = asked.iter().filter_map(refusal).collect();
    let granted = tenant.assignments().into_iter().filter(|held| held.app_role_id == ORDERS_READ);
    Ok(Counted {
        ideal: Duration::ZERO,
        until_last_write: last - first,
        until_last_result: ended - first,
        writes_sent: tenant.count(Route::CreateAssignment),
        writes_refused: tenant.quota_refusals(),
        closings: closings(&refusals),
        in_flight: 0,
        grants_missing: GRANTS.saturating_sub(granted.count()),
        messages_given_up: 0,
    })
}

fn refusal(request: &RecordedRequest) -> Option<Refusal> {
    let is_refused = request.status == Some(TOO_MANY_REQUESTS);
    let seconds = request.retry_after.as_ref()?.parse().ok()?;
    is_refused.then_some(Refusal { at: request.arrived, retry_after: Duration::from_secs(seconds) })
}
