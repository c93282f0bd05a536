//! A signed-in operator, and everything that commands need to work on the tenant.

use std::sync::Arc;

use app_roles::{
    ids::{Guid, InvocationId, ObjectId},
    policy::{OwnIdentity, Policy},
    requester::Requester,
};
use azure_core::http::Url;
use azure_rest::{
    arm::Arm, claims::Claims, endpoints, rest::RestClient, retry::Deadline, token::TokenSource,
};
use broker::{ArmConfirmation, Ask, Broker, LogOutput, MOST_ASSIGNMENTS, Mode, Parts};
use microsoft_graph::{Graph, caller::Caller, priority::Priority, write_quota::WriteQuota};

use crate::{
    cloud::Cloud,
    directory::Directory,
    failure::Failure,
    http,
    options::{Account, GlobalOptions},
    output::Progress,
    policy_file, sign_in,
};

/// The value of `function` in results of this program.
const FUNCTION: &str = "app-role";

/// A signed-in operator.
pub(crate) struct Session {
    broker: Broker,
    graph: Arc<Graph>,
    arm: ArmAccess,
    cloud: Cloud,
    operator: ObjectId,
    tenant: Option<Guid>,
    claims: Claims,
    requester: Requester,
}

/// Azure Resource Manager, for requests that the broker never sends.
pub(crate) struct ArmAccess {
    /// A client with the operator's tokens.
    pub(crate) rest: RestClient,
    /// The endpoint of the cloud.
    pub(crate) endpoint: Url,
}

impl Session {
    /// Signs in. Without a valid policy file, the session's policy denies everything.
    pub(crate) async fn open(global: &GlobalOptions) -> Result<Self, Failure> {
        Self::with_policy(global, policy_file::read_or_closed(&global.policy)).await
    }

    /// Signs in, and works with this policy.
    pub(crate) async fn with_policy(
        global: &GlobalOptions,
        policy: Policy,
    ) -> Result<Self, Failure> {
        let _progress = Progress::start("signing in …");
        let cloud = Cloud::read(global)?;
        let calls = &cloud.timing.calls;
        let client = http::client(&cloud.graph, calls)?;
        let credentials = sign_in::credentials(global, &cloud)?;
        let rest = |scope| {
            let tokens = TokenSource::new(credentials.clone(), scope, calls.clone());
            RestClient::new(client.clone(), Arc::new(tokens), calls.clone())
        };
        let endpoint = cloud.arm()?;
        let arm = ArmAccess { rest: rest(endpoints::arm_scope(&endpoint)), endpoint };
        let rest = rest(endpoints::graph_scope(&cloud.graph));
        let (operator, claims) = who(global.auth, &rest).await?;
        let tenant = claims.tenant_id;
        let graph = Arc::new(Graph::new(rest, &cloud.graph, WriteQuota::default()));
        let broker = Broker::new(Parts {
            graph: graph.clone(),
            arm: Arm::new(arm.rest.clone(), arm.endpoint.clone()),
            storage: None,
            record: None,
            outbox: None,
            policy,
            mode: Mode::Enforce,
            log: LogOutput::default(),
            confirmation: ArmConfirmation::default(),
            timing: cloud.timing.clone(),
            most_assignments: MOST_ASSIGNMENTS,
        });
        let requester = Requester::Cli(operator);
        Ok(Self { broker, graph, arm, cloud, operator, tenant, claims, requester })
    }

    /// The lookups in the tenant's directory.
    pub(crate) fn directory(&self) -> Directory<'_> {
        Directory::new(&self.graph, &self.cloud.timing)
    }

    /// Microsoft Graph, with the operator's permissions.
    pub(crate) fn graph(&self) -> &Graph {
        &self.graph
    }

    /// Azure Resource Manager, with the operator's permissions.
    pub(crate) fn arm(&self) -> &ArmAccess {
        &self.arm
    }

    /// The policy of this session.
    pub(crate) fn policy(&self) -> &Policy {
        self.broker.policy()
    }

    /// The broker's own code, with the operator's permissions.
    pub(crate) fn broker(&self) -> &Broker {
        &self.broker
    }

    /// The caller of this process's writes: the operator.
    pub(crate) fn caller(&self) -> Caller {
        Caller { requester: self.requester.clone(), priority: Priority::Normal }
    }

    /// The object ID of the operator.
    pub(crate) fn operator(&self) -> ObjectId {
        self.operator
    }

    /// The tenant that the operator is signed in to, if the token says so.
    pub(crate) fn tenant(&self) -> Option<Guid> {
        self.tenant
    }

    /// What the operator's token says.
    pub(crate) fn claims(&self) -> &Claims {
        &self.claims
    }

    /// The operator as a requester of the policy.
    pub(crate) fn requester(&self) -> &Requester {
        &self.requester
    }

    /// The deadline of a request that starts now: the broker's own for a queue message.
    pub(crate) fn deadline(&self) -> Deadline {
        Deadline::after(self.cloud.timing.queue_message)
    }

    /// The deadline of a write that must wait until a new principal has been replicated.
    pub(crate) fn replication_deadline(&self) -> Deadline {
        self.deadline().at_most(self.cloud.timing.young_principal)
    }

    /// An invocation of the broker's code that begins now.
    pub(crate) fn ask(&self, requester: &Requester) -> Ask {
        let id = InvocationId::random();
        let ask = Ask::call(FUNCTION, id, requester.clone(), self.deadline());
        Ask { waits_for_replication: false, ..ask }
    }

    /// The identity that the policy treats as the broker's own: the one that was named, or else the
    /// operator.
    pub(crate) fn own_identity(&self, broker: Option<ObjectId>) -> OwnIdentity {
        OwnIdentity { object_id: broker.unwrap_or(self.operator), tenant_id: self.tenant }
    }
}

/// Reads from a token who is signed in.
async fn who(account: Account, rest: &RestClient) -> Result<(ObjectId, Claims), Failure> {
    let token = rest.token().await.map_err(|error| sign_in::failed(account, &error))?;
    let claims = token.claims();
    let operator = claims.object_id.ok_or_else(|| {
        Failure::failed("your token does not say who you are: it has no claim oid")
            .hint(sign_in::advice(account))
    })?;
    Ok((operator, claims.clone()))
}
