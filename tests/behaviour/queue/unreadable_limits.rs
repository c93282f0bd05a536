//! Envelopes whose limits the handler may not be able to read. The handler is called without a host,
//! because present hosts write every limit in one known form.

use std::process::Stdio;

use base64::{Engine, engine::general_purpose::STANDARD};
use loopback::{free_port, until_listening};
use serde_json::{Value, json};
use tempfile::TempDir;
use tenant_emulator::{Route, Tenant, contoso::contoso};
use time::{Duration, OffsetDateTime, format_description::well_known::Rfc3339};
use tokio::process::{Child, Command};

use crate::world::{POLICY, ROOT, TIMEOUT, http_client, storage_setting, valid_request};

const MESSAGE_ID: &str = "5e6a1c00-0000-4000-8000-000000000042";

/// The number of deliveries by host.json.
const LAST_DELIVERY: u32 = 30;

/// A handler without a host, and its tenant.
struct Called {
    tenant: Tenant,
    port: u16,
    _handler: Child,
    _folder: TempDir,
}

impl Called {
    async fn start() -> Self {
        let tenant = Tenant::start(contoso()).await.unwrap();
        let folder = tempfile::tempdir().unwrap();
        let policy_file = folder.path().join("policy.json");
        std::fs::write(&policy_file, POLICY).unwrap();
        let port = free_port().unwrap();
        let handler = Command::new(env!("CARGO_BIN_EXE_app-role-broker"))
            .env_clear()
            .env("FUNCTIONS_APP_ROOT_PATH", ROOT)
            .env("FUNCTIONS_CUSTOMHANDLER_PORT", port.to_string())
            .env("POLICY_FILE", policy_file)
            .env("PACE_FACTOR", "0.5")
            .envs(tenant.environment())
            .envs([storage_setting().await])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        until_listening(TIMEOUT, port).await.unwrap();
        Self { tenant, port, _handler: handler, _folder: folder }
    }

    /// Posts a valid request with this metadata. Returns the status, and the result if there is one.
    async fn deliver(&self, metadata: &Value) -> (u16, Option<Value>) {
        let envelope = json!({
            "Data": { "request": STANDARD.encode(valid_request()) }, "Metadata": metadata,
        });
        let url = format!("http://127.0.0.1:{}/AssignRole", self.port);
        let answer = http_client().post(url).json(&envelope).send().await.unwrap();
        let status = answer.status().as_u16();
        let reply: Value = answer.json().await.unwrap();
        let result = reply["Outputs"]["result"][0].as_str();
        (status, result.map(|text| serde_json::from_str(text).unwrap()))
    }

    fn writes(&self) -> usize {
        self.tenant.count(Route::CreateAssignment)
    }
}

fn metadata(dequeue_count: u32, insertion_time: &Value) -> Value {
    json!({
        "DequeueCount": dequeue_count.to_string(), "Id": format!("\"{MESSAGE_ID}\""),
        "InsertionTime": insertion_time,
    })
}

/// A moment in the formats that the host can write: ISO 8601, and those of .NET's cultures.
fn forms(moment: OffsetDateTime) -> Vec<String> {
    let (year, month, day) = (moment.year(), u8::from(moment.month()), moment.day());
    let (hour, minute, second) = (moment.hour(), moment.minute(), moment.second());
    let clock = format!("{minute:02}:{second:02}");
    let date = format!("{month:02}/{day:02}/{year:04}");
    let half = if hour < 12 { "AM" } else { "PM" };
    let hour_of_half = (hour + 11) % 12 + 1;
    vec![
        moment.format(&Rfc3339).unwrap(),
        format!("{year:04}-{month:02}-{day:02}T{hour:02}:{clock}.0000000+00:00"),
        format!("{date} {hour:02}:{clock}"),
        format!("{date} {hour:02}:{clock} +00:00"),
        format!("{month}/{day}/{year:04} {hour_of_half}:{clock} {half}"),
    ]
}

#[tokio::test]
async fn a_request_that_is_too_old_has_expired_however_the_host_writes_its_time() {
    let called = Called::start().await;
    let old = OffsetDateTime::now_utc() - Duration::hours(25);
    for form in forms(old).into_iter().chain(["02/28/2021 23:59:59".to_owned()]) {
        let (status, result) = called.deliver(&metadata(1, &json!(form))).await;
        let result = result.unwrap();
        assert_eq!((status, &result["roles"][0]["status"]), (200, &json!("expired")), "{form}");
        assert_eq!(result["messageId"], MESSAGE_ID);
    }
    assert_eq!(called.writes(), 0);
}

#[tokio::test]
async fn a_young_request_is_carried_out_however_the_host_writes_its_time() {
    let called = Called::start().await;
    let young = OffsetDateTime::now_utc() - Duration::hours(23);
    for form in forms(young) {
        let (status, result) = called.deliver(&metadata(1, &json!(form))).await;
        let outcome = result.unwrap()["roles"][0]["status"].clone();
        assert_eq!(status, 200, "{form}");
        assert!(outcome == "assigned" || outcome == "alreadyAssigned", "{form}: {outcome}");
    }
}

#[tokio::test]
async fn a_request_whose_age_cannot_be_read_comes_back_and_finally_fails_without_a_write() {
    let called = Called::start().await;
    let future = OffsetDateTime::now_utc() + Duration::days(400);
    for time in [
        json!(null),
        json!(""),
        json!("yesterday"),
        json!("18.12.2026 02:01:35"),
        json!("2026-13-01T00:00:00Z"),
        json!(1_790_000_000),
        json!({ "time": "2026-11-26T00:00:00Z" }),
        json!(future.format(&Rfc3339).unwrap()),
    ] {
        let (status, result) = called.deliver(&metadata(1, &time)).await;
        assert_eq!((status, result), (500, None), "{time}");
        let (status, result) = called.deliver(&metadata(LAST_DELIVERY, &time)).await;
        let role = result.unwrap()["roles"][0].clone();
        assert_eq!((status, &role["status"]), (200, &json!("failed")), "{time}");
        assert_eq!(role["code"], "unknownAge");
    }
    assert_eq!(called.writes(), 0);
}

#[tokio::test]
async fn a_message_whose_deliveries_cannot_be_counted_comes_back_without_a_write() {
    let called = Called::start().await;
    let now = json!(OffsetDateTime::now_utc().format(&Rfc3339).unwrap());
    for count in
        [json!(null), json!("0"), json!(0), json!("-1"), json!("many"), json!([]), json!("")]
    {
        let mut metadata = metadata(1, &now);
        metadata["DequeueCount"] = count.clone();
        assert_eq!(called.deliver(&metadata).await, (500, None), "{count}");
    }
    let mut without_id = metadata(1, &now);
    without_id["Id"] = Value::Null;
    assert_eq!(called.deliver(&without_id).await, (500, None));
    assert_eq!(called.writes(), 0);
    let (status, result) = called.deliver(&json!({})).await;
    let result = result.unwrap();
    assert_eq!(
        (status, &result["requester"], &result["attempt"]),
        (200, &json!("admin"), &json!(0))
    );
    assert!(result.get("messageId").is_none(), "{result}");
}
