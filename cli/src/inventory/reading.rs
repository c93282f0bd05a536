//! Reading the lists of a tenant.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use app_roles::{
    directory::{Api, Principal, PrincipalKind},
    ids::{AppRoleId, ObjectId},
};
use futures_util::{StreamExt as _, stream};
use microsoft_graph::{
    assignments::NamedHolder,
    error::{ErrorKind, GraphError},
    inventory::ListedServicePrincipal,
};
use time::OffsetDateTime;

use super::assignment::InventoryAssignment;
use crate::{
    failure::Failure, output::Progress, session::Session, timestamps, unreadable::unreadable,
};

/// The number of APIs whose holders are read at the same time. The client admits at most this many large
/// answers at the same time.
const APIS_AT_A_TIME: usize = 8;

/// All service principals of the tenant.
#[derive(Debug, Default)]
pub(super) struct ServicePrincipals {
    principals: BTreeMap<ObjectId, Principal>,
    /// Those that can be APIs.
    pub(super) apis: BTreeMap<ObjectId, Arc<Api>>,
    /// Whether some could not be read.
    pub(super) is_incomplete: bool,
    /// What could not be read.
    pub(super) unread: Vec<String>,
}

/// The holders of roles.
#[derive(Debug, Default)]
pub(super) struct Holdings {
    /// The APIs that define roles, or on which others hold default access.
    pub(super) apis: Vec<Arc<Api>>,
    pub(super) assignments: Vec<InventoryAssignment>,
    /// The names of the holders, as the assignments state them.
    pub(super) names: BTreeMap<ObjectId, String>,
    /// The APIs whose holders could not all be read.
    pub(super) partly_read: BTreeSet<ObjectId>,
    /// What could not be read.
    pub(super) unread: Vec<String>,
}

/// The holders of the roles of one API.
#[derive(Default)]
struct ApiHolders {
    holders: Vec<NamedHolder>,
    /// What could not be read.
    unread: Option<String>,
    /// The failure if Microsoft Graph denied the list.
    denied: Option<Failure>,
}

/// Lists all service principals.
pub(super) async fn service_principals(
    session: &Session,
    progress: &Progress,
) -> Result<ServicePrincipals, Failure> {
    let mut all = ServicePrincipals::default();
    let mut unusable = BTreeMap::new();
    let mut list = session.graph().inventory().service_principals();
    while let Some(page) = list.next_page(session.deadline()).await? {
        for ListedServicePrincipal { principal, api } in page {
            let id = principal.object_id;
            match api {
                Some(Ok(api)) => drop(all.apis.insert(id, Arc::new(api))),
                Some(Err(fault)) => drop(unusable.insert(id, fault)),
                None => {}
            }
            all.principals.insert(id, principal);
        }
        progress.say(&format!("{} service principals …", all.principals.len()));
    }
    all.is_incomplete = list.skipped() > 0;
    all.unread.extend(unreadable(list.skipped(), "service principals"));
    for (id, fault) in unusable {
        let name = all.principals.get(&id).map_or("", |one| one.display_name.as_str());
        all.unread.push(format!(
            "the holders of roles of {name} (object ID {id}) could not be read: {fault}"
        ));
    }
    for api in all.apis.values().filter(|api| api.has_unreadable_roles) {
        all.unread.push(format!("some of the roles of {} could not be read", named(api)));
    }
    Ok(all)
}

impl ServicePrincipals {
    /// The principals of an inventory: the managed identities, the blueprints and the holders of roles.
    /// A holder that is in no list, because it was created or deleted meanwhile, is of an unknown kind.
    pub(super) fn holding(mut self, holders: &BTreeMap<ObjectId, String>) -> Vec<Principal> {
        use PrincipalKind::{AgentBlueprint, ManagedIdentity};
        self.principals.retain(|id, one| {
            matches!(one.kind, ManagedIdentity | AgentBlueprint) || holders.contains_key(id)
        });
        for (id, name) in holders {
            self.principals.entry(*id).or_insert_with(|| Principal {
                object_id: *id,
                client_id: None,
                display_name: name.clone(),
                kind: PrincipalKind::Unknown,
                resource_id: None,
                by_client_id: false,
            });
        }
        self.principals.into_values().collect()
    }
}

/// Lists the holders of the roles of all APIs.
pub(super) async fn holders(
    session: &Session,
    apis: BTreeMap<ObjectId, Arc<Api>>,
    progress: &Progress,
) -> Result<Holdings, Failure> {
    let count = apis.len();
    let read = async |api: Arc<Api>| holders_of(session, &api).await.map(|held| (api, held));
    let mut reads = stream::iter(apis.into_values()).map(read).buffer_unordered(APIS_AT_A_TIME);
    let (mut found, mut done) = (BTreeMap::new(), 0);
    while let Some(result) = reads.next().await {
        let (api, held) = result?;
        done += 1;
        progress.bar(done, count, &format!("listing holders of {} …", api.display_name));
        found.insert(api.object_id, (api, held));
    }
    // If the right is missing for all APIs, nothing at all is known, so this is an error.
    if found.values().all(|(_, held)| held.denied.is_some()) {
        let denied = found.pop_first().and_then(|(_, (_, held))| held.denied);
        return denied.map_or_else(|| Ok(Holdings::default()), Err);
    }
    let mut all = Holdings::default();
    for (api, held) in found.into_values() {
        all.take_in(api, held);
    }
    Ok(all)
}

impl Holdings {
    fn take_in(&mut self, api: Arc<Api>, held: ApiHolders) {
        if let Some(sentence) = held.unread {
            self.partly_read.insert(api.object_id);
            self.unread.push(sentence);
        }
        if api.has_default_access() && held.holders.is_empty() {
            return;
        }
        // Graph lists some objects twice if it loses the position in the list.
        let mut seen = BTreeSet::<(ObjectId, AppRoleId)>::new();
        let mut holders = held.holders;
        holders.retain(|one| seen.insert((one.principal, one.role)));
        holders.sort_by_key(|one| (one.principal, one.role));
        for holder in holders {
            self.names.entry(holder.principal).or_insert_with(|| holder.display_name.clone());
            self.assignments.push(InventoryAssignment {
                id: holder.assignment_id,
                principal: holder.principal,
                api: api.object_id,
                role: holder.role,
                created: holder.created.as_deref().and_then(timestamps::parse),
            });
        }
        self.apis.push(api);
    }
}

/// Lists the holders of the roles of one API.
async fn holders_of(session: &Session, api: &Api) -> Result<ApiHolders, Failure> {
    let mut all = ApiHolders::default();
    // No assignment needs the mark of an old one.
    let mut list = session.graph().inventory().holders(api.object_id, OffsetDateTime::UNIX_EPOCH);
    loop {
        match list.next_named_page(session.deadline()).await {
            Ok(Some(page)) => all.holders.extend(page),
            Ok(None) => break,
            Err(error) if concerns_this_api(&error) => {
                let failure = Failure::from(&error);
                let (api, why) = (named(api), &failure.sentence);
                all.unread =
                    Some(format!("the holders of roles of {api} could not be read: {why}"));
                all.denied = (error.kind() == ErrorKind::Forbidden).then_some(failure);
                return Ok(all);
            }
            Err(error) => return Err(error.into()),
        }
    }
    all.unread = unreadable(list.skipped(), &format!("assignments of roles of {}", named(api)));
    Ok(all)
}

/// Whether an error concerns only this API: the rest of the tenant may be readable, and a later attempt
/// would not help.
fn concerns_this_api(error: &GraphError) -> bool {
    use ErrorKind::{ApiNotFound, Forbidden, NotFound, PageExpired, Refused, Unreadable};
    matches!(error.kind(), Forbidden | ApiNotFound | NotFound | PageExpired | Refused | Unreadable)
}

fn named(api: &Api) -> String {
    format!("{} (app ID {})", api.display_name, api.app_id)
}
