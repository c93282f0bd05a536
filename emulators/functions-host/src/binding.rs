//! Functions whose bindings are resolved: settings are looked up, and queues and tables are opened.

use std::{ops::RangeInclusive, sync::Arc};

use storage_emulator::{Account, Queue, Table};
use time::OffsetDateTime;

use crate::{
    function_folder::{
        AuthLevel, DataType, FunctionFolder, HttpTriggerBinding, NamedFolder, Output, QueueBinding,
        RETURN_BINDING, TableBinding, TimerBinding, Trigger,
    },
    log::{HostLog, LogLevel, STARTUP},
    route::RouteTemplate,
    schedule::Schedule,
    schedule_monitor::ScheduleMonitor,
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
    pub(crate) route: RouteTemplate,
    /// `None` means all methods.
    methods: Option<Vec<String>>,
}

/// A timer trigger with its schedule.
#[derive(Clone)]
pub(crate) struct TimerTrigger {
    pub(crate) name: String,
    pub(crate) schedule: Schedule,
    pub(crate) run_on_startup: bool,
    pub(crate) monitor: ScheduleMonitor,
}

/// A queue trigger with its queues.
#[derive(Clone)]
pub(crate) struct QueueTrigger {
    pub(crate) binding: BoundQueue,
    /// `None` if the name of the queue is too long for a poison queue, or is one's.
    pub(crate) poison: Option<Queue>,
}

/// A binding with its queue.
#[derive(Clone)]
pub(crate) struct BoundQueue {
    pub(crate) name: String,
    pub(crate) data_type: DataType,
    pub(crate) queue: Queue,
    /// The queue's URL without a signature, equal in every function that uses the queue.
    pub(crate) address: String,
}

/// A binding with its table.
#[derive(Clone)]
pub(crate) struct BoundTable {
    pub(crate) name: String,
    pub(crate) data_type: DataType,
    pub(crate) table: Table,
}

/// The suffix of queues for messages that failed too often.
const POISON_SUFFIX: &str = "-poison";
/// A queue's name has at most 63 characters, including the suffix.
const LONGEST_NAME_WITH_POISON: usize = 56;
/// The length of a table's name ("Understanding the Table service data model").
const TABLE_NAME_LENGTH: RangeInclusive<usize> = 3..=63;

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
        Trigger::Http(binding) => {
            BoundTrigger::Http(http_trigger(settings, &folder.name, binding)?)
        }
        Trigger::Timer(binding) => BoundTrigger::Timer(timer_trigger(settings, binding)?),
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
    let (binding, account) = bind_queue(settings, binding)?;
    let name = binding.queue.name();
    let has_poison = !name.ends_with(POISON_SUFFIX) && name.len() <= LONGEST_NAME_WITH_POISON;
    let poison = has_poison.then(|| account.queue(&format!("{name}{POISON_SUFFIX}")));
    let poison = poison.transpose().map_err(|error| error.to_string())?;
    Ok(QueueTrigger { binding, poison })
}

fn http_trigger(
    settings: &HostSettings,
    function: &str,
    binding: HttpTriggerBinding,
) -> Result<HttpTrigger, String> {
    let route = binding.route.as_deref().unwrap_or(function);
    Ok(HttpTrigger {
        route: RouteTemplate::parse(&settings.http.route_prefix, route)?,
        name: binding.name,
        auth_level: binding.auth_level,
        methods: binding.methods,
    })
}

fn timer_trigger(settings: &HostSettings, binding: TimerBinding) -> Result<TimerTrigger, String> {
    let text = resolve(settings, &binding.schedule)?;
    let schedule = Schedule::parse(&text).ok_or_else(|| {
        format!("The schedule expression '{text}' was not recognized as a valid cron expression or timespan string.")
    })?;
    let is_often = schedule.is_more_often_than_each_minute(OffsetDateTime::now_utc());
    Ok(TimerTrigger {
        name: binding.name,
        schedule,
        run_on_startup: binding.run_on_startup,
        monitor: ScheduleMonitor::new(binding.use_monitor && !is_often),
    })
}

fn bind_queue(
    settings: &HostSettings,
    binding: QueueBinding,
) -> Result<(BoundQueue, Account), String> {
    let queue_name = resolve(settings, &binding.queue_name)?.to_ascii_lowercase();
    let account = account(settings, binding.connection.as_deref())?;
    let queue = account.queue(&queue_name).map_err(|error| error.to_string())?;
    let address = format!("{}/{queue_name}", account.queue_endpoint());
    let bound = BoundQueue { name: binding.name, data_type: binding.data_type, queue, address };
    Ok((bound, account))
}

fn bind_table(settings: &HostSettings, binding: TableBinding) -> Result<BoundTable, String> {
    let table_name = resolve(settings, &binding.table_name)?;
    let is_allowed = |name: &str| {
        TABLE_NAME_LENGTH.contains(&name.len())
            && name.starts_with(|c: char| c.is_ascii_alphabetic())
            && name.chars().all(|c| c.is_ascii_alphanumeric())
    };
    if !is_allowed(&table_name) {
        return Err(format!("'{table_name}' is not a valid name for an Azure table"));
    }
    let account = account(settings, binding.connection.as_deref())?;
    let table = account.table(&table_name);
    Ok(BoundTable { name: binding.name, data_type: binding.data_type, table })
}

fn resolve(settings: &HostSettings, text: &str) -> Result<String, String> {
    settings.resolve(text).map_err(|name| format!("'%{name}%' does not resolve to a value."))
}

fn account(settings: &HostSettings, connection: Option<&str>) -> Result<Account, String> {
    let text = settings.connection_string(connection)?;
    Account::from_connection_string(text).map_err(|error| error.to_string())
}

impl Function {
    /// Whether an output gets the return value.
    pub(crate) fn takes_return_value(&self) -> bool {
        self.outputs.iter().any(|output| output.name() == RETURN_BINDING)
    }
}

impl HttpTrigger {
    /// Whether the trigger accepts requests with this method.
    pub(crate) fn accepts(&self, method: &str) -> bool {
        let is_this = |known: &String| known.eq_ignore_ascii_case(method);
        self.methods.as_ref().is_none_or(|methods| methods.iter().any(is_this))
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
