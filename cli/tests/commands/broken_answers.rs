//! Answers and files that cannot be read are described in words: no document of a service and no message of
//! a library reaches the operator.

use std::sync::atomic::{AtomicUsize, Ordering};

use app_role_cli::storage::{Account, Permissions};
use tenant_emulator::{Fault, Route};
use tokio::net::TcpListener;
use warp::{Filter, http::Response};

use crate::{
    fake_approvals::APPROVAL,
    world::{POLICY, World, end},
};

/// Bodies that no reader expects.
const BODIES: [&str; 12] = [
    "",
    "<?xml version=\"1.0\"?><Error><Code>Secret</Code><Message>marker</Message></Error>",
    "<html><body>marker</body></html>",
    "marker",
    "{",
    "{\"marker\":",
    "[1,2,{\"marker\"",
    "5",
    "null",
    "{\"value\":{\"marker\":5}}",
    "{\"value\":[5,\"marker\",null],\"id\":5,\"checks\":5,\"roles\":5,\"approvals\":5}",
    "[[\"marker\"]]",
];

/// Words of parsers and libraries, and what they print around them.
const FOREIGN: [&str; 24] = [
    "marker",
    "<?xml",
    "<html",
    "<Error",
    "line 1 column",
    "expected value",
    "expected ident",
    "invalid type",
    "invalid length",
    "invalid value:",
    "missing field",
    "unknown field `marker",
    "unknown variant",
    "EOF while",
    "trailing characters",
    "key must be",
    "a sequence",
    "a map",
    "struct ",
    "os error",
    "error sending request",
    "DataConversion",
    "invalid digit",
    "panicked",
];

#[track_caller]
fn assert_own_words(told: &str, what: &str) {
    for words in FOREIGN {
        assert!(!told.contains(words), "{words:?} is in the words about {what}: {told}");
    }
}

/// Runs a command, in turn for people and for programs.
async fn assert_command(world: &World, arguments: &[&str], environment: &[(&str, &str)]) {
    static TURN: AtomicUsize = AtomicUsize::new(0);
    let is_for_people = TURN.fetch_add(1, Ordering::Relaxed).is_multiple_of(2);
    let mut command = world.command(arguments);
    command.args(["-o", if is_for_people { "table" } else { "json" }]);
    command.envs(environment.iter().copied()).env("PACE_FACTOR", "0.001");
    let ended = end(command, "").await;
    let told = format!("{}{}", ended.stdout, ended.stderr);
    assert_own_words(&told, &format!("{arguments:?} with {environment:?}"));
}

/// Starts a server that answers everything with this status and body.
async fn server(status: u16, body: &'static str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let route = warp::any().map(move || {
        Response::builder().status(status).header("Content-Type", "application/xml").body(body)
    });
    tokio::spawn(warp::serve(route).incoming(listener).run());
    format!("http://{address}")
}

/// Starts a server that closes each connection without an answer.
async fn silent_server() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((connection, _)) = listener.accept().await {
            drop(connection);
        }
    });
    format!("http://{address}")
}

/// The connection string of an account at this address.
fn connection(address: &str) -> String {
    format!(
        "AccountName=contoso;AccountKey=c2VjcmV0;QueueEndpoint={address}/contoso;TableEndpoint={address}/contoso"
    )
}

#[tokio::test]
async fn an_answer_of_microsoft_graph_that_cannot_be_read_is_described_in_words() {
    let world = World::new().await;
    let commands: [(&[&str], Route); 5] = [
        (&["list", "id-orders"], Route::ListServicePrincipals),
        (&["list", "id-orders"], Route::ListAssignments),
        (&["holders", "api://orders"], Route::ListAssignedTo),
        (&["roles", "api://orders"], Route::ReadServicePrincipal),
        (&["drift"], Route::ListAssignedTo),
    ];
    for (arguments, route) in commands {
        for body in BODIES {
            world.tenant.answer_every(route, Fault::text(body));
            assert_command(&world, arguments, &[]).await;
            world.tenant.clear_faults(route);
        }
        world.tenant.answer_every(route, Fault::connection_closed());
        assert_command(&world, arguments, &[]).await;
        world.tenant.clear_faults(route);
    }
}

#[tokio::test]
async fn an_answer_of_another_service_that_cannot_be_read_is_described_in_words() {
    let world = World::new().await;
    let submit =
        ["submit", "assign", "id-orders", "api://orders", "Orders.Read", "--timeout", "2s"];
    world.write(
        "request.json",
        r#"{"principal":"id-orders","api":"api://orders","roles":["Orders.Read"]}"#,
    );
    let plan = ["plan", "request.json", "--requester", "queue:app-role-requests"];
    for (index, body) in BODIES.into_iter().enumerate() {
        let status = [200, 403, 200, 404, 200, 400].into_iter().cycle().nth(index).unwrap();
        let address = server(status, body).await;
        let account = connection(&address);
        let broker = [("APP_ROLE_BROKER", address.as_str()), ("APP_ROLE_BROKER_KEY", "key")];
        let person =
            [("APP_ROLE_BROKER", address.as_str()), ("APP_ROLE_BROKER_AUDIENCE", "api://orders")];
        let audit = [("APP_ROLE_AUDIT", account.as_str())];
        assert_command(&world, &submit, &broker).await;
        assert_command(&world, &plan, &broker).await;
        assert_command(&world, &["doctor"], &[("ARM_ENDPOINT", &address), broker[0]]).await;
        assert_command(&world, &["approvals", "show", APPROVAL, "--wait", "0"], &person).await;
        assert_command(&world, &["record", "show"], &audit).await;
        assert_command(&world, &["list", "id-orders"], &audit).await;
    }
}

#[tokio::test]
async fn an_answer_of_a_queue_that_cannot_be_read_is_described_in_words() {
    for body in BODIES {
        for status in [200, 201, 400, 403, 404] {
            let account = connection(&server(status, body).await);
            let no_credential = || panic!("a connection string needs no credential");
            let account = Account::open(&account, Permissions::Process, no_credential).unwrap();
            let queue = account.without_retries().queue("app-role-failed").unwrap();
            for error in [
                queue.peek().await.err().map(|error| error.to_string()),
                queue.approximate_count().await.err().map(|error| error.to_string()),
                queue.send("x").await.err().map(|error| error.to_string()),
            ] {
                assert_own_words(&error.unwrap_or_default(), &format!("{status} {body:?}"));
            }
        }
    }
}

#[tokio::test]
async fn a_service_that_does_not_answer_is_described_in_words() {
    let world = World::new().await;
    let address = silent_server().await;
    let account = connection(&address);
    let submit =
        ["submit", "assign", "id-orders", "api://orders", "Orders.Read", "--timeout", "2s"];
    let broker = [("APP_ROLE_BROKER", address.as_str()), ("APP_ROLE_BROKER_KEY", "key")];
    assert_command(&world, &submit, &broker).await;
    assert_command(&world, &["record", "show"], &[("APP_ROLE_AUDIT", &account)]).await;
    assert_command(&world, &["list", "id-orders", "--graph-endpoint", &address], &[]).await;
    assert_command(&world, &["doctor"], &[("ARM_ENDPOINT", &address), broker[0]]).await;
    let ended = world.run(&["list", "id-orders", "--graph-endpoint", &address]).await;
    ended.assert_failed(1, &["Microsoft Graph does not answer"]);
}

#[tokio::test]
async fn a_file_that_cannot_be_read_is_described_in_words() {
    let world = World::new().await;
    std::fs::create_dir(world.path("folder.json")).unwrap();
    let spoiled =
        [POLICY.replace('[', "{"), POLICY.replacen("1", "\"1\"", 1), POLICY[..60].to_owned()];
    let texts = BODIES.map(|body| body.replace("marker", "field")).into_iter().chain(spoiled);
    for (index, text) in texts.enumerate() {
        let file = format!("{index}.json");
        world.write(&file, &text);
        check_file(&world, &file).await;
    }
    std::fs::write(world.path("binary.json"), [0xff, 0xfe, 0x00, 0x80]).unwrap();
    for file in ["binary.json", "folder.json", "missing.json", "folder.json/x.json"] {
        check_file(&world, file).await;
    }
}

async fn check_file(world: &World, file: &str) {
    let request = r#"{"principal":"a","requests":[{"api":"graph","roles":["Mail.Read"]}]}"#;
    world.write("app-roles.json", request);
    for arguments in [
        &["policy", "check", file][..],
        &["policy", "test", file],
        &["policy", "diff", file, "policy.json"],
        &["plan", file, "--requester", "queue:app-role-requests"],
        &["drift", "--policy", file],
        &["doctor", "--policy", file],
        &["report", "-o", "access.html", "--since", file],
        &["report", "-o", "access.html", "--policy", file],
        &["submit", "--file", file],
        &["submit", "--file", "app-roles.json", "--summary", file],
        &["policy", "init", file, "--force"],
        &["doctor", "--app-root", file],
        &["policy", "check", "--app-root", file],
        &["assign", "id-orders", "api://orders", "Orders.Read", "--yes", "--record", "folder.json"],
    ] {
        assert_command(world, arguments, &[]).await;
    }
}

#[tokio::test]
async fn a_value_of_an_option_that_cannot_be_read_is_described_in_words() {
    let world = World::new().await;
    for arguments in [
        &["list", "id-orders", "--page", "x"][..],
        &["list", "id-orders", "--page", "-1"],
        &["list", "id-orders", "--page-size", "99999999999999999999"],
        &["list", "id-orders", "--query", "[?"],
        &["record", "show", "--audit", "x", "--limit", "1.5"],
        &["submit", "assign", "id-orders", "api://orders", "Orders.Read", "--wait", "soon"],
        &["policy", "explain", "a", "b", "c", "--duration", "8h"],
        &["approvals", "show", "x"],
        &["approvals", "show", APPROVAL, "--wait", "x"],
        &["approvals", "status", APPROVAL, "--wait", "x"],
        &["list", "id-orders", "--through-broker", "--wait", "-1"],
        &["list", "id-orders", "--timeout", "x"],
    ] {
        assert_command(&world, arguments, &[]).await;
    }
}

#[tokio::test]
async fn a_file_of_contexts_that_cannot_be_used_is_described_in_words() {
    let world = World::new().await;
    std::fs::create_dir(world.path("folder")).unwrap();
    for file in ["folder", "policy.json/contexts.json", "policy.json"] {
        let file = world.path(file).display().to_string();
        for command in [&["context", "list"][..], &["context", "set", "a", "--audience", "api://b"]]
        {
            assert_command(&world, command, &[("APP_ROLE_CONFIG", &file)]).await;
        }
    }
}
