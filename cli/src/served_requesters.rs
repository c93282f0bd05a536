//! The requesters whose requests the functions take.

use std::collections::HashSet;

use app_roles::{directory::nearest, requester::Requester};
use function_folders::{
    app::use_cases, file_fault::FileFault, function_json::FunctionFolders, use_case::UseCase,
};

use crate::names::did_you_mean;

/// Returns the queues and the publishers of events from which functions take requests. Fails if a folder
/// cannot be used, because it is then unknown which queue its function reads.
pub(crate) fn served(folders: FunctionFolders) -> Result<HashSet<Requester>, FileFault> {
    let mut served = HashSet::new();
    for use_case in use_cases(folders).into_values() {
        if let UseCase::RequestQueue { requester }
        | UseCase::EventQueue { requester }
        | UseCase::PushedEvents { requester } = use_case?
        {
            served.insert(requester);
        }
    }
    Ok(served)
}

/// Says that no function takes the requests of a requester, and what to do. `None` if one does, or if the
/// requester needs no function of its own.
pub(crate) fn unserved(
    requester: &Requester,
    served: &HashSet<Requester>,
) -> Option<(String, String)> {
    if served.contains(requester) {
        return None;
    }
    let sentence = match requester {
        Requester::Queue(queue) => format!("no function takes requests from the queue {queue:?}"),
        Requester::EventGrid(function) => {
            format!("no function {function:?} takes events from Event Grid")
        }
        _ => return None,
    };
    let served: Vec<_> = served.iter().map(ToString::to_string).collect();
    let similar = nearest(&requester.to_string(), served.iter().map(String::as_str));
    let advice = match similar.as_slice() {
        [] => "add its function folder, or remove the requester".to_owned(),
        similar => did_you_mean(similar),
    };
    Some((sentence, advice))
}
