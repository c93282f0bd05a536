//! What the queue service is sent, and what its answers mean.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU16, AtomicUsize, Ordering::SeqCst},
    },
};

use azure_rest::{
    call_error::CallError,
    client,
    queues::{QueueAddress, QueueService, Queues},
    shared_key::SharedKey,
    storage::Presence,
    timing::CallTiming,
};

use crate::{
    server::{Asked, response, rest_client, serve},
    statuses::{FINAL, fast, is_transient, soon, without_retries},
    table_service::Answer,
};

fn error(status: u16, code: &str) -> Answer {
    let xml =
        format!("<?xml version=\"1.0\"?><Error><Code>{code}</Code><Message>no</Message></Error>");
    response(status, xml.into_bytes())
}

fn address(connection: &str) -> QueueAddress {
    QueueAddress { connection: connection.to_owned(), name: "app-role-events".to_owned() }
}

/// Clients of a service that answers each request by its number: with tokens and with a key, by the name
/// of their connection.
async fn queues(
    timing: CallTiming,
    answer: impl Fn(usize, &Asked) -> Answer + Send + Sync + 'static,
) -> (Queues, Arc<AtomicUsize>) {
    let asked = Arc::new(AtomicUsize::new(0));
    let counter = asked.clone();
    let url = serve(move |request| answer(counter.fetch_add(1, SeqCst), request)).await;
    let key = SharedKey::parse("contoso", "c2VjcmV0LWtleQ==").unwrap();
    let services = BTreeMap::from([
        ("Tokens".to_owned(), QueueService::Identity(url.clone())),
        ("Key".to_owned(), QueueService::Key(url.clone(), key)),
    ]);
    let http = client::build(&url, &timing).unwrap();
    (Queues::new(&rest_client(&url, timing), http, services), asked)
}

async fn put(queues: &Queues, connection: &str) -> Result<(), CallError> {
    queues.put(&address(connection), "{\"id\":1}", soon()).await
}

/// The message of an answer to a put that is never given.
async fn refusal(connection: &str, answer: fn(&Asked) -> Answer) -> String {
    let (queues, _) = queues(without_retries(), move |_, asked| answer(asked)).await;
    put(&queues, connection).await.unwrap_err().to_string()
}

#[tokio::test]
async fn a_passing_status_is_retried_and_every_other_is_not() {
    let status = Arc::new(AtomicU16::new(0));
    let first = status.clone();
    let answer = move |number, _: &Asked| match number {
        0 => response(first.load(SeqCst), vec![]),
        _ => response(201, vec![]),
    };
    let (queues, asked) = queues(fast(), answer).await;
    for number in 400..=599 {
        status.store(number, SeqCst);
        for connection in ["Tokens", "Key"] {
            asked.store(0, SeqCst);
            let result = put(&queues, connection).await;
            let is_repeated = is_transient(number) || number == 401;
            assert_eq!(asked.load(SeqCst), 1 + usize::from(is_repeated), "{number}");
            if is_repeated {
                result.unwrap();
                continue;
            }
            let error = result.unwrap_err();
            assert!(error.to_string().contains(&format!("answered {number}")), "{error}");
            let subject = "queue app-role-events of http://127.0.0.1:";
            assert!(error.to_string().starts_with(subject), "{error}");
            assert_eq!(error.may_pass(), !FINAL.contains(&number), "{number}");
        }
    }
}

#[tokio::test]
async fn only_the_documented_status_is_the_word_that_a_message_is_stored() {
    let status = Arc::new(AtomicU16::new(0));
    let answered = status.clone();
    let answer = move |_, _: &Asked| response(answered.load(SeqCst), vec![]);
    let (queues, _) = queues(without_retries(), answer).await;
    for number in 200..=399 {
        status.store(number, SeqCst);
        assert_eq!(put(&queues, "Tokens").await.is_ok(), number == 201, "{number}");
    }
}

#[tokio::test]
async fn only_the_word_of_the_queue_service_means_that_a_queue_is_missing() {
    for code in ["", "NotFound", "ResourceNotFound", "TableNotFound"] {
        let (queues, asked) = queues(fast(), move |_, _| error(404, code)).await;
        put(&queues, "Tokens").await.unwrap_err();
        assert_eq!(asked.load(SeqCst), 1, "{code}");
        queues.presence(&address("Key"), soon()).await.unwrap().unwrap_err();
    }
    let in_header = |_, _: &Asked| {
        let mut answer = response(404, vec![]);
        answer.headers_mut().insert("x-ms-error-code", "QueueNotFound".parse().unwrap());
        answer
    };
    let (queues, _) = queues(fast(), in_header).await;
    let found = queues.presence(&address("Key"), soon()).await.unwrap();
    assert_eq!(found.unwrap(), Presence::Missing);
}

#[tokio::test]
async fn a_queue_that_another_program_creates_at_the_same_time_is_used() {
    for created in [201, 204, 409] {
        let answer = move |number, _: &Asked| match number {
            0 => error(404, "QueueNotFound"),
            1 if created == 409 => error(409, "QueueAlreadyExists"),
            1 => response(created, vec![]),
            _ => response(201, vec![]),
        };
        let (queues, asked) = queues(fast(), answer).await;
        put(&queues, "Tokens").await.unwrap();
        assert_eq!(asked.load(SeqCst), 3, "{created}");
    }
}

#[tokio::test]
async fn a_queue_that_is_being_deleted_or_is_still_missing_is_waited_for() {
    let answer = |number, asked: &Asked| match (number, asked.method.as_str()) {
        (0..4, "PUT") => error(409, "QueueBeingDeleted"),
        (_, "PUT") => response(201, vec![]),
        (0..9, _) => error(404, "QueueNotFound"),
        _ => response(201, vec![]),
    };
    let (queues, _) = queues(fast(), answer).await;
    put(&queues, "Tokens").await.unwrap();
}

#[tokio::test]
async fn a_queue_that_stays_missing_is_an_error_that_may_pass() {
    let answer = |_, asked: &Asked| match asked.method.as_str() {
        "PUT" => response(201, vec![]),
        _ => error(404, "QueueNotFound"),
    };
    let (queues, _) = queues(without_retries(), answer).await;
    let error = put(&queues, "Tokens").await.unwrap_err();
    assert!(
        error.may_pass() && error.to_string().ends_with("is still missing after it was created")
    );
}

#[tokio::test]
async fn a_refusal_says_which_role_or_which_setting_is_missing() {
    let refuse = |_: &Asked| error(403, "AuthorizationPermissionMismatch");
    let shown = refusal("Tokens", refuse).await;
    assert!(shown.contains("answered 403 AuthorizationPermissionMismatch; the broker"), "{shown}");
    assert!(shown.contains("the role Storage Queue Data Message Sender on the queue"), "{shown}");
    let refuse_creation = |asked: &Asked| match asked.method.as_str() {
        "PUT" => error(403, "AuthorizationPermissionMismatch"),
        _ => error(404, "QueueNotFound"),
    };
    let shown = refusal("Tokens", refuse_creation).await;
    assert!(shown.contains("create the queue, or give the broker's identity the role"), "{shown}");
    let shown = refusal("Tokens", |_| error(401, "InvalidAuthenticationInfo")).await;
    assert!(shown.ends_with("the token was refused"), "{shown}");
    let shown = refusal("Key", |_| error(403, "KeyBasedAuthenticationNotPermitted")).await;
    assert!(shown.ends_with("set Key__queueServiceUri instead of Key"), "{shown}");
}

#[tokio::test]
async fn a_refused_signature_shows_neither_key_nor_signature() {
    let refuse = |_: &Asked| {
        let xml = "<Error><Code>AuthenticationFailed</Code><Message>no</Message>\
                   <AuthenticationErrorDetail>The MAC signature found in the HTTP request \
                   'c2lnbmF0dXJl' is not the same</AuthenticationErrorDetail></Error>";
        response(403, xml)
    };
    let (queues, _) = queues(fast(), move |_, asked| refuse(asked)).await;
    let put = put(&queues, "Key").await.unwrap_err();
    let look = queues.presence(&address("Key"), soon()).await.unwrap().unwrap_err();
    for error in [put, look] {
        let shown = format!("{error} {error:?}");
        assert!(shown.contains("check the AccountKey of Key"), "{shown}");
        for secret in ["c2VjcmV0LWtleQ", "secret-key", "c2lnbmF0dXJl"] {
            assert!(!shown.contains(secret), "{shown}");
        }
    }
}

#[tokio::test]
async fn nothing_is_sent_for_an_unknown_connection() {
    let (queues, asked) = queues(fast(), |_, _| response(201, vec![])).await;
    let error = put(&queues, "TeamQueues").await.unwrap_err();
    assert!(!error.may_pass());
    for told in ["app-role-events", "the connection TeamQueues", "set TeamQueues__queueServiceUri"]
    {
        assert!(error.to_string().contains(told), "{error}");
    }
    assert!(queues.presence(&address("TeamQueues"), soon()).await.is_none());
    assert_eq!(asked.load(SeqCst), 0);
}

#[tokio::test]
async fn each_request_is_the_documented_one() {
    let seen: Arc<Mutex<Vec<Asked>>> = Arc::default();
    let recorder = seen.clone();
    let answer = move |number, asked: &Asked| {
        recorder.lock().unwrap().push(asked.clone());
        if number == 0 { error(404, "QueueNotFound") } else { response(201, vec![]) }
    };
    for (connection, scheme) in [("Tokens", "Bearer token-0"), ("Key", "SharedKey contoso:")] {
        let (queues, _) = queues(fast(), answer.clone()).await;
        put(&queues, connection).await.unwrap();
        queues.presence(&address(connection), soon()).await.unwrap().unwrap();
        let seen = std::mem::take(&mut *seen.lock().unwrap());
        let header = |asked: &Asked, name: &str| asked.headers[name].to_str().unwrap().to_owned();
        for asked in &seen {
            assert_eq!(header(asked, "accept"), "application/xml");
            assert_eq!(header(asked, "x-ms-version"), "2020-12-06");
            assert!(header(asked, "x-ms-date").ends_with(" GMT"));
            assert!(header(asked, "authorization").starts_with(scheme));
        }
        let lines: Vec<_> = seen
            .iter()
            .map(|asked| {
                let length =
                    asked.headers.get("content-length").map(|length| length.to_str().unwrap());
                let length = length.unwrap_or("no");
                format!("{} {} {} {length} {}", asked.method, asked.path, asked.query, asked.body)
            })
            .collect();
        let put = "POST /app-role-events/messages  64 <QueueMessage><MessageText>{\"id\":1}\
                   </MessageText></QueueMessage>";
        let create = "PUT /app-role-events  0 ";
        let look = "GET /app-role-events comp=metadata no ";
        assert_eq!(lines, [put, create, put, look], "{connection}");
    }
}
