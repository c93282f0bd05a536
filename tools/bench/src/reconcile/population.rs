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
}

impl Population {
    /// Starts contoso's tenant with this many more identities.
    pub(crate) async fn new(count: usize) -> Result<Self> {
        let mut directory = contoso();
        let is_identity =
            |one: &&ServicePrincipal| one.service_principal_type.is_managed_identity();
        let others = directory.service_principals().filter(is_identity).count();
        let identities = managed_identities(count);
        let (mut rows, mut lacking, mut stray) = (0, 0, 0);
        for (index, identity) in identities.iter().enumerate() {
            directory.add_service_principal(identity.clone());
            let roles = roles_at_the_start(index);
            for (api, role) in &roles {
                directory.assign(&identity.id, api, role)?;
            }
            rows += roles.len();
            lacking += usize::from(index % GROUP < LACK_GRAPH);
            stray += usize::from(index % ONE_STRAY_IN == 0);
        }
        let tenant = Tenant::start(directory).await?;
        tenant.set_latency(LATENCY);
        Ok(Self { tenant, identities, rows, lacking, stray, others })
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

    /// The reads so far, as the tenant counts them.
    pub(crate) fn reads(&self) -> usize {
        let routes =
            [Route::ListServicePrincipals, Route::ListAssignedTo, Route::ReadServicePrincipal];
        routes.map(|route| self.tenant.count(route)).iter().sum()
    }

    /// The number of managed identities, with those of contoso's tenant.
    pub(crate) fn size(&self) -> usize {
        self.identities.len() + self.others
    }

    /// The most reads that the next run should make: the pages of identities and the pages of each API's
    /// assignments in each pass, and the APIs. These are cached for five minutes, and a run may take longer.
    pub(crate) fn most_reads(&self, passes: usize) -> usize {
        let assignments = self.tenant.assignments();
        let holders = [MICROSOFT_GRAPH, ORDERS_API]
            .map(|api| assignments.iter().filter(|one| one.resource_id == api).count());
        let apis = holders.len();
        let lists = pages(self.size()) + holders.into_iter().map(pages).sum::<usize>();
        passes * lists + apis
    }

    /// The number of identities that do not hold exactly the roles that they should.
    pub(crate) fn wrong_identities(&self) -> usize {
        let is_wrong = |(index, identity): &(usize, &ServicePrincipal)| {
            let held = self.tenant.assignments_of(&identity.id).into_iter();
            let held: BTreeSet<_> = held.map(|one| (one.resource_id, one.app_role_id)).collect();
            let expected = roles_at_the_start(*index).len() + missing_at_the_start(*index);
            let has_orders = held.contains(&(ORDERS_API.to_owned(), ORDERS_READ.to_owned()));
            held.len() != expected || !has_orders
        };
        self.identities.iter().enumerate().filter(is_wrong).count()
    }

    /// The number of assignments that were made since the start.
    pub(crate) fn writes(&self) -> usize {
        let writes = self.tenant.accepted_writes().into_iter();
        writes.filter(|write| write.kind == WriteKind::Created).count()
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

    #[test]
    fn ten_thousand_identities_hold_150_000_roles_at_the_start() {
        let least = (0..10_000).map(|index| roles_at_the_start(index).len()).sum::<usize>();
        assert!(least >= 150_000, "{least}");
    }

    #[tokio::test]
    async fn a_tenant_below_its_baseline_differs() {
        let population = Population::new(20).await.unwrap();
        assert_eq!((population.lacking, population.stray), (12, 1));
        assert_eq!((population.wrong_identities(), population.writes()), (12, 0));
        assert_eq!(population.most_reads(1), 1 + 2 + 2);
        assert_eq!(population.most_reads(2), 2 * (1 + 2) + 2);
        for (index, identity) in population.identities.iter().enumerate() {
            let api = if index % GROUP < LACK_ORDERS { ORDERS_API } else { MICROSOFT_GRAPH };
            let role =
                if api == ORDERS_API { ORDERS_READ.to_owned() } else { graph_role(BASELINE_ROLE) };
            if missing_at_the_start(index) == 1 {
                population.tenant.grant(&identity.id, api, &role).unwrap();
            }
        }
        assert_eq!((population.wrong_identities(), population.writes()), (0, 12));
    }
}
