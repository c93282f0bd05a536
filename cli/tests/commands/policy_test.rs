//! `policy test`: tests of a policy, without a network.

use serde_json::{Value, json};

use crate::{
    transcript::transcript,
    world::{Ended, World, app_root, end},
};

const RESOURCE: &str = "/subscriptions/c0a70500-0000-4000-8000-000000000002/resourceGroups/rg-orders-dev/\
                        providers/Microsoft.ManagedIdentity/userAssignedIdentities/id-orders";

/// A test of the policy of the world, which passes.
pub(crate) fn allowed() -> Value {
    json!({
        "name": "orders may be read", "requester": "queue:app-role-requests", "principal": RESOURCE,
        "api": "c0a70500-0000-4000-8000-0000000000b1", "role": "Orders.Read",
        "expect": { "decision": "allowed", "rule": "orders workloads" },
    })
}

/// [`allowed`] with other fields.
fn with(fields: &Value) -> Value {
    let mut test = allowed();
    test.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    test
}

/// A test of the policy of the world, which passes and shows that the rule denies.
pub(crate) fn denied() -> Value {
    with(&json!({
        "name": "orders may not be administered", "role": "Orders.Admin",
        "expect": { "decision": "denied", "rule": "orders workloads", "code": "noRuleForRole" },
    }))
}

pub(crate) fn file(tests: &[Value]) -> String {
    json!({ "version": 1, "tests": tests }).to_string()
}

/// Runs the program without anything to sign in with.
async fn run(world: &World, arguments: &[&str]) -> Ended {
    let mut command = world.command(&[&["policy", "test"], arguments].concat());
    command.env_remove("IDENTITY_ENDPOINT").env_remove("GRAPH_ENDPOINT");
    end(command, "").await
}

#[tokio::test]
async fn a_policy_without_tests_is_an_error_with_advice() {
    let world = World::new().await;
    let ended = run(&world, &[]).await;
    ended.assert_failed(1, &["the folder . has no test file", "hint: write one"]);
    std::fs::create_dir(world.path("tests")).unwrap();
    run(&world, &["tests"]).await.assert_failed(1, &["the folder tests has no test file"]);
    run(&world, &["gone.json"]).await.assert_failed(1, &["gone.json cannot be read"]);
    world.write("none.policytest.json", &file(&[]));
    run(&world, &[]).await.assert_failed(1, &["none.policytest.json:1:10: tests: an empty list"]);
}

#[tokio::test]
async fn a_failed_test_says_what_was_expected_and_what_it_is() {
    let world = World::new().await;
    let failing = [
        with(&json!({ "name": "a", "expect": { "decision": "denied" } })),
        with(
            &json!({ "name": "b", "expect": { "decision": "allowed", "rule": "orders workload" } }),
        ),
        with(&json!({ "name": "c", "expect": { "decision": "allowed", "end": "PT8H" } })),
        with(&json!({ "name": "d", "role": "Orders.Admin", "principal": "graph-sync",
                      "expect": { "decision": "denied", "rule": "orders workloads" } })),
        allowed(),
    ];
    let mut tests: Value = serde_json::from_str(&file(&failing)).unwrap();
    tests["principals"] = json!({ "graph-sync": "c0a70500-0000-4000-8000-0000000000d1" });
    world.write("policy.policytest.json", &tests.to_string());
    let ended = run(&world, &[]).await;
    ended.assert_said(
        6,
        &[
            "failed \"a\", policy.policytest.json tests[0]",
            "expected denied, but it is allowed by rule \"orders workloads\"",
            "no such rule \"orders workload\" (did you mean orders workloads?)",
            "expected the end 20",
            "but there is no end",
            "expected that rule \"orders workloads\" lacks one thing: \"principals\" does not cover",
            "4 failed, 1 passed",
        ],
    );
    let answer = run(&world, &["--output", "json"]).await.json();
    assert_eq!((&answer["passed"], &answer["failed"]), (&json!(1), &json!(4)));
    assert_eq!(answer["files"][0]["tests"][4]["passed"], json!(true));
    assert_eq!(answer["files"][0]["tests"][0]["problems"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_rule_without_a_test_is_a_warning_or_a_failure() {
    let world = World::new().await;
    world.write("policy.policytest.json", &file(&[allowed()]));
    let ended = run(&world, &[]).await;
    ended.assert_done(&[
        "orders workloads  1       none",
        "warning: rules that lack a test: 1 of 1",
    ]);
    let required = run(&world, &["--require-coverage", "--junit", "results.xml"]).await;
    required.assert_said(6, &["not covered: rules that lack a test: 1 of 1", "1 passed"]);
    assert!(world.read("results.xml").contains("denies something near it"));
    world.write("policy.policytest.json", &file(&[allowed(), denied()]));
    run(&world, &["--require-coverage"]).await.assert_done(&["2 passed"]);
    let answer = run(&world, &["--output", "json"]).await.json();
    let expected =
        json!([{ "rule": "orders workloads", "list": "allow", "allows": 1, "denies": 1 }]);
    assert_eq!(answer["coverage"], expected);
}

#[tokio::test]
async fn a_faulty_file_is_reported_with_all_its_faults_and_no_test_runs() {
    let world = World::new().await;
    world.write("a.policytest.json", "{ \"version\": 1, \"test\": [] }");
    world.write("b.policytest.json", &file(&[with(&json!({ "requester": "all", "role": "" }))]));
    let ended = run(&world, &["--output", "json"]).await;
    ended.assert_failed(
        1,
        &[
            "error: a.policytest.json:1:17: unknown field `test` (did you mean `tests`?)",
            "error: b.policytest.json:1:",
            "tests[0].requester: expected queue:",
            "tests[0].role: must not be empty",
            "4 faults in 2 test files, so no test was run",
        ],
    );
    assert_eq!(ended.stdout, "");
}

#[tokio::test]
async fn a_faulty_policy_is_an_error() {
    let world = World::new().await;
    world.write("policy.policytest.json", &file(&[allowed()]));
    world.write("policy.json", "{}");
    run(&world, &[]).await.assert_failed(1, &["policy.json"]);
    let missing = run(&world, &["--policy", "gone.json"]).await;
    missing.assert_failed(1, &["gone.json cannot be read"]);
}

#[tokio::test]
async fn a_result_file_that_cannot_be_written_is_an_error() {
    let world = World::new().await;
    world.write("policy.policytest.json", &file(&[allowed()]));
    let ended = run(&world, &["--junit", "no/folder/results.xml"]).await;
    ended.assert_failed(1, &["no/folder/results.xml cannot be written"]);
    for input in ["policy.policytest.json", "./policy.json"] {
        let before = world.read(input);
        let ended = run(&world, &["--junit", input]).await;
        ended.assert_failed(2, &["would overwrite", "hint: name another file"]);
        assert_eq!(world.read(input), before);
    }
}

#[tokio::test]
async fn a_request_that_can_never_be_approved_is_denied_as_by_the_broker() {
    let world = World::new().await;
    let person = "http:c0a70500-0000-4000-8000-0000000000e1";
    let mut policy: Value = serde_json::from_str(&world.read("policy.json")).unwrap();
    policy["allow"][0]["requesters"] = json!([person, "queue:app-role-requests"]);
    policy["allow"][0]["approval"] = json!({ "by": [person] });
    world.write("policy.json", &policy.to_string());
    let never = json!({ "decision": "denied", "code": "noApprover", "rule": "orders workloads" });
    let once = json!({ "decision": "needsApproval", "approvers": [person] });
    let tests = [
        with(&json!({ "name": "a", "requester": person, "expect": never })),
        with(&json!({ "name": "b", "expect": once })),
    ];
    world.write("policy.policytest.json", &file(&tests));
    run(&world, &[]).await.assert_done(&["2 passed"]);
}

#[tokio::test]
async fn tests_can_be_in_other_folders_than_the_policy() {
    let world = World::new().await;
    std::fs::create_dir(world.path("tests")).unwrap();
    world.write("tests/a.policytest.json", &file(&[allowed()]));
    world.write("tests/b.policytest.json", &file(&[denied()]));
    world.write("tests/notes.json", "no test");
    let twice = ["tests", "tests/a.policytest.json"];
    run(&world, &twice).await.assert_done(&["2 passed in 2 files"]);
    world.write("tests/policy.json", &world.read("policy.json"));
    std::fs::remove_file(world.path("policy.json")).unwrap();
    run(&world, &["--policy", "tests/policy.json"]).await.assert_done(&["2 passed in 2 files"]);
}

#[tokio::test]
async fn an_end_that_has_passed_at_the_time_of_the_test_is_a_failure_of_the_test() {
    let world = World::new().await;
    let test = with(&json!({ "endDateTime": "2020-01-01T00:00:00Z" }));
    world.write("policy.policytest.json", &file(&[test]));
    run(&world, &[]).await.assert_said(6, &["endDateTime has passed", "state \"now\""]);
    let test =
        with(&json!({ "endDateTime": "2020-01-01T00:00:00Z", "now": "2019-12-31T00:00:00Z" }));
    world.write("policy.policytest.json", &file(&[test]));
    run(&world, &[]).await.assert_done(&["1 passed"]);
}

#[tokio::test]
async fn the_first_gate_sees_the_names_of_the_request_only() {
    let world = World::new().await;
    let elsewhere = RESOURCE.replace("rg-orders-dev", "rg-other");
    let by_name = json!({ "decision": "denied", "code": "noRuleForPrincipal" });
    let by_place = json!({ "decision": "denied", "code": "noRuleForRequester" });
    let mut tests: Value = serde_json::from_str(&file(&[
        with(&json!({ "name": "a", "principal": elsewhere, "expect": by_place })),
        with(&json!({ "name": "b", "principal": "id-other", "expect": by_name })),
    ]))
    .unwrap();
    tests["principals"] = json!({ "id-other": elsewhere });
    world.write("policy.policytest.json", &tests.to_string());
    run(&world, &[]).await.assert_done(&["2 passed"]);
}

#[tokio::test]
async fn the_sample_policy_passes_its_tests_and_is_valid() {
    let world = World::new().await;
    let policy = app_root().join("examples/policy/policy.json");
    let policy = policy.to_str().unwrap();
    let ended = run(&world, &["--policy", policy, "--require-coverage"]).await;
    ended.assert_done(&["passed in 4 files", "directory sync stops", "workloads send telemetry"]);
    world.run(&["policy", "check", policy, "--strict"]).await.assert_done(&["is valid"]);
}

/// The code blocks of a kind in a text.
fn blocks<'a>(text: &'a str, kind: &str) -> Vec<&'a str> {
    let start = format!("```{kind}\n");
    text.split(start.as_str()).skip(1).filter_map(|rest| rest.split("```").next()).collect()
}

#[tokio::test]
async fn the_example_of_the_page_about_policies_prints_what_the_page_shows() {
    let page = std::fs::read_to_string(app_root().join("docs/policy.md")).unwrap();
    let section =
        page.split("## Testing a policy\n").nth(1).unwrap().split("\n## ").next().unwrap();
    let (json, shown) = (blocks(section, "json"), blocks(section, "text"));
    let world = World::new().await;
    let before = page.split("## Testing a policy\n").next().unwrap();
    let policy = *blocks(before, "json").last().unwrap();
    world.write("policy.json", policy);
    world.write("policy.policytest.json", json[0]);
    assert_eq!(seen(&world, shown[0], 0).await, shown[0]);
    let mut tests: Value = serde_json::from_str(json[0]).unwrap();
    let more: Value = serde_json::from_str(json[1]).unwrap();
    let sync = tests["principals"]["id-sync"].as_str().unwrap().to_owned();
    tests["tests"].as_array_mut().unwrap().push(more);
    world.write("policy.policytest.json", &tests.to_string());
    run(&world, &[]).await.assert_done(&["3 passed"]);
    assert_eq!(
        seen(&world, &shown[2].replace("$ID", &sync), 0).await,
        shown[2].replace("$ID", &sync)
    );
    let wide = policy.replace("\"roles\": [\"Orders.Read\"]", "\"roles\": [\"Orders.*\"]");
    world.write("policy.json", &wide);
    assert_eq!(seen(&world, shown[1], 6).await, shown[1]);
}

/// Runs the command in the first line of a block. Returns the block as it should be.
async fn seen(world: &World, block: &str, code: i32) -> String {
    let line = block.lines().next().unwrap().strip_prefix("$ ").unwrap();
    let ended = end(world.shell(line), "").await;
    assert_eq!((ended.code, ended.stderr.as_str()), (code, ""), "{ended:?}");
    let text = transcript(line, &ended);
    text.split("[exit status").next().unwrap().to_owned()
}
