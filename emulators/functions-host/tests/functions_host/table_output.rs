//! Output to tables.

use functions_host_emulator::Outcome;
use serde_json::{Value, json};
use storage_emulator::{Entity, EntityValue};

use crate::app::{App, Running, output, request, response};

fn table_output(table: &str) -> Value {
    json!({ "type": "table", "direction": "out", "name": "rows", "tableName": table })
}

/// A function whose reply is the request's body, with outputs of all kinds.
async fn replying() -> Running {
    let outputs = [response(), output("next"), table_output("Rows")];
    let mut bindings = vec![request("anonymous", "reply")];
    bindings.extend(outputs);
    let app = App::new().await.with_bindings("Reply", &json!(bindings));
    app.run().await
}

/// Writes to the table, and returns whether the invocation succeeded.
async fn write(host: &Running, rows: Value) -> bool {
    let reply = json!({ "Outputs": { "rows": rows, "res": { "statusCode": 201 } } });
    let (status, ..) = host.post("api/reply", &reply.to_string()).await;
    assert!(matches!(status, 201 | 500), "{status}");
    status == 201
}

async fn rows(host: &Running) -> Vec<Entity> {
    host.table("Rows").entities().await.unwrap()
}

fn row(row_key: &str, text: &str) -> Value {
    json!({ "PartitionKey": "p", "RowKey": row_key, "Text": text })
}

#[tokio::test]
async fn a_row_that_exists_fails_the_invocation_and_its_whole_partition() {
    let host = replying().await;
    assert!(write(&host, row("1", "first")).await);
    let other = json!({ "PartitionKey": "another", "RowKey": "1" });
    assert!(!write(&host, json!([other, row("0", "new"), row("1", "second")])).await);
    let Outcome::Failed(reason) = host.finished(2).await.remove(1).outcome else { panic!() };
    assert!(reason.starts_with("Error while handling parameter rows"), "{reason}");
    assert!(reason.contains("EntityAlreadyExists"), "{reason}");
    let left = rows(&host).await;
    let keys: Vec<_> = left.iter().map(|row| (&*row.partition_key, &*row.row_key)).collect();
    // The transaction of the other partition was over by then.
    assert_eq!(keys, [("another", "1"), ("p", "1")]);
    let text = EntityValue::String("first".to_owned());
    assert_eq!(left[1].properties["Text"], text);
}

#[tokio::test]
async fn a_value_that_a_table_cannot_store_fails_the_invocation() {
    let host = replying().await;
    for wrong in [
        json!("text"),
        json!([1]),
        json!({ "RowKey": "r" }),
        row("a/b", "text"),
        row("long", &"x".repeat(32 * 1024 + 1)),
    ] {
        assert!(!write(&host, wrong).await);
    }
    assert!(write(&host, row("longest", &"x".repeat(32 * 1024))).await);
    assert_eq!(rows(&host).await.len(), 1);
}

#[tokio::test]
async fn other_outputs_are_written_even_if_a_row_fails() {
    let host = replying().await;
    let outputs = json!({ "next": ["text"], "rows": row("a/b", "text") });
    let reply = json!({ "Outputs": outputs }).to_string();
    assert_eq!(host.post("api/reply", &reply).await.0, 500);
    assert_eq!(host.texts("next").await.len(), 1);
}

#[tokio::test]
async fn a_function_writes_all_its_outputs_and_the_table_is_created() {
    let host = replying().await;
    let many: Vec<_> = (0..20).map(|n| row(&format!("{n:03}"), "text")).collect();
    let reply = json!({ "Outputs": {
        "next": ["text"], "rows": many, "res": { "statusCode": 202, "body": "done" } } });
    let answer = host.post("api/reply", &reply.to_string()).await;
    assert_eq!((answer.0, answer.2.as_str()), (202, "done"));
    assert_eq!(host.texts("next").await.len(), 1);
    assert_eq!(rows(&host).await.len(), 20);
}

#[tokio::test]
async fn values_arrive_with_the_types_that_the_extension_gives_them() {
    let host = replying().await;
    let text = |text: &str| EntityValue::String(text.to_owned());
    let mut sent = row("1", "test");
    sent["Count"] = 7.into();
    sent["When"] = "2026-01-02T03:04:05.000Z".into();
    sent["Nested"] = json!({ "a": [1] });
    sent["Nothing"] = Value::Null;
    assert!(write(&host, sent).await);
    let properties = rows(&host).await.remove(0).properties;
    let expected = [
        ("Count", EntityValue::Int64(7)),
        ("Nested", text("{\n  \"a\": [\n    1\n  ]\n}")),
        ("Text", text("test")),
        ("When", text("2026-01-02T03:04:05Z")),
    ];
    assert_eq!(properties, expected.map(|(name, value)| (name.to_owned(), value)).into());
}
