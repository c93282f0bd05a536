//! The handler is killed between the steps of a write. What it did is recorded later.

use std::time::Duration;

use storage_emulator::{EntityValue, TableFault, TableOperationKind, TableRule};
use tenant_emulator::contoso::{
    ORDERS_API, ORDERS_IDENTITY, ORDERS_READ, ORDERS_WRITE, managed_identities,
};

use crate::{
    record::intents::{AUDIT, INTENTS, is_settled_later, text},
    world::{Setup, TIMEOUT, World, request_by_names},
};

/// The step of a request before which the handler is killed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Before {
    /// The intents are stored, and nothing was sent to Microsoft Graph.
    Write,
    /// Everything was written, but no row is stored.
    Row,
    /// The rows are stored, but the intents are not deleted.
    End,
}

impl Before {
    /// A rule that holds the handler at this moment.
    fn rule(self) -> TableRule {
        let rule = |fault, table| TableRule::new(fault).table(table);
        match self {
            Self::Write => rule(TableFault::AnswerHeld, INTENTS).kind(TableOperationKind::Upsert),
            Self::Row => rule(TableFault::Held, AUDIT).kind(TableOperationKind::Insert),
            Self::End => rule(TableFault::Held, INTENTS).kind(TableOperationKind::Delete),
        }
    }
}

/// A world whose messages do not come back within a test.
async fn world() -> World {
    let mut setup = Setup::new()
        .await
        .with_wide_policy()
        .with_setting("AzureFunctionsJobHost__extensions__queues__visibilityTimeout", "00:05:00");
    setup.message_lease = Some(Duration::from_secs(300));
    setup.start().await
}

/// Sends a request, kills the handler in a moment, and starts a new one.
async fn interrupted(world: &mut World, (action, roles): (&str, &[&str]), moment: Before) {
    if action == "revoke" {
        for role in [ORDERS_READ, ORDERS_WRITE].iter().take(roles.len()) {
            world.tenant.grant(ORDERS_IDENTITY, ORDERS_API, role).unwrap();
        }
    }
    // The answer about a missing table would be held, too.
    world.account.table(INTENTS).create_if_missing().await.unwrap();
    let rule = world.tables.add(moment.rule());
    let request = request_by_names(action, ORDERS_IDENTITY, roles);
    let request = request.replacen('{', r#"{"requestId":"INC-7","#, 1);
    world.requests.send(&request).await.unwrap();
    rule.wait_for_hits(1).await;
    world.host.stop_and_keep_log().await;
    rule.discard();
    assert_eq!(world.intents().await.len(), roles.len());
    world.restart_to_settle().await;
}

/// Each action, with one role and with several.
async fn all_are_recorded(moment: Before) {
    let (one, both) = (["Orders.Read"], ["Orders.Read", "Orders.Write"]);
    tokio::join!(
        is_recorded(moment, "assign", &one),
        is_recorded(moment, "assign", &both),
        is_recorded(moment, "revoke", &one),
        is_recorded(moment, "revoke", &both),
    );
}

async fn is_recorded(moment: Before, action: &str, roles: &[&str]) {
    let mut world = world().await;
    interrupted(&mut world, (action, roles), moment).await;
    world.settle_all().await;
    let case = format!("{moment:?} {action} {roles:?}");
    let rows = world.assert_on_record().await;
    let is_written = moment != Before::Write;
    assert_eq!(world.accepted().len(), if is_written { roles.len() } else { 0 }, "{case}");
    assert_eq!(rows.len(), roles.len(), "{case}: {rows:#?}");
    let status = match (is_written, action) {
        (false, _) => "notWritten",
        (true, "assign") => "assigned",
        (true, _) => "revoked",
    };
    for row in &rows {
        assert_eq!(text(row, "status"), status, "{case}");
        assert_eq!(text(row, "requestId"), "INC-7", "{case}");
        assert_eq!(text(row, "requester"), "queue:app-role-requests", "{case}");
        assert_eq!(is_settled_later(row), moment != Before::End, "{case}");
        assert_eq!(row.properties["attempt"], EntityValue::Int64(1), "{case}");
        let is_change_settled = is_settled_later(row) && is_written;
        assert!(!is_change_settled || text(row, "effectiveBy").ends_with('Z'), "{case}");
        let is_known = is_written || action == "revoke";
        assert_eq!(!text(row, "assignmentId").is_empty(), is_known, "{case}");
    }
}

#[tokio::test]
async fn intents_whose_handler_died_before_the_write_are_not_written() {
    all_are_recorded(Before::Write).await;
}

#[tokio::test]
async fn writes_whose_handler_died_before_the_row_are_recorded_with_their_request() {
    all_are_recorded(Before::Row).await;
}

#[tokio::test]
async fn intents_whose_outcome_is_on_record_are_only_closed() {
    all_are_recorded(Before::End).await;
}

#[tokio::test]
async fn a_message_that_comes_back_adds_rows_of_its_own_and_takes_none_away() {
    for moment in [Before::Write, Before::Row] {
        let mut setup = Setup::new().await.with_wide_policy();
        setup.message_lease = Some(Duration::from_secs(4));
        let mut world = setup.start().await;
        interrupted(&mut world, ("assign", &["Orders.Read"]), moment).await;
        world.restart_with_setting("PACE_FACTOR", "0.05").await;
        world.next_results(1).await;
        world.restart_to_settle().await;
        world.settle_all().await;
        let rows = world.assert_on_record().await;
        assert_eq!(rows.len(), 2, "{moment:?}: {rows:#?}");
        let outcome =
            |later| text(rows.iter().find(|row| is_settled_later(row) == later).unwrap(), "status");
        let expected = match moment {
            Before::Write => ("notWritten", "assigned"),
            _ => ("assigned", "alreadyAssigned"),
        };
        assert_eq!((outcome(true), outcome(false)), expected, "{moment:?}");
    }
}

/// The number of requests in flight.
const REQUESTS: usize = 200;

#[tokio::test]
async fn two_hundred_revocations_in_flight_are_each_recorded_as_revoked_by_their_own_request() {
    let mut world = world().await;
    let mut identities = managed_identities(REQUESTS);
    for identity in &mut identities {
        let id = identity.id.clone();
        world.tenant.add_service_principal(identity.clone());
        world.tenant.grant(&id, ORDERS_API, ORDERS_READ).unwrap();
    }
    world.restart_with_setting("PACE_FACTOR", "0.5").await;
    let rule = world.tables.add(Before::Row.rule());
    for (number, identity) in identities.iter().enumerate() {
        let request = request_by_names("revoke", &identity.id, &["Orders.Read"]);
        let request = request.replacen('{', &format!(r#"{{"requestId":"REQ-{number}","#), 1);
        world.requests.send(&request).await.unwrap();
    }
    tokio::time::timeout(TIMEOUT, rule.wait_for_hits(REQUESTS)).await.unwrap();
    world.host.stop_and_keep_log().await;
    rule.discard();
    assert_eq!((world.accepted().len(), world.intents().await.len()), (REQUESTS, REQUESTS));
    world.restart_to_settle().await;
    world.settle_all().await;
    let rows = world.assert_on_record().await;
    assert_eq!(rows.len(), REQUESTS);
    for (number, identity) in identities.iter().enumerate() {
        let row = rows.iter().find(|row| row.partition_key == identity.id).unwrap();
        assert_eq!(text(row, "status"), "revoked");
        assert_eq!(text(row, "requestId"), format!("REQ-{number}"));
    }
}
