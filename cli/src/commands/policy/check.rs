//! `app-role policy check`: validation of the policy file.

mod catalogue;
mod folders;
mod remark;
mod tenant;

use std::path::{Path, PathBuf};

use app_roles::policy::{Outline, Policy, PolicyFaults, Survey};
use clap::Args;
use remark::Remark;
use serde_json::json;
use time::OffsetDateTime;

use super::explanation;
use crate::{
    exit::Exit,
    failure::Failure,
    options::GlobalOptions,
    output::{Line, Screen, Tone},
    policy_file,
};

#[derive(Debug, Args)]
pub(crate) struct CheckArguments {
    /// Policy file; default: the file of --policy
    file: Option<PathBuf>,
    /// Folder with host.json and the function folders, which read the queues of the policy; default: the
    /// folder of the policy file, or else the current one
    #[arg(long, value_name = "FOLDER")]
    app_root: Option<PathBuf>,
    /// Sign in, and compare the APIs and roles of the policy with those of the tenant
    #[arg(long)]
    online: bool,
    /// Fail because of a warning that the file does not acknowledge
    #[arg(long)]
    strict: bool,
}

/// Runs `app-role policy check`.
pub(super) async fn run(
    global: &GlobalOptions,
    screen: Screen,
    arguments: &CheckArguments,
) -> Result<Exit, Failure> {
    let file = arguments.file.as_deref().unwrap_or(&global.policy);
    let bytes = policy_file::bytes(file)?;
    let policy = match Policy::parse(&bytes) {
        Ok(policy) => policy,
        Err(faults) => return refuse(screen, file, &faults),
    };
    let survey = survey(global, screen, (&policy, file), arguments).await?;
    let outline = Outline::of(&bytes);
    let warnings = policy.warnings_with(OffsetDateTime::now_utc(), survey);
    let mut remarks: Vec<_> =
        warnings.iter().map(|warning| Remark::warning(file, &outline, warning)).collect();
    remarks.sort_by_key(|remark| remark.location);
    show(screen, (&policy, file), &remarks, arguments.strict)?;
    let open = warnings.iter().filter(|warning| warning.is_open()).count();
    if arguments.strict && open > 0 {
        let warnings = if open == 1 { "1 warning" } else { &format!("{open} warnings") };
        let sentence = format!("{} has {warnings} without an acknowledgement", file.display());
        return Err(Failure::failed(sentence).hint(
            "correct the rule, or state the warning and a reason in its field \"acknowledged\"",
        ));
    }
    if !screen.prints_document() {
        let sha256 = policy.sha256().unwrap_or_default();
        screen.say(format!("{} is valid; sha256 {sha256}", file.display()));
    }
    Ok(Exit::Done)
}

/// Prints the faults, one per line.
fn refuse(screen: Screen, file: &Path, faults: &PolicyFaults) -> Result<Exit, Failure> {
    let remarks: Vec<_> = faults.0.iter().map(|fault| Remark::fault(file, fault)).collect();
    if screen.prints_document() {
        let faults: Vec<_> = remarks.iter().map(Remark::json).collect();
        let file = file.display().to_string();
        screen.json(&json!({ "file": file, "faults": faults, "warnings": [] }))?;
    } else {
        for remark in &remarks {
            screen.note(remark.line(Line::default()));
        }
    }
    let faults = match remarks.len() {
        1 => "1 fault".to_owned(),
        many => format!("{many} faults"),
    };
    Err(Failure::failed(format!("{} is not a valid policy: {faults}", file.display())))
}

/// Examines the things outside the policy that it names.
async fn survey(
    global: &GlobalOptions,
    screen: Screen,
    (policy, file): (&Policy, &Path),
    arguments: &CheckArguments,
) -> Result<Survey, Failure> {
    let references = policy.references();
    let mut survey = match folders::app_root(file, arguments.app_root.as_deref())? {
        Some(app_root) => folders::survey(screen, &references, &app_root)?,
        None => Survey::default(),
    };
    survey.extend(if arguments.online {
        tenant::survey(global, &references).await?
    } else {
        catalogue::survey(&references)
    });
    Ok(survey)
}

fn show(
    screen: Screen,
    (policy, file): (&Policy, &Path),
    remarks: &[Remark],
    is_strict: bool,
) -> Result<(), Failure> {
    let rules = policy.summaries();
    if screen.prints_document() {
        let rules: Vec<_> = rules.iter().map(explanation::facts).collect();
        let (faults, warnings): (Vec<_>, Vec<_>) =
            remarks.iter().partition(|remark| is_strict && remark.is_open());
        let json =
            |remarks: Vec<&Remark>| remarks.into_iter().map(Remark::json).collect::<Vec<_>>();
        return screen.json(&json!({
            "file": file.display().to_string(), "sha256": policy.sha256(), "faults": json(faults),
            "warnings": json(warnings), "rules": rules,
        }));
    }
    explanation::show_rules(screen, &rules);
    for remark in remarks {
        match remark.is_open() {
            true if is_strict => screen.note(remark.line(Line::painted(Tone::Bad, "error"))),
            true => screen.say(remark.line(Line::painted(Tone::Warning, "warning"))),
            false => screen.say(remark.line(Line::from("acknowledged"))),
        }
    }
    Ok(())
}
