//! Contexts.

use serde_json::{Value, json};
use tenant_emulator::contoso::TENANT_ID;

use crate::world::{Ended, OPERATOR, World, end};

/// A world with a file for contexts.
async fn world() -> World {
    let world = World::new().await;
    world.set("APP_ROLE_CONFIG", &world.path("settings/config.json").display().to_string());
    world
}

/// Runs `app-role context` with these words.
async fn context(world: &World, words: &[&str]) -> Ended {
    world.run(&[&["context"], words].concat()).await
}

fn stored(world: &World) -> Value {
    serde_json::from_str(&world.read("settings/config.json")).unwrap()
}

/// The policy that `policy check` reads: its sentence names the file.
async fn checked_policy(world: &World, options: &[&str], variable: Option<&str>) -> String {
    let mut command = world.command(&[&["policy", "check"], options].concat());
    if let Some(file) = variable {
        command.env("POLICY_FILE", file);
    }
    let ended = end(command, "").await;
    ended.assert_failed(1, &["cannot be read"]);
    ended.stderr
}

#[tokio::test]
async fn a_value_is_that_of_the_option_else_of_the_variable_else_of_the_context() {
    let world = world().await;
    context(&world, &["set", "prod", "--policy", "of-context.json"]).await.assert_done(&["prod"]);
    context(&world, &["set", "test", "--policy", "of-test.json"]).await.assert_done(&["prod"]);
    let option = ["--policy", "of-option.json"];
    for (options, variable, expected) in [
        (&option[..], Some("of-variable.json"), "of-option.json"),
        (&[], Some("of-variable.json"), "of-variable.json"),
        (&[], Some(""), "of-context.json"),
        (&[], None, "of-context.json"),
        (&["--context", "test"], None, "of-test.json"),
        (&["--context=test"], None, "of-test.json"),
    ] {
        let told = checked_policy(&world, options, variable).await;
        assert!(told.contains(expected), "{options:?} {variable:?}: {told}");
    }
    world.set("APP_ROLE_CONTEXT", "test");
    assert!(checked_policy(&world, &[], None).await.contains("of-test.json"));
    assert!(checked_policy(&world, &["--context", "prod"], None).await.contains("of-context.json"));
    // A file of the current folder is stored with its folder.
    let path = stored(&world)["contexts"]["prod"]["policy"].as_str().unwrap().to_owned();
    assert!(std::path::Path::new(&path).is_absolute(), "{path}");
}

#[tokio::test]
async fn a_context_fills_in_the_options_of_every_command_and_a_required_one_is_met() {
    let world = world().await;
    let settings = [
        ["--broker", "http://127.0.0.1:1"],
        ["--audience", "api://orders"],
        ["--broker-identity", "id-brokr"],
        ["--requests", "https://strequests.queue.core.windows.net"],
        ["--host-storage", "https://stbroker.queue.core.windows.net"],
        ["--audit", "https://stbroker.queue.core.windows.net"],
        ["--tenant", "c0a70500-0000-4000-8000-00000000ffff"],
    ];
    context(&world, &[&["set", "prod"], &settings.concat()[..]].concat()).await.assert_done(&[]);
    // The tenant of the context is another one, and its storage account is not reached without a token.
    for command in [
        &["list", "id-orders"][..],
        &["record", "show"],
        &["replay", "--queue", "app-role-requests", "--yes"],
        &["submit", "assign", "id-orders", "api://orders", "Orders.Read"],
    ] {
        let ended = world.run(command).await;
        assert_eq!(ended.code, 1, "{ended:?}");
        assert!(ended.stderr.contains("c0a70500-0000-4000-8000-00000000ffff"), "{ended:?}");
        assert!(ended.stderr.contains(TENANT_ID), "{ended:?}");
    }
    context(&world, &["set", "prod", "--unset", "tenant"]).await.assert_done(&[]);
    world.run(&["drift"]).await.assert_failed(4, &["id-brokr"]);
    let whoami = world.json(&["whoami"]).await;
    assert_eq!((&whoami["context"], &whoami["objectId"]), (&json!("prod"), &json!(OPERATOR)));
}

#[tokio::test]
async fn contexts_are_listed_shown_chosen_and_deleted() {
    let world = world().await;
    context(&world, &["list"]).await.assert_done(&["there are no contexts"]);
    context(&world, &["show"]).await.assert_failed(4, &["no context is current"]);
    let broker = ["--broker", "https://broker.contoso.com"];
    context(&world, &[&["set", "prod"], &broker[..]].concat()).await.assert_done(&["prod"]);
    context(&world, &["set", "test", "--tenant", "contoso.com"]).await.assert_done(&["prod"]);
    context(&world, &["use", "test"]).await.assert_done(&["the current context is test"]);
    context(&world, &["list"]).await.assert_done(&["https://broker.contoso.com", "*", "test"]);
    context(&world, &["show"]).await.assert_done(&["--tenant", "contoso.com"]);
    let shown = world.json(&["context", "show", "prod"]).await;
    let expected = json!({ "name": "prod", "current": false,
                           "settings": { "broker": "https://broker.contoso.com" } });
    assert_eq!(shown, expected);
    context(&world, &["use", "tset"]).await.assert_failed(4, &["tset", "prod, test"]);
    context(&world, &["delete", "test"]).await.assert_done(&["no context is current"]);
    assert_eq!(world.json(&["context", "list"]).await.as_array().unwrap().len(), 1);
    // A command with a context that does not exist must not work with other settings.
    world.run(&["whoami", "--context", "test"]).await.assert_failed(4, &["no context \"test\""]);
    context(&world, &["delete", "test"]).await.assert_failed(4, &["no context \"test\""]);
}

#[tokio::test]
async fn no_secret_is_stored() {
    let world = world().await;
    let connection = "DefaultEndpointsProtocol=https;AccountName=st;AccountKey=c2VjcmV0";
    for option in ["--requests", "--host-storage", "--audit", "--broker", "--audience", "--policy"]
    {
        let ended = context(&world, &["set", "prod", option, connection]).await;
        ended.assert_failed(2, &[option, "holds no secrets"]);
        assert!(!format!("{ended:?}").contains("c2VjcmV0"), "{ended:?}");
    }
    assert!(!world.path("settings").exists());
}

#[tokio::test]
async fn an_invalid_file_is_told_with_its_place_and_stops_every_command_that_would_use_it() {
    let world = world().await;
    std::fs::create_dir(world.path("settings")).unwrap();
    for (text, told) in [
        ("{", "is not complete"),
        (
            r#"{"version":1,"contexts":{"prod":{"broker":"http://contoso.com"}}}"#,
            "contexts.prod.broker",
        ),
        (r#"{"version":1,"contexts":{"prod":{"key":"secret"}}}"#, "contexts.prod"),
    ] {
        world.write("settings/config.json", text);
        for command in [&["whoami"][..], &["list", "id-orders"], &["context", "list"]] {
            let ended = world.run(command).await;
            ended.assert_failed(1, &["settings/config.json", told, "hint: correct it"]);
            assert!(!ended.stderr.contains("secret"), "{ended:?}");
        }
        world.run(&["--help"]).await.assert_done(&["Usage"]);
        world.run(&["completions", "bash"]).await.assert_done(&["app-role"]);
    }
}

#[cfg(unix)]
#[tokio::test]
async fn the_file_belongs_to_its_owner_alone() {
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    let world = world().await;
    let file = world.path("settings/config.json");
    let mode = || std::fs::metadata(&file).unwrap().permissions().mode() & 0o777;
    context(&world, &["set", "prod", "--tenant", "contoso.com"]).await.assert_done(&[]);
    assert_eq!(mode(), 0o600);
    for others in [0o620, 0o602, 0o666] {
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(others)).unwrap();
        let ended = world.run(&["whoami"]).await;
        ended.assert_failed(1, &["other users can write", "chmod 600"]);
    }
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o644)).unwrap();
    context(&world, &["set", "prod", "--tenant", "contoso.org"]).await.assert_done(&[]);
    assert_eq!(mode(), 0o600);
    let kept = world.path("kept.json");
    std::fs::rename(&file, &kept).unwrap();
    symlink(&kept, &file).unwrap();
    context(&world, &["set", "prod", "--tenant", "contoso.net"]).await.assert_done(&[]);
    assert!(std::fs::symlink_metadata(&file).unwrap().is_symlink());
    assert!(world.read("kept.json").contains("contoso.net"));
    let names: Vec<_> = std::fs::read_dir(world.path("settings")).unwrap().collect();
    assert_eq!(names.len(), 1, "{names:?}");
}

#[cfg(unix)]
#[tokio::test]
async fn the_file_is_in_the_folder_for_settings() {
    let world = World::new().await;
    let home = world.path("home").display().to_string();
    for (variables, file) in [
        (&[("HOME", home.as_str())][..], "home/.config/app-role/config.json"),
        (&[("HOME", &home), ("XDG_CONFIG_HOME", "relative")], "home/.config/app-role/config.json"),
        (&[("HOME", "/nowhere"), ("XDG_CONFIG_HOME", &home)], "home/app-role/config.json"),
    ] {
        let mut command = world.command(&["context", "set", "prod", "--tenant", "contoso.com"]);
        command.envs(variables.iter().copied());
        end(command, "").await.assert_done(&[]);
        std::fs::remove_file(world.path(file)).unwrap();
    }
    let ended = world.run(&["context", "set", "prod", "--tenant", "contoso.com"]).await;
    ended.assert_failed(1, &["no folder for the contexts", "APP_ROLE_CONFIG"]);
}

#[tokio::test]
async fn no_control_character_of_a_name_or_a_setting_is_printed() {
    const HOSTILE: &str = "a\u{1b}[2J\u{202e}b";
    let world = world().await;
    for words in [
        &["context", "set", HOSTILE, "--broker", "https://broker.contoso.com"][..],
        &["context", "set", "prod", "--broker", HOSTILE],
        &["context", "set", "prod", "--audience", HOSTILE],
        &["context", "set", "prod", "--unset", HOSTILE],
        &["context", "use", HOSTILE],
        &["context", "delete", HOSTILE],
        &["version", "--broker", HOSTILE],
        &["whoami", "--context", HOSTILE],
        &["whoami", "--tenant", HOSTILE],
        &["whoami", "--timeout", HOSTILE],
    ] {
        let ended = world.run(words).await;
        let seen = format!("{}{}", ended.stdout, ended.stderr);
        assert_ne!(ended.code, 0, "{ended:?}");
        assert!(!seen.contains('\u{1b}') && !seen.contains('\u{202e}'), "{seen:?}");
    }
}

#[cfg(unix)]
#[tokio::test]
async fn a_file_of_another_user_is_refused() {
    let world = world().await;
    context(&world, &["set", "prod", "--audience", "api://orders"]).await.assert_done(&["prod"]);
    let file = world.path("settings/config.json");
    // Only root can give a file away.
    if std::os::unix::fs::chown(&file, Some(65_534), None).is_err() {
        eprintln!("NOT RUN: this user cannot give a file away");
        return;
    }
    world.run(&["context", "list"]).await.assert_failed(1, &["belongs to another user", "hint: "]);
    world.run(&["whoami"]).await.assert_failed(1, &["belongs to another user"]);
}
