//! `app-role approvals status`: what became of a request that waited for approval, for its requester.

use app_roles::ids::ApprovalId;
use reqwest::StatusCode;

use super::{approval::Approval, details};
use crate::{
    broker_reading::{ReadingOptions, no_broker, read},
    broker_result,
    exit::Exit,
    failure::Failure,
    options::GlobalOptions,
    output::Screen,
};

/// The advice about who may read the status.
const NEEDED: &str = "only the requester sees it; an approver uses `app-role approvals show`";

/// Runs `app-role approvals status`.
pub(super) async fn run(
    global: &GlobalOptions,
    screen: Screen,
    (id, options): (ApprovalId, &ReadingOptions),
) -> Result<Exit, Failure> {
    let answer = read(global, options, &[("approval", &id.to_string())], NEEDED).await?;
    if answer.status != StatusCode::ACCEPTED {
        return finished(screen, &answer.body);
    }
    let approval = Approval::read(answer.body)?.with_id(id)?;
    if screen.prints_document() {
        screen.json(approval.document())?;
    } else {
        details::show(screen, approval.view());
    }
    Ok(Exit::Pending)
}

/// Prints the final result.
fn finished(screen: Screen, result: &serde_json::Value) -> Result<Exit, Failure> {
    if broker_result::roles(result).is_empty() {
        return Err(no_broker());
    }
    if screen.prints_document() {
        screen.json(result)?;
    } else {
        broker_result::show(screen, result);
    }
    Ok(broker_result::exit(result))
}
