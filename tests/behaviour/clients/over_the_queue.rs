//! The examples that ask by the queue, with the rights of a managed identity, on the deployed configuration.

use serde_json::{Value, json};
use tenant_emulator::contoso::{ORDERS_IDENTITY, ORDERS_READ};

use super::examples::{BY_THE_QUEUE, run_all};
use crate::process::deployed::Deployed;

/// A result for a program that is not among these examples.
const FOREIGN: &str = r#"{"messageId":"a0f977de-f783-41bc-bf9c-0c24dbb1d43f","roles":[]}"#;

/// The environment of a program beside an identity endpoint, and with the connection string for the Azure CLI.
fn environment(app: &Deployed) -> Vec<(&'static str, String)> {
    let platform: Vec<_> = app.tenant.environment();
    let of_platform = |name: &str| {
        platform.iter().find(|(set, _)| set == name).map(|(_, value)| value.clone()).unwrap()
    };
    let mut environment: Vec<_> = ["IDENTITY_ENDPOINT", "IDENTITY_HEADER", "AZURE_CLIENT_ID"]
        .map(|name| (name, of_platform(name)))
        .to_vec();
    let authorities =
        ["NODE_EXTRA_CA_CERTS", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE"];
    environment.extend(authorities.map(|name| (name, app.authorities.clone())));
    environment.push(("APP_ROLE_REQUESTS", app.team.queue_endpoint().to_string()));
    environment.push(("AZURE_STORAGE_CONNECTION_STRING", app.team.connection_string()));
    environment
}

#[tokio::test]
async fn each_example_finds_the_result_of_its_own_request_among_those_of_others() {
    let app = Deployed::start().await;
    app.results.send(FOREIGN).await.unwrap();
    let environment = environment(&app);
    let mut example: Value =
        serde_json::from_str(include_str!("../../../examples/clients/request.json")).unwrap();
    let granted = example.to_string();
    example["roles"] = json!(["Orders.Admin"]);
    let denied = example.to_string();
    for (request, status, role) in
        [(&granted, 0, "Orders.Read assigned"), (&denied, 1, "Orders.Admin denied")]
    {
        let ran = run_all(&BY_THE_QUEUE, request, &environment).await;
        assert!(ran.iter().any(|one| one.file == "javascript/queue.js"));
        let mut first = 0;
        for one in ran {
            let again = role.replace(" assigned", " alreadyAssigned");
            first += usize::from(one.printed.contains(role));
            assert!(one.printed.contains(role) || one.printed.contains(&again), "{one:?}");
            assert_eq!(one.status, Some(status), "{one:?}");
        }
        assert!(first > 0);
    }
    let held = app.tenant.assignments_of(ORDERS_IDENTITY);
    assert!(held.iter().map(|one| one.app_role_id.as_str()).eq([ORDERS_READ]), "{held:?}");
    // Each has taken only its own result, and the foreign one becomes visible again.
    let left = loop {
        let left = app.results.receive(32, std::time::Duration::from_secs(300)).await.unwrap();
        if !left.is_empty() {
            break left;
        }
    };
    let left: Vec<_> = left.into_iter().map(|message| message.text).collect();
    assert_eq!(left, [FOREIGN]);
}
