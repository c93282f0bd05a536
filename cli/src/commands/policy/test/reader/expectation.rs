//! What a test expects.

use app_roles::{ids::ObjectId, request::Moment, requester::Requester};

use super::super::{
    case::{Expected, ExpectedEnd},
    words::{ActionWord, CodeWord, DecisionWord},
};
use crate::document::{Faults, Part, Section, of_text};

const FIELDS: &[&str] =
    &["decision", "rule", "code", "end", "approvers", "count", "within", "confirmation"];

/// The word for an assignment without an end.
const NO_END: &str = "none";

/// Reads what a test expects.
pub(super) fn read(
    test: &Section<'_>,
    action: Option<ActionWord>,
    faults: &mut Faults,
) -> Option<Expected> {
    let section = test.required("expect", faults)?.section(FIELDS, faults)?;
    let decision =
        section.required("decision", faults).and_then(|part| part.read::<DecisionWord>(faults));
    let expected = Expected {
        decision: decision.unwrap_or(DecisionWord::Denied),
        rule: section.part("rule").and_then(|part| part.text(faults)).map(str::to_owned),
        code: section.read::<CodeWord>("code", faults).map(Into::into),
        end: section.part("end").and_then(|part| part.parsed(end, faults)),
        approvers: section.part("approvers").and_then(|part| approvers(&part, faults)),
        count: section.part("count").and_then(|part| part.number(faults)),
        within: section.read("within", faults),
        confirmation: section.read("confirmation", faults),
    };
    if let (Some(action), Some(decision)) = (action, decision) {
        contradictions(&section, action, decision, faults);
    }
    decision.map(|_| expected)
}

/// Finds expectations that can never be met, given this decision and action.
fn contradictions(
    section: &Section<'_>,
    action: ActionWord,
    decision: DecisionWord,
    faults: &mut Faults,
) {
    let is_allowed = decision != DecisionWord::Denied;
    let needs_approval = decision == DecisionWord::NeedsApproval;
    let asks = matches!(action, ActionWord::Assign | ActionWord::Revoke);
    for (field, is_possible, problem) in [
        ("decision", asks || !needs_approval, "neither reading nor the baseline needs an approval"),
        ("code", !is_allowed, "only a denial has a code"),
        ("end", is_allowed && action == ActionWord::Assign, ONLY_ASSIGNED),
        ("approvers", needs_approval, ONLY_APPROVAL),
        ("count", needs_approval, ONLY_APPROVAL),
        ("within", needs_approval, ONLY_APPROVAL),
        ("confirmation", is_allowed && action != ActionWord::Read, ONLY_WRITTEN),
    ] {
        if let Some(part) = section.part(field).filter(|_| !is_possible) {
            part.fault(problem, faults);
        }
    }
}

const ONLY_ASSIGNED: &str = "only a request that assigns and is not denied has an end";
const ONLY_APPROVAL: &str = "only the decision needsApproval has it";
const ONLY_WRITTEN: &str = "only a change that is not denied needs a confirmation";

fn end(text: &str) -> Result<ExpectedEnd, String> {
    if text == NO_END {
        return Ok(ExpectedEnd::None);
    }
    if text.starts_with('P') {
        return of_text(text).map(ExpectedEnd::After);
    }
    of_text(text).map(|moment: Moment| ExpectedEnd::At(moment.0)).map_err(|_| {
        "expected a time such as 2026-12-01T00:00:00Z, a duration after the decision such as PT8H, \
         or none"
            .to_owned()
    })
}

fn approvers(part: &Part<'_>, faults: &mut Faults) -> Option<Vec<ObjectId>> {
    let mut approvers = Vec::new();
    for item in part.items(faults)? {
        match item.text(faults).map(Requester::parse) {
            Some(Ok(Requester::Http(id))) => approvers.push(id),
            Some(_) => {
                item.fault("must be http:<object id>, as a rule names an approver", faults);
            }
            None => {}
        }
    }
    approvers.sort_unstable();
    approvers.dedup();
    Some(approvers)
}
