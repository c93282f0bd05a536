//! The record: a row of the table `AppRoleAudit` for each role and decision.

use std::collections::BTreeSet;

use storage_emulator::{Entity, EntityValue};
use tenant_emulator::contoso::{
    BATCH_IDENTITY_NAME, ORDERS_API, ORDERS_API_APP_ID, ORDERS_IDENTITY, ORDERS_IDENTITY_CLIENT_ID,
    ORDERS_IDENTITY_RESOURCE_ID, ORDERS_READ, ORDERS_WRITE, REPORTS_IDENTITY, contoso,
};

use crate::world::{
    Setup, World, copy_of_app_files, request, request_by_names, role, valid_request,
};

const UNKNOWN: &str = "c0a70500-0000-4000-8000-00000000ffff";

/// A text property of a row; empty if the row does not have it.
fn text<'a>(row: &'a Entity, name: &str) -> &'a str {
    row.properties.get(name).map_or("", |value| value.as_str().unwrap())
}

/// Status, decision and code of each row, in the order of keys.
fn decisions(rows: &[Entity]) -> Vec<[&str; 3]> {
    rows.iter().map(|row| ["status", "decision", "code"].map(|name| text(row, name))).collect()
}

#[tokio::test]
async fn a_message_that_is_not_a_request_is_recorded_as_invalid_without_its_text() {
    let world = World::start().await;
    world.result_of(r#"{"principalId":"a-text-of-the-message"}"#).await;
    let row = world.audit_rows(1).await.remove(0);
    assert_eq!(row.partition_key, "unresolved");
    assert_eq!(decisions(std::slice::from_ref(&row)), [["invalid", "notDecided", ""]]);
    assert_eq!(text(&row, "requester"), "queue:app-role-requests");
    assert!(text(&row, "message").contains("principalId"), "{row:?}");
    assert!(!format!("{row:?}").contains("a-text-of-the-message"), "{row:?}");
    let line: serde_json::Value = serde_json::from_str(&world.log_line("\"audit\"").await).unwrap();
    assert_eq!(line["status"], "invalid");
    assert_eq!(line["invocation_id"], text(&row, "invocationId"));
}

#[tokio::test]
async fn a_denial_before_any_look_up_is_recorded_with_the_names_in_the_request() {
    let world = World::start().await;
    let message = r#"{"principal":"id-orders","api":"graph","roles":["Mail.Read"],"reason":"why","requestId":"INC-1"}"#;
    world.result_of(message).await;
    let row = world.audit_rows(1).await.remove(0);
    assert_eq!(row.partition_key, "unresolved");
    assert_eq!(decisions(std::slice::from_ref(&row)), [["denied", "denied", "noRuleForRequester"]]);
    for (name, value) in [
        ("requestedPrincipal", "id-orders"),
        ("requestedApi", "00000003-0000-0000-c000-000000000000"),
        ("requestedRole", "Mail.Read"),
        ("reason", "why"),
        ("requestId", "INC-1"),
    ] {
        assert_eq!(text(&row, name), value);
    }
}

#[tokio::test]
async fn a_principal_that_was_not_found_or_is_ambiguous_is_recorded_as_unresolved() {
    let world = Setup::new().await.with_wide_policy().start().await;
    for (principal, decision) in [
        ("id-of-nobody", ["notFound", "notDecided", "principalNotFound"]),
        (BATCH_IDENTITY_NAME, ["ambiguous", "notDecided", "principalAmbiguous"]),
    ] {
        world.result_of(&request_by_names("assign", principal, &["Orders.Read"])).await;
        let rows = world.audit_rows(if principal == BATCH_IDENTITY_NAME { 2 } else { 1 }).await;
        // The newest row is the first.
        assert_eq!(rows[0].partition_key, "unresolved");
        assert_eq!(decisions(&rows)[0], decision);
        assert_eq!(text(&rows[0], "requestedPrincipal"), principal);
        assert_eq!(text(&rows[0], "principalId"), "");
    }
}

#[tokio::test]
async fn every_role_of_a_refused_request_is_a_row_under_its_principal() {
    let world = Setup::new().await.with_wide_policy().start().await;
    let roles = ["Orders.Read", "Orders.Admin", "Orders.Nothing", "Orders.Archive"];
    world.result_of(&request_by_names("assign", "id-reports", &roles)).await;
    let rows = world.audit_rows(4).await;
    assert_eq!(
        decisions(&rows),
        [
            ["notAttempted", "allowed", ""],
            ["denied", "denied", "noRuleForRole"],
            ["notFound", "notDecided", "roleNotFound"],
            ["invalid", "notDecided", "roleDisabled"],
        ]
    );
    let keys: Vec<_> = rows.iter().map(|row| row.row_key.rsplit_once('-').unwrap()).collect();
    assert_eq!(keys.iter().map(|(_, index)| *index).collect::<Vec<_>>(), ["00", "01", "02", "03"]);
    assert_eq!(keys.iter().map(|(begin, _)| *begin).collect::<BTreeSet<_>>().len(), 1);
    assert!(rows.iter().all(|row| row.partition_key == REPORTS_IDENTITY));
    assert!(world.tenant_is_unchanged());
}

#[tokio::test]
async fn a_failure_of_the_last_delivery_is_recorded_once_with_its_attempt() {
    let world = Setup::new().await.with_deliveries(2).start().await;
    world.result_of(&request(UNKNOWN, ORDERS_API, ORDERS_READ)).await;
    let row = world.audit_rows(1).await.remove(0);
    let decision = ["failed", "notDecided", "principalNotFound"];
    assert_eq!(decisions(std::slice::from_ref(&row)), [decision]);
    assert_eq!(row.properties["attempt"], EntityValue::Int64(2));
}

#[tokio::test]
async fn a_dry_run_is_recorded_as_a_dry_run() {
    let world = Setup::new().await.with_setting("BROKER_MODE", "report").start().await;
    world.result_of(&valid_request()).await;
    let row = world.audit_rows(1).await.remove(0);
    assert_eq!(decisions(std::slice::from_ref(&row)), [["wouldAssign", "allowed", ""]]);
    assert_eq!(row.properties["dryRun"], EntityValue::Boolean(true));
    assert!(world.tenant_is_unchanged());
}

#[tokio::test]
async fn a_grant_is_recorded_with_everything_that_the_result_says() {
    let world = World::start().await;
    let message = r#"{"principal":"id-orders","api":{"appId":"c0a70500-0000-4000-8000-0000000000b1"},"roles":["Orders.Read"],"reason":"the orders service reads orders"}"#;
    let result = world.result_of(message).await;
    let role = role(&result);
    let row = world.audit_rows(1).await.remove(0);
    assert_eq!(row.partition_key, ORDERS_IDENTITY);
    for (name, value) in [
        ("action", "assign"),
        ("apiAppId", ORDERS_API_APP_ID),
        ("apiDisplayName", "Orders API"),
        ("apiId", ORDERS_API),
        ("appRoleId", ORDERS_READ),
        ("appRoleValue", "Orders.Read"),
        ("assignmentId", role["assignmentId"].as_str().unwrap()),
        ("brokerVersion", env!("CARGO_PKG_VERSION")),
        ("decision", "allowed"),
        ("function", "AssignRole"),
        ("graphRequestId", role["graphRequestId"].as_str().unwrap()),
        ("invocationId", result["invocationId"].as_str().unwrap()),
        ("policySha256", result["policySha256"].as_str().unwrap()),
        ("principalClientId", ORDERS_IDENTITY_CLIENT_ID),
        ("principalDisplayName", "id-orders"),
        ("principalId", ORDERS_IDENTITY),
        ("principalResourceId", ORDERS_IDENTITY_RESOURCE_ID),
        ("reason", "the orders service reads orders"),
        ("requestedApi", ORDERS_API_APP_ID),
        ("requestedPrincipal", "id-orders"),
        ("requestedRole", "Orders.Read"),
        ("requester", "queue:app-role-requests"),
        ("rule", "orders workloads"),
        ("status", "assigned"),
    ] {
        assert_eq!(text(&row, name), value, "{name}");
    }
    // The host removes trailing zeros of a time on its way to the table.
    let moment = |text: &str| text.trim_end_matches(['0', 'Z', '.']).to_owned();
    let created = role["createdDateTime"].as_str().unwrap();
    assert_eq!(moment(text(&row, "createdDateTime")), moment(created));
    assert_eq!(row.properties["privileged"], EntityValue::Boolean(false));
    assert!(text(&row, "effectiveBy") > text(&row, "startedAt"), "{row:?}");
    assert!(row.row_key.contains(result["invocationId"].as_str().unwrap()));
}

#[tokio::test]
async fn decisions_on_one_principal_are_listed_newest_first() {
    let world = Setup::new().await.with_wide_policy().start().await;
    for (action, roles) in
        [("assign", ["Orders.Read", "Orders.Write"]), ("revoke", ["Orders.Write", "Orders.Read"])]
    {
        world.result_of(&request_by_names(action, "id-orders", &roles)).await;
    }
    let rows = world.audit_rows(4).await;
    let seen: Vec<_> =
        rows.iter().map(|row| (text(row, "status"), text(row, "appRoleId"))).collect();
    assert_eq!(
        seen,
        [
            ("revoked", ORDERS_WRITE),
            ("revoked", ORDERS_READ),
            ("assigned", ORDERS_READ),
            ("assigned", ORDERS_WRITE),
        ]
    );
}

#[tokio::test]
async fn a_message_that_is_delivered_twice_is_recorded_twice() {
    // The output queue cannot be written to, so the invocation fails after its rows were written.
    let root = copy_of_app_files();
    let file = root.path().join("AssignRole/function.json");
    let text_of_file = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, text_of_file.replace("app-role-results", "no")).unwrap();
    let mut setup = Setup::new().await.with_deliveries(2);
    setup.app_root = root.path().to_owned();
    let world = setup.start().await;
    world.requests.send(&valid_request()).await.unwrap();
    let rows = world.audit_rows(2).await;
    assert_eq!(
        decisions(&rows),
        [["alreadyAssigned", "allowed", ""], ["assigned", "allowed", ""]],
        "{rows:#?}"
    );
    assert_ne!(text(&rows[0], "invocationId"), text(&rows[1], "invocationId"));
    world.wait_for_messages(&world.poison).await;
    assert!(!world.host.log().iter().any(|line| line.message.contains("EntityAlreadyExists")));
}

#[tokio::test]
async fn invisible_characters_of_a_name_are_replaced_in_the_record() {
    let setup = Setup::new().await;
    let mut identity = contoso().service_principal(ORDERS_IDENTITY).unwrap().clone();
    identity.display_name = "id-\u{202E}sredro\u{7}".to_owned();
    setup.tenant.add_service_principal(identity);
    let world = setup.start().await;
    world.result_of(&valid_request()).await;
    let row = world.audit_rows(1).await.remove(0);
    assert_eq!(text(&row, "principalDisplayName"), "id-\u{FFFD}sredro\u{FFFD}");
}

#[tokio::test]
async fn no_row_has_a_token_a_key_or_a_header() {
    let world = World::start().await;
    world.result_of(&valid_request()).await;
    world.result_of("not a request").await;
    for row in world.audit_rows(2).await {
        let row = format!("{row:?}");
        let header = world.tenant.identity_header();
        for forbidden in [header, "eyJ", "Bearer", "AccountKey", world.account.key()] {
            assert!(!row.contains(forbidden), "{forbidden} is in {row}");
        }
    }
}
