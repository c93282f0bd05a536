//! Ends while Microsoft Graph or the tables are down, or lag.

use functions_host_emulator::Outcome;
use serde_json::json;
use storage_emulator::{TableFault, TableOperationKind, TableRule};
use tenant_emulator::{
    Fault, Route,
    contoso::{ORDERS_API, ORDERS_IDENTITY, ORDERS_READ, managed_identities},
};

use crate::{
    ends::end_world::{hours, read_for, request, world},
    record::intents::{AUDIT, ENDS},
    world::{Setup, TIMEOUT, World, statuses},
};

async fn granted() -> World {
    let world = world().await;
    world.result_of(&read_for(Some(8))).await;
    world
}

#[tokio::test]
async fn an_end_that_microsoft_graph_refuses_or_does_not_answer_happens_later() {
    for fault in [
        Fault::error(503, "serviceNotAvailable", "The service is down."),
        Fault::error(403, "Authorization_RequestDenied", "Insufficient privileges."),
        // A replica does not know the principal.
        Fault::error(404, "Request_ResourceNotFound", "Resource 'x' does not exist."),
        Fault::connection_closed(),
        Fault::error(503, "serviceNotAvailable", "The service is down.").after_the_effect(),
    ] {
        let world = granted().await;
        world.tenant.answer_every(Route::DeleteAssignment, fault.clone());
        world.end_all().await;
        assert_eq!(world.end_rows().await.len(), 1, "{fault:?}");
        let late = world.event("end.late").await;
        assert_eq!(
            (&late["level"], &late["principal_id"]),
            (&"ERROR".into(), &ORDERS_IDENTITY.into())
        );
        world.tenant.clear_faults(Route::DeleteAssignment);
        world.run_ends_until_done().await;
        assert!(world.held().is_none(), "{fault:?}");
    }
}

#[tokio::test]
async fn an_end_happens_in_the_run_in_which_the_table_lost_the_answer_to_its_announcement() {
    let world = granted().await;
    let lost = TableRule::new(TableFault::AnswerLost).table(ENDS);
    let lost = world.tables.add(lost.kind(TableOperationKind::Replace).only(1));
    world.end_all().await;
    assert_eq!(lost.hits(), 1);
    assert!(world.held().is_none());
    assert!(world.end_rows().await.is_empty());
    world.assert_on_record().await;
}

#[tokio::test]
async fn an_end_happens_after_the_tables_were_down() {
    for table in [ENDS, "AppRoleIntents", AUDIT] {
        let world = granted().await;
        let down = TableFault::Error { status: 503, code: "ServerBusy" };
        let rule = world.tables.add(TableRule::new(down).table(table));
        world.let_ends_pass().await;
        world.run_ends().await;
        assert_eq!(world.held().is_none(), table == AUDIT, "{table}");
        rule.discard();
        world.run_ends_until_done().await;
        assert!(world.held().is_none(), "{table}");
    }
}

#[tokio::test]
async fn a_failed_read_of_the_table_fails_the_run() {
    let world = granted().await;
    let refused = TableFault::Error { status: 403, code: "AuthorizationFailure" };
    world.tables.add(TableRule::new(refused).table(ENDS));
    assert!(matches!(world.run_ends().await, Outcome::Failed { .. }));
    world.event("end.failed").await;
}

#[tokio::test]
async fn the_failure_of_one_principal_does_not_stop_the_others() {
    let setup = Setup::new().await.with_wide_policy().with_setting("PACE_FACTOR", "0.5");
    let mut world = setup.start().await;
    let identities = managed_identities(12);
    for identity in &identities {
        world.tenant.add_service_principal(identity.clone());
        let request = json!({ "principal": identity.id, "api": "api://orders",
            "roles": ["Orders.Read"], "duration": "PT8H" });
        world.requests.send(&request.to_string()).await.unwrap();
    }
    world.next_results(identities.len()).await;
    let unlucky = Fault::error(403, "Authorization_RequestDenied", "Insufficient privileges.");
    world.tenant.answer_next(Route::DeleteAssignment, unlucky);
    world.end_all().await;
    let left = identities.iter().filter(|one| world.held_by(&one.id).is_some()).count();
    assert_eq!((left, world.end_rows().await.len()), (1, 1));
    world.run_ends().await;
    assert!(world.end_rows().await.is_empty());
    // The refusal may have hidden a success.
    assert_eq!(world.intents().await.len(), 1);
    world.restart_to_settle().await;
    world.settle_all().await;
    world.assert_on_record().await;
}

#[tokio::test]
async fn ends_that_fail_keep_no_other_end_from_its_turn() {
    let mut world = world().await;
    // More than one run has time for.
    let identities = managed_identities(80);
    for identity in &identities {
        world.tenant.add_service_principal(identity.clone());
        let request = json!({ "principal": identity.id, "api": "api://orders",
            "roles": ["Orders.Read"], "duration": "PT8H" });
        world.requests.send(&request.to_string()).await.unwrap();
    }
    world.next_results(identities.len()).await;
    world.let_ends_pass().await;
    let down = Fault::error(503, "serviceNotAvailable", "The service is down.");
    world.tenant.answer_every(Route::DeleteAssignment, down);
    world.restart_with_setting("PACE_FACTOR", "0.03").await;
    let is_tried = |id: &str| {
        world
            .tenant
            .requests()
            .iter()
            .any(|one| one.route == Route::DeleteAssignment && one.path_and_query.contains(id))
    };
    let all_tried = async {
        while !identities.iter().all(|identity| is_tried(&identity.id)) {
            world.run_ends().await;
        }
    };
    tokio::time::timeout(TIMEOUT, all_tried).await.unwrap();
}

#[tokio::test]
async fn a_list_that_lags_forgets_no_end_and_ends_nothing_early() {
    let world = world().await;
    world.tenant.set_list_lag(TIMEOUT);
    world.result_of(&read_for(Some(8))).await;
    let result = world.result_of(&read_for(Some(24))).await;
    assert_eq!(
        (statuses(&result), hours(&result)),
        (vec!["alreadyAssigned"], Some(24)),
        "{result}"
    );
    world.end_all().await;
    assert!(world.held().is_none() && world.end_rows().await.is_empty());
    world.assert_on_record().await;
}

#[tokio::test]
async fn twenty_roles_of_one_request_end() {
    let mut api =
        tenant_emulator::contoso::contoso().service_principal(ORDERS_API).unwrap().clone();
    let template = api.app_roles.iter().find(|role| role.id == ORDERS_READ).unwrap().clone();
    let names: Vec<_> = (0..20).map(|number| format!("Role.{number:02}")).collect();
    for (number, name) in names.iter().enumerate() {
        let mut role = template.clone();
        role.id = format!("c0a70500-0000-4000-8000-0000000f{number:04}");
        role.value = Some(name.clone());
        api.app_roles.push(role);
    }
    let mut setup = Setup::new().await.with_wide_policy();
    let policy =
        setup.policy.take().unwrap().replace(r#""Orders.Read","#, r#""Orders.Read", "Role.*","#);
    setup.policy = Some(policy);
    setup.tenant.add_service_principal(api);
    let world = setup.with_setting("PACE_FACTOR", "0.5").start().await;
    let names: Vec<_> = names.iter().map(String::as_str).collect();
    let result = world.result_of(&request("assign", &names, &json!({"duration": "PT8H"}))).await;
    assert_eq!(statuses(&result), ["assigned"; 20]);
    assert_eq!(world.end_rows().await.len(), 20);
    world.end_all().await;
    assert!(world.tenant.assignments_of(ORDERS_IDENTITY).is_empty());
    assert!(world.end_rows().await.is_empty());
    world.assert_on_record().await;
}
