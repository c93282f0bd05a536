//! `policy check`: faults and warnings, each with its place.

use serde_json::{Value, json};
use tenant_emulator::contoso::FABRIKAM_PAYMENTS_API_APP_ID;

use crate::world::{self, Ended, World, app_root};

const FAULTY: &str = "{\r\n\t\"version\": 1,\r\n\t\"allow\": [\r\n\t\t{ \"name\": \"日本語 a\", \"requesters\": [\"x\"],\r\n\t\t  \"principals\": [], \"api\": \"Orders API\" \"roles\": [\"*x\"], \"action\": 1 }\r\n\t]\r\n}\r\n";

const FAULTS: [(u64, u64, &str, &str); 6] = [
    (4, 37, "allow[0].requesters[0]", "expected queue:"),
    (5, 19, "allow[0].principals", "an empty list"),
    (5, 30, "allow[0].api", "expected an appId"),
    (5, 43, "policy", "before this, a comma is missing"),
    (5, 53, "allow[0].roles[0]", "expected the value"),
    (5, 60, "allow[0]", "unknown field `action` (did you mean `actions`?)"),
];

/// Runs the check without a way to sign in.
async fn offline(world: &World, arguments: &[&str]) -> Ended {
    let mut command = world.command(&[&["policy", "check"], arguments].concat());
    command.env_remove("IDENTITY_ENDPOINT");
    world::end(command, "").await
}

/// Writes a policy whose rules have these fields in addition to those of the usual rule.
fn write_rules(world: &World, rules: &[Value]) {
    let mut policy: Value = serde_json::from_str(world::POLICY).unwrap();
    let usual = policy["allow"][0].clone();
    let rules = rules.iter().map(|more| {
        let mut rule = usual.clone();
        rule.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        rule
    });
    policy["allow"] = rules.collect();
    world.write("policy.json", &format!("{policy:#}"));
}

/// Writes `host.json` and the folder of the stock queue.
fn write_app(world: &World, folder: &str) {
    let function = format!("{folder}AssignRole");
    std::fs::create_dir_all(world.path(&function)).unwrap();
    for file in ["host.json", "AssignRole/function.json"] {
        std::fs::copy(app_root().join(file), world.path(&format!("{folder}{file}"))).unwrap();
    }
}

#[tokio::test]
async fn every_fault_of_a_policy_is_a_line_with_its_place_without_signing_in() {
    let world = World::new().await;
    world.write("faulty.json", FAULTY);
    let ended = offline(&world, &["faulty.json"]).await;
    assert_eq!((ended.code, ended.stdout.as_str()), (1, ""));
    let lines: Vec<_> = ended.stderr.lines().collect();
    assert_eq!(lines.len(), FAULTS.len() + 1, "{ended:?}");
    for (line, (number, column, path, problem)) in lines.iter().zip(FAULTS) {
        let start = format!("faulty.json:{number}:{column}: {path}");
        assert!(line.starts_with(&start) && line.contains(problem), "{line}\n{start} {problem}");
    }
    assert_eq!(lines.last(), Some(&"error: faulty.json is not a valid policy: 6 faults"));
    offline(&world, &["missing.json"]).await.assert_failed(1, &["cannot be read"]);
}

#[tokio::test]
async fn the_faults_are_a_json_document_for_programs() {
    let world = World::new().await;
    world.write("faulty.json", FAULTY);
    let ended = offline(&world, &["faulty.json", "--output", "json"]).await;
    assert_eq!(ended.code, 1);
    let document = ended.json();
    let faults = document["faults"].as_array().unwrap();
    assert_eq!((faults.len(), &document["file"]), (FAULTS.len(), &json!("faulty.json")));
    for (fault, (line, column, path, problem)) in faults.iter().zip(FAULTS) {
        let place = (&fault["file"], &fault["line"], &fault["column"], &fault["path"]);
        assert_eq!(place, (&json!("faulty.json"), &json!(line), &json!(column), &json!(path)));
        assert!(fault["message"].as_str().unwrap().contains(problem), "{fault}");
        let rule = if path == "policy" { Value::Null } else { json!("日本語 a") };
        assert_eq!(fault["rule"], rule);
    }
}

#[tokio::test]
async fn hostile_text_of_a_file_stays_on_its_line() {
    let world = World::new().await;
    let hostile = "a\nerror: granted\u{1b}[32m\u{202e}";
    let rule = json!({ "name": hostile, "requesters": [hostile], hostile: 1 });
    world.write("faulty.json", &json!({ "version": 1, "allow": [rule] }).to_string());
    let ended = offline(&world, &["faulty.json"]).await;
    let is_place = |line: &&str| line.starts_with("faulty.json:1:");
    assert_eq!(ended.stderr.lines().filter(is_place).count(), 6, "{ended:?}");
    assert_eq!(ended.stderr.lines().count(), 7, "{ended:?}");
    assert!(!ended.stderr.contains(['\u{1b}', '\u{202e}']), "{ended:?}");
}

#[tokio::test]
async fn a_warning_has_a_code_and_its_place() {
    let world = World::new().await;
    let wide = world.read("policy.json").replace("/resourceGroups/rg-orders-dev", "");
    world.write("policy.json", &wide);
    let ended = offline(&world, &[]).await;
    let line = "policy.json:4:20: warning newResourceGroups: allow[0].principals[0] (rule \"orders workloads\"): it covers all";
    ended.assert_done(&[line, "policy.json is valid; sha256"]);
    let checked = world.json(&["policy", "check"]).await;
    let warning = &checked["warnings"][0];
    assert_eq!((&warning["code"], &warning["line"]), (&json!("newResourceGroups"), &json!(4)));
    assert_eq!(
        (&warning["path"], &warning["column"]),
        (&json!("allow[0].principals[0]"), &json!(20))
    );
    assert_eq!((&warning["acknowledged"], &checked["faults"]), (&Value::Null, &json!([])));
    assert_eq!(checked["sha256"].as_str().unwrap().len(), 64);
}

#[tokio::test]
async fn strict_makes_faults_of_the_warnings_that_are_not_acknowledged() {
    let world = World::new().await;
    let entry = |code: &str| json!({ "warning": code, "reason": "accepted by the board" });
    let both = [entry("privilegedWithoutEnd"), entry("privilegedWithoutApproval")];
    write_rules(&world, &[json!({ "privileged": true, "acknowledged": [both[0]] })]);
    offline(&world, &[]).await.assert_done(&[
        "acknowledged privilegedWithoutEnd: allow[0]",
        "(accepted: accepted by the board)",
        "warning privilegedWithoutApproval: allow[0]",
        "is valid",
    ]);
    let strict = offline(&world, &["--strict"]).await;
    let told =
        ["error privilegedWithoutApproval: allow[0]", "1 warning without an acknowledgement"];
    strict.assert_failed(1, &told);
    assert!(!strict.stdout.contains("is valid"), "{strict:?}");
    let json = offline(&world, &["--strict", "--output", "json"]).await;
    assert_eq!(json.code, 1);
    let document = json.json();
    assert_eq!(document["faults"][0]["code"], "privilegedWithoutApproval");
    assert_eq!(document["warnings"][0]["acknowledged"], "accepted by the board");
    write_rules(&world, &[json!({ "privileged": true, "acknowledged": both })]);
    offline(&world, &["--strict"]).await.assert_done(&["is valid"]);
    write_rules(&world, &[json!({ "acknowledged": both })]);
    let unused = offline(&world, &["--strict"]).await;
    unused.assert_failed(1, &["unusedAcknowledgement: allow[0].acknowledged[1]", "2 warnings"]);
}

#[tokio::test]
async fn a_role_that_microsoft_graph_does_not_define_is_found_without_signing_in() {
    let world = World::new().await;
    let of_graph =
        |api: &str, roles: &[&str]| json!({ "api": api, "roles": roles, "actions": ["read"] });
    write_rules(
        &world,
        &[
            of_graph(
                "graph",
                &["User.Read.Al", "user.read.all", "df021288-bdef-4463-88db-98f22de89214"],
            ),
            json!({ "name": "uri", "api": "https://graph.microsoft.com/", "roles": ["c0a70500-0000-4000-8000-000000000009"], "actions": ["read"] }),
            json!({ "name": "own", "roles": ["Nothing.Known"] }),
        ],
    );
    let ended = offline(&world, &[]).await;
    ended.assert_done(&[
        "warning unknownRole: allow[0].roles[0]",
        "Microsoft Graph defines no app role \"user.read.al\"; did you mean User.Read.All?",
        "warning unknownRole: allow[1].roles[0] (rule \"uri\"): as of August 2026",
    ]);
    assert_eq!(ended.stdout.matches("warning ").count(), 2, "{ended:?}");
}

#[tokio::test]
async fn a_queue_that_no_function_reads_is_found_beside_the_functions() {
    let world = World::new().await;
    write_rules(
        &world,
        &[
            json!({ "requesters": ["queue:app-role-requests", "queue:app-role-request", "eventgrid:ResourceEvent", "key:team"] }),
        ],
    );
    assert!(!offline(&world, &[]).await.stdout.contains("warning"));
    write_app(&world, "app/");
    let told = [
        "warning queueWithoutFunction: allow[0].requesters[1]",
        "no function takes requests from the queue \"app-role-request\"; did you mean queue:app-role-requests?",
        "warning functionMissing: allow[0].requesters[2]",
        "no function \"ResourceEvent\" takes events",
    ];
    let ended = offline(&world, &["--app-root", "app"]).await;
    ended.assert_done(&told);
    assert_eq!(ended.stdout.matches("warning ").count(), 2, "{ended:?}");
    world.write("app/policy.json", &world.read("policy.json"));
    offline(&world, &["app/policy.json"]).await.assert_done(&told);
    write_app(&world, "");
    offline(&world, &[]).await.assert_done(&told);
    offline(&world, &["--app-root", "nowhere"]).await.assert_failed(1, &["no host.json"]);
}

#[tokio::test]
async fn queues_are_not_checked_if_a_function_cannot_be_read() {
    let world = World::new().await;
    write_rules(&world, &[json!({ "requesters": ["queue:another"] })]);
    write_app(&world, "");
    let file = "AssignRole/function.json";
    let text = world.read(file).replace("\"app-role-requests\"", "\"%TEAM_QUEUE%\"");
    world.write(file, &text);
    let ended = offline(&world, &[]).await;
    ended.assert_done(&["is valid"]);
    assert!(!ended.stdout.contains("queueWithoutFunction"), "{ended:?}");
    ended.assert_failed(0, &["the queues of the policy are not checked", "TEAM_QUEUE"]);
}

#[tokio::test]
async fn online_finds_the_apis_and_roles_that_the_tenant_does_not_have() {
    let world = World::new().await;
    let orders = [
        "Orders.Read",
        "Orders.Raed",
        "Orders.*",
        "Nothing.*",
        "c0a70500-0000-4000-8000-000000000009",
    ];
    write_rules(
        &world,
        &[
            json!({ "roles": orders }),
            json!({ "name": "gone", "api": "api://nothing" }),
            json!({ "name": "foreign", "api": FABRIKAM_PAYMENTS_API_APP_ID, "roles": ["Payments.*"] }),
            json!({ "name": "graph", "api": "graph", "roles": ["User.Read.All", "Foo.Read.All"], "actions": ["read"] }),
        ],
    );
    let ended = world.run(&["policy", "check", "--online"]).await;
    ended.assert_done(&[
        "warning unknownRole: allow[0].roles[1] (rule \"orders workloads\"): Orders API defines no app role orders.raed; did you mean Orders.Read?",
        "warning unknownRole: allow[0].roles[3]",
        "warning unknownRole: allow[0].roles[4]",
        "warning unknownApi: allow[1].api (rule \"gone\"): the API api://nothing does not exist",
        "warning wildcardWithoutEffect: allow[2].roles[0] (rule \"foreign\")",
        "warning unknownRole: allow[3].roles[1] (rule \"graph\")",
    ]);
    assert_eq!(ended.stdout.matches("warning ").count(), 6, "{ended:?}");
    assert!(world.is_untouched());
    let strict = world.run(&["policy", "check", "--online", "--strict"]).await;
    strict.assert_failed(1, &["6 warnings without an acknowledgement"]);
    let mut command = world.command(&["policy", "check", "--online"]);
    command.env_remove("IDENTITY_ENDPOINT");
    assert_ne!(world::end(command, "").await.code, 0);
}

#[tokio::test]
async fn an_acknowledgement_of_a_role_is_of_no_use_only_if_the_tenant_says_so() {
    let world = World::new().await;
    let entry = json!([{ "warning": "unknownRole", "reason": "the role comes next month" }]);
    write_rules(&world, &[json!({ "roles": ["Orders.Next"], "acknowledged": entry })]);
    offline(&world, &["--strict"]).await.assert_done(&["is valid"]);
    let online = ["policy", "check", "--strict", "--online"];
    world.run(&online).await.assert_done(&["acknowledged unknownRole", "is valid"]);
    write_rules(&world, &[json!({ "acknowledged": entry })]);
    offline(&world, &["--strict"]).await.assert_done(&["is valid"]);
    world.run(&online).await.assert_failed(1, &["error unusedAcknowledgement: allow[0]"]);
}
