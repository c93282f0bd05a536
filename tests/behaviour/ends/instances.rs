//! Two instances of the app, and two copies of one message.

use functions_host_emulator::{FunctionsHost, Outcome};
use serde_json::{Value, json};
use storage_emulator::{EntityValue, TableFault, TableOperationKind, TableRule};
use tenant_emulator::{
    Fault, Route,
    contoso::{ORDERS_API, ORDERS_READ},
};
use time::{Duration, OffsetDateTime, format_description::well_known::Rfc3339};

use crate::{
    ends::end_world::{END, hours, moment, read_for, request, world},
    http::caller::{TEAM_KEY, setup as http_setup},
    record::intents::{ENDS, INTENTS, fire_at},
    world::{Setup, TIMEOUT, World, http_client, statuses},
};

/// Posts a request to an instance.
async fn post(host: &FunctionsHost, request: &str) -> (u16, Value) {
    let url = host.http_url().join("api/app-role-assignments").unwrap();
    let request: Value = serde_json::from_str(request).unwrap();
    let call = http_client().post(url).header("x-functions-key", TEAM_KEY).json(&request);
    let answer = call.send().await.unwrap();
    (answer.status().as_u16(), answer.json().await.unwrap())
}

/// A world with a grant whose end has come.
async fn due() -> World {
    due_in(http_setup().await).await
}

async fn due_in(setup: Setup) -> World {
    let world = setup.start().await;
    let (status, _) = post(&world.host, &read_for(Some(8))).await;
    assert_eq!(status, 201);
    world.let_ends_pass().await;
    world
}

#[tokio::test]
async fn an_extension_that_is_answered_keeps_the_assignment_from_ending() {
    for hours in [Some(24), None] {
        let world = due().await;
        let other = world.another_host().await;
        // The first instance has read the row, and has not announced the removal.
        let rule = TableRule::new(TableFault::Held).table(ENDS).kind(TableOperationKind::Replace);
        let rule = world.tables.add(rule.only(1));
        world.fire("EndAssignments").await;
        rule.wait_for_hits(1).await;
        let (status, result) = post(&other, &read_for(hours)).await;
        assert_eq!((status, statuses(&result)), (200, vec!["alreadyAssigned"]), "{result}");
        rule.release();
        world.run_ends().await;
        assert!(world.held().is_some(), "{hours:?}");
        assert_eq!(world.tenant.count(Route::DeleteAssignment), 0);
        assert_eq!(world.end_rows().await.len(), usize::from(hours.is_some()));
    }
}

#[tokio::test]
async fn an_assignment_that_is_being_removed_is_not_extended() {
    for hours in [Some(24), None] {
        let world = due().await;
        let other = world.another_host().await;
        // The removal is announced, and its intent is not stored yet.
        let rule = TableRule::new(TableFault::Held).table(INTENTS).kind(TableOperationKind::Upsert);
        let rule = world.tables.add(rule.only(1));
        world.fire("EndAssignments").await;
        rule.wait_for_hits(1).await;
        let (status, problem) = post(&other, &read_for(hours)).await;
        assert_eq!(status, 503, "{problem}");
        rule.release();
        world.run_ends_until_done().await;
        assert!(world.held().is_none(), "{hours:?}");
        let (status, _) = post(&other, &read_for(hours)).await;
        assert_eq!(status, 201);
        assert_eq!(world.end_rows().await.len(), usize::from(hours.is_some()));
    }
}

#[tokio::test]
async fn an_end_whose_instance_was_killed_is_taken_over_in_the_run_of_another_one() {
    // A run may take ten seconds, and waits two for the other instance.
    let mut world = due_in(http_setup().await.with_setting("PACE_FACTOR", "0.2")).await;
    let other = world.another_host().await;
    let first = |table, kind| TableRule::new(TableFault::Held).table(table).kind(kind).only(1);
    // The other instance has read the row before the first one announces the removal.
    let late = world.tables.add(first(ENDS, TableOperationKind::Replace));
    fire_at(&other, END).await;
    late.wait_for_hits(1).await;
    let intent = world.tables.add(first(INTENTS, TableOperationKind::Upsert));
    world.fire(END).await;
    intent.wait_for_hits(1).await;
    world.host.stop_and_keep_log().await;
    intent.discard();
    late.release();
    let runs = other.wait_for_invocations(1, TIMEOUT).await.unwrap();
    assert!(matches!(runs[0].outcome, Outcome::Succeeded), "{runs:?}");
    assert!(world.held().is_none() && world.end_rows().await.is_empty());
    assert_eq!(world.tenant.count(Route::DeleteAssignment), 1);
}

#[tokio::test]
async fn two_instances_that_grant_at_once_leave_one_grant_and_the_later_end() {
    let world = http_setup().await.start().await;
    let other = world.another_host().await;
    let (short, long) = (read_for(Some(8)), read_for(Some(24)));
    let ((_, first), (_, second)) = tokio::join!(post(&world.host, &short), post(&other, &long));
    let mut all = [statuses(&first), statuses(&second)].concat();
    all.sort_unstable();
    assert_eq!(all, ["alreadyAssigned", "assigned"], "{first} {second}");
    assert_eq!(world.end_rows().await.len(), 1);
    let (_, again) = post(&world.host, &short).await;
    assert_eq!(hours(&again), Some(24), "{again}");
    world.end_all().await;
    assert!(world.held().is_none() && world.end_rows().await.is_empty());
}

#[tokio::test]
async fn copies_of_one_message_give_one_grant_and_one_end() {
    let world = world().await;
    let other = world.another_host().await;
    let request = json!({ "requestId": "INC-1", "principal": tenant_emulator::contoso::ORDERS_IDENTITY,
        "api": "api://orders", "roles": ["Orders.Read"], "duration": "PT8H" });
    for _ in 0..4 {
        world.requests.send(&request.to_string()).await.unwrap();
    }
    let results = world.account.queue("app-role-results").unwrap();
    let mut received = Vec::new();
    while received.len() < 4 {
        let messages = results.receive(32, std::time::Duration::from_secs(300)).await.unwrap();
        received.extend(messages.into_iter().map(|one| one.text));
    }
    let assigned = received.iter().filter(|text| text.contains(r#""status":"assigned""#)).count();
    assert_eq!((assigned, world.end_rows().await.len()), (1, 1), "{received:?}");
    world.end_all().await;
    assert!(world.held().is_none() && world.end_rows().await.is_empty());
    drop(other);
}

/// Adds a write that another instance announced a second before `Orders.Read` was assigned, but never sent.
async fn announce_a_write_that_was_cut(world: &World) {
    let write = request("assign", &["Orders.Write"], &json!({ "duration": "PT8H" }));
    assert_eq!(statuses(&world.result_of(&write).await), ["assigned"]);
    let [mut row] = world.end_rows().await.try_into().unwrap();
    row.row_key = format!("{ORDERS_API}_{ORDERS_READ}");
    row.properties.retain(|column, _| !["assignmentId", "boundAt"].contains(&column.as_str()));
    let created = moment(&world.held().unwrap().created_date_time);
    let by = "7d1b0f0e-3f0b-4f0a-8d56-1b2c3d4e5f60".to_owned();
    row.properties.insert("writtenBy".to_owned(), EntityValue::String(by));
    for (column, seconds) in [("since", -1), ("until", 1)] {
        let at = (created + Duration::seconds(seconds)).format(&Rfc3339).unwrap();
        row.properties.insert(column.to_owned(), EntityValue::DateTime(at));
    }
    world.account.table(ENDS).put(&row).await.unwrap();
}

#[tokio::test]
async fn a_permanent_assignment_is_not_ended_because_another_instance_announced_a_write() {
    for is_asked_for in [true, false] {
        let world = Setup::new().await.with_wide_policy().start().await;
        assert_eq!(statuses(&world.result_of(&read_for(None)).await), ["assigned"]);
        let held = world.held().unwrap().id;
        announce_a_write_that_was_cut(&world).await;
        if is_asked_for {
            let result = world.result_of(&read_for(Some(8))).await;
            assert_eq!(statuses(&result), ["alreadyAssigned"], "{result}");
            assert_eq!(hours(&result), None, "{result}");
        }
        world.end_all().await;
        assert_eq!(world.held().map(|one| one.id), Some(held), "{is_asked_for}");
    }
}

#[tokio::test]
async fn what_a_request_found_is_not_ended_because_of_a_write_that_was_announced_later_and_cut() {
    let world = Setup::new().await.with_wide_policy().start().await;
    let held = world.create_by_hand();
    let found = world.result_of(&read_for(None)).await;
    assert_eq!((statuses(&found), hours(&found)), (vec!["alreadyAssigned"], None));
    announce_a_write_that_was_cut(&world).await;
    let [mut row, other] = world.end_rows().await.try_into().unwrap();
    assert_eq!(other.row_key, format!("{ORDERS_API}_{}", tenant_emulator::contoso::ORDERS_WRITE));
    // It was announced just now. By Graph's clock, a write may take effect up to five seconds before that.
    let now = OffsetDateTime::now_utc();
    for (column, at) in
        [("since", now - Duration::seconds(5)), ("until", now), ("endDateTime", now)]
    {
        row.properties
            .insert(column.to_owned(), EntityValue::DateTime(at.format(&Rfc3339).unwrap()));
    }
    world.account.table(ENDS).put(&row).await.unwrap();
    world.run_ends().await;
    assert_eq!(world.held().map(|one| one.id), Some(held));
}

#[tokio::test]
async fn a_write_without_an_answer_does_not_claim_what_another_instance_has_just_made() {
    let world = http_setup().await.start().await;
    let other = world.another_host().await;
    world.tenant.set_list_lag(TIMEOUT);
    let (status, _) = post(&world.host, &read_for(None)).await;
    assert_eq!(status, 201);
    let held = world.held().unwrap().id;
    // The other instance has read a list that lags, and has not sent its write.
    let intent = TableRule::new(TableFault::Held).table(INTENTS).kind(TableOperationKind::Upsert);
    let intent = world.tables.add(intent.only(1));
    world.tenant.answer_next(Route::CreateAssignment, Fault::connection_closed());
    let request = read_for(Some(8));
    let ((_, result), ()) = tokio::join!(post(&other, &request), async {
        intent.wait_for_hits(1).await;
        world.tenant.set_list_lag(std::time::Duration::ZERO);
        intent.release();
    });
    assert_eq!((statuses(&result), hours(&result)), (vec!["alreadyAssigned"], None), "{result}");
    world.end_all().await;
    assert_eq!(world.held().map(|one| one.id), Some(held));
}
