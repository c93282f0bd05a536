//! The demo: five messages, a call over HTTP and a new identity, what came of each, and then the reader's
//! own.

#![expect(clippy::print_stdout, reason = "the demo speaks to a person at a terminal")]

mod http_call;
mod new_identity;
mod report;
mod stage;

use std::{
    path::Path,
    time::{Duration, Instant},
};

use functions_host_emulator::{FinishedInvocation, Outcome as InvocationOutcome};
use report::{Report, Row, print_assignments};
use stage::Stage;
use tenant_emulator::contoso::{
    BILLING_FUNCTION, MICROSOFT_GRAPH, ORDERS_API, ORDERS_IDENTITY, ORDERS_READ, REPORTS_IDENTITY,
    ROLE_MANAGEMENT_READ_WRITE_DIRECTORY,
};

use crate::Outcome;

/// How long a message may take. The handler answers in milliseconds; the rest is a slow machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// What the demo proposes to send.
const OWN_REQUEST: &str =
    r#"{"action":"revoke","principal":"id-orders","api":"Orders API","roles":["Orders.Write"]}"#;

/// One of the demo's messages.
struct Scene {
    asked: &'static str,
    message: String,
    expected: &'static str,
}

fn request(principal: &str, api: &str, role: &str) -> String {
    format!(r#"{{"principalId":"{principal}","resourceId":"{api}","appRoleId":"{role}"}}"#)
}

fn scenes() -> [Scene; 5] {
    [
        Scene {
            asked: "Orders.Read on Orders API for id-orders",
            message: request(ORDERS_IDENTITY, ORDERS_API, ORDERS_READ),
            expected: "assigned",
        },
        Scene {
            asked: "by names: Orders.Read and Orders.Write on Orders API for id-orders",
            message: r#"{"principal":"id-orders","api":"api://orders","roles":["Orders.Read","Orders.Write"],"reason":"the orders service reads and writes its own API"}"#.to_owned(),
            expected: "alreadyAssigned\nassigned",
        },
        Scene {
            asked: "Orders.Read on Orders API for id-reports, which holds it",
            message: request(REPORTS_IDENTITY, ORDERS_API, ORDERS_READ),
            expected: "alreadyAssigned",
        },
        Scene {
            asked: "RoleManagement.ReadWrite.Directory on Microsoft Graph for func-billing",
            message: request(
                BILLING_FUNCTION,
                MICROSOFT_GRAPH,
                ROLE_MANAGEMENT_READ_WRITE_DIRECTORY,
            ),
            expected: "denied",
        },
        Scene {
            asked: "a message with a misspelt field",
            message: request(ORDERS_IDENTITY, ORDERS_API, ORDERS_READ)
                .replace("principalId", "principleId"),
            expected: "invalid",
        },
    ]
}

/// Runs the demo, of a package or of the sources; with `once`, ends after what it shows, and fails if
/// something came out otherwise.
pub(crate) async fn run(package: Option<&Path>, once: bool, verbose: bool) -> Outcome {
    let stage = Stage::set(package, verbose).await?;
    stage.tenant.grant(REPORTS_IDENTITY, ORDERS_API, ORDERS_READ)?;
    let mut report = Report::default();
    for scene in scenes() {
        let row = play(&stage, &scene).await?;
        report.add(row);
    }
    report.add(http_call::play(&stage.host).await?);
    let (row, new_identity) = new_identity::play(&stage).await?;
    report.add(row);
    println!("\n{}", report.table());
    print_assignments(&stage.tenant, &new_identity);
    if once {
        return report.verdict();
    }
    invite(&stage)?;
    tokio::select! {
        ended = follow(&stage) => ended,
        _ = tokio::signal::ctrl_c() => {
            println!("\nended");
            Ok(())
        }
    }
}

/// Sends one message and waits for its result.
async fn play(stage: &Stage, scene: &Scene) -> Outcome<Row> {
    let finished = stage.host.invocations().len();
    let began = Instant::now();
    stage.requests.send(&scene.message).await?;
    stage.succeeds_after(finished).await?;
    let took = began.elapsed();
    let result = stage.next_result().await?;
    Ok(Row::new(scene.asked, scene.expected, &result, took))
}

fn invite(stage: &Stage) -> Outcome {
    println!("\nThe broker keeps running. Ask for something yourself, from another terminal:\n");
    println!("  cargo run -q -p local -- send --port {} '{OWN_REQUEST}'\n", stage.queue_port);
    println!("What comes of it appears here.\n");
    http_call::invite(&stage.host)?;
    println!("Ctrl-C ends.\n");
    Ok(())
}

/// Prints what comes of messages that somebody else sends, until the host ends.
async fn follow(stage: &Stage) -> Outcome {
    let mut finished = stage.host.invocations().len();
    loop {
        let Ok(invocations) = stage.host.wait_for_invocations(finished + 1, PATIENCE).await else {
            continue;
        };
        let from_the_queue = |invocation: &&FinishedInvocation| invocation.message_id.is_some();
        for invocation in invocations.iter().skip(finished).filter(from_the_queue) {
            match &invocation.outcome {
                InvocationOutcome::Succeeded => {
                    let result = stage.next_result().await?;
                    println!("{}\n", serde_json::to_string_pretty(&result)?);
                }
                InvocationOutcome::Failed(reason) => {
                    println!("not done yet, the host delivers it again in a minute: {reason}\n");
                }
                InvocationOutcome::TimedOut => println!("the function timed out\n"),
            }
        }
        finished = invocations.len();
    }
}
