//! The demo's privileged role, which waits until the approver approves it over HTTP.

use std::time::Instant;

use anyhow::{Context as _, Result, bail};
use serde_json::{Value, json};

use crate::{local_azure::LocalAzure, queue_requests, report::Step};

/// The route of calls about approvals.
const ROUTE: &str = "api/app-role-approvals";

const REQUEST: &str = r#"{"principal":"func-billing","api":"graph","roles":["Mail.Send"],"reason":"invoices go out by mail"}"#;

const WAITING: &str = "Mail.Send on Microsoft Graph for func-billing waits for approval";
const WAITING_EXPECTED: &[&str] = &["pendingApproval"];
const APPROVED: &str = "The approver reads what it means, and approves it over HTTP";
const APPROVED_EXPECTED: &[&str] = &["assigned"];

/// Sends the request, and approves it as the approver. Returns both steps.
pub(crate) async fn play(azure: &LocalAzure) -> Result<[Step; 2]> {
    let (waiting, took) = queue_requests::send(azure, REQUEST).await?;
    let waits = Step::new(WAITING, WAITING_EXPECTED, &waiting, took);
    let began = Instant::now();
    approve(azure, &waiting).await?;
    let took = began.elapsed();
    let result = azure.next_result().await?;
    Ok([waits, Step::new(APPROVED, APPROVED_EXPECTED, &result, took)])
}

/// Looks for the request among those that wait for the approver, and approves exactly what was found.
async fn approve(azure: &LocalAzure, waiting: &Value) -> Result<()> {
    let id = waiting.get("approvalId").and_then(Value::as_str);
    let id = id.context("the request does not wait for approval")?;
    let client = reqwest::Client::new();
    let url = azure.host.http_url().join(ROUTE)?;
    let list = client.get(url.clone()).bearer_auth(&azure.approver_token).send().await?;
    let list: Value = serde_json::from_slice(&list.error_for_status()?.bytes().await?)?;
    let all = list.get("approvals").and_then(Value::as_array).into_iter().flatten();
    let mut found = all.filter(|one| one.get("approvalId").and_then(Value::as_str) == Some(id));
    let found = found.next().context("the request does not wait for this approver")?;
    let decision = json!({ "decision": "approve", "digest": found.get("digest") });
    let call = client.post(format!("{url}/{id}")).bearer_auth(&azure.approver_token);
    let call = call.header("Content-Type", "application/json").body(decision.to_string());
    let answer = call.send().await?;
    if !answer.status().is_success() {
        bail!("the approval was refused: {}", answer.text().await?);
    }
    Ok(())
}
