//! The requests that the demo sends to the queue.

use anyhow::Result;
use tenant_emulator::contoso::{
    BILLING_FUNCTION, MICROSOFT_GRAPH, ORDERS_API, ORDERS_IDENTITY, ORDERS_READ, REPORTS_IDENTITY,
    ROLE_MANAGEMENT_READ_WRITE_DIRECTORY,
};

use crate::{local_azure::LocalAzure, report::Step};

/// A request, its title in the report, and the status of each of its roles.
pub(crate) struct QueueRequest {
    title: &'static str,
    message: String,
    expected: &'static [&'static str],
}

/// All requests, in the order in which they are sent.
pub(crate) fn all() -> [QueueRequest; 5] {
    [
        QueueRequest {
            title: "Orders.Read on Orders API for id-orders, all by ids",
            message: by_ids(ORDERS_IDENTITY, ORDERS_API, ORDERS_READ),
            expected: &["assigned"],
        },
        QueueRequest {
            title: "Orders.Read and Orders.Write for id-orders, all by names",
            message: r#"{"principal":"id-orders","api":"api://orders","roles":["Orders.Read","Orders.Write"],"reason":"the orders service reads and writes its own API"}"#.to_owned(),
            expected: &["alreadyAssigned", "assigned"],
        },
        QueueRequest {
            title: "Orders.Read for id-reports, which holds it already",
            message: by_ids(REPORTS_IDENTITY, ORDERS_API, ORDERS_READ),
            expected: &["alreadyAssigned"],
        },
        QueueRequest {
            title: "RoleManagement.ReadWrite.Directory on Microsoft Graph for func-billing",
            message: by_ids(
                BILLING_FUNCTION,
                MICROSOFT_GRAPH,
                ROLE_MANAGEMENT_READ_WRITE_DIRECTORY,
            ),
            expected: &["denied"],
        },
        QueueRequest {
            title: "A message with a misspelt field",
            message: by_ids(ORDERS_IDENTITY, ORDERS_API, ORDERS_READ)
                .replace("principalId", "principleId"),
            expected: &["invalid"],
        },
    ]
}

fn by_ids(principal: &str, api: &str, role: &str) -> String {
    format!(r#"{{"principalId":"{principal}","resourceId":"{api}","appRoleId":"{role}"}}"#)
}

/// Sends a request and waits for its result.
pub(crate) async fn play(azure: &mut LocalAzure, request: &QueueRequest) -> Result<Step> {
    let (result, took) = azure.ask(&request.message).await?;
    Ok(Step::new(request.title, request.expected, &result, took))
}
