//! Settings in host.json, function.json and the environment.

use functions_host_emulator::{FunctionsHost, LogLevel, Outcome, StartError};
use serde_json::json;

use crate::app::{App, DEADLINE, request, response, trigger};

#[tokio::test]
async fn an_invalid_host_json_is_refused_at_the_start() {
    let app = App::new().await.with_host_json("extensions__queues__batchSize", "33");
    let error = FunctionsHost::start(app.options).await.map(drop).unwrap_err();
    assert!(matches!(error, StartError::Settings(_)));
    let expected = "extensions:queues:batchSize is '33', and should be a number from 1 to 32";
    assert_eq!(error.to_string(), expected);
}

#[tokio::test]
async fn invalid_functions_are_logged_and_the_others_run() {
    let timer = json!({ "type": "timerTrigger", "name": "t", "schedule": "every minute" });
    let mut connected = trigger("q");
    connected["connection"] = "Absent".into();
    let app = App::new()
        .await
        .with_function("Succeed")
        .await
        .with_bindings("Blob", &json!([{ "type": "blobTrigger", "name": "b" }]))
        .with_bindings("Routed", &json!([request("anonymous", "jobs/{id}/log"), response()]))
        .with_bindings("Timed", &json!([timer]))
        .with_bindings("Unconnected", &json!([connected]));
    let host = app.run().await;
    for expected in [
        "The 'Blob' function is in error and does not run: the binding type 'blobTrigger'",
        "The 'Unconnected' function is in error and does not run: Storage account connection string 'AzureWebJobsAbsent'",
        "The 'Routed' function is in error and does not run: route 'jobs/{id}/log' is invalid, or has other parameters",
        "The 'Timed' function is in error and does not run: The schedule expression 'every minute'",
    ] {
        let record = host.wait_for_log(expected, DEADLINE).await.unwrap();
        assert_eq!(record.level, LogLevel::Warning);
    }
    host.send("succeed", "text").await;
    assert_eq!(host.finished(1).await[0].outcome, Outcome::Succeeded);
}

#[tokio::test]
async fn a_disabled_function_does_not_run_and_without_functions_there_is_no_handler() {
    let app = App::new().await.with_function("Succeed").await;
    let host = app.with("AzureWebJobs.Succeed.Disabled", Some("true")).start().await;
    host.wait_for_log("Function 'Succeed' is disabled", DEADLINE).await.unwrap();
    host.wait_for_log("No functions found", DEADLINE).await.unwrap();
}
