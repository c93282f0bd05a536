//! Checks of the deployed files: policy, host.json, function folders.

use std::path::Path;

use app_roles::policy::Policy;
use function_folders::{
    app::use_cases,
    function_json::{FunctionFolder, FunctionFolders},
    host_json::HostJson,
};
use time::OffsetDateTime;

use super::{finding::Finding, requesters};
use crate::{
    environment, failure::Failure, io_reason::io_reason, options::GlobalOptions, policy_file,
};

/// The length of the digest's part to show: enough to compare it with the digest in a result.
const DIGEST_PREFIX: usize = 12;

/// The file that makes a folder an app root.
const HOST_JSON: &str = "host.json";

const POLICY: &str = "policy";
const FOLDERS: &str = "folders";

/// Checks the policy, and the files of the app root: the stated one, or else the current folder. Also
/// returns the functions.
pub(super) fn check(
    global: &GlobalOptions,
    stated: Option<&Path>,
) -> (Vec<Finding>, Vec<FunctionFolder>) {
    let app_root = stated.unwrap_or(Path::new("."));
    let is_app_root = app_root.join(HOST_JSON).is_file();
    let policy = policy_file::read(&global.policy);
    let mut findings = vec![match &policy {
        Ok(policy) => check_policy(&global.policy, policy),
        // Outside the broker's files, a policy is expected only if an option names it.
        Err(_) if !is_app_root && !global.policy_is_named && !global.policy.exists() => {
            Finding::not_checked(POLICY, "--policy")
        }
        Err(failure) => no_policy(failure),
    }];
    if !is_app_root {
        findings.push(no_app_root(stated));
        return (findings, Vec::new());
    }
    findings.push(check_host(app_root));
    let folders = match FunctionFolders::read(app_root, &environment::app_settings()) {
        Ok(folders) => folders,
        Err(error) => {
            let told = format!("{} cannot be read: {}", app_root.display(), io_reason(&error));
            findings.push(Finding::bad(FOLDERS, told).advice("check --app-root and your rights"));
            return (findings, Vec::new());
        }
    };
    findings.push(check_folders(&folders));
    if let Ok(policy) = &policy {
        findings.extend(requesters::check(policy, &folders));
    }
    (findings, folders.functions)
}

fn check_policy(file: &Path, policy: &Policy) -> Finding {
    let digest = policy.sha256().and_then(|digest| digest.get(..DIGEST_PREFIX));
    let found = format!("{} is valid, sha256 {}…", file.display(), digest.unwrap_or_default());
    let warnings = policy.warnings(OffsetDateTime::now_utc());
    let open = warnings.iter().filter(|warning| warning.is_open()).map(ToString::to_string);
    match open.collect::<Vec<_>>().as_slice() {
        [] => Finding::ok(POLICY, found),
        warnings => Finding::ok(POLICY, found).advice(warnings.join("; ")),
    }
}

fn no_policy(failure: &Failure) -> Finding {
    Finding::failed(POLICY, failure).advice(
        "deploy a valid policy, or name its file with --policy; without one, the broker denies everything",
    )
}

/// The finding about a folder without host.json: a failure if the operator stated the folder.
fn no_app_root(stated: Option<&Path>) -> Finding {
    match stated {
        None => Finding::not_checked("host.json and folders", "--app-root"),
        Some(folder) => {
            let told = format!("{} has no {HOST_JSON}", folder.display());
            Finding::bad(HOST_JSON, told)
                .advice("name the folder with host.json and the function folders with --app-root")
        }
    }
}

fn check_host(app_root: &Path) -> Finding {
    match HostJson::read(app_root, &environment::app_settings()) {
        Ok(host_json) => {
            let deliveries = host_json.max_dequeue_count;
            Finding::ok(HOST_JSON, format!("a message fails after {deliveries} deliveries"))
        }
        Err(fault) => Finding::bad(HOST_JSON, fault.to_string())
            .advice("compare it with the file of the package"),
    }
}

fn check_folders(folders: &FunctionFolders) -> Finding {
    let use_cases = use_cases(folders.clone());
    let faults: Vec<_> =
        use_cases.into_values().filter_map(Result::err).map(|fault| fault.to_string()).collect();
    if !faults.is_empty() {
        return Finding::bad(FOLDERS, faults.join("; "))
            .advice("compare them with the folders of the package");
    }
    let names: Vec<_> = folders.functions.iter().map(|folder| folder.name.as_str()).collect();
    match names.as_slice() {
        [] => Finding::bad(FOLDERS, "no function folders found")
            .advice("name their parent folder with --app-root"),
        names => Finding::ok(FOLDERS, names.join(", ")),
    }
}
