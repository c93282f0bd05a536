//! Warnings about the approvals that rules ask for, or do not ask for.

use super::{
    approval::ApprovalTerms,
    rule::{Rule, RuleAction},
    warning::Finding,
    warning_code::WarningCode,
};
use crate::{ids::ObjectId, requester::Requester};

/// The field that a warning about approvals is about.
const PLACE: &str = ".approval";

/// The warnings about the approval that a rule asks for.
pub(super) fn of(rule: &Rule) -> Vec<Finding> {
    match &rule.grant.approval {
        Some(_) if rule.only_reads() => vec![Finding::new(
            WarningCode::ApprovalWithoutEffect,
            PLACE,
            "\"approval\" has no effect: the rule lets requesters read only, and reading needs no approval",
        )],
        Some(terms) => {
            let sentences = never_approved(rule, terms).into_iter();
            let never = |sentence| Finding::new(WarningCode::NeverApproved, PLACE, sentence);
            sentences.map(never).collect()
        }
        None if rule.grant.privileged && rule.actions.contains(&RuleAction::Assign) => {
            vec![Finding::new(
                WarningCode::PrivilegedWithoutApproval,
                "",
                "it grants privileged roles without approval; say who approves them, for example \
                 \"approval\": { \"by\": [\"http:<object id>\"] }",
            )]
        }
        None => Vec::new(),
    }
}

/// The requests that the rule covers and that its approvers cannot approve, because an approver who is the
/// requester or the principal does not count.
fn never_approved(rule: &Rule, terms: &ApprovalTerms) -> Vec<String> {
    let (requesters, principals) = involved(rule, terms);
    // The number of approvers that can be missing.
    match terms.by().len() - terms.count() {
        0 => {
            let of_requesters =
                requesters.iter().map(|id| never(&format!("requested by {id}"), terms));
            let for_principals =
                principals.iter().map(|id| never(&format!("for the principal {id}"), terms));
            of_requesters.chain(for_principals).collect()
        }
        1 => {
            let pairs = requesters.iter().flat_map(|requester| {
                let others = principals.iter().filter(move |principal| *principal != requester);
                others.map(move |principal| (requester, principal))
            });
            let never = pairs.map(|(requester, principal)| {
                never(&format!("requested by {requester} for the principal {principal}"), terms)
            });
            never.collect()
        }
        _ => Vec::new(),
    }
}

/// The approvers that are also requesters of the rule, and those that are its principals by object id.
fn involved(rule: &Rule, terms: &ApprovalTerms) -> (Vec<ObjectId>, Vec<ObjectId>) {
    let approvers = terms.by().iter().copied();
    let requests = |id: &ObjectId| {
        let mut requesters = rule.requesters.iter();
        requesters.any(|one| matches!(one, Requester::Http(own) | Requester::Cli(own) if own == id))
    };
    let requesters = approvers.clone().filter(requests).collect();
    (requesters, approvers.filter(|id| rule.grant.names(*id)).collect())
}

fn never(what: &str, terms: &ApprovalTerms) -> String {
    let needed = match terms.count() {
        1 => "1 approval is".to_owned(),
        count => format!("{count} approvals are"),
    };
    format!(
        "what is {what} can never be approved: {needed} needed, and no approver decides on their own \
         request or on a role for themselves; name more approvers"
    )
}
