//! The table service of a storage account: entities are read and changed here.
//!
//! The REST API is used ("Table service REST API"): the Azure SDK for Rust has no tables.

mod access;
mod answer;
mod change;
pub mod literal;
mod request;
mod selection;
mod table_error;
mod transaction;

use azure_core::http::Url;
use serde_json::Value;

pub use change::{Change, Entity, MOST_CHANGES};
pub use selection::Selection;
pub use table_error::TableError;

use crate::{
    call_error::{CallError, Kind},
    exchange::{Exchange, Reply},
    presence::Presence,
    rest::RestClient,
    retry::{Backoff, Deadline, with_retries},
    shared_key::SharedKey,
    storage_access::StorageAccess,
    timing::CallTiming,
};
use answer::{Meaning, Purpose, meaning, unclear};
use request::{Request, address, entity_path};

/// The start of the next page, as headers of a page and as parameters ("Query timeout and pagination").
const NEXT_PAGE: [(&str, &str); 2] = [
    ("x-ms-continuation-NextPartitionKey", "NextPartitionKey"),
    ("x-ms-continuation-NextRowKey", "NextRowKey"),
];

/// The table service of one storage account. Clones share connections.
#[derive(Clone)]
pub struct Tables {
    access: StorageAccess,
    service: Url,
    /// Whether a call that fails is repeated until its deadline.
    repeats: bool,
}

/// A request with everything that its attempts need.
struct Call<'a> {
    /// For the log.
    operation: &'static str,
    table: &'a str,
    request: Request,
    parameters: &'a [(&'a str, &'a str)],
    purpose: Purpose,
    /// Whether the table is created if it is missing.
    creates: bool,
    deadline: Deadline,
}

impl<'a> Call<'a> {
    /// A call that reads what has this path.
    fn read(table: &'a str, path: String, deadline: Deadline) -> Self {
        Self {
            operation: "read the table",
            table,
            request: Request::get(path),
            parameters: &[],
            purpose: Purpose::Read,
            creates: false,
            deadline,
        }
    }
}

impl Tables {
    /// The table service at `service`, with tokens for
    /// [`STORAGE_SCOPE`](crate::storage::STORAGE_SCOPE).
    #[must_use]
    pub fn with_tokens(rest: RestClient, service: Url) -> Self {
        Self { access: StorageAccess::Tokens(rest), service, repeats: true }
    }

    /// The table service at `service`, with the account's key.
    #[must_use]
    pub fn with_shared_key(
        http: reqwest::Client,
        service: Url,
        key: SharedKey,
        timing: CallTiming,
    ) -> Self {
        Self {
            access: StorageAccess::Key(Exchange::new(http, timing), key),
            service,
            repeats: true,
        }
    }

    /// This service without retries, for callers that repeat calls themselves.
    #[must_use]
    pub fn without_retries(&self) -> Self {
        Self { repeats: false, ..self.clone() }
    }

    /// Stores one entity in place of the version `replaced`, or adds it if there is none. Returns its new
    /// version, if the service tells it.
    ///
    /// Errors are those of [`Self::change`].
    pub async fn store(
        &self,
        table: &str,
        entity: Entity,
        replaced: Option<&str>,
        deadline: Deadline,
    ) -> Result<Option<String>, TableError> {
        let change = match replaced {
            Some(etag) => Change::Replace { entity, etag: etag.to_owned() },
            None => Change::Insert(entity),
        };
        let reply = self.make(table, std::slice::from_ref(&change), deadline).await?;
        Ok(reply.and_then(|reply| reply.header("etag").map(str::to_owned)))
    }

    /// Makes all changes or none: one transaction of at most [`MOST_CHANGES`] changes of one partition.
    ///
    /// An entity may be in it once. If the table is missing, it is created for an entity that is added.
    ///
    /// After `Ok`, the changes are durable. After an error, they may have been made anyway, because an
    /// answer can be lost. A repeated attempt then finds its own change: [`Change::Insert`] is
    /// [`TableError::Exists`], [`Change::Replace`] is [`TableError::Changed`].
    pub async fn change(
        &self,
        table: &str,
        changes: &[Change],
        deadline: Deadline,
    ) -> Result<(), TableError> {
        self.make(table, changes, deadline).await.map(drop)
    }

    /// Makes all changes or none. Returns the answer, unless there is nothing to change.
    async fn make(
        &self,
        table: &str,
        changes: &[Change],
        deadline: Deadline,
    ) -> Result<Option<Reply>, TableError> {
        let (request, purpose) = match changes {
            [] => return Ok(None),
            [change] => (Request::of(table, change), Purpose::Write),
            _ if changes.len() > MOST_CHANGES => return Err(too_many(table, changes.len())),
            _ => {
                let request = transaction::request(&self.service, table, changes);
                (request, Purpose::Transaction(changes.len()))
            }
        };
        let creates = changes.iter().any(Change::adds);
        let operation = "change the table";
        let call = Call { operation, table, request, parameters: &[], purpose, creates, deadline };
        let (meaning, reply) = self.answer(&call).await?;
        match meaning {
            Meaning::Done => Ok(Some(reply)),
            Meaning::EntityExists => Err(TableError::Exists),
            Meaning::Changed => Err(TableError::Changed),
            Meaning::NoEntity | Meaning::NoTable if changes.iter().any(Change::has_etag) => {
                Err(TableError::Changed)
            }
            Meaning::NoEntity | Meaning::NoTable => Err(TableError::NotFound),
            Meaning::TableExists => Err(self.unexpected(table, &reply).into()),
        }
    }

    /// The entity with these keys: the partition's, and its own. `None` if there is none, or no table.
    pub async fn get(
        &self,
        table: &str,
        keys: (&str, &str),
        deadline: Deadline,
    ) -> Result<Option<Entity>, TableError> {
        let call = Call::read(table, entity_path(table, keys), deadline);
        let (meaning, reply) = self.answer(&call).await?;
        match meaning {
            Meaning::Done => match serde_json::from_slice(reply.body().unwrap_or_default()) {
                Ok(entity) => Ok(Some(entity)),
                Err(_) => Err(self.unexpected(table, &reply).into()),
            },
            Meaning::NoEntity | Meaning::NoTable => Ok(None),
            _ => Err(self.unexpected(table, &reply).into()),
        }
    }

    /// All entities that match a filter ("Querying tables and entities"), in the order of their keys; none
    /// if there is no table. An empty filter matches all. [`literal`] makes values for it.
    pub async fn query(
        &self,
        table: &str,
        filter: &str,
        deadline: Deadline,
    ) -> Result<Vec<Entity>, TableError> {
        let mut entities = Vec::new();
        let selection = Selection { filter, ..Selection::default() };
        self.select(table, &selection, deadline, |entity| entities.push(entity)).await?;
        Ok(entities)
    }

    /// Passes the entities of a selection to `take`, in the order of their keys; none if there is no table.
    /// Only one page of them is in memory at a time.
    pub async fn select(
        &self,
        table: &str,
        selection: &Selection<'_>,
        deadline: Deadline,
        mut take: impl FnMut(Entity) + Send,
    ) -> Result<(), TableError> {
        let mut left = selection.most.unwrap_or(usize::MAX);
        let mut start: Vec<(&str, String)> = Vec::new();
        while left > 0 {
            let size = selection.page_size(left);
            let mut parameters = selection.parameters();
            parameters.extend(size.iter().map(|size| ("$top", size.as_str())));
            parameters.extend(start.iter().map(|(name, value)| (*name, value.as_str())));
            let call = Call::read(table, format!("{table}()"), deadline);
            let call = Call { parameters: &parameters, ..call };
            let (meaning, reply) = self.answer(&call).await?;
            match meaning {
                Meaning::Done => {}
                Meaning::NoTable => return Ok(()),
                _ => return Err(self.unexpected(table, &reply).into()),
            }
            let page = page(reply.body().unwrap_or_default())
                .ok_or_else(|| self.unexpected(table, &reply))?;
            for entity in page.into_iter().take(left) {
                left -= 1;
                take(entity);
            }
            let next = next_page(&reply);
            if next.is_empty() {
                return Ok(());
            }
            if next == start {
                return Err(self.unexpected(table, &reply).into());
            }
            start = next;
        }
        Ok(())
    }

    /// Whether a table exists and can be read.
    pub async fn presence(&self, table: &str, deadline: Deadline) -> Result<Presence, CallError> {
        let (parameters, purpose) = (&[("$top", "1")], Purpose::Look);
        let call = Call::read(table, format!("{table}()"), deadline);
        let (meaning, reply) = self.answer(&Call { parameters, purpose, ..call }).await?;
        match meaning {
            Meaning::Done => Ok(Presence::Exists),
            Meaning::NoTable => Ok(Presence::Missing),
            _ => Err(self.unexpected(table, &reply)),
        }
    }

    /// The one retry loop of this module.
    async fn answer(&self, call: &Call<'_>) -> Result<(Meaning, Reply), CallError> {
        if !self.repeats {
            return self.attempt(call).await;
        }
        let backoff = Backoff::new(call.operation, self.access.timing(), call.deadline);
        with_retries(backoff, || self.attempt(call)).await
    }

    /// One attempt, which creates the table if that is missing and needed.
    async fn attempt(&self, call: &Call<'_>) -> Result<(Meaning, Reply), CallError> {
        let answered = self.send(call).await?;
        if answered.0 != Meaning::NoTable || !call.creates {
            return Ok(answered);
        }
        let request = Request::create(call.table);
        let create = Call { request, parameters: &[], purpose: Purpose::Write, ..*call };
        let (meaning, reply) = self.send(&create).await?;
        match meaning {
            // Another instance may have created it at the same time.
            Meaning::Done | Meaning::TableExists => {}
            _ => return Err(self.unexpected(call.table, &reply)),
        }
        let answered = self.send(call).await?;
        if answered.0 == Meaning::NoTable {
            let detail = self.sentence(call.table, "is still missing after it was created");
            return Err(CallError::new(Kind::Transient, detail));
        }
        Ok(answered)
    }

    async fn send(&self, call: &Call<'_>) -> Result<(Meaning, Reply), CallError> {
        let url = address(&self.service, &call.request.path, call.parameters);
        let sent = access::send(&self.access, url, &call.request, call.deadline).await;
        let name = || self.sentence(call.table, "");
        let reply = sent.map_err(|error| CallError::no_response(name().trim_end(), &error))?;
        let meaning = meaning(&reply, call.purpose, access::advice(&self.access));
        Ok((meaning.map_err(|error| error.of(&name()))?, reply))
    }

    /// The error of an answer that does not fit the request.
    fn unexpected(&self, table: &str, reply: &Reply) -> CallError {
        let what =
            format!("answered {}, and what it sent is no answer to this request", reply.status);
        unclear(&what).of(&self.sentence(table, ""))
    }

    /// A sentence about a table.
    fn sentence(&self, table: &str, what: &str) -> String {
        format!("table {table} of {} {what}", self.service)
    }
}

fn too_many(table: &str, changes: usize) -> TableError {
    let detail = format!(
        "{changes} changes of table {table} are too many for one transaction, which has at most \
         {MOST_CHANGES}"
    );
    CallError::new(Kind::Final, detail).into()
}

/// The entities of a page; `None` if it is not one.
fn page(body: &[u8]) -> Option<Vec<Entity>> {
    let mut page: Entity = serde_json::from_slice(body).ok()?;
    let Value::Array(items) = page.remove("value")? else { return None };
    let entities = items.into_iter().map(|item| match item {
        Value::Object(entity) => Some(entity),
        _ => None,
    });
    entities.collect()
}

/// The parameters of the next page's request; none after the last page.
fn next_page(reply: &Reply) -> Vec<(&'static str, String)> {
    let parameters = NEXT_PAGE.iter();
    let parameters = parameters
        .filter_map(|(header, parameter)| Some((*parameter, reply.header(header)?.to_owned())));
    parameters.collect()
}
