//! The checks of the broker's own health endpoint, and of the policy that it says is in force.

use serde_json::{Map, Value};

use super::finding::Finding;
use crate::{
    broker_health,
    options::{BrokerAddress, GlobalOptions},
    policy_in_force::{ADVICE, PolicyInForce},
};

const CHECK: &str = "the broker's health";
const POLICY_CHECK: &str = "the policy in force";

/// Asks the health endpoint of the broker.
pub(super) async fn check(global: &GlobalOptions, address: &BrokerAddress) -> Vec<Finding> {
    if address.url().is_none() {
        return vec![Finding::not_checked(CHECK, "--broker")];
    }
    match broker_health::ask(global, address).await {
        Err(failure) => vec![with_advice(Finding::failed(CHECK, &failure))],
        Ok(health) if health.lacks_policy() => vec![finding_of(&health.checks)],
        Ok(health) => {
            let in_force = PolicyInForce::new(&global.policy, Ok(&health));
            vec![finding_of(&health.checks), policy_finding(&in_force)]
        }
    }
}

fn policy_finding(policy: &PolicyInForce) -> Finding {
    let sentence = policy.sentence();
    match policy.is_in_force() {
        Some(true) => Finding::ok(POLICY_CHECK, sentence),
        Some(false) => Finding::warning(POLICY_CHECK, sentence).advice(ADVICE),
        None => Finding::unclear(POLICY_CHECK, sentence)
            .advice("install the version of the broker that belongs to this program"),
    }
}

fn with_advice(finding: Finding) -> Finding {
    match finding.advice {
        Some(_) => finding,
        None => finding.advice("check --broker, and that the function app runs"),
    }
}

fn finding_of(checks: &Map<String, Value>) -> Finding {
    let with = |word: &str| {
        let names =
            checks.iter().filter(|(_, value)| *value == word).map(|(name, _)| name.as_str());
        names.collect::<Vec<_>>().join(", ")
    };
    let failed = with("failed");
    if failed.is_empty() {
        let not_checked = with("notChecked");
        let found = format!("ok: {}", with("ok"));
        return match not_checked.as_str() {
            "" => Finding::ok(CHECK, found),
            not_checked => Finding::ok(CHECK, found).advice(format!("not checked: {not_checked}")),
        };
    }
    Finding::bad(CHECK, format!("failed: {failed}")).advice("see the broker's log")
}
