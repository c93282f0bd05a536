//! `app-role drift`: the differences between tenant and policy. It uses the code of the broker's timer, and
//! changes nothing.

mod comparison;
mod ending;
mod reading;
mod report;

use app_roles::ids::ObjectId;
use clap::Args;
use comparison::Comparer;
use ending::late_elsewhere;
use microsoft_graph::Listed;
use reading::{Holdings, PolicyApi, holdings, policy_apis};
use report::Drift;

use crate::{
    broker_record::{Ends, RecordAccount},
    exit::Exit,
    failure::Failure,
    options::{BrokerAddress, BrokerIdentity, GlobalOptions},
    output::{Progress, Screen},
    policy_file, policy_in_force,
    session::Session,
    unreadable::unreadable,
};

#[derive(Debug, Args)]
pub(crate) struct DriftArguments {
    #[command(flatten)]
    address: BrokerAddress,
    #[command(flatten)]
    broker: BrokerIdentity,
    #[command(flatten)]
    account: RecordAccount,
}

/// Runs `app-role drift`.
pub(crate) async fn run(
    global: &GlobalOptions,
    screen: Screen,
    arguments: &DriftArguments,
) -> Result<Exit, Failure> {
    // Without a policy, there is nothing to compare with.
    policy_file::read(&global.policy)?;
    let tables = arguments.account.open(global)?;
    let session = Session::open(global).await?;
    let broker = session.directory().broker_identity(arguments.broker.name()).await?;
    let ends = Ends::all(tables.as_ref()).await?;
    let (drift, policy) = tokio::join!(
        compare(&session, broker, &ends),
        policy_in_force::ask(global, &arguments.address),
    );
    let drift = Drift { policy, ..drift? };
    if screen.prints_document() {
        screen.json(&drift)?;
    } else {
        drift.show(screen, tables.is_some());
    }
    if let Some(policy) = &drift.policy {
        policy.show(screen);
    }
    Ok(if drift.exists() { Exit::Findings } else { Exit::Done })
}

async fn compare(
    session: &Session,
    broker: Option<ObjectId>,
    ends: &Ends,
) -> Result<Drift, Failure> {
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
    let Holdings { held, mut ending, skipped } = holdings(session, &apis, ends, &progress).await?;
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
    ending.extend(late_elsewhere(session, ends, &apis).await?);
    drift.take_in(ending);
    drift.unknown.extend(ends.unreadable());
    drift.remove_repeated();
    Ok(drift)
}
