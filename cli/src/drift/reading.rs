//! What the policy is compared with: its APIs, and who holds their roles.

use std::sync::Arc;

use app_roles::{directory::Api, reconcile::Holdings};
use microsoft_graph::Lookup;
use time::OffsetDateTime;

use crate::{failure::Failure, output::Progress, session::Session};

/// An API that the policy names.
pub(super) enum PolicyApi {
    /// The tenant has it, and perhaps not all roles that the baseline names.
    Known { api: Arc<Api>, unknown: Vec<String> },
    /// The tenant has none of this name, or several.
    Unknown(String),
}

/// The APIs that rules of the policy name, each once.
pub(super) async fn policy_apis(session: &Session) -> Result<Vec<PolicyApi>, Failure> {
    let policy = session.broker.policy();
    let mut apis = Vec::new();
    for name in policy.all_apis() {
        let found =
            session.broker.graph().service_principals().find_api(&name, session.deadline()).await?;
        let Lookup::Found(api) = found else {
            let problem = if matches!(found, Lookup::NotFound) { "no" } else { "more than one" };
            apis.push(PolicyApi::Unknown(format!(
                "the policy names the API {name}, of which this tenant has {problem} service principal"
            )));
            continue;
        };
        let is_known = apis.iter().any(|known| {
            matches!(known, PolicyApi::Known { api: known, .. } if known.object_id == api.object_id)
        });
        if !is_known {
            let unknown = policy.unknown_roles(None, &api).into_iter();
            let sentence = |role| {
                format!(
                    "the baseline names the role {role}, which {} does not define",
                    api.display_name
                )
            };
            apis.push(PolicyApi::Known { unknown: unknown.map(sentence).collect(), api });
        }
    }
    Ok(apis)
}

/// Who holds roles of these APIs.
pub(super) async fn holdings(
    session: &Session,
    apis: &[Arc<Api>],
    progress: &Progress,
) -> Result<Holdings, Failure> {
    let mut all = Vec::new();
    for (index, api) in apis.iter().enumerate() {
        progress.bar(index, apis.len(), &format!("who holds roles of {} …", api.display_name));
        // How old an assignment is does not matter to whoever looks now.
        let mut holders =
            session.broker.graph().inventory().holders(api.object_id, OffsetDateTime::now_utc());
        while let Some(page) = holders.next_page(session.deadline()).await? {
            all.extend(page);
        }
    }
    Ok(all.into())
}
