//! One run: a tenant with a quota, a queue of requests, and hosts that work it off.

use std::{
    path::Path,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result};
use app_process::app::{App, POISON, most_messages_in_flight};
use functions_host_emulator::FunctionsHost;
use storage_emulator::Azurite;
use tenant_emulator::{
    RecordedRequest, Route, ServicePrincipal, Tenant, WriteQuota,
    contoso::{ORDERS_READ, contoso, managed_identities},
};

use super::{
    figures::{Counted, figures},
    ideal::{cost, ideal},
    scenario::{GRANTS, LATENCY, Scenario},
    throttling_episodes::{Refusal, throttling_episodes},
};
use crate::{
    figure::Figure,
    given_up,
    request_queue::{fill, wait_until_empty},
    table_service::TableService,
    workload::{POLICY, STORAGE_LATENCY},
};

/// The longest run, many times the ideal. Grants that are missing then count as lost.
const PATIENCE: Duration = Duration::from_secs(240);
const TOO_MANY_REQUESTS: u16 = 429;

/// Runs one scenario under one quota.
pub(crate) async fn measure(
    app: &App,
    azurite: &Azurite,
    scenario: Scenario,
    quota: WriteQuota,
) -> Result<Vec<Figure>> {
    let identities = managed_identities(GRANTS);
    let tenant = tenant(&identities, quota).await?;
    let tables = TableService::start().await?;
    tables.set_latency(STORAGE_LATENCY);
    let account = azurite.account()?.with_table_port(tables.port())?;
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
    let ended = wait_until_empty(&requests, &hosts, GRANTS, PATIENCE).await?;
    for host in hosts {
        host.stop().await;
    }
    let in_flight = most_messages_in_flight()?;
    let charged = if scenario.configured { 0 } else { tenant.quota_refusals() };
    let workers = in_flight * usize::from(scenario.processes);
    let counted = Counted {
        ideal: ideal(quota, GRANTS, LATENCY, workers) + cost(quota, charged),
        in_flight,
        messages_given_up: given_up::count(&account, POISON).await?,
        ..count(&tenant, ended)?
    };
    let seconds = counted.until_last_write.as_secs_f64() * f64::from(scenario.processes);
    let exchanges = tables.exchanges().len() as f64 / seconds.max(1.0);
    let counted = Counted { exchanges, ..counted };
    Ok(figures(quota.model, scenario, &counted))
}

async fn tenant(identities: &[ServicePrincipal], quota: WriteQuota) -> Result<Tenant> {
    let mut directory = contoso();
    identities.iter().cloned().for_each(|identity| directory.add_service_principal(identity));
    let tenant = Tenant::start(directory).await?;
    tenant.set_latency(LATENCY);
    tenant.set_write_quota(Some(quota));
    Ok(tenant)
}

/// The counts that the tenant knows. The caller fills in the others.
fn count(tenant: &Tenant, ended: Instant) -> Result<Counted> {
    let asked = tenant.requests();
    let to_graph = asked.iter().filter(|request| request.route != Route::IssueToken);
    let first = to_graph.map(|request| request.arrived).min();
    let first = first.context("no request reached Microsoft Graph; see the handler's log")?;
    let accepted = tenant.accepted_writes();
    let last = accepted.iter().map(|write| write.at).max().unwrap_or(ended);
    let refusals: Vec<_> = asked.iter().filter_map(refusal).collect();
    let granted = tenant.assignments().into_iter().filter(|held| held.app_role_id == ORDERS_READ);
    Ok(Counted {
        ideal: Duration::ZERO,
        until_last_write: last - first,
        writes_sent: tenant.count(Route::CreateAssignment),
        writes_refused: tenant.quota_refusals(),
        throttling_episodes: throttling_episodes(&refusals),
        exchanges: 0.0,
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
