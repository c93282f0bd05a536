//! The files that are deployed: policy, host.json, function folders.

use std::path::Path;

use app_role_broker::{
    config::{Env, ProcessEnv},
    triggers::Trigger,
    wiring,
};
use function_folders::{
    function_json::{FunctionFolder, FunctionFolders},
    host_json::HostJson,
};

use super::finding::Finding;

/// How much of the policy's digest is shown: enough to compare it with that of a result.
const SHOWN_OF_DIGEST: usize = 12;

/// Looks at the files; also answers which functions there are.
pub(super) fn examine(policy: &Path, app_root: &Path) -> (Vec<Finding>, Vec<FunctionFolder>) {
    let mut findings = vec![examine_policy(policy)];
    if !app_root.join("host.json").exists() {
        findings.push(Finding::not_checked("host.json and folders", "--app-root"));
        return (findings, Vec::new());
    }
    let setting = |name: &str| ProcessEnv.get(name);
    findings.push(match HostJson::read(app_root, &setting) {
        Ok(host_json) => {
            let deliveries = host_json.max_dequeue_count;
            Finding::ok("host.json", format!("a message is given up after {deliveries} deliveries"))
        }
        Err(fault) => Finding::bad("host.json", fault.to_string()),
    });
    match FunctionFolders::read(app_root, &setting) {
        Ok(folders) => {
            findings.push(examine_folders(&folders));
            (findings, folders.functions)
        }
        Err(error) => {
            findings.push(Finding::bad("folders", error.to_string()));
            (findings, Vec::new())
        }
    }
}

fn examine_policy(file: &Path) -> Finding {
    const CHECK: &str = "policy";
    let policy = match wiring::parse_policy(file) {
        Ok(policy) => policy,
        Err(reason) => {
            return Finding::bad(CHECK, reason)
                .advice("without a policy the broker denies everything");
        }
    };
    let digest = policy.sha256().and_then(|digest| digest.get(..SHOWN_OF_DIGEST));
    let found = format!("{} is valid, sha256 {}…", file.display(), digest.unwrap_or_default());
    match policy.warnings().as_slice() {
        [] => Finding::ok(CHECK, found),
        warnings => Finding::ok(CHECK, found).advice(warnings.join("; ")),
    }
}

fn examine_folders(folders: &FunctionFolders) -> Finding {
    const CHECK: &str = "folders";
    let unread = folders.faults.iter().map(|(_, fault)| fault.to_string());
    let misread = folders.functions.iter().filter_map(|folder| {
        let problem = Trigger::of(folder).err()?;
        Some(format!("{}: {problem}", folder.file.display()))
    });
    let faults: Vec<_> = unread.chain(misread).collect();
    if !faults.is_empty() {
        return Finding::bad(CHECK, faults.join("; "));
    }
    let names: Vec<_> = folders.functions.iter().map(|folder| folder.name.as_str()).collect();
    match names.as_slice() {
        [] => Finding::bad(CHECK, "there is no function").advice("--app-root names their folder"),
        names => Finding::ok(CHECK, names.join(", ")),
    }
}
