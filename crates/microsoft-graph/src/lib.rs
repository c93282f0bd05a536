//! Microsoft Graph v1.0, as far as app roles need it.
//!
//! A read goes through [`Graph::call`]: token, `client-request-id`, one classification of errors
//! ([`error`]), one retry loop. A write goes through [`ensure`], which knows when a write whose answer
//! was lost must be looked for before it is made again. Callers see a [`GraphError`] only when the
//! deadline leaves no room for another try, or when another try is of no use within this invocation.

mod api_cache;
pub mod assignments;
mod closing;
pub mod ensure;
pub mod error;
mod exchange;
pub mod inventory;
mod odata;
mod principal_order;
pub mod priority;
mod recent_assignments;
pub mod service_principals;
mod write_pace;
pub mod write_quota;

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicBool, Ordering},
};

use api_cache::ApiCache;
use azure_core::http::Url;
use closing::Closing;
use error::{ErrorKind, GraphError};
pub use exchange::Answer;
use exchange::Call;
use principal_order::PrincipalOrder;
use recent_assignments::RecentAssignments;
use serde::{Deserialize, de::DeserializeOwned};
pub use service_principals::Lookup;
use write_pace::WritePace;

use crate::write_quota::WriteQuota;
use azure_rest::{
    retry::{Attempt, Deadline, retry},
    timing::CallTiming,
    token::{Token, TokenSource},
};

/// Pages of a list that are read at most. A service principal may hold 1,500 assignments ("Microsoft
/// Entra service limits and restrictions"), which is two pages; a list without end would otherwise
/// hold its invocation until the deadline.
const MOST_PAGES: usize = 20;

/// How often a list is read from its beginning again, because Graph has forgotten where its reader
/// was.
const MOST_RESTARTS: usize = 2;

/// A client of Microsoft Graph with the broker's own identity.
pub struct Graph {
    client: reqwest::Client,
    tokens: Arc<TokenSource>,
    root: Url,
    timing: CallTiming,
    apis: ApiCache,
    reads: Mutex<Closing>,
    writes: WritePace,
    order: PrincipalOrder,
    recent: RecentAssignments,
}

/// One page of a list.
#[derive(Deserialize)]
struct Page<T> {
    value: Vec<T>,
    #[serde(rename = "@odata.nextLink")]
    next_link: Option<String>,
}

impl Graph {
    /// A client of the Graph at `endpoint`, for instance `https://graph.microsoft.com`, which takes so
    /// many writes.
    #[must_use]
    pub fn new(
        client: reqwest::Client,
        tokens: Arc<TokenSource>,
        endpoint: &Url,
        quota: WriteQuota,
        timing: CallTiming,
    ) -> Self {
        Self {
            client,
            tokens,
            root: odata::root(endpoint),
            apis: ApiCache::default(),
            reads: Mutex::default(),
            writes: WritePace::new(quota, timing.clone()),
            order: PrincipalOrder::default(),
            recent: RecentAssignments::default(),
            timing,
        }
    }

    /// The token that the next call would send; it says who the broker is.
    pub async fn sign_in(&self, deadline: Deadline) -> Result<Token, GraphError> {
        retry("sign in", &self.timing, deadline, || async {
            match self.token().await {
                Ok(token) => Attempt::Done(token),
                Err(error) if error.is_passing() => Attempt::Again { after: None, error },
                Err(error) => Attempt::Stop(error),
            }
        })
        .await
    }

    async fn token(&self) -> Result<Token, GraphError> {
        self.tokens.token().await.map_err(|error| GraphError::not_signed_in(&error))
    }

    async fn get<T: DeserializeOwned>(
        &self,
        name: &'static str,
        url: Url,
        deadline: Deadline,
    ) -> Result<Answer<T>, GraphError> {
        self.call(&Call::read(name, url, false), deadline).await
    }

    /// Reads a whole list, from its beginning again if Graph has forgotten where its reader was.
    async fn list<T: DeserializeOwned>(
        &self,
        name: &'static str,
        first: Url,
        may_lag: bool,
        deadline: Deadline,
    ) -> Result<Vec<T>, GraphError> {
        for _ in 0..MOST_RESTARTS {
            match self.list_once(name, first.clone(), may_lag, deadline).await {
                Err(error) if error.kind() == ErrorKind::PageExpired => {}
                read => return read,
            }
        }
        self.list_once(name, first, may_lag, deadline).await
    }

    /// Reads a list page by page. `may_lag` goes with every page: the link to the next one does not
    /// carry it.
    async fn list_once<T: DeserializeOwned>(
        &self,
        name: &'static str,
        first: Url,
        may_lag: bool,
        deadline: Deadline,
    ) -> Result<Vec<T>, GraphError> {
        let mut all = Vec::new();
        let mut next = Some(first);
        for _ in 0..MOST_PAGES {
            let Some(url) = next else { return Ok(all) };
            let page: Page<T> = self.call(&Call::read(name, url, may_lag), deadline).await?.body;
            all.extend(page.value);
            next = page.next_link.map(|link| self.same_origin(&link)).transpose()?;
        }
        Err(GraphError::endless_list())
    }

    /// The next page's address, if it is Graph's own: the token goes nowhere else.
    fn same_origin(&self, link: &str) -> Result<Url, GraphError> {
        Url::parse(link)
            .ok()
            .filter(|url| url.origin() == self.root.origin())
            .ok_or_else(GraphError::foreign_link)
    }

    /// Reads, as often as it takes.
    async fn call<T: DeserializeOwned>(
        &self,
        call: &Call<'_, ()>,
        deadline: Deadline,
    ) -> Result<Answer<T>, GraphError> {
        let renewed = AtomicBool::new(false);
        retry(call.name, &self.timing, deadline, || async {
            let error = match self.read_once(call, deadline).await {
                Ok(answer) => return Attempt::Done(answer),
                Err(error) => error,
            };
            let refused = error.kind() == ErrorKind::TokenRefused;
            if error.is_passing() || (refused && !renewed.swap(true, Ordering::Relaxed)) {
                Attempt::Again { after: error.retry_after(), error }
            } else {
                Attempt::Stop(error)
            }
        })
        .await
    }
}
