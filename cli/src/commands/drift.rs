//! `app-role drift`: the differences between tenant and policy. It uses the code of the broker's timer, and
//! changes nothing.

mod comparison;
mod reading;

use app_roles::ids::ObjectId;
use clap::Args;
use comparison::{Blueprint, Comparer, Deviation};
use microsoft_graph::Listed;
use reading::{Holdings, PolicyApi, holdings, policy_apis};
use serde::Serialize;

use crate::{
    agents,
    exit::Exit,
    failure::Failure,
    options::{BrokerIdentity, GlobalOptions},
    output::{Line, Progress, Screen, Tone},
    policy_file,
    session::Session,
    unreadable::unreadable,
};

#[derive(Debug, Args)]
pub(crate) struct DriftArguments {
    #[command(flatten)]
    broker: BrokerIdentity,
}

/// The differences between tenant and policy.
#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
struct Drift {
    /// The number of managed identities that were compared.
    identities: usize,
    /// Roles of the baseline that are not assigned.
    missing: Vec<Deviation>,
    /// Assigned roles that no rule allows.
    unexpected: Vec<Deviation>,
    /// APIs and roles of the policy that do not exist in the tenant.
    unknown: Vec<String>,
    /// The agent blueprints that hold roles of the policy's APIs.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    blueprints: Vec<Blueprint>,
}

impl Drift {
    fn exists(&self) -> bool {
        !(self.missing.is_empty() && self.unexpected.is_empty() && self.unknown.is_empty())
    }
}

/// Runs `app-role drift`.
pub(crate) async fn run(
    global: &GlobalOptions,
    screen: Screen,
    arguments: &DriftArguments,
) -> Result<Exit, Failure> {
    // Without a policy, there is nothing to compare with.
    policy_file::read(&global.policy)?;
    let session = Session::open(global).await?;
    let broker = session.directory().broker_identity(arguments.broker.name()).await?;
    let drift = compare(&session, broker).await?;
    if screen.is_json() {
        screen.json(&drift)?;
    } else {
        show(screen, &drift);
    }
    Ok(if drift.exists() { Exit::Drift } else { Exit::Done })
}

async fn compare(session: &Session, broker: Option<ObjectId>) -> Result<Drift, Failure> {
    let progress = Progress::start("looking up the APIs of the policy …");
    let mut drift = Drift::default();
    let mut apis = Vec::new();
    for api in policy_apis(session).await? {
        match api {
            PolicyApi::Known { api, unknown } => {
                apis.push(api);
                drift.unknown.extend(unknown);
            }
            PolicyApi::Unknown(sentence) => drift.unknown.push(sentence),
        }
    }
    let Holdings { held, skipped } = holdings(session, &apis, &progress).await?;
    drift.unknown.extend(unreadable(skipped, "assignments"));
    let comparer = Comparer::new(session, broker, &apis, &held);
    let mut identities = session.graph().inventory().managed_identities();
    while let Some(page) = identities.next_page(session.deadline()).await? {
        drift.identities += page.len();
        progress.say(&format!("{} managed identities …", drift.identities));
        for identity in &page {
            comparer.compare(identity, &mut drift.missing, &mut drift.unexpected);
        }
    }
    drift.unknown.extend(unreadable(identities.skipped(), "managed identities"));
    progress.say("listing agent blueprints …");
    match session.graph().inventory().agent_blueprints(session.deadline()).await {
        Ok(Listed { rows, skipped }) => {
            drift.unknown.extend(unreadable(skipped, "agent blueprints"));
            let held = rows.iter().filter_map(|one| comparer.blueprint(one));
            for (blueprint, unexpected) in held {
                drift.blueprints.push(blueprint);
                drift.unexpected.extend(unexpected);
            }
        }
        Err(error) => drift.unknown.push(format!(
            "the agent blueprints, whose agents inherit what they hold: {}",
            Failure::from(&error).sentence
        )),
    }
    // Graph lists some identities twice if it loses the position in the list.
    for deviations in [&mut drift.missing, &mut drift.unexpected] {
        deviations.sort();
        deviations.dedup();
    }
    Ok(drift)
}

fn show(screen: Screen, drift: &Drift) {
    let rows = |word: &'static str, deviations: &[Deviation]| {
        deviations.iter().map(move |one| one.row(word)).collect::<Vec<_>>()
    };
    let rows = [rows("missing", &drift.missing), rows("unexpected", &drift.unexpected)].concat();
    if !rows.is_empty() {
        let headers = ["DRIFT", "PRINCIPAL", "OBJECT ID", "API", "ROLE", "RULE"];
        screen.table(&headers, rows.into_iter());
    }
    for sentence in &drift.unknown {
        screen.say(Line::painted(Tone::Warning, "unknown:").then(" ").then(sentence));
    }
    for Blueprint { principal, principal_id, roles } in &drift.blueprints {
        let roles = if *roles == 1 { "1 role".to_owned() } else { format!("{roles} roles") };
        let inherited = agents::INHERITED;
        screen.say(Line::painted(Tone::Warning, &format!("{}:", agents::BLUEPRINT)).then(
            &format!(
                " {principal} ({principal_id}) holds {roles} of the policy's APIs; {inherited}"
            ),
        ));
    }
    let Drift { identities, missing, unexpected, unknown, .. } = drift;
    let counts = format!(
        "compared {identities} managed identities: {} missing, {} unexpected, {} unknown",
        missing.len(),
        unexpected.len(),
        unknown.len()
    );
    let tone = if drift.exists() { Tone::Bad } else { Tone::Good };
    screen.say(Line::painted(tone, &counts));
    if !missing.is_empty() {
        screen.note(
            "hint: the broker assigns missing roles after the next run of its timer; `app-role assign` \
             assigns them now",
        );
    }
}
