//! Pages of a list: which one a request asks for, and the link to the next one.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};

use super::error;
use crate::{failure::Failure, server::Incoming};

/// How many objects a page has unless `$top` says otherwise (Microsoft Learn, "Paging Microsoft
/// Graph data in your app").
const DEFAULT_PAGE_SIZE: usize = 100;

/// The most that `$top` may ask for.
const LARGEST_PAGE_SIZE: usize = 999;

const TOP: &str = "$top";
const SKIP_TOKEN: &str = "$skiptoken";

/// What a `$skiptoken` says in clear text, in front of the number of objects to skip.
const SKIP_TOKEN_PREFIX: &str = "skip=";

/// A page that a request asks for.
#[derive(Debug)]
pub(super) struct Page {
    first: usize,
    size: usize,
}

impl Default for Page {
    fn default() -> Self {
        Self { first: 0, size: DEFAULT_PAGE_SIZE }
    }
}

impl Page {
    /// Takes note of a query option; false when it has nothing to do with paging.
    pub(super) fn takes(&mut self, option: &str, value: &str) -> Result<bool, Failure> {
        match option {
            TOP => self.size = page_size(value)?,
            SKIP_TOKEN => self.first = skipped(value).ok_or_else(error::expired_page_token)?,
            _ => return Ok(false),
        }
        Ok(true)
    }

    /// Whether this is where the list begins.
    pub(super) fn is_first(&self) -> bool {
        self.first == 0
    }

    /// What of a list is on this page.
    pub(super) fn of<T>(&self, list: impl IntoIterator<Item = T>) -> impl Iterator<Item = T> {
        list.into_iter().skip(self.first).take(self.size)
    }

    /// The link to the page behind this one, if the list is that long. It repeats the request's other
    /// query options; headers are nothing that a link could carry.
    pub(super) fn next_link(
        &self,
        origin: &str,
        incoming: &Incoming,
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

/// Whether a query option, as it was sent, belongs in the next link too.
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
