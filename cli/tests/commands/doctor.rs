//! `doctor`: a healthy installation, and one fault at a time.

use serde_json::{Value, json};
use storage_emulator::{Account, Azurite};
use tenant_emulator::contoso::{BROKER_IDENTITY, MICROSOFT_GRAPH};

use crate::{
    fake_arm,
    fake_broker::{FakeBroker, health, health_with_policy},
    slow_clock,
    world::{Ended, OPERATOR, POLICY, World, app_root, end, with_baseline},
};

/// A healthy installation of the broker, and the options with which the operator checks all of it.
struct Scene {
    world: World,
    broker: FakeBroker,
    identity: &'static str,
    requests: String,
    host_storage: String,
    environment: Vec<(&'static str, String)>,
}

impl Scene {
    async fn healthy() -> Self {
        let world = World::new().await;
        for file in ["host.json", "AssignRole/function.json", "Health/function.json"] {
            let path = world.path(file);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::copy(app_root().join(file), path).unwrap();
        }
        let account = account().await;
        account.queue("app-role-requests").unwrap().create_if_missing().await.unwrap();
        let connection = account.connection_string();
        let policy = with_baseline(&["Orders.Read"], &json!({}));
        world.write("policy.json", &policy);
        let arm = fake_arm::start(200, &["some-other-role", fake_arm::READER]).await;
        Self {
            world,
            broker: FakeBroker::with_health(health_with_policy(&policy)).await,
            identity: "id-app-role-broker",
            requests: connection.clone(),
            host_storage: connection,
            environment: vec![("ARM_ENDPOINT", arm)],
        }
    }

    /// Replaces text in a file.
    fn spoil(&self, file: &str, from: &str, to: &str) {
        let text = self.world.read(file);
        assert!(text.contains(from), "{text}");
        self.world.write(file, &text.replacen(from, to, 1));
    }

    /// Revokes all roles of an identity.
    fn strip(&self, identity: &str) {
        for assignment in self.world.tenant.assignments_of(identity) {
            assert!(self.world.tenant.revoke(&assignment.id));
        }
    }

    async fn doctor(&self, more: &[&str]) -> Ended {
        let arguments = ["doctor", "--broker-identity", self.identity];
        let mut command = self.world.command(&[&arguments[..], more].concat());
        command.env("APP_ROLE_REQUESTS", &self.requests);
        command.env("APP_ROLE_HOST_STORAGE", &self.host_storage);
        command.env("APP_ROLE_BROKER", format!("http://{}", self.broker.address));
        command.envs(self.environment.clone());
        let ended = end(command, "").await;
        assert_each_finding_says_what_to_do(&ended);
        ended
    }
}

async fn account() -> Account {
    Azurite::shared_account().await.unwrap()
}

#[track_caller]
fn assert_each_finding_says_what_to_do(ended: &Ended) {
    for finding in ended.json().as_array().unwrap() {
        let has_advice = finding["advice"].as_str().is_some_and(|advice| !advice.is_empty());
        assert!(finding["state"] == "ok" || has_advice, "{finding}");
    }
}

/// Asserts that nothing is wrong, and that exactly this check could not look, with these texts.
#[track_caller]
fn assert_only_unknown(ended: &Ended, check: &str, texts: &[&str]) {
    assert_eq!(findings(ended, "failed"), [], "{ended:?}");
    let unknown = findings(ended, "unknown");
    let [(name, sentence)] = unknown.as_slice() else { panic!("{check}: {ended:?}") };
    assert_eq!((name.as_str(), ended.code), (check, 8), "{unknown:?}");
    for text in texts {
        assert!(sentence.contains(text), "{text:?} is not in {sentence:?}");
    }
}

/// Returns the findings of a state: the check, and the result with the advice.
fn findings(ended: &Ended, state: &str) -> Vec<(String, String)> {
    let text = |finding: &Value, name: &str| finding[name].as_str().unwrap_or_default().to_owned();
    let found = ended.json();
    let found = found.as_array().unwrap().iter().filter(|finding| finding["state"] == state);
    found
        .map(|one| {
            (text(one, "check"), format!("{} → {}", text(one, "found"), text(one, "advice")))
        })
        .collect()
}

/// Asserts that exactly this check fails, with these texts.
#[track_caller]
fn assert_only(ended: &Ended, check: &str, texts: &[&str]) {
    let failed = findings(ended, "failed");
    let [(name, sentence)] = failed.as_slice() else { panic!("{check}: {ended:?}") };
    assert_eq!((name.as_str(), ended.code), (check, 1), "{failed:?}");
    for text in texts {
        assert!(sentence.contains(text), "{text:?} is not in {sentence:?}");
    }
}

#[tokio::test]
async fn a_healthy_installation_passes_every_check() {
    let ended = Scene::healthy().await.doctor(&["--output", "json"]).await;
    assert_eq!(ended.code, 0, "{ended:?}");
    assert_eq!(findings(&ended, "failed"), []);
    assert_eq!(findings(&ended, "notChecked"), []);
}

/// A fault, the check that finds it, and the texts of the finding.
type PlantedFault = (fn(&mut Scene), &'static str, &'static [&'static str]);

const PLANTED_FAULTS: [PlantedFault; 12] = [
    (
        |scene| scene.strip(BROKER_IDENTITY),
        "the broker's roles",
        &[
            "missing on Microsoft Graph: AppRoleAssignment.ReadWrite.All, Application.Read.All",
            "app-role assign",
        ],
    ),
    (
        |scene| {
            scene.world.tenant.grant(BROKER_IDENTITY, MICROSOFT_GRAPH, "User.Read.All").unwrap();
        },
        "the broker's roles",
        &["not needed: User.Read.All", "app-role revoke"],
    ),
    (
        |scene| scene.identity = "id-app-role-borker",
        "the broker's roles",
        &["no principal \"id-app-role-borker\"", "did you mean id-app-role-broker?"],
    ),
    (
        |scene| std::fs::remove_file(scene.world.path("policy.json")).unwrap(),
        "policy",
        &["policy.json cannot be read", "the broker denies everything"],
    ),
    (
        |scene| scene.spoil("policy.json", "\"requesters\"", "\"requester\""),
        "policy",
        &["policy.json is not a valid policy", "unknown field `requester`"],
    ),
    (
        |scene| scene.spoil("host.json", "\"none\"", "\"base64\""),
        "host.json",
        &["messageEncoding must be \"none\""],
    ),
    (
        |scene| scene.spoil("AssignRole/function.json", "\"binary\"", "\"string\""),
        "folders",
        &["AssignRole/function.json", "binary"],
    ),
    (
        |scene| scene.spoil("AssignRole/function.json", "{", ""),
        "folders",
        &["AssignRole/function.json"],
    ),
    (
        |scene| {
            scene.spoil("AssignRole/function.json", "app-role-requests", "orders-requests");
            scene.spoil("policy.json", "app-role-requests", "orders-requests");
        },
        "queue orders-requests",
        &["does not exist", "create it"],
    ),
    (
        |scene| scene.spoil("policy.json", "queue:app-role-requests", "queue:app-role-request"),
        "requesters",
        &[
            "names queue:app-role-request, and no function takes",
            "did you mean queue:app-role-requests?",
        ],
    ),
    (
        |scene| scene.spoil("policy.json", "queue:app-role-requests", "eventgrid:Requests"),
        "requesters",
        &["rule \"orders workloads\" names eventgrid:Requests", "add its function folder"],
    ),
    (
        |scene| scene.environment.push(("APP_ROLE_BROKER", "http://127.0.0.1:1".to_owned())),
        "the broker's health",
        &["http://127.0.0.1:1/api/health does not answer"],
    ),
];

/// What keeps the operator from looking, and the check that says so.
const OBSTACLES: [PlantedFault; 2] = [
    (
        |scene| scene.environment.push(("IDENTITY_HEADER", "wrong".to_owned())),
        "sign-in",
        &["you are not signed in", "assign a managed identity"],
    ),
    (
        |scene| scene.strip(OPERATOR),
        "reading the directory",
        &["Microsoft Graph denied access", "Cloud Application Administrator"],
    ),
];

#[tokio::test]
async fn what_cannot_be_seen_has_an_exit_status_of_its_own() {
    for (plant, check, texts) in OBSTACLES {
        let mut scene = Scene::healthy().await;
        plant(&mut scene);
        assert_only_unknown(&scene.doctor(&["--output", "json"]).await, check, texts);
        std::fs::remove_file(scene.world.path("policy.json")).unwrap();
        let ended = scene.doctor(&["--output", "json"]).await;
        assert_eq!(ended.code, 1, "what is wrong counts first: {ended:?}");
    }
}

#[tokio::test]
async fn a_wrong_app_root_fails() {
    let scene = Scene::healthy().await;
    std::fs::create_dir(scene.world.path("empty")).unwrap();
    for folder in ["empty", "missing", "policy.json"] {
        let ended = scene.doctor(&["--app-root", folder, "--output", "json"]).await;
        assert_only(&ended, "host.json", &[&format!("{folder} has no host.json"), "--app-root"]);
    }
}

#[tokio::test]
async fn a_queue_that_no_rule_names_is_a_warning() {
    let scene = Scene::healthy().await;
    let account = Account::from_connection_string(&scene.requests).unwrap();
    account.queue("parcels-requests").unwrap().create_if_missing().await.unwrap();
    std::fs::create_dir(scene.world.path("AssignParcels")).unwrap();
    let folder = scene.world.read("AssignRole/function.json");
    let folder = folder.replace("app-role-requests", "parcels-requests");
    scene.world.write("AssignParcels/function.json", &folder);
    let ended = scene.doctor(&["--output", "json"]).await;
    let found = findings(&ended, "warning");
    let [(check, sentence)] = found.as_slice() else { panic!("{ended:?}") };
    assert_eq!((check.as_str(), ended.code), ("requesters", 0));
    assert!(sentence.starts_with("AssignParcels takes requests from queue:parcels-requests"));
    assert!(sentence.contains("name it in a rule"), "{sentence}");
}

#[tokio::test]
async fn each_of_twelve_faults_fails_exactly_one_check() {
    for (plant, check, texts) in PLANTED_FAULTS {
        let mut scene = Scene::healthy().await;
        plant(&mut scene);
        let ended = scene.doctor(&["--output", "json"]).await;
        assert_only(&ended, check, texts);
    }
}

#[tokio::test]
async fn a_missing_azure_role_is_reported_with_the_command_that_assigns_it() {
    for (status, roles, text) in [
        (
            200,
            &[][..],
            "its identities get nothing by a rule for this scope → az role assignment create",
        ),
        (404, &[], "the scope does not exist → correct the scope in the policy"),
        (403, &[], "you cannot list its role assignments → you need the Azure role Reader"),
        (500, &[], "Azure Resource Manager answered 500"),
    ] {
        let mut scene = Scene::healthy().await;
        scene.environment.push(("ARM_ENDPOINT", fake_arm::start(status, roles).await));
        let ended = scene.doctor(&["--output", "json"]).await;
        let is_seen = matches!(status, 200 | 404);
        let assert = if is_seen { assert_only } else { assert_only_unknown };
        assert(&ended, "the broker's Azure role", &["/resourcegroups/rg-orders-dev: ", text]);
    }
}

#[tokio::test]
async fn a_custom_azure_role_leaves_it_unknown() {
    let mut scene = Scene::healthy().await;
    let arm = fake_arm::start(200, &["some-other-role"]).await;
    scene.environment.push(("ARM_ENDPOINT", arm));
    let ended = scene.doctor(&["--output", "json"]).await;
    let text = "has 1 roles that this program does not know";
    assert_only_unknown(&ended, "the broker's Azure role", &[text]);
}

#[tokio::test]
async fn a_wrong_clock_is_reported() {
    let mut scene = Scene::healthy().await;
    let late = slow_clock::in_front_of(scene.world.tenant.graph_endpoint()).await;
    scene.environment.push(("GRAPH_ENDPOINT", late));
    let ended = scene.doctor(&["--output", "json"]).await;
    assert_only(&ended, "clock", &["seconds ahead of Microsoft Graph", "NTP"]);
}

#[tokio::test]
async fn failed_health_checks_of_the_broker_are_reported() {
    for (answer, text) in [
        (health("failed"), "failed: queues → see the broker's log"),
        (
            json!("<html>"),
            "the answer is not that of a broker (HTTP status 200 OK) → check --broker",
        ),
    ] {
        let scene =
            Scene { broker: FakeBroker::with_health(answer).await, ..Scene::healthy().await };
        let ended = scene.doctor(&["--output", "json"]).await;
        assert_only(&ended, "the broker's health", &[text]);
    }
}

#[tokio::test]
async fn another_policy_in_force_is_a_warning_and_no_failure() {
    let mut none = health("ok");
    none["checks"]["policy"] = json!("failed");
    let mut invalid = health("ok");
    invalid["policySha256"] = json!("9c5df05f");
    let other = health_with_policy(POLICY);
    for (answer, state, text) in [
        (other, "warning", "the broker has another policy in force: its SHA-256 is "),
        (health("ok"), "unknown", "the broker does not state its policy"),
        (invalid, "unknown", "the broker does not state its policy"),
        (none, "failed", "failed: policy → see the broker's log"),
    ] {
        let scene =
            Scene { broker: FakeBroker::with_health(answer).await, ..Scene::healthy().await };
        let ended = scene.doctor(&["--output", "json"]).await;
        let found = findings(&ended, state);
        assert!(found.iter().any(|(_, found)| found.contains(text)), "{text}: {ended:?}");
        let code = match state {
            "failed" => 1,
            "unknown" => 8,
            _ => 0,
        };
        assert_eq!(ended.code, code, "{ended:?}");
    }
}

#[tokio::test]
async fn denied_access_to_storage_is_reported_with_the_needed_role() {
    let mut scene = Scene::healthy().await;
    let other = account().await;
    scene.host_storage =
        scene.host_storage.replacen(account_key(&scene.host_storage), other.key(), 1);
    let ended = scene.doctor(&["--output", "json"]).await;
    let failed = findings(&ended, "unknown");
    let checks: Vec<_> = failed.iter().map(|(check, _)| check.as_str()).collect();
    assert_eq!(checks, ["queue app-role-failed", "table AppRoleAudit"], "{ended:?}");
    assert_eq!(ended.code, 8);
    assert!(failed[0].1.contains("Storage Queue Data Reader"), "{failed:?}");
    assert!(failed[1].1.contains("Storage Table Data Reader"), "{failed:?}");
    assert!(!format!("{ended:?}").contains(other.key()), "a key was printed");
}

/// Returns the account key of a connection string.
fn account_key(connection: &str) -> &str {
    connection.split(';').find_map(|part| part.strip_prefix("AccountKey=")).unwrap()
}

#[tokio::test]
async fn failed_requests_are_counted_and_replay_is_suggested() {
    let scene = Scene::healthy().await;
    let account = Account::from_connection_string(&scene.host_storage).unwrap();
    let failed = account.queue("app-role-failed").unwrap();
    failed.create_if_missing().await.unwrap();
    failed.send("{}").await.unwrap();
    let ended = scene.doctor(&["--output", "json"]).await;
    let ok = findings(&ended, "ok");
    let expected = "about 1 failed requests → fix the cause, then run app-role replay";
    assert!(ok.contains(&("queue app-role-failed".to_owned(), expected.to_owned())), "{ok:?}");
}

#[tokio::test]
async fn a_skipped_check_names_its_option() {
    let world = World::new().await;
    let ended = world.run(&["doctor", "--output", "json"]).await;
    let not_checked = findings(&ended, "notChecked");
    for option in ["--app-root", "--broker-identity", "--broker", "--requests", "--host-storage"] {
        let sentence = format!("skipped, because {option} was not given → pass {option}");
        assert!(not_checked.iter().any(|(_, found)| *found == sentence), "{option}: {ended:?}");
    }
    assert_eq!((ended.code, findings(&ended, "failed")), (0, Vec::new()));
}
