//! Checks of the queues and the table behind a connection of the functions.

use function_folders::{
    function_json::HOST_CONNECTION,
    function_json::{Binding, FunctionFolder},
};
use record::record::AUDIT_TABLE;

use super::finding::Finding;
use crate::{
    options::GlobalOptions,
    replay::FAILED_REQUESTS,
    storage::{Account, Permissions, QueueError, TableError},
    storage_account::{AccountOption, AccountText},
};

/// A connection of the functions, and the storage account that an option names for it.
pub(super) struct Connection<'a> {
    pub(super) name: &'a str,
    pub(super) option: AccountOption,
    pub(super) account: Option<&'a AccountText>,
}

/// Checks the queues of a connection, and the audit table if it is the connection of the host.
pub(super) async fn check(
    global: &GlobalOptions,
    &Connection { name: connection, option, account }: &Connection<'_>,
    folders: &[FunctionFolder],
) -> Vec<Finding> {
    let check = format!("queues of {connection}");
    let account = match option.open(global, account, Permissions::Read) {
        Ok(Some(account)) => account,
        Ok(None) => return vec![Finding::not_checked(&check, option.option)],
        Err(failure) => return vec![Finding::failed(&check, &failure)],
    };
    let mut findings = Vec::new();
    for (name, is_trigger) in queues(connection, folders) {
        findings.push(check_queue(&account, name, is_trigger).await);
    }
    if findings.is_empty() {
        findings.push(Finding::ok(&check, "no function in --app-root uses one"));
    }
    if connection == HOST_CONNECTION {
        findings.push(check_table(&account).await);
    }
    findings
}

/// Lists the queues of a connection, and whether each triggers a function.
fn queues<'a>(connection: &str, folders: &'a [FunctionFolder]) -> Vec<(&'a str, bool)> {
    let mut queues = Vec::new();
    let mut add = |binding: &'a Binding, is_trigger| {
        let name = binding.queue_name.as_deref();
        if let (Some(name), true) = (name, binding.connection.as_deref() == Some(connection)) {
            queues.push((name, is_trigger));
        }
    };
    for folder in folders {
        add(&folder.trigger, true);
        folder.outputs.iter().for_each(|binding| add(binding, false));
    }
    // A queue that one function writes to may trigger another function.
    queues.sort_by_key(|(name, is_trigger)| (*name, !is_trigger));
    queues.dedup_by_key(|(name, _)| *name);
    queues
}

async fn check_queue(account: &Account, name: &str, is_trigger: bool) -> Finding {
    let check = format!("queue {name}");
    let count = match account.queue(name) {
        Ok(queue) => queue.approximate_count().await,
        Err(error) => Err(error),
    };
    match count {
        Ok(0) => Finding::ok(&check, "empty"),
        Ok(count) if name == FAILED_REQUESTS => {
            Finding::ok(&check, format!("about {count} failed requests"))
                .advice("fix the cause, then run app-role replay")
        }
        Ok(count) => Finding::ok(&check, format!("about {count} messages")),
        Err(QueueError::NotFound(..)) if !is_trigger => {
            Finding::ok(&check, "does not exist yet; the host creates it with the first message")
        }
        Err(QueueError::NotFound(..)) => Finding::bad(&check, "does not exist").advice("create it"),
        Err(error) => Finding::unclear(&check, error.to_string()).advice(
            "you need the Azure role Storage Queue Data Reader on the account, and its firewall must let \
             you in",
        ),
    }
}

async fn check_table(account: &Account) -> Finding {
    let check = format!("table {AUDIT_TABLE}");
    match account.table(AUDIT_TABLE).query("", 1).await {
        Ok(rows) if rows.is_empty() => Finding::ok(&check, "empty"),
        Ok(_) => Finding::ok(&check, "can be read"),
        Err(TableError::NotFound(_)) => {
            Finding::ok(&check, "does not exist yet; the host creates it with the first row")
        }
        Err(error) => Finding::unclear(&check, error.to_string()).advice(
            "you need the Azure role Storage Table Data Reader on the account, and its firewall must let \
             you in",
        ),
    }
}
