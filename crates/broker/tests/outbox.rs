//! The messages that the broker itself puts into queues, with Azurite.

#![expect(clippy::unwrap_used, reason = "so tests fail")]

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use azure_core::http::Url;
use azure_rest::{
    client,
    credential::MakeCredential,
    queues::{QueueAddress, QueueService, Queues},
    rest::RestClient,
    retry::Deadline,
    shared_key::SharedKey,
    timing::CallTiming,
    token::TokenSource,
};
use broker::{EVENTS_QUEUE, Outbox};
use storage_emulator::{Account, Azurite, StorageProxy, Trouble};

/// The function whose results go to the queue `app-role-results` of `RequestQueues`.
const FUNCTION: &str = "AssignRole";

/// How long to try an event while the queue does not respond.
const A_MOMENT: Duration = Duration::from_millis(50);

struct World {
    host: Account,
    requests: Account,
    outbox: Outbox,
}

impl World {
    async fn start() -> Self {
        let host = Azurite::shared_account().await.unwrap();
        Self::of(host, Azurite::shared_account().await.unwrap())
    }

    fn of(host: Account, requests: Account) -> Self {
        let timing = CallTiming::default().scaled(0.1);
        let service = |account: &Account| {
            let key = SharedKey::parse(account.name(), account.key()).unwrap();
            QueueService::Key(Url::parse(account.queue_endpoint().as_str()).unwrap(), key)
        };
        let services = BTreeMap::from([
            ("AzureWebJobsStorage".to_owned(), service(&host)),
            ("RequestQueues".to_owned(), service(&requests)),
        ]);
        let emulator = Url::parse(host.queue_endpoint().as_str()).unwrap();
        let http = client::build(&emulator, &timing).unwrap();
        // Nothing is reached with tokens.
        let make: MakeCredential = Arc::new(|| unreachable!());
        let tokens = TokenSource::new(make, "scope".to_owned(), timing.clone());
        let rest = RestClient::new(http.clone(), Arc::new(tokens), timing);
        let results = ["RequestQueues", "TeamQueues"].map(|connection| QueueAddress {
            connection: connection.to_owned(),
            name: "app-role-results".to_owned(),
        });
        let [stock, team] = results;
        let results = BTreeMap::from([(FUNCTION.to_owned(), stock), ("Team".to_owned(), team)]);
        Self {
            host,
            requests,
            outbox: Outbox::new(Queues::new(&rest, http, services), results, A_MOMENT),
        }
    }

    /// The texts in each queue of both accounts.
    async fn texts(&self) -> [Vec<String>; 2] {
        let queues = [(&self.host, EVENTS_QUEUE), (&self.requests, "app-role-results")];
        let mut texts = [vec![], vec![]];
        for (texts, (account, name)) in texts.iter_mut().zip(queues) {
            let queue = account.queue(name).unwrap();
            if queue.exists().await.unwrap() {
                texts.extend(queue.peek().await.unwrap().into_iter().map(|message| message.text));
            }
        }
        texts
    }
}

fn soon() -> Deadline {
    Deadline::after(Duration::from_secs(60))
}

#[tokio::test]
async fn a_result_for_a_connection_that_leads_nowhere_is_an_error_that_says_what_to_set() {
    let world = World::start().await;
    let error = world.outbox.result("Team", "{}", soon()).await.unwrap_err();
    assert!(!error.may_pass());
    for told in ["app-role-results", "TeamQueues leads to no queue", "TeamQueues__queueServiceUri"]
    {
        assert!(error.to_string().contains(told), "{error}");
    }
    assert_eq!(world.texts().await, [vec![""; 0], vec![]]);
}

#[tokio::test]
async fn a_function_without_a_queue_of_results_sends_nothing() {
    let world = World::start().await;
    world.outbox.result("AssignRoleHttp", "{}", soon()).await.unwrap();
    assert_eq!(world.texts().await, [vec![""; 0], vec![]]);
}

#[tokio::test]
async fn while_the_queue_is_away_an_event_keeps_no_work_waiting_until_one_is_put() {
    let host = Azurite::shared_account().await.unwrap();
    let port = Url::parse(host.queue_endpoint().as_str()).unwrap().port().unwrap();
    let proxy = StorageProxy::start(port, 7).await.unwrap();
    let host = host.with_queue_port(proxy.port()).unwrap();
    let world = World::of(host, Azurite::shared_account().await.unwrap());
    proxy.set_trouble(Some(Trouble { refuse: 1.0, reset: 0.0 }));
    let first = Deadline::after(Duration::from_millis(200));
    world.outbox.event("{}", first).await.unwrap_err();
    for _ in 0..10 {
        let deadline = soon();
        world.outbox.event("{}", deadline).await.unwrap_err();
        assert!(!deadline.remaining().is_zero(), "it is given up long before");
    }
    proxy.set_trouble(None);
    world.outbox.event(r#"{"event":1}"#, soon()).await.unwrap();
    assert_eq!(world.texts().await, [vec![r#"{"event":1}"#], vec![]]);
}

#[tokio::test]
async fn events_go_to_the_account_of_the_host_and_results_to_the_queue_of_their_function() {
    let world = World::start().await;
    for number in ["1", "2"] {
        world.outbox.event(&format!("{{\"event\":{number}}}"), soon()).await.unwrap();
        world.outbox.result(FUNCTION, &format!("{{\"result\":{number}}}"), soon()).await.unwrap();
    }
    assert_eq!(
        world.texts().await,
        [[r#"{"event":1}"#, r#"{"event":2}"#], [r#"{"result":1}"#, r#"{"result":2}"#]]
    );
}
