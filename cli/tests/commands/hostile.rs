//! No text of a hostile world reaches the operator's terminal as anything but text: every command, on a
//! terminal and in a pipe, as tables and as JSON.

use app_roles::text::is_printable;
use serde_json::{Value, json};
use storage_emulator::{Azurite, Entity, EntityValue};
use tenant_emulator::{
    Fault, Route,
    contoso::{
        ORDERS_API, ORDERS_API_APP_ID, ORDERS_API_URI, ORDERS_IDENTITY, ORDERS_READ,
        SUBSCRIPTION_ID,
    },
};

use crate::{
    fake_approvals::{APPROVAL, FakeApprovals, approval, sealed},
    fake_broker::{Answer, FakeBroker, result},
    hostile_world::{API, API_APP_ID, Case, HOSTILE, IDENTITY, OWN_SEQUENCES, ROLE, world},
    record::{RowWriter, with},
    replay::failed,
    terminal::{Input, seen},
    why::token,
};

#[tokio::test]
async fn no_command_prints_a_control_character_of_a_hostile_world() {
    let world = world().await;
    let policy = json!({ "version": 1, "allow": [], "baseline": [{
        "name": "hostile", "principals": [format!("/subscriptions/{SUBSCRIPTION_ID}/resourceGroups/rg-orders-dev")],
        "api": API_APP_ID, "roles": ["Missing"] }] });
    world.write("baseline.json", &policy.to_string());
    let of_identity = json!({ "principal": ORDERS_IDENTITY, "api": API_APP_ID, "roles": [ROLE] });
    world.write("request.json", &of_identity.to_string());
    let about_api = json!({ "oid": IDENTITY, "aud": HOSTILE, "roles": [HOSTILE] });
    let token = token(&about_api);
    for case in [
        Case::new(&["list", IDENTITY]),
        Case::new(&["holders", API]),
        Case::new(&["holders", API, "--role", ROLE, "--page-size", "1"]),
        Case::new(&["roles", API]),
        Case::new(&["roles", API, "nothing"]),
        Case::new(&["assign", IDENTITY, API, ROLE, "--dry-run"]),
        Case::new(&["assign", IDENTITY, API, "Missing", "--dry-run"]),
        Case::new(&["assign", IDENTITY, API, ROLE, "--yes", "--record", "record.jsonl"]),
        Case::new(&["revoke", IDENTITY, API, ROLE, "--privileged"]).input(Input::Typed("n\n")),
        Case::new(&["plan", "request.json", "--requester", "queue:app-role-requests"]),
        Case::new(&["policy", "explain", IDENTITY, API, ROLE]),
        Case::new(&["why", IDENTITY, API, ROLE]),
        Case::new(&["why", IDENTITY, API, ROLE, "--token"]).input(Input::Pipe(&token)),
        Case::new(&["why", IDENTITY, API, "Missing"]),
        Case::new(&["drift", "--policy", "baseline.json"]),
        Case::new(&["report", "-o", "forged\u{1b}[2J.json"]),
    ] {
        case.check(&world).await;
    }
}

/// Command lines with a hostile text in each place that takes one.
fn hostile_command_lines() -> Vec<Vec<&'static str>> {
    vec![
        vec![HOSTILE],
        vec!["list", HOSTILE],
        vec!["list", "id-orders", HOSTILE],
        vec!["list", "id-orders", "--page", HOSTILE],
        vec!["holders", HOSTILE],
        vec!["holders", ORDERS_API, "--role", HOSTILE],
        vec!["roles", HOSTILE],
        vec!["roles", ORDERS_API, HOSTILE],
        vec!["assign", HOSTILE, ORDERS_API, "Orders.Read", "--yes"],
        vec!["assign", "id-orders", HOSTILE, "Orders.Read", "--yes"],
        vec!["assign", "id-orders", ORDERS_API, HOSTILE, "--yes"],
        vec!["assign", "id-orders", ORDERS_API, "Orders.Read", "--record", "no/forged\u{1b}[2J"],
        vec!["revoke", "id-orders", ORDERS_API, HOSTILE, "--yes"],
        vec![
            "submit",
            "assign",
            "id-orders",
            ORDERS_API,
            "Orders.Read",
            "--timeout",
            "1s",
            "--route",
            HOSTILE,
        ],
        vec!["submit", "assign", "id-orders", ORDERS_API, "Orders.Read", "--timeout", HOSTILE],
        vec!["submit", "--file", HOSTILE],
        vec!["submit", "--file", "hostile.json"],
        vec!["submit", "--file", "app-roles.json", "--principal", HOSTILE],
        vec!["submit", "--file", "app-roles.json", "--summary", "no/forged\u{1b}[2J"],
        vec!["approvals", "list", "--wait", "0", "--route", HOSTILE],
        vec!["approvals", "show", HOSTILE],
        vec!["approvals", "deny", APPROVAL, "--reason", HOSTILE],
        vec!["plan", HOSTILE, "--requester", "queue:app-role-requests"],
        vec!["plan", "request.json", "--requester", HOSTILE],
        vec!["policy", "check", HOSTILE],
        vec!["policy", "explain", HOSTILE, ORDERS_API, "Orders.Read"],
        vec!["policy", "diff", HOSTILE, HOSTILE],
        vec!["policy", "diff", "policy.json", "policy.json", HOSTILE],
        vec!["policy", "explain", ORDERS_IDENTITY, ORDERS_API, "Orders.Read", "--end", HOSTILE],
        vec!["policy", "test", HOSTILE],
        vec!["policy", HOSTILE],
        vec!["why", "id-orders", ORDERS_API, HOSTILE],
        vec!["why", "id-orders", ORDERS_API, "Orders.Read", HOSTILE],
        vec!["record", "show", "--audit", HOSTILE],
        vec!["record", "show", "--since", HOSTILE],
        vec!["record", "follow", "--principal", HOSTILE],
        vec!["record", "check", HOSTILE],
        vec!["drift", "--policy", HOSTILE],
        vec!["drift", "--broker-identity", HOSTILE],
        vec!["report", "-o", HOSTILE],
        vec!["report", "-o", "access.json", "--since", HOSTILE],
        vec!["report", "-o", "access.json", "--broker-identity", HOSTILE],
        vec!["doctor", "--policy", HOSTILE, "--broker-identity", HOSTILE],
        vec!["replay", "--failed", HOSTILE, "--requests", HOSTILE, "--queue", "x"],
        vec!["replay", "--queue", HOSTILE],
        vec!["completions", HOSTILE],
    ]
}

fn file_of_requests() -> Value {
    let request =
        json!({ "principal": "id-orders", "api": "api://orders", "roles": ["Orders.Read"] });
    json!({ "requests": [request] })
}

#[tokio::test]
async fn no_command_prints_a_control_character_of_its_command_line_or_environment() {
    let (world, mut shown) = (world().await, 0);
    world.write("app-roles.json", &file_of_requests().to_string());
    let fields = json!({ HOSTILE: HOSTILE, "principal": HOSTILE, "requests": [{ HOSTILE: 7 }] });
    world.write("hostile.json", &fields.to_string());
    for arguments in hostile_command_lines() {
        let case = Case::new(&arguments);
        let case = case.with("APP_ROLE_BROKER", "https://contoso.example");
        let case = case.with("APP_ROLE_BROKER_KEY", "secret-key");
        shown += usize::from(case.shows(&world).await);
    }
    // Others refuse a text without repeating it.
    assert!(shown > 15, "{shown}");
    let list = || Case::new(&["list", "id-orders"]);
    list().with("APP_ROLE_AUTH", HOSTILE).check(&world).await;
}

#[tokio::test]
async fn no_command_prints_a_control_character_of_a_hostile_broker() {
    let world = world().await;
    let detail = |status: u16| {
        Answer(status, json!({ "detail": HOSTILE, "invocationId": HOSTILE, "title": HOSTILE }))
    };
    let mut done = result(HOSTILE, HOSTILE);
    done["effectiveBy"] = json!(HOSTILE);
    done[HOSTILE] = json!(HOSTILE);
    done["candidates"] = json!([{ "objectId": HOSTILE, HOSTILE: HOSTILE }]);
    done["roles"][0]["rule"] = json!(HOSTILE);
    done["roles"][0]["suggestions"] = json!([HOSTILE]);
    let health =
        json!({ "checks": { HOSTILE: "ok", "a\u{9b}b": "failed", "c\u{202e}": "notChecked" } });
    world.write("app-roles.json", &file_of_requests().to_string());
    let answers = [Answer(200, done), detail(400), detail(403), detail(404), detail(503)];
    for answer in answers {
        let answers = vec![answer; 512];
        let broker = FakeBroker::serve(&answers, health.clone()).await;
        let base = format!("http://{}", broker.address);
        for submit in [
            &["submit", "assign", "id-orders", "api://orders", "Orders.Read"][..],
            &["submit", "--file", "app-roles.json"],
            &["submit", "--file", "app-roles.json", "--plan"],
        ] {
            let case = Case::new(&[submit, &["--timeout", "1s"]].concat());
            let case =
                case.with("APP_ROLE_BROKER", &base).with("APP_ROLE_BROKER_KEY", "secret-key");
            case.check(&world).await;
        }
    }
    let healthy = json!({ "checks": { HOSTILE: "ok", "c\u{202e}forged": "notChecked" } });
    let failing = json!({ "checks": { HOSTILE: "failed" } });
    for health in [healthy, failing] {
        let broker = FakeBroker::with_health(health).await;
        let base = format!("http://{}", broker.address);
        Case::new(&["doctor"]).with("APP_ROLE_BROKER", &base).check(&world).await;
    }
}

#[tokio::test]
async fn no_command_prints_a_control_character_of_a_hostile_approval() {
    let world = world().await;
    let mut hostile = approval(1);
    for pointer in [
        "/principal/displayName",
        "/principal/resourceId",
        "/api/displayName",
        "/roles/0/value",
        "/roles/0/why",
        "/roles/0/rule",
        "/roles/0/end",
        "/requestId",
        "/reason",
        "/createdAt",
        "/expiresAt",
        "/subject/requester",
        "/subject/policySha256",
        "/subject/roles/0/rule",
        "/subject/roles/0/end",
    ] {
        *hostile.pointer_mut(pointer).unwrap() = json!(HOSTILE);
    }
    hostile["result"] = result(HOSTILE, HOSTILE);
    let vote = json!({ "approver": HOSTILE, "decision": "approve", "at": HOSTILE });
    hostile["decisions"] = json!([vote]);
    let broker = FakeApprovals::start(sealed(hostile)).await;
    let base = format!("http://{}", broker.address);
    for (arguments, input) in [
        (&["approvals", "list"][..], Input::Pipe("")),
        (&["approvals", "show", APPROVAL], Input::Pipe("")),
        (&["approvals", "approve", APPROVAL], Input::Typed("n\n")),
    ] {
        let case = Case::new(arguments).with("APP_ROLE_BROKER", &base).input(input);
        case.with("APP_ROLE_BROKER_AUDIENCE", ORDERS_API_URI).check(&world).await;
    }
}

#[tokio::test]
async fn no_command_prints_a_control_character_of_an_error_of_microsoft_graph() {
    let world = world().await;
    for status in [400, 403, 404, 409, 418, 503] {
        let fault = Fault::error(status, HOSTILE, HOSTILE).detail(HOSTILE, HOSTILE);
        world.tenant.answer_every(Route::ListAssignments, fault);
        let mut command = world.command(&["list", "id-orders"]);
        command.env("PACE_FACTOR", "0.001");
        let output = seen(command, Input::Pipe("")).await.replace("\r\n", "\n");
        let own = |text: String, sequence: &&str| text.replace(sequence, "");
        let rest = OWN_SEQUENCES.iter().fold(output.clone(), own);
        assert!(rest.contains("error: "), "{output:?}");
        assert!(rest.chars().all(|one| one == '\n' || is_printable(one)), "{output:?}");
    }
}

#[tokio::test]
async fn no_command_prints_a_control_character_of_a_hostile_file() {
    let world = world().await;
    let rule = json!({ "name": HOSTILE, "requesters": [HOSTILE], "principals": [HOSTILE], "api": HOSTILE,
                       "roles": [HOSTILE], HOSTILE: HOSTILE });
    let unknown_field = json!({ "version": 1, "allow": [], HOSTILE: 1 });
    let in_rule = json!({ "version": 1, "allow": [rule] });
    let wide = world.read("policy.json").replace("/resourceGroups/rg-orders-dev", "");
    let texts = [unknown_field.to_string(), in_rule.to_string(), HOSTILE.to_owned()];
    for (index, text) in texts.iter().enumerate() {
        let file = format!("forged\u{1b}[2J\u{202e}{index}.json");
        world.write(&file, text);
        Case::new(&["policy", "check", &file]).check(&world).await;
        Case::new(&["doctor", "--policy", &file]).check(&world).await;
        Case::new(&["drift", "--policy", &file]).check(&world).await;
        let assign = ["assign", "id-orders", ORDERS_API, "Orders.Read", "--policy", &file];
        Case::new(&[&assign[..], &["--dry-run"]].concat()).check(&world).await;
        // A fault that names its field shows it, others do not.
        let plan = ["plan", &file, "--requester", "queue:app-role-requests"];
        Case::new(&plan).shows(&world).await;
    }
    world.write("forged\u{9b}2J.json", &wide);
    Case::new(&["policy", "check", "forged\u{9b}2J.json"]).check(&world).await;
    let tests =
        json!({ "version": 1, HOSTILE: 1, "tests": [{ "name": HOSTILE, "role": HOSTILE }] });
    world.write("tests.json", &tests.to_string());
    Case::new(&["policy", "test", "tests.json"]).check(&world).await;
    let folder = "root/forged\u{1b}[2J\u{202e}";
    std::fs::create_dir_all(world.path(folder)).unwrap();
    let function = json!({ "bindings": [{ "type": HOSTILE, "name": HOSTILE, "direction": "in" }] });
    world.write(&format!("{folder}/function.json"), &function.to_string());
    world.write("root/host.json", &json!({ HOSTILE: HOSTILE }).to_string());
    Case::new(&["doctor", "--app-root", "root"]).check(&world).await;
}

#[tokio::test]
async fn no_command_prints_a_control_character_of_a_hostile_queue_or_table() {
    let world = world().await;
    let account = Azurite::shared_account().await.unwrap();
    let queue = account.queue("app-role-failed").unwrap();
    queue.create_if_missing().await.unwrap();
    for requester in [HOSTILE, "queue:app-role-requests"] {
        let mut message: Value = serde_json::from_str(&failed(HOSTILE, requester)).unwrap();
        message["reason"] = json!(HOSTILE);
        queue.send(&message.to_string()).await.unwrap();
    }
    world.set_storage(&account.connection_string());
    let replay = ["replay", "--queue", "app-role-requests"];
    Case::new(&[&replay[..], &["--dry-run"]].concat()).check(&world).await;
    Case::new(&replay).input(Input::Typed("n\n")).check(&world).await;
    Case::new(&[&replay[..], &["--yes"]].concat()).check(&world).await;
    let table = account.table("AppRoleAudit");
    table.create_if_missing().await.unwrap();
    let ids = [("apiId", ORDERS_API), ("appRoleId", ORDERS_READ), ("status", "assigned")];
    let columns = ["startedAt", "requester", "rule", "reason", "requestId", "invocationId"];
    // The emulated table refuses other characters.
    let is_accepted = |one: &char| !one.is_control() && !matches!(one, '\u{2028}' | '\u{2029}');
    let hostile: String = HOSTILE.chars().filter(is_accepted).collect();
    let columns = columns.map(|name| (name, hostile.as_str())).into_iter().chain(ids);
    let properties = columns
        .map(|(name, text)| (name.to_owned(), EntityValue::String(text.to_owned())))
        .collect();
    let (partition_key, row_key) = (ORDERS_IDENTITY.to_owned(), "1".to_owned());
    table.insert_all(&[Entity { partition_key, row_key, properties }]).await.unwrap();
    Case::new(&["why", ORDERS_IDENTITY, ORDERS_API_APP_ID, "Orders.Read"]).check(&world).await;
    let columns =
        ["status", "rule", "message", "principalDisplayName", "apiDisplayName", "appRoleValue"];
    let texts: serde_json::Map<_, _> =
        columns.into_iter().map(|name| (name.to_owned(), json!(hostile))).collect();
    let rows = RowWriter { account };
    let row =
        with(Value::Object(texts), &json!({ "RowKey": "0", "intendedAt": "2026-01-01T00:00:00Z" }));
    for table in ["AppRoleAudit", "AppRoleIntents"] {
        rows.add(table, &row).await;
    }
    rows.add("AppRoleEnds", &with(row, &json!({ "endDateTime": "2026-01-01T00:00:00Z" }))).await;
    for command in ["show", "check"] {
        Case::new(&["record", command]).check(&world).await;
    }
}
