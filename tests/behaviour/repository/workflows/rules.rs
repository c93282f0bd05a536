//! What a workflow must not do.

use serde_json::{Map, Value};

use crate::repository::workflows::yaml::parse;

const COMMIT_DIGITS: usize = 40;
/// Triggers whose workflow and code come from a branch or tag of this repository, or that get no more
/// than a read-only token.
const TRIGGERS: [&str; 3] = ["push", "pull_request", "schedule"];
/// Expressions whose values outsiders cannot choose. `github.ref` is used outside of scripts only, and
/// those of the matrix are in the workflow.
const EXPRESSIONS: [&str; 4] = ["github.ref", "github.token", "matrix.runner", "matrix.target"];
/// Writing permissions of a job that signs. None of them changes the repository.
const WRITES: [&str; 2] = ["id-token", "attestations"];
const READS: [&str; 2] = ["contents", "attestations"];
/// What a workflow, a job and a step may consist of. Not among them: containers, services, other shells,
/// conditions, ignored failures, workflows elsewhere, variables of a whole job.
const WORKFLOW_KEYS: [&str; 5] = ["name", "on", "permissions", "concurrency", "jobs"];
const JOB_KEYS: [&str; 7] =
    ["needs", "strategy", "runs-on", "timeout-minutes", "environment", "permissions", "steps"];
const STEP_KEYS: [&str; 6] = ["name", "uses", "with", "run", "env", "shell"];
/// The runner of each job, and those of a matrix, for programs of other systems. All are GitHub's.
const RUNNER: &str = "ubuntu-24.04";
const RUNNERS: [&str; 5] =
    [RUNNER, "ubuntu-24.04-arm", "macos-15-intel", "macos-15", "windows-2025"];
/// Commands that fetch code that nothing pins, and files that let a step change later steps.
const COMMANDS: [&str; 13] = [
    "curl",
    "wget",
    "npx",
    "npm",
    "pip",
    "pip3",
    "pipx",
    "apt",
    "GITHUB_ENV",
    "GITHUB_PATH",
    "GITHUB_HEAD_REF",
    "GITHUB_EVENT_PATH",
    "eval",
];

/// The first script of a release. A tag can name any commit.
const ON_MAIN: &str = "git merge-base --is-ancestor \"$(git rev-parse HEAD)\" origin/main";
/// The only steps of the job that attests, and of the job that deploys. Neither runs code of the
/// repository, and nothing comes between the verification and the deployment.
const ATTEST: [&str; 2] = ["actions/download-artifact", "actions/attest-build-provenance"];
const DEPLOY: [&str; 4] = [
    "actions/download-artifact",
    "gh attestation verify app-role-broker.zip --repo \"$GITHUB_REPOSITORY\" \
     --signer-workflow \"$GITHUB_REPOSITORY/.github/workflows/release.yml\" \
     --source-digest \"$GITHUB_SHA\" --source-ref \"$GITHUB_REF\" --deny-self-hosted-runners",
    "azure/login",
    "az functionapp deployment source config-zip --resource-group \"$GROUP\" --name \"$APP\" \
     --src app-role-broker.zip",
];
/// The only steps of the job that publishes, which may write to the repository.
const PUBLISH: [&str; 4] = [
    "actions/download-artifact",
    "for archive in app-role-*.tar.gz; do gh attestation verify \"$archive\" \
     --repo \"$GITHUB_REPOSITORY\" \
     --signer-workflow \"$GITHUB_REPOSITORY/.github/workflows/release.yml\" \
     --source-digest \"$GITHUB_SHA\" --source-ref \"$GITHUB_REF\" --deny-self-hosted-runners; done",
    "sha256sum app-role-*.tar.gz > SHA256SUMS",
    "gh release create \"$GITHUB_REF_NAME\" --repo \"$GITHUB_REPOSITORY\" --verify-tag \
     --generate-notes app-role-*.tar.gz SHA256SUMS",
];
const VARIABLES: [&str; 3] = ["GH_TOKEN", "GROUP", "APP"];

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
    check(has_only(&workflow, &WORKFLOW_KEYS), "a key of the workflow");
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

fn has_only(value: &Value, keys: &[&str]) -> bool {
    object(value).keys().all(|key| keys.contains(&key.as_str()))
}

fn contains_word(text: &str, word: &str) -> bool {
    text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').any(|found| found == word)
}

/// Whether permissions are given, and none of them writes.
fn is_readonly(permissions: &Value) -> bool {
    let Value::Object(permissions) = permissions else { return false };
    permissions.iter().all(|(name, level)| READS.contains(&name.as_str()) && level == "read")
}

/// Whether a job has only permissions that a job may have: to sign, or to publish and not to sign.
fn is_permitted(permissions: &Value) -> bool {
    let publishes = permissions["contents"] == "write";
    let Value::Object(permissions) = permissions else { return false };
    permissions.iter().all(|(name, level)| {
        (READS.contains(&name.as_str()) && level == "read")
            || (WRITES.contains(&name.as_str()) && level == "write" && !publishes)
            || (name == "contents" && publishes)
    })
}

/// Whether a job runs on GitHub's machines. Those of a matrix are for jobs that only read.
fn has_known_runner(job: &Value) -> bool {
    if job["strategy"].is_null() {
        return job["runs-on"] == RUNNER;
    }
    let is_plain = has_only(&job["strategy"], &["matrix"])
        && has_only(&job["strategy"]["matrix"], &["include"])
        && job["runs-on"] == "${{ matrix.runner }}"
        && is_readonly(&job["permissions"]);
    let rows = job["strategy"]["matrix"]["include"].as_array().cloned().unwrap_or_default();
    is_plain
        && !rows.is_empty()
        && rows.iter().all(|row| {
            has_only(row, &["runner", "target"])
                && row["runner"].as_str().is_some_and(|runner| RUNNERS.contains(&runner))
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
    let may_publish = job["permissions"]["contents"] == "write";
    let mut faults = Vec::new();
    let mut check = |holds: bool, fault| {
        if !holds {
            faults.push(fault);
        }
    };
    check(!steps.is_empty(), "no steps");
    check(has_known_runner(job), "runner");
    check(job["timeout-minutes"].is_string(), "no timeout");
    check(is_permitted(&job["permissions"]), "permissions");
    check(has_only(job, &JOB_KEYS), "a key of the job");
    check(steps.iter().all(|step| has_only(step, &STEP_KEYS)), "a key of a step");
    check(steps.iter().all(has_known_shell), "a shell");
    check(!script.contains("||") && !script.contains("set +e"), "a failure is ignored");
    check(!script.contains("${{"), "an expression in a script");
    check(!COMMANDS.iter().any(|it| contains_word(&script, it)), "a command");
    check(!["cargo install", "rustup-init"].iter().any(|it| script.contains(it)), "a command");
    check(steps.iter().all(keeps_no_credentials), "credentials of the checkout");
    let signing: &[&str] = if attests { &ATTEST } else { &DEPLOY };
    check(
        !may_sign || steps.iter().map(action).eq(signing.iter().copied()),
        "steps where it may sign",
    );
    check(!may_publish || steps.iter().map(action).eq(PUBLISH), "steps where it may publish");
    let is_trusted = may_sign || may_publish;
    let inputs: &[Value] = match (may_publish, signs_in) {
        (true, _) => &[archives()],
        (false, true) => &[package()],
        (false, false) => &[package(), archives()],
    };
    let has_known_inputs = |step: &Value| has_known_inputs(step, inputs);
    check(!is_trusted || steps.iter().all(has_known_inputs), "inputs where it may sign or publish");
    check(is_trusted || !texts("", job).iter().any(|(_, it)| it.contains("github.token")), "token");
    check(may_attest == attests && (!may_attest || may_sign), "attestation");
    check(signs_in == (job["environment"] == "production"), "environment");
    check(signs_in || job["environment"].is_null(), "environment");
    check(!signs_in || may_sign, "signs in by other means");
    check(!is_release || is_after_the_check(name, jobs), "not known to be on main");
    faults
}

fn keeps_no_credentials(step: &Value) -> bool {
    let is_checkout = step["uses"].as_str().is_some_and(|it| it.starts_with("actions/checkout@"));
    !is_checkout || step["with"]["persist-credentials"] == "false"
}

/// The action of a step without its commit, or its script.
fn action(step: &Value) -> &str {
    let uses = step["uses"].as_str().map(|uses| uses.split('@').next().unwrap_or_default());
    uses.or_else(|| step["run"].as_str()).unwrap_or_default()
}

/// Whether a step runs in the runner's own shell, or in bash where that is another one.
fn has_known_shell(step: &Value) -> bool {
    step["shell"].is_null() || (step["shell"] == "bash" && step["run"].is_string())
}

/// What downloads the package of this run.
fn package() -> Value {
    serde_json::json!({ "name": "package" })
}

/// What downloads the archives of this run.
fn archives() -> Value {
    serde_json::json!({ "pattern": "archive-*", "merge-multiple": "true" })
}

/// Whether a step downloads one of these, and has no variables that redirect a tool.
fn has_known_inputs(step: &Value, inputs: &[Value]) -> bool {
    let is_download = action(step) == "actions/download-artifact";
    has_only(&step["env"], &VARIABLES)
        && step["shell"].is_null()
        && (!is_download || inputs.contains(&step["with"]))
}

/// Whether the first script of a job, or of a job that it needs, refuses commits that are not on main.
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
