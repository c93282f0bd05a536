//! The difference for people: sections of sentences.

use app_roles::policy::{AccessChange, ChangeKind, PolicyDifference};

use super::{
    phrase::Phrase,
    remarks, sentences,
    touched::{Touched, sentence},
};
use crate::{
    output::{Line, Screen, Tone},
    principal_role::PrincipalRole,
};

/// The most assignments that a section lists. The JSON document has all.
const MAX_ASSIGNMENTS: usize = 50;

/// The spaces before the continuation of a sentence on a terminal.
const INDENT: usize = 4;

/// The difference for people.
pub(super) struct Report {
    pub(super) sections: Vec<Section>,
    /// How much differs, in one sentence.
    pub(super) summary: String,
    /// Remarks about things that do not differ.
    pub(super) remarks: Vec<Phrase>,
}

/// Differences of one kind.
pub(super) struct Section {
    pub(super) title: &'static str,
    pub(super) sentences: Vec<(Sign, Phrase)>,
}

/// Whether something is new, gone or different.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sign {
    New,
    Gone,
    Different,
}

impl Sign {
    /// The sign as a comparison of files has it.
    pub(super) fn text(self) -> &'static str {
        match self {
            Self::New => "+",
            Self::Gone => "-",
            Self::Different => "~",
        }
    }

    fn tone(self) -> Tone {
        match self {
            Self::New => Tone::Good,
            Self::Gone => Tone::Bad,
            Self::Different => Tone::Warning,
        }
    }
}

impl From<ChangeKind> for Sign {
    fn from(kind: ChangeKind) -> Self {
        match kind {
            ChangeKind::Allowed => Self::New,
            ChangeKind::Withdrawn => Self::Gone,
            ChangeKind::OtherTerms => Self::Different,
        }
    }
}

impl Report {
    /// The report on a difference, and on what it touches in the tenant.
    pub(super) fn new(difference: &PolicyDifference, touched: Option<&Touched>) -> Self {
        let mut sections = differing(difference);
        sections.extend(touched.into_iter().flat_map(in_tenant));
        sections.retain(|section| !section.sentences.is_empty());
        let mut all = remarks::unknown(&difference.protection);
        all.extend(difference.notes.iter().map(remarks::note));
        let unread = touched.into_iter().flat_map(|touched| &touched.unread);
        all.extend(unread.map(|sentence| Phrase::default().words("Not read: ").name(sentence)));
        Self { sections, summary: summary(difference, touched), remarks: all }
    }

    /// Prints the report.
    pub(super) fn print(&self, screen: Screen) {
        for Section { title, sentences } in &self.sections {
            screen.say(*title);
            for (sign, sentence) in sentences {
                let line = Line::from("  ").then_painted(sign.tone(), sign.text()).then(" ");
                screen.entry(sentence.on(line), INDENT);
            }
        }
        if !self.remarks.is_empty() {
            screen.say("Remarks");
        }
        for remark in &self.remarks {
            screen.entry(remark.on(Line::from("  ")), INDENT);
        }
        screen.say(self.summary.as_str());
    }
}

fn differing(difference: &PolicyDifference) -> Vec<Section> {
    let on_request = |title, kind| Section {
        title,
        sentences: said(&difference.on_request, kind, sentences::on_request),
    };
    let baseline = |title, kind| Section {
        title,
        sentences: said(&difference.baseline, kind, sentences::baseline),
    };
    let orders = difference.approvers.iter();
    let orders = orders.map(|order| (Sign::Different, sentences::approvers(order)));
    let protected = difference.protection.entries.iter().map(|entry| {
        (if entry.is_added { Sign::New } else { Sign::Gone }, sentences::protection(entry))
    });
    vec![
        on_request("Newly allowed", ChangeKind::Allowed),
        on_request("No longer allowed", ChangeKind::Withdrawn),
        on_request("Allowed on other terms", ChangeKind::OtherTerms),
        Section { title: "Approvals by others", sentences: orders.collect() },
        baseline("Newly in the baseline", ChangeKind::Allowed),
        baseline("No longer in the baseline", ChangeKind::Withdrawn),
        baseline("In the baseline on other terms", ChangeKind::OtherTerms),
        Section { title: "Protection", sentences: protected.collect() },
    ]
}

fn said(
    changes: &[AccessChange],
    kind: ChangeKind,
    say: fn(&AccessChange) -> Phrase,
) -> Vec<(Sign, Phrase)> {
    let changes = changes.iter().filter(|change| change.kind == kind);
    changes.map(|change| (kind.into(), say(change))).collect()
}

fn in_tenant(touched: &Touched) -> Vec<Section> {
    let section = |title, sign, assignments: &[PrincipalRole]| {
        let shown = assignments.iter().take(MAX_ASSIGNMENTS);
        let mut sentences: Vec<_> = shown.map(|one| (sign, sentence(one))).collect();
        let more = assignments.len().saturating_sub(MAX_ASSIGNMENTS);
        if more > 0 {
            let words = format!("and {more} more; --output json lists all");
            sentences.push((sign, Phrase::default().words(&words)));
        }
        Section { title, sentences }
    };
    vec![
        section(
            "Held, and covered by no rule any more: it stays until it is revoked or ends",
            Sign::Gone,
            &touched.uncovered,
        ),
        section("Held, and covered by a rule now", Sign::New, &touched.covered),
        section("Not held, and assigned by the baseline", Sign::New, &touched.to_assign),
    ]
}

/// Says how much differs.
fn summary(difference: &PolicyDifference, touched: Option<&Touched>) -> String {
    let in_tenant = touched.map(|touched| {
        format!(
            "; in the tenant, {} covered by no rule any more, {} covered now, {} that the baseline \
             will assign",
            count(touched.uncovered.len(), "assignment"),
            count(touched.covered.len(), "assignment"),
            count(touched.to_assign.len(), "role"),
        )
    });
    if difference.is_empty() {
        return format!(
            "no difference: both policies allow the same{}",
            in_tenant.unwrap_or_default()
        );
    }
    let number = |kind| {
        let changes = difference.on_request.iter().chain(&difference.baseline);
        changes.filter(|change| change.kind == kind).count()
    };
    let (other, protection) = (
        number(ChangeKind::OtherTerms) + difference.approvers.len(),
        difference.protection.entries.len(),
    );
    format!(
        "{} newly allowed, {} no longer allowed, {other} on other terms, {protection} in what is \
         protected{}",
        number(ChangeKind::Allowed),
        number(ChangeKind::Withdrawn),
        in_tenant.unwrap_or_default()
    )
}

/// A number and a noun in its form.
fn count(number: usize, noun: &str) -> String {
    if number == 1 { format!("1 {noun}") } else { format!("{number} {noun}s") }
}
