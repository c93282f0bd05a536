//! Comparing the requesters of a policy with the function folders.

use std::{
    collections::HashSet,
    path::{Path, PathBuf},
};

use app_roles::{
    policy::{RuleReferences, Survey, WarningCode},
    requester::Requester,
};
use function_folders::function_json::FunctionFolders;

use crate::{
    environment, failure::Failure, io_reason::io_reason, output::Screen, served_requesters,
};

/// The file that makes a folder an app root.
const HOST_JSON: &str = "host.json";

/// Returns the app root: the stated one, or else the first of the usual ones. `None` if there is none.
pub(super) fn app_root(policy: &Path, stated: Option<&Path>) -> Result<Option<PathBuf>, Failure> {
    if let Some(stated) = stated {
        if stated.join(HOST_JSON).is_file() {
            return Ok(Some(stated.to_owned()));
        }
        let sentence = format!("{} contains no {HOST_JSON}", stated.display());
        return Err(Failure::failed(sentence)
            .hint("name the folder with host.json and the function folders with --app-root"));
    }
    let current = Path::new(".");
    let beside = policy.parent().filter(|folder| !folder.as_os_str().is_empty());
    let usual = [beside.unwrap_or(current), current];
    let found = usual.into_iter().find(|folder| folder.join(HOST_JSON).is_file());
    Ok(found.map(Path::to_owned))
}

/// Finds the queues and the publishers of events from which no function takes requests.
pub(super) fn survey(
    screen: Screen,
    references: &[RuleReferences],
    app_root: &Path,
) -> Result<Survey, Failure> {
    let folders =
        FunctionFolders::read(app_root, &environment::app_settings()).map_err(|error| {
            let (folder, reason) = (app_root.display(), io_reason(&error));
            Failure::failed(format!("the functions in {folder} cannot be read: {reason}"))
        })?;
    let served = match served_requesters::served(folders) {
        Ok(served) => served,
        // Which queue such a function reads is unknown.
        Err(fault) => {
            screen.note(format!("the queues of the policy are not checked: {fault}"));
            return Ok(Survey::default());
        }
    };
    let warnings = references.iter().flat_map(|rule| {
        rule.requesters.iter().enumerate().filter_map(|(index, requester)| {
            let (code, sentence) = unserved(requester, &served)?;
            Some(rule.warning(code, &format!("requesters[{index}]"), sentence))
        })
    });
    Ok(Survey {
        examined: vec![WarningCode::QueueWithoutFunction, WarningCode::FunctionMissing],
        warnings: warnings.collect(),
    })
}

/// Returns that no function proves the requester; `None` if one does.
fn unserved(requester: &Requester, served: &HashSet<Requester>) -> Option<(WarningCode, String)> {
    let code = match requester {
        Requester::Queue(_) => WarningCode::QueueWithoutFunction,
        Requester::EventGrid(_) => WarningCode::FunctionMissing,
        _ => return None,
    };
    let (sentence, advice) = served_requesters::unserved(requester, served)?;
    Some((code, format!("{sentence}; {advice}")))
}
