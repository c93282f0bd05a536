//! The demo's privileged role, which waits until the approver approves it over HTTP.

use std::time::Instant;

use anyhow::{Context as _, Result, bail};
use serde_json::{Value, json};

use crate::{local_azure::LocalAzure, report::Step, results::has};

/// The route of calls about approvals.
const ROUTE: &str = "api/app-role-approvals";

const REQUEST: &str = r#"{"principal":"func-billing","api":"graph","roles":["Mail.Send"],"reason":"invoices go out by mail"}"#;

const WAITING: &str = "Mail.Send on Microsoft Graph for func-billing waits for approval";
const WAITING_EXPECTED: &[&str] = &["pendingApproval"];
const APPROVED: &str = "The approver reads what it means, and approves it over HTTP";
const APPROVED_EXPECTED: &[&str] = &["assigned"];

/// Sends the request, and approves it as the approver. Returns both steps; only the first one if the reader's
/// own policy decides without the demo's approver.
pub(crate) async fn play(azure: &mut LocalAzure) -> Result<Vec<Step>> {
    let (waiting, took) = azure.ask(REQUEST).await?;
    let mut steps = vec![Step::new(WAITING, WAITING_EXPECTED, &waiting, took)];
    let began = Instant::now();
    let id = waiting.get("approvalId").and_then(Value::as_str);
    let Some(approval) = find(azure, id).await? else {
        if azure.has_own_policy {
            return Ok(steps);
        }
        bail!("the request does not wait for the demo's approver");
    };
    let result = approve(azure, &approval).await?;
    steps.push(Step::new(APPROVED, APPROVED_EXPECTED, &result, began.elapsed()));
    Ok(steps)
}

fn has_id(result: &Value, id: Option<&str>) -> bool {
    id.is_some_and(|id| has(result, "approvalId", id))
}

/// Looks for the request among those that wait for the approver.
async fn find(azure: &LocalAzure, id: Option<&str>) -> Result<Option<Value>> {
    let url = azure.host.http_url().join(ROUTE)?;
    let list = reqwest::Client::new().get(url).bearer_auth(&azure.approver_token).send().await?;
    let list: Value = serde_json::from_slice(&list.error_for_status()?.bytes().await?)?;
    let mut all = list.get("approvals").and_then(Value::as_array).into_iter().flatten();
    Ok(all.find(|one| has_id(one, id)).cloned())
}

/// Approves exactly what was found. Returns the result of the request, which is in the results queue, too.
async fn approve(azure: &LocalAzure, found: &Value) -> Result<Value> {
    let id = found.get("approvalId").and_then(Value::as_str).unwrap_or_default();
    let url = azure.host.http_url().join(&format!("{ROUTE}/{id}"))?;
    let decision = json!({ "decision": "approve", "digest": found.get("digest") });
    let call = reqwest::Client::new().post(url).bearer_auth(&azure.approver_token);
    let call = call.header("Content-Type", "application/json").body(decision.to_string());
    let answer = call.send().await?;
    if !answer.status().is_success() {
        bail!("the approval was refused: {}", answer.text().await?);
    }
    let answer: Value = serde_json::from_slice(&answer.bytes().await?)?;
    let result = answer.get("result").context("the approved request was not carried out")?;
    Ok(result.clone())
}
