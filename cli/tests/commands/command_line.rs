//! The command line.

use crate::world::World;

#[tokio::test]
async fn an_invalid_command_line_prints_the_usage() {
    let world = World::new().await;
    for arguments in [&[][..], &["grant"], &["assign", "id-orders"], &["list", "a", "b"]] {
        world.run(arguments).await.assert_failed(2, &["Usage: app-role"]);
    }
    let ended = world.run(&["list", "id-orders", "--graph-endpoint", "https://example.com"]).await;
    ended.assert_failed(
        2,
        &["--graph-endpoint (GRAPH_ENDPOINT) is not an address of Microsoft Graph"],
    );
}

#[tokio::test]
async fn help_lists_the_exit_statuses() {
    let world = World::new().await;
    let ended = world.run(&["--help"]).await;
    ended.assert_done(&[
        "0  success",
        "1  failure",
        "2  invalid command line",
        "3  denied",
        "4  not found or ambiguous",
        "5  partly done",
        "6  drift, findings in the record, failed tests of the policy, or policies that differ",
    ]);
    for command in [
        "assign",
        "revoke",
        "submit",
        "approvals",
        "list",
        "holders",
        "roles",
        "plan",
        "policy",
        "why",
        "record",
        "drift",
        "doctor",
        "replay",
        "completions",
    ] {
        ended.assert_done(&[command]);
        assert_eq!(world.run(&[command, "--help"]).await.code, 0, "{command}");
    }
}

#[tokio::test]
async fn the_version_names_the_commit() {
    let world = World::new().await;
    let ended = world.run(&["--version"]).await;
    let (version, commit) = ended.stdout.trim().split_once(" (").unwrap();
    assert_eq!(version, concat!("app-role ", env!("CARGO_PKG_VERSION")));
    assert!(commit.len() > "(unknown)".len() - 2, "{commit}");
}

#[tokio::test]
async fn every_shell_gets_completions() {
    let world = World::new().await;
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        world.run(&["completions", shell]).await.assert_done(&["app-role", "holders"]);
    }
    world.run(&["completions", "cobol"]).await.assert_failed(2, &["bash"]);
}

#[tokio::test]
async fn a_name_from_the_directory_cannot_move_the_cursor() {
    let world = World::new().await;
    let name = "id-\u{1b}[2J\u{202e}evil";
    let resource = "/subscriptions/c0a70500-0000-4000-8000-000000000002/resourcegroups/rg/providers/Microsoft.ManagedIdentity/userAssignedIdentities/id";
    let id = "c0a70500-0000-4000-8000-000000000301";
    let evil = tenant_emulator::ServicePrincipal::user_assigned(id, id, name, resource);
    world.tenant.add_service_principal(evil);
    world.tenant.grant(id, tenant_emulator::contoso::ORDERS_API, "Orders.Read").unwrap();
    for arguments in [
        &["holders", "api://orders"][..],
        &["assign", id, "api://orders", "Orders.Write", "--yes"],
        &["why", id, "api://orders", "Orders.Read"],
    ] {
        let ended = world.run(arguments).await;
        assert_eq!(ended.code, 0, "{ended:?}");
        let seen = format!("{}{}", ended.stdout, ended.stderr);
        assert!(seen.contains("evil"), "{seen}");
        assert!(!seen.contains('\u{1b}') && !seen.contains('\u{202e}'), "{seen:?}");
    }
}
