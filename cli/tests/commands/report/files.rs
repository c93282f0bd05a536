//! The files of a report: pages, documents and tables.

use app_roles::text::is_printable;
use serde_json::{Value, json};
use tenant_emulator::contoso::{ORDERS_API, ORDERS_IDENTITY, managed_identities};
use time::Duration;

#[cfg(unix)]
use super::tenant::report;
use super::tenant::{YESTERDAY, assert_valid, run, world};
use crate::{
    record::{RowWriter, assigned, with},
    world::{World, with_baseline},
};

#[tokio::test]
async fn with_json_output_the_numbers_are_one_document() {
    let world = world().await;
    world.write("policy.json", &with_baseline(&["Orders.Write"], &json!({})));
    world.write("yesterday.json", &YESTERDAY);
    let ended = run(
        &world,
        "access.csv",
        &["-o", "access.json", "--since", "yesterday.json", "--output", "json"],
    )
    .await;
    let summary = ended.json();
    assert!(world.read("access.csv").contains("Orders.Read"));
    assert!(world.read("access.json").contains("Orders.Read"));
    for (name, expected) in [
        ("files", json!(["access.csv", "access.json"])),
        ("complete", json!(true)),
        ("assignments", json!(5)),
        ("withoutRule", json!(2)),
        ("missing", json!(1)),
        ("unusedRules", json!(1)),
        ("new", json!(5)),
        ("gone", json!(1)),
    ] {
        assert_eq!(summary[name], expected, "{name}: {summary}");
    }
}

#[tokio::test]
async fn a_page_is_one_file_that_loads_nothing() {
    let world = world().await;
    let ended = run(&world, "access.html", &[]).await;
    assert_eq!(ended.code, 0, "{ended:?}");
    let page = world.read("access.html");
    assert!(page.contains("Content-Security-Policy") && page.contains("default-src 'none'"));
    assert!(page.contains("id-orders") && page.contains("Orders.Read"));
    for address in [" src=", "@import", "url("] {
        assert!(!page.contains(address), "{address}");
    }
    // The empty icon, without which a browser asks for one.
    assert!(
        page.split(" href=\"")
            .skip(1)
            .all(|address| address.starts_with("data:") || address.starts_with('#'))
    );
}

#[tokio::test]
async fn no_hostile_name_is_a_formula_or_a_control_character_in_a_file() {
    const HOSTILE: [&str; 6] =
        ["=HYPERLINK(\"x\")", "+1", "-1", "@SUM(A1)", "\t=1", "\u{202e}\r\n=1,\"\u{1b}[2J"];
    let world = World::new().await;
    for (name, mut identity) in HOSTILE.iter().zip(managed_identities(HOSTILE.len())) {
        identity.display_name = (*name).to_owned();
        world.tenant.add_service_principal(identity.clone());
        world.tenant.grant(&identity.id, ORDERS_API, "Orders.Read").unwrap();
    }
    let rows = RowWriter::new().await;
    let reason = with(assigned(Duration::minutes(5)), &json!({ "reason": "=1+1" }));
    rows.record(&reason).await;
    world.tenant.grant(ORDERS_IDENTITY, ORDERS_API, "Orders.Read").unwrap();
    world.set("APP_ROLE_AUDIT", &rows.connection());
    run(&world, "access.csv", &[]).await.assert_done(&[]);
    run(&world, "access.json", &[]).await.assert_done(&[]);
    let csv = world.read("access.csv");
    let csv = csv.strip_prefix('\u{feff}').unwrap();
    assert!(csv.contains("\"'=HYPERLINK(\"\"x\"\")\"") && csv.contains("\"'=1+1\""), "{csv}");
    for line in csv.split("\r\n") {
        assert!(line.chars().all(is_printable), "{line:?}");
        for cell in line.split("\",\"") {
            let begin = cell.trim_start_matches('"').trim_start();
            assert!(!begin.starts_with(['=', '+', '-', '@']), "{cell:?}");
        }
    }
    let json = world.read("access.json");
    assert!(json.chars().all(|one| one == '\n' || is_printable(one)), "{json}");
    let report: Value = serde_json::from_str(&json).unwrap();
    let names = report["principals"].as_array().unwrap();
    for name in HOSTILE {
        assert!(names.iter().any(|one| one["name"] == name), "{name:?}: {report}");
    }
    assert_valid(&report);
}

#[cfg(unix)]
#[tokio::test]
async fn a_file_keeps_its_permissions_and_a_link_its_place() {
    use std::{
        fs::Permissions,
        os::unix::fs::{PermissionsExt as _, symlink},
    };
    let world = world().await;
    world.write("real.json", "old");
    let real = world.path("real.json");
    std::fs::set_permissions(&real, Permissions::from_mode(0o600)).unwrap();
    symlink(&real, world.path("access.json")).unwrap();
    report(&world, &[]).await;
    assert!(world.path("access.json").is_symlink());
    let mode = real.metadata().unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    assert!(world.read("real.json").starts_with('{'));
}
