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
        "man",
    ] {
        ended.assert_done(&[command]);
        assert_eq!(world.run(&[command, "--help"]).await.code, 0, "{command}");
    }
}

#[tokio::test]
async fn a_mistyped_command_option_or_value_gets_a_suggestion() {
    let world = World::new().await;
    for (line, suggestion) in [
        ("asign id-orders api://orders Orders.Read", "'assign'"),
        ("lst id-orders", "'list'"),
        ("holder api://orders", "'holders'"),
        ("polcy check", "'policy'"),
        ("policy chek", "'check'"),
        ("record folow", "'follow'"),
        ("list id-orders --audti x", "'--audit'"),
        ("list id-orders --outptu json", "'--output'"),
        ("list id-orders --auth developr", "'developer'"),
    ] {
        let words: Vec<_> = line.split(' ').collect();
        let ended = world.run(&words).await;
        ended.assert_failed(2, &["error: ", "\n  tip: ", "similar", suggestion]);
        assert_eq!(ended.stdout, "", "{line}");
    }
    assert!(world.is_untouched());
}

#[tokio::test]
async fn a_command_of_another_tool_gets_ours_as_a_suggestion() {
    let world = World::new().await;
    for (word, suggestions) in [
        ("grant", &["'assign'", "'submit assign'"][..]),
        ("create", &["'assign'"]),
        ("remove", &["'revoke'", "'submit revoke'"]),
        ("rm", &["'revoke'"]),
        ("get", &["'list'", "'holders'"]),
        ("describe", &["'why'"]),
        ("validate", &["'policy check'"]),
        ("diff", &["'policy diff'", "'drift'"]),
        ("logs", &["'record'"]),
        ("approve", &["'approvals'"]),
        ("login", &["'az login'"]),
    ] {
        world.run(&[word, "id-orders"]).await.assert_failed(2, suggestions);
        // The commands below a command are others.
        let below = world.run(&["policy", word]).await;
        assert_eq!(below.code, 2, "{below:?}");
        assert!(
            !below.stderr.contains("az login") && !below.stderr.contains("submit"),
            "{below:?}"
        );
    }
    assert!(world.is_untouched());
}

#[tokio::test]
async fn an_alias_is_the_command_and_the_help_shows_it() {
    let world = World::new().await;
    let listed = world.run(&["list", "id-orders"]).await;
    let alias = world.run(&["ls", "id-orders"]).await;
    assert_eq!((listed.code, &listed.stdout), (alias.code, &alias.stdout));
    world.run(&["--help"]).await.assert_done(&["[alias: ls]", "[alias: completion]"]);
    world.run(&["approvals", "--help"]).await.assert_done(&["[alias: ls]"]);
}

/// A script of a shell cannot show errors, and a faulty setting must not end completion.
#[tokio::test]
async fn completion_answers_whatever_the_environment_says() {
    let world = World::new().await;
    let mut command = world.command(&["__complete", "--", "app-role", "roles", "gr"]);
    command.env("APP_ROLE_AUTH", "nonsense").env("POLICY_FILE", "/nonexistent");
    let ended = crate::world::end(command, "").await;
    assert_eq!((ended.code, ended.stderr.as_str()), (0, ""), "{ended:?}");
    assert_eq!(ended.stdout, "words\ngraph\tAPI of Microsoft\n");
    assert_eq!(world.tenant.count(tenant_emulator::Route::ListServicePrincipals), 0);
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
    // These ask the program at each press of Tab.
    for shell in ["bash", "zsh", "fish"] {
        world.run(&["completions", shell]).await.assert_done(&["app-role __complete -- "]);
    }
    for shell in ["powershell", "elvish"] {
        world.run(&["completion", shell]).await.assert_done(&["app-role", "holders"]);
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
