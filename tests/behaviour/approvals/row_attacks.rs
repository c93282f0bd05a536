//! What an attacker writes into rows of the table of approvals.

use app_roles::approval::ApprovalSubject;
use serde_json::{Value, json};
use storage_emulator::{Entity, EntityValue};
use tenant_emulator::contoso::{ORDERS_ADMIN, ORDERS_IDENTITY, ORDERS_READ, REPORTS_IDENTITY};
use time::Duration;

use crate::{
    approvals::{
        approval_world::{ANNA, BEN, CHRIS, DANA},
        hostile_world::{add_approval, change, document, set, set_approved, set_time},
    },
    record::intents::text,
};

/// What the timer makes of an attacked row.
pub(crate) enum Left {
    /// It waits again, or still.
    Waiting,
    /// It is kept as it is, and no approver sees it.
    Unreadable,
    /// It has this state.
    In(&'static str),
}

use Left::{In, Unreadable, Waiting};

/// An attack: its name, what it does to a row that one of two approvers has approved, and what is left.
pub(crate) type Attack = (&'static str, fn(&mut Entity), Left);

/// Changes what approvers approve, in all columns that repeat it.
fn change_subject(row: &mut Entity, change_it: impl FnOnce(&mut Value)) {
    change(row, "subject", change_it);
    let subject = document(row, "subject");
    let digest = serde_json::from_value::<ApprovalSubject>(subject.clone()).unwrap().digest();
    set(row, "digest", digest.as_str());
    set(row, "principalId", subject["principalId"].as_str().unwrap());
    set(row, "requester", subject["requester"].as_str().unwrap());
}

/// Makes a row look approved by Anna and Ben, for its present content.
fn pretend_approved(row: &mut Entity) {
    let digest = text(row, "digest").to_owned();
    change(row, "decisions", |decisions| {
        for decision in decisions.as_array_mut().unwrap() {
            decision["digest"] = json!(digest);
        }
    });
    add_approval(row, BEN);
    set_approved(row);
}

/// A new row in place of the real one, which has no decision.
fn replace_decisions(row: &mut Entity, persons: &[&str]) {
    set(row, "decisions", "[]");
    for person in persons {
        add_approval(row, person);
    }
}

fn of_decisions() -> Vec<Attack> {
    vec![
        ("a second approval is added", |row| pretend_approved(row), Waiting),
        ("one approval is called enough", |row| set_approved(row), Waiting),
        (
            "the approver is there twice",
            |row| {
                add_approval(row, ANNA);
                set_approved(row);
            },
            Unreadable,
        ),
        (
            "the approver is there twice in other case",
            |row| {
                add_approval(row, &ANNA.to_uppercase());
                set_approved(row);
            },
            Unreadable,
        ),
        (
            "an unnamed person is added",
            |row| {
                add_approval(row, DANA);
                set_approved(row);
            },
            Waiting,
        ),
        (
            "the receiving identity is added",
            |row| {
                add_approval(row, ORDERS_IDENTITY);
                set_approved(row);
            },
            Waiting,
        ),
        (
            "all decisions are forged",
            |row| {
                replace_decisions(row, &[BEN, CHRIS]);
                set_approved(row);
            },
            Waiting,
        ),
    ]
}

fn of_other_decisions() -> Vec<Attack> {
    vec![
        (
            "an approval of another digest",
            |row| {
                add_approval(row, BEN);
                change(row, "decisions", |all| all[1]["digest"] = json!("0".repeat(64)));
                set_approved(row);
            },
            Waiting,
        ),
        (
            "a decision with a field more",
            |row| change(row, "decisions", |all| all[0]["weight"] = json!(2)),
            Unreadable,
        ),
        (
            "a whole row under a new id",
            |row| {
                row.partition_key = "c0a70500-0000-4000-8000-00000000ab01".to_owned();
                pretend_approved(row);
            },
            Waiting,
        ),
    ]
}

fn of_the_subject() -> Vec<Attack> {
    vec![
        (
            "another principal in the subject only",
            |row| {
                change(row, "subject", |subject| subject["principalId"] = json!(REPORTS_IDENTITY));
            },
            Unreadable,
        ),
        (
            "another rule in the subject only",
            |row| {
                change(row, "subject", |subject| {
                    subject["roles"][0]["rule"] = json!("orders readers");
                });
            },
            Unreadable,
        ),
    ]
}

fn of_what_is_approved() -> Vec<Attack> {
    vec![
        (
            "a rule that needs no approval",
            |row| {
                change_subject(row, |subject| {
                    subject["roles"][0]["rule"] = json!("orders readers");
                });
                pretend_approved(row);
            },
            Waiting,
        ),
        (
            "another policy",
            |row| {
                change_subject(row, |subject| subject["policySha256"] = json!("0".repeat(64)));
                pretend_approved(row);
            },
            Waiting,
        ),
        (
            "no policy",
            |row| {
                change_subject(row, |subject| {
                    subject.as_object_mut().unwrap().remove("policySha256");
                });
                pretend_approved(row);
            },
            Waiting,
        ),
        (
            "another end",
            |row| {
                change_subject(row, |subject| subject["roles"][0]["end"] = json!("PT8H"));
                pretend_approved(row);
            },
            Waiting,
        ),
        (
            "another requester",
            |row| {
                change_subject(row, |subject| {
                    subject["requester"] = json!(format!("http:{CHRIS}"));
                });
                pretend_approved(row);
            },
            Waiting,
        ),
    ]
}

fn of_subject_and_request() -> Vec<Attack> {
    vec![
        (
            "another principal everywhere",
            |row| {
                change_subject(row, |subject| subject["principalId"] = json!(REPORTS_IDENTITY));
                change(row, "request", |request| {
                    request["principal"] = json!({ "objectId": REPORTS_IDENTITY });
                });
                pretend_approved(row);
            },
            In("refused"),
        ),
        (
            "another role everywhere",
            |row| {
                change_subject(row, |subject| subject["roles"][0]["id"] = json!(ORDERS_ADMIN));
                change(row, "request", |request| request["roles"] = json!([ORDERS_ADMIN]));
                pretend_approved(row);
            },
            In("refused"),
        ),
        (
            "a role that needs no approval and was not asked for",
            |row| {
                change_subject(row, |subject| {
                    subject["roles"][0]["id"] = json!(ORDERS_READ);
                    subject["roles"][0]["rule"] = json!("orders readers");
                });
                change(row, "request", |request| request["roles"] = json!([ORDERS_READ]));
                pretend_approved(row);
            },
            Waiting,
        ),
        (
            "another action everywhere",
            |row| {
                change_subject(row, |subject| subject["action"] = json!("revoke"));
                change(row, "request", |request| request["action"] = json!("revoke"));
                pretend_approved(row);
            },
            Waiting,
        ),
    ]
}

fn of_the_request() -> Vec<Attack> {
    vec![
        (
            "another role in the request only",
            |row| change(row, "request", |request| request["roles"] = json!([ORDERS_ADMIN])),
            Unreadable,
        ),
        (
            "a longer end in the request only",
            |row| {
                change(row, "request", |request| request["duration"] = json!("P30D"));
                pretend_approved(row);
            },
            Waiting,
        ),
        (
            "a request whose time is over",
            |row| {
                let time = "2026-01-01T00:00:00Z";
                change(row, "request", |request| request["notAfter"] = json!(time));
                set_approved(row);
            },
            In("refused"),
        ),
        (
            "an end that is over",
            |row| {
                let time = "2026-01-01T00:00:00Z";
                change_subject(row, |subject| subject["roles"][0]["end"] = json!(time));
                change(row, "request", |request| request["endDateTime"] = json!(time));
                pretend_approved(row);
            },
            In("refused"),
        ),
        (
            "a requester that is admin",
            |row| change_subject(row, |subject| subject["requester"] = json!("admin")),
            Unreadable,
        ),
        (
            "a requester that is a timer",
            |row| {
                change_subject(row, |subject| {
                    subject["requester"] = json!("timer:FinishApprovals");
                });
            },
            Unreadable,
        ),
        (
            "the column of the requester only",
            |row| set(row, "requester", &format!("http:{CHRIS}")),
            Unreadable,
        ),
        ("the column of the digest only", |row| set(row, "digest", &"0".repeat(64)), Unreadable),
    ]
}

fn of_the_state() -> Vec<Attack> {
    vec![
        ("an unknown state", |row| set(row, "state", "granted"), Unreadable),
        ("approved without a time", |row| set(row, "state", "approved"), Unreadable),
        (
            "done without an end",
            |row| {
                set_approved(row);
                set(row, "state", "done");
            },
            Unreadable,
        ),
        (
            "closed without an end",
            |row| {
                row.properties.insert("isOpen".to_owned(), EntityValue::Boolean(false));
            },
            Unreadable,
        ),
        ("its time is over", |row| set_time(row, "expiresAt", Duration::hours(-1)), In("expired")),
        (
            "approved long ago",
            |row| {
                pretend_approved(row);
                set_time(row, "approvedAt", Duration::hours(-25));
            },
            In("refused"),
        ),
        (
            "another invocation works on it forever",
            |row| {
                pretend_approved(row);
                set(row, "carryOutBy", "c0a70500-0000-4000-8000-00000000ab02");
                set_time(row, "carryOutUntil", Duration::days(3650));
            },
            In("approved"),
        ),
        (
            "an event that was never sent says that it is approved",
            |row| set(row, "unsentEvents", r#"["{\"type\":\"AppRoleBroker.ApprovalDecided\"}"]"#),
            Waiting,
        ),
    ]
}

/// All attacks.
pub(crate) fn attacks() -> Vec<Attack> {
    [
        of_decisions(),
        of_other_decisions(),
        of_the_subject(),
        of_what_is_approved(),
        of_subject_and_request(),
        of_the_request(),
        of_the_state(),
    ]
    .into_iter()
    .flatten()
    .collect()
}
