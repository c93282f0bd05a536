//! A look at what a principal holds.

use super::{
    call::{KnownCall, outputs, success, unwritable},
    problem::{Problem, ProblemType},
    verdict::OK,
};
use crate::triggers::occasion::written;
use app_roles::{
    VERSION,
    assignment_list::AssignmentList,
    names::{ApiName, PrincipalName},
};
use azure_rest::retry::millis;
use broker::Holdings;
use functions_handler::{http_request::HttpRequest, reply::Outputs};

const PRINCIPAL: &str = "principal";
const API: &str = "api";

impl KnownCall<'_> {
    /// Answers what the principal of the query holds on its API.
    pub(super) async fn get(&self) -> Result<Outputs, Problem> {
        if self.request.body.is_some() {
            return Err(invalid("a GET takes no body; everything is in the query"));
        }
        let (principal, api) = names(self.request)?;
        // A look is not worth a wait.
        match self.workbench.broker.read(self.context(false), &principal, &api).await {
            Ok(holdings) => self.list(holdings),
            Err(decision) => {
                let (verdict, result) = self.judge(None, *decision);
                self.answer(verdict, &result).map(outputs)
            }
        }
    }

    fn list(&self, holdings: Holdings) -> Result<Outputs, Problem> {
        let Holdings { principal, api, roles } = holdings;
        let list = AssignmentList {
            invocation_id: self.occasion.invocation_id,
            function: self.occasion.function.to_owned(),
            requester: self.occasion.requester.clone(),
            principal,
            api,
            assignments: roles,
            started_at: written(self.occasion.started_at),
            duration_ms: millis(self.occasion.began.elapsed()),
            policy_sha256: self.workbench.broker.policy().sha256().map(str::to_owned),
            broker_version: VERSION,
        };
        let json = serde_json::to_string(&list).map_err(|error| unwritable(&error))?;
        Ok(outputs(success(OK, json)))
    }
}

/// The two parameters of the query, each once, and nothing else.
fn names(request: &HttpRequest) -> Result<(PrincipalName, ApiName), Problem> {
    let (mut principal, mut api) = (None, None);
    for (name, value) in request.parameters() {
        let place = if name.eq_ignore_ascii_case(PRINCIPAL) {
            &mut principal
        } else if name.eq_ignore_ascii_case(API) {
            &mut api
        } else {
            // What it is is not repeated: a key may have come here by mistake.
            return Err(invalid("the query takes principal and api, and code, and nothing else"));
        };
        if place.replace(value).is_some() || value.contains(',') {
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
