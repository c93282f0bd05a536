//! Comparing the requesters of a policy with the function folders.

use std::{
    collections::HashSet,
    path::{Path, PathBuf},
};

use app_roles::{
    directory::nearest,
    policy::{RuleReferences, Survey, WarningCode},
    requester::Requester,
};
use function_folders::{app::use_cases, function_json::FunctionFolders, use_case::UseCase};

use crate::{environment, failure::Failure, names::did_you_mean, output::Screen};

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
    let folders = FunctionFolders::read(app_root, &environment::variable).map_err(|error| {
        let folder = app_root.display();
        Failure::failed(format!("the functions in {folder} cannot be read: {error}"))
    })?;
    let mut served = HashSet::new();
    for use_case in use_cases(folders).into_values() {
        match use_case {
            Ok(
                UseCase::RequestQueue { requester }
                | UseCase::EventQueue { requester }
                | UseCase::PushedEvents { requester },
            ) => {
                served.insert(requester);
            }
            Ok(_) => {}
            // Which queue such a function reads is unknown.
            Err(fault) => {
                screen.note(format!("the queues of the policy are not checked: {fault}"));
                return Ok(Survey::default());
            }
        }
    }
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

/// Returns that no function proves a requester, if so.
fn unserved(requester: &Requester, served: &HashSet<Requester>) -> Option<(WarningCode, String)> {
    if served.contains(requester) {
        return None;
    }
    let (code, sentence) = match requester {
        Requester::Queue(queue) => (
            WarningCode::QueueWithoutFunction,
            format!("no function takes requests from the queue {queue:?}"),
        ),
        Requester::EventGrid(function) => (
            WarningCode::FunctionMissing,
            format!("no function {function:?} takes events from Event Grid"),
        ),
        _ => return None,
    };
    let served: Vec<_> = served.iter().map(ToString::to_string).collect();
    let similar = nearest(&requester.to_string(), served.iter().map(String::as_str));
    let advice = match similar.as_slice() {
        [] => "add its function folder, or remove the requester".to_owned(),
        similar => did_you_mean(similar),
    };
    Some((code, format!("{sentence}; {advice}")))
}
