//! What a workflow must not do.

use serde_json::{Map, Value};

use crate::repository::workflows::yaml::parse;

const COMMIT_DIGITS: usize = 40;
/// Triggers whose workflow and code come from a branch or tag of this repository, or that get no more
/// than a read-only token.
const TRIGGERS: [&str; 3] = ["push", "pull_request", "schedule"];
/// Expressions whose values outsiders cannot choose. `github.ref` is used outside of scripts only.
const EXPRESSIONS: [&str; 2] = ["github.ref", "github.token"];
/// Writing permissions of a job. None of them changes the repository.
const WRITES: [&str; 2] = ["id-token", "attestations"];
const READS: [&str; 2] = ["contents", "attestations"];
/// The steps that run before a package is deployed, as its attestation demands.
const VERIFICATION: [&str; 6] = [
    "gh attestation verify app-role-broker.zip",
    "--repo \"$GITHUB_REPOSITORY\"",
    "--signer-workflow \"$GITHUB_REPOSITORY/.github/workflows/release.yml\"",
    "--source-digest \"$GITHUB_SHA\"",
    "--source-ref \"$GITHUB_REF\"",
    "--deny-self-hosted-runners",
];
const ON_MAIN: &str = "git merge-base --is-ancestor \"$(git rev-parse HEAD)\" origin/main";

/// The rules that a workflow breaks. `reviewed` are the actions that the documentation names, as
/// `owner/repository@commit # version`.
pub(crate) fn faults(text: &str, reviewed: &[String]) -> Vec<String> {
    let workflow = match parse(text) {
        Ok(workflow) => workflow,
        Err(fault) => return vec![fault],
    };
    let mut faults = Vec::new();
    let jobs = object(&workflow["jobs"]);
    let mut check = |holds: bool, fault: &str| {
        if !holds {
            faults.push(fault.to_owned());
        }
    };
    check(!jobs.is_empty(), "no jobs");
    check(object(&workflow["on"]).keys().all(|key| TRIGGERS.contains(&key.as_str())), "trigger");
    check(!object(&workflow["on"]).is_empty(), "trigger");
    check(is_readonly(&workflow["permissions"]), "permissions of the workflow");
    let is_release = jobs.values().any(|job| !is_readonly(&job["permissions"]));
    let tags_only = serde_json::json!({ "push": { "tags": ["v*"] } });
    check(!is_release || workflow["on"] == tags_only, "a release from something else than a tag");
    check(!contains_word(text, "secrets"), "secret");
    check(expressions(&workflow).iter().all(|it| is_trusted(it)), "expression");
    check(uses(&workflow).iter().all(|action| is_pinned(action, text, reviewed)), "action");
    for (name, job) in &jobs {
        for fault in job_faults(name, job, &jobs, is_release) {
            check(false, &format!("{name}: {fault}"));
        }
    }
    faults
}

fn object(value: &Value) -> Map<String, Value> {
    value.as_object().cloned().unwrap_or_default()
}

fn contains_word(text: &str, word: &str) -> bool {
    text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').any(|found| found == word)
}

/// Whether permissions are given, and none of them writes.
fn is_readonly(permissions: &Value) -> bool {
    let Value::Object(permissions) = permissions else { return false };
    permissions.iter().all(|(name, level)| READS.contains(&name.as_str()) && level == "read")
}

fn is_permitted(permissions: &Value) -> bool {
    let Value::Object(permissions) = permissions else { return false };
    permissions.iter().all(|(name, level)| {
        (READS.contains(&name.as_str()) && level == "read")
            || (WRITES.contains(&name.as_str()) && level == "write")
    })
}

/// All texts of a value, with the key that each belongs to.
fn texts<'a>(key: &'a str, value: &'a Value) -> Vec<(&'a str, &'a str)> {
    match value {
        Value::String(text) => vec![(key, text)],
        Value::Array(items) => items.iter().flat_map(|item| texts(key, item)).collect(),
        Value::Object(fields) => fields.iter().flat_map(|(key, value)| texts(key, value)).collect(),
        _ => Vec::new(),
    }
}

fn expressions(workflow: &Value) -> Vec<String> {
    let inside = |text: &str| -> Vec<String> {
        text.split("${{").skip(1).map(|rest| rest.trim_start().to_owned()).collect()
    };
    texts("", workflow).into_iter().flat_map(|(_, text)| inside(text)).collect()
}

fn is_trusted(expression: &str) -> bool {
    let Some((expression, _)) = expression.split_once("}}") else { return false };
    let expression = expression.trim();
    let is_variable = expression.strip_prefix("vars.").is_some_and(|name| {
        !name.is_empty() && name.chars().all(|c| c.is_ascii_uppercase() || c == '_')
    });
    is_variable || EXPRESSIONS.contains(&expression)
}

fn uses(workflow: &Value) -> Vec<&str> {
    let texts = texts("", workflow).into_iter();
    texts.filter(|(key, _)| *key == "uses").map(|(_, text)| text).collect()
}

fn is_pinned(action: &str, text: &str, reviewed: &[String]) -> bool {
    let Some((_, commit)) = action.split_once('@') else { return false };
    let is_commit = commit.len() == COMMIT_DIGITS
        && commit.chars().all(|c| c.is_ascii_digit() || ('a'..='f').contains(&c));
    let lines = text.lines().filter(|line| line.contains(action));
    let with_version: Vec<_> =
        lines.filter_map(|line| Some(line.split_once("uses: ")?.1.trim().to_owned())).collect();
    is_commit && !with_version.is_empty() && with_version.iter().all(|line| reviewed.contains(line))
}

fn job_faults(
    name: &str,
    job: &Value,
    jobs: &Map<String, Value>,
    is_release: bool,
) -> Vec<&'static str> {
    let none = Vec::new();
    let steps = job["steps"].as_array().unwrap_or(&none);
    let scripts: Vec<_> = steps.iter().filter_map(|step| step["run"].as_str()).collect();
    let script = scripts.join("\n");
    let uses = |action: &str| {
        let mut found = steps.iter().filter_map(|step| step["uses"].as_str());
        found.any(|used| used.split('@').next() == Some(action))
    };
    let signs_in = uses("azure/login");
    let attests = uses("actions/attest-build-provenance");
    let may_sign = job["permissions"]["id-token"] == "write";
    let may_attest = job["permissions"]["attestations"] == "write";
    let mut faults = Vec::new();
    let mut check = |holds: bool, fault| {
        if !holds {
            faults.push(fault);
        }
    };
    check(!steps.is_empty(), "no steps");
    check(job["runs-on"] == "ubuntu-24.04", "runner");
    check(job["timeout-minutes"].is_string(), "no timeout");
    check(is_permitted(&job["permissions"]), "permissions");
    check(
        texts("", job).iter().all(|(key, _)| *key != "continue-on-error"),
        "a failure is ignored",
    );
    check(!script.contains("||") && !script.contains("set +e"), "a failure is ignored");
    check(job["if"].is_null() && steps.iter().all(|step| step["if"].is_null()), "a condition");
    check(!script.contains("${{"), "an expression in a script");
    check(!["GITHUB_HEAD_REF", "GITHUB_EVENT_PATH"].iter().any(|it| script.contains(it)), "input");
    check(!["GITHUB_ENV", "GITHUB_PATH"].iter().any(|it| script.contains(it)), "environment");
    check(!["curl ", "wget "].iter().any(|it| script.contains(it)), "a download");
    check(steps.iter().all(keeps_no_credentials), "credentials of the checkout");
    // Code of the repository and of its dependencies never runs where something can be signed.
    let runs_code =
        uses("actions/checkout") || ["cargo ", "scripts/"].iter().any(|it| script.contains(it));
    check(!may_sign || !runs_code, "builds where it may sign");
    check(!signs_in || !(may_attest || attests), "attests where it deploys");
    check(may_attest == attests && (!may_attest || may_sign), "attestation");
    check(signs_in == (job["environment"] == "production"), "environment");
    check(signs_in || job["environment"].is_null(), "environment");
    check(!signs_in || verifies(steps), "deploys what it has not verified");
    check(!is_release || is_after_the_check(name, jobs), "not known to be on main");
    faults
}

fn keeps_no_credentials(step: &Value) -> bool {
    let is_checkout = step["uses"].as_str().is_some_and(|it| it.starts_with("actions/checkout@"));
    !is_checkout || step["with"]["persist-credentials"] == "false"
}

/// Whether the attestation is verified before the first step that signs in.
fn verifies(steps: &[Value]) -> bool {
    let place = |is_it: &dyn Fn(&Value) -> bool| steps.iter().position(is_it);
    let verified = place(&|step| {
        step["run"].as_str().is_some_and(|run| VERIFICATION.iter().all(|part| run.contains(part)))
    });
    let used = place(&|step| {
        let uses = step["uses"].as_str().unwrap_or_default();
        let run = step["run"].as_str().unwrap_or_default();
        uses.starts_with("azure/login@") || run.contains("az ")
    });
    matches!((verified, used), (Some(verified), Some(used)) if verified < used)
}

/// Whether a job's first script, or that of a job that it needs, refuses commits that are not on main.
fn is_after_the_check(name: &str, jobs: &Map<String, Value>) -> bool {
    let job = &jobs[name];
    let steps = job["steps"].as_array().map_or(&[][..], Vec::as_slice);
    let first = steps.iter().find_map(|step| step["run"].as_str());
    let is_whole = steps.iter().any(|step| step["with"]["fetch-depth"] == "0");
    let checks = is_whole && first.is_some_and(|first| first.trim() == ON_MAIN);
    checks
        || job["needs"].as_str().is_some_and(|needed| {
            needed != name && jobs.contains_key(needed) && is_after_the_check(needed, jobs)
        })
}
