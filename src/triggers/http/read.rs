//! GET: what a principal holds, and what became of a request that waits for approval.

use app_roles::{
    ids::ApprovalId,
    names::{ApiName, PrincipalName},
};
use broker::{Ask, Reading, WaitingRequest};
use functions_handler::{http_request::HttpRequest, http_response::HttpResponse};

use super::{
    body,
    problem::{Problem, ProblemType},
    response,
    verdict::OK,
};
use crate::app::App;

const PRINCIPAL: &str = "principal";
const API: &str = "api";
const APPROVAL: &str = "approval";

/// The detail of a response about a request that is not the caller's own.
const UNKNOWN: &str =
    "you have no request that waits, or has waited, for the approval with this id";

/// What a query asks for.
#[derive(Debug)]
enum Query {
    /// What a principal holds on an API.
    Held(PrincipalName, ApiName),
    /// What became of a request of the requester.
    Waiting(ApprovalId),
}

/// Responds to the query.
pub(super) async fn get(app: &App, ask: &Ask, call: &HttpRequest) -> Result<HttpResponse, Problem> {
    body::no_body(call)?;
    match query(call)? {
        Query::Held(principal, api) => held(app, ask, &principal, &api).await,
        Query::Waiting(id) => waiting(app, ask, id).await,
    }
}

/// Responds with what a principal holds.
async fn held(
    app: &App,
    ask: &Ask,
    principal: &PrincipalName,
    api: &ApiName,
) -> Result<HttpResponse, Problem> {
    // A caller that only reads does not wait for a new principal.
    let ask = Ask { waits_for_replication: false, ..ask.clone() };
    match app.broker.read(&ask, principal, api).await {
        Ok(Reading::Listed(list)) => response::of_json(OK, &list),
        Ok(Reading::Refused(recorded)) => {
            let result = recorded.results().first().ok_or_else(response::no_result)?;
            response::of_result(result, ask.invocation_id)
        }
        Err(again) => Err(response::not_now(&again)),
    }
}

/// Responds with what became of a request of the requester.
async fn waiting(app: &App, ask: &Ask, id: ApprovalId) -> Result<HttpResponse, Problem> {
    match app.broker.approvals().of_requester(ask, id).await {
        Ok(WaitingRequest::NotFound) => Err(Problem::new(ProblemType::NotFound, UNKNOWN)),
        Ok(WaitingRequest::Waits(approval)) => response::of_waiting(&approval),
        Ok(WaitingRequest::Finished(result)) => Ok(response::of_finished(result)),
        Err(again) => Err(response::not_now(&again)),
    }
}

/// Reads a query that has `approval` alone, or `principal` and `api`, each once, and nothing else.
fn query(call: &HttpRequest) -> Result<Query, Problem> {
    let mut parameters = call.parameters();
    let is_approval = |name: &str| name.eq_ignore_ascii_case(APPROVAL);
    if !call.parameters().any(|(name, _)| is_approval(name)) {
        let (principal, api) = names(call)?;
        return Ok(Query::Held(principal, api));
    }
    let (Some((_, id)), None) = (parameters.next(), parameters.next()) else {
        return Err(invalid("approval must be alone in the query; leave out everything but code"));
    };
    let id = ApprovalId::parse(id).map_err(|problem| invalid(&format!("{APPROVAL}: {problem}")))?;
    Ok(Query::Waiting(id))
}

/// The two parameters of the query, each once, and nothing else.
fn names(call: &HttpRequest) -> Result<(PrincipalName, ApiName), Problem> {
    let (mut principal, mut api) = (None, None);
    for (name, value) in call.parameters() {
        let parameter = if name.eq_ignore_ascii_case(PRINCIPAL) {
            &mut principal
        } else if name.eq_ignore_ascii_case(API) {
            &mut api
        } else {
            // The name is not repeated, because it may be a key by mistake.
            return Err(invalid(
                "the query takes principal and api, or approval, and code, and nothing else",
            ));
        };
        if parameter.replace(value).is_some() || value.contains(',') {
            return Err(invalid(
                "the query has a parameter twice, or a name with a comma: the host joins values by \
                 commas, so use an id instead",
            ));
        }
    }
    let (Some(principal), Some(api)) = (principal, api) else {
        return Err(invalid("the query must have principal and api, or approval"));
    };
    let fault = |name, problem: String| invalid(&format!("{name}: {problem}"));
    let principal = PrincipalName::parse(principal).map_err(|problem| fault(PRINCIPAL, problem))?;
    let api = ApiName::parse(api).map_err(|problem| fault(API, problem))?;
    Ok((principal, api))
}

fn invalid(detail: &str) -> Problem {
    Problem::new(ProblemType::Invalid, detail)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;

    const ID: &str = "11111111-1111-1111-1111-111111111111";

    fn read(parameters: &Value) -> Result<Query, Problem> {
        let call = json!({ "Method": "GET", "Headers": {}, "Query": parameters });
        query(&serde_json::from_value(call).unwrap())
    }

    #[test]
    fn approval_is_alone_in_a_query_and_an_id() {
        let beside = |name: &str| json!({ "approval": ID, name: "x" });
        for (parameters, text) in [
            (beside("principal"), "alone"),
            (beside("api"), "alone"),
            (beside("x"), "alone"),
            (json!({ "approval": "" }), "approval: "),
            (json!({ "approval": "7" }), "approval: "),
            (json!({ "approval": format!("{ID},{ID}") }), "approval: "),
            (json!({ "approvals": ID }), "or approval"),
            (json!({}), "or approval"),
        ] {
            let problem = read(&parameters).unwrap_err();
            assert_eq!(problem.kind, ProblemType::Invalid, "{parameters}");
            assert!(problem.detail.contains(text), "{parameters}: {}", problem.detail);
        }
        for parameters in [json!({ "approval": ID }), json!({ "Approval": ID, "Code": "a key" })] {
            assert!(matches!(read(&parameters), Ok(Query::Waiting(_))), "{parameters}");
        }
    }

    proptest! {
        #[test]
        fn no_query_makes_reading_panic_and_no_problem_repeats_a_name(
            name in "[a-z]{0,9}", value: String,
        ) {
            let name = format!("secret-{name}");
            for parameters in [json!({ &name: value }), json!({ "approval": ID, &name: value })] {
                let problem = read(&parameters).unwrap_err();
                prop_assert!(!problem.detail.contains("secret-"), "{}", problem.detail);
            }
            let _ = read(&json!({ "approval": value }));
            let _ = read(&json!({ "principal": value, "api": value }));
        }
    }
}
