//! A signed-in operator, and what commands need to work on the tenant.

use std::sync::Arc;

use app_roles::{
    ids::{Guid, InvocationId, ObjectId},
    policy::{OwnIdentity, Policy},
    requester::Requester,
};
use azure_core::http::Url;
use azure_rest::{
    arm::Arm, credential::MakeCredential, endpoints, rest::RestClient, retry::Deadline,
    token::TokenSource,
};
use broker::{Ask, Broker, Mode, Parts};
use microsoft_graph::{Graph, write_quota::WriteQuota};

use crate::{
    cloud::Cloud,
    directory::Directory,
    failure::Failure,
    http,
    options::{Account, GlobalOptions},
    policy_file, sign_in,
};

/// A signed-in operator.
pub(crate) struct Session {
    broker: Broker,
    graph: Arc<Graph>,
    arm: ArmAccess,
    cloud: Cloud,
    operator: ObjectId,
    tenant: Option<Guid>,
    requester: Requester,
}

/// What it takes to send requests to Azure Resource Manager that the broker never sends.
pub(crate) struct ArmAccess {
    /// A client that follows no redirects.
    pub(crate) client: reqwest::Client,
    /// The endpoint of the cloud.
    pub(crate) endpoint: Url,
    /// The operator's tokens.
    pub(crate) tokens: Arc<TokenSource>,
}

impl Session {
    /// Signs in.
    pub(crate) async fn open(global: &GlobalOptions) -> Result<Self, Failure> {
        let cloud = Cloud::read(global)?;
        let calls = cloud.timing.calls.clone();
        let client = http::client(&cloud.graph, &calls)?;
        let credentials = sign_in::credentials(global.auth, &calls)?;
        let arm = arm_access(&cloud, client.clone(), credentials.clone())?;
        let scope = endpoints::graph_scope(&cloud.graph);
        let tokens = Arc::new(TokenSource::new(credentials, scope, calls.clone()));
        let (operator, tenant) = who(global.auth, &tokens).await?;
        let quota = WriteQuota::default();
        let rest = RestClient::new(client, tokens, calls.clone());
        let graph = Arc::new(Graph::new(rest, &cloud.graph, quota));
        let policy = policy_file::read_or_closed(&global.policy);
        let broker_arm = Arm::new(
            RestClient::new(arm.client.clone(), arm.tokens.clone(), calls),
            arm.endpoint.clone(),
        );
        let broker = Broker::new(Parts {
            graph: graph.clone(),
            arm: broker_arm,
            storage: None,
            policy,
            mode: Mode::Enforce,
            timing: cloud.timing.clone(),
        });
        Ok(Self {
            broker,
            graph,
            arm,
            cloud,
            operator,
            tenant,
            requester: Requester::Cli(operator),
        })
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

    /// The policy of `--policy`.
    pub(crate) fn policy(&self) -> &Policy {
        self.broker.policy()
    }

    /// The broker's own code, with the operator's permissions.
    pub(crate) fn broker(&self) -> &Broker {
        &self.broker
    }

    /// The object ID of the operator.
    pub(crate) fn operator(&self) -> ObjectId {
        self.operator
    }

    /// The tenant that the operator is signed in to, if the token says so.
    pub(crate) fn tenant(&self) -> Option<Guid> {
        self.tenant
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

    /// A question to the broker's code that begins now.
    pub(crate) fn ask(&self, requester: &Requester) -> Ask {
        let id = InvocationId::random();
        let ask = Ask::call("app-role", id, requester.clone(), self.deadline());
        Ask { waits_for_replication: false, ..ask }
    }

    /// The identity that the policy treats as the broker's own: the one that was named, or else the
    /// operator.
    pub(crate) fn own_identity(&self, broker: Option<ObjectId>) -> OwnIdentity {
        OwnIdentity { object_id: broker.unwrap_or(self.operator), tenant_id: self.tenant }
    }
}

fn arm_access(
    cloud: &Cloud,
    client: reqwest::Client,
    credentials: MakeCredential,
) -> Result<ArmAccess, Failure> {
    let endpoint = cloud.arm()?;
    let scope = endpoints::arm_scope(&endpoint);
    let tokens = TokenSource::new(credentials, scope, cloud.timing.calls.clone());
    Ok(ArmAccess { client, endpoint, tokens: Arc::new(tokens) })
}

/// Reads from a token who is signed in, and to which tenant.
async fn who(account: Account, tokens: &TokenSource) -> Result<(ObjectId, Option<Guid>), Failure> {
    let token = tokens.token().await.map_err(|error| sign_in::failed(account, &error))?;
    let claims = token.claims();
    let operator = claims.object_id.ok_or_else(|| {
        Failure::failed("your token does not say who you are: it has no claim oid")
            .hint(sign_in::advice(account))
    })?;
    Ok((operator, claims.tenant_id))
}
