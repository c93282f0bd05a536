//! The app as the templates deploy it: two storage accounts over TLS that are reached with tokens of the
//! broker's identity, and the settings of the Bicep file.

use std::{collections::BTreeMap, path::Path};

use functions_host_emulator::{FunctionsHost, Options};
use serde_json::Value;
use storage_emulator::{Account, Azurite, Certificate, Queue};
use tempfile::TempDir;
use tenant_emulator::{
    Tenant,
    contoso::{ORDERS_IDENTITY, ORDERS_READ, contoso},
};

use crate::{
    certificates::{authority, certificate},
    repository::bicep::Template,
    world::{POLICY, TIMEOUT, copy_of_app_files, http_client, role, valid_request},
};

/// How long a received result stays hidden.
const VISIBILITY_TIMEOUT: std::time::Duration = std::time::Duration::from_secs(300);

/// The deployed app, and what it works with.
pub(crate) struct Deployed {
    pub(crate) tenant: Tenant,
    host: FunctionsHost,
    requests: Queue,
    pub(crate) results: Queue,
    /// The broker's own account, opened with its key.
    own: Account,
    /// The account of the requests, opened with its key.
    pub(crate) team: Account,
    /// The file of the authority that signed the certificate of both accounts.
    pub(crate) authorities: String,
    _azurite: Azurite,
    _files: [TempDir; 2],
}

/// An Azurite with a new certificate, and the file of the authority that signed it.
async fn encrypted_azurite(folder: &Path) -> (Azurite, String) {
    let authority = authority("Contoso Root");
    let (served, key) = certificate(&authority);
    let files = ["authorities.pem", "certificate.pem", "key.pem"].map(|name| folder.join(name));
    let [trusted, certificate, key_file] = &files;
    std::fs::write(trusted, authority.pem()).unwrap();
    std::fs::write(certificate, served.pem()).unwrap();
    std::fs::write(key_file, key.serialize_pem()).unwrap();
    let azurite = Azurite::start_encrypted(Certificate {
        certificate: certificate.clone(),
        key: key_file.clone(),
        authorities: authority.pem().into_bytes(),
    });
    (azurite.await.unwrap(), trusted.to_str().unwrap().to_owned())
}

/// The app settings of the template, with the values of this deployment.
fn app_settings(tenant: &Tenant, own: &Account, requests: &Account) -> BTreeMap<String, String> {
    let platform: BTreeMap<_, _> = tenant.environment().into_iter().collect();
    let template = Template::read(Path::new("infra/modules/function-app.bicep"));
    let value = |name: &str, written: &str| match (name, written) {
        ("GRAPH_ENDPOINT", _) => platform["GRAPH_ENDPOINT"].clone(),
        (_, "environment().resourceManager") => platform["ARM_ENDPOINT"].clone(),
        (_, "identityClientId") => platform["AZURE_CLIENT_ID"].clone(),
        // A blob client is not part of the emulated host.
        (_, "brokerStorage.blob" | "brokerStorage.queue") => own.queue_endpoint().to_string(),
        (_, "brokerStorage.table") => own.table_endpoint().to_string(),
        (_, "requestQueueEndpoint") => requests.queue_endpoint().to_string(),
        (_, "insightsConnectionString") => "InstrumentationKey=0".to_owned(),
        (_, "mode") => "enforce".to_owned(),
        (_, "armConfirmation") => "required".to_owned(),
        (_, "graphWriteQuota") => "3000/150".to_owned(),
        (_, "logFilter") => "info".to_owned(),
        (_, text) if text.starts_with('\'') => text.trim_matches('\'').to_owned(),
        (name, written) => panic!("what is the value of {name}, which is {written}?"),
    };
    let settings = template.variable("settings").into_iter();
    settings.map(|(name, written)| (name.clone(), value(&name, &written))).collect()
}

impl Deployed {
    pub(crate) async fn start() -> Self {
        let (root, folder) = (copy_of_app_files(), tempfile::tempdir().unwrap());
        std::fs::write(root.path().join("policy.json"), POLICY).unwrap();
        let (azurite, authorities) = encrypted_azurite(folder.path()).await;
        let (own, team) = (azurite.account().unwrap(), azurite.account().unwrap());
        // The templates create the queues; the host creates what is missing of the rest.
        for queue in ["app-role-requests", "resource-events", "baseline-checks", "app-role-results"]
        {
            team.queue(queue).unwrap().create_if_missing().await.unwrap();
        }
        own.queue("app-role-failed").unwrap().create_if_missing().await.unwrap();
        let tenant = Tenant::start(contoso()).await.unwrap();
        let settings = app_settings(&tenant, &own, &team);
        let set_by_the_platform = ["IDENTITY_ENDPOINT", "IDENTITY_HEADER"];
        let mut options = Options::new(root.path());
        options.environment = tenant.environment();
        options.environment.retain(|(name, _)| set_by_the_platform.contains(&name.as_str()));
        options.environment.extend(settings);
        let of_this_machine = [
            ("SSL_CERT_FILE", authorities.as_str()),
            (
                "AzureFunctionsJobHost__customHandler__description__defaultExecutablePath",
                env!("CARGO_BIN_EXE_app-role-broker"),
            ),
        ];
        let of_this_machine = of_this_machine.map(|(name, value)| (name.into(), value.into()));
        options.environment.extend(of_this_machine);
        let host = FunctionsHost::start(options).await.unwrap();
        host.ready().await.unwrap();
        Self {
            tenant,
            host,
            requests: team.queue("app-role-requests").unwrap(),
            results: team.queue("app-role-results").unwrap(),
            own,
            team,
            authorities,
            _azurite: azurite,
            _files: [root, folder],
        }
    }

    async fn health(&self) -> Value {
        let url = self.host.http_url().join("api/health").unwrap();
        http_client().get(url).send().await.unwrap().json().await.unwrap()
    }

    /// The lines of the host's and the handler's log with a text.
    fn logged(&self, text: &str) -> Vec<String> {
        let lines = self.host.log().into_iter().map(|line| line.message);
        lines.filter(|line| line.contains(text)).collect()
    }
}

#[tokio::test]
async fn the_deployed_configuration_grants_records_and_is_healthy() {
    let app = Deployed::start().await;
    app.requests.send(&valid_request()).await.unwrap();
    app.host.wait_for_invocations(1, TIMEOUT).await.unwrap();
    let results = app.results.receive(1, VISIBILITY_TIMEOUT).await.unwrap();
    let result: Value = serde_json::from_str(&results[0].text).unwrap();
    assert_eq!(role(&result)["status"], "assigned", "{result}");
    let held = app.tenant.assignments_of(ORDERS_IDENTITY);
    assert!(held.iter().map(|one| one.app_role_id.as_str()).eq([ORDERS_READ]), "{held:?}");
    let rows = app.own.table("AppRoleAudit").entities().await.unwrap();
    assert_eq!(rows.len(), 1, "{rows:#?}");
    assert_eq!(rows[0].properties["status"].as_str(), Some("assigned"));
    let health = app.health().await;
    let checks = health["checks"].as_object().unwrap();
    assert!(checks.len() > 5 && checks.values().all(|check| check == "ok"), "{health}");
    for trouble in ["health.failed", "record.unavailable", "in error and does not run"] {
        assert!(app.logged(trouble).is_empty(), "{:?}", app.logged(trouble));
    }
}

#[tokio::test]
async fn a_table_that_the_host_has_not_created_yet_is_no_fault_of_the_deployed_configuration() {
    let app = Deployed::start().await;
    assert_eq!(app.health().await["status"], "ok");
    assert!(app.own.table("AppRoleAudit").entities().await.is_err(), "it exists");
}

#[tokio::test]
async fn without_the_authority_of_its_certificate_the_host_cannot_use_an_encrypted_account() {
    let folder = tempfile::tempdir().unwrap();
    let (azurite, _) = encrypted_azurite(folder.path()).await;
    let account = azurite.account().unwrap();
    account.queue("jobs").unwrap().create_if_missing().await.unwrap();
    // An account by its connection string trusts no authority.
    let untrusting = Account::from_connection_string(&account.connection_string()).unwrap();
    assert!(untrusting.without_retries().queue("jobs").unwrap().exists().await.is_err());
}
