//! Rows of the table of approvals that an attacker has written or changed. The timer and the approvers
//! meet them, and none grants anything.

use serde_json::{Value, json};

use crate::{
    approvals::{
        approval_world::{ANNA, APPROVALS, BEN, setup},
        hostile_world::{change, document, write_request_named},
        row_attacks::{Left, attacks},
    },
    record::intents::text,
};

#[tokio::test]
async fn no_row_that_an_attacker_has_written_grants_anything() {
    let world = setup().await.start().await;
    for (name, attack, left) in attacks() {
        let shown = world.waiting_request(&write_request_named(name)).await;
        world.decide(ANNA, &shown, "approve").await.success(200);
        let mut row = world.row_of(shown["approvalId"].as_str().unwrap()).await;
        attack(&mut row);
        world.forge(APPROVALS, &row).await;
        world.assert_none_granted(name).await;
        let seen = world.shown_to(ANNA, &row.partition_key).await;
        let now = world.row_of(&row.partition_key).await;
        let state = match left {
            Left::Unreadable => {
                assert_eq!(seen.status, 404, "{name}: {seen:?}");
                for column in ["state", "decisions", "subject"] {
                    assert_eq!(text(&now, column), text(&row, column), "{name}");
                }
                continue;
            }
            Left::Waiting => "pending",
            Left::In(state) => state,
        };
        assert_eq!(text(&now, "state"), state, "{name}: {now:#?}");
        let decisions = document(&now, "decisions");
        let is_real = |one: &Value| one["approver"] == ANNA;
        let is_proven = decisions.as_array().unwrap().iter().all(is_real);
        assert!(state != "pending" || is_proven, "{name}: {decisions}");
    }
}

#[tokio::test]
async fn an_approver_who_is_shown_forged_names_is_asked_anew_with_the_real_ones() {
    let world = setup().await.start().await;
    for (column, forge) in [
        ("principal", (|shown| shown["principal"] = json!("id-harmless")) as fn(&mut Value)),
        ("resource", |shown| shown["principalResourceId"] = json!("/subscriptions/harmless")),
        ("api", |shown| shown["api"] = json!("Harmless API")),
        ("role", |shown| shown["roles"][0]["value"] = json!("Orders.Read")),
        ("privileged", |shown| shown["roles"][0]["privileged"] = json!("harmless")),
    ] {
        let real = world.waiting_request(&write_request_named(column)).await;
        world.decide(ANNA, &real, "approve").await.success(200);
        let mut row = world.row_of(real["approvalId"].as_str().unwrap()).await;
        change(&mut row, "shown", forge);
        world.forge(APPROVALS, &row).await;
        let forged = world.shown_to(BEN, &row.partition_key).await.success(200);
        let answer = world.decide(BEN, &forged, "approve").await;
        let problem = answer.problem(409, "approval-changed");
        assert_eq!(problem["approval"], real, "{column}");
        world.assert_none_granted(column).await;
    }
}
