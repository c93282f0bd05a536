//! `app-role policy`: validation of the policy file, and explanation of its decisions.

use std::path::{Path, PathBuf};

use app_roles::{
    policy::{NearRule, Question},
    request::Action,
    requester::Requester,
};
use clap::{Args, Subcommand, ValueEnum};
use serde_json::json;

use crate::{
    examples,
    exit::Exit,
    failure::Failure,
    names,
    options::{BrokerIdentity, GlobalOptions},
    output::{Line, Screen, Tone},
    policy_file,
    result::word,
    session::Session,
};

/// The largest number of rules to show for a denial.
const MAX_NEAREST_RULES: usize = 5;

#[derive(Debug, Subcommand)]
pub(crate) enum PolicyCommand {
    /// Validate the policy file and warn about likely mistakes, without signing in
    #[command(after_help = examples::POLICY_CHECK)]
    Check {
        /// Policy file; default: the file of --policy
        file: Option<PathBuf>,
    },
    /// Show which rule allows a role, or what the nearest rules lack
    #[command(after_help = examples::POLICY_EXPLAIN)]
    Explain(ExplainArguments),
}

#[derive(Debug, Args)]
pub(crate) struct ExplainArguments {
    /// Principal that receives or loses the role
    principal: String,
    /// API that defines the role
    api: String,
    /// Role to decide on
    role: String,
    /// Requester, as the policy names it; default: cli: and your object ID
    #[arg(long, value_parser = Requester::parse)]
    requester: Option<Requester>,
    /// Action to decide on
    #[arg(long, value_enum, default_value_t)]
    action: ActionOption,
    #[command(flatten)]
    broker: BrokerIdentity,
}

/// The value of `--action`.
#[derive(Debug, Clone, Copy, Default, ValueEnum)]
enum ActionOption {
    /// Assign the role
    #[default]
    Assign,
    /// Revoke the role
    Revoke,
}

impl From<ActionOption> for Action {
    fn from(option: ActionOption) -> Self {
        match option {
            ActionOption::Assign => Self::Assign,
            ActionOption::Revoke => Self::Revoke,
        }
    }
}

/// Runs `app-role policy`.
pub(crate) async fn run(
    global: &GlobalOptions,
    screen: Screen,
    arguments: PolicyCommand,
) -> Result<Exit, Failure> {
    match arguments {
        PolicyCommand::Check { file } => check(screen, &file.unwrap_or(global.policy.clone())),
        PolicyCommand::Explain(arguments) => explain(global, screen, &arguments).await,
    }
}

fn check(screen: Screen, file: &Path) -> Result<Exit, Failure> {
    let policy = policy_file::read(file)?;
    let sha256 = policy.sha256().unwrap_or_default();
    if screen.is_json() {
        let warnings = policy.warnings();
        screen.json(
            &json!({ "file": file.display().to_string(), "sha256": sha256, "warnings": warnings }),
        )?;
        return Ok(Exit::Done);
    }
    for warning in policy.warnings() {
        screen.say(Line::painted(Tone::Warning, "warning:").then(" ").then(&warning));
    }
    screen.say(format!("{} is valid; sha256 {sha256}", file.display()));
    Ok(Exit::Done)
}

async fn explain(
    global: &GlobalOptions,
    screen: Screen,
    arguments: &ExplainArguments,
) -> Result<Exit, Failure> {
    // Without a policy, there is no decision to explain.
    policy_file::read(&global.policy)?;
    let session = Session::open(global).await?;
    let directory = session.directory();
    let principal = directory.principal(&arguments.principal).await?;
    let api = directory.api(&arguments.api).await?;
    let role = names::role(&api, &arguments.role)?;
    let broker = directory.broker_identity(arguments.broker.name()).await?;
    let policy = session.policy();
    let question = Question {
        requester: arguments.requester.as_ref().unwrap_or_else(|| session.requester()),
        action: arguments.action.into(),
        principal: &principal,
        api: &api,
        role: &role,
        own: session.own_identity(broker),
    };
    let near = policy.nearest_rules(&question);
    match policy.decide(&question) {
        Ok(permit) => {
            let answer = json!({ "decision": "allowed", "rule": permit.rule() });
            if screen.is_json() {
                screen.json(&answer)?;
            } else {
                let rule = format!(" by rule {:?}", permit.rule());
                screen.say(Line::painted(Tone::Good, "allowed").then(&rule));
            }
            Ok(Exit::Done)
        }
        Err(denial) => {
            let (code, sentence) = (word(&denial.code()), denial.to_string());
            show_denied(screen, &code, &sentence, near.get(..MAX_NEAREST_RULES).unwrap_or(&near))?;
            Ok(Exit::Denied)
        }
    }
}

fn show_denied(
    screen: Screen,
    code: &str,
    sentence: &str,
    near: &[NearRule],
) -> Result<(), Failure> {
    let lacks = |rule: &NearRule| rule.gaps.iter().map(ToString::to_string).collect::<Vec<_>>();
    if screen.is_json() {
        let nearest: Vec<_> =
            near.iter().map(|rule| json!({ "rule": rule.rule, "lacks": lacks(rule) })).collect();
        return screen.json(&json!({
            "decision": "denied", "code": code, "message": sentence, "nearest": nearest,
        }));
    }
    screen.say(Line::painted(Tone::Bad, "denied").then(&format!(" ({code}): {sentence}")));
    let rows = near.iter().map(|rule| match lacks(rule).as_slice() {
        [] => vec![rule.rule.clone(), "nothing; no rule can allow this".to_owned()],
        gaps => vec![rule.rule.clone(), gaps.join("; ")],
    });
    if !near.is_empty() {
        screen.table(&["NEAREST RULES", "MISSING"], rows);
    }
    Ok(())
}
