//! The timer that compares the whole tenant with the baseline, and the checks that it plans.

use std::time::Duration;

use functions_host_emulator::Outcome;
use serde_json::{Value, json};
use tempfile::TempDir;
use tenant_emulator::{
    Fault, Route,
    contoso::{
        BILLING_FUNCTION, BROKER_IDENTITY, CALENDAR_API, ORDERS_ADMIN, ORDERS_API, ORDERS_IDENTITY,
        ORDERS_IDENTITY_RESOURCE_ID, ORDERS_READ, ORDERS_WRITE, REPORTS_IDENTITY, contoso,
        managed_identities,
    },
};

use crate::{
    events::sending::{self, CHECK_QUEUE, reads},
    world::{Setup, World, copy_of_app_files, request, role},
};

const FUNCTION: &str = "ReconcileRoles";

/// The setting that disables the queue trigger, so that the checks stay in the queue.
const QUEUE_OFF: &str = "AzureWebJobs.BaselineChecks.Disabled";

/// The lists of a whole tenant, which come in pages, and the reads of single service principals.
const INVENTORY: [Route; 3] =
    [Route::ListServicePrincipals, Route::ListAssignedTo, Route::ReadServicePrincipal];

/// The app as it ships, with baseline roles that `id-orders` and `func-billing` do not hold yet. The timer
/// fires only when a test fires it.
async fn setup() -> (Setup, TempDir) {
    let root = copy_of_app_files();
    let file = root.path().join(FUNCTION).join("function.json");
    let text = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, text.replace("0 0 */6 * * *", "0 0 0 1 1 *")).unwrap();
    let mut setup =
        sending::setup().await.with_setting("AzureWebJobs.ReconcileRoles.Disabled", "false");
    setup.app_root = root.path().to_owned();
    (setup, root)
}

/// An event that asks for a check of a principal.
fn check(principal: &str) -> Value {
    json!({ "eventType": "AppRoleBroker.BaselineCheckRequested", "data": { "principalId": principal } })
}

impl World {
    /// Fires the timer, and waits for the end of the run.
    async fn reconcile(&self) -> Outcome {
        self.run_timer(FUNCTION).await
    }

    /// The summary of each finished run in the log.
    fn summaries(&self) -> Vec<Value> {
        self.logged("reconcile.done")
    }

    fn logged(&self, event: &str) -> Vec<Value> {
        let lines = self.host.log().into_iter().map(|record| record.message);
        let lines = lines.filter(|line| line.contains(&format!("\"event\":\"{event}\"")));
        lines.map(|line| serde_json::from_str(&line).unwrap()).collect()
    }

    /// The ids of the identities in the planned checks.
    async fn checks(&self) -> Vec<String> {
        let queue = self.account.queue(CHECK_QUEUE).unwrap();
        let messages = self.messages(&queue).await.into_iter();
        let mut ids: Vec<_> = messages
            .map(|message| {
                assert_eq!(message["eventType"], "AppRoleBroker.BaselineCheckRequested");
                message["data"]["principalId"].as_str().unwrap().to_owned()
            })
            .collect();
        ids.sort();
        ids
    }

    fn roles_of(&self, principal: &str) -> Vec<String> {
        self.tenant.assignments_of(principal).into_iter().map(|one| one.app_role_id).collect()
    }

    fn inventory_reads(&self) -> [usize; 3] {
        INVENTORY.map(|route| self.tenant.count(route))
    }
}

#[tokio::test]
async fn a_run_during_which_graph_fails_plans_nothing_and_the_next_one_plans_everything() {
    let (setup, _root) = setup().await;
    let world =
        setup.with_setting("PACE_FACTOR", "0.005").with_setting(QUEUE_OFF, "true").start().await;
    let down = Fault::error(503, "ServiceUnavailable", "Service Unavailable");
    // The second fault is in the middle of the run, after the holders were read.
    for route in [Route::ListAssignedTo, Route::ListServicePrincipals] {
        world.tenant.answer_every(route, down.clone());
        let outcome = world.reconcile().await;
        assert!(matches!(outcome, Outcome::Failed(_)), "{outcome:?}");
        assert!(world.checks().await.is_empty());
        world.tenant.clear_faults(route);
    }
    assert_eq!(world.logged("reconcile.failed").len(), 2);
    assert_eq!(world.reconcile().await, Outcome::Succeeded);
    assert_eq!(world.checks().await, [ORDERS_IDENTITY, BILLING_FUNCTION]);
    assert!(world.tenant_is_unchanged());
}

#[tokio::test]
async fn an_identity_that_cannot_be_read_is_named_in_the_log_and_the_others_are_planned() {
    for (member, value) in [
        ("appId", Some(json!(null))),
        ("appId", None),
        ("id", Some(json!(null))),
        ("id", Some(json!(["x"]))),
    ] {
        let (setup, _root) = setup().await;
        let billing = contoso().service_principal(BILLING_FUNCTION).unwrap().clone();
        setup.tenant.add_service_principal(billing.with_member(member, value.clone()));
        let world = setup.with_setting(QUEUE_OFF, "true").start().await;
        assert_eq!(world.reconcile().await, Outcome::Succeeded, "{member} {value:?}");
        assert_eq!(world.checks().await, [ORDERS_IDENTITY], "{member} {value:?}");
        let lines = world.logged("graph.row_unreadable");
        assert_eq!(lines.len(), 1, "{lines:?}");
        assert_eq!(lines[0]["level"], "WARN", "{lines:?}");
        let named = if member == "id" { "(unreadable)" } else { BILLING_FUNCTION };
        assert_eq!(lines[0]["id"], named, "{lines:?}");
    }
}

#[tokio::test]
async fn an_identity_without_readable_names_is_compared_and_lies_nowhere() {
    for names in [json!(null), json!([]), json!([5]), json!("x")] {
        let (setup, _root) = setup().await;
        let billing = contoso().service_principal(BILLING_FUNCTION).unwrap().clone();
        let billing = billing.with_member("alternativeNames", Some(names.clone()));
        setup.tenant.add_service_principal(billing);
        let world = setup.with_setting(QUEUE_OFF, "true").start().await;
        assert_eq!(world.reconcile().await, Outcome::Succeeded, "{names}");
        assert_eq!(world.checks().await, [ORDERS_IDENTITY], "{names}");
        assert_eq!(world.summaries()[0]["identities"], 6, "{names}");
    }
}

#[tokio::test]
async fn a_run_survives_each_fault_that_a_delivery_survives() {
    let (setup, _root) = setup().await;
    let world =
        setup.with_setting("PACE_FACTOR", "0.01").with_setting(QUEUE_OFF, "true").start().await;
    let company = "Unable to read the company information from the directory.";
    for fault in [
        Fault::error(404, "Directory_ObjectNotFound", company),
        Fault::error(509, "bandwidthLimitExceeded", "Too much.").retry_after("0.01"),
        Fault::error(418, "Teapot", "Something new."),
        Fault::error(403, "Authorization_RequestDenied", "Insufficient privileges."),
    ] {
        for route in INVENTORY {
            world.tenant.answer_next(route, fault.clone());
        }
        assert_eq!(world.reconcile().await, Outcome::Succeeded, "{fault:?}");
    }
    assert!(world.summaries().iter().all(|summary| summary["lacking"] == 2));
    assert!(world.logged("reconcile.failed").is_empty());
}

#[tokio::test]
async fn a_paused_broker_compares_nothing_and_one_that_reports_writes_nothing() {
    let (paused, _root) = setup().await;
    let world = paused.with_setting("BROKER_MODE", "paused").start().await;
    assert_eq!(world.reconcile().await, Outcome::Succeeded);
    assert_eq!(world.inventory_reads(), [0; 3]);
    let (reporting, _root) = setup().await;
    let world = reporting.with_setting("BROKER_MODE", "report").start().await;
    world.events().await;
    assert_eq!(world.reconcile().await, Outcome::Succeeded);
    let rows = world.audit_rows(2).await;
    assert!(rows.iter().all(|row| format!("{row:?}").contains("wouldAssign")), "{rows:?}");
    assert!(world.tenant_is_unchanged());
}

#[tokio::test]
async fn a_policy_without_a_baseline_costs_nothing() {
    let (mut setup, _root) = setup().await;
    setup.policy = Some(crate::world::POLICY.to_owned());
    let world = setup.start().await;
    assert_eq!(world.reconcile().await, Outcome::Succeeded);
    assert_eq!(world.inventory_reads(), [0; 3]);
}

#[tokio::test]
async fn a_missing_role_is_assigned_through_the_queue_except_for_protected_identities() {
    let (setup, _root) = setup().await;
    let protected = {
        let mut one = managed_identities(1).remove(0);
        let names = one.alternative_names.iter();
        one.alternative_names = names.map(|name| name.replace("rg-load", "rg-platform")).collect();
        one
    };
    setup.tenant.add_service_principal(protected.clone());
    setup.tenant.grant(ORDERS_IDENTITY, ORDERS_API, ORDERS_WRITE).unwrap();
    let world = setup.start().await;
    world.events().await;
    assert_eq!(world.reconcile().await, Outcome::Succeeded);
    let rows = world.audit_rows(2).await;
    assert!(
        rows.iter().all(|row| format!("{row:?}").contains("queue:baseline-checks")),
        "{rows:?}"
    );
    assert_eq!(world.roles_of(ORDERS_IDENTITY), [ORDERS_WRITE, ORDERS_READ]);
    assert_eq!(world.roles_of(BILLING_FUNCTION), [ORDERS_READ]);
    assert!(world.tenant.assignments_of(&protected.id).is_empty());
    assert_eq!(world.roles_of(BROKER_IDENTITY).len(), 2, "the roles that the broker had before");
    let summary = world.summaries().remove(0);
    assert_eq!((&summary["lacking"], &summary["checks"]), (&json!(2), &json!(2)), "{summary}");
    assert_eq!(world.reconcile().await, Outcome::Succeeded);
    assert_eq!(world.summaries()[1]["checks"], 0, "the tenant has every baseline role");
}

#[tokio::test]
async fn a_fresh_event_does_not_wait_behind_the_checks_of_the_timer() {
    let (setup, _root) = setup().await;
    let world = setup.with_setting(QUEUE_OFF, "true").start().await;
    assert_eq!(world.reconcile().await, Outcome::Succeeded);
    assert_eq!(world.checks().await, [ORDERS_IDENTITY, BILLING_FUNCTION]);
    assert!(world.messages(&world.events().await).await.is_empty());
    let event = sending::written(ORDERS_IDENTITY_RESOURCE_ID, time::Duration::ZERO);
    world.deliver(&event, 1).await;
    assert_eq!(world.roles_of(ORDERS_IDENTITY), [ORDERS_READ]);
    assert!(world.roles_of(BILLING_FUNCTION).is_empty(), "its check still waits");
}

/// An earlier version put its checks there.
#[tokio::test]
async fn a_check_in_the_queue_of_events_is_carried_out() {
    let (setup, _root) = setup().await;
    let world = setup.with_setting(QUEUE_OFF, "true").start().await;
    world.deliver(&check(ORDERS_IDENTITY), 1).await;
    assert_eq!(world.roles_of(ORDERS_IDENTITY), [ORDERS_READ]);
}

#[tokio::test]
async fn reads_of_the_timer_have_low_priority_and_reads_of_requests_do_not() {
    let (mut setup, _root) = setup().await;
    let mut policy = sending::policy();
    policy["allow"][0]["requesters"] = json!(["queue:app-role-requests"]);
    setup.policy = Some(policy.to_string());
    let world = setup.start().await;
    world.events().await;
    assert_eq!(world.reconcile().await, Outcome::Succeeded);
    world.audit_rows(2).await;
    let priorities = |route: Route| {
        let all = world.tenant.requests().into_iter().filter(move |one| one.route == route);
        all.map(|one| one.throttle_priority).collect::<Vec<_>>()
    };
    let low = Some("Low".to_owned());
    for route in [Route::ListServicePrincipals, Route::ListAssignedTo, Route::CreateAssignment] {
        let all = priorities(route);
        assert!(!all.is_empty() && all.iter().all(|one| *one == low), "{route:?}: {all:?}");
    }
    let result = world.result_of(&request(ORDERS_IDENTITY, ORDERS_API, ORDERS_WRITE)).await;
    assert_eq!(role(&result)["status"], "assigned", "{result}");
    assert_eq!(priorities(Route::CreateAssignment), [low.clone(), low, None]);
}

#[tokio::test]
async fn reads_are_the_pages_of_identities_and_of_holders_and_the_apis() {
    const MANY: usize = 1_000;
    let (setup, _root) = setup().await;
    let identities = managed_identities(MANY);
    for identity in &identities {
        setup.tenant.add_service_principal(identity.clone());
        setup.tenant.grant(&identity.id, ORDERS_API, ORDERS_READ).unwrap();
    }
    let lacking = &identities[MANY / 2].id;
    for held in setup.tenant.assignments_of(lacking) {
        setup.tenant.revoke(&held.id);
    }
    setup.tenant.grant(REPORTS_IDENTITY, ORDERS_API, ORDERS_WRITE).unwrap();
    // Graph loses a page token once. The list starts again, and the result is unchanged.
    let expired = Fault::error(400, "Directory_ExpiredPageToken", "The page token has expired.");
    let world = setup.with_setting(QUEUE_OFF, "true").start().await;
    assert_eq!(world.reconcile().await, Outcome::Succeeded);
    // 1,006 identities and 1,000 holders in pages of 999, and one API.
    assert_eq!(world.inventory_reads(), [2, 2, 1]);
    let summary = world.summaries().remove(0);
    assert_eq!(summary["reads"], 5, "{summary}");
    assert_eq!(summary["identities"], MANY + 6, "{summary}");
    let mut expected = vec![ORDERS_IDENTITY, BILLING_FUNCTION, lacking];
    expected.sort_unstable();
    assert_eq!(world.checks().await, expected);
    world.tenant.answer_next(Route::ListServicePrincipals, expired.clone());
    world.tenant.answer_next(Route::ListAssignedTo, expired);
    assert_eq!(world.reconcile().await, Outcome::Succeeded);
    let summary = world.summaries().remove(1);
    assert_eq!((&summary["lacking"], &summary["identities"]), (&json!(3), &json!(MANY + 6)));
}

#[tokio::test]
async fn an_unexpected_assignment_is_reported_when_it_is_seen_again_and_is_not_removed() {
    let (setup, _root) = setup().await;
    let world = setup.with_setting(QUEUE_OFF, "true").start().await;
    world.tenant.grant(BILLING_FUNCTION, ORDERS_API, ORDERS_ADMIN).unwrap();
    let passing = world.tenant.grant(REPORTS_IDENTITY, ORDERS_API, ORDERS_READ).unwrap();
    // One role that a request assigned, and one of an API that the baseline does not name.
    world.tenant.grant(ORDERS_IDENTITY, ORDERS_API, ORDERS_WRITE).unwrap();
    let default_access = "00000000-0000-0000-0000-000000000000";
    world.tenant.grant(REPORTS_IDENTITY, CALENDAR_API, default_access).unwrap();
    assert_eq!(world.reconcile().await, Outcome::Succeeded);
    assert!(world.logged("reconcile.unexpected").is_empty());
    assert_eq!(world.summaries()[0]["unexpected_at_first_sight"], 2);
    assert!(world.tenant.revoke(&passing));
    assert_eq!(world.reconcile().await, Outcome::Succeeded);
    let reported = world.logged("reconcile.unexpected");
    assert_eq!(reported.len(), 1, "{reported:?}");
    assert_eq!(reported[0]["principal_id"], BILLING_FUNCTION);
    assert_eq!(reported[0]["resource_id"], ORDERS_API);
    assert_eq!(reported[0]["app_role_id"], ORDERS_ADMIN);
    assert_eq!(world.summaries()[1]["unexpected"], 1);
    assert_eq!(world.roles_of(BILLING_FUNCTION), [ORDERS_ADMIN]);
}

#[tokio::test]
async fn an_unexpected_assignment_that_is_days_old_is_reported_at_once() {
    let (setup, _root) = setup().await;
    let world = setup.with_setting(QUEUE_OFF, "true").start().await;
    let old = world.tenant.grant(BILLING_FUNCTION, ORDERS_API, ORDERS_ADMIN).unwrap();
    assert!(world.tenant.backdate(&old, Duration::from_secs(2 * 24 * 60 * 60)));
    world.tenant.grant(REPORTS_IDENTITY, ORDERS_API, ORDERS_READ).unwrap();
    assert_eq!(world.reconcile().await, Outcome::Succeeded);
    let reported = world.logged("reconcile.unexpected");
    assert_eq!(reported.len(), 1, "{reported:?}");
    assert_eq!(reported[0]["principal_id"], BILLING_FUNCTION);
    assert_eq!(world.summaries()[0]["unexpected_at_first_sight"], 1);
}

#[tokio::test]
async fn a_forged_check_assigns_no_more_than_the_baseline() {
    let (setup, _root) = setup().await;
    let world = setup.start().await;
    let stranger = "c0a70500-0000-4000-8000-0000000000ff";
    for principal in [BROKER_IDENTITY, REPORTS_IDENTITY, ORDERS_API, stranger, "*", ""] {
        world.deliver(&check(principal), 1).await;
    }
    let mut claiming = check(ORDERS_IDENTITY);
    claiming["data"]["roles"] = json!([ORDERS_ADMIN]);
    claiming["data"]["api"] = json!("graph");
    claiming["subject"] = json!(REPORTS_IDENTITY);
    world.deliver(&claiming, 1).await;
    assert_eq!(world.roles_of(ORDERS_IDENTITY), [ORDERS_READ]);
    assert_eq!(world.tenant.count(Route::CreateAssignment), 1);
    assert!(world.host.invocations().iter().all(|one| one.dequeue_count == 1));
    assert!(world.messages(&world.failed).await.is_empty());
}

#[tokio::test]
async fn an_identity_that_only_claims_to_lie_in_the_baseline_gets_nothing_from_a_check() {
    let (setup, _root) = setup().await;
    setup.tenant.set_arm_identity(ORDERS_IDENTITY_RESOURCE_ID, Some(REPORTS_IDENTITY));
    let world = setup.start().await;
    world.deliver(&check(ORDERS_IDENTITY), 1).await;
    world.log_line("identity.not_confirmed").await;
    assert!(world.tenant_is_unchanged());
}

#[tokio::test]
async fn a_repeated_check_costs_nothing() {
    let (setup, _root) = setup().await;
    let world = setup.start().await;
    let mut check = check(ORDERS_IDENTITY);
    check["eventTime"] = json!("2026-08-20T10:00:00Z");
    world.deliver(&check, 1).await;
    let before = reads(&world);
    // The confirmation by Azure Resource Manager, the API and the identity.
    assert_eq!(before, [1, 2, 0, 1]);
    for _ in 0..3 {
        world.deliver(&check, 1).await;
    }
    assert_eq!(reads(&world), before);
}

#[tokio::test]
async fn a_check_that_fails_is_retried_and_is_not_kept_for_operators() {
    let (setup, _root) = setup().await;
    let world = setup.with_deliveries(2).with_setting("PACE_FACTOR", "0.005").start().await;
    let down = Fault::error(503, "ServiceUnavailable", "Service Unavailable");
    world.tenant.answer_every(Route::CreateAssignment, down);
    world.deliver(&check(ORDERS_IDENTITY), 2).await;
    world.log_line("check.given_up").await;
    assert!(world.messages(&world.failed).await.is_empty());
    assert!(world.tenant.assignments_of(ORDERS_IDENTITY).is_empty());
}
