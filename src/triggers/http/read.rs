//! GET: what a principal holds.

use app_roles::names::{ApiName, PrincipalName};
use broker::{Ask, Reading};
use functions_handler::{http_request::HttpRequest, http_response::HttpResponse};

use super::{
    problem::{Problem, ProblemType},
    response,
};
use crate::app::App;

const PRINCIPAL: &str = "principal";
const API: &str = "api";

/// Responds with what the principal of the query holds on its API.
pub(super) async fn get(app: &App, ask: &Ask, call: &HttpRequest) -> Result<HttpResponse, Problem> {
    if call.body.is_some() {
        return Err(invalid("a GET has no body; everything is in the query"));
    }
    let (principal, api) = names(call)?;
    // A caller that only reads does not wait for a new principal.
    let ask = Ask { waits_for_replication: false, ..ask.clone() };
    match app.broker.read(&ask, &principal, &api).await {
        Ok(Reading::Listed(list)) => response::of_list(&list),
        Ok(Reading::Refused(recorded)) => {
            let result = recorded.results().first().ok_or_else(response::no_result)?;
            response::of_result(result, ask.invocation_id)
        }
        Err(_) => Err(response::paused()),
    }
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
            return Err(invalid("the query takes principal and api, and code, and nothing else"));
        };
        if parameter.replace(value).is_some() || value.contains(',') {
            return Err(invalid(
                "the query has a parameter twice, or a name with a comma: the host joins values by \
                 commas, so use an id instead",
            ));
        }
    }
    let (Some(principal), Some(api)) = (principal, api) else {
        return Err(invalid("the query must have principal and api"));
    };
    let fault = |name, problem: String| invalid(&format!("{name}: {problem}"));
    let principal = PrincipalName::parse(principal).map_err(|problem| fault(PRINCIPAL, problem))?;
    let api = ApiName::parse(api).map_err(|problem| fault(API, problem))?;
    Ok((principal, api))
}

fn invalid(detail: &str) -> Problem {
    Problem::new(ProblemType::Invalid, detail)
}
