//! Lists, which Microsoft Graph returns page by page.

use shared_quota::priority::Priority;
use std::{
    collections::HashSet,
    hash::{DefaultHasher, Hash, Hasher},
};

use azure_core::http::Url;
use serde::Deserialize;

use crate::{
    client::{GraphClient, Read},
    error::{ErrorKind, GraphError},
    member::Member,
    rows::{RowReader, WireRow},
};
use azure_rest::{endpoints::has_credentials, retry::Deadline};

/// The maximum number of pages of a list that is read as a whole. A service principal may hold 1,500
/// assignments ("Microsoft Entra service limits and restrictions"), which is two pages. An endless list
/// would occupy its invocation until the deadline.
const MAX_PAGES: usize = 20;

/// The maximum number of pages of a list of the whole tenant: five million objects in full pages, more
/// than the largest quota of directory objects that Microsoft names ("Microsoft Entra service limits and
/// restrictions").
const MAX_PAGES_OF_TENANT: usize = 5_000;

/// How often the reader of a list starts again, because Graph's page token has expired.
const MAX_RESTARTS: usize = 2;

/// A list and the position of its reader.
pub(crate) struct Pages<'a> {
    client: &'a GraphClient,
    operation: &'static str,
    rows: RowReader,
    first: Url,
    /// Every page needs the header again: the link to the next page does not carry it.
    is_eventual: bool,
    priority: Priority,
    max_pages: usize,
    next: Option<Url>,
    /// Hashes of the links that were followed since the last restart. They need less memory than links.
    seen: HashSet<u64>,
    restarts: usize,
    pages_read: usize,
    pages_since_restart: usize,
}

/// A list that was read as a whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed<T> {
    /// The rows that can be used.
    pub rows: Vec<T>,
    /// The number of rows that cannot be used. The log names them.
    pub skipped: usize,
}

/// A page. Both members are checked: without `value` it would look like an empty list, and with a link of
/// another type like the last page.
#[derive(Deserialize)]
pub(crate) struct Page<W> {
    pub(crate) value: Vec<Member<W>>,
    #[serde(rename = "@odata.nextLink")]
    next_link: Option<String>,
}

impl<'a> Pages<'a> {
    pub(crate) fn new(client: &'a GraphClient, operation: &'static str, first: Url) -> Self {
        Self {
            client,
            operation,
            rows: RowReader::new(operation),
            next: Some(first.clone()),
            first,
            is_eventual: false,
            priority: Priority::Normal,
            max_pages: MAX_PAGES,
            seen: HashSet::new(),
            restarts: 0,
            pages_read: 0,
            pages_since_restart: 0,
        }
    }

    /// Accepts responses from an eventually consistent index.
    pub(crate) fn eventual(self, is_eventual: bool) -> Self {
        Self { is_eventual, ..self }
    }

    pub(crate) fn with_priority(self, priority: Priority) -> Self {
        Self { priority, ..self }
    }

    /// Accepts as many pages as the lists of a whole tenant have.
    pub(crate) fn of_tenant(self) -> Self {
        Self { max_pages: MAX_PAGES_OF_TENANT, ..self }
    }

    /// The number of rows that were skipped because they cannot be used.
    pub(crate) fn skipped(&self) -> usize {
        self.rows.skipped()
    }

    /// The number of pages that have been read.
    pub(crate) fn pages_read(&self) -> usize {
        self.pages_read
    }

    /// How often the list has started again, because Graph's page token had expired.
    pub(crate) fn restarts(&self) -> usize {
        self.restarts
    }

    /// Reads the next page, which may be empty; `None` after the last page. A row that cannot be used is
    /// skipped.
    ///
    /// If Graph's page token has expired, the list starts again with its first page. After an error, the
    /// next call reads the same page again.
    pub(crate) async fn next_page<W: WireRow>(
        &mut self,
        deadline: Deadline,
    ) -> Result<Option<Vec<W::Row>>, GraphError> {
        while let Some(url) = self.next.clone() {
            let read = Read::new(self.operation, url)
                .eventual(self.is_eventual)
                .with_priority(self.priority);
            match self.client.read::<Page<W>>(read, deadline).await {
                Ok(response) => return self.advance(response.body).map(Some),
                Err(error) if self.can_restart(&error) => self.restart(),
                Err(error) => return Err(error),
            }
        }
        Ok(None)
    }

    /// Reads a short list as a whole.
    pub(crate) async fn read_all<W: WireRow>(
        mut self,
        deadline: Deadline,
    ) -> Result<Listed<W::Row>, GraphError> {
        let mut all = Vec::new();
        while let Some(page) = self.next_page::<W>(deadline).await? {
            if self.pages_since_restart == 1 {
                all.clear();
            }
            all.extend(page);
        }
        Ok(Listed { rows: all, skipped: self.skipped() })
    }

    fn advance<W: WireRow>(&mut self, page: Page<W>) -> Result<Vec<W::Row>, GraphError> {
        self.pages_read += 1;
        self.pages_since_restart += 1;
        self.next = page.next_link.map(|link| self.same_origin(&link)).transpose()?;
        if let Some(next) = &self.next {
            if self.pages_since_restart >= self.max_pages {
                return Err(GraphError::too_many_pages());
            }
            let mut hasher = DefaultHasher::new();
            next.hash(&mut hasher);
            if *next == self.first || !self.seen.insert(hasher.finish()) {
                return Err(GraphError::repeated_page());
            }
        }
        Ok(self.rows.read(page.value))
    }

    fn can_restart(&self, error: &GraphError) -> bool {
        error.kind() == ErrorKind::PageExpired && self.restarts < MAX_RESTARTS
    }

    fn restart(&mut self) {
        self.restarts += 1;
        self.pages_since_restart = 0;
        self.seen.clear();
        self.rows.restart();
        self.next = Some(self.first.clone());
    }

    /// The URL of the next page, if its host is Graph's own. Any other host must not get the token, and
    /// credentials in the link would replace it.
    fn same_origin(&self, link: &str) -> Result<Url, GraphError> {
        Url::parse(link)
            .ok()
            .filter(|url| url.origin() == self.client.root().origin())
            .filter(|url| !has_credentials(url))
            .ok_or_else(GraphError::foreign_next_page)
    }
}
