//! `app-role drift`: the policy against the tenant. It reads and plans as the broker's timer does, by the
//! same code, and changes nothing.

mod comparison;
mod reading;

use clap::Args;
use comparison::{Comparer, Deviation};
use reading::{PolicyApi, holdings, policy_apis};
use serde::Serialize;

use crate::{
    arguments::GlobalOptions,
    failure::{Exit, Failure},
    output::{Progress, Screen, Tone, table},
    session::{self, Session},
};

#[derive(Debug, Args)]
pub(crate) struct DriftArguments {
    /// The broker's identity, which has its roles by itself
    #[arg(long, env = "APP_ROLE_BROKER_IDENTITY", value_name = "PRINCIPAL")]
    #[arg(hide_env_values = true)]
    broker_identity: Option<String>,
}

/// How the tenant differs from the policy.
#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
struct Drift {
    /// How many managed identities were looked at.
    identities: usize,
    /// What the baseline gives and somebody lacks.
    missing: Vec<Deviation>,
    /// What somebody holds and no rule allows.
    unexpected: Vec<Deviation>,
    /// What the policy names and the tenant does not have.
    unknown: Vec<String>,
}

impl Drift {
    fn is_any(&self) -> bool {
        !(self.missing.is_empty() && self.unexpected.is_empty() && self.unknown.is_empty())
    }
}

pub(crate) async fn run(
    global: &GlobalOptions,
    screen: &Screen,
    arguments: &DriftArguments,
) -> Result<Exit, Failure> {
    // Where there is no policy, nothing can differ from it.
    session::readable_policy(&global.policy)?;
    let session = Session::open(global).await?;
    let broker = session.broker_identity(arguments.broker_identity.as_deref()).await?;
    let drift = compare(&session, broker).await?;
    if screen.is_json() {
        screen.json(&drift)?;
    } else {
        show(*screen, &drift);
    }
    Ok(if drift.is_any() { Exit::Drift } else { Exit::Done })
}

async fn compare(
    session: &Session,
    broker: Option<app_roles::ids::ObjectId>,
) -> Result<Drift, Failure> {
    let progress = Progress::start("reading the APIs of the policy …");
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
    let holdings = holdings(session, &apis, &progress).await?;
    let comparer = Comparer::new(session, broker, &apis, &holdings);
    let mut identities = session.broker.graph().inventory().managed_identities();
    while let Some(page) = identities.next_page(session.deadline()).await? {
        drift.identities += page.len();
        progress.say(&format!("{} managed identities …", drift.identities));
        for identity in &page {
            comparer.look_at(identity, &mut drift.missing, &mut drift.unexpected);
        }
    }
    // Where Graph forgets where the reader was, identities come twice.
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
        screen.say(&table(&headers, rows.into_iter()));
    }
    for sentence in &drift.unknown {
        let sentence = crate::output::shown(sentence);
        screen.say(&format!("{} {sentence}", screen.paint(Tone::Careful, "unknown:")));
    }
    let Drift { identities, missing, unexpected, unknown } = drift;
    let counts = format!(
        "looked at {identities} managed identities: missing {}, unexpected {}, unknown {}",
        missing.len(),
        unexpected.len(),
        unknown.len()
    );
    let tone = if drift.is_any() { Tone::Bad } else { Tone::Good };
    screen.say(&screen.paint(tone, &counts));
    if !missing.is_empty() {
        screen.note(
            "hint: the broker gives what is missing after the next run of its timer; app-role assign \
             gives it now",
        );
    }
}
