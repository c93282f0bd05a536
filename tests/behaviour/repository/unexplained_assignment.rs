//! The alert `unexplained-assignment`: the query runs on rows of the workspace.

mod settled;
mod workspace;

use proptest::prelude::*;
use serde_json::json;

use crate::repository::unexplained_assignment::workspace::{
    ASSIGN, BROKER, Change, HOUR, INVOICES, MINUTE, NOW, ORDERS, READ, REVOKE, THEN, WRITE,
    Workspace, assert_unexplained,
};

#[test]
fn a_write_of_the_broker_is_explained_by_its_lines() {
    for change in [ASSIGN, REVOKE] {
        assert_unexplained(&[], |world| {
            world.write(change, THEN);
            world.entry("broker", change, THEN + 2);
        });
    }
}

#[test]
fn either_line_of_a_write_explains_it() {
    assert_unexplained(&[], |world| {
        world.intent(ASSIGN, THEN);
        world.entry("interrupted", ASSIGN, THEN);
        world.outcome(REVOKE, "revoked", THEN);
        world.entry("intent lost", REVOKE, THEN);
    });
}

#[test]
fn a_change_without_any_line_is_reported() {
    assert_unexplained(&["thief"], |world| {
        world.entry("thief", ASSIGN, THEN);
    });
}

#[test]
fn only_lines_that_announce_or_confirm_a_write_explain_a_change() {
    let statuses = [
        "alreadyAssigned",
        "alreadyRevoked",
        "wouldAssign",
        "wouldRevoke",
        "denied",
        "invalid",
        "notFound",
        "ambiguous",
        "expired",
        "notAttempted",
        "failed",
        "unknown",
        "read",
        "refused",
        "",
    ];
    for status in statuses {
        for change in [ASSIGN, REVOKE] {
            assert_unexplained(&["thief"], |world| {
                world.outcome(change, status, THEN);
                world.entry("thief", change, THEN + 1);
            });
        }
    }
}

#[test]
fn a_line_explains_only_the_change_that_it_names() {
    let siblings = [
        Change { action: "revoke", ..ASSIGN },
        Change { principal: "c0a70500-0000-4000-8000-0000000000c1", ..ASSIGN },
        Change { api: INVOICES, ..ASSIGN },
        Change { role: WRITE, ..ASSIGN },
    ];
    for sibling in siblings {
        assert_unexplained(&["thief"], |world| {
            world.write(ASSIGN, THEN);
            world.entry("broker", ASSIGN, THEN);
            world.entry("thief", sibling, THEN + 1);
        });
    }
}

#[test]
fn an_assignment_does_not_explain_a_later_removal_by_another_hand() {
    assert_unexplained(&["removed"], |world| {
        world.write(ASSIGN, THEN);
        world.entry("broker", ASSIGN, THEN);
        world.entry("removed", REVOKE, THEN + MINUTE);
    });
}

#[test]
fn one_write_explains_one_change() {
    // The logs do not tell which of the three assignments is the broker's.
    assert_unexplained(&["broker", "second", "undone 1", "undone 2"], |world| {
        world.write(ASSIGN, THEN);
        world.entry("broker", ASSIGN, THEN);
        world.entry("undone 1", REVOKE, THEN + 30);
        world.entry("second", ASSIGN, THEN + MINUTE);
        world.entry("undone 2", REVOKE, THEN + 90);
        world.entry("third", ASSIGN, THEN + 2 * MINUTE);
    });
}

#[test]
fn a_change_before_the_write_is_counted_too() {
    assert_unexplained(&["thief"], |world| {
        world.entry("thief", ASSIGN, THEN - 5 * MINUTE);
        world.write(ASSIGN, THEN);
        world.entry("broker", ASSIGN, THEN);
    });
}

#[test]
fn a_role_that_comes_and_goes_is_explained_each_time() {
    assert_unexplained(&[], |world| {
        for round in 0..6 {
            let at = THEN - 2 * HOUR + round * 4 * MINUTE;
            world.write(ASSIGN, at);
            world.entry(&format!("assigned {round}"), ASSIGN, at + 2);
            world.write(REVOKE, at + 2 * MINUTE);
            world.entry(&format!("revoked {round}"), REVOKE, at + 2 * MINUTE + 2);
        }
    });
}

#[test]
fn clocks_may_differ_by_minutes_but_not_by_more() {
    for (difference, expected) in [
        (-11 * MINUTE, &["entry"][..]),
        (-9 * MINUTE, &[]),
        (9 * MINUTE, &[]),
        (11 * MINUTE, &["entry"]),
    ] {
        assert_unexplained(expected, |world| {
            world.write(ASSIGN, THEN);
            world.entry("entry", ASSIGN, THEN + difference);
        });
    }
}

#[test]
fn writes_that_failed_before_or_long_after_raise_no_alarm() {
    // A message is delivered again each minute while Microsoft Graph is unavailable.
    assert_unexplained(&[], |world| {
        for minute in 1..30 {
            world.intent(ASSIGN, THEN - minute * MINUTE);
        }
        world.write(ASSIGN, THEN);
        world.entry("broker", ASSIGN, THEN);
        world.intent(ASSIGN, THEN + 12 * MINUTE);
    });
}

#[test]
fn writes_that_fail_later_do_not_explain_an_earlier_change() {
    assert_unexplained(&["thief"], |world| {
        world.entry("thief", ASSIGN, THEN);
        for minute in 1..30 {
            world.intent(ASSIGN, THEN + minute * MINUTE);
        }
    });
}

#[test]
fn an_entry_whose_lines_may_be_older_than_the_window_is_not_reported() {
    let mut world = Workspace::default();
    world.write(ASSIGN, THEN);
    world.entry("broker", ASSIGN, THEN + 9 * MINUTE);
    for minute in 0..=9 {
        let now = THEN + 24 * HOUR + minute * MINUTE;
        assert_eq!(world.unexplained(now), Vec::<String>::new(), "{minute}");
    }
}

#[test]
fn lines_that_arrive_late_raise_no_alarm() {
    let mut world = Workspace::default();
    world.entry("broker", ASSIGN, THEN);
    world.write(ASSIGN, THEN);
    for (arrival, _) in &mut world.lines {
        *arrival += 25 * MINUTE;
    }
    for minutes in [0, 10, 24, 25, 29, 31, 44, 46, 60, 180, 22 * 60, 24 * 60 - 1, 25 * 60] {
        assert_eq!(world.unexplained(THEN + minutes * MINUTE), Vec::<String>::new(), "{minutes}");
    }
}

#[test]
fn an_entry_that_arrives_hours_late_is_reported_and_an_explained_one_is_not() {
    let mut world = Workspace::default();
    world.write(ASSIGN, THEN);
    world.entry("broker", ASSIGN, THEN);
    world.entry("thief", Change { role: WRITE, ..ASSIGN }, THEN);
    for (arrival, _) in &mut world.entries {
        *arrival += 7 * HOUR;
    }
    assert_eq!(world.unexplained(THEN + 7 * HOUR - 1), Vec::<String>::new());
    assert_eq!(world.unexplained(THEN + 7 * HOUR), ["thief"]);
}

#[test]
fn an_entry_is_reported_until_it_is_almost_a_day_old() {
    // Longer than the alert is quiet after a mail, so one entry cannot hide another.
    let mut world = Workspace::default();
    world.entry("thief", ASSIGN, THEN);
    for hours in 1..23 {
        assert_eq!(world.unexplained(THEN + hours * HOUR), ["thief"], "{hours}");
    }
}

#[test]
fn a_row_that_is_delivered_twice_counts_once() {
    assert_unexplained(&["first"], |world| {
        world.write(ASSIGN, THEN);
        world.lines.extend(world.lines.clone());
        for (id, at) in [("first", THEN), ("second", THEN + 2)] {
            world.entry(id, ASSIGN, at);
            world.entry(id, ASSIGN, at);
        }
    });
}

/// One run of the timer revokes the same role of many principals.
#[test]
fn each_revocation_of_one_run_of_a_timer_is_explained_once() {
    let other = Change { principal: "c0a70500-0000-4000-8000-0000000000c1", ..REVOKE };
    assert_unexplained(&["thief"], |world| {
        world.intent(REVOKE, THEN);
        for change in [REVOKE, other] {
            world.outcome(change, "revoked", THEN + 1);
            world.entry(change.principal, change, THEN + 1);
        }
        world.entry("thief", Change { role: WRITE, ..REVOKE }, THEN + 1);
    });
}

#[test]
fn names_that_contain_ids_explain_nothing() {
    let name = format!("{} {ORDERS} {READ}", ASSIGN.principal);
    assert_unexplained(&["thief"], |world| {
        world.write(ASSIGN, THEN);
        world.entry("broker", ASSIGN, THEN);
        let other = Change { principal: INVOICES, api: INVOICES, role: WRITE, ..ASSIGN };
        let targets = world.entry("thief", other, THEN);
        targets[0]["displayName"] = json!(name);
        targets[1]["displayName"] = json!(name);
        for property in targets[0]["modifiedProperties"].as_array_mut().unwrap() {
            if property["displayName"] == "ServicePrincipal.DisplayName" {
                property["newValue"] = json!(json!(name).to_string());
            }
        }
    });
}

#[test]
fn every_other_operation_of_the_identity_is_reported() {
    let operations = [
        "Add app role assignment grant to user",
        "Add app role assignment to group",
        "Add delegated permission grant",
        "Consent to application",
        "Update service principal",
    ];
    for operation in operations {
        assert_unexplained(&["thief"], |world| {
            world.write(ASSIGN, THEN);
            world.entry("thief", ASSIGN, THEN);
            world.column("OperationName", json!(operation));
        });
    }
}

#[test]
fn an_entry_in_an_unknown_shape_is_reported() {
    for targets in [json!(null), json!([]), json!([{ "id": ORDERS }]), json!("text")] {
        assert_unexplained(&["entry"], |world| {
            world.write(ASSIGN, THEN);
            *world.entry("entry", ASSIGN, THEN) = targets;
        });
    }
}

#[test]
fn failed_attempts_and_other_authors_are_not_reported() {
    assert_unexplained(&[], |world| {
        world.entry("failed", ASSIGN, THEN);
        world.column("Result", json!("failure"));
        world.entry("administrator", ASSIGN, THEN);
        world.column("InitiatedBy", json!({ "user": { "id": BROKER } }));
        world.entry("application", ASSIGN, THEN);
        world.column("InitiatedBy", json!({ "app": { "servicePrincipalId": ORDERS } }));
    });
}

#[test]
fn a_line_that_was_cut_explains_nothing() {
    assert_unexplained(&["broker"], |world| {
        world.write(ASSIGN, THEN);
        world.entry("broker", ASSIGN, THEN);
        for (_, line) in &mut world.lines {
            let message = line["Message"].as_str().unwrap().to_owned();
            line.insert("Message".to_owned(), json!(message[..message.len() - 9]));
        }
    });
}

/// The case of ids differs between Microsoft Graph and Entra's log.
#[test]
fn ids_are_compared_without_regard_to_case() {
    assert_unexplained(&[], |world| {
        world.write(ASSIGN, THEN);
        let targets = world.entry("broker", ASSIGN, THEN);
        *targets = serde_json::from_str(
            &targets
                .to_string()
                .replace(READ, &READ.to_uppercase())
                .replace(ORDERS, &ORDERS.to_uppercase()),
        )
        .unwrap();
    });
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn writes_of_the_broker_raise_no_alarm_and_no_foreign_change_is_lost(
        writes in proptest::collection::vec((0..180_i64, -4..=4_i64), 0..8),
        foreign in proptest::collection::vec(0..180_i64, 0..4),
    ) {
        let mut world = Workspace::default();
        for (index, (minute, difference)) in writes.iter().enumerate() {
            let at = THEN - 4 * HOUR + minute * MINUTE;
            world.write(ASSIGN, at);
            world.entry(&format!("broker {index}"), ASSIGN, at + difference * MINUTE);
        }
        prop_assert_eq!(world.unexplained(NOW), Vec::<String>::new());
        for (index, minute) in foreign.iter().enumerate() {
            world.entry(&format!("thief {index}"), ASSIGN, THEN - 4 * HOUR + minute * MINUTE);
        }
        prop_assert!(world.unexplained(NOW).len() >= foreign.len());
    }
}
