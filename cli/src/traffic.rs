//! The HTTP requests of a command. They are shown with `--verbose`, and changes are remembered as long as
//! they are uncertain.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use azure_core::http::Url;
use azure_rest::traffic::{self, Event};

use crate::{options::GlobalOptions, output::Screen};

/// Methods that change nothing.
const READS: [&str; 3] = ["GET", "HEAD", "OPTIONS"];

/// Query parameters whose values are shown with `--debug`. Others may be signatures or secrets.
const SHOWN_PARAMETERS: [&str; 10] = [
    "$filter",
    "$select",
    "$top",
    "$expand",
    "$orderby",
    "$count",
    "$search",
    "api-version",
    "comp",
    "peekonly",
];

/// The requests of this process.
#[derive(Debug)]
pub(crate) struct Traffic {
    screen: Screen,
    verbose: bool,
    debug: bool,
    requests: Mutex<Requests>,
}

#[derive(Debug, Default)]
struct Requests {
    /// Requests without an answer yet, by their numbers.
    under_way: BTreeMap<u64, Request>,
    /// Changes without an answer, or with one that does not tell whether they were made.
    uncertain: Vec<String>,
}

#[derive(Debug)]
struct Request {
    /// The method and the address.
    line: String,
    /// The query, as far as it may be shown.
    query: String,
    is_change: bool,
}

impl Traffic {
    /// Watches the requests of this process from now on.
    pub(crate) fn watch(global: &GlobalOptions, screen: Screen) -> Arc<Self> {
        let traffic = Arc::new(Self {
            screen,
            verbose: global.verbose || global.debug,
            debug: global.debug,
            requests: Mutex::default(),
        });
        let observer = Arc::clone(&traffic);
        traffic::observe(move |event| observer.note(&event));
        traffic
    }

    /// Changes that were sent and whose outcome is unknown. Each is a method and an address.
    pub(crate) fn uncertain_changes(&self) -> Vec<String> {
        let requests = self.requests();
        let under_way = requests.under_way.values().filter(|request| request.is_change);
        let mut changes = requests.uncertain.clone();
        changes.extend(under_way.map(|request| request.line.clone()));
        changes.dedup();
        changes
    }

    fn note(&self, event: &Event<'_>) {
        match *event {
            Event::Sent { number, method, url } => {
                self.requests().under_way.insert(number, Request::new(method, url));
            }
            Event::Answered { number, status, request_id, after } => {
                let id = request_id.map(|id| format!(", request-id {id}")).unwrap_or_default();
                let told = format!("{status} after {}{id}", seconds(after));
                self.end(number, &told, status >= 500);
            }
            Event::Unanswered { number, after } => {
                self.end(number, &format!("no answer after {}", seconds(after)), true);
            }
            Event::Token { scope, fetched, after } if self.debug => {
                let outcome = if fetched { "fetched" } else { "not fetched" };
                self.screen.note(format!("token for {scope}: {outcome} after {}", seconds(after)));
            }
            Event::Retry { operation, after } if self.debug => {
                self.screen.note(format!("retry: {operation}, in {}", seconds(after)));
            }
            _ => {}
        }
    }

    /// Shows a request that has ended.
    fn end(&self, number: u64, told: &str, is_uncertain: bool) {
        let Some(request) = self.requests().ended(number, is_uncertain) else { return };
        if self.verbose {
            let query = if self.debug { request.query.as_str() } else { "" };
            self.screen.note(format!("{}{query}: {told}", request.line));
        }
    }

    fn requests(&self) -> MutexGuard<'_, Requests> {
        // The lists stay consistent if another thread panics.
        self.requests.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Requests {
    /// Removes a request that has ended. A change is certain once an equal one was answered.
    fn ended(&mut self, number: u64, is_uncertain: bool) -> Option<Request> {
        let request = self.under_way.remove(&number)?;
        if request.is_change {
            self.uncertain.retain(|line| *line != request.line);
            if is_uncertain {
                self.uncertain.push(request.line.clone());
            }
        }
        Some(request)
    }
}

impl Request {
    fn new(method: &str, url: &Url) -> Self {
        let host = url.host_str().unwrap_or_default();
        let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
        Self {
            line: format!("{method} {host}{port}{}", url.path()),
            query: query(url),
            is_change: !READS.contains(&method),
        }
    }
}

/// The query of an address, as far as it may be shown.
fn query(url: &Url) -> String {
    let parameters = url.query_pairs().map(|(name, value)| {
        let value = if SHOWN_PARAMETERS.contains(&&*name) { &*value } else { "…" };
        format!("{name}={value}")
    });
    let parameters: Vec<_> = parameters.collect();
    if parameters.is_empty() { String::new() } else { format!("?{}", parameters.join("&")) }
}

fn seconds(duration: Duration) -> String {
    format!("{:.2} s", duration.as_secs_f64())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(method: &str, address: &str) -> Request {
        Request::new(method, &Url::parse(address).unwrap())
    }

    #[test]
    fn a_request_is_shown_without_secrets() {
        for (address, line, query) in [
            (
                "https://graph.microsoft.com/v1.0/servicePrincipals?$filter=appId eq '1'&$skiptoken=secret",
                "GET graph.microsoft.com/v1.0/servicePrincipals",
                "?$filter=appId eq '1'&$skiptoken=…",
            ),
            (
                "https://anna:secret@st.queue.core.windows.net/q/messages?sv=secret&sig=secret&peekonly=true",
                "GET st.queue.core.windows.net/q/messages",
                "?sv=…&sig=…&peekonly=true",
            ),
            ("http://127.0.0.1:7071/api/health#secret", "GET 127.0.0.1:7071/api/health", ""),
        ] {
            let request = request("GET", address);
            assert_eq!((request.line.as_str(), request.query.as_str()), (line, query));
        }
    }

    #[test]
    fn a_change_is_uncertain_until_it_is_answered() {
        let mut requests = Requests::default();
        let change = || request("POST", "https://graph.microsoft.com/v1.0/appRoleAssignedTo");
        requests.under_way.insert(1, change());
        requests.ended(1, true);
        assert_eq!(requests.uncertain, [change().line]);
        requests.under_way.insert(2, change());
        requests.ended(2, false);
        assert_eq!(requests.uncertain, Vec::<String>::new());
        requests.under_way.insert(3, request("GET", "https://graph.microsoft.com/v1.0/me"));
        requests.ended(3, true);
        assert_eq!(requests.uncertain, Vec::<String>::new());
    }
}
