//! Checks of the deployed files: policy, host.json, function folders.

use std::path::Path;

use function_folders::{
    app::use_cases,
    function_json::{FunctionFolder, FunctionFolders},
    host_json::HostJson,
};
use time::OffsetDateTime;

use super::finding::Finding;
use crate::{environment, policy_file};

/// The length of the digest's part to show: enough to compare it with the digest in a result.
const DIGEST_PREFIX: usize = 12;

/// Checks the files. Returns the functions, too.
pub(super) fn check(policy: &Path, app_root: &Path) -> (Vec<Finding>, Vec<FunctionFolder>) {
    let mut findings = vec![check_policy(policy)];
    if !app_root.join("host.json").exists() {
        findings.push(Finding::not_checked("host.json and folders", "--app-root"));
        return (findings, Vec::new());
    }
    let setting = |name: &str| environment::variable(name);
    findings.push(match HostJson::read(app_root, &setting) {
        Ok(host_json) => {
            let deliveries = host_json.max_dequeue_count;
            Finding::ok("host.json", format!("a message fails after {deliveries} deliveries"))
        }
        Err(fault) => Finding::bad("host.json", fault.to_string()),
    });
    match FunctionFolders::read(app_root, &setting) {
        Ok(folders) => {
            findings.push(check_folders(&folders));
            (findings, folders.functions)
        }
        Err(error) => {
            findings.push(Finding::bad("folders", error.to_string()));
            (findings, Vec::new())
        }
    }
}

fn check_policy(file: &Path) -> Finding {
    const CHECK: &str = "policy";
    let policy = match policy_file::read(file) {
        Ok(policy) => policy,
        Err(failure) => {
            return Finding::failed(CHECK, &failure)
                .advice("without a valid policy, the broker denies everything");
        }
    };
    let digest = policy.sha256().and_then(|digest| digest.get(..DIGEST_PREFIX));
    let found = format!("{} is valid, sha256 {}…", file.display(), digest.unwrap_or_default());
    let warnings = policy.warnings(OffsetDateTime::now_utc());
    let open = warnings.iter().filter(|warning| warning.is_open()).map(ToString::to_string);
    match open.collect::<Vec<_>>().as_slice() {
        [] => Finding::ok(CHECK, found),
        warnings => Finding::ok(CHECK, found).advice(warnings.join("; ")),
    }
}

fn check_folders(folders: &FunctionFolders) -> Finding {
    const CHECK: &str = "folders";
    let use_cases = use_cases(folders.clone());
    let faults: Vec<_> =
        use_cases.into_values().filter_map(Result::err).map(|fault| fault.to_string()).collect();
    if !faults.is_empty() {
        return Finding::bad(CHECK, faults.join("; "));
    }
    let names: Vec<_> = folders.functions.iter().map(|folder| folder.name.as_str()).collect();
    match names.as_slice() {
        [] => Finding::bad(CHECK, "no function folders found")
            .advice("name their parent folder with --app-root"),
        names => Finding::ok(CHECK, names.join(", ")),
    }
}
