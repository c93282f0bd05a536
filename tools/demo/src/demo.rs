//! The demo from start to end: queue requests, a role that waits for approval, an HTTP call for an
//! assignment that ends, a new identity, the end of the assignment, and the reader's own requests.

#![expect(clippy::print_stdout, reason = "the demo speaks to a person at a terminal")]

use std::path::Path;

use anyhow::Result;
use functions_host_emulator::{FinishedInvocation, Outcome};
use tenant_emulator::contoso::{ORDERS_API, ORDERS_READ, REPORTS_IDENTITY};

use crate::{
    approval, ended, http_call,
    local_azure::{LocalAzure, PATIENCE},
    new_identity, queue_requests,
    report::{Report, print_assignments},
    second_terminal::SecondTerminal,
};

/// The request that the demo suggests to send.
const SUGGESTED_REQUEST: &str =
    r#"{"action":"revoke","principal":"id-orders","api":"Orders API","roles":["Orders.Write"]}"#;

/// Runs the demo, of a package or of this source tree.
///
/// With `once`, returns after the last step, with an error if an outcome is not the expected one.
/// Otherwise follows the queue until Ctrl-C.
pub(crate) async fn run(package: Option<&Path>, once: bool, verbose: bool) -> Result<()> {
    let azure = LocalAzure::start(package, verbose).await?;
    azure.tenant.grant(REPORTS_IDENTITY, ORDERS_API, ORDERS_READ)?;
    let mut report = Report::default();
    println!("\nRequests in the queue app-role-requests\n");
    for request in queue_requests::all() {
        report.add(queue_requests::play(&azure, &request).await?);
    }
    println!("A privileged role, whose rule needs the approval of a person\n");
    for step in approval::play(&azure).await? {
        report.add(step);
    }
    println!("A request over HTTP, for an assignment with an end\n");
    let (step, temporary) = http_call::play(&azure.host).await?;
    report.add(step);
    println!("A new managed identity, which gets its baseline without a request\n");
    let (step, new_identity) = new_identity::play(&azure).await?;
    report.add(step);
    println!("The end of that assignment. EndAssignments runs every two seconds here, and");
    println!("each minute in Azure.\n");
    report.add(ended::play(&azure, &temporary).await?);
    print_assignments(&azure.tenant, &new_identity);
    if once {
        return report.verdict();
    }
    let second_terminal = SecondTerminal::prepare(&azure)?;
    print_suggestions(&azure, &second_terminal)?;
    tokio::select! {
        ended = follow(&azure) => ended,
        _ = tokio::signal::ctrl_c() => {
            println!("\nStopped.");
            Ok(())
        }
    }
}

fn print_suggestions(azure: &LocalAzure, second_terminal: &SecondTerminal) -> Result<()> {
    println!("\nThe broker keeps running. Send a request of your own from another terminal:\n");
    println!("  cargo run -q -p demo -- send --port {} \\", azure.queue_port);
    println!("    '{SUGGESTED_REQUEST}'\n");
    http_call::print_suggestion(&azure.host)?;
    second_terminal.print_suggestion(azure);
    println!("Results of queue requests appear here. Press Ctrl-C to stop.\n");
    Ok(())
}

/// Prints the results of further queue requests until the host stops. The result of a request that waited
/// follows the approver's call, or the timer that finishes approvals.
async fn follow(azure: &LocalAzure) -> Result<()> {
    let mut finished = azure.host.invocations().len();
    loop {
        let Ok(invocations) = azure.host.wait_for_invocations(finished + 1, PATIENCE).await else {
            continue;
        };
        let is_from_queue = |invocation: &&FinishedInvocation| invocation.message_id.is_some();
        for invocation in invocations.iter().skip(finished).filter(is_from_queue) {
            if let Outcome::Failed(reason) = &invocation.outcome {
                println!("Failed; the host delivers the message again in a minute: {reason}\n");
            }
        }
        while let Some(result) = azure.find_result().await? {
            println!("{}\n", serde_json::to_string_pretty(&result)?);
        }
        finished = invocations.len();
    }
}
