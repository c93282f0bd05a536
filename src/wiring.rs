//! From settings to a broker.

use std::{path::Path, sync::Arc};

use app_roles::policy::Policy;
use azure_rest::{
    arm::Arm,
    client, credential,
    rest::RestClient,
    storage::{STORAGE_SCOPE, Storage, StorageServices},
    token::TokenSource,
};
use broker::{Broker, LogOutput, Parts};
use microsoft_graph::Graph;

use crate::config::{Settings, StartFault, StorageEndpoints};

/// Makes the broker that the settings describe.
///
/// An unreadable policy does not prevent the start: the broker denies everything, and says why in every
/// answer.
pub fn broker(settings: &Settings, log: LogOutput) -> Result<Broker, StartFault> {
    let timing = &settings.timing.calls;
    let client = client(settings).map_err(no_client)?;
    let to_endpoint = client::build_for_identity_endpoint(timing).map_err(no_client)?;
    let make_credential = credential::managed_identity(&to_endpoint, settings.client_id);
    let rest = |scope| {
        let tokens = TokenSource::new(make_credential.clone(), scope, timing.clone())
            .of_client(settings.client_id);
        RestClient::new(client.clone(), Arc::new(tokens), timing.clone())
    };
    let StorageEndpoints { tables, queues } = settings.storage.clone();
    let services = StorageServices { tables, queues };
    Ok(Broker::new(Parts {
        graph: Arc::new(Graph::new(
            rest(settings.graph_scope()),
            &settings.graph_endpoint,
            settings.write_quota,
        )),
        arm: Arm::new(rest(settings.arm_scope()), settings.arm_endpoint.clone()),
        storage: Some(Storage::new(rest(STORAGE_SCOPE.to_owned()), services)),
        policy: read_policy(&settings.policy_file),
        mode: settings.mode,
        log,
        confirmation: settings.confirmation,
        timing: settings.timing.clone(),
    }))
}

fn client(settings: &Settings) -> Result<reqwest::Client, reqwest::Error> {
    let (endpoint, timing) = (&settings.graph_endpoint, &settings.timing.calls);
    match &settings.authorities {
        Some(file) => client::build_trusting(file, endpoint, timing),
        None => client::build(endpoint, timing),
    }
}

#[expect(clippy::needless_pass_by_value, reason = "the signature that map_err needs")]
fn no_client(error: reqwest::Error) -> StartFault {
    let problem = format!(
        "could not be built: {error}. Install the operating system's certificate authorities, or \
         name a file of them in SSL_CERT_FILE"
    );
    StartFault { name: "the HTTP client".to_owned(), problem }
}

/// Reads a policy file. The error is a sentence that says what to do.
pub fn parse_policy(file: &Path) -> Result<Policy, String> {
    let name = file.display();
    let bytes = std::fs::read(file).map_err(|error| {
        format!(
            "{name} cannot be read ({error}); put a policy there or name another in POLICY_FILE"
        )
    })?;
    Policy::parse(&bytes).map_err(|faults| format!("{name} is refused: {faults}"))
}

fn read_policy(file: &Path) -> Policy {
    match parse_policy(file) {
        Ok(policy) => {
            tracing::info!(
                event = "policy.read",
                policy_sha256 = policy.sha256(),
                file = %file.display(),
                "the policy is in force"
            );
            for warning in policy.warnings() {
                tracing::warn!(event = "policy.warning", "{warning}");
            }
            policy
        }
        Err(reason) => {
            tracing::error!(
                event = "policy.closed",
                "nothing is allowed: {reason}; then restart the function app"
            );
            Policy::unavailable(reason)
        }
    }
}
