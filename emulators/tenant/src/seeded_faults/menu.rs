//! The possible faults of a request.

use std::time::Duration;

use time::OffsetDateTime;
use warp::http::{StatusCode, header::RETRY_AFTER};

use super::{draw::Draw, subject::FaultSubject};
use crate::{
    directory::AssignmentError,
    failure::{Detail, Failure},
    fault::Fault,
    graph_error as error,
    request_log::Route,
    timestamp,
};

/// Texts of a 429 from the documentation and from reports.
const THROTTLED: [&str; 4] = [
    "Please retry again later.",
    "Too many requests.",
    "This request is throttled. Please try again after the value (in seconds) specified in the \
     Retry-After header.",
    "Too many requests from Identifier:c0a70500-0000-4000-8000-0000000000f1 under \
     category:aadgraph.app.tenant_large.",
];

/// The range of fractional `Retry-After` values in hundredths of a second, short for tests.
const SHORTEST_WAIT: usize = 5;
const LONGEST_WAIT: usize = 100;

/// The wait until a date in `Retry-After`, which is shorter because a date has whole seconds.
const UNTIL_DATE: Duration = Duration::from_secs(1);

/// A function that makes a fault.
type Recipe = fn(&FaultSubject, &Draw) -> Fault;

const FOR_ALL: [Recipe; 10] = [
    |_, draw| throttled(draw, Some("1".to_owned())),
    |_, draw| throttled(draw, Some(fraction_of_a_second(draw))),
    |_, draw| throttled(draw, Some(timestamp::http_date(OffsetDateTime::now_utc() + UNTIL_DATE))),
    |_, draw| throttled(draw, None),
    |_, _| Fault::failing(error::internal_server_error()),
    |_, _| Fault::failing(error::unavailable(StatusCode::BAD_GATEWAY)),
    |_, _| Fault::failing(error::unavailable(StatusCode::SERVICE_UNAVAILABLE)),
    |_, _| Fault::failing(error::unavailable(StatusCode::SERVICE_UNAVAILABLE)).retry_after("1"),
    |_, _| Fault::failing(error::gateway_timeout()),
    |_, _| Fault::connection_closed(),
];

const FOR_WRITES: [Recipe; 5] = [
    |_, _| Fault::failing(error::internal_server_error()).after_the_effect(),
    |_, _| Fault::failing(error::gateway_timeout()).after_the_effect(),
    |_, _| Fault::connection_closed().after_the_effect(),
    |_, _| Fault::failing(error::insufficient_privileges()).after_the_effect(),
    |_, _| Fault::failing(error::concurrency_violation()),
];

const LAGS_OF_CREATES: [Recipe; 3] = [not_found, not_a_valid_reference, no_backing_application];
const LAGS_OF_READS: [Recipe; 2] = [not_found, no_backing_application];

/// A fault, and whether a lagging replica causes it.
pub(crate) struct Chosen {
    pub(crate) fault: Fault,
    pub(crate) is_lag: bool,
}

/// Chooses the fault for a request.
pub(crate) fn choose(asked: &FaultSubject, may_lag: bool, draw: &Draw) -> Chosen {
    if draw.is_about_the_token() {
        let reason = "Lifetime validation failed, the token is expired.";
        let fault = Fault::failing(error::invalid_authentication_token(reason));
        return Chosen { fault, is_lag: false };
    }
    let others = FOR_ALL.iter().chain(for_writes(asked.route));
    let lags = if may_lag { lags(asked.route) } else { &[] };
    let count = others.clone().count();
    let choice = draw.choice(count + lags.len());
    match others.chain(lags).nth(choice) {
        Some(recipe) => Chosen { fault: recipe(asked, draw), is_lag: choice >= count },
        None => Chosen { fault: Fault::connection_closed(), is_lag: false },
    }
}

fn for_writes(route: Route) -> &'static [Recipe] {
    match route {
        Route::CreateAssignment | Route::DeleteAssignment => &FOR_WRITES,
        _ => &[],
    }
}

fn lags(route: Route) -> &'static [Recipe] {
    match route {
        Route::CreateAssignment => &LAGS_OF_CREATES,
        Route::ReadServicePrincipal | Route::ReadAssignment => &LAGS_OF_READS,
        _ => &[],
    }
}

fn throttled(draw: &Draw, retry_after: Option<String>) -> Fault {
    let text = THROTTLED.get(draw.variant(THROTTLED.len())).copied().unwrap_or_default();
    let mut failure = Failure { message: text.to_owned(), ..error::too_many_requests() };
    failure.headers.extend(retry_after.map(|text| (RETRY_AFTER.to_string(), text)));
    Fault::failing(failure)
}

fn fraction_of_a_second(draw: &Draw) -> String {
    let hundredths = SHORTEST_WAIT + draw.variant(LONGEST_WAIT - SHORTEST_WAIT + 1);
    format!("{}.{:02}", hundredths / 100, hundredths % 100)
}

fn not_found(asked: &FaultSubject, _: &Draw) -> Fault {
    Fault::failing(error::resource_not_found(&asked.principal))
}

fn not_a_valid_reference(asked: &FaultSubject, _: &Draw) -> Fault {
    let unknown = AssignmentError::UnknownPrincipal(asked.principal.clone());
    Fault::failing(error::refused_assignment(&unknown))
}

/// Reports mention this code only in the details. The error around it, and the texts, are invented.
fn no_backing_application(_: &FaultSubject, _: &Draw) -> Fault {
    let message = "The service principal has no backing application object.".to_owned();
    let detail = Detail { code: "NoBackingApplicationObject".to_owned(), message };
    Fault::failing(Failure { details: vec![detail], ..error::invalid_properties() })
}
