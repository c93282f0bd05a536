//! The lines that the host gets for events in spans.

use broker::LogOutput;
use serde_json::Value;
use tempfile::NamedTempFile;
use tracing::subscriber::with_default;
use tracing_subscriber::layer::SubscriberExt;

use super::{layer, streams::Streams};

/// What a program writes to standard output and to standard error.
fn written(filter: Option<&str>, program: impl FnOnce()) -> [String; 2] {
    let files = [NamedTempFile::new().unwrap(), NamedTempFile::new().unwrap()];
    let [output, error] = files.each_ref().map(|file| file.reopen().ok());
    let streams = Streams::to_files(output, error, LogOutput::default());
    let subscriber = tracing_subscriber::registry().with(layer(filter, streams));
    with_default(subscriber, program);
    files.map(|file| std::fs::read_to_string(file.path()).unwrap())
}

fn json(line: &str) -> Value {
    serde_json::from_str(line).unwrap()
}

#[test]
fn warnings_and_errors_go_to_standard_error_and_all_else_to_standard_output() {
    let [output, error] = written(Some("debug"), || {
        tracing::error!(target: "broker", event = "a", "1");
        tracing::warn!(target: "broker", event = "b", "2");
        tracing::info!(target: "broker", event = "c", "3");
        tracing::debug!(target: "broker", event = "d", "4");
    });
    let levels = |text: &str| {
        text.lines()
            .map(|line| json(line)["level"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(levels(&output), ["INFO", "DEBUG"]);
    assert_eq!(levels(&error), ["ERROR", "WARN"]);
}

/// The severity that the host gives a line of standard error.
fn is_warning(line: &str) -> bool {
    line.to_ascii_lowercase().contains("warn")
}

#[test]
fn the_host_sees_an_error_as_an_error_whatever_it_says_and_a_warning_as_a_warning() {
    let [_, error] = written(None, || {
        let span = tracing::info_span!(target: "broker", "call", function = "Warner");
        let _inside = span.enter();
        tracing::error!(target: "broker::warn_once", event = "a", rule = "WARN", "Warning: warn");
        tracing::warn!(target: "broker", event = "b", "quiet");
    });
    let lines: Vec<_> = error.lines().collect();
    assert!(!is_warning(lines[0]), "{}", lines[0]);
    assert!(is_warning(lines[1]), "{}", lines[1]);
    let line = json(lines[0]);
    assert_eq!(line["message"], "Warning: warn");
    assert_eq!((&line["rule"], &line["function"]), (&json("\"WARN\""), &json("\"Warner\"")));
}

#[test]
fn event_and_ids_come_first_and_the_message_last_and_no_name_comes_twice() {
    let [output, _] = written(None, || {
        let outer = tracing::info_span!(target: "broker", "a", trace_id = "t", requester = "old");
        let _outer = outer.enter();
        let inner =
            tracing::info_span!(target: "broker", "b", attempt = 2_u32, empty = None::<u32>);
        let _inner = inner.enter();
        tracing::info!(target: "record", event = "audit", requester = "queue:q", is_held = true, "done");
    });
    let (_, members) = output.trim_end().split_once("\",\"level\"").unwrap();
    assert_eq!(
        members,
        ":\"INFO\",\"event\":\"audit\",\"trace_id\":\"t\",\"requester\":\"queue:q\",\"attempt\":2,\
         \"is_held\":true,\"target\":\"record\",\"message\":\"done\"}"
    );
}

#[test]
fn no_setting_silences_the_record_or_its_ids() {
    for filter in ["off", "error", "record=off", "broker=off,info"] {
        let [output, _] = written(Some(filter), || {
            let span = tracing::info_span!(target: "functions_handler", "a", invocation_id = "i");
            let _inside = span.enter();
            tracing::info!(target: "record", event = "grant.intent", "about to write");
        });
        assert_eq!(json(&output)["invocation_id"], "i", "{filter}");
    }
}

#[test]
fn lines_of_libraries_are_logged_only_from_warnings_on() {
    let [output, error] = written(Some("trace"), || {
        tracing::info!(target: "reqwest", "headers");
        tracing::error!(target: "warp::server", "a connection was closed");
        tracing::warn!(target: "reqwest", "trouble");
    });
    assert_eq!((output.lines().count(), error.lines().count()), (0, 1), "{output}{error}");
}
