//! Functions with a timer trigger.

use functions_host_emulator::{FunctionsHost, Outcome};
use serde_json::{Value, json};

use crate::app::App;

fn timer(schedule: &str) -> Value {
    json!({ "type": "timerTrigger", "direction": "in", "name": "timer", "schedule": schedule })
}

#[tokio::test]
async fn a_timer_that_fires_each_second_tells_its_last_run() {
    let app = App::new().await.with_bindings("Succeed", &json!([timer("* * * * * *")]));
    let host = app.run().await;
    let finished = host.finished(2).await.remove(0);
    assert_eq!((finished.outcome, finished.message_id), (Outcome::Succeeded, None));
    let calls = host.received().await;
    let of =
        |call: usize, member: &str| calls[call]["Data"]["timer"]["ScheduleStatus"][member].clone();
    assert_eq!(of(0, "Last"), "0001-01-01T00:00:00+00:00");
    assert_eq!(of(1, "Last"), of(1, "LastUpdated"));
    assert_eq!(calls[0]["Metadata"].as_object().unwrap().len(), 1);
    assert_eq!(calls[0]["Metadata"]["sys"]["MethodName"], "Succeed");
}

#[tokio::test]
async fn a_timer_can_be_run_by_hand_and_has_its_next_occurrence() {
    let app = App::new().await.with_bindings("Succeed", &json!([timer("0 0 0 1 1 *")]));
    let host = app.run().await;
    assert_eq!(host.post("admin/functions/succeed", "{}").await.0, 202);
    host.finished(1).await;
    let status = host.received().await[0]["Data"]["timer"]["ScheduleStatus"].clone();
    assert_eq!(status["Last"], "0001-01-01T00:00:00+00:00");
    let next = status["Next"].as_str().unwrap();
    assert!(next.ends_with("-01-01T00:00:00+00:00"), "{next}");
}

#[tokio::test]
async fn a_schedule_of_the_options_replaces_the_one_of_the_function() {
    let mut app = App::new().await.with_bindings("Succeed", &json!([timer("0 0 0 1 1 *")]));
    app.options.schedules.insert("Succeed".to_owned(), "* * * * * *".to_owned());
    app.run().await.finished(2).await;
}

#[tokio::test]
async fn a_schedule_for_a_function_without_a_timer_is_refused() {
    for function in ["Assign", "Nothing"] {
        let mut app = App::new().await.with_function("Assign").await;
        app.options.schedules.insert(function.to_owned(), "* * * * * *".to_owned());
        let error = FunctionsHost::start(app.options.clone()).await.err().unwrap();
        assert!(error.to_string().contains(&format!("no function {function} with a timer")));
    }
}
