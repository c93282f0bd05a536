//! Function folders, host.json, local.settings.json and the code use the same names.

use std::{collections::BTreeSet, path::Path, time::Duration};

use broker::timing::Timing;
use function_folders::{
    AppSettings,
    function_json::FunctionFolders,
    host_json::HostJson,
    use_case::{
        CHECK_BINDING, EVENT_BINDING, FAILED_BINDING, REQUEST_BINDING, RESULT_BINDING, UseCase,
    },
};
use serde_json::Value;

use crate::world::ROOT;

fn json(file: &str) -> Value {
    serde_json::from_slice(&std::fs::read(Path::new(ROOT).join(file)).unwrap()).unwrap()
}

fn folders() -> FunctionFolders {
    FunctionFolders::read(Path::new(ROOT), &AppSettings::default()).unwrap()
}

#[test]
fn every_stock_folder_has_a_use_case() {
    let folders = folders();
    assert!(folders.faults.is_empty(), "{:?}", folders.faults);
    let names: Vec<_> = folders.functions.iter().map(|folder| folder.name.as_str()).collect();
    let expected = [
        "AppRoleApprovals",
        "AssignRole",
        "AssignRoleHttp",
        "BaselineChecks",
        "CheckHealth",
        "EndAssignments",
        "FinishApprovals",
        "Health",
        "ReconcileRoles",
        "ResourceEvent",
        "ResourceEventQueue",
        "SettleIntents",
    ];
    assert_eq!(names, expected);
    for folder in &folders.functions {
        UseCase::of(folder).unwrap();
    }
}

#[test]
fn assign_role_takes_requests_and_gives_results_in_the_documented_places() {
    let folders = folders();
    let assign_role = folders.functions.iter().find(|folder| folder.name == "AssignRole").unwrap();
    assert_eq!(assign_role.trigger.name, REQUEST_BINDING);
    assert_eq!(assign_role.trigger.queue_name.as_deref(), Some("app-role-requests"));
    let outputs = assign_role.outputs.iter().map(|output| {
        (output.name.as_str(), output.queue_name.as_deref(), output.connection.as_deref())
    });
    assert_eq!(
        outputs.collect::<Vec<_>>(),
        [
            (RESULT_BINDING, Some("app-role-results"), Some("RequestQueues")),
            // Failed requests are for operators only, so they are in the host's account.
            (FAILED_BINDING, Some("app-role-failed"), Some("AzureWebJobsStorage")),
        ]
    );
}

#[test]
fn all_functions_for_events_write_to_the_documented_queues() {
    let folders = folders();
    let events = folders.functions.iter().filter(|folder| folder.trigger.name == EVENT_BINDING);
    let mut kinds = Vec::new();
    for folder in events {
        kinds.push((folder.trigger.kind.as_str(), folder.trigger.queue_name.as_deref()));
        let outputs: Vec<_> = folder
            .outputs
            .iter()
            .map(|output| (output.name.as_str(), output.connection.as_deref().unwrap()))
            .collect();
        let expected = [(RESULT_BINDING, "RequestQueues"), (FAILED_BINDING, "AzureWebJobsStorage")];
        assert_eq!(outputs, expected, "{}", folder.name);
    }
    assert_eq!(
        kinds,
        [
            ("queueTrigger", Some("baseline-checks")),
            ("eventGridTrigger", None),
            ("queueTrigger", Some("resource-events")),
        ]
    );
}

#[test]
fn checks_that_the_timer_plans_go_to_a_queue_of_their_own() {
    let folders = folders();
    let named = |name: &str| folders.functions.iter().find(|folder| folder.name == name).unwrap();
    let (timer, checks) = (named("ReconcileRoles"), named("BaselineChecks"));
    let [output] = timer.outputs.as_slice() else { panic!("{:?}", timer.outputs) };
    assert_eq!((output.kind.as_str(), output.name.as_str()), ("queue", CHECK_BINDING));
    assert_eq!(output.queue_name, checks.trigger.queue_name);
    assert_eq!(output.connection, checks.trigger.connection);
    let trigger = &json("ReconcileRoles/function.json")["bindings"][0];
    assert_eq!(trigger["schedule"], "0 0 */6 * * *");
    assert_eq!((&trigger["useMonitor"], &trigger["runOnStartup"]), (&true.into(), &false.into()));
}

#[test]
fn assignments_are_ended_every_minute() {
    let settings = &json("EndAssignments/function.json")["bindings"];
    let [trigger] = settings.as_array().unwrap().as_slice() else { panic!("{settings}") };
    assert_eq!(trigger["schedule"], "0 * * * * *");
    assert_eq!((&trigger["useMonitor"], &trigger["runOnStartup"]), (&true.into(), &false.into()));
    assert_eq!(json("host.json")["functionTimeout"], "00:10:00");
    // The timer fires each minute.
    let ends = Timing::default();
    assert!(ends.end_assignments + ends.calls.write_answer < Duration::from_secs(60));
}

#[test]
fn intents_are_settled_every_ten_minutes() {
    let settings = &json("SettleIntents/function.json")["bindings"];
    let [trigger] = settings.as_array().unwrap().as_slice() else { panic!("{settings}") };
    assert_eq!(trigger["schedule"], "0 */10 * * * *");
    assert_eq!((&trigger["useMonitor"], &trigger["runOnStartup"]), (&true.into(), &false.into()));
    // A late intent has been tried twice.
    let timing = Timing::default();
    let period = Duration::from_secs(600);
    assert_eq!(timing.intent_late, timing.intent_age + 2 * period);
    assert!(timing.settle_all < period);
}

#[test]
fn approvals_are_finished_every_minute_between_two_looks_for_ends() {
    let settings = &json("FinishApprovals/function.json")["bindings"];
    let [trigger] = settings.as_array().unwrap().as_slice() else { panic!("{settings}") };
    assert_eq!(trigger["schedule"], "30 * * * * *");
    assert_eq!((&trigger["useMonitor"], &trigger["runOnStartup"]), (&true.into(), &false.into()));
}

/// A key proves no person. Approvers sign in, so the host asks for no key.
#[test]
fn no_key_opens_the_endpoint_for_approvals() {
    let trigger = &json("AppRoleApprovals/function.json")["bindings"][0];
    assert_eq!(trigger["authLevel"], "anonymous");
    assert_eq!(trigger["route"], "app-role-approvals/{id?}");
    assert_eq!(trigger["methods"], serde_json::json!(["get", "post"]));
}

#[test]
fn the_function_that_event_grid_pushes_to_is_off_on_a_developers_machine() {
    let settings = json("local.settings.json");
    assert_eq!(settings["Values"]["AzureWebJobs.ResourceEvent.Disabled"], "true");
}

#[test]
fn every_connection_is_set_on_a_developers_machine() {
    let settings = json("local.settings.json");
    let folders = folders();
    let bindings =
        folders.functions.iter().flat_map(|folder| folder.outputs.iter().chain([&folder.trigger]));
    let connections: BTreeSet<_> =
        bindings.filter_map(|binding| binding.connection.clone()).collect();
    assert_eq!(connections, ["AzureWebJobsStorage", "RequestQueues"].map(str::to_owned).into());
    for name in &connections {
        assert_eq!(settings["Values"][name], "UseDevelopmentStorage=true", "{name}");
    }
}

#[test]
fn the_host_starts_the_binary_that_cargo_builds() {
    let binary = Path::new(env!("CARGO_BIN_EXE_app-role-broker")).file_stem().unwrap();
    let host = json("host.json");
    let description = &host["customHandler"]["description"];
    assert_eq!(description["defaultExecutablePath"], binary.to_str().unwrap());
    let override_name = "AzureFunctionsJobHost__customHandler__description__defaultExecutablePath";
    let local = json("local.settings.json");
    let path = local["Values"][override_name].as_str().unwrap();
    assert_eq!(Path::new(path).file_stem().unwrap(), binary);
}

#[test]
fn the_host_settings_are_those_that_the_handler_expects() {
    let host = json("host.json");
    let queues = &host["extensions"]["queues"];
    assert_eq!(queues["messageEncoding"], "none");
    assert_eq!(queues["visibilityTimeout"], "00:01:00");
    assert_eq!(queues["maxPollingInterval"], "00:00:05");
    assert_eq!(queues["batchSize"], 32);
    assert_eq!(queues["newBatchThreshold"], 192);
    assert_eq!(host["functionTimeout"], "00:10:00");
    assert_eq!(host["extensionBundle"]["version"], "[4.*, 5.0.0)");
    let read = HostJson::read(Path::new(ROOT), &AppSettings::default()).unwrap();
    assert_eq!(u64::from(read.max_dequeue_count), queues["maxDequeueCount"].as_u64().unwrap());
    assert_eq!(read.max_dequeue_count, 30);
}

#[test]
fn application_insights_does_not_sample_the_lines_of_the_record() {
    let sampling = &json("host.json")["logging"]["applicationInsights"]["samplingSettings"];
    assert!(sampling["excludedTypes"].as_str().unwrap().split(';').any(|kind| kind == "Trace"));
}

#[test]
fn no_setting_of_a_developers_machine_is_a_secret() {
    let settings = json("local.settings.json");
    for (name, value) in settings["Values"].as_object().unwrap() {
        let value = value.as_str().unwrap();
        assert!(!value.contains("Key=") && !value.contains("sig="), "{name}");
    }
}

#[test]
fn the_policy_that_ships_is_valid_and_allows_nothing() {
    let policy = std::fs::read(Path::new(ROOT).join("policy.json")).unwrap();
    app_roles::policy::Policy::parse(&policy).unwrap();
    assert_eq!(json("policy.json")["allow"], serde_json::json!([]));
}

/// The JSON examples of a page, in order.
fn examples(page: &str) -> Vec<String> {
    let text = std::fs::read_to_string(Path::new(ROOT).join(page)).unwrap();
    let blocks = text.split("```json\n").skip(1);
    blocks.map(|block| block.split("```").next().unwrap().to_owned()).collect()
}

/// Checks that an example fits a schema, and that the code that reads such a document accepts it.
fn check_example(schema_name: &str, example: &str) {
    let schema = json(&format!("schemas/{schema_name}.schema.json"));
    let validator = jsonschema::validator_for(&schema).unwrap();
    let faults: Vec<_> = validator
        .iter_errors(&serde_json::from_str(example).unwrap())
        .map(|fault| fault.to_string())
        .collect();
    assert!(faults.is_empty(), "{schema_name}: {faults:?}");
    match schema_name {
        "request" => drop(app_roles::request::Request::decode(example.as_bytes()).unwrap()),
        "policy" => drop(app_roles::policy::Policy::parse(example.as_bytes()).unwrap()),
        _ => {}
    }
}

#[test]
fn the_examples_of_the_docs_are_valid() {
    let readme = examples("README.md");
    let [request, result, policy] = readme.as_slice() else { panic!("{}", readme.len()) };
    check_example("request", request);
    check_example("result", result);
    check_example("policy", policy);
    let requests = examples("docs/requests-and-results.md");
    let [request, result, failed] = requests.as_slice() else { panic!("{}", requests.len()) };
    check_example("request", request);
    check_example("result", result);
    let failed: Value = serde_json::from_str(failed).unwrap();
    app_roles::failed_request::ReplayableRequest::parse(&failed.to_string()).unwrap();
    let policies = ["docs/policy.md", "docs/policy-reference.md"].map(examples).concat();
    assert!(policies.len() >= 6, "{}", policies.len());
    for example in &policies {
        let read: Value = serde_json::from_str(example).unwrap();
        match (read.get("tests"), read.get("expect")) {
            (Some(_), _) => check_example("policytest", example),
            // The page shows one test as an addition to a file.
            (None, Some(_)) => {
                let file = serde_json::json!({ "version": 1, "tests": [read] });
                check_example("policytest", &file.to_string());
            }
            (None, None) => check_example("policy", example),
        }
    }
}
