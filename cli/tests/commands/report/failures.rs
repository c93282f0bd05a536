//! What cannot be read or written.

use serde_json::{Value, json};
use tenant_emulator::{
    Fault, Route,
    contoso::{ORDERS_API, TENANT_ID},
};
use time::Duration;

use super::tenant::{YESTERDAY, assert_valid, of_orders, report, run, world};
use crate::{
    ends::end_row,
    record::{RowWriter, assigned, with},
    world::{World, end, with_baseline},
};

#[tokio::test]
async fn a_file_that_cannot_be_written_is_refused_before_anything_is_read() {
    let world = World::new().await;
    for (file, code, text) in [
        ("access", 2, "`report` also takes a file with an extension"),
        ("access.pdf", 2, "access.pdf has no extension that names a format"),
        ("none/access.html", 1, "none/access.html cannot be written"),
        ("policy.json/access.html", 1, "cannot be written"),
    ] {
        run(&world, file, &[]).await.assert_failed(code, &[text]);
    }
    world.run(&["report"]).await.assert_failed(2, &["has no file to write"]);
    assert_eq!(world.tenant.count(Route::IssueToken), 0);
}

#[tokio::test]
async fn a_tenant_or_a_record_that_cannot_be_read_leaves_the_file_as_it_was() {
    let world = world().await;
    world.write("access.json", "yesterday's");
    let rows = RowWriter::with_audit_table().await;
    let other_key = rows.connection().replace(rows.account.key(), "c2VjcmV0");
    world.set("APP_ROLE_AUDIT", &other_key);
    let denied = run(&world, "access.json", &[]).await;
    world.set("APP_ROLE_AUDIT", "");
    denied.assert_failed(3, &["access denied", "Storage Table Data Reader"]);
    let outage = Fault::error(503, "ServiceUnavailable", "The service is unavailable.");
    world.tenant.answer_every(Route::ListAssignedTo, outage);
    let mut command = world.command(&["report", "-o", "access.json"]);
    command.env("PACE_FACTOR", "0.01");
    end(command, "").await.assert_failed(1, &["Microsoft Graph answered 503"]);
    assert_eq!(world.read("access.json"), "yesterday's");
    let left = std::fs::read_dir(world.path(".")).unwrap().count();
    assert_eq!(left, 2, "the policy and the report");
}

#[tokio::test]
async fn an_earlier_report_that_cannot_be_compared_is_refused_before_the_tenant_is_read() {
    let world = World::new().await;
    world.write("page.html", "<!doctype html>");
    world.write("other.json", &YESTERDAY.replace(TENANT_ID, ORDERS_API));
    world.write("later.json", &YESTERDAY.replace("\"format\":1", "\"format\":2"));
    world.write("spoiled.json", &YESTERDAY.replace("\"api\":0", "\"api\":3"));
    for (file, text) in [
        ("missing.json", "the earlier report missing.json cannot be read"),
        (".", "it is not a file"),
        ("page.html", "page.html is not a report to compare with"),
        ("policy.json", "format"),
        ("other.json", "it is about the tenant c0a70500-0000-4000-8000-0000000000b0"),
        ("later.json", "its format is 2, and this version of app-role reads only 1"),
        ("spoiled.json", "assignments[0].api: apis has no entry 3"),
    ] {
        let ended = run(&world, "access.json", &["--since", file]).await;
        ended.assert_failed(1, &[text, "hint: name a file that `app-role report"]);
    }
    assert_eq!(world.tenant.count(Route::ListAssignedTo), 0);
    assert!(!world.path("access.json").exists());
}

#[tokio::test]
async fn a_faulty_policy_is_told_in_the_report_which_is_then_not_complete() {
    let world = world().await;
    world.write("policy.json", "{");
    let ended = run(&world, "access.json", &[]).await;
    ended.assert_failed(5, &["note: which rule allows an assignment is unknown: policy.json"]);
    let report: Value = serde_json::from_str(&world.read("access.json")).unwrap();
    assert_eq!((&report["complete"], report.get("policy")), (&json!(false), None), "{report}");
    assert_eq!(of_orders(&report).get("coverage"), None, "{report}");
    assert_valid(&report);
}

#[tokio::test]
async fn an_api_whose_holders_cannot_be_read_is_told_and_lacks_nothing() {
    let world = World::new().await;
    world.write("policy.json", &with_baseline(&["Orders.Read"], &json!({})));
    assert_eq!(report(&world, &[]).await["missing"].as_array().unwrap().len(), 1);
    let hidden = Fault::error(404, "Request_ResourceNotFound", "Resource does not exist.");
    world.tenant.answer_every(Route::ListAssignedTo, hidden);
    let ended = run(&world, "access.json", &[]).await;
    ended.assert_failed(5, &["the holders of roles of Orders API"]);
    let report: Value = serde_json::from_str(&world.read("access.json")).unwrap();
    assert_eq!(report["missing"], json!([]), "{report}");
}

#[tokio::test]
async fn rows_of_the_record_that_cannot_be_read_are_counted_and_the_report_is_not_complete() {
    let (world, rows) = (world().await, RowWriter::new().await);
    rows.record(&with(assigned(Duration::minutes(5)), &json!({ "apiId": "x" }))).await;
    rows.add("AppRoleEnds", &with(end_row("x", Duration::ZERO), &json!({ "endDateTime": "soon" })))
        .await;
    world.set("APP_ROLE_AUDIT", &rows.connection());
    let ended = run(&world, "access.csv", &[]).await;
    ended.assert_failed(
        5,
        &[
            "rows of the audit table cannot be read: 1",
            "rows of the table of ends cannot be read: 1",
        ],
    );
}

#[tokio::test]
async fn a_policy_file_that_was_named_must_be_readable() {
    let world = World::new().await;
    for (options, variable) in [(&["--policy", "missing.json"][..], ""), (&[], "missing.json")] {
        let mut command = world.command(&[&["report", "-o", "access.json"], options].concat());
        command.env("POLICY_FILE", variable);
        end(command, "").await.assert_failed(1, &["missing.json cannot be read", "--policy"]);
    }
    assert_eq!(world.tenant.count(Route::IssueToken), 0);
    assert!(!world.path("access.json").exists());
    std::fs::remove_file(world.path("policy.json")).unwrap();
    run(&world, "access.json", &[]).await.assert_failed(0, &["there is no file policy.json"]);
}
