//! Messages from another storage client.

use storage_emulator::Azurite;
use tenant_emulator::contoso::{ORDERS_API, ORDERS_IDENTITY, ORDERS_READ};
use tokio::process::Command;

use crate::world::{World, request, role};

/// Sends a message as the documentation of `@azure/storage-queue` shows.
const SEND: &str = "
    const { QueueServiceClient } = require('@azure/storage-queue');
    const [connection, text] = process.argv.slice(1);
    QueueServiceClient.fromConnectionString(connection)
        .getQueueClient('app-role-requests')
        .sendMessage(text);";

async fn send_with_node(world: &World, text: &str) {
    let output = Command::new("node")
        .args(["--eval", SEND, &world.account.connection_string(), text])
        .current_dir(Azurite::shared().await.unwrap().installation().folder())
        .output()
        .await
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[tokio::test]
async fn a_message_from_microsofts_javascript_client_in_plain_text_or_base64_becomes_an_assignment()
{
    let world = World::start().await;
    let plain = request(ORDERS_IDENTITY, ORDERS_API, ORDERS_READ);
    let encoded = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, &plain);
    for (text, status) in [(&plain, "assigned"), (&encoded, "alreadyAssigned")] {
        send_with_node(&world, text).await;
        let result = world.next_results(1).await.remove(0);
        assert_eq!(role(&result)["status"], status, "{result}");
    }
    assert_eq!(world.tenant.assignments_of(ORDERS_IDENTITY).len(), 1);
}
