//! Queues, and Azurite itself.

use std::{process::Stdio, time::Duration};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use storage_emulator::{Account, Azurite, StorageError};
use tokio::{
    io::{AsyncBufReadExt as _, AsyncReadExt as _, BufReader},
    net::TcpStream,
    process::Command,
};

use crate::account::{HIDDEN, account};

const DEADLINE: Duration = Duration::from_secs(60);

#[tokio::test]
async fn a_queue_that_does_not_exist_is_not_found() {
    let queue = account().await.queue("absent").unwrap();
    assert!(!queue.exists().await.unwrap());
    let error = queue.send("text").await.unwrap_err();
    assert!(matches!(error, StorageError::NotFound { .. }), "{error}");
}

#[tokio::test]
async fn a_name_that_the_service_refuses_is_an_error_that_names_the_queue() {
    let queue = account().await.queue("No_Such_Name").unwrap();
    let error = queue.create_if_missing().await.unwrap_err();
    assert!(error.to_string().contains("'No_Such_Name'"), "{error}");
}

#[tokio::test]
async fn a_sent_message_has_the_id_that_its_receiver_sees() {
    let queue = account().await.queue("identified").unwrap();
    queue.create_if_missing().await.unwrap();
    let id = queue.send_identified("text").await.unwrap();
    assert_eq!(queue.receive(1, HIDDEN).await.unwrap().remove(0).id, id);
}

#[tokio::test]
async fn an_old_pop_receipt_no_longer_deletes() {
    let queue = account().await.queue("receipts").unwrap();
    queue.create_if_missing().await.unwrap();
    queue.send("text").await.unwrap();
    let message = queue.receive(1, HIDDEN).await.unwrap().remove(0);
    let old = message.pop_receipt;
    let new = queue.update_visibility(&message.id, &old, HIDDEN).await.unwrap();
    queue.delete(&message.id, &old).await.unwrap_err();
    queue.delete(&message.id, &new).await.unwrap();
    assert_eq!(queue.approximate_count().await.unwrap(), 0);
}

#[tokio::test]
async fn a_message_is_received_as_it_was_sent() {
    let queue = account().await.queue("messages").unwrap();
    queue.create_if_missing().await.unwrap();
    queue.create_if_missing().await.unwrap();
    queue.send("<à & 'b'> \"c\"").await.unwrap();
    assert_eq!(queue.peek().await.unwrap()[0].text, "<à & 'b'> \"c\"");
    let first = queue.receive(32, HIDDEN).await.unwrap().remove(0);
    queue.update_visibility(&first.id, &first.pop_receipt, Duration::ZERO).await.unwrap();
    let second = queue.receive(32, HIDDEN).await.unwrap().remove(0);
    assert_eq!((first.dequeue_count, second.dequeue_count), (1, 2));
    assert_eq!((first.id, first.text), (second.id, second.text));
    assert!(queue.receive(32, HIDDEN).await.unwrap().is_empty());
}

#[tokio::test]
async fn accounts_do_not_see_each_others_queues() {
    let (one, other) = (account().await, account().await);
    one.queue("mine").unwrap().create_if_missing().await.unwrap();
    assert!(!other.queue("mine").unwrap().exists().await.unwrap());
}

#[tokio::test]
async fn a_connection_string_opens_the_account() {
    let text = account().await.connection_string();
    let queue = Account::from_connection_string(&text).unwrap().queue("opened").unwrap();
    queue.create_if_missing().await.unwrap();
    assert!(queue.exists().await.unwrap());
}

#[tokio::test]
async fn a_message_that_microsofts_javascript_client_sends_arrives() {
    let azurite = Azurite::shared().await.unwrap();
    let account = azurite.account().unwrap();
    let text = STANDARD.encode(r#"{"job":"a1"}"#);
    let script = "
        const { QueueServiceClient } = require('@azure/storage-queue');
        const [connectionString, text] = process.argv.slice(1);
        const queue = QueueServiceClient.fromConnectionString(connectionString).getQueueClient('jobs');
        queue.createIfNotExists().then(() => queue.sendMessage(text));";
    let output = Command::new("node")
        .args(["--eval", script, &account.connection_string(), &text])
        .current_dir(azurite.installation().folder())
        .output()
        .await
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let messages = account.queue("jobs").unwrap().receive(32, HIDDEN).await.unwrap();
    assert_eq!(messages[0].text, text);
}

#[tokio::test]
async fn azurite_ends_when_its_parent_is_killed() {
    const CHILD: &str = "HOLD_AZURITE_UNTIL_KILLED";
    if std::env::var_os(CHILD).is_some() {
        let azurite = Azurite::start().await.unwrap();
        println!("\nport {}", azurite.ports()[1]);
        return std::future::pending().await;
    }
    let mut parent = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "queues::azurite_ends_when_its_parent_is_killed", "--nocapture"])
        .env(CHILD, "1")
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(parent.stdout.take().unwrap()).lines();
    let port: u16 = loop {
        let line = lines.next_line().await.unwrap().unwrap();
        if let Some(port) = line.strip_prefix("port ") {
            break port.parse().unwrap();
        }
    };
    let address = ("127.0.0.1", port);
    let first = TcpStream::connect(address).await.unwrap();
    parent.kill().await.unwrap();
    tokio::time::timeout(DEADLINE, until_refused(first, address)).await.unwrap();
}

/// Azurite's end closes the connections, not necessarily after the port; nothing else closes an idle
/// one so soon.
async fn until_refused(mut connection: TcpStream, address: (&str, u16)) {
    loop {
        // Whether it is closed or reset, it is over.
        drop(connection.read(&mut [0]).await);
        match TcpStream::connect(address).await {
            Ok(next) => connection = next,
            Err(_) => return,
        }
    }
}
