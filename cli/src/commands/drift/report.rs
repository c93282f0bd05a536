//! The differences between tenant and policy, for people and for programs.

use serde::Serialize;
use time::OffsetDateTime;

use super::{
    comparison::{Blueprint, Deviation},
    ending::Ending,
};
use crate::{
    agents,
    output::{Line, Screen, Tone},
    policy_in_force::PolicyInForce,
};

/// The differences between tenant and policy.
#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Drift {
    /// The number of managed identities that were compared.
    pub(super) identities: usize,
    /// Roles of the baseline that are not assigned.
    pub(super) missing: Vec<Deviation>,
    /// Assigned roles that no rule allows.
    pub(super) unexpected: Vec<Deviation>,
    /// Assignments that the broker should have ended.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) late: Vec<Ending>,
    /// Assignments that end, whether or not a rule allows them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) ending: Vec<Ending>,
    /// APIs and roles of the policy that do not exist in the tenant.
    pub(super) unknown: Vec<String>,
    /// The agent blueprints that hold roles of the policy's APIs.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) blueprints: Vec<Blueprint>,
    /// The policy file that was compared, and the policy that the broker has in force.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) policy: Option<PolicyInForce>,
}

impl Drift {
    /// Returns whether something needs attention. An assignment that ends does not.
    pub(super) fn exists(&self) -> bool {
        let deviations = [&self.missing, &self.unexpected];
        let has_deviations = deviations.iter().any(|deviations| !deviations.is_empty());
        has_deviations || !self.late.is_empty() || !self.unknown.is_empty()
    }

    /// Adds the assignments that end. They are not unexpected, even if no rule allows them any more.
    pub(super) fn take_in(&mut self, endings: Vec<Ending>) {
        let now = OffsetDateTime::now_utc();
        for mut ending in endings {
            let before = self.unexpected.len();
            self.unexpected.retain(|one| one.ids() != ending.ids());
            ending.no_rule = self.unexpected.len() < before;
            let kind = if ending.is_late(now) { &mut self.late } else { &mut self.ending };
            kind.push(ending);
        }
    }

    /// Removes duplicates. Graph lists some objects twice if it loses its position in the list.
    pub(super) fn remove_repeated(&mut self) {
        for deviations in [&mut self.missing, &mut self.unexpected] {
            deviations.sort();
            deviations.dedup();
        }
        for endings in [&mut self.late, &mut self.ending] {
            endings.sort_by_key(Ending::ids);
            endings.dedup_by_key(|one| one.ids());
        }
    }

    /// Prints the differences. `knows_ends` says whether the ends of assignments were read.
    pub(super) fn show(&self, screen: Screen, knows_ends: bool) {
        self.show_table(screen);
        self.show_remarks(screen);
        self.show_counts(screen, knows_ends);
    }

    fn show_table(&self, screen: Screen) {
        let rows = |word: &'static str, deviations: &[Deviation]| {
            deviations.iter().map(move |one| one.row(word)).collect::<Vec<_>>()
        };
        let ending = |word: &'static str, endings: &[Ending]| {
            endings.iter().map(move |one| one.row(word)).collect::<Vec<_>>()
        };
        let rows = [
            rows("missing", &self.missing),
            rows("unexpected", &self.unexpected),
            ending("late", &self.late),
            ending("ends", &self.ending),
        ]
        .concat();
        if !rows.is_empty() {
            let headers = ["DRIFT", "PRINCIPAL", "OBJECT ID", "API", "ROLE", "RULE", "ENDS"];
            screen.table(&headers, rows.into_iter());
        }
    }

    fn show_remarks(&self, screen: Screen) {
        for sentence in &self.unknown {
            screen.say(Line::painted(Tone::Warning, "unknown:").then(" ").then(sentence));
        }
        for Blueprint { principal, principal_id, roles } in &self.blueprints {
            let roles = if *roles == 1 { "1 role".to_owned() } else { format!("{roles} roles") };
            let inherited = agents::INHERITED;
            screen.say(Line::painted(Tone::Warning, &format!("{}:", agents::BLUEPRINT)).then(
                &format!(
                    " {principal} ({principal_id}) holds {roles} of the policy's APIs; {inherited}"
                ),
            ));
        }
    }

    fn show_counts(&self, screen: Screen, knows_ends: bool) {
        let Self { identities, missing, unexpected, unknown, late, ending, .. } = self;
        let mut counts = format!(
            "compared {identities} managed identities: {} missing, {} unexpected, {} unknown",
            missing.len(),
            unexpected.len(),
            unknown.len()
        );
        if knows_ends {
            counts.push_str(&format!(", {} late, {} end", late.len(), ending.len()));
        }
        let tone = if self.exists() { Tone::Bad } else { Tone::Good };
        screen.say(Line::painted(tone, &counts));
        if !missing.is_empty() {
            screen.note(
                "hint: the broker assigns missing roles after the next run of its timer; `app-role \
                 assign` assigns them now",
            );
        }
        if !late.is_empty() {
            screen.note(
                "hint: the broker should have ended the late assignments; its log says why it did not \
                 (`end.late`)",
            );
        }
    }
}
