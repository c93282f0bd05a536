//! From a resource to the service principal of its identity.

use time::OffsetDateTime;

use super::{Broker, Context, Unsettled};
use app_roles::{
    directory::{Assignment, Principal},
    event::ResourceWritten,
    ids::ObjectId,
    names::PrincipalName,
    policy::OwnIdentity,
    resource_type::ResourceType,
};
use azure_rest::arm::{Identity, NEEDED_ROLE};
use microsoft_graph::{Lookup, error::ErrorKind};

/// The identity of a resource.
#[derive(Debug)]
pub(super) enum Holder {
    /// Azure Resource Manager says so; Graph was not asked for it.
    Named(Principal),
    /// Graph says so.
    Known(Principal),
}

impl Holder {
    pub(super) fn principal(&self) -> &Principal {
        let (Self::Named(principal) | Self::Known(principal)) = self;
        principal
    }
}

impl Broker {
    /// The identity of a resource that was written; `None` if it has none.
    ///
    /// What the event itself claims counts for nothing.
    pub(super) async fn holder(
        &self,
        context: Context<'_>,
        written: &ResourceWritten,
        own: OwnIdentity,
    ) -> Result<Option<Holder>, Unsettled> {
        let resource = &written.resource;
        match self.arm.identity(resource, context.deadline).await? {
            Identity::Of { object_id, client_id } => {
                let display_name =
                    resource.as_str().rsplit('/').next().unwrap_or_default().to_owned();
                let resource_id = Some(resource.clone());
                let by_client_id = false;
                let principal =
                    Principal { object_id, client_id, display_name, resource_id, by_client_id };
                return Ok(Some(Holder::Named(principal)));
            }
            Identity::None => return Ok(None),
            Identity::Forbidden => self.warn_of_missing_role(written, own),
            Identity::Unanswered(detail) => {
                if self.reminders.is_due(&format!("unanswered {}", resource.key())) {
                    tracing::warn!(event = "arm.unanswered", resource = %resource, "{detail}");
                }
            }
        }
        self.holder_by_name(context, written).await
    }

    fn warn_of_missing_role(&self, written: &ResourceWritten, own: OwnIdentity) {
        let scope = written.resource.resource_group();
        if self.reminders.is_due(&format!("role {}", scope.key())) {
            tracing::warn!(
                event = "arm.role_missing",
                scope = %scope,
                role = NEEDED_ROLE,
                "Azure Resource Manager shows the broker nothing there: assign the Azure role \
                 {NEEDED_ROLE} on this scope, or on its subscription, to the identity {}. Until \
                 then Microsoft Graph is asked, which knows an identity later and cannot say that a \
                 resource has none",
                own.object_id
            );
        }
    }

    /// The same without Azure Resource Manager: the directory knows whose identity each one is.
    async fn holder_by_name(
        &self,
        context: Context<'_>,
        written: &ResourceWritten,
    ) -> Result<Option<Holder>, Unsettled> {
        let name = PrincipalName::ResourceId(written.resource.clone());
        match self.principal_in_time(context, &name).await? {
            Lookup::Found(principal) => Ok(Some(Holder::Known(principal))),
            Lookup::Ambiguous(candidates) => {
                let count = candidates.len();
                let problem = format!("{count} service principals claim to be its identity");
                Err(Unsettled::for_good(problem))
            }
            Lookup::NotFound if self.may_be_young(written) => {
                Err(Unsettled::for_now("Microsoft Graph does not know its identity (yet)"))
            }
            Lookup::NotFound => Ok(None),
        }
    }

    /// Whether a resource that Graph knows no identity of has one all the same: an identity surely has,
    /// any other resource perhaps, if it was written just now.
    fn may_be_young(&self, written: &ResourceWritten) -> bool {
        let kind = ResourceType::of(&written.resource);
        let age = written.time.map(|time| OffsetDateTime::now_utc() - time);
        kind.is_some_and(|kind| kind.is_user_assigned_identity())
            || age.is_some_and(|age| age < self.timing.replication)
    }

    /// What the holder has, as far as Graph lists it.
    pub(super) async fn held_by(
        &self,
        context: Context<'_>,
        holder: Holder,
    ) -> Result<(Holder, Vec<Assignment>), Unsettled> {
        let named = match holder {
            Holder::Known(_) => None,
            Holder::Named(ref principal) => Some(principal.object_id),
        };
        match (self.graph.assignments().list(holder.principal(), context.deadline).await, named) {
            (Ok(held), _) => Ok((holder, held)),
            (Err(error), Some(object_id)) if error.kind() == ErrorKind::NotFound => {
                let principal = self.principal_of(context, object_id).await?;
                let held = self.graph.assignments().list(&principal, context.deadline).await?;
                Ok((Holder::Known(principal), held))
            }
            (Err(error), _) => Err(error.into()),
        }
    }

    /// The holder as Graph knows it: that is what the policy decides on.
    pub(super) async fn known(
        &self,
        context: Context<'_>,
        holder: Holder,
    ) -> Result<Principal, Unsettled> {
        match holder {
            Holder::Known(principal) => Ok(principal),
            Holder::Named(principal) => self.principal_of(context, principal.object_id).await,
        }
    }

    async fn principal_of(
        &self,
        context: Context<'_>,
        object_id: ObjectId,
    ) -> Result<Principal, Unsettled> {
        match self.principal_in_time(context, &PrincipalName::ObjectId(object_id)).await? {
            Lookup::Found(principal) => Ok(principal),
            Lookup::NotFound | Lookup::Ambiguous(_) => {
                let problem = "Microsoft Graph does not know the identity yet";
                Err(Unsettled::for_now(problem))
            }
        }
    }

    /// Looks for a principal that may be seconds old, and waits for it as for that of a request.
    async fn principal_in_time(
        &self,
        context: Context<'_>,
        name: &PrincipalName,
    ) -> Result<Lookup<Principal>, Unsettled> {
        match self.graph.service_principals().find(name, context.deadline).await? {
            Lookup::NotFound => Ok(self.wait_for_principal(name, context).await?),
            found => Ok(found),
        }
    }
}
