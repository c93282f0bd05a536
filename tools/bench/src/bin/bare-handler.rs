//! The smallest custom handler, the baseline of the benchmarks.
//!
//! By default it answers `{}`. With `BARE_HANDLER_GRANT`, it first makes the two calls to Microsoft Graph
//! of a grant, and ignores the request and Graph's responses. With `BARE_HANDLER_TABLES`, the endpoint of
//! the record's tables and of queues, it also makes the calls to them: one to a table before the write, two
//! after it, and an event for a queue beside the first of these. With
//! `BARE_HANDLER_SLEEP`, it sleeps and returns a recorded response of the broker. It decides and retries
//! nothing.

use std::{net::Ipv4Addr, sync::Arc, time::Duration};

use anyhow::{Context as _, Result};
use reqwest::{
    Client, RequestBuilder,
    header::{CONTENT_TYPE, IF_MATCH},
};
use serde::Deserialize;
use tokio::net::TcpListener;
use uuid::Uuid;
use warp::{Filter, http::StatusCode, hyper::body::Bytes};

const JSON: &str = "application/json";

/// The properties of the principal that a grant reads ("servicePrincipal resource type").
const PROPERTIES: &str = "id,appId,displayName,servicePrincipalType,alternativeNames";

/// The key and about the size in bytes of a row of the record.
const ROW: &str = "row";
const ROW_SIZE: usize = 1_000;
/// About the size in bytes of an event.
const EVENT_SIZE: usize = 1_000;

/// The work that each call does.
enum Work {
    Nothing,
    /// `BARE_HANDLER_GRANT`: `<object id of the API> <id of the role>`. The path names the principal.
    Grant(Grant),
    /// `BARE_HANDLER_SLEEP`, in milliseconds, and `BARE_HANDLER_REPLY`, a file with the response. The
    /// markers in it are replaced by new ids in every response.
    Sleep {
        pause: Duration,
        reply: String,
    },
}

const INVOCATION_ID: &str = "INVOCATION_ID";
const PRINCIPAL_ID: &str = "PRINCIPAL_ID";

struct Grant {
    client: Client,
    graph: String,
    token: String,
    api: String,
    role: String,
    /// The endpoint of the tables; `None` if there is no record.
    tables: Option<String>,
}

#[derive(Deserialize)]
struct Token {
    access_token: String,
}

#[tokio::main]
async fn main() -> Result<()> {
    let port = std::env::var("FUNCTIONS_CUSTOMHANDLER_PORT")?.parse()?;
    let work = Arc::new(Work::from_environment().await?);
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?;
    let ready = warp::get().and(warp::path::end()).map(|| answer("{}".to_owned()));
    let call = warp::post().and(warp::path::param()).and(warp::body::bytes()).then(
        move |name: String, _: Bytes| {
            let work = work.clone();
            async move {
                match work.reply(&name).await {
                    Ok(reply) => answer(reply),
                    Err(error) => failure(&error.to_string()),
                }
            }
        },
    );
    warp::serve(ready.or(call)).incoming(listener).run().await;
    Ok(())
}

fn answer(body: String) -> warp::reply::Response {
    let mut response = warp::reply::Response::new(body.into());
    let json = warp::http::HeaderValue::from_static(JSON);
    response.headers_mut().insert(CONTENT_TYPE, json);
    response
}

fn failure(text: &str) -> warp::reply::Response {
    let mut response = answer(serde_json::json!({ "error": text }).to_string());
    *response.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
    response
}

impl Work {
    async fn from_environment() -> Result<Self> {
        if let Ok(what) = std::env::var("BARE_HANDLER_GRANT") {
            return Grant::from_environment(&what).await.map(Self::Grant);
        }
        let Ok(milliseconds) = std::env::var("BARE_HANDLER_SLEEP") else {
            return Ok(Self::Nothing);
        };
        let pause = Duration::from_millis(milliseconds.parse()?);
        let reply = std::fs::read_to_string(std::env::var("BARE_HANDLER_REPLY")?)?;
        Ok(Self::Sleep { pause, reply })
    }

    async fn reply(&self, name: &str) -> Result<String> {
        match self {
            Self::Nothing => Ok("{}".to_owned()),
            Self::Grant(grant) => {
                grant.to(name).await?;
                Ok("{}".to_owned())
            }
            Self::Sleep { pause, reply } => {
                tokio::time::sleep(*pause).await;
                let own = |text: &str, marker| text.replace(marker, &Uuid::new_v4().to_string());
                Ok(own(&own(reply, INVOCATION_ID), PRINCIPAL_ID))
            }
        }
    }
}

impl Grant {
    async fn from_environment(what: &str) -> Result<Self> {
        let client = loopback::http_client_builder().build()?;
        let (api, role) = what.split_once(' ').context("BARE_HANDLER_GRANT names no role")?;
        let identity_endpoint = std::env::var("IDENTITY_ENDPOINT")?;
        let query = "api-version=2019-08-01&resource=https%3A%2F%2Fgraph.microsoft.com";
        let client_id = std::env::var("AZURE_CLIENT_ID")?;
        let request = client
            .get(format!("{identity_endpoint}?{query}&client_id={client_id}"))
            .header("X-IDENTITY-HEADER", std::env::var("IDENTITY_HEADER")?);
        let token: Token = request.send().await?.error_for_status()?.json().await?;
        Ok(Self {
            client,
            graph: std::env::var("GRAPH_ENDPOINT")?,
            token: token.access_token,
            api: api.to_owned(),
            role: role.to_owned(),
            tables: std::env::var("BARE_HANDLER_TABLES").ok(),
        })
    }

    async fn to(&self, principal: &str) -> Result<()> {
        let Self { client, graph, token, api, role, .. } = self;
        let url = format!("{graph}/v1.0/servicePrincipals/{principal}");
        let read = client.get(format!("{url}?$select={PROPERTIES}")).bearer_auth(token);
        send(read).await?;
        self.insert("AppRoleIntents", principal).await?;
        let assignment =
            format!(r#"{{"principalId":"{principal}","resourceId":"{api}","appRoleId":"{role}"}}"#);
        let write = client.post(format!("{url}/appRoleAssignments")).bearer_auth(token);
        send(write.header(CONTENT_TYPE, JSON).body(assignment)).await?;
        tokio::try_join!(self.insert("AppRoleAudit", principal), self.put_event())?;
        self.delete("AppRoleIntents", principal).await
    }

    /// Puts an event of about the size of the broker's into its queue ("Put Message").
    async fn put_event(&self) -> Result<()> {
        let Some(tables) = &self.tables else { return Ok(()) };
        let text = "x".repeat(EVENT_SIZE);
        let message = format!("<QueueMessage><MessageText>{text}</MessageText></QueueMessage>");
        let put = self.client.post(format!("{tables}/app-role-events/messages"));
        send(put.header(CONTENT_TYPE, "application/xml").body(message)).await
    }

    /// Inserts a row of about the size of the broker's.
    async fn insert(&self, table: &str, principal: &str) -> Result<()> {
        let Some(tables) = &self.tables else { return Ok(()) };
        let text = "x".repeat(ROW_SIZE);
        let row = format!(r#"{{"PartitionKey":"{principal}","RowKey":"{ROW}","text":"{text}"}}"#);
        let insert = self.client.post(format!("{tables}/{table}"));
        send(insert.header(CONTENT_TYPE, JSON).body(row)).await
    }

    async fn delete(&self, table: &str, principal: &str) -> Result<()> {
        let Some(tables) = &self.tables else { return Ok(()) };
        let entity = format!("{table}(PartitionKey='{principal}',RowKey='{ROW}')");
        let delete = self.client.delete(format!("{tables}/{entity}"));
        send(delete.header(IF_MATCH, "*")).await
    }
}

async fn send(request: RequestBuilder) -> Result<()> {
    request.send().await?.error_for_status()?.bytes().await?;
    Ok(())
}
