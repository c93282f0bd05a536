//! `app-role version`: this program's version, and the broker's.

use clap::Args;
use serde::Serialize;

use crate::{
    broker_health,
    exit::Exit,
    failure::Failure,
    options::{BrokerAddress, GlobalOptions},
    output::Screen,
};

/// The version of this program.
const VERSION: &str = env!("CARGO_PKG_VERSION");

/// The commit that was built.
const COMMIT: &str = env!("APP_ROLE_COMMIT");

/// The kind of machine that it was built for, in rustc's terms.
const TARGET: &str = env!("APP_ROLE_TARGET");

#[derive(Debug, Args)]
pub(crate) struct VersionArguments {
    #[command(flatten)]
    broker: BrokerAddress,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Versions<'a> {
    version: &'a str,
    commit: &'a str,
    target: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    broker: Option<Broker>,
}

/// What the broker says about itself.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Broker {
    url: String,
    version: Option<String>,
    policy_sha256: Option<String>,
    /// Whether no policy is in force. An older broker does not state its policy.
    #[serde(skip)]
    lacks_policy: bool,
}

/// Runs `app-role version`. A broker that does not answer does not hide this program's version.
pub(crate) async fn run(
    global: &GlobalOptions,
    screen: Screen,
    arguments: &VersionArguments,
) -> Result<Exit, Failure> {
    let asked = match arguments.broker.url() {
        Some(url) => Some(ask(global, arguments, url).await),
        None => None,
    };
    let (broker, failure) = match asked {
        Some(Err(failure)) => (None, Some(failure)),
        Some(Ok(broker)) => (Some(broker), None),
        None => (None, None),
    };
    let versions = Versions { version: VERSION, commit: COMMIT, target: TARGET, broker };
    if screen.prints_document() {
        screen.json(&versions)?;
    } else {
        show(screen, &versions);
    }
    failure.map_or(Ok(Exit::Done), Err)
}

async fn ask(
    global: &GlobalOptions,
    arguments: &VersionArguments,
    url: &str,
) -> Result<Broker, Failure> {
    let health = broker_health::ask(global, &arguments.broker).await?;
    let lacks_policy = health.lacks_policy();
    let (version, policy_sha256) = (health.version, health.policy_sha256);
    Ok(Broker { url: url.to_owned(), version, policy_sha256, lacks_policy })
}

fn show(screen: Screen, versions: &Versions<'_>) {
    screen.say(format!(
        "app-role {} ({}) for {}",
        versions.version, versions.commit, versions.target
    ));
    let Some(broker) = &versions.broker else { return };
    let version = broker.version.as_deref().unwrap_or("of unknown version");
    let policy = match &broker.policy_sha256 {
        Some(digest) => format!("policy sha256 {digest}"),
        None if broker.lacks_policy => "no policy in force".to_owned(),
        None => "which does not state its policy".to_owned(),
    };
    screen.say(format!("broker {version} at {}, {policy}", broker.url));
}
