//! `assign` and `revoke`: changes with the operator's own permissions.

use serde_json::Value;
use tenant_emulator::{
    Fault, Route,
    contoso::{
        APPLICATION_READ_ALL, BROKER_IDENTITY, ORDERS_API, ORDERS_API_APP_ID, ORDERS_IDENTITY,
        ORDERS_READ, ORDERS_WRITE, REPORTS_IDENTITY,
    },
};

use crate::world::{OPERATOR, World};

const ASSIGN: [&str; 4] = ["assign", "id-orders", "api://orders", "Orders.Read"];

#[tokio::test]
async fn without_a_terminal_a_change_needs_yes() {
    let world = World::new().await;
    let ended = world.run_with(&ASSIGN, "y\n").await;
    ended.assert_failed(2, &["without a terminal", "--yes"]);
    assert!(world.is_untouched());
}

#[tokio::test]
async fn a_dangerous_change_needs_privileged() {
    for (principal, api, role, protected, reason) in [
        ("id-orders", "graph", "RoleManagement.ReadWrite.Directory", "", "privileged (roles)"),
        ("id-orders", "graph", "Mail.Read", "", "privileged (data)"),
        (BROKER_IDENTITY, "api://orders", "Orders.Read", "", "can assign app roles itself"),
        (OPERATOR, "api://orders", "Orders.Read", "", "the principal is yourself"),
        ("id-orders", "api://orders", "Orders.Read", ORDERS_IDENTITY, "protects the principal"),
        ("id-orders", "api://orders", "Orders.Read", ORDERS_API_APP_ID, "protects the API"),
    ] {
        let world = World::new().await;
        if !protected.is_empty() {
            world.protect(&[protected]);
        }
        let arguments = ["assign", principal, api, role, "--yes"];
        let denied = world.run(&arguments).await;
        denied.assert_said(3, &[reason, "denied"]);
        denied.assert_failed(3, &["--privileged"]);
        assert!(world.is_untouched(), "{role}");
        let meant = world.run(&[&arguments[..], &["--privileged"]].concat()).await;
        meant.assert_done(&[reason, "assigned"]);
        assert_eq!(world.tenant.count(Route::CreateAssignment), 1, "{role}");
    }
}

#[tokio::test]
async fn with_a_policy_file_that_cannot_be_used_every_change_needs_privileged() {
    let world = World::new().await;
    for policy in ["{", r#"{"version":2,"allow":[]}"#] {
        world.write("policy.json", policy);
        let ended = world.run(&[&ASSIGN[..], &["--yes"]].concat()).await;
        ended.assert_said(3, &["it is unknown what the policy protects"]);
        ended.assert_said(3, &["Policy:    policy.json, which cannot be used"]);
        ended.assert_failed(3, &["pass --privileged"]);
    }
    std::fs::remove_file(world.path("policy.json")).unwrap();
    std::fs::create_dir(world.path("policy.json")).unwrap();
    let ended = world.run(&[&ASSIGN[..], &["--yes"]].concat()).await;
    ended.assert_said(3, &["it is unknown what the policy protects", "cannot be read"]);
    assert!(world.is_untouched());
}

#[tokio::test]
async fn one_refused_role_keeps_the_others_from_being_assigned() {
    let world = World::new().await;
    for (role, code, status) in [
        ("Orders.Raed", 4, "notFound"),
        ("Orders.Archive", 1, "invalid"),
        ("Orders.Approve", 1, "invalid"),
        ("00000000-0000-0000-0000-000000000000", 4, "notFound"),
    ] {
        let ended = world.run(&[&ASSIGN[..], &[role, "--yes"]].concat()).await;
        ended.assert_said(code, &[status, "notAttempted"]);
    }
    assert!(world.is_untouched());
}

#[tokio::test]
async fn an_invalid_request_is_a_usage_error() {
    let world = World::new().await;
    let too_many = vec!["Orders.Read"; 21];
    let arguments = [&["assign", "id-orders", "api://orders"], &too_many[..], &["--yes"]].concat();
    world.run(&arguments).await.assert_failed(2, &["roles", "1 to 20"]);
    let long = "x".repeat(501);
    let ended = world.run(&[&ASSIGN[..], &["--yes", "--reason", &long]].concat()).await;
    ended.assert_failed(2, &["reason", "500"]);
    assert!(world.is_untouched());
}

#[tokio::test]
async fn an_operator_who_cannot_write_is_told_which_role_is_needed() {
    let world = World::with_roles(&[APPLICATION_READ_ALL]).await;
    let ended = world.run(&[&ASSIGN[..], &["--yes"]].concat()).await;
    ended.assert_said(
        3,
        &["failed", "Microsoft Graph denied access", "Privileged Role Administrator"],
    );
    assert!(!ended.stderr.contains("--privileged"), "{ended:?}");
    assert!(world.holds(ORDERS_IDENTITY).is_empty());
}

#[tokio::test]
async fn an_operator_who_cannot_read_is_denied() {
    let world = World::with_roles(&[]).await;
    let ended = world.run(&[&ASSIGN[..], &["--yes"]].concat()).await;
    ended.assert_failed(3, &["Microsoft Graph denied access", "app-role submit", "request-id"]);
}

#[tokio::test]
async fn a_partial_success_is_reported_and_recorded() {
    let world = World::new().await;
    let full = Fault::error(403, "Directory_QuotaExceeded", "The directory object quota limit.");
    world.tenant.answer_next(Route::CreateAssignment, full);
    let arguments = [&ASSIGN[..], &["Orders.Write", "--yes", "--record", "record.jsonl"]].concat();
    let ended = world.run(&arguments).await;
    ended.assert_said(5, &["failed", "assigned"]);
    assert_eq!(world.holds(ORDERS_IDENTITY), [ORDERS_WRITE]);
    let lines: Vec<Value> = world
        .read("record.jsonl")
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let told: Vec<_> = lines
        .iter()
        .map(|line| (line["event"].as_str().unwrap(), line["role"]["status"].as_str().unwrap()))
        .collect();
    let expected = [
        ("intent", "wouldAssign"),
        ("done", "failed"),
        ("intent", "wouldAssign"),
        ("done", "assigned"),
    ];
    assert_eq!(told, expected);
}

#[tokio::test]
async fn an_outage_of_graph_ends_the_run() {
    let world = World::new().await;
    let outage = Fault::error(503, "ServiceUnavailable", "The service is unavailable.");
    world.tenant.answer_every(Route::CreateAssignment, outage);
    let mut command = world.command(&[&ASSIGN[..], &["Orders.Write", "--yes"]].concat());
    command.env("PACE_FACTOR", "0.01");
    let ended = crate::world::end(command, "").await;
    ended.assert_said(1, &["failed", "notAttempted", "because an earlier role failed"]);
    assert!(world.holds(ORDERS_IDENTITY).is_empty());
}

#[tokio::test]
async fn nothing_is_changed_if_the_record_cannot_be_written() {
    let world = World::new().await;
    let ended =
        world.run(&[&ASSIGN[..], &["--yes", "--record", "/nowhere/r.jsonl"]].concat()).await;
    ended.assert_failed(1, &["/nowhere/r.jsonl cannot be written", "nothing was changed"]);
    assert!(world.is_untouched());
}

#[tokio::test]
async fn a_dry_run_shows_the_plan_and_changes_nothing() {
    let world = World::new().await;
    let ended = world.run(&[&ASSIGN[..], &["Orders.Admin", "--dry-run"]].concat()).await;
    ended.assert_done(&[
        "id-orders",
        ORDERS_IDENTITY,
        "Orders API",
        ORDERS_API_APP_ID,
        "wouldAssign",
        "rule \"orders workloads\" allows other requesters",
        "lets the requester http:c0a70500-0000-4000-8000-000000000200 assign",
    ]);
    assert!(world.is_untouched());
}

#[tokio::test]
async fn a_confirmed_change_is_made_and_recorded() {
    let world = World::new().await;
    let options = ["Orders.Write", "--yes", "--record", "record.jsonl", "--reason", "INC-1234"];
    let ended = world.run(&[&ASSIGN[..], &options].concat()).await;
    ended.assert_done(&[
        "assigned",
        "the operator's own rights",
        "tokens issued before this change expire by",
    ]);
    assert_eq!(world.holds(ORDERS_IDENTITY), [ORDERS_READ, ORDERS_WRITE]);
    let record = world.read("record.jsonl");
    let lines: Vec<Value> =
        record.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.len(), 4);
    let done = &lines[1];
    assert_eq!(done["event"], "done");
    assert_eq!(done["operator"], OPERATOR);
    assert_eq!(done["action"], "assign");
    assert_eq!(done["principal"]["objectId"], ORDERS_IDENTITY);
    assert_eq!(done["api"]["objectId"], ORDERS_API);
    assert_eq!(done["role"]["value"], "Orders.Read");
    assert_eq!(done["reason"], "INC-1234");
    let writes = world.tenant.accepted_writes();
    assert_eq!(done["clientRequestId"].as_str(), writes[0].client_request_id.as_deref());
    assert_eq!(lines[0]["clientRequestId"], done["clientRequestId"]);
}

#[tokio::test]
async fn json_output_is_the_only_text_on_standard_output() {
    let world = World::new().await;
    let result = world.json(&[&ASSIGN[..], &["--yes"]].concat()).await;
    assert_eq!(result["roles"][0]["status"], "assigned");
    assert_eq!(result["requester"], format!("cli:{OPERATOR}"));
    assert_eq!(result["principal"]["objectId"], ORDERS_IDENTITY);
    let again = world.json(&ASSIGN).await;
    assert_eq!(again["roles"][0]["status"], "alreadyAssigned");
    assert_eq!(again["roles"][0]["assignmentId"], result["roles"][0]["assignmentId"]);
    assert_eq!(world.tenant.count(Route::CreateAssignment), 1);
}

#[tokio::test]
async fn revoke_removes_only_the_named_role() {
    let world = World::new().await;
    for role in ["Orders.Read", "Orders.Write"] {
        world.tenant.grant(REPORTS_IDENTITY, ORDERS_API, role).unwrap();
    }
    let revoke = ["revoke", REPORTS_IDENTITY, ORDERS_API_APP_ID, ORDERS_READ, "--yes"];
    world.run(&revoke).await.assert_done(&["revoked"]);
    assert_eq!(world.holds(REPORTS_IDENTITY), [ORDERS_WRITE]);
    world.run(&revoke).await.assert_done(&["alreadyRevoked"]);
}

#[tokio::test]
async fn revoke_respects_protected_principals() {
    let world = World::new().await;
    world.tenant.grant(REPORTS_IDENTITY, ORDERS_API, "Orders.Read").unwrap();
    world.protect(&[REPORTS_IDENTITY]);
    let ended = world.run(&["revoke", "id-reports", "api://orders", "Orders.Read", "--yes"]).await;
    ended.assert_said(3, &["protects the principal"]);
    assert!(world.is_untouched());
}

/// Runs a change whose record can have only this number of bytes more.
#[cfg(unix)]
async fn with_a_full_record(world: &World, roles: &str, space: usize) -> crate::world::Ended {
    const LIMIT: usize = 8 * 512;
    world.write("full.jsonl", &"x".repeat(LIMIT - space));
    let line = format!(
        "trap '' XFSZ; ulimit -f 8; exec app-role assign id-orders api://orders {roles} --yes --record full.jsonl"
    );
    crate::world::end(world.shell(&line), "").await
}

#[cfg(unix)]
#[tokio::test]
async fn a_record_that_is_full_ends_the_run_and_the_rest_is_not_attempted() {
    let world = World::new().await;
    let first = ["assign", "id-orders", "api://orders", "Orders.Read", "--yes"];
    world.run(&[&first[..], &["--record", "one.jsonl"]].concat()).await.assert_done(&[]);
    let of_one_role = world.read("one.jsonl").len();
    for held in world.tenant.assignments_of(ORDERS_IDENTITY) {
        world.tenant.revoke(&held.id);
    }
    let roles = "Orders.Read Orders.Write Orders.Admin";
    let ended = with_a_full_record(&world, roles, of_one_role + 100).await;
    ended.assert_failed(5, &["full.jsonl cannot be written", "hint: earlier roles"]);
    let outcome = |role: &str| ended.stdout.lines().rfind(|line| line.starts_with(role)).unwrap();
    assert!(outcome("Orders.Read").contains("assigned"), "{ended:?}");
    for role in ["Orders.Write", "Orders.Admin"] {
        assert!(outcome(role).contains("because the record cannot be written"), "{ended:?}");
    }
    assert_eq!(world.holds(ORDERS_IDENTITY).len(), 1);
    let ended = with_a_full_record(&world, "Orders.Write", 1).await;
    ended.assert_said(1, &["because the record cannot be written"]);
    assert_eq!(world.holds(ORDERS_IDENTITY).len(), 1);
}
