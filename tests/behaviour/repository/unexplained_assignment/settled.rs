//! Writes that were interrupted and settled later.

use crate::repository::unexplained_assignment::workspace::{
    ASSIGN, MINUTE, REVOKE, THEN, assert_unexplained,
};

/// The host was killed, and with it the last lines of its handler were lost.
#[test]
fn an_interrupted_write_is_explained_by_its_settlement() {
    for change in [ASSIGN, REVOKE] {
        assert_unexplained(&[], |world| {
            world.entry("interrupted", change, THEN);
            world.settled(change, THEN, THEN + 20 * MINUTE);
        });
    }
}

#[test]
fn a_settlement_explains_no_change_at_the_time_of_the_settlement() {
    assert_unexplained(&["thief"], |world| {
        world.intent(ASSIGN, THEN);
        world.entry("interrupted", ASSIGN, THEN);
        world.settled(ASSIGN, THEN, THEN + 10 * MINUTE);
        world.entry("thief", ASSIGN, THEN + 11 * MINUTE);
    });
}

#[test]
fn a_settlement_and_the_lines_of_its_invocation_explain_one_change() {
    assert_unexplained(&["first"], |world| {
        world.intent(ASSIGN, THEN);
        world.settled(ASSIGN, THEN, THEN + 15 * MINUTE);
        world.entry("first", ASSIGN, THEN);
        world.entry("second", ASSIGN, THEN + MINUTE);
    });
}

#[test]
fn a_settlement_of_a_write_that_was_not_made_explains_nothing() {
    for status in ["notWritten", "unknown", ""] {
        assert_unexplained(&["thief"], |world| {
            world.settle(ASSIGN, status, (THEN, THEN + 15 * MINUTE));
            world.entry("thief", ASSIGN, THEN);
        });
    }
}

/// The line of the settlement was lost, and the audit line that comes with it was not.
#[test]
fn the_audit_line_of_a_settlement_explains_nothing() {
    assert_unexplained(&["thief"], |world| {
        world.settled_audit(ASSIGN, THEN + MINUTE);
        world.entry("thief", ASSIGN, THEN);
    });
}
