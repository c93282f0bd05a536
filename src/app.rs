//! The broker behind the server that the Functions host calls.

use std::{
    collections::{BTreeSet, HashMap},
    sync::Arc,
};

use tokio::net::TcpListener;

use crate::{
    config::{Env, Settings, StartFault, app_root},
    triggers::{Trigger, Workbench},
};
use azure_rest::retry::Deadline;
use broker::{Broker, WatchedQueue, timing::Timing};
use function_folders::{
    FileFault,
    function_json::{Binding, FunctionFolder, FunctionFolders},
    host_json::HostJson,
};
use functions_handler::{
    invocation::Invocation,
    reply::Reply,
    server::{self, Handler},
};

/// The functions that ship with the broker. A fault in one of them ends the start; a fault in a
/// folder that somebody added makes that function fail and leaves the others working.
const STOCK_FUNCTIONS: [&str; 6] = [
    "AssignRole",
    "AssignRoleHttp",
    "Health",
    "ReconcileRoles",
    "ResourceEvent",
    "ResourceEventQueue",
];

/// The connection of the host itself, which a binding without one has.
const HOST_CONNECTION: &str = "AzureWebJobsStorage";

/// The functions of an app root, and what they need from host.json.
#[derive(Debug)]
pub struct Functions {
    by_name: HashMap<String, Result<Trigger, String>>,
    max_dequeue_count: u32,
    queues: Arc<[WatchedQueue]>,
}

impl Functions {
    /// Reads host.json and the function folders; every fault is reported, not only the first.
    pub fn read(env: &dyn Env) -> Result<Self, Vec<StartFault>> {
        let app_root = app_root(env);
        let setting = |name: &str| env.get(name);
        let mut faults = Vec::new();
        let host_json = HostJson::read(&app_root, &setting);
        let max_dequeue_count = host_json.map_or_else(
            |fault| {
                faults.push(fault.into());
                0
            },
            |host_json| host_json.max_dequeue_count,
        );
        let mut queues = BTreeSet::new();
        let by_name = match FunctionFolders::read(&app_root, &setting) {
            Ok(folders) => {
                queues.extend(folders.functions.iter().flat_map(watched_queues));
                choose(folders, &mut faults)
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
            Ok(Self { by_name, max_dequeue_count, queues })
        } else {
            Err(faults)
        }
    }
}

/// The queues of a function that its host must be able to use: the one that it listens to, and those in
/// its own account. In the account of requests an identity may send and not look.
fn watched_queues(folder: &FunctionFolder) -> Vec<WatchedQueue> {
    let watched = |binding: &Binding, made_on_demand| {
        let connection = binding.connection.as_deref().unwrap_or(HOST_CONNECTION).to_owned();
        let name = binding.queue_name.clone()?;
        Some(WatchedQueue { connection, name, made_on_demand })
    };
    let outputs = folder.outputs.iter().filter_map(|output| watched(output, true));
    let outputs = outputs.filter(|queue| queue.connection == HOST_CONNECTION);
    watched(&folder.trigger, false).into_iter().chain(outputs).collect()
}

fn choose(
    folders: FunctionFolders,
    faults: &mut Vec<StartFault>,
) -> HashMap<String, Result<Trigger, String>> {
    let read = folders.functions.into_iter().map(|folder| {
        let trigger = Trigger::of(&folder);
        let file = folder.file;
        (folder.name, trigger.map_err(|problem| FileFault { file, problem }))
    });
    let unread = folders.faults.into_iter().map(|(name, fault)| (name, Err(fault)));
    let mut by_name = HashMap::new();
    for (name, trigger) in read.chain(unread) {
        if let Err(fault) = &trigger {
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
        by_name.insert(name, trigger.map_err(|fault| fault.to_string()));
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

/// A broker and the functions by which it is called.
pub struct App {
    handler: Handler,
    broker: Arc<Broker>,
    timing: Timing,
}

impl App {
    /// Puts `broker` behind `functions`.
    #[must_use]
    pub fn new(settings: &Settings, broker: Broker, functions: Functions) -> Self {
        let (timing, broker) = (settings.timing.clone(), Arc::new(broker));
        let workbench = Workbench {
            broker: broker.clone(),
            max_dequeue_count: functions.max_dequeue_count,
            easy_auth: settings.easy_auth,
            timing: timing.clone(),
            queues: functions.queues,
            has_faulty_function: functions.by_name.values().any(Result::is_err),
        };
        let functions = Arc::new(functions.by_name);
        let handler = server::handler(move |invocation| {
            let (functions, workbench) = (functions.clone(), workbench.clone());
            async move { dispatch(&functions, &workbench, &invocation).await }
        });
        Self { handler, broker, timing }
    }

    /// Serves until `shutdown` ends. Answers whether every call in flight ended by itself.
    pub async fn serve(
        self,
        listener: TcpListener,
        shutdown: impl Future<Output = ()> + Send + 'static,
    ) -> bool {
        let broker = self.broker;
        // Beside the server, not before it: the host waits for the server only.
        let deadline = Deadline::after(self.timing.queue_message);
        tokio::spawn(async move { broker.report_sign_in(deadline).await });
        server::serve(listener, self.handler, shutdown, self.timing.drain).await
    }
}

async fn dispatch(
    functions: &HashMap<String, Result<Trigger, String>>,
    workbench: &Workbench,
    invocation: &Invocation,
) -> Reply {
    match functions.get(&invocation.function) {
        Some(Ok(trigger)) => trigger.run(workbench, invocation).await,
        Some(Err(fault)) => {
            tracing::error!(event = "function.faulty", function = invocation.function, "{fault}");
            Reply::Failed(fault.clone())
        }
        None => {
            tracing::error!(event = "function.unknown", "a call for a function that has no folder");
            Reply::UnknownFunction
        }
    }
}
