//! `app-role policy explain`: the decision on one role.

mod facts;

use app_roles::{
    duration::AssignmentDuration,
    end::{PlannedEnd, RequestedEnd, UnusableEnd},
    policy::Policy,
    request::Action,
    requester::Requester,
};
use clap::{Args, ValueEnum};
use facts::{Known, Names};
use serde_json::{Map, Value, json};
use time::OffsetDateTime;

use super::{
    explanation::{self, Explained},
    verdict::{Ask, Facts},
};
use crate::{
    exit::Exit,
    failure::Failure,
    options::{BrokerIdentity, GlobalOptions},
    output::Screen,
    policy_file, timestamps,
};

#[derive(Debug, Args)]
pub(crate) struct ExplainArguments {
    /// Principal that receives or loses the role
    principal: String,
    /// API that defines the role
    api: String,
    /// Role to decide on
    role: String,
    /// Requester, as the policy names it; default: each requester that the policy names
    #[arg(long, value_parser = Requester::parse)]
    requester: Option<Requester>,
    /// Action to decide on
    #[arg(long, value_enum, default_value_t)]
    action: ActionOption,
    /// Time that the assignment is to last, for example PT8H; default: as long as the rules allow
    #[arg(long, value_parser = AssignmentDuration::parse, conflicts_with = "end")]
    duration: Option<AssignmentDuration>,
    /// Time when the assignment is to end, for example 2026-12-01T18:00:00Z
    #[arg(long, value_name = "TIME")]
    end: Option<String>,
    /// Look nothing up: decide on the names as they are, and list what is assumed. PRINCIPAL is an ARM ID
    /// or an object ID; API is an alias, an app ID or an identifier URI
    #[arg(long)]
    offline: bool,
    #[command(flatten)]
    broker: BrokerIdentity,
}

/// The value of `--action`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
enum ActionOption {
    /// Assign the role
    #[default]
    Assign,
    /// Revoke the role
    Revoke,
    /// See that the principal holds the role
    Read,
}

/// Runs `app-role policy explain`.
pub(super) async fn run(
    global: &GlobalOptions,
    screen: Screen,
    arguments: &ExplainArguments,
) -> Result<Exit, Failure> {
    // Without a policy, there is no decision to explain.
    let policy = policy_file::read(&global.policy)?;
    let now = OffsetDateTime::now_utc();
    let end = planned_end(arguments, now)?;
    let names = Names {
        principal: &arguments.principal,
        api: &arguments.api,
        role: &arguments.role,
        broker: arguments.broker.name(),
    };
    let known = if arguments.offline {
        facts::assumed(&names, &policy)?
    } else {
        facts::find(global, screen, &names, &policy).await?
    };
    let action = arguments.action;
    let question = Asked { policy: &policy, facts: &known.facts, action, end, now };
    match &arguments.requester {
        Some(requester) => one(screen, &question, requester, &known),
        None => all(screen, &question, &known),
    }
}

/// When the assignment must end, if the operator states it.
fn planned_end(
    arguments: &ExplainArguments,
    now: OffsetDateTime,
) -> Result<Option<PlannedEnd>, Failure> {
    let ExplainArguments { duration, end, action, .. } = arguments;
    if *action != ActionOption::Assign && (duration.is_some() || end.is_some()) {
        return Err(Failure::usage("only an assignment ends")
            .hint("leave out --duration and --end, or ask with --action assign"));
    }
    let at = match end {
        None => None,
        Some(text) => Some(timestamps::parse(text).ok_or_else(|| {
            Failure::usage(format!("--end is not a time of RFC 3339: {text:?}"))
                .hint("write it like 2026-12-01T18:00:00Z")
        })?),
    };
    let requested = duration.map(RequestedEnd::After).or(at.map(RequestedEnd::At));
    let planned = requested.map(|end| end.planned(now)).transpose();
    planned.map_err(|error| match error {
        UnusableEnd::Passed => Failure::usage("the time of --end has passed"),
        UnusableEnd::TooFar => Failure::usage("the time of --end is more than 365 days away"),
    })
}

/// The question, without the requester.
struct Asked<'a> {
    policy: &'a Policy,
    facts: &'a Facts,
    action: ActionOption,
    end: Option<PlannedEnd>,
    now: OffsetDateTime,
}

impl Asked<'_> {
    fn of(&self, ask: &Ask) -> Explained {
        Explained::of(self.policy, ask, self.facts, self.now)
    }

    fn by(&self, requester: &Requester) -> Explained {
        let requester = requester.clone();
        let end = self.end;
        self.of(&match self.action {
            ActionOption::Assign => Ask::Change { requester, action: Action::Assign, end },
            ActionOption::Revoke => Ask::Change { requester, action: Action::Revoke, end: None },
            ActionOption::Read => Ask::Reading { requester },
        })
    }

    /// What the baseline assigns. `None` if it is empty, or if the question is about something else.
    fn baseline(&self) -> Option<Explained> {
        let is_asked = self.action == ActionOption::Assign && !self.policy.baseline().is_empty();
        is_asked.then(|| self.of(&Ask::Baseline))
    }
}

/// Explains the decision for one requester.
fn one(
    screen: Screen,
    asked: &Asked<'_>,
    requester: &Requester,
    known: &Known,
) -> Result<Exit, Failure> {
    let (explained, baseline) = (asked.by(requester), asked.baseline());
    if screen.prints_document() {
        let mut answer = explanation::answer(&explained);
        answer.insert("requester".to_owned(), json!(requester));
        screen.json(&with_more(answer, baseline.as_ref(), known))?;
    } else {
        explanation::show(screen, &explained, baseline.as_ref());
        known.show(screen);
    }
    Ok(if explained.is_denied() { Exit::Denied } else { Exit::Done })
}

/// Explains the decision for each requester that the policy names.
fn all(screen: Screen, asked: &Asked<'_>, known: &Known) -> Result<Exit, Failure> {
    let requesters = asked.policy.explanation().requesters().into_iter();
    let decisions: Vec<_> = requesters.map(|requester| (asked.by(&requester), requester)).collect();
    let baseline = asked.baseline();
    if screen.prints_document() {
        let answers = decisions.iter().map(|(explained, requester)| {
            let mut answer = explanation::answer(explained);
            answer.insert("requester".to_owned(), json!(requester));
            Value::Object(answer)
        });
        let mut answer = Map::new();
        answer.insert("requesters".to_owned(), answers.collect());
        screen.json(&with_more(answer, baseline.as_ref(), known))?;
    } else {
        explanation::show_all(screen, &decisions, baseline.as_ref());
        known.show(screen);
    }
    let mut answers = decisions.iter().map(|(explained, _)| explained).chain(&baseline);
    let is_denied = answers.all(Explained::is_denied);
    Ok(if is_denied { Exit::Denied } else { Exit::Done })
}

fn with_more(
    mut answer: Map<String, Value>,
    baseline: Option<&Explained>,
    known: &Known,
) -> Map<String, Value> {
    if let Some(baseline) = baseline {
        answer.insert("baseline".to_owned(), Value::Object(explanation::answer(baseline)));
    }
    answer.insert("facts".to_owned(), known.json());
    answer
}
