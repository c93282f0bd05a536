//! `--timeout`.

use tenant_emulator::Route;

use crate::world::World;

const ASSIGN: [&str; 5] = ["assign", "id-orders", "api://orders", "Orders.Read", "--yes"];

#[tokio::test]
async fn a_change_under_way_when_the_time_is_over_is_told_as_uncertain() {
    let world = World::new().await;
    world.tenant.hold_writes(true);
    let ended = world.run(&[&ASSIGN[..], &["--timeout", "3s"]].concat()).await;
    ended.assert_failed(
        5,
        &["did not end within 3 s", "uncertain", "POST 127.0.0.1:", "app-role list"],
    );
    assert_eq!(world.tenant.count(Route::CreateAssignment), 1);
    world.tenant.hold_writes(false);
}

#[tokio::test]
async fn a_command_that_only_reads_says_that_no_change_was_under_way() {
    let world = World::new().await;
    world.tenant.set_latency(std::time::Duration::from_secs(60));
    for command in [&["list", "id-orders"][..], &ASSIGN] {
        let ended = world.run(&[command, &["--timeout", "1"]].concat()).await;
        ended.assert_failed(1, &["did not end within 1 s", "hint: no change was under way"]);
    }
    assert!(world.is_untouched());
}

#[tokio::test]
async fn a_time_limit_that_is_none_is_refused() {
    let world = World::new().await;
    for text in ["", "soon", "0", "-1s", "1.5m", "25h"] {
        let ended = world.run(&["list", "id-orders", &format!("--timeout={text}")]).await;
        ended.assert_failed(2, &["--timeout <TIME>"]);
    }
    world.run(&["roles", "api://orders", "--timeout", "10m"]).await.assert_done(&["Orders.Read"]);
}
