//! `app-role approvals approve` and `deny`: the operator decides on exactly what is shown.

use app_roles::{
    approval::{ApprovalDigest, ApprovalState, Vote},
    approval_view::ApprovalView,
    ids::ApprovalId,
    text::Reason,
};
use serde_json::{Value, json};

use super::{
    approval::Approval,
    changes::changes,
    client::{Approvals, Decided},
    details,
};
use crate::{
    broker_result, confirmation,
    exit::Exit,
    failure::Failure,
    output::{Line, Screen, Tone},
};

/// What the operator wants to decide.
pub(super) struct Ballot<'a> {
    /// The decision.
    pub(super) vote: Vote,
    /// The reason for the record.
    pub(super) reason: Option<&'a Reason>,
    /// The digest of the approval that the operator has seen.
    pub(super) digest: Option<&'a ApprovalDigest>,
    /// Whether the operator has confirmed.
    pub(super) yes: bool,
}

/// Runs `app-role approvals approve` and `deny`.
pub(super) async fn run(
    screen: Screen,
    approvals: &Approvals,
    id: ApprovalId,
    ballot: &Ballot<'_>,
) -> Result<Exit, Failure> {
    confirmation::check_can_ask(ballot.yes).map_err(|failure| failure.hint(ballot.way(id)))?;
    let shown = approvals.get(id).await?;
    let view = shown.view();
    details::show(screen, view);
    if ballot.digest.is_some_and(|looked_at| *looked_at != view.digest) {
        let sentence = "--digest is not the digest of this approval: it has changed, or you \
                        have looked at another";
        return Err(Failure::failed(sentence).hint(look_again(id)));
    }
    // With `--yes`, the broker answers: it accepts a script that repeats its own decision.
    if view.state.is_final() && !ballot.yes {
        let sentence = format!("nothing is left to decide: the request {}", details::state(view));
        return Err(Failure::failed(sentence));
    }
    confirmation::confirm(screen, ballot.question(), ballot.yes)?;
    match approvals.decide(id, &ballot.json(&view.digest)).await? {
        Decided::Counted(after) => report(screen, ballot.vote, &after),
        Decided::Changed(now) => Err(changed(screen, view, now.as_ref())),
        Decided::Closed(now) => Err(closed(id, now.as_ref())),
    }
}

/// Explains that an approval has changed since it was shown.
fn changed(screen: Screen, shown: &ApprovalView, now: Option<&Approval>) -> Failure {
    for change in now.map(|now| changes(shown, now.view())).into_iter().flatten() {
        screen.note(change);
    }
    Failure::failed("the approval has changed since it was shown, so the decision does not count")
        .hint(look_again(shown.approval_id))
}

/// Explains that an approval no longer takes this decision.
fn closed(id: ApprovalId, now: Option<&Approval>) -> Failure {
    let sentence = match now.map(Approval::view) {
        Some(now) if now.state.is_final() => {
            format!("it is decided already: the request {}", details::state(now))
        }
        Some(now) => {
            format!("you have decided before, and the request {}", details::state(now))
        }
        None => "it is decided already".to_owned(),
    };
    Failure::failed(sentence).hint(format!("`app-role approvals show {id}` shows the decisions"))
}

impl Ballot<'_> {
    /// The body of the call. It states the digest that was shown.
    fn json(&self, shown: &ApprovalDigest) -> Value {
        match self.reason.map(Reason::as_str) {
            Some(reason) => json!({ "decision": self.vote, "digest": shown, "reason": reason }),
            None => json!({ "decision": self.vote, "digest": shown }),
        }
    }

    fn question(&self) -> &'static str {
        match self.vote {
            Vote::Approve => "Approve?",
            Vote::Deny => "Deny?",
        }
    }

    /// The command that decides without a terminal.
    fn way(&self, id: ApprovalId) -> String {
        match self.vote {
            Vote::Approve => format!(
                "nothing was decided; pass --yes and the --digest that \
                 `app-role approvals show {id}` prints"
            ),
            Vote::Deny => "nothing was decided; pass --yes to confirm".to_owned(),
        }
    }
}

fn look_again(id: ApprovalId) -> String {
    format!("look at it again with `app-role approvals show {id}`, then decide")
}

/// Prints the approval after the decision. Returns the exit status.
fn report(screen: Screen, vote: Vote, after: &Approval) -> Result<Exit, Failure> {
    let view = after.view();
    if screen.prints_document() {
        screen.json(after.document()).map_err(|failure| failure.after_a_change(true))?;
    } else {
        let own = match vote {
            Vote::Approve => Line::painted(Tone::Good, "your approval is on record"),
            Vote::Deny => Line::painted(Tone::Warning, "your denial is on record"),
        };
        screen.say(own.then(&format!(": the request {}", details::state(view))));
        if let Some(result) = after.result() {
            broker_result::show(screen, result);
        }
    }
    Ok(exit(vote, after))
}

/// The exit status: whether the decision had the effect that the operator wanted.
fn exit(vote: Vote, after: &Approval) -> Exit {
    match (vote, after.view().state) {
        (_, ApprovalState::Pending | ApprovalState::Approved)
        | (Vote::Deny, ApprovalState::Denied) => Exit::Done,
        (_, ApprovalState::Done) => after.result().map_or(Exit::Done, broker_result::exit),
        (_, ApprovalState::Denied | ApprovalState::Refused) => Exit::Denied,
        (_, ApprovalState::Expired) => Exit::Failed,
    }
}
