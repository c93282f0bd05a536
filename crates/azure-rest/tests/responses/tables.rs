//! What the table service is sent, and what its answers mean.

use std::sync::{Arc, Mutex, atomic::Ordering::SeqCst};

use azure_rest::{
    client,
    shared_key::SharedKey,
    tables::{Change, Selection, TableError, Tables},
};
use serde_json::{Value, json};

use crate::{
    server::{Asked, response, serve},
    statuses::{fast, soon},
    table_service::{entity, error, failure, read, tables, transaction, write},
};

#[tokio::test]
async fn a_transaction_that_does_not_confirm_each_change_is_not_made() {
    let bodies: [&[u8]; 6] = [
        b"",
        b"<html>Sign in to the network</html>",
        b"HTTP/1.1",
        b"HTTP/1.1 \r\n",
        b"\xff",
        b"{}",
    ];
    for body in bodies {
        let (tables, asked) = tables(fast(), move |_, _| response(202, body.to_vec())).await;
        let error = failure(write(&tables, 2).await);
        assert!(error.may_pass() && error.to_string().contains("0 of the 2 changes"), "{error}");
        assert_eq!(asked.load(SeqCst), 1);
    }
    for confirmed in [1, 3] {
        let parts = vec![(204, ""); confirmed];
        let (tables, _) = tables(fast(), move |_, _| transaction(&parts)).await;
        let error = failure(write(&tables, 2).await).to_string();
        assert!(error.contains(&format!("confirmed {confirmed} of the 2 changes")), "{error}");
    }
}

#[tokio::test]
async fn an_answer_that_is_no_entity_and_no_page_is_an_error() {
    let bodies = ["", "[]", "null", "<html></html>", "{", r#"{"value":{}}"#, r#"{"value":[1]}"#];
    for body in bodies {
        let (tables, _) = tables(fast(), move |_, _| response(200, body)).await;
        let error = failure(read(&tables).await);
        assert!(error.may_pass() && error.to_string().contains("table Rows"), "{error}");
        let one = tables.get("Rows", ("p", "r"), soon()).await;
        assert_eq!(one.is_err(), !body.starts_with("{\""), "{body}");
    }
}

#[tokio::test]
async fn only_the_word_of_the_table_service_means_that_something_is_missing_or_there() {
    for (status, code) in [(404, ""), (404, "NotFound"), (409, ""), (409, "Conflict"), (412, "")] {
        let (tables, _) = tables(fast(), move |_, _| error(status, code)).await;
        failure(read(&tables).await);
        failure(tables.get("Rows", ("p", "r"), soon()).await);
        failure(write(&tables, 1).await);
    }
    let codes = [
        (404, "ResourceNotFound"),
        (404, "EntityNotFound"),
        (409, "EntityAlreadyExists"),
        (412, "UpdateConditionNotSatisfied"),
    ];
    for (status, code) in codes {
        let in_json = move |_, _: &Asked| error(status, code);
        let in_header = move |_, _: &Asked| {
            let mut answer = response(status, vec![]);
            answer.headers_mut().insert("x-ms-error-code", code.parse().unwrap());
            answer
        };
        let xml = format!("<m:error xmlns:m=\"x\"><m:code>{code}</m:code></m:error>");
        let in_xml = move |_, _: &Asked| response(status, xml.clone().into_bytes());
        let clients = [
            tables(fast(), in_json).await,
            tables(fast(), in_header).await,
            tables(fast(), in_xml).await,
        ];
        for (tables, _) in clients {
            let found = write(&tables, 1).await.unwrap_err();
            match status {
                404 => assert!(matches!(found, TableError::NotFound), "{code}"),
                409 => assert!(matches!(found, TableError::Exists), "{code}"),
                _ => assert!(matches!(found, TableError::Changed), "{code}"),
            }
        }
    }
}

#[tokio::test]
async fn a_table_that_is_being_deleted_is_waited_for() {
    let answer = |number, asked: &Asked| match (number, asked.path.as_str()) {
        (0..4, "/Tables") => error(409, "TableBeingDeleted"),
        (_, "/Tables") => response(204, vec![]),
        (0..6, _) => error(404, "TableNotFound"),
        _ => response(204, vec![]),
    };
    let (tables, _) = tables(fast(), answer).await;
    write(&tables, 1).await.unwrap();
}

#[tokio::test]
async fn a_table_that_another_instance_creates_at_the_same_time_is_used() {
    let answer = |number, asked: &Asked| match (number, asked.path.as_str()) {
        (_, "/Tables") => error(409, "TableAlreadyExists"),
        (0, _) => error(404, "TableNotFound"),
        _ => response(204, vec![]),
    };
    let (tables, asked) = tables(fast(), answer).await;
    write(&tables, 1).await.unwrap();
    assert_eq!(asked.load(SeqCst), 3);
}

#[tokio::test]
async fn a_table_that_may_not_be_created_is_an_error_that_names_the_role() {
    let answer = |_, asked: &Asked| match asked.path.as_str() {
        "/Tables" => error(403, "AuthorizationPermissionMismatch"),
        _ => error(404, "TableNotFound"),
    };
    let (tables, _) = tables(fast(), answer).await;
    let error = failure(write(&tables, 1).await);
    assert!(error.to_string().contains("Storage Table Data Contributor"), "{error}");
    assert!(error.may_pass(), "{error}");
}

#[tokio::test]
async fn a_change_of_a_missing_table_does_not_create_it() {
    let (tables, asked) = tables(fast(), |_, _| error(404, "TableNotFound")).await;
    let delete = |etag| Change::Delete { partition_key: "p".into(), row_key: "r".into(), etag };
    let missing = tables.change("Rows", &[delete(None)], soon()).await;
    assert!(matches!(missing, Err(TableError::NotFound)), "{missing:?}");
    let changed = tables.change("Rows", &[delete(Some("1".into()))], soon()).await;
    assert!(matches!(changed, Err(TableError::Changed)), "{changed:?}");
    assert_eq!(asked.load(SeqCst), 2);
}

#[tokio::test]
async fn a_query_reads_every_page_even_after_an_empty_one() {
    const PAGE: &str = "x-ms-continuation-NextPartitionKey";
    const ROW: &str = "x-ms-continuation-NextRowKey";
    let page = |rows: Value, next: &[(&'static str, &str)]| {
        let mut answer = response(200, json!({ "value": rows }).to_string().into_bytes());
        for (name, value) in next {
            answer.headers_mut().insert(*name, value.parse().unwrap());
        }
        answer
    };
    let answer = move |_, asked: &Asked| match asked.query.as_str() {
        "$filter=a%20eq%20%27O%27%27B%26%2B%C3%BC%27" => {
            page(json!([{ "RowKey": "1" }]), &[(PAGE, "1!8!cA--"), (ROW, "1!4!MQ--")])
        }
        query if query.ends_with("&NextPartitionKey=1%218%21cA--&NextRowKey=1%214%21MQ--") => {
            page(json!([]), &[(PAGE, "p")])
        }
        query if query.ends_with("&NextPartitionKey=p") => page(json!([{ "RowKey": "2" }]), &[]),
        other => panic!("{other}"),
    };
    let (tables, asked) = tables(fast(), answer).await;
    let rows = tables.query("Rows", "a eq 'O''B&+ü'", soon()).await.unwrap();
    let keys: Vec<_> = rows.iter().map(|row| row["RowKey"].as_str().unwrap()).collect();
    assert_eq!((keys, asked.load(SeqCst)), (vec!["1", "2"], 3));
}

#[tokio::test]
async fn a_query_with_a_maximum_asks_for_no_more_and_reads_no_page_after_it() {
    let answer = move |number: usize, asked: &Asked| {
        let (query, rows): (_, &[u8]) = match number {
            0 => ("$filter=a&$select=b&$top=3", br#"{"value":[{"RowKey":"1"},{"RowKey":"2"}]}"#),
            // More than was asked for.
            _ => (
                "$filter=a&$select=b&$top=1&NextPartitionKey=0",
                br#"{"value":[{"RowKey":"3"},{"RowKey":"4"}]}"#,
            ),
        };
        assert_eq!(asked.query, query);
        let mut answer = response(200, rows.to_vec());
        let next = number.to_string().parse().unwrap();
        answer.headers_mut().insert("x-ms-continuation-NextPartitionKey", next);
        answer
    };
    let (tables, asked) = tables(fast(), answer).await;
    let selection = Selection { filter: "a", columns: "b", most: Some(3) };
    let mut rows = Vec::new();
    tables.select("Rows", &selection, soon(), |row| rows.push(row)).await.unwrap();
    let keys: Vec<_> = rows.iter().map(|row| row["RowKey"].as_str().unwrap()).collect();
    assert_eq!((keys, asked.load(SeqCst)), (vec!["1", "2", "3"], 2));
}

#[tokio::test]
async fn a_query_for_more_than_a_page_asks_for_a_page_at_a_time() {
    let answer = |_, asked: &Asked| {
        assert_eq!(asked.query, "$top=1000");
        response(200, br#"{"value":[]}"#.to_vec())
    };
    let (tables, asked) = tables(fast(), answer).await;
    let selection = Selection { most: Some(1001), ..Selection::default() };
    tables.select("Rows", &selection, soon(), |_| unreachable!()).await.unwrap();
    assert_eq!(asked.load(SeqCst), 1);
}

#[tokio::test]
async fn pages_that_lead_to_themselves_are_an_error() {
    let answer = |_, _: &Asked| {
        let mut answer = response(200, br#"{"value":[]}"#.to_vec());
        let headers = answer.headers_mut();
        headers.insert("x-ms-continuation-NextPartitionKey", "p".parse().unwrap());
        answer
    };
    let (tables, asked) = tables(fast(), answer).await;
    failure(read(&tables).await);
    assert_eq!(asked.load(SeqCst), 2);
}

#[tokio::test]
async fn requests_have_the_documented_form() {
    let seen: Arc<Mutex<Vec<Asked>>> = Arc::default();
    let log = seen.clone();
    let answer = move |_, asked: &Asked| {
        log.lock().unwrap().push(asked.clone());
        if asked.path == "/$batch" {
            transaction(&[(204, ""), (204, "")])
        } else {
            response(204, vec![])
        }
    };
    let (tables, _) = tables(fast(), answer).await;
    let mut read = entity("r");
    read.insert("odata.etag".into(), "W/\"1\"".into());
    read.insert("Timestamp@odata.type".into(), "Edm.DateTime".into());
    read.insert("Timestamp".into(), "2026-11-26T10:00:00Z".into());
    read.insert("text".into(), "ü".into());
    let replace = Change::Replace { entity: read, etag: "W/\"1\"".into() };
    let delete =
        Change::Delete { partition_key: "O'B".into(), row_key: "a b/ü".into(), etag: None };
    tables.change("Rows", std::slice::from_ref(&replace), soon()).await.unwrap();
    tables.change("Rows", std::slice::from_ref(&delete), soon()).await.unwrap();
    tables.change("Rows", &[replace, delete], soon()).await.unwrap();
    let seen = seen.lock().unwrap();
    let [replaced, deleted, batch] = seen.as_slice() else { panic!("{seen:?}") };
    let header = |asked: &Asked, name: &str| asked.headers[name].to_str().unwrap().to_owned();
    for asked in seen.iter() {
        assert_eq!(header(asked, "accept"), "application/json;odata=minimalmetadata");
        assert_eq!(header(asked, "x-ms-version"), "2020-12-06");
        assert_eq!(header(asked, "dataserviceversion"), "3.0");
        assert!(header(asked, "x-ms-date").ends_with(" GMT"));
    }
    let entity = r#"{"PartitionKey":"p","RowKey":"r","text":"\u00fc"}"#;
    assert_eq!(replaced.method, "PUT");
    assert_eq!(replaced.path, "/Rows(PartitionKey='p',RowKey='r')");
    assert_eq!(header(replaced, "if-match"), "W/\"1\"");
    assert_eq!(header(replaced, "prefer"), "return-no-content");
    assert_eq!(replaced.body, entity);
    assert_eq!(deleted.method, "DELETE");
    assert_eq!(deleted.path, "/Rows(PartitionKey='O%27%27B',RowKey='a%20b%2F%C3%BC')");
    assert_eq!(header(deleted, "if-match"), "*");
    let service = format!("http://{}", header(batch, "host"));
    let part = "\r\nContent-Type: application/http\r\nContent-Transfer-Encoding: binary\r\n\r\n";
    let common = "HTTP/1.1\r\nAccept: application/json;odata=minimalmetadata\r\n\
                  DataServiceVersion: 3.0\r\nPrefer: return-no-content\r\n";
    assert_eq!(
        batch.body,
        format!(
            "--batch_4d2f9c61\r\nContent-Type: multipart/mixed; boundary=changeset_b7e05a38\r\n\r\n\
             --changeset_b7e05a38{part}PUT {service}{} {common}If-Match: W/\"1\"\r\n\
             Content-Type: application/json\r\n\r\n{entity}\r\n\
             --changeset_b7e05a38{part}DELETE {service}{} {common}If-Match: *\r\n\r\n\r\n\
             --changeset_b7e05a38--\r\n--batch_4d2f9c61--\r\n",
            replaced.path, deleted.path
        )
    );
}

#[tokio::test]
async fn a_refused_signature_shows_neither_key_nor_signature() {
    let xml = "<m:error><m:code>AuthenticationFailed</m:code><m:message>no</m:message>\
               <m:authenticationerrordetail>The MAC signature found in the HTTP request 'c2lnbmF0dXJl' \
               is not the same</m:authenticationerrordetail></m:error>";
    let url = serve(move |_| response(403, xml)).await;
    let key = SharedKey::parse("contoso", "c2VjcmV0LWtleQ==").unwrap();
    assert_eq!(format!("{key:?}"), r#"SharedKey("contoso")"#);
    let http = client::build(&url, &fast()).unwrap();
    let tables = Tables::with_shared_key(http, url, key, fast());
    let error = failure(read(&tables).await);
    let shown = format!("{error} {error:?}");
    assert!(shown.contains("check the AccountKey of AzureWebJobsStorage"), "{shown}");
    for secret in ["c2VjcmV0LWtleQ", "secret-key", "c2lnbmF0dXJl"] {
        assert!(!shown.contains(secret), "{shown}");
    }
}
