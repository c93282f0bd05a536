//! The end of the handler process, and the host's reaction.

use functions_host_emulator::{LogLevel, Outcome, StopReason};
use tokio::net::TcpStream;

use crate::app::{App, DEADLINE};

#[tokio::test]
async fn the_third_end_with_an_error_stops_the_host() {
    let app = App::new().await.with_function("Succeed").await;
    let host = app.with("STUB_EXIT_CODE", Some("3")).start().await;
    assert_eq!(host.stopped().await, StopReason::TooManyWorkerErrors);
    let exits = host.log().into_iter().filter(|r| r.message.contains("exited with code 3 (0x3)"));
    let exits: Vec<_> = exits.map(|record| record.message).collect();
    assert_eq!(exits.len(), 3);
    assert!(exits[0].ends_with("two,three,last words"), "{exits:?}");
    let message = "Exceeded http worker restart retry count. Shutting down Functions Host";
    assert_eq!(host.wait_for_log(message, DEADLINE).await.unwrap().level, LogLevel::Error);
}

#[tokio::test]
async fn a_handler_that_never_listens_is_an_error_each_time() {
    let app = App::new().await.with_function("Succeed").await;
    let app = app.with_host_json("customHandler__initializationTimeout", "00:00:00.2");
    let host = app.with("STUB_DEAF", Some("1")).start().await;
    assert_eq!(host.stopped().await, StopReason::TooManyWorkerErrors);
    let message = "Initializing HttpWorker timed out.";
    assert_eq!(host.log().iter().filter(|record| record.message == message).count(), 3);
}

#[tokio::test]
async fn an_executable_that_is_missing_is_named_and_the_first_invocation_stops_the_host() {
    let app = App::new().await.with_function("Succeed").await;
    let app = app.with_host_json("customHandler__initializationTimeout", "00:00:00.1");
    let path = "customHandler__description__defaultExecutablePath";
    let host = app.with_host_json(path, "no-such-handler").start().await;
    let message = "Failed to start Worker Channel. Process fileName: no-such-handler";
    host.wait_for_log(message, DEADLINE).await.unwrap();
    host.ready().await.unwrap_err();
    host.send("succeed", "text").await;
    assert_eq!(host.stopped().await, StopReason::NotInitialized);
}

#[tokio::test]
async fn after_exit_code_0_the_handler_is_not_restarted() {
    let app = App::new().await.with_function("ExitFirst").await;
    let app = app.with_host_json("extensions__queues__maxDequeueCount", "2");
    let host = app.run().await;
    host.send("exitfirst", "0").await;
    let finished = host.finished(2).await;
    assert!(finished.iter().all(|one| matches!(one.outcome, Outcome::Failed(_))), "{finished:?}");
    host.wait_for_log("exited with code 0 (0x0)", DEADLINE).await.unwrap();
    assert_eq!(host.events("started").await.len(), 1);
}

#[tokio::test]
async fn a_restarted_handler_has_the_same_port_and_another_id() {
    let app = App::new().await.with_function("Succeed").await;
    let host = app.run().await;
    host.kill_worker().await;
    host.ready().await.unwrap();
    host.wait_for_log("exited with code 137 (0x89)", DEADLINE).await.unwrap();
    host.send("succeed", "text").await;
    assert_eq!(host.finished(1).await[0].outcome, Outcome::Succeeded);
    let starts = host.events("started").await;
    let variable = |start: usize, name: &str| starts[start]["environment"][name].clone();
    let (port, id) = ("FUNCTIONS_CUSTOMHANDLER_PORT", "FUNCTIONS_CUSTOMHANDLER_WORKER_ID");
    assert_eq!(variable(0, port), variable(1, port));
    assert_ne!(variable(0, id), variable(1, id));
}

#[tokio::test]
async fn stopping_the_host_kills_the_handler() {
    let app = App::new().await.with_function("Succeed").await;
    let host = app.run().await;
    let start = host.events("started").await.remove(0);
    let port = &start["environment"]["FUNCTIONS_CUSTOMHANDLER_PORT"];
    let port: u16 = port.as_str().unwrap().parse().unwrap();
    TcpStream::connect(("127.0.0.1", port)).await.unwrap();
    host.stop().await;
    TcpStream::connect(("127.0.0.1", port)).await.unwrap_err();
}

#[tokio::test]
async fn the_handler_gets_its_environment_and_working_directory() {
    let app = App::new().await.with_function("Succeed").await;
    let local = r#"{"IsEncrypted":false,"Values":{"WORD":"local","OTHER":"local"}}"#;
    std::fs::write(app.root.path().join("local.settings.json"), local).unwrap();
    let root = app.root.path().to_str().unwrap().to_owned();
    let host = app.with("WORD", Some("given")).run().await;
    let start = host.events("started").await.remove(0);
    let variables = &start["environment"];
    assert_eq!(variables["FUNCTIONS_APP_ROOT_PATH"], root.as_str());
    assert_eq!(variables["FUNCTIONS_HTTPWORKER_PORT"], variables["FUNCTIONS_CUSTOMHANDLER_PORT"]);
    assert_eq!(
        variables["FUNCTIONS_HTTPWORKER_ID"],
        variables["FUNCTIONS_CUSTOMHANDLER_WORKER_ID"]
    );
    assert_eq!((&variables["WORD"], &variables["OTHER"]), (&"given".into(), &"local".into()));
    let folder = std::fs::canonicalize(root).unwrap();
    assert_eq!(start["folder"], folder.to_str().unwrap());
}

#[tokio::test]
async fn the_process_id_is_that_of_the_restarted_handler() {
    let host = App::new().await.with_function("Succeed").await.run().await;
    let first = host.worker_process_id().unwrap();
    host.kill_worker().await;
    host.ready().await.unwrap();
    let second = host.worker_process_id().unwrap();
    assert_ne!(first, second);
    host.wait_for_log(&format!("\"process\":{second}"), DEADLINE).await.unwrap();
}
