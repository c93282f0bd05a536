//! The broker's approvals.

use std::time::Duration;

use app_roles::ids::ApprovalId;
use serde_json::Value;

use super::{approval::Approval, arguments::ApprovalsBroker, problem};
use crate::{
    broker_api::BrokerApi,
    broker_call::{self, Answer},
    cloud::Cloud,
    failure::Failure,
    options::GlobalOptions,
};

/// The member of a problem that contains the present approval.
const APPROVAL: &str = "approval";

/// A client of the broker's approvals.
pub(super) struct Approvals {
    api: BrokerApi,
    route: String,
    wait: Duration,
}

/// The outcome of a decision.
pub(super) enum Decided {
    /// It was recorded. Contains the approval afterwards.
    Counted(Approval),
    /// It was refused, because the digest of the approval has changed. Contains the present approval, if
    /// the broker states it.
    Changed(Option<Approval>),
    /// It was refused, because the approval no longer takes such a decision of the operator.
    Closed(Option<Approval>),
}

impl Approvals {
    /// A client that signs in with the operator's own account. Nothing is sent yet.
    pub(super) fn open(global: &GlobalOptions, broker: &ApprovalsBroker) -> Result<Self, Failure> {
        let cloud = Cloud::read(global)?;
        let api = BrokerApi::signed_in(global, &cloud, &broker.sign_in)?;
        let route = broker.route.trim_end_matches('/').to_owned();
        Ok(Self { api, route, wait: Duration::from_secs(u64::from(broker.wait)) })
    }

    /// Reads what waits for the operator: the document, and its approvals.
    pub(super) async fn list(&self) -> Result<(Value, Vec<Approval>), Failure> {
        let answer = self.send(&self.route, None).await?;
        let body = succeeded(answer)?;
        let Some(Value::Array(all)) = body.get("approvals") else {
            return Err(Failure::failed("the answer did not come from the broker")
                .hint("check the URL of --broker"));
        };
        let approvals = all.iter().cloned().map(Approval::read).collect::<Result<Vec<_>, _>>()?;
        Ok((body, approvals))
    }

    /// Reads one approval.
    pub(super) async fn get(&self, id: ApprovalId) -> Result<Approval, Failure> {
        let answer = self.send(&self.path(id), None).await?;
        Approval::read(succeeded(answer)?)?.with_id(id)
    }

    /// Sends a decision. Sending it twice counts once.
    pub(super) async fn decide(&self, id: ApprovalId, ballot: &Value) -> Result<Decided, Failure> {
        let answer = self.send(&self.path(id), Some(ballot)).await?;
        let now = || {
            let stated = answer.body.get(APPROVAL).cloned();
            stated.and_then(|document| Approval::read(document).ok())
        };
        match problem::name(&answer) {
            Some(problem::CHANGED) => Ok(Decided::Changed(now())),
            Some(problem::DECIDED) => Ok(Decided::Closed(now())),
            _ => Ok(Decided::Counted(Approval::read(succeeded(answer)?)?.with_id(id)?)),
        }
    }

    async fn send(&self, path: &str, body: Option<&Value>) -> Result<Answer, Failure> {
        broker_call::send(&self.api, &self.api.url(path)?, body, self.wait).await
    }

    fn path(&self, id: ApprovalId) -> String {
        format!("{}/{id}", self.route)
    }
}

/// Returns the body of an answer, unless the broker refused.
fn succeeded(answer: Answer) -> Result<Value, Failure> {
    if answer.status.is_success() { Ok(answer.body) } else { Err(problem::explain(&answer)) }
}
