//! The timer ends what was agreed, whatever the policy and the directory say by then.

use functions_host_emulator::Outcome;
use tenant_emulator::contoso::{BROKER_IDENTITY, ORDERS_API, ORDERS_IDENTITY, ORDERS_READ};

use crate::{
    ends::end_world::{read_for, world},
    world::{WIDE_POLICY, World},
};

async fn granted() -> World {
    let world = world().await;
    world.result_of(&read_for(Some(8))).await;
    assert!(world.held().is_some());
    world
}

#[tokio::test]
async fn an_end_happens_although_the_policy_would_not_allow_the_removal() {
    let protected = format!(r#""protected": {{ "principals": ["{ORDERS_IDENTITY}"] }}, "allow""#);
    let expired = r#"{ "expires": "2026-01-01", "name""#;
    for policy in [
        r#"{ "version": 1, "allow": [] }"#.to_owned(),
        WIDE_POLICY.replace(r#""allow""#, &protected),
        WIDE_POLICY.replace(
            r#"{
    "name""#,
            expired,
        ),
        "no policy at all".to_owned(),
    ] {
        let mut world = granted().await;
        world.restart_with_policy(&policy).await;
        world.end_all().await;
        assert!(world.held().is_none(), "{policy}");
        world.assert_on_record().await;
    }
}

#[tokio::test]
async fn an_end_waits_while_the_broker_is_paused_or_only_reports_and_is_reported_when_it_is_late() {
    for mode in ["paused", "report"] {
        let mut world = granted().await;
        world.restart_with_setting("BROKER_MODE", mode).await;
        world.end_all().await;
        assert!(world.held().is_some(), "{mode}");
        let late = world.event("end.late").await;
        assert_eq!(
            (&late["level"], &late["principal_id"]),
            (&"ERROR".into(), &ORDERS_IDENTITY.into())
        );
        assert_eq!(
            (&late["resource_id"], &late["app_role_id"]),
            (&ORDERS_API.into(), &ORDERS_READ.into())
        );
        assert!(late["end_date_time"].as_str().unwrap().ends_with('Z'), "{late}");
        world.restart_with_setting("BROKER_MODE", "enforce").await;
        assert!(matches!(world.run_ends().await, Outcome::Succeeded));
        assert!(world.held().is_none(), "{mode}");
    }
}

#[tokio::test]
async fn an_end_is_done_if_its_principal_or_its_api_is_gone() {
    for gone in [ORDERS_IDENTITY, ORDERS_API] {
        let world = granted().await;
        assert!(world.tenant.remove_service_principal(gone));
        world.end_all().await;
        assert!(world.end_rows().await.is_empty(), "{gone}");
        world.event("end.not_held").await;
        world.assert_on_record().await;
    }
}

#[tokio::test]
async fn a_role_that_its_api_does_not_define_any_more_ends() {
    let world = granted().await;
    let mut api =
        tenant_emulator::contoso::contoso().service_principal(ORDERS_API).unwrap().clone();
    api.app_roles.retain(|role| role.id != ORDERS_READ);
    world.tenant.add_service_principal(api);
    world.end_all().await;
    assert!(world.held().is_none());
    world.assert_on_record().await;
}

#[tokio::test]
async fn a_row_that_cannot_be_read_is_kept_and_ends_nothing() {
    for column in ["endDateTime", "boundAt", "rule", "requester"] {
        let world = granted().await;
        world.let_ends_pass().await;
        let [mut row] = world.end_rows().await.try_into().unwrap();
        let is_due = column != "endDateTime";
        let strange = storage_emulator::EntityValue::Boolean(true);
        row.properties.insert(column.to_owned(), strange);
        world.account.table("AppRoleEnds").put(&row).await.unwrap();
        assert!(matches!(world.run_ends().await, Outcome::Succeeded));
        assert!(world.held().is_some(), "{column}");
        assert_eq!(world.end_rows().await, [row], "{column}");
        if is_due {
            let line = world.event("end.unreadable").await;
            assert_eq!(line["partition_key"], ORDERS_IDENTITY, "{line}");
        }
    }
}

#[tokio::test]
async fn a_row_about_the_broker_itself_ends_nothing() {
    let world = granted().await;
    world.let_ends_pass().await;
    let [mut row] = world.end_rows().await.try_into().unwrap();
    let own = world.tenant.assignments_of(BROKER_IDENTITY);
    let id = storage_emulator::EntityValue::String(own[0].id.clone());
    row.partition_key = BROKER_IDENTITY.to_owned();
    row.row_key = format!("{}_{}", own[0].resource_id, own[0].app_role_id);
    row.properties.insert("assignmentId".to_owned(), id);
    world.account.table("AppRoleEnds").put(&row).await.unwrap();
    assert!(matches!(world.run_ends().await, Outcome::Succeeded));
    assert_eq!(world.tenant.assignments_of(BROKER_IDENTITY), own);
    world.event("end.not_ours").await;
    assert!(world.held().is_none() && world.end_rows().await.is_empty());
}
