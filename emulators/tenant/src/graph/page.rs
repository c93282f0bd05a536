//! Pages of a list, and the links to the next ones.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};

use crate::{failure::Failure, graph_error as error, incoming_request::IncomingRequest};

/// The default number of objects on a page (Microsoft Learn, "Paging Microsoft
/// Graph data in your app").
const DEFAULT_PAGE_SIZE: usize = 100;

/// The largest `$top`.
const LARGEST_PAGE_SIZE: usize = 999;

const TOP: &str = "$top";
const SKIP_TOKEN: &str = "$skiptoken";

/// The decoded `$skiptoken` before the number of objects to skip.
const SKIP_TOKEN_PREFIX: &str = "skip=";

/// The page of a request.
#[derive(Debug)]
pub(crate) struct Page {
    first: usize,
    size: usize,
}

impl Default for Page {
    fn default() -> Self {
        Self { first: 0, size: DEFAULT_PAGE_SIZE }
    }
}

impl Page {
    /// Reads a query option; returns false if it is not about paging.
    pub(crate) fn takes(&mut self, option: &str, value: &str) -> Result<bool, Failure> {
        match option {
            TOP => self.size = page_size(value)?,
            SKIP_TOKEN => self.first = skipped(value).ok_or_else(error::expired_page_token)?,
            _ => return Ok(false),
        }
        Ok(true)
    }

    /// Whether this is the first page.
    pub(crate) fn is_first(&self) -> bool {
        self.first == 0
    }

    /// The number of items before this page, and the most that are on it.
    pub(crate) fn range(&self) -> (usize, usize) {
        (self.first, self.size)
    }

    /// The items of a list on this page.
    pub(crate) fn of<T>(&self, list: impl IntoIterator<Item = T>) -> impl Iterator<Item = T> {
        list.into_iter().skip(self.first).take(self.size)
    }

    /// The link to the next page, if there is one. It repeats the request's other query options.
    pub(crate) fn next_link(
        &self,
        origin: &str,
        incoming: &IncomingRequest,
        length: usize,
    ) -> Option<String> {
        let next = self.first.saturating_add(self.size);
        let repeated = incoming.query.split('&').filter(|option| is_repeated(option));
        let repeated: String = repeated.map(|option| format!("{option}&")).collect();
        let token = URL_SAFE_NO_PAD.encode(format!("{SKIP_TOKEN_PREFIX}{next}"));
        let path = &incoming.path;
        (next < length).then(|| format!("{origin}{path}?{repeated}{SKIP_TOKEN}={token}"))
    }
}

/// Whether the next link repeats a query option.
fn is_repeated(option: &str) -> bool {
    url::form_urlencoded::parse(option.as_bytes()).any(|(name, _)| name != SKIP_TOKEN)
}

fn page_size(text: &str) -> Result<usize, Failure> {
    match text.parse() {
        Ok(size) if (1..=LARGEST_PAGE_SIZE).contains(&size) => Ok(size),
        _ => Err(error::invalid_page_size(text, LARGEST_PAGE_SIZE)),
    }
}

fn skipped(token: &str) -> Option<usize> {
    let text = String::from_utf8(URL_SAFE_NO_PAD.decode(token).ok()?).ok()?;
    text.strip_prefix(SKIP_TOKEN_PREFIX)?.parse().ok()
}
