//! The answer of the function `Health`: whether the broker can work, with one word for each check.

use app_roles::policy::Policy;
use functions_host_emulator::Outcome;
use serde_json::json;
use storage_emulator::{TableFault, TableRule};
use tenant_emulator::{
    Fault, Route,
    contoso::{APP_ROLE_ASSIGNMENT_READ_WRITE_ALL, BROKER_IDENTITY, MICROSOFT_GRAPH},
};

use crate::world::{Setup, TIMEOUT, World, copy_of_app_files, http_client};

/// The names of the checks with this word.
fn checks_that_say<'a>(health: &'a serde_json::Value, word: &str) -> Vec<&'a str> {
    let checks = health["checks"].as_object().unwrap().iter();
    checks.filter(|(_, said)| *said == word).map(|(check, _)| check.as_str()).collect()
}

fn remove_write_permission(setup: &Setup) {
    let held = setup.tenant.assignments_of(BROKER_IDENTITY);
    let write = held.iter().find(|held| held.app_role_id == APP_ROLE_ASSIGNMENT_READ_WRITE_ALL);
    assert!(setup.tenant.revoke(&write.unwrap().id));
}

/// The log line of a failed check.
async fn reason(world: &World, check: &str) -> String {
    let line = world.log_line(&format!("\"check\":\"{check}\"")).await;
    assert!(line.contains("health.failed") && line.contains("ERROR"), "{line}");
    line
}

#[tokio::test]
async fn health_fails_if_no_policy_is_in_force() {
    let mut setup = Setup::new().await;
    setup.policy = Some("{}".to_owned());
    let (status, health) = setup.start().await.health().await;
    assert_eq!((status, &health["status"]), (503, &json!("failed")));
    assert_eq!(checks_that_say(&health, "failed"), ["policy"]);
    assert_eq!(health.get("policySha256"), None);
}

#[tokio::test]
async fn health_says_which_policy_is_in_force() {
    let setup = Setup::new().await;
    let policy = Policy::parse(setup.policy.as_deref().unwrap().as_bytes()).unwrap();
    let (_, health) = setup.start().await.health().await;
    assert_eq!(health["policySha256"].as_str(), policy.sha256());
    assert_eq!(health["brokerVersion"], env!("CARGO_PKG_VERSION"));
}

#[tokio::test]
async fn a_faulty_folder_that_a_team_added_fails_only_health() {
    let root = copy_of_app_files();
    std::fs::create_dir(root.path().join("AssignRoleBroken")).unwrap();
    std::fs::write(root.path().join("AssignRoleBroken/function.json"), "{}").unwrap();
    let mut setup = Setup::new().await;
    setup.app_root = root.path().to_owned();
    let (status, health) = setup.start().await.health().await;
    assert_eq!(status, 503);
    assert_eq!(checks_that_say(&health, "failed"), ["functions"]);
}

#[tokio::test]
async fn without_a_token_checks_of_graph_are_not_made() {
    let setup = Setup::new().await;
    setup.tenant.answer_every(Route::IssueToken, Fault::error(400, "", "no such identity"));
    let world = setup.start().await;
    let (status, health) = world.health().await;
    assert_eq!(status, 503);
    assert_eq!(checks_that_say(&health, "failed"), ["token"]);
    assert_eq!(checks_that_say(&health, "notChecked"), ["graph", "queues", "roles"]);
    assert!(reason(&world, "token").await.contains("AZURE_CLIENT_ID"));
}

#[tokio::test]
async fn a_missing_permission_is_named_in_the_log_and_not_in_the_answer() {
    let setup = Setup::new().await;
    remove_write_permission(&setup);
    let world = setup.start().await;
    let (status, health) = world.health().await;
    assert_eq!(status, 503);
    assert_eq!(checks_that_say(&health, "failed"), ["roles"]);
    let reason = reason(&world, "roles").await;
    assert!(reason.contains("lacks AppRoleAssignment.ReadWrite.All:"), "{reason}");
    assert!(!health.to_string().contains("ReadWrite"), "{health}");
}

#[tokio::test]
async fn a_permission_that_is_newer_than_the_token_is_reported_differently_from_a_missing_one() {
    let setup = Setup::new().await;
    remove_write_permission(&setup);
    setup.tenant.cache_tokens(true);
    let world = setup.start().await;
    world.log_line("sign_in.roles_missing").await;
    let role = "AppRoleAssignment.ReadWrite.All";
    world.tenant.grant(BROKER_IDENTITY, MICROSOFT_GRAPH, role).unwrap();
    let (_, health) = world.health().await;
    assert_eq!(checks_that_say(&health, "failed"), ["roles"]);
    let reason = reason(&world, "roles").await;
    assert!(reason.contains("the token was issued before, at 20"), "{reason}");
}

#[tokio::test]
async fn the_timer_makes_the_checks_and_its_run_fails_while_one_fails() {
    // A timer that never fires by itself.
    let root = copy_of_app_files();
    let file = root.path().join("CheckHealth/function.json");
    let text = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, text.replace("0 */5 * * * *", "0 0 0 1 1 *")).unwrap();
    let mut setup = Setup::new().await.with_setting("AzureWebJobs.CheckHealth.Disabled", "false");
    setup.app_root = root.path().to_owned();
    let unavailable = Fault::error(503, "ServiceUnavailable", "");
    setup.tenant.answer_every(Route::ListAssignments, unavailable);
    let world = setup.start().await;
    assert!(matches!(timed_check(&world).await, Outcome::Failed(_)));
    reason(&world, "graph").await;
    world.tenant.clear_faults(Route::ListAssignments);
    world.health_with_status(200).await;
    assert_eq!(timed_check(&world).await, Outcome::Succeeded);
}

/// Fires the timer by hand. Returns the outcome of its run.
async fn timed_check(world: &World) -> Outcome {
    let before = world.host.invocations().len();
    let url = world.host.admin_url().join("admin/functions/CheckHealth").unwrap();
    let answer = http_client().post(url).json(&json!({ "input": "" })).send().await.unwrap();
    assert_eq!(answer.status(), 202);
    let finished = world.host.wait_for_invocations(before + 1, TIMEOUT).await.unwrap();
    let run = finished.last().unwrap();
    assert_eq!(run.function, "CheckHealth");
    run.outcome.clone()
}

#[tokio::test]
async fn health_fails_until_graph_answers() {
    let setup = Setup::new().await;
    let unavailable = Fault::error(503, "ServiceUnavailable", "");
    setup.tenant.answer_every(Route::ListAssignments, unavailable);
    let world = setup.start().await;
    let (status, health) = world.health().await;
    assert_eq!(status, 503);
    assert_eq!(checks_that_say(&health, "failed"), ["graph"]);
    reason(&world, "graph").await;
    world.tenant.clear_faults(Route::ListAssignments);
    world.health_with_status(200).await;
}

#[tokio::test]
async fn a_table_that_refuses_fails_health_and_the_log_names_the_role_to_assign() {
    let error = |status, code| TableFault::Error { status, code };
    for (fault, text) in [
        (error(403, "AuthenticationFailed"), "check the AccountKey of AzureWebJobsStorage"),
        (error(409, "TableBeingDeleted"), "409"),
        (error(404, "ResourceNotFound"), "404 Not Found"),
        (TableFault::ConnectionClosed, "did not answer"),
    ] {
        let world = World::start().await;
        world.tables.add(TableRule::new(fault));
        let (status, health) = world.health().await;
        assert_eq!(status, 503);
        assert_eq!(checks_that_say(&health, "failed"), ["table"], "{text}");
        let reason = reason(&world, "table").await;
        assert!(reason.contains(text) && !reason.contains("eyJ"), "{reason}");
    }
}

#[tokio::test]
async fn a_missing_trigger_queue_fails_health_and_a_missing_queue_that_the_host_creates_does_not() {
    let setup = Setup::new().await.with_identity_based_queues();
    let missing = || Fault::error(404, "QueueNotFound", "The specified queue does not exist.");
    setup.tenant.answer_every(Route::ReadQueueMetadata, missing());
    let world = setup.start().await;
    let (status, health) = world.health().await;
    assert_eq!(status, 503);
    assert_eq!(checks_that_say(&health, "failed"), ["queues"]);
    let reason = reason(&world, "queues").await;
    assert!(reason.contains("no queue app-role-requests in RequestQueues"), "{reason}");
    world.tenant.clear_faults(Route::ReadQueueMetadata);
    // The first queue that is checked is the one in the host's account.
    world.tenant.answer_next(Route::ReadQueueMetadata, missing());
    world.health_with_status(200).await;
}

#[tokio::test]
async fn queues_that_are_named_by_a_connection_string_are_not_checked_and_the_table_is() {
    let world = World::start().await;
    let health = world.health_with_status(200).await;
    assert_eq!(checks_that_say(&health, "notChecked"), ["queues"]);
    assert_eq!(world.tables.requests().len(), 1);
}

#[tokio::test]
async fn many_calls_of_health_make_each_check_once_per_interval() {
    let setup = Setup::new().await.with_identity_based_queues().with_setting("PACE_FACTOR", "1");
    setup.tenant.set_latency(std::time::Duration::from_millis(200));
    let world = setup.start().await;
    let answers = futures_util::future::join_all((0..20).map(|_| world.health())).await;
    assert!(answers.iter().all(|(status, _)| *status == 200), "{answers:?}");
    world.health().await;
    assert_eq!(world.tenant.count(Route::ListAssignments), 1);
    assert_eq!(world.tables.requests().len(), 1);
    // The queues of requests, of events and of checks, and the queue in the host's account.
    assert_eq!(world.tenant.count(Route::ReadQueueMetadata), 4);
}

#[tokio::test]
async fn the_answer_has_the_documented_shape_and_no_names() {
    let documented = std::fs::read_to_string(format!("{}/docs/logging.md", crate::world::ROOT));
    let documented = documented.unwrap();
    let example = documented.split("```json\n").nth(1).unwrap().split("```").next().unwrap();
    let world = Setup::new().await.with_identity_based_queues().start().await;
    let health = world.health_with_status(200).await;
    assert_eq!(health, serde_json::from_str::<serde_json::Value>(example).unwrap());
    for (check, word) in health["checks"].as_object().unwrap() {
        assert_eq!(word, "ok", "{check}");
    }
}
