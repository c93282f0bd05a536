//! Messages arrive as they were put.

use azure_rest::{call_error::CallError, queues::Queues, storage::Presence};
use futures_util::future::join_all;
use proptest::{prelude::*, strategy::ValueTree as _, test_runner::TestRunner};
use storage_emulator::Account;

use crate::{
    accounts::{keyed_queues, queue, queues_with_key, queues_with_tokens, soon},
    relay,
};

const QUEUE: &str = "app-role-events";

async fn both() -> [(Queues, Account); 2] {
    [queues_with_key().await, queues_with_tokens().await]
}

async fn put(queues: &Queues, text: &str) -> Result<(), CallError> {
    queues.put(&queue(QUEUE), text, soon()).await
}

/// Takes the messages out of the queue.
async fn take(account: &Account) -> Vec<String> {
    let queue = account.queue(QUEUE).unwrap();
    let messages = queue.peek().await.unwrap();
    queue.clear().await.unwrap();
    messages.into_iter().map(|message| message.text).collect()
}

#[tokio::test]
async fn a_missing_queue_is_created_by_a_message_and_not_by_a_look() {
    for (queues, account) in both().await {
        for _ in 0..2 {
            let found = queues.presence(&queue(QUEUE), soon()).await.unwrap().unwrap();
            assert_eq!(found, Presence::Missing);
        }
        put(&queues, "{}").await.unwrap();
        let found = queues.presence(&queue(QUEUE), soon()).await.unwrap().unwrap();
        assert_eq!(found, Presence::Exists);
        put(&queues, "[]").await.unwrap();
        assert_eq!(take(&account).await, ["{}", "[]"]);
    }
}

#[tokio::test]
async fn instances_that_create_a_queue_at_once_all_put_their_message() {
    for (queues, account) in both().await {
        let texts: Vec<_> = (0..8).map(|number| format!("[{number}]")).collect();
        let puts = texts.iter().map(|text| put(&queues, text));
        for done in join_all(puts).await {
            done.unwrap();
        }
        let mut arrived = take(&account).await;
        arrived.sort();
        assert_eq!(arrived, texts);
    }
}

/// JSON in ASCII, as the broker writes it, and printable texts.
fn texts() -> impl Strategy<Value = String> {
    let json = "[\\x00-\\x7f]{0,40}|[\"\\\\<>&;\r\n]{0,10}"
        .prop_map(|text| serde_json::json!({ "text": text, "numbers": [1, null] }).to_string());
    let printable =
        "[^\\p{C}\\s]{1,40}|<[a-z]{1,3}>[!-~üÿ€🦀]{0,10}</MessageText>|x[ -~]{0,40}\\]\\]>x";
    prop_oneof![json, printable]
}

#[tokio::test]
async fn every_text_arrives_unchanged() {
    for (queues, account) in both().await {
        let mut runner = TestRunner::deterministic();
        for _ in 0..100 {
            let text = texts().new_tree(&mut runner).unwrap().current();
            put(&queues, &text).await.unwrap();
            assert_eq!(take(&account).await, [text]);
        }
    }
}

#[tokio::test]
async fn the_longest_message_arrives_and_a_longer_one_is_a_final_error() {
    let (queues, account) = queues_with_key().await;
    let longest = format!("\"{}\"", "a".repeat(64 * 1024 - 2));
    put(&queues, &longest).await.unwrap();
    assert_eq!(take(&account).await, [longest.as_str()]);
    let error = put(&queues, &format!("{longest} ")).await.unwrap_err();
    assert!(!error.may_pass() && error.to_string().contains(QUEUE), "{error}");
    assert_eq!(take(&account).await, [""; 0]);
}

#[tokio::test]
async fn a_message_whose_answer_is_lost_is_put_again() {
    let (queues, account) = queues_with_key().await;
    put(&queues, "[1]").await.unwrap();
    let service = relay::without_the_first_answer(account.queue_endpoint()).await;
    let relayed = keyed_queues(&account, service.as_str(), account.key());
    put(&relayed, "[2]").await.unwrap();
    assert_eq!(take(&account).await, ["[1]", "[2]", "[2]"]);
}

#[tokio::test]
async fn a_wrong_key_is_refused_and_not_shown() {
    let (_, account) = queues_with_key().await;
    let queues = keyed_queues(&account, account.queue_endpoint().as_str(), "d3Jvbmc=");
    let put = put(&queues, "{}").await.unwrap_err();
    let look = queues.presence(&queue(QUEUE), soon()).await.unwrap().unwrap_err();
    for error in [put, look] {
        let shown = format!("{error} {error:?}");
        assert!(shown.contains("answered 403 AuthenticationFailed"), "{shown}");
        assert!(shown.contains("check the AccountKey of Jobs"), "{shown}");
        assert!(!shown.contains("d3Jvbmc") && !shown.contains("\"wrong\""), "{shown}");
    }
}
