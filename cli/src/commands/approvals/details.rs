//! `app-role approvals show`: exactly what an approval covers, and its state.

use app_roles::{
    approval::{ApprovalState, Vote},
    approval_view::{ApprovalView, ViewedRole},
    duration::AssignmentDuration,
    ids::ApprovalId,
    request::Action,
};

use super::client::Approvals;
use crate::{
    broker_result,
    exit::Exit,
    failure::Failure,
    output::{Line, Screen, Tone},
    result::word,
    timestamps::{self, text_to_the_second},
};

/// The width of labels, in columns.
const LABEL_WIDTH: usize = 13;

/// The end of a subject whose assignments have none.
const NO_END: &str = "none";

/// Runs `app-role approvals show`.
pub(super) async fn run(
    screen: Screen,
    approvals: &Approvals,
    id: ApprovalId,
) -> Result<Exit, Failure> {
    let approval = approvals.get(id).await?;
    if screen.prints_document() {
        screen.json(approval.document())?;
    } else {
        show(screen, approval.view());
        if let Some(result) = approval.result() {
            broker_result::show(screen, result);
        }
    }
    Ok(Exit::Done)
}

/// Prints everything that the digest covers, its meaning for people, and the decisions so far. Texts with
/// spaces are quoted, so that none looks like another line.
pub(super) fn show(screen: Screen, view: &ApprovalView) {
    let subject = &view.subject;
    let field = |label: &str, text: &str| {
        screen.detail(format!("{label:<LABEL_WIDTH$}{text}"), LABEL_WIDTH);
    };
    field("approval", &view.approval_id.to_string());
    field("state", &format!("{}: it {}", word(&view.state), state(view)));
    field("action", &word(&subject.action));
    field("principal", &quoted(&view.principal.display_name));
    field("", &format!("object ID {}", subject.principal_id));
    if let Some(resource) = &view.principal.resource_id {
        field("", &format!("resource {}", copyable(resource)));
    }
    field("API", &quoted(&view.api.display_name));
    field("", &format!("object ID {}", subject.api_id));
    field("", &format!("app ID {}", view.api.app_id));
    for role in &view.roles {
        show_role(screen, role, subject.action);
    }
    field("requester", &copyable(&subject.requester));
    for (label, text) in [("request ID", &view.request_id), ("reason", &view.reason)] {
        if let Some(text) = text {
            field(label, &quoted(text));
        }
    }
    field(
        "policy",
        &match &subject.policy_sha256 {
            Some(sha256) => format!("SHA-256 {}", copyable(sha256)),
            None => "none".to_owned(),
        },
    );
    for decision in &view.decisions {
        let label = match decision.decision {
            Vote::Approve => "approved by",
            Vote::Deny => "denied by",
        };
        let at = text_to_the_second(&decision.at);
        field(label, &format!("{} at {at}", copyable(&decision.approver)));
    }
    field("asked at", &text_to_the_second(&view.created_at));
    field("waits until", &text_to_the_second(&view.expires_at));
    field("digest", view.digest.as_str());
}

fn show_role(screen: Screen, role: &ViewedRole, action: Action) {
    let field = |label: &str, line: Line| {
        let label = Line::from(format!("{label:<LABEL_WIDTH$}"));
        screen.detail(label.then_line(line), LABEL_WIDTH);
    };
    field("role", quoted(&role_name(role)).into());
    field("", format!("ID {}", role.id).into());
    if role.privileged {
        let why = role.why.as_deref().map(|why| format!(": {}", quoted(why))).unwrap_or_default();
        field("", Line::painted(Tone::Warning, "privileged").then(&why));
    }
    field("", end(role, action).into());
    let needed = match role.needed {
        0 => "needs no approval".to_owned(),
        needed => format!("needs {}", approvals_in_words(needed)),
    };
    field("", format!("rule {} {needed}", quoted(&role.rule)).into());
}

/// Says when the assignment of a role ends.
fn end(role: &ViewedRole, action: Action) -> String {
    let text = role.end.as_str();
    if text == NO_END {
        return match action {
            Action::Assign => "never ends".to_owned(),
            Action::Revoke => "stays removed".to_owned(),
        };
    }
    match (AssignmentDuration::parse(text), timestamps::parse(text)) {
        (Ok(_), _) => format!("ends {text} after it is assigned"),
        (_, Some(_)) => format!("ends at {text}"),
        _ => format!("end {}", quoted(text)),
    }
}

/// Describes the state of a request for people: the rest of a sentence about the request.
pub(super) fn state(view: &ApprovalView) -> String {
    let sentence = match view.state {
        ApprovalState::Pending => return format!("waits for {}", awaited(view)),
        ApprovalState::Approved => "is approved, and the broker carries it out within minutes",
        ApprovalState::Done => "was approved and carried out",
        ApprovalState::Denied => "was denied by an approver, and nothing was changed",
        ApprovalState::Expired => {
            "has expired: too few approvers decided in time, and nothing was changed"
        }
        ApprovalState::Refused => "was approved, but the broker could not carry it out any more",
    };
    sentence.to_owned()
}

/// Says which approvals are missing. If the rules have different approvers, only the broker can count them.
fn awaited(view: &ApprovalView) -> String {
    let given = view.decisions.iter().filter(|one| one.decision == Vote::Approve).count();
    let mut rules: Vec<_> = view.roles.iter().map(|role| (&role.rule, role.needed)).collect();
    rules.retain(|(_, needed)| *needed > 0);
    rules.sort_unstable();
    rules.dedup();
    match rules[..] {
        [(_, needed)] if needed > given => {
            let more = approvals_in_words(needed - given);
            more.replacen(' ', " more ", 1)
        }
        _ => format!("more approvals; {given} given so far"),
    }
}

fn approvals_in_words(number: usize) -> String {
    format!("{number} approval{}", if number == 1 { "" } else { "s" })
}

/// Returns the value of a role, or else its id.
pub(super) fn role_name(role: &ViewedRole) -> String {
    role.value.clone().unwrap_or_else(|| role.id.to_string())
}

/// Quotes a text. Quotes, line breaks and unprintable characters in it are escaped.
pub(super) fn quoted(text: &str) -> String {
    format!("{text:?}")
}

/// Returns a text without spaces as it is, so that it can be copied. Others are quoted.
pub(super) fn copyable(text: &str) -> String {
    let is_word = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic());
    if is_word { text.to_owned() } else { quoted(text) }
}
