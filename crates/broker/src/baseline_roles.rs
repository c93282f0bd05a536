//! Which roles the baseline gives to a principal.

use std::sync::Arc;

use app_roles::{
    baseline_role::BaselineRole,
    directory::{Api, Principal},
    names::ApiName,
    policy::{OwnIdentity, Policy},
};
use azure_rest::retry::Deadline;
use microsoft_graph::{Graph, Lookup, error::GraphError};
use time::OffsetDateTime;

use crate::{ask::Ask, warn_once::WarnOnce};

/// Looks up the APIs that the baseline names, and finds what its rules give.
pub(crate) struct BaselineRoles {
    pub(crate) policy: Arc<Policy>,
    pub(crate) graph: Arc<Graph>,
    warnings: WarnOnce,
}

/// The roles that the baseline gives to a principal, and their APIs.
#[derive(Default)]
pub(crate) struct Granted {
    pub(crate) apis: Vec<(ApiName, Arc<Api>)>,
    pub(crate) roles: Vec<BaselineRole>,
}

impl BaselineRoles {
    pub(crate) fn new(policy: Arc<Policy>, graph: Arc<Graph>) -> Self {
        Self { policy, graph, warnings: WarnOnce::default() }
    }

    /// The roles that the rules for `principal` give.
    pub(crate) async fn of(
        &self,
        ask: &Ask,
        principal: &Principal,
        own: OwnIdentity,
    ) -> Result<Granted, GraphError> {
        let (now, mut granted) = (ask.started.at, Granted::default());
        for name in self.policy.baseline_apis(principal, now) {
            let Some(api) = self.api(&name, Some(principal), (now, ask.deadline)).await? else {
                continue;
            };
            // Two names may mean the same API. Its rules were then asked already.
            if granted.apis.iter().all(|(_, known)| known.object_id != api.object_id) {
                for (rule, role, why) in self.policy.unmarked_roles(principal, &api, now) {
                    self.warn(&format!(
                        "the rule {rule:?} of the baseline names {role} of the API {}, which is \
                         privileged ({why}), and does not say \"privileged\": true",
                        api.app_id
                    ));
                }
                granted.roles.extend(self.policy.baseline_roles(principal, &api, own, now));
                granted.apis.push((name, api));
            }
        }
        Ok(granted)
    }

    /// All APIs that the baseline names and the tenant has, each once.
    pub(crate) async fn all_apis(
        &self,
        now: OffsetDateTime,
        deadline: Deadline,
    ) -> Result<Vec<Arc<Api>>, GraphError> {
        let mut apis: Vec<Arc<Api>> = Vec::new();
        for name in self.policy.all_baseline_apis(now) {
            let Some(api) = self.api(&name, None, (now, deadline)).await? else { continue };
            if apis.iter().all(|known| known.object_id != api.object_id) {
                apis.push(api);
            }
        }
        Ok(apis)
    }

    /// An API of the baseline. It is read again if a rule names a role that it lacks, because the role may
    /// be new. With a `principal`, only the rules for it count.
    async fn api(
        &self,
        name: &ApiName,
        principal: Option<&Principal>,
        (now, deadline): (OffsetDateTime, Deadline),
    ) -> Result<Option<Arc<Api>>, GraphError> {
        let Lookup::Found(api) = self.graph.service_principals().find_api(name, deadline).await?
        else {
            self.warn(&format!(
                "rules of the baseline name the API {name}, and this tenant has no service principal \
                 for it, or more than one"
            ));
            return Ok(None);
        };
        if self.policy.unknown_roles(principal, &api, now).is_empty() {
            return Ok(Some(api));
        }
        let api = match self.graph.service_principals().find_fresh_api(name, deadline).await? {
            Lookup::Found(api) => api,
            _ => api,
        };
        for role in self.policy.unknown_roles(principal, &api, now) {
            self.warn(&format!(
                "rules of the baseline name the role {role}, and the API {} does not define it, or \
                 not for applications",
                api.app_id
            ));
        }
        Ok(Some(api))
    }

    fn warn(&self, warning: &str) {
        if self.warnings.is_due(warning) {
            tracing::warn!(event = "baseline.rule_without_effect", "{warning}");
        }
    }
}
