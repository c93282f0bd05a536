//! Which roles the baseline gives to a principal, from the names in its rules.

use std::sync::Arc;

use super::{Broker, Context, Unsettled};
use app_roles::{
    directory::{Api, Principal},
    names::ApiName,
    plan::Wanted,
    policy::OwnIdentity,
};
use azure_rest::retry::Deadline;
use microsoft_graph::{Lookup, error::GraphError};

/// What the baseline gives a principal, and the APIs that it is about.
#[derive(Default)]
pub(super) struct Baseline {
    pub(super) apis: Vec<(ApiName, Arc<Api>)>,
    pub(super) roles: Vec<Wanted>,
}

impl Broker {
    /// What the rules that cover a principal give it.
    pub(super) async fn baseline(
        &self,
        context: Context<'_>,
        principal: &Principal,
        own: OwnIdentity,
    ) -> Result<Baseline, Unsettled> {
        let mut baseline = Baseline::default();
        for name in self.policy.baseline_apis(principal) {
            let api = self.baseline_api(&name, Some(principal), context.deadline).await?;
            if let Some(api) = api {
                // Two names may mean one API, and all rules about it have been asked then.
                if baseline.apis.iter().all(|(_, known)| known.object_id != api.object_id) {
                    baseline.roles.extend(self.policy.wanted(principal, &api, own));
                    baseline.apis.push((name, api));
                }
            }
        }
        Ok(baseline)
    }

    /// An API of the baseline, read again if a rule names a role that it lacks: the role may be new. Only
    /// rules for `principal` count, or else all.
    pub(super) async fn baseline_api(
        &self,
        name: &ApiName,
        principal: Option<&Principal>,
        deadline: Deadline,
    ) -> Result<Option<Arc<Api>>, GraphError> {
        let Lookup::Found(api) = self.graph.service_principals().find_api(name, deadline).await?
        else {
            self.warn_of_rule(&format!(
                "rules of the baseline name the API {name}, for which this tenant has no service \
                 principal, or more than one"
            ));
            return Ok(None);
        };
        if self.policy.unknown_roles(principal, &api).is_empty() {
            return Ok(Some(api));
        }
        let api = match self.graph.service_principals().find_fresh_api(name, deadline).await? {
            Lookup::Found(api) => api,
            _ => api,
        };
        for role in self.policy.unknown_roles(principal, &api) {
            self.warn_of_rule(&format!(
                "rules of the baseline name the role {role}, which the API {} does not define, or \
                 not for applications",
                api.app_id
            ));
        }
        Ok(Some(api))
    }

    fn warn_of_rule(&self, warning: &str) {
        if self.reminders.is_due(warning) {
            tracing::warn!(event = "baseline.rule_without_effect", "{warning}");
        }
    }
}
