//! Messages in the forms in which senders write them, and how each answer identifies its message.

use base64::{
    Engine,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use serde_json::{Value, json};
use storage_emulator::Entity;
use tenant_emulator::{
    ServicePrincipal,
    contoso::{ORDERS_API, ORDERS_IDENTITY, ORDERS_READ, SUBSCRIPTION_ID},
};

use crate::world::{
    Setup, World, copy_of_app_files, request_by_names, role, statuses, valid_request,
};

/// The identity of a resource with blanks in its name.
const ALERT_IDENTITY: &str = "c0a70500-0000-4000-8000-00000000a1e7";

/// Base64 in lines, as command line tools write it.
fn in_lines(text: &str, columns: usize, line_break: &str) -> String {
    let encoded = STANDARD.encode(text);
    let lines: Vec<_> = encoded.as_bytes().chunks(columns).map(String::from_utf8_lossy).collect();
    lines.join(line_break) + line_break
}

/// The text of a column of a row.
fn text_of<'a>(row: &'a Entity, column: &str) -> Option<&'a str> {
    row.properties.get(column)?.as_str()
}

#[tokio::test]
async fn a_request_is_the_same_in_every_form_in_which_senders_write_it() {
    let world = World::start().await;
    let own = request_by_names("assign", ORDERS_IDENTITY, &["Orders.Read"]);
    let graphs = json!({
        "@odata.type": "#microsoft.graph.appRoleAssignment", "@odata.context": null,
        "appRoleId@odata.note": [], "principalId": ORDERS_IDENTITY, "resourceId": ORDERS_API,
        "appRoleId": ORDERS_READ,
    });
    let nulls = json!({
        "requestId": null, "principal": { "objectId": ORDERS_IDENTITY, "displayName": null },
        "api": { "identifierUri": "api://orders", "appId": null }, "roles": "orders.read",
        "reason": null, "notAfter": null, "dryRun": null, "action": null,
    });
    let marked = format!("\u{feff}{own}");
    for (message, status) in [
        (marked.clone(), "assigned"),
        (graphs.to_string(), "alreadyAssigned"),
        (nulls.to_string(), "alreadyAssigned"),
        (in_lines(&own, 60, "\r\n"), "alreadyAssigned"),
        (in_lines(&own, 64, "\n"), "alreadyAssigned"),
        (in_lines(&marked, 76, "\r\n"), "alreadyAssigned"),
        (STANDARD.encode(&own).trim_end_matches('=').to_owned(), "alreadyAssigned"),
        (URL_SAFE_NO_PAD.encode(&marked), "alreadyAssigned"),
    ] {
        let result = world.result_of(&message).await;
        assert_eq!(statuses(&result), [status], "{message}: {result}");
    }
    assert_eq!(world.tenant.assignments_of(ORDERS_IDENTITY).len(), 1);
}

#[tokio::test]
async fn every_answer_names_its_message_and_keeps_the_label_of_an_invalid_one() {
    let world = World::start().await;
    let valid = json!({
        "requestId": "CHG-1", "principal": ORDERS_IDENTITY, "api": "api://orders",
        "roles": ["Orders.Read"],
    });
    let with = |field: &str, value: Value| {
        let mut request = valid.clone();
        request[field] = value;
        request.to_string()
    };
    let mut message_ids = Vec::new();
    for (message, status, label, told) in [
        (valid.to_string(), "assigned", json!("CHG-1"), ""),
        (
            with("dryRun", json!("false")),
            "invalid",
            json!("CHG-1"),
            "dryRun: must be true or false",
        ),
        (
            with("role", json!("x")),
            "invalid",
            json!("CHG-1"),
            "unknown field (did you mean `roles`?)",
        ),
        (
            STANDARD.encode(with("roles", json!({}))),
            "invalid",
            json!("CHG-1"),
            "roles: must be an array",
        ),
        ("null".to_owned(), "invalid", Value::Null, "request: must be a JSON object, but is null"),
        (
            "17".to_owned(),
            "invalid",
            Value::Null,
            "request: must be a JSON object, but is a number",
        ),
        (valid.to_string().replace('}', ""), "invalid", Value::Null, "request: is not complete"),
    ] {
        let result = world.result_of(&message).await;
        let outcome = role(&result);
        assert_eq!(
            (&outcome["status"], &result["requestId"]),
            (&json!(status), &label),
            "{result}"
        );
        assert!(outcome["message"].as_str().unwrap_or_default().contains(told), "{result}");
        message_ids.push(result["messageId"].as_str().unwrap().to_owned());
    }
    assert_recorded(&world, &message_ids, 3).await;
    message_ids.dedup();
    assert_eq!(message_ids.len(), 7, "each message has an id of its own");
}

/// Asserts that log lines and rows name these messages, and how many invalid ones keep their label.
async fn assert_recorded(world: &World, message_ids: &[String], labelled: usize) {
    let rows = world.audit_rows(message_ids.len()).await;
    for row in &rows {
        assert!(message_ids.iter().any(|id| text_of(row, "messageId") == Some(id)), "{row:?}");
    }
    let is_labelled = |row: &&Entity| {
        text_of(row, "status") == Some("invalid") && text_of(row, "requestId").is_some()
    };
    assert_eq!(rows.iter().filter(is_labelled).count(), labelled, "{rows:#?}");
    for id in message_ids {
        assert!(world.log_line(id).await.contains("\"message_id\""));
    }
}

#[tokio::test]
async fn a_resource_with_blanks_in_its_name_is_covered_by_the_scope_of_its_group() {
    let group = format!("/subscriptions/{SUBSCRIPTION_ID}/resourcegroups/rg-orders-dev");
    let resource = format!("{group}/providers/Microsoft.Insights/scheduledQueryRules/Disk is full");
    let client_id = ALERT_IDENTITY.replace("a1e7", "b1e7");
    let world = World::start().await;
    world.tenant.add_service_principal(ServicePrincipal::system_assigned(
        ALERT_IDENTITY,
        &client_id,
        "Disk is full",
        &resource,
    ));
    for (principal, status) in [
        (ALERT_IDENTITY.to_owned(), "assigned"),
        (resource.clone(), "alreadyAssigned"),
        (resource.replace(' ', "%20"), "alreadyAssigned"),
    ] {
        let request = request_by_names("assign", &principal, &["Orders.Read"]);
        let result = world.result_of(&request).await;
        assert_eq!(statuses(&result), [status], "{principal}: {result}");
    }
}

#[tokio::test]
async fn an_app_whose_files_have_a_byte_order_mark_and_comments_starts_and_works() {
    let folder = copy_of_app_files();
    let names = std::fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().path());
    let functions = names.map(|path| path.join("function.json")).filter(|file| file.is_file());
    for file in functions.chain([folder.path().join("host.json")]) {
        let text = std::fs::read_to_string(&file).unwrap();
        let end = text.rfind('}').unwrap();
        let text =
            format!("\u{feff}// ours: http://x\r\n{}, /* end */ }}\n", text[..end].trim_end());
        std::fs::write(&file, text).unwrap();
    }
    let mut setup = Setup::new().await;
    setup.app_root = folder.path().to_owned();
    setup.policy = setup.policy.map(|policy| format!("\u{feff}{policy}"));
    let world = setup.start().await;
    let result = world.result_of(&valid_request()).await;
    assert_eq!(statuses(&result), ["assigned"], "{result}");
}
