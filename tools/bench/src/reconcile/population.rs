//! The tenant: the roles that its identities hold at the start and should hold in the end.

use std::{collections::BTreeSet, time::Duration};

use anyhow::Result;
use tenant_emulator::{
    Route, ServicePrincipal, Tenant, WriteKind,
    contoso::{MICROSOFT_GRAPH, ORDERS_API, ORDERS_READ, contoso, managed_identities},
};

/// The latency of the emulated Microsoft Graph.
const LATENCY: Duration = Duration::from_millis(20);

/// The role on Microsoft Graph in the baseline of this benchmark's policy. The baseline's role on the
/// Orders API is `Orders.Read`.
const BASELINE_ROLE: usize = 1;
/// The roles that every identity holds in addition, and that a rule allows.
const REQUESTED_ROLES: std::ops::RangeInclusive<usize> = 2..=15;
/// The role that no rule allows, which one identity in [`ONE_STRAY_IN`] holds.
const STRAY_ROLE: usize = 16;
const ONE_STRAY_IN: usize = 100;

/// In each group of [`GROUP`] identities, the first [`LACK_ORDERS`] lack the role on the Orders API, and
/// those up to [`LACK_GRAPH`] lack the role on Microsoft Graph.
const GROUP: usize = 10;
const LACK_ORDERS: usize = 3;
const LACK_GRAPH: usize = 6;

/// The largest page of Microsoft Graph.
const PAGE: usize = 999;

/// A tenant and its numbers.
pub(crate) struct Population {
    pub(crate) tenant: Tenant,
    pub(crate) identities: Vec<ServicePrincipal>,
    /// The assignments of the identities at the start.
    pub(crate) rows: usize,
    /// The identities that lack a role of the baseline.
    pub(crate) lacking: usize,
    /// The assignments that no rule allows.
    pub(crate) stray: usize,
    /// The managed identities of contoso's tenant.
    others: usize,
    /// The writes that created the population.
    granted: usize,
}

/// The reads of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Reads {
    pub(crate) pages_of_identities: usize,
    pub(crate) pages_of_holders: usize,
    pub(crate) apis: usize,
}

impl Reads {
    /// Whether these are the expected pages, and at most the expected APIs.
    pub(crate) fn are_within(&self, expected: &Self) -> bool {
        let Self { pages_of_identities, pages_of_holders, apis } = expected;
        self.pages_of_identities == *pages_of_identities
            && self.pages_of_holders == *pages_of_holders
            && self.apis <= *apis
    }

    /// The reads so far, as the tenant counts them.
    pub(crate) fn counted(tenant: &Tenant) -> Self {
        Self {
            pages_of_identities: tenant.count(Route::ListServicePrincipals),
            pages_of_holders: tenant.count(Route::ListAssignedTo),
            apis: tenant.count(Route::ReadServicePrincipal),
        }
    }

    pub(crate) fn since(self, before: Self) -> Self {
        Self {
            pages_of_identities: self.pages_of_identities - before.pages_of_identities,
            pages_of_holders: self.pages_of_holders - before.pages_of_holders,
            apis: self.apis - before.apis,
        }
    }

    pub(crate) fn sum(self) -> usize {
        self.pages_of_identities + self.pages_of_holders + self.apis
    }
}

impl Population {
    /// Starts contoso's tenant with this many more identities.
    pub(crate) async fn new(count: usize) -> Result<Self> {
        let directory = contoso();
        let is_identity =
            |one: &&ServicePrincipal| one.service_principal_type.is_managed_identity();
        let others = directory.service_principals().filter(is_identity).count();
        let tenant = Tenant::start(directory).await?;
        let identities = managed_identities(count);
        let (mut rows, mut lacking, mut stray) = (0, 0, 0);
        for (index, identity) in identities.iter().enumerate() {
            tenant.add_service_principal(identity.clone());
            let roles = roles_at_the_start(index);
            for (api, role) in &roles {
                tenant.grant(&identity.id, api, role)?;
            }
            rows += roles.len();
            lacking += usize::from(index % GROUP < LACK_GRAPH);
            stray += usize::from(index % ONE_STRAY_IN == 0);
        }
        tenant.set_latency(LATENCY);
        let granted = tenant.accepted_writes().len();
        Ok(Self { tenant, identities, rows, lacking, stray, others, granted })
    }

    pub(crate) fn description(&self) -> String {
        format!(
            "{} managed identities with {} app roles, {LATENCY:?} latency; {} lack a role, {} hold one \
             that no rule allows",
            self.identities.len(),
            self.rows,
            self.lacking,
            self.stray
        )
    }

    /// The most reads that the next run should make. APIs are cached for five minutes, and the writes of
    /// a run may take longer.
    pub(crate) fn reads(&self) -> Reads {
        let assignments = self.tenant.assignments();
        let holders = [MICROSOFT_GRAPH, ORDERS_API]
            .map(|api| assignments.iter().filter(|one| one.resource_id == api).count());
        Reads {
            pages_of_identities: pages(self.identities.len() + self.others),
            pages_of_holders: holders.into_iter().map(pages).sum(),
            apis: holders.len(),
        }
    }

    /// The differences between the tenant and its intended end state, in words.
    pub(crate) fn differences(&self) -> Vec<String> {
        let mut wrong = 0;
        for (index, identity) in self.identities.iter().enumerate() {
            let held = self.tenant.assignments_of(&identity.id).into_iter();
            let held: BTreeSet<_> = held.map(|one| (one.resource_id, one.app_role_id)).collect();
            let expected = roles_at_the_start(index).len() + missing_at_the_start(index);
            let has_orders = held.contains(&(ORDERS_API.to_owned(), ORDERS_READ.to_owned()));
            wrong += usize::from(held.len() != expected || !has_orders);
        }
        let writes = self.tenant.accepted_writes().into_iter().skip(self.granted);
        let created = writes.filter(|write| write.kind == WriteKind::Created).count();
        let mut differences = Vec::new();
        if wrong > 0 {
            differences.push(format!("{wrong} identities do not hold what they should"));
        }
        if created != self.lacking {
            differences
                .push(format!("{created} assignments were made instead of {}", self.lacking));
        }
        differences
    }
}

/// The number of pages; an empty list has one, too.
fn pages(count: usize) -> usize {
    count.div_ceil(PAGE).max(1)
}

fn roles_at_the_start(index: usize) -> Vec<(&'static str, String)> {
    let mut roles: Vec<_> =
        REQUESTED_ROLES.map(|number| (MICROSOFT_GRAPH, graph_role(number))).collect();
    let place = index % GROUP;
    if place >= LACK_ORDERS {
        roles.push((ORDERS_API, ORDERS_READ.to_owned()));
    }
    if !(LACK_ORDERS..LACK_GRAPH).contains(&place) {
        roles.push((MICROSOFT_GRAPH, graph_role(BASELINE_ROLE)));
    }
    if index.is_multiple_of(ONE_STRAY_IN) {
        roles.push((MICROSOFT_GRAPH, graph_role(STRAY_ROLE)));
    }
    roles
}

fn missing_at_the_start(index: usize) -> usize {
    usize::from(index % GROUP < LACK_GRAPH)
}

/// The value of a generated role, which the emulated Microsoft Graph has in addition to published ones.
fn graph_role(number: usize) -> String {
    format!("Generated.{number:03}.Read.All")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn ten_thousand_identities_hold_150_000_roles_at_the_start() {
        let least = (0..10_000).map(|index| roles_at_the_start(index).len()).sum::<usize>();
        assert!(least >= 150_000, "{least}");
    }

    #[tokio::test]
    async fn a_tenant_below_its_baseline_differs() {
        let population = Population::new(20).await.unwrap();
        assert_eq!((population.lacking, population.stray), (12, 1));
        assert_eq!(population.differences().len(), 2);
        assert_eq!(population.reads().sum(), 1 + 2 + 2);
        for (index, identity) in population.identities.iter().enumerate() {
            let api = if index % GROUP < LACK_ORDERS { ORDERS_API } else { MICROSOFT_GRAPH };
            let role =
                if api == ORDERS_API { ORDERS_READ.to_owned() } else { graph_role(BASELINE_ROLE) };
            if missing_at_the_start(index) == 1 {
                population.tenant.grant(&identity.id, api, &role).unwrap();
            }
        }
        assert_eq!(population.differences(), [""; 0]);
    }
}
