//! Requests to tables that fail by rules.

use storage_emulator::{
    Entity, StorageError, Table, TableFault, TableOperationKind, TableProxy, TableRequest,
    TableRule,
};

use crate::account::account;

const TABLE: &str = "Rows";

/// A table behind a proxy, and the same table without it.
struct World {
    proxy: TableProxy,
    proxied: Table,
    direct: Table,
}

async fn world() -> World {
    let account = account().await;
    let proxy = TableProxy::start(account.table_endpoint().port().unwrap()).await.unwrap();
    let direct = account.table(TABLE);
    let proxied = account.with_table_port(proxy.port()).unwrap().table(TABLE);
    direct.create_if_missing().await.unwrap();
    World { proxy, proxied, direct }
}

fn entity(row_key: &str) -> Entity {
    let (partition_key, row_key) = ("p".to_owned(), row_key.to_owned());
    Entity { partition_key, row_key, properties: [].into() }
}

impl World {
    async fn insert(&self, row_key: &str) -> Result<(), StorageError> {
        self.proxied.insert_all(&[entity(row_key)]).await
    }

    async fn stored(&self) -> Vec<String> {
        let entities = self.direct.entities().await.unwrap();
        entities.into_iter().map(|entity| entity.row_key).collect()
    }
}

/// The kinds and row keys of a request.
fn asked(request: &TableRequest) -> Vec<(TableOperationKind, &str)> {
    request.operations.iter().map(|one| (one.kind, one.row_key.as_str())).collect()
}

#[tokio::test]
async fn signed_requests_pass_and_are_logged_with_the_time_of_their_effect() {
    let world = world().await;
    world.proxied.create_if_missing().await.unwrap();
    let rows = ["a", "it's"].map(entity);
    world.proxied.insert_all(&rows).await.unwrap();
    world.proxied.insert_all(&rows).await.unwrap_err();
    assert_eq!(world.proxied.entities().await.unwrap(), rows);
    let requests = world.proxy.requests();
    let kinds: Vec<_> = requests.iter().map(asked).collect();
    let inserted = [(TableOperationKind::Insert, "a"), (TableOperationKind::Insert, "it's")];
    let created = (TableOperationKind::CreateTable, "");
    let queried = (TableOperationKind::Query, "");
    assert_eq!(kinds, [&[created][..], &inserted, &inserted, &[queried]]);
    assert!(requests.iter().flat_map(|request| &request.operations).all(|one| one.table == TABLE));
    let statuses: Vec<_> = requests.iter().map(|one| one.answer.unwrap().status).collect();
    assert_eq!(statuses, [409, 202, 409, 200]);
    let effects: Vec<_> = requests.iter().map(TableRequest::succeeded_at).collect();
    assert!(effects[0].is_none() && effects[2].is_none(), "{effects:?}");
    assert!(requests[1].arrived < effects[1].unwrap() && effects[1] < effects[3]);
}

#[tokio::test]
async fn a_request_that_is_refused_has_no_effect() {
    let busy = TableFault::Error { status: 503, code: "ServerBusy" };
    for (fault, told) in [(TableFault::ConnectionClosed, ""), (busy, "503")] {
        let world = world().await;
        let rule = world.proxy.add(TableRule::new(fault).table(TABLE));
        let error = world.insert("a").await.unwrap_err();
        assert!(error.to_string().contains(told), "{error}");
        assert_eq!(world.stored().await, [""; 0]);
        assert_eq!((rule.hits(), world.proxy.requests()[0].answer), (1, None));
        rule.release();
        world.insert("a").await.unwrap();
    }
}

#[tokio::test]
async fn a_request_whose_answer_is_lost_has_taken_effect() {
    let world = world().await;
    let rule = TableRule::new(TableFault::AnswerLost).kind(TableOperationKind::Insert).only(2);
    let rule = world.proxy.add(rule);
    world.insert("a").await.unwrap();
    world.insert("b").await.unwrap_err();
    world.insert("c").await.unwrap();
    assert_eq!(world.stored().await, ["a", "b", "c"]);
    assert_eq!(rule.hits(), 1);
    assert!(world.proxy.requests()[1].succeeded_at().is_some());
}

#[tokio::test]
async fn a_held_request_takes_effect_when_it_is_released_and_never_when_it_is_discarded() {
    for is_released in [true, false] {
        let world = world().await;
        let rule = world.proxy.add(TableRule::new(TableFault::Held));
        let test = async {
            rule.wait_for_hits(1).await;
            assert_eq!(world.stored().await, [""; 0]);
            if is_released { rule.release() } else { rule.discard() }
        };
        let (inserted, ()) = tokio::join!(world.insert("a"), test);
        assert_eq!(inserted.is_ok(), is_released);
        assert_eq!(!world.stored().await.is_empty(), is_released);
    }
}

#[tokio::test]
async fn a_held_answer_arrives_when_it_is_released_and_its_request_took_effect_before() {
    for is_released in [true, false] {
        let world = world().await;
        let rule = world.proxy.add(TableRule::new(TableFault::AnswerHeld).from(1));
        let test = async {
            rule.wait_for_hits(1).await;
            assert_eq!(world.stored().await, ["a"]);
            if is_released { rule.release() } else { rule.discard() }
        };
        let (inserted, ()) = tokio::join!(world.insert("a"), test);
        assert_eq!(inserted.is_ok(), is_released);
    }
}

#[tokio::test]
async fn of_several_rules_the_oldest_that_applies_decides() {
    let world = world().await;
    let other = world.proxy.add(TableRule::new(TableFault::ConnectionClosed).table("Other"));
    let first = world.proxy.add(TableRule::new(TableFault::AnswerLost).table(TABLE).only(1));
    let second = world.proxy.add(TableRule::new(TableFault::ConnectionClosed).table(TABLE));
    world.insert("a").await.unwrap_err();
    world.insert("b").await.unwrap_err();
    assert_eq!(world.stored().await, ["a"]);
    assert_eq!([other.hits(), first.hits(), second.hits()], [0, 1, 1]);
}
