//! `app-role policy`: is the file in order, and which rule decides.

use std::path::PathBuf;

use app_roles::{
    policy::{NearRule, Question},
    request::Action,
    requester::Requester,
};
use clap::{Args, Subcommand, ValueEnum};
use serde_json::json;

use crate::{
    arguments::GlobalOptions,
    examples,
    failure::{Exit, Failure},
    names,
    output::{Screen, Tone, table},
    result::word,
    session::{self, Session},
};

/// How many rules are shown that do not allow something.
const MOST_NEAR_RULES: usize = 5;

#[derive(Debug, Subcommand)]
pub(crate) enum PolicyArguments {
    /// Whether the file would be in force, and what in it is probably not meant; needs no sign-in
    #[command(after_help = examples::POLICY_CHECK)]
    Check {
        /// The policy; else the one of --policy
        file: Option<PathBuf>,
    },
    /// Which rule decides, or what the nearest one lacks
    #[command(after_help = examples::POLICY_EXPLAIN)]
    Explain(ExplainArguments),
}

#[derive(Debug, Args)]
pub(crate) struct ExplainArguments {
    /// Who is to get or lose the role
    principal: String,
    /// Whose role it is
    api: String,
    /// The role
    role: String,
    /// Who asks, as the policy names them; else you, as `cli:` and your object id
    #[arg(long, value_parser = Requester::parse)]
    requester: Option<Requester>,
    /// What is asked
    #[arg(long, value_enum, default_value_t)]
    action: Asked,
    /// The broker's identity, which the broker never changes
    #[arg(long, env = "APP_ROLE_BROKER_IDENTITY", value_name = "PRINCIPAL")]
    #[arg(hide_env_values = true)]
    broker_identity: Option<String>,
}

/// What is asked.
#[derive(Debug, Clone, Copy, Default, ValueEnum)]
enum Asked {
    /// To give the role
    #[default]
    Assign,
    /// To take it away
    Revoke,
}

impl From<Asked> for Action {
    fn from(asked: Asked) -> Self {
        match asked {
            Asked::Assign => Self::Assign,
            Asked::Revoke => Self::Revoke,
        }
    }
}

pub(crate) async fn run(
    global: &GlobalOptions,
    screen: &Screen,
    arguments: PolicyArguments,
) -> Result<Exit, Failure> {
    match arguments {
        PolicyArguments::Check { file } => check(*screen, &file.unwrap_or(global.policy.clone())),
        PolicyArguments::Explain(arguments) => explain(global, *screen, &arguments).await,
    }
}

fn check(screen: Screen, file: &std::path::Path) -> Result<Exit, Failure> {
    let policy = session::readable_policy(file)?;
    let sha256 = policy.sha256().unwrap_or_default();
    if screen.is_json() {
        let warnings = policy.warnings();
        screen.json(&json!({ "file": file, "sha256": sha256, "warnings": warnings }))?;
        return Ok(Exit::Done);
    }
    for warning in policy.warnings() {
        screen.say(&format!("{} {warning}", screen.paint(Tone::Careful, "warning:")));
    }
    screen.say(&format!("{} is valid; sha256 {sha256}", file.display()));
    Ok(Exit::Done)
}

async fn explain(
    global: &GlobalOptions,
    screen: Screen,
    arguments: &ExplainArguments,
) -> Result<Exit, Failure> {
    // Whoever wants an explanation wants one of a policy.
    session::readable_policy(&global.policy)?;
    let session = Session::open(global).await?;
    let principal = session.principal(&arguments.principal).await?;
    let api = session.api(&arguments.api).await?;
    let role = names::role(&api, &arguments.role)?;
    let own = session.own(session.broker_identity(arguments.broker_identity.as_deref()).await?);
    let requester = arguments.requester.as_ref().unwrap_or(&session.requester);
    let (action, policy) = (arguments.action.into(), session.broker.policy());
    let question =
        Question { requester, action, principal: &principal, api: &api, role: &role, own };
    let near = policy.nearest_rules(&question);
    match policy.decide(&question) {
        Ok(permit) => {
            let answer = json!({ "decision": "allowed", "rule": permit.rule() });
            if screen.is_json() {
                screen.json(&answer)?;
            } else {
                let allowed = screen.paint(Tone::Good, "allowed");
                screen.say(&format!("{allowed} by rule {:?}", permit.rule()));
            }
            Ok(Exit::Done)
        }
        Err(denial) => {
            let (code, sentence) = (word(&denial.code()), denial.to_string());
            show_denied(screen, &code, &sentence, near.get(..MOST_NEAR_RULES).unwrap_or(&near))?;
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
    screen.say(&format!("{} ({code}): {sentence}", screen.paint(Tone::Bad, "denied")));
    let rows = near.iter().map(|rule| match lacks(rule).as_slice() {
        [] => vec![rule.rule.clone(), "nothing, and no rule can allow this".to_owned()],
        gaps => vec![rule.rule.clone(), gaps.join("; ")],
    });
    if !near.is_empty() {
        screen.say(&table(&["NEAREST RULES", "WHAT IS MISSING"], rows));
    }
    Ok(())
}
