//! Functions with a timer trigger.

use functions_host_emulator::Outcome;
use serde_json::{Value, json};

use crate::app::{App, DEADLINE};

fn timer(schedule: &str) -> Value {
    json!({ "type": "timerTrigger", "direction": "in", "name": "timer", "schedule": schedule })
}

#[tokio::test]
async fn a_function_with_an_invalid_schedule_does_not_run() {
    let app = App::new().await.with_bindings("Succeed", &json!([timer("every minute")]));
    let host = app.with_bindings("Fail", &json!([timer("%ABSENT_SCHEDULE%")])).start().await;
    for message in [
        "The schedule expression 'every minute' was not recognized as a valid cron expression",
        "'%ABSENT_SCHEDULE%' does not resolve to a value.",
    ] {
        host.wait_for_log(message, DEADLINE).await.unwrap();
    }
}

#[tokio::test]
async fn a_failed_run_is_not_repeated_early() {
    let mut at_once = timer("0 0 0 1 1 *");
    at_once["runOnStartup"] = true.into();
    let app = App::new().await.with_bindings("Fail", &json!([at_once]));
    // A repeated run would have finished before the fourth invocation.
    let host = app.with_bindings("Succeed", &json!([timer("00:00:00.3")])).run().await;
    let finished = host.finished(4).await;
    let failed: Vec<_> = finished.iter().filter(|one| one.function == "Fail").collect();
    let [failed] = failed[..] else { panic!("{finished:?}") };
    assert!(matches!(failed.outcome, Outcome::Failed(_)), "{failed:?}");
}

#[tokio::test]
async fn runs_never_overlap_however_long_they_take() {
    let app = App::new().await.with_bindings("Crowd", &json!([timer("00:00:00.02")]));
    let host = app.run().await;
    host.finished(5).await;
    let concurrent = host.events("concurrent").await;
    assert!(concurrent.iter().all(|count| *count == 1), "{concurrent:?}");
}

#[tokio::test]
async fn a_timer_that_fires_each_second_has_no_status() {
    let app = App::new().await.with_bindings("Succeed", &json!([timer("%SCHEDULE%")]));
    let host = app.with("SCHEDULE", Some("* * * * * *")).run().await;
    let finished = host.finished(2).await.remove(0);
    assert_eq!((finished.outcome, finished.message_id), (Outcome::Succeeded, None));
    let call = host.received().await.remove(0);
    let expected = json!({ "Schedule": { "AdjustForDST": true }, "ScheduleStatus": null,
                           "IsPastDue": false });
    assert_eq!(call["Data"]["timer"], expected);
    assert_eq!(call["Metadata"].as_object().unwrap().len(), 1);
    assert_eq!(call["Metadata"]["sys"]["MethodName"], "Succeed");
}

#[tokio::test]
async fn a_timer_can_be_run_by_hand_and_has_its_next_occurrence() {
    let mut unmonitored = timer("0 0 0 1 1 *");
    unmonitored["useMonitor"] = false.into();
    let app = App::new().await.with_bindings("Succeed", &json!([timer("0 0 0 1 1 *")]));
    let host = app.with_bindings("Crowd", &json!([unmonitored])).run().await;
    assert_eq!(host.post("admin/functions/succeed", "{}").await.0, 202);
    host.finished(1).await;
    assert_eq!(host.post("admin/functions/crowd", "{}").await.0, 202);
    host.finished(2).await;
    let calls = host.received().await;
    let status = &calls[0]["Data"]["timer"]["ScheduleStatus"];
    assert_eq!(status["Last"], "0001-01-01T00:00:00+00:00");
    let next = status["Next"].as_str().unwrap();
    assert!(next.ends_with("-01-01T00:00:00+00:00"), "{next}");
    assert_eq!(calls[1]["Data"]["timer"]["ScheduleStatus"], Value::Null);
}
