//! A signed-in operator in front of a tenant.

use std::{path::Path, sync::Arc, time::Duration};

use app_role_broker::{
    config::{self, Env, ProcessEnv},
    wiring,
};
use app_roles::{
    ids::{Guid, InvocationId, ObjectId},
    policy::{OwnIdentity, Policy},
    requester::Requester,
};
use azure_core::http::Url;
use azure_rest::{
    arm::Arm, client, credential::MakeCredential, rest::RestClient, retry::Deadline,
    timing::CallTiming, token::TokenSource,
};
use broker::{Broker, Context, mode::Mode, timing::Timing};
use microsoft_graph::{Graph, priority::Priority, write_quota::WriteQuota};

use crate::{arguments::GlobalOptions, credential, failure::Failure};

/// How long fetching a token may take: the developer tools are programs of their own, which take
/// seconds to start.
const SIGN_IN: Duration = Duration::from_secs(60);

/// A signed-in operator in front of a tenant.
pub(crate) struct Session {
    /// The handler's own code, with the operator's token.
    pub(crate) broker: Broker,
    /// Azure Resource Manager, with the operator's token.
    pub(crate) arm: AzureResourceManager,
    /// Who is signed in.
    pub(crate) operator: ObjectId,
    /// To which tenant.
    pub(crate) tenant: Option<Guid>,
    /// How the policy names the operator.
    pub(crate) requester: Requester,
    /// How long things may take.
    pub(crate) timing: Timing,
}

/// How to ask Azure Resource Manager what the handler never asks it.
pub(crate) struct AzureResourceManager {
    pub(crate) client: reqwest::Client,
    pub(crate) endpoint: Url,
    pub(crate) tokens: Arc<TokenSource>,
}

/// Options from the command line count before the environment.
struct Overlay<'a>(&'a GlobalOptions);

impl Env for Overlay<'_> {
    fn get(&self, name: &str) -> Option<String> {
        match name {
            "GRAPH_ENDPOINT" => self.0.graph_endpoint.clone(),
            _ => ProcessEnv.get(name),
        }
    }
}

impl AzureResourceManager {
    fn open(
        global: &GlobalOptions,
        graph: &Url,
        client: reqwest::Client,
        make: MakeCredential,
        timing: &Timing,
    ) -> Result<Self, Failure> {
        let endpoint = config::arm_endpoint(&Overlay(global), Some(graph))
            .map_err(|fault| Failure::usage(fault.to_string()))?;
        let tokens = TokenSource::new(
            make,
            azure_rest::endpoints::arm_scope(&endpoint),
            timing.calls.clone(),
        );
        Ok(Self { client, endpoint, tokens: Arc::new(tokens) })
    }

    fn of_the_handler(&self, timing: &Timing) -> Arm {
        let Self { client, endpoint, tokens } = self;
        let rest = RestClient::new(client.clone(), tokens.clone(), timing.calls.clone());
        Arm::new(rest, endpoint.clone())
    }
}

impl Session {
    /// Signs in.
    pub(crate) async fn open(global: &GlobalOptions) -> Result<Self, Failure> {
        let (endpoint, timing) = graph(global)?;
        let client = client::build(&endpoint, &timing.calls)
            .map_err(|error| Failure::failed(format!("no HTTP client: {error}")))?;
        let make = credential::maker(global.auth, &timing.calls)?;
        let arm =
            AzureResourceManager::open(global, &endpoint, client.clone(), make.clone(), &timing)?;
        let scope = azure_rest::endpoints::graph_scope(&endpoint);
        let tokens = Arc::new(TokenSource::new(make, scope, timing.calls.clone()));
        let token = tokens.token().await.map_err(|error| {
            Failure::failed(format!("you are not signed in: {error}"))
                .hint(credential::advice(global.auth))
        })?;
        let claims = token.claims();
        let operator = claims.object_id.ok_or_else(|| {
            Failure::failed("your token does not say who you are (claim oid)")
                .hint(credential::advice(global.auth))
        })?;
        let rest = RestClient::new(client, tokens, timing.calls.clone());
        let graph = Graph::new(rest, &endpoint, WriteQuota::default());
        let (policy, of_the_handler) = (policy(&global.policy), arm.of_the_handler(&timing));
        let broker = Broker::new(graph, of_the_handler, policy, Mode::Enforce, timing.clone());
        let requester = Requester::Cli(operator);
        Ok(Self { broker, arm, operator, tenant: claims.tenant_id, requester, timing })
    }

    /// By when an answer must be there to what is asked now: as long as the broker works on a message.
    pub(crate) fn deadline(&self) -> Deadline {
        Deadline::after(self.timing.queue_message)
    }

    /// In which invocation something is asked of the handler's code.
    pub(crate) fn context<'a>(&self, requester: &'a Requester) -> Context<'a> {
        Context {
            invocation_id: InvocationId::random(),
            requester,
            sent: None,
            is_first_delivery: false,
            deadline: self.deadline(),
            priority: Priority::Normal,
        }
    }

    /// Who the broker is: the identity that was named, else the operator, whom the broker never is.
    pub(crate) fn own(&self, broker: Option<ObjectId>) -> OwnIdentity {
        OwnIdentity { object_id: broker.unwrap_or(self.operator), tenant_id: self.tenant }
    }
}

/// Where Graph is, and how long things may take there.
pub(crate) fn graph(global: &GlobalOptions) -> Result<(Url, Timing), Failure> {
    let usage = |fault: config::StartFault| Failure::usage(fault.to_string());
    let env = Overlay(global);
    let endpoint = config::graph_endpoint(&env).map_err(usage)?;
    let timing = config::pace(&env, Some(&endpoint)).map_err(usage)?;
    let calls = CallTiming { token: SIGN_IN, ..timing.calls.clone() };
    Ok((endpoint, Timing { calls, ..timing }))
}

/// The policy of a file, for those who can do nothing without one.
pub(crate) fn readable_policy(file: &Path) -> Result<Policy, Failure> {
    wiring::parse_policy(file).map_err(Failure::failed)
}

/// The policy of a file; one that denies everything, and says why, where there is none.
pub(crate) fn policy(file: &Path) -> Policy {
    wiring::parse_policy(file).unwrap_or_else(Policy::closed)
}
