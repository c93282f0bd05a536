//! The queues and the table that the functions use.

use function_folders::function_json::{Binding, FunctionFolder};

use super::finding::Finding;
use crate::{
    arguments::GlobalOptions,
    credential, replay,
    storage::{Account, QueueError, TableError},
};

/// The connection of the host itself.
const HOST_CONNECTION: &str = "AzureWebJobsStorage";

/// The broker's record, which lies in the account of the host.
const RECORD: &str = "AppRoleAudit";

/// Looks at what the functions use of one account.
pub(super) async fn examine(
    global: &GlobalOptions,
    connection: &str,
    option: &str,
    account: Option<&str>,
    folders: &[FunctionFolder],
) -> Vec<Finding> {
    let check = format!("queues of {connection}");
    let Some(text) = account else { return vec![Finding::not_checked(&check, option)] };
    let account = match credential::account(global, option, text) {
        Ok(account) => account,
        Err(failure) => return vec![Finding::failed(&check, &failure)],
    };
    let mut findings = Vec::new();
    for (name, is_listened_to) in queues(connection, folders) {
        findings.push(examine_queue(&account, name, is_listened_to).await);
    }
    if findings.is_empty() {
        findings.push(Finding::ok(&check, "no function in --app-root uses any"));
    }
    if connection == HOST_CONNECTION {
        findings.push(examine_table(&account).await);
    }
    findings
}

/// The queues that functions use by a connection, and whether one listens to it.
fn queues<'a>(connection: &str, folders: &'a [FunctionFolder]) -> Vec<(&'a str, bool)> {
    let mut queues = Vec::new();
    let mut add = |binding: &'a Binding, is_listened_to| {
        let name = binding.queue_name.as_deref();
        if let (Some(name), true) = (name, binding.connection.as_deref() == Some(connection)) {
            queues.push((name, is_listened_to));
        }
    };
    for folder in folders {
        add(&folder.trigger, true);
        folder.outputs.iter().for_each(|binding| add(binding, false));
    }
    // A queue that one function listens to and another one writes to must be there.
    queues.sort_by_key(|(name, is_listened_to)| (*name, !is_listened_to));
    queues.dedup_by_key(|(name, _)| *name);
    queues
}

async fn examine_queue(account: &Account, name: &str, is_listened_to: bool) -> Finding {
    let check = format!("queue {name}");
    let count = match account.queue(name) {
        Ok(queue) => queue.approximate_count().await,
        Err(error) => Err(error),
    };
    match count {
        Ok(0) => Finding::ok(&check, "empty"),
        Ok(count) if name == replay::FAILED_REQUESTS => {
            Finding::ok(&check, format!("about {count} requests were given up"))
                .advice("mend what failed them, then: app-role replay")
        }
        Ok(count) => Finding::ok(&check, format!("about {count} messages")),
        Err(QueueError::NotFound { .. }) if !is_listened_to => {
            Finding::ok(&check, "not there yet; the host makes it with the first message")
        }
        Err(QueueError::NotFound { .. }) => {
            Finding::bad(&check, "it does not exist").advice("create it")
        }
        Err(error) => Finding::bad(&check, error.to_string())
            .advice("you need the role Storage Queue Data Reader on the account"),
    }
}

async fn examine_table(account: &Account) -> Finding {
    let check = format!("table {RECORD}");
    match account.table(RECORD).query("", 1).await {
        Ok(rows) if rows.is_empty() => Finding::ok(&check, "empty"),
        Ok(_) => Finding::ok(&check, "the record can be read"),
        Err(TableError::NotFound(_)) => {
            Finding::ok(&check, "not there yet; the host makes it with the first row")
        }
        Err(error) => Finding::bad(&check, error.to_string())
            .advice("you need the role Storage Table Data Reader on the account"),
    }
}
