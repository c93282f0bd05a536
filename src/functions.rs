//! The functions of the app: what host.json and the function folders say.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use azure_rest::queues::QueueAddress;
use broker::WatchedQueue;
use function_folders::{
    AppSettings, FileFault,
    app::STOCK_FUNCTIONS,
    function_json::{Binding, FunctionFolder, FunctionFolders, HOST_CONNECTION},
    host_json::HostJson,
    use_case::{RESULT_BINDING, UseCase},
};

use crate::config::{Env, StartFault, app_root};

/// The functions below an app root.
#[derive(Debug)]
pub struct Functions {
    /// The use case of each function, or the fault of its folder.
    pub by_name: HashMap<String, Result<UseCase, String>>,
    /// How often the host delivers a message before it gives up.
    pub max_dequeue_count: u32,
    /// The queues that the app needs.
    pub queues: Vec<WatchedQueue>,
    /// The queue of each function's results, by the function's name. Some functions have none.
    pub results: BTreeMap<String, QueueAddress>,
}

impl Functions {
    /// Reads host.json and the function folders, and reports every fault.
    pub fn read(env: &dyn Env) -> Result<Self, Vec<StartFault>> {
        let app_root = app_root(env);
        let settings: AppSettings = env.all().into_iter().collect();
        let mut faults = Vec::new();
        let host_json = HostJson::read(&app_root, &settings);
        let max_dequeue_count = host_json.map_or_else(
            |fault| {
                faults.push(fault.into());
                0
            },
            |host_json| host_json.max_dequeue_count,
        );
        let (mut queues, mut results) = (BTreeSet::new(), BTreeMap::new());
        let by_name = match FunctionFolders::read(&app_root, &settings) {
            Ok(folders) => {
                queues.extend(folders.functions.iter().flat_map(watched_queues));
                results.extend(folders.functions.iter().filter_map(queue_of_results));
                use_cases(folders, &mut faults)
            }
            Err(error) => {
                let problem = format!("cannot be read: {error}; FUNCTIONS_APP_ROOT_PATH names it");
                faults.push(StartFault { name: app_root.display().to_string(), problem });
                HashMap::new()
            }
        };
        if faults.is_empty() && by_name.is_empty() {
            let problem = "holds no function: start the handler where host.json is, or set \
                           FUNCTIONS_APP_ROOT_PATH";
            let name = app_root.display().to_string();
            faults.push(StartFault { name, problem: problem.to_owned() });
        }
        let queues = queues.into_iter().collect();
        if faults.is_empty() {
            Ok(Self { by_name, max_dequeue_count, queues, results })
        } else {
            Err(faults)
        }
    }
}

/// The queues of a function that can be checked: the one that it listens to, and its outputs in the host's
/// own account. In other accounts, the broker's identity may send messages but not read metadata.
fn watched_queues(folder: &FunctionFolder) -> Vec<WatchedQueue> {
    let watched = |binding: &Binding, is_created_on_demand| {
        Some(WatchedQueue { address: address(binding)?, is_created_on_demand })
    };
    let outputs = folder.outputs.iter().filter_map(|output| watched(output, true));
    let outputs = outputs.filter(|queue| queue.address.connection == HOST_CONNECTION);
    watched(&folder.trigger, false).into_iter().chain(outputs).collect()
}

/// The queue of a function's results, with the function's name; `None` if it has none.
fn queue_of_results(folder: &FunctionFolder) -> Option<(String, QueueAddress)> {
    let is_result = |output: &&Binding| output.kind == "queue" && output.name == RESULT_BINDING;
    let output = folder.outputs.iter().find(is_result)?;
    Some((folder.name.clone(), address(output)?))
}

/// The queue of a binding, if it has one.
fn address(binding: &Binding) -> Option<QueueAddress> {
    let (connection, name) = (binding.connection().to_owned(), binding.queue_name.clone()?);
    Some(QueueAddress { connection, name })
}

/// The use case of each folder. A fault in a function that ships prevents the start and is added to
/// `faults`. A fault in a folder that a team added makes that function fail, and the others work.
fn use_cases(
    folders: FunctionFolders,
    faults: &mut Vec<StartFault>,
) -> HashMap<String, Result<UseCase, String>> {
    let mut by_name = HashMap::new();
    for (name, use_case) in function_folders::app::use_cases(folders) {
        if let Err(fault) = &use_case {
            if STOCK_FUNCTIONS.contains(&name.as_str()) {
                faults.push(fault.clone().into());
                continue;
            }
            tracing::error!(
                event = "function.faulty",
                function = name,
                "{fault}; its calls will fail"
            );
        }
        by_name.insert(name, use_case.map_err(|fault| fault.to_string()));
    }
    by_name
}

impl From<FileFault> for StartFault {
    fn from(fault: FileFault) -> Self {
        Self {
            name: fault.file.display().to_string(),
            problem: format!("is faulty: {}", fault.problem),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{collections::HashMap, path::Path};

    use super::*;

    /// The function.json of a team's own folder.
    const TEAM: &str = r#"{ "bindings": [
        { "type": "queueTrigger", "direction": "in", "name": "request", "dataType": "binary",
          "queueName": "payroll-requests", "connection": "PayrollQueues" },
        { "type": "queue", "direction": "out", "name": "failed", "queueName": "app-role-failed" },
        { "type": "queue", "direction": "out", "name": "result", "queueName": "%RESULTS%",
          "connection": "PayrollQueues" }
    ] }"#;

    /// Each function with a queue of results, as `function: queue of connection`.
    fn results(root: &Path) -> Vec<String> {
        let root = root.to_str().unwrap();
        let env =
            HashMap::from([("FUNCTIONS_APP_ROOT_PATH", root), ("RESULTS", "payroll-results")]);
        let functions = Functions::read(&env).unwrap();
        let results = functions.results.iter();
        let results = results
            .map(|(function, queue)| format!("{function}: {} of {}", queue.name, queue.connection));
        results.collect()
    }

    #[test]
    fn results_go_to_the_queue_and_the_connection_of_their_function() {
        let repository = Path::new(env!("CARGO_MANIFEST_DIR"));
        assert_eq!(
            results(repository),
            ["AssignRole", "BaselineChecks", "ResourceEvent", "ResourceEventQueue"]
                .map(|function| format!("{function}: app-role-results of RequestQueues"))
        );
        let root = tempfile::tempdir().unwrap();
        std::fs::copy(repository.join("host.json"), root.path().join("host.json")).unwrap();
        std::fs::create_dir(root.path().join("Payroll")).unwrap();
        std::fs::write(root.path().join("Payroll/function.json"), TEAM).unwrap();
        assert_eq!(results(root.path()), ["Payroll: payroll-results of PayrollQueues"]);
    }
}
