//! Functions whose bindings are resolved: settings are looked up, and queues and tables are opened.

use std::sync::{Arc, Mutex};

use storage_emulator::{Queue, Table};

use crate::{
    connection::Connection,
    envelope::ScheduleStatus,
    function_folder::{
        AuthLevel, FunctionFolder, HttpTriggerBinding, NamedFolder, Output, QueueBinding,
        TableBinding, TimerBinding, Trigger,
    },
    log::{HostLog, LogLevel, STARTUP},
    route::{Route, RouteValues},
    schedule::Schedule,
    settings::HostSettings,
};

/// A function that can run.
#[derive(Clone)]
pub(crate) struct Function {
    pub(crate) name: String,
    pub(crate) trigger: BoundTrigger,
    pub(crate) outputs: Vec<BoundOutput>,
}

/// An output with its queue or table.
#[derive(Clone)]
pub(crate) enum BoundOutput {
    Queue(BoundQueue),
    Table(BoundTable),
    /// The response to the caller.
    Http {
        name: String,
    },
}

/// A trigger with its queue, route or schedule.
#[derive(Clone)]
pub(crate) enum BoundTrigger {
    Queue(QueueTrigger),
    Http(HttpTrigger),
    Timer(TimerTrigger),
    EventGrid { name: String },
}

/// An HTTP trigger with its route.
#[derive(Clone)]
pub(crate) struct HttpTrigger {
    pub(crate) name: String,
    pub(crate) auth_level: AuthLevel,
    /// The route, with the prefix of all routes.
    pub(crate) route: Route,
    /// `None` means all methods.
    methods: Option<Vec<String>>,
}

/// A timer trigger with its schedule.
#[derive(Clone)]
pub(crate) struct TimerTrigger {
    pub(crate) name: String,
    pub(crate) schedule: Schedule,
    /// The status at the end of the last run.
    pub(crate) status: Arc<Mutex<Option<ScheduleStatus>>>,
}

/// A queue trigger with its queues.
#[derive(Clone)]
pub(crate) struct QueueTrigger {
    pub(crate) binding: BoundQueue,
    pub(crate) poison: Queue,
}

/// A binding with its queue.
#[derive(Clone)]
pub(crate) struct BoundQueue {
    pub(crate) name: String,
    pub(crate) queue: Queue,
}

/// A binding with its table.
#[derive(Clone)]
pub(crate) struct BoundTable {
    pub(crate) name: String,
    pub(crate) table: Table,
}

/// The suffix of queues for messages that failed too often.
const POISON_SUFFIX: &str = "-poison";
/// The prefix of all routes ("host.json reference for Azure Functions", the default of `routePrefix`).
const ROUTE_PREFIX: &str = "api";

/// Binds the functions that can run, and logs the faults of the others.
pub(crate) fn bind_all(
    settings: &HostSettings,
    folders: Vec<NamedFolder>,
    log: &HostLog,
) -> Vec<Arc<Function>> {
    let mut functions = Vec::new();
    for (name, folder) in folders {
        if settings.is_disabled(&name) {
            log.write(LogLevel::Information, STARTUP, format!("Function '{name}' is disabled"));
            continue;
        }
        let bound =
            folder.map_err(|fault| fault.to_string()).and_then(|folder| bind(settings, folder));
        match bound {
            Ok(function) => functions.push(Arc::new(function)),
            Err(fault) => {
                let message =
                    format!("The '{name}' function is in error and does not run: {fault}");
                log.write(LogLevel::Warning, STARTUP, message);
            }
        }
    }
    functions
}

fn bind(settings: &HostSettings, folder: FunctionFolder) -> Result<Function, String> {
    let trigger = match folder.trigger {
        Trigger::Queue(binding) => BoundTrigger::Queue(queue_trigger(settings, binding)?),
        Trigger::Http(binding) => BoundTrigger::Http(http_trigger(&folder.name, binding)?),
        Trigger::Timer(binding) => BoundTrigger::Timer(timer_trigger(binding)?),
        Trigger::EventGrid { name } => BoundTrigger::EventGrid { name },
    };
    let outputs = folder.outputs.into_iter().map(|output| match output {
        Output::Queue(binding) => {
            bind_queue(settings, binding).map(|(bound, _)| BoundOutput::Queue(bound))
        }
        Output::Table(binding) => bind_table(settings, binding).map(BoundOutput::Table),
        Output::Http { name } => Ok(BoundOutput::Http { name }),
    });
    Ok(Function { name: folder.name, trigger, outputs: outputs.collect::<Result<_, _>>()? })
}

fn queue_trigger(settings: &HostSettings, binding: QueueBinding) -> Result<QueueTrigger, String> {
    let (binding, connection) = bind_queue(settings, binding)?;
    let poison = connection.queue(&format!("{}{POISON_SUFFIX}", binding.queue.name()))?;
    Ok(QueueTrigger { binding, poison })
}

fn http_trigger(function: &str, binding: HttpTriggerBinding) -> Result<HttpTrigger, String> {
    let route = binding.route.as_deref().unwrap_or(function);
    let template = format!("{ROUTE_PREFIX}/{}", route.trim_matches('/'));
    let route = Route::parse(&template).ok_or_else(|| {
        format!(
            "route '{route}' is invalid, or has other parameters than {{name}} or {{name?}} at its end, \
             which this emulator does not support"
        )
    })?;
    let HttpTriggerBinding { name, auth_level, methods, .. } = binding;
    Ok(HttpTrigger { name, auth_level, route, methods })
}

fn timer_trigger(binding: TimerBinding) -> Result<TimerTrigger, String> {
    let schedule = Schedule::parse(&binding.schedule).ok_or_else(|| {
        format!("The schedule expression '{}' was not recognized", binding.schedule)
    })?;
    Ok(TimerTrigger { name: binding.name, schedule, status: Arc::default() })
}

fn bind_queue(
    settings: &HostSettings,
    binding: QueueBinding,
) -> Result<(BoundQueue, Connection), String> {
    let connection = Connection::open(settings, binding.connection.as_deref())?;
    let queue = connection.queue(&binding.queue_name.to_ascii_lowercase())?;
    Ok((BoundQueue { name: binding.name, queue }, connection))
}

fn bind_table(settings: &HostSettings, binding: TableBinding) -> Result<BoundTable, String> {
    let connection = Connection::open(settings, binding.connection.as_deref())?;
    Ok(BoundTable { table: connection.table(&binding.table_name)?, name: binding.name })
}

impl HttpTrigger {
    /// The values of the route's parameters if the trigger accepts requests for this path with this method.
    pub(crate) fn accept(&self, path: &str, method: &str) -> Option<RouteValues> {
        let is_this = |known: &String| known.eq_ignore_ascii_case(method);
        let is_accepted = self.methods.as_ref().is_none_or(|methods| methods.iter().any(is_this));
        self.route.values(path).filter(|_| is_accepted)
    }
}

impl BoundOutput {
    /// The binding's name, which is its key in `Outputs`.
    pub(crate) fn name(&self) -> &str {
        match self {
            Self::Queue(binding) => &binding.name,
            Self::Table(binding) => &binding.name,
            Self::Http { name } => name,
        }
    }
}
