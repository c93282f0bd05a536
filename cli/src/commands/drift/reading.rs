//! Reading the APIs of the policy, and the holders of their roles.

use std::sync::Arc;

use app_roles::{
    directory::Api,
    reconcile::{AssignmentsByPrincipal, CompactAssignment},
};
use microsoft_graph::Lookup;
use time::OffsetDateTime;

use super::ending::Ending;
use crate::{broker_record::Ends, failure::Failure, output::Progress, session::Session};

/// An API that the policy names.
pub(super) enum PolicyApi {
    /// The tenant has it. `unknown` are sentences about roles of the baseline that it does not define.
    Known { api: Arc<Api>, unknown: Vec<String> },
    /// The tenant has no API of this name, or several. The sentence says which.
    Unknown(String),
}

/// Looks up the APIs that the policy names, each once.
pub(super) async fn policy_apis(session: &Session) -> Result<Vec<PolicyApi>, Failure> {
    let policy = session.policy();
    let mut apis = Vec::new();
    for name in policy.all_apis() {
        let found =
            session.graph().service_principals().find_api(&name, session.deadline()).await?;
        let Lookup::Found(api) = found else {
            let problem = match found {
                Lookup::NotFound => "does not exist in this tenant",
                _ => "is ambiguous in this tenant",
            };
            apis.push(PolicyApi::Unknown(format!("the API {name} of the policy {problem}")));
            continue;
        };
        let is_known = apis.iter().any(|known| {
            matches!(known, PolicyApi::Known { api: known, .. } if known.object_id == api.object_id)
        });
        if !is_known {
            let unknown = policy.unknown_roles(None, &api, OffsetDateTime::now_utc()).into_iter();
            let sentence = |role| {
                format!("the role {role} of the baseline is not defined by {}", api.display_name)
            };
            apis.push(PolicyApi::Known { unknown: unknown.map(sentence).collect(), api });
        }
    }
    Ok(apis)
}

/// The holders of all roles of some APIs.
pub(super) struct Holdings {
    pub(super) held: AssignmentsByPrincipal,
    /// Those that end.
    pub(super) ending: Vec<Ending>,
    /// The number of assignments that cannot be read.
    pub(super) skipped: usize,
}

/// Lists the holders of all roles of these APIs.
pub(super) async fn holdings(
    session: &Session,
    apis: &[Arc<Api>],
    ends: &Ends,
    progress: &Progress,
) -> Result<Holdings, Failure> {
    let (mut all, mut ending, mut skipped) = (Vec::new(), Vec::new(), 0);
    for (index, api) in apis.iter().enumerate() {
        progress.bar(index, apis.len(), &format!("listing holders of {} …", api.display_name));
        let mut holders =
            session.graph().inventory().holders(api.object_id, OffsetDateTime::now_utc());
        while let Some(page) = holders.next_named_page(session.deadline()).await? {
            ending.extend(page.iter().filter_map(|one| Ending::of_holder(ends, api, one)));
            all.extend(page.iter().map(|one| CompactAssignment {
                principal: one.principal,
                api: api.object_id,
                role: one.role,
                is_old: false,
            }));
        }
        skipped += holders.skipped();
    }
    Ok(Holdings { held: all.into(), ending, skipped })
}
