//! `app-role approvals list`.

use app_roles::{approval_view::ApprovalView, request::Action};

use super::{approval::Approval, client::Approvals, details::role_name};
use crate::{exit::Exit, failure::Failure, output::Screen, timestamps::text_to_the_second};

const HEADERS: [&str; 5] = ["ID", "PRINCIPAL", "ROLES", "REQUESTER", "WAITS UNTIL"];

/// Runs `app-role approvals list`.
pub(super) async fn run(screen: Screen, approvals: &Approvals) -> Result<Exit, Failure> {
    let (document, all) = approvals.list().await?;
    if screen.prints_document() {
        screen.json(&document)?;
    } else if !all.is_empty() {
        screen.table(&HEADERS, all.iter().map(Approval::view).map(row));
    }
    if all.is_empty() {
        screen.note("nothing waits for your approval");
    }
    Ok(Exit::Done)
}

fn row(view: &ApprovalView) -> Vec<String> {
    let names: Vec<_> = view.roles.iter().map(role_name).collect();
    let removal = if view.subject.action == Action::Revoke { "revoke " } else { "" };
    vec![
        view.approval_id.to_string(),
        view.principal.display_name.clone(),
        format!("{removal}{} on {}", names.join(", "), view.api.display_name),
        view.subject.requester.clone(),
        text_to_the_second(&view.expires_at),
    ]
}
