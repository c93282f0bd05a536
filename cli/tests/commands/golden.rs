//! Golden files: the exact output of every example of the help texts, as tables and as JSON, and of some
//! errors.
//!
//! `UPDATE_GOLDEN=1 cargo test -p app-role-cli golden` rewrites the files in `tests/golden`.

use std::path::{Path, PathBuf};

use app_role_cli::arguments::Arguments;
use clap::CommandFactory as _;
use futures_util::{StreamExt as _, stream};
use serde_json::json;
use storage_emulator::{Account, Azurite};
use tenant_emulator::contoso::{ORDERS_API, ORDERS_API_URI, REPORTS_IDENTITY};
use time::Duration;

use crate::{
    ends::end_row,
    fake_approvals::{FakeApprovals, approval},
    fake_arm,
    fake_broker::{Answer, FakeBroker, health_with_policy, result, result_with_end},
    fake_queue_broker::Queues,
    fake_reading::FakeReading,
    policy_test,
    record::{self, INVOCATION, RowWriter, ago, assigned, key, with},
    replay, through_broker,
    transcript::transcript,
    world::{POLICY, World, app_root, with_baseline},
};

/// The number of commands that run at the same time.
const SIDE_BY_SIDE: usize = 4;

/// Commands that fail, by the name of their golden file.
const FAILURES: &[(&str, &str)] = &[
    ("app-role", "app-role grant id-orders api://orders Orders.Read"),
    ("assign", "app-role assign id-orders graph Directory.ReadWrite.All --yes"),
    ("assign", "app-role assign id-ordres api://orders Orders.Read --yes"),
    ("assign", "app-role assign id-orders api://orders Orders.Read"),
    ("revoke", "app-role revoke id-reports api://orders Orders.Raed --yes"),
    ("submit", "APP_ROLE_BROKER_KEY= app-role submit assign id-orders api://orders Orders.Read"),
    ("submit", "app-role submit -f policy.json"),
    (
        "submit-revoke",
        "app-role submit revoke id-orders api://orders Orders.Read --via queue --queue none",
    ),
    ("approvals", "APP_ROLE_BROKER_AUDIENCE= app-role approvals list"),
    ("approvals-show", "app-role approvals show 5f0a7d0e-0000-4000-8000-000000000002"),
    ("approvals-approve", "app-role approvals approve 5f0a7d0e-0000-4000-8000-000000000001 --yes"),
    (
        "approvals-status",
        "APP_ROLE_BROKER_KEY= app-role approvals status 5f0a7d0e-0000-4000-8000-000000000001",
    ),
    ("list", "app-role list id-reports --through-broker"),
    ("history", "APP_ROLE_AUDIT= app-role history id-reports"),
    ("context-set", "app-role context set prod --broker http://broker.contoso.com"),
    ("context-use", "app-role context use tset"),
    ("list", "app-role list id-batch"),
    ("list", "APP_ROLE_AUDIT= app-role list id-reports"),
    ("why", "APP_ROLE_AUDIT= app-role why id-reports api://orders Orders.Read"),
    ("drift", "APP_ROLE_AUDIT= app-role drift --broker-identity id-app-role-broker"),
    ("holders", "app-role holders api://nothing"),
    ("roles", "app-role roles api://orders Parcels"),
    ("plan", "app-role plan request.json --requester queue:another-team"),
    ("policy", "app-role policy check missing.json"),
    ("policy-explain", "app-role policy explain id-orders api://orders Orders.Admin"),
    (
        "policy-explain",
        "app-role policy explain c0a70500-0000-4000-8000-0000000000d1 graph User.Raed.All --offline",
    ),
    ("policy-test", "app-role policy test AssignRole"),
    ("policy-diff", "app-role policy diff old.json old.json"),
    ("policy-diff", "app-role policy diff old.json missing.json"),
    ("record-show", "app-role record show --since yesterday"),
    ("record-show", "APP_ROLE_AUDIT= app-role record show"),
    ("record-check", "app-role record check"),
    ("drift", "app-role drift --policy missing.json"),
    ("why", "app-role why id-orders api://orders Orders.Read"),
    ("report", "app-role report -o access"),
    ("report", "app-role report -o access.html --since request.json"),
    ("doctor", "app-role doctor --broker-identity id-reports --app-root spoiled"),
    ("replay", "app-role replay --failed https://example.com --queue app-role-requests"),
    ("replay", "app-role replay --failed \"$APP_ROLE_HOST_STORAGE\" --queue app-role-requests"),
];

/// The contexts of the operator.
const CONTEXTS: &str = r#"{ "version": 1, "current": "prod", "contexts": {
    "prod": { "broker": "https://func-app-role-broker.azurewebsites.net" },
    "test": { "broker": "https://func-test.azurewebsites.net", "tenant": "contoso.onmicrosoft.com" } } }"#;

/// Returns a failed request, as the broker writes it into the queue.
fn failed_request() -> String {
    let request = json!({ "requestId": "INC-1234", "principal": "id-orders", "api": "api://orders",
                          "roles": ["Orders.Read"] });
    replay::failed(&request.to_string(), "queue:app-role-requests")
}

/// Starts a tenant with everything that the examples name.
async fn world() -> (World, Account) {
    let world = World::new().await;
    world.tenant.grant(REPORTS_IDENTITY, ORDERS_API, "Orders.Read").unwrap();
    let baseline = with_baseline(&["Orders.Read"], &json!({}));
    world.write("policy.json", &baseline);
    world.write("old.json", &POLICY.replace(", \"Orders.Write\"", ""));
    let request = json!({ "principal": "id-orders", "api": "api://orders", "roles": ["Orders.Read"],
                          "reason": "the orders service reads its own API" });
    world.write("request.json", &request.to_string());
    world.write("app-roles.json", &json!({ "requests": [request] }).to_string());
    world.write(
        "token.txt",
        &crate::why::token(&json!({ "oid": REPORTS_IDENTITY, "roles": ["Orders.Read"] })),
    );
    world.write(
        "policy.policytest.json",
        &policy_test::file(&[policy_test::allowed(), policy_test::denied()]),
    );
    for function in ["AssignRole", "Health"] {
        std::fs::create_dir_all(world.path(function)).unwrap();
        let file = format!("{function}/function.json");
        std::fs::copy(app_root().join(&file), world.path(&file)).unwrap();
    }
    world.write("yesterday.json", &crate::report::YESTERDAY);
    let host_json = std::fs::read_to_string(app_root().join("host.json")).unwrap();
    world.write("host.json", &host_json);
    std::fs::create_dir(world.path("spoiled")).unwrap();
    world.write("spoiled/host.json", &host_json.replacen("\"none\"", "\"base64\"", 1));
    let account = Azurite::shared_account().await.unwrap();
    for queue in ["app-role-requests", "app-role-failed"] {
        account.queue(queue).unwrap().create_if_missing().await.unwrap();
    }
    account.queue("app-role-failed").unwrap().send(&failed_request()).await.unwrap();
    let rows = RowWriter { account };
    write_record(&world, &rows).await;
    (world, rows.account)
}

/// Writes the broker's tables: an assignment that ends, a denied request, and an intent that is overdue.
async fn write_record(world: &World, rows: &RowWriter) {
    let of_reports = json!({
        "PartitionKey": REPORTS_IDENTITY, "principalId": REPORTS_IDENTITY,
        "principalDisplayName": "id-reports", "endDateTime": ago(Duration::hours(-1)),
    });
    rows.record(&with(assigned(Duration::minutes(5)), &of_reports)).await;
    let denied = json!({
        "RowKey": key(Duration::minutes(3), INVOCATION), "status": "denied", "rule": null,
        "code": "roleNotAllowed", "message": "no rule allows this role", "appRoleValue": "Orders.Admin",
    });
    rows.record(&with(assigned(Duration::minutes(3)), &denied)).await;
    let intent =
        json!({ "RowKey": "intent", "status": null, "intendedAt": ago(Duration::minutes(45)) });
    rows.add("AppRoleIntents", &with(assigned(Duration::minutes(45)), &intent)).await;
    let held = world.tenant.assignments_of(REPORTS_IDENTITY);
    let end = end_row(&held[0].id, Duration::hours(-1));
    rows.add("AppRoleEnds", &with(end, &json!({ "PartitionKey": REPORTS_IDENTITY }))).await;
}

/// Runs a shell command in a new world. Returns a transcript without values that differ between runs.
async fn seen(line: &str) -> String {
    let (world, account) = world().await;
    let answer = match line {
        line if line.contains("--duration") => result_with_end(),
        line if line.contains("--plan") => result("wouldAssign", ""),
        _ => result("assigned", ""),
    };
    let result = answer.clone();
    let _queues = if line.contains("--via queue") {
        let queues = Queues::of(account.clone()).await;
        Some(queues.answered(move |_| vec![result.clone()]))
    } else {
        None
    };
    let health = health_with_policy(&world.read("policy.json"));
    let broker = FakeBroker::serve(&[Answer(200, answer)], health).await;
    let approvals = FakeApprovals::start(approval(1)).await;
    let arm = fake_arm::start(200, &[fake_arm::READER]).await;
    let follows = line.contains(" follow ");
    // An interrupted shell waits for its program, which is not interrupted.
    let exec = if follows { "exec " } else { "" };
    let mut command = world.shell(&format!("{exec}{line}"));
    command
        .env("ARM_ENDPOINT", arm)
        .env("APP_ROLE_REQUESTS", account.connection_string())
        .env("APP_ROLE_HOST_STORAGE", account.connection_string())
        .env("APP_ROLE_AUDIT", account.connection_string())
        .env("APP_ROLE_BROKER", format!("http://{}", broker.address))
        .env("APP_ROLE_BROKER_KEY", "secret-key");
    if line.contains(" context ") {
        world.write("config.json", CONTEXTS);
        command.env("APP_ROLE_CONFIG", "config.json");
    }
    if line.contains(" approvals ") {
        command
            .env("APP_ROLE_BROKER", format!("http://{}", approvals.address))
            .env("APP_ROLE_BROKER_AUDIENCE", ORDERS_API_URI);
    }
    let reading = if line.contains(" status ") {
        FakeReading::start(Answer(202, approval(1))).await
    } else {
        FakeReading::start(Answer(200, through_broker::held(&[through_broker::role()]))).await
    };
    if line.contains(" status ") || line.contains("--through-broker") {
        command.env("APP_ROLE_BROKER", reading.url()).env_remove("APP_ROLE_BROKER_AUDIENCE");
    }
    let ended = if follows {
        record::interrupted(command).await
    } else {
        crate::world::end(command, "").await
    };
    transcript(line, &ended)
}

/// Returns the examples of a command's help.
fn examples(command: &clap::Command) -> Vec<String> {
    let help = command.get_after_help().map(ToString::to_string).unwrap_or_default();
    let lines = help.lines().filter_map(|line| line.strip_prefix("  "));
    lines.filter(|line| line.starts_with("app-role ")).map(str::to_owned).collect()
}

/// Returns a command and its subcommands, by the names of their golden files.
fn commands(name: &str, command: &clap::Command) -> Vec<(String, Vec<String>)> {
    let mut all = vec![(name.to_owned(), examples(command))];
    for below in command.get_subcommands() {
        let name = match name {
            "app-role" => below.get_name().to_owned(),
            above => format!("{above}-{}", below.get_name()),
        };
        all.extend(commands(&name, below));
    }
    all
}

fn golden_file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/golden/{name}.txt"))
}

#[tokio::test]
async fn every_example_of_the_help_prints_its_golden_file() {
    let commands = commands("app-role", &Arguments::command());
    let transcripts = stream::iter(commands)
        .map(async |(name, examples)| {
            assert!(!examples.is_empty(), "{name} has no example");
            let mut text = String::new();
            for line in lines(&name, &examples) {
                text.push_str(&seen(&line).await);
            }
            (name, text)
        })
        .buffer_unordered(SIDE_BY_SIDE);
    let differing: Vec<_> =
        transcripts.filter_map(async |(name, text)| compare(&name, &text)).collect().await;
    assert!(differing.is_empty(), "{}", differing.join("\n"));
}

/// Returns the shell commands of a golden file: examples, the same with JSON output, and failures.
fn lines(name: &str, examples: &[String]) -> Vec<String> {
    let for_programs = |example: &String| format!("{example} --output json");
    let both = examples.iter().flat_map(|example| [example.clone(), for_programs(example)]);
    let failures = FAILURES.iter().filter(|(command, _)| *command == name);
    both.chain(failures.map(|(_, line)| (*line).to_owned())).collect()
}

/// Returns the difference to a golden file, if any.
#[expect(clippy::disallowed_methods, reason = "a switch for developers")]
fn compare(name: &str, text: &str) -> Option<String> {
    let file = golden_file(name);
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(&file, text).unwrap();
    }
    let written = std::fs::read_to_string(&file).unwrap_or_default();
    (written != text).then(|| format!("{}: instead there was\n{text}", file.display()))
}
