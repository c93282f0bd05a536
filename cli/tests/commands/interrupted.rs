//! Ctrl-C while something is being changed.

use std::{process::Stdio, time::Duration};

use loopback::until;
use serde_json::Value;
use tenant_emulator::{
    Route,
    contoso::{ORDERS_API, ORDERS_IDENTITY},
};
use tokio::process::{Child, Command};

use crate::world::{Ended, World};

/// Far longer than a command takes to say what it leaves behind.
const FAR_TOO_LONG: Duration = Duration::from_secs(60);

/// Sends a signal to a program.
async fn signal(child: &Child, name: &str) {
    let id = child.id().unwrap().to_string();
    assert!(Command::new("kill").args([name, &id]).status().await.unwrap().success());
}

/// Runs a change, and sends it a signal while Graph has received a write and not answered yet.
async fn interrupted_while_writing(world: &World, arguments: &[&str], name: &str) -> Ended {
    world.tenant.hold_writes(true);
    let writes = || {
        world.tenant.count(Route::CreateAssignment) + world.tenant.count(Route::DeleteAssignment)
    };
    let mut command = world.command(arguments);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let child = command.spawn().unwrap();
    let before = writes();
    until(FAR_TOO_LONG, async || writes() > before).await.unwrap();
    signal(&child, name).await;
    let output =
        tokio::time::timeout(FAR_TOO_LONG, child.wait_with_output()).await.unwrap().unwrap();
    world.tenant.hold_writes(false);
    Ended {
        code: output.status.code().unwrap_or_default(),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

#[tokio::test]
async fn an_interrupted_change_says_what_is_uncertain_and_how_to_find_out() {
    let roles = ["Orders.Read", "Orders.Write", "Orders.Admin"];
    for (action, held, name, already) in [
        ("assign", &["Orders.Read"][..], "-INT", "alreadyAssigned"),
        ("revoke", &["Orders.Write", "Orders.Admin"], "-TERM", "alreadyRevoked"),
    ] {
        let world = World::new().await;
        for role in held {
            world.tenant.grant(ORDERS_IDENTITY, ORDERS_API, role).unwrap();
        }
        let change = [&[action, "id-orders", "api://orders"], &roles[..]].concat();
        let arguments = [&change[..], &["--yes", "--record", "record.jsonl"]].concat();
        let ended = interrupted_while_writing(&world, &arguments, name).await;
        let outcome =
            |role: &str| ended.stdout.lines().rfind(|line| line.starts_with(role)).unwrap();
        assert!(outcome("Orders.Read").contains(already), "{ended:?}");
        assert!(outcome("Orders.Write").contains("uncertain"), "{ended:?}");
        assert!(outcome("Orders.Admin").contains("the command was interrupted"), "{ended:?}");
        ended.assert_failed(130, &["app-role list \"id-orders\""]);
        let record = world.read("record.jsonl");
        let last: Value = serde_json::from_str(record.lines().last().unwrap()).unwrap();
        assert_eq!((&last["event"], &last["role"]["status"]), (&"done".into(), &"unknown".into()));
    }
}
