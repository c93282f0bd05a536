//! Finds the service principal of the managed identity of an Azure resource.

use std::{sync::Arc, time::Duration};

use app_roles::{
    directory::{Principal, PrincipalKind},
    event::ResourceWritten,
    held::HeldAssignments,
    ids::ObjectId,
    names::PrincipalName,
    policy::OwnIdentity,
    resource_type::ResourceType,
};
use azure_rest::arm::{Arm, Identity, NEEDED_ROLE};
use microsoft_graph::{
    Graph, Lookup,
    error::{ErrorKind, GraphError},
};
use time::OffsetDateTime;

use crate::{
    ask::Ask,
    directory::Directory,
    stop::{Again, Stop, may_pass, no_answer_from_arm},
    timing::Timing,
    warn_once::WarnOnce,
};

/// Finds the managed identities of resources.
pub(crate) struct ResourceIdentities {
    pub(crate) graph: Arc<Graph>,
    arm: Arc<Arm>,
    pub(crate) directory: Arc<Directory>,
    pub(crate) timing: Timing,
    warnings: WarnOnce,
}

/// The managed identity of a resource.
#[derive(Debug)]
pub(crate) enum ManagedIdentity {
    /// As Azure Resource Manager describes it; Microsoft Graph may not know it yet.
    FromArm(Principal),
    /// As Microsoft Graph describes it.
    FromGraph(Principal),
}

impl ManagedIdentity {
    pub(crate) fn principal(&self) -> &Principal {
        let (Self::FromArm(principal) | Self::FromGraph(principal)) = self;
        principal
    }
}

impl ResourceIdentities {
    pub(crate) fn new(
        graph: Arc<Graph>,
        arm: Arc<Arm>,
        directory: Arc<Directory>,
        timing: Timing,
    ) -> Self {
        Self { graph, arm, directory, timing, warnings: WarnOnce::default() }
    }

    /// The identity of a resource, or `None` if it has none. What the event claims about it is ignored.
    ///
    /// Azure Resource Manager may not know a very recent change. So if it says that there is no identity,
    /// this counts only for a resource that was not written just now.
    pub(crate) async fn find(
        &self,
        ask: &Ask,
        written: &ResourceWritten,
        own: OwnIdentity,
    ) -> Result<Option<ManagedIdentity>, Stop> {
        let resource = &written.resource;
        let answer = self.arm.identity(resource, ask.deadline).await;
        match answer.map_err(|error| no_answer_from_arm(&error))? {
            Identity::Of { object_id, client_id: Some(client_id) } => {
                let name = resource.as_str().rsplit('/').next().unwrap_or_default();
                return Ok(Some(ManagedIdentity::FromArm(Principal {
                    object_id,
                    client_id: Some(client_id),
                    display_name: name.to_owned(),
                    kind: PrincipalKind::ManagedIdentity,
                    resource_id: Some(resource.clone()),
                    by_client_id: false,
                })));
            }
            // The policy may protect an identity by its client id, so Microsoft Graph is asked for it.
            Identity::Of { object_id, client_id: None } => {
                let principal = self.principal_with_id(ask, object_id).await?;
                return Ok(Some(ManagedIdentity::FromGraph(principal)));
            }
            Identity::None if self.may_be_unknown(ask, written) => {
                return Err(Stop::again(
                    "Azure Resource Manager knows no identity of the resource yet",
                ));
            }
            Identity::None => return Ok(None),
            Identity::Forbidden => self.warn_of_missing_role(written, own),
            Identity::Unanswered(detail) => {
                if self.warnings.is_due(&format!("unanswered {}", resource.key())) {
                    tracing::warn!(event = "arm.unanswered", resource = %resource, "{detail}");
                }
            }
        }
        self.find_in_graph(ask, written).await
    }

    fn warn_of_missing_role(&self, written: &ResourceWritten, own: OwnIdentity) {
        let scope = written.resource.resource_group();
        if self.warnings.is_due(&format!("role {}", scope.key())) {
            tracing::warn!(
                event = "arm.role_missing",
                scope = %scope,
                role = NEEDED_ROLE,
                "the broker may not read resources in this scope: assign the Azure role {NEEDED_ROLE} \
                 on it, or on its subscription, to the identity {}. Until then the broker asks \
                 Microsoft Graph, which learns about an identity later, and the baseline gives no \
                 role to an identity in this scope",
                own.object_id
            );
        }
    }

    /// The identity of a resource according to the directory, for when Azure Resource Manager gives no
    /// answer.
    async fn find_in_graph(
        &self,
        ask: &Ask,
        written: &ResourceWritten,
    ) -> Result<Option<ManagedIdentity>, Stop> {
        let name = PrincipalName::ResourceId(written.resource.clone());
        match self.principal(ask, &name).await.map_err(baseline_failure)? {
            Lookup::Found(principal) => Ok(Some(ManagedIdentity::FromGraph(principal))),
            Lookup::Ambiguous(candidates) => {
                let count = candidates.len();
                let reason = format!("{count} service principals claim to be its identity");
                Err(Stop::GiveUp(Again::because(reason)))
            }
            Lookup::NotFound if self.may_be_new(ask, written) => {
                Err(Stop::again("Microsoft Graph does not know its identity yet"))
            }
            Lookup::NotFound => Ok(None),
        }
    }

    /// Whether the identity of a resource may be too new for Graph. This is possible for a user-assigned
    /// identity, and for any resource that was written just now.
    fn may_be_new(&self, ask: &Ask, written: &ResourceWritten) -> bool {
        is_user_assigned(written) || is_younger(ask, written, self.timing.replication)
    }

    /// Whether a resource may have an identity that Azure Resource Manager does not know yet.
    fn may_be_unknown(&self, ask: &Ask, written: &ResourceWritten) -> bool {
        let is_identity = is_user_assigned(written);
        let limit =
            if is_identity { self.timing.replication } else { self.timing.identity_enabled };
        is_younger(ask, written, limit)
    }

    /// What an identity holds, and the identity as it is known afterwards.
    pub(crate) async fn held(
        &self,
        ask: &Ask,
        identity: ManagedIdentity,
    ) -> Result<(ManagedIdentity, HeldAssignments), Stop> {
        let held = self.graph.assignments().list(identity.principal(), ask.deadline).await;
        match (held, &identity) {
            (Ok(held), _) => Ok((identity, held)),
            (Err(error), ManagedIdentity::FromArm(principal))
                if error.kind() == ErrorKind::NotFound =>
            {
                let principal = self.principal_with_id(ask, principal.object_id).await?;
                let held = self.graph.assignments().list(&principal, ask.deadline).await;
                let held = held.map_err(baseline_failure)?;
                Ok((ManagedIdentity::FromGraph(principal), held))
            }
            (Err(error), _) => Err(baseline_failure(error)),
        }
    }

    /// The identity as Microsoft Graph describes it, on which the policy decides.
    pub(crate) async fn in_graph(
        &self,
        ask: &Ask,
        identity: ManagedIdentity,
    ) -> Result<Principal, Stop> {
        match identity {
            ManagedIdentity::FromGraph(principal) => Ok(principal),
            ManagedIdentity::FromArm(principal) => {
                self.principal_with_id(ask, principal.object_id).await
            }
        }
    }

    async fn principal_with_id(&self, ask: &Ask, id: ObjectId) -> Result<Principal, Stop> {
        match self.principal(ask, &PrincipalName::ObjectId(id)).await.map_err(baseline_failure)? {
            Lookup::Found(principal) => Ok(principal),
            Lookup::NotFound | Lookup::Ambiguous(_) => {
                Err(Stop::again("Microsoft Graph does not know the identity yet"))
            }
        }
    }

    /// Looks for a principal that may be seconds old, and waits for it as a request does.
    async fn principal(
        &self,
        ask: &Ask,
        name: &PrincipalName,
    ) -> Result<Lookup<Principal>, GraphError> {
        match self.graph.service_principals().find(name, ask.deadline).await? {
            Lookup::NotFound => self.directory.wait_for_principal(ask, name).await,
            found => Ok(found),
        }
    }
}

fn is_user_assigned(written: &ResourceWritten) -> bool {
    ResourceType::of(&written.resource).is_some_and(|kind| kind.is_user_assigned_identity())
}

/// Whether a resource was written less than `limit` ago, by the time of the event or else of its message. A
/// time far in the future is ignored.
fn is_younger(ask: &Ask, written: &ResourceWritten, limit: Duration) -> bool {
    let age = written.time.or(ask.sent.time()).map(|time| OffsetDateTime::now_utc() - time);
    age.is_some_and(|age| age.abs() < limit)
}

/// The end of applying the baseline after a failed call to Microsoft Graph. A final failure needs an
/// operator, because no requester hears of it.
pub(crate) fn baseline_failure(error: GraphError) -> Stop {
    let may_pass = may_pass(&error);
    let again = Again::because(error.into_failure().message);
    if may_pass { Stop::Again(again) } else { Stop::GiveUp(again) }
}
