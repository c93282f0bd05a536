//! The report of what was read.

use std::collections::{HashMap, HashSet};

use app_roles::{
    VERSION,
    directory::{Principal, PrincipalKind},
    ids::{AppRoleId, ObjectId},
    policy::{OwnIdentity, Policy},
};
use broker::rfc3339;
use time::OffsetDateTime;

use super::{
    document::{
        Coverage, FORMAT, MissingRole, Origin, RecordedRequest, Report, ReportedAssignment, SCHEMA,
    },
    history::History,
    policy_rules::PolicyRules,
    subjects::{ApiEntry, Principals},
};
use crate::{
    broker_record::{End, Ends, ShownEnd},
    inventory::{InventoryAssignment, TenantInventory},
};

/// What was read.
pub(super) struct Facts<'a> {
    pub(super) inventory: &'a TenantInventory,
    /// `None` if no policy could be read.
    pub(super) policy: Option<&'a PolicyRules>,
    /// `None` if the record was not read.
    pub(super) history: Option<&'a History>,
    pub(super) ends: &'a Ends,
    /// The broker's identity, or else that of the operator.
    pub(super) own: OwnIdentity,
    /// The broker's identity, if it was named.
    pub(super) broker: Option<ObjectId>,
    pub(super) now: OffsetDateTime,
}

/// The ids of an assignment.
type Ids = (ObjectId, ObjectId, AppRoleId);

/// Makes the report. Its notes are added by the caller.
pub(super) fn report(facts: &Facts<'_>) -> Report {
    let no_policy = Policy::unavailable(String::new());
    let policy = facts.policy.map_or(&no_policy, |rules| &rules.policy);
    let mut builder = Builder::new(facts, policy);
    let mut assignments: Vec<_> =
        facts.inventory.assignments.iter().filter_map(|held| builder.assignment(held)).collect();
    assignments.sort_by_key(|one| (one.principal, one.api, one.role));
    let missing = builder.missing();
    let uses = uses(&assignments);
    Report {
        schema: SCHEMA,
        format: FORMAT,
        generated_at: rfc3339(facts.now),
        tenant_id: facts.own.tenant_id,
        broker_version: VERSION,
        complete: true,
        policy: facts.policy.map(|rules| rules.file.clone()),
        compared_with: None,
        principals: builder.principals.reported(),
        rules: facts.policy.map(|rules| rules.reported(&uses)).unwrap_or_default(),
        apis: builder.apis.into_iter().map(|api| api.reported(facts.own.tenant_id)).collect(),
        assignments,
        missing,
        gone: Vec::new(),
        notes: Vec::new(),
    }
}

/// The number of assignments that each rule allows.
fn uses(assignments: &[ReportedAssignment]) -> Vec<usize> {
    let mut uses = Vec::new();
    for position in assignments.iter().flat_map(|one| one.rules.iter().copied()) {
        if uses.len() <= position {
            uses.resize(position + 1, 0);
        }
        if let Some(count) = uses.get_mut(position) {
            *count += 1;
        }
    }
    uses
}

/// Makes the entries of a report from positions and judgements.
struct Builder<'a> {
    facts: &'a Facts<'a>,
    principals: Principals<'a>,
    /// Sorted by name.
    apis: Vec<ApiEntry<'a>>,
    positions: HashMap<ObjectId, usize>,
}

impl<'a> Builder<'a> {
    fn new(facts: &'a Facts<'a>, policy: &'a Policy) -> Self {
        let inventory = facts.inventory;
        let held: HashSet<_> = inventory.assignments.iter().map(|held| held.api).collect();
        let entries = inventory
            .apis
            .iter()
            .map(|api| ApiEntry::new(api, policy.rules_of_api(api, facts.own, facts.now)));
        let mut apis: Vec<_> = entries
            .filter(|one| held.contains(&one.api.object_id) || !one.rules.is_empty())
            .collect();
        apis.sort_by_cached_key(ApiEntry::by_name);
        let positions = apis.iter().zip(0..).map(|(one, at)| (one.api.object_id, at)).collect();
        Self { facts, principals: Principals::of(&inventory.principals), apis, positions }
    }

    /// Describes an assignment. The inventory contains both its principal and its API.
    fn assignment(&mut self, held: &InventoryAssignment) -> Option<ReportedAssignment> {
        let (principal, facts_of_principal) = self.principals.find(held.principal)?;
        let api = *self.positions.get(&held.api)?;
        let entry = self.apis.get_mut(api)?;
        let role = entry.position(held.role);
        let (facts_of_role, rules) = entry.role(role)?;
        let judgement = rules.judge(facts_of_principal, facts_of_role);
        let end = self.facts.ends.end_of(held.principal, &held.assignment());
        let (end_date_time, tokens_until) = match end.map(End::shown) {
            Some(ShownEnd { end_date_time, tokens_until }) => {
                (Some(end_date_time), Some(tokens_until))
            }
            None => (None, None),
        };
        let request = self.facts.history.and_then(|history| history.request_of(held));
        Some(ReportedAssignment {
            principal,
            api,
            role,
            created: held.created.map(rfc3339),
            origin: self.origin(request, end.is_some()),
            end_date_time,
            tokens_until,
            request: request.cloned().unwrap_or_default(),
            coverage: self.coverage(held.principal, &judgement.rules),
            privileged: judgement.privileged.map(|why| why.to_string()),
            rules: judgement.rules,
            change: None,
        })
    }

    fn origin(&self, request: Option<&RecordedRequest>, ends: bool) -> Origin {
        match self.facts.history {
            // Only the broker makes assignments that end.
            Some(_) if request.is_some() || ends => Origin::Broker,
            Some(_) => Origin::Other,
            None => Origin::Unknown,
        }
    }

    fn coverage(&self, principal: ObjectId, rules: &[usize]) -> Option<Coverage> {
        let policy = self.facts.policy?;
        Some(match rules {
            [] if Some(principal) == self.facts.broker => Coverage::Broker,
            [] => Coverage::None,
            rules if rules.iter().any(|rule| policy.is_baseline(*rule)) => Coverage::Baseline,
            _ => Coverage::Rule,
        })
    }

    /// The roles of the baseline that managed identities lack. The broker gives them to no others.
    fn missing(&mut self) -> Vec<MissingRole> {
        let Some(policy) = self.facts.policy else { return Vec::new() };
        let held = self.facts.inventory.assignments.iter();
        let held: HashSet<Ids> = held.map(|one| (one.principal, one.api, one.role)).collect();
        let mut missing = Vec::new();
        let identities = self.principals.iter();
        for (position, principal) in identities.filter(|(_, one)| is_managed_identity(one)) {
            for (at, entry) in self.apis.iter_mut().enumerate() {
                if self.facts.inventory.partly_read.contains(&entry.api.object_id) {
                    continue;
                }
                let wanted = entry.rules.baseline_roles(principal).to_vec();
                for one in wanted {
                    if held.contains(&(principal.object_id, one.api, one.role.id)) {
                        continue;
                    }
                    let Some(rule) = policy.position(&one.rule) else { continue };
                    let role = entry.position(one.role.id);
                    missing.push(MissingRole { principal: position, api: at, role, rule });
                }
            }
        }
        missing
    }
}

fn is_managed_identity(principal: &Principal) -> bool {
    principal.kind == PrincipalKind::ManagedIdentity
}
