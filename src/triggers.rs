//! From what a trigger delivers to a use case, and from its outcome to a reply.
//!
//! What a function does is chosen by its trigger's type and binding name, from the closed table in
//! [`Trigger::of`]. A folder that is copied and renamed therefore keeps its use case.

mod audit;
mod health;
mod http;
mod occasion;
mod queue;
mod resource_event;
mod timer;

use std::sync::Arc;

pub use audit::AUDIT_BINDING;
use health::HealthCheck;
use http::RequestEndpoint;
use queue::RequestQueue;
use resource_event::ResourceEvents;
use timer::ReconcileTimer;

use broker::timing::Timing;
use broker::{Broker, WatchedQueue};
use function_folders::function_json::FunctionFolder;
use functions_handler::{
    invocation::{EnvelopeFault, Invocation},
    reply::Reply,
};

/// Name of the trigger binding that delivers a request.
pub const REQUEST_BINDING: &str = "request";

/// Name of the trigger binding that delivers events about resources.
pub const EVENT_BINDING: &str = "resourceEvent";

/// Name of the output binding that takes results.
pub const RESULT_BINDING: &str = "result";

/// Name of the trigger binding that asks whether the app works.
pub const HEALTH_BINDING: &str = "health";

/// Name of the trigger binding that says when to compare the tenant with the baseline.
pub const RECONCILE_BINDING: &str = "reconcile";

/// Name of the output binding that takes what is to be checked.
pub const CHECK_BINDING: &str = "check";

/// Name of the output binding that answers a caller over HTTP.
pub const RESPONSE_BINDING: &str = "response";

/// What one function does.
#[derive(Debug)]
pub enum Trigger {
    /// A storage queue delivers requests.
    RequestQueue(RequestQueue),
    /// Callers over HTTP send requests and look at what principals hold.
    RequestEndpoint(RequestEndpoint),
    /// A storage queue or Event Grid delivers events about resources.
    ResourceEvents(ResourceEvents),
    /// Somebody asks over HTTP whether the app works.
    Health(HealthCheck),
    /// It is time to compare the tenant with the baseline.
    Reconcile(ReconcileTimer),
}

/// Name of the output binding that takes requests which were given up.
pub const FAILED_BINDING: &str = "failed";

/// What every trigger needs to do its work.
#[derive(Clone)]
pub struct Workbench {
    /// The use cases.
    pub broker: Arc<Broker>,
    /// The delivery after which the host gives a message up.
    pub max_dequeue_count: u32,
    /// Whether App Service Authentication stands before the app.
    pub easy_auth: bool,
    /// How long things may take.
    pub timing: Timing,
    /// The queues of all functions.
    pub queues: Arc<[WatchedQueue]>,
    /// Whether a function folder could not be understood.
    pub has_faulty_function: bool,
}

impl Trigger {
    /// The use case of a function folder, or what is wrong with the folder.
    pub fn of(folder: &FunctionFolder) -> Result<Self, String> {
        match (folder.trigger.kind.as_str(), folder.trigger.name.as_str()) {
            ("queueTrigger", REQUEST_BINDING) => RequestQueue::of(folder).map(Self::RequestQueue),
            ("queueTrigger", EVENT_BINDING) => {
                ResourceEvents::from_queue(folder).map(Self::ResourceEvents)
            }
            ("eventGridTrigger", EVENT_BINDING) => {
                ResourceEvents::pushed(folder).map(Self::ResourceEvents)
            }
            ("httpTrigger", REQUEST_BINDING) => {
                RequestEndpoint::of(folder).map(Self::RequestEndpoint)
            }
            ("httpTrigger", HEALTH_BINDING) => HealthCheck::of(folder).map(Self::Health),
            ("timerTrigger", RECONCILE_BINDING) => ReconcileTimer::of(folder).map(Self::Reconcile),
            (kind, name) => Err(format!(
                "no use case belongs to a {kind} named {name:?}; this broker knows: queueTrigger and \
                 httpTrigger named \"{REQUEST_BINDING}\", queueTrigger and eventGridTrigger named \
                 \"{EVENT_BINDING}\", httpTrigger named \"{HEALTH_BINDING}\", timerTrigger named \
                 \"{RECONCILE_BINDING}\""
            )),
        }
    }

    /// Runs one invocation to its reply.
    pub async fn run(&self, workbench: &Workbench, invocation: &Invocation) -> Reply {
        match self {
            Self::RequestQueue(queue) => queue.run(workbench, invocation).await,
            Self::RequestEndpoint(endpoint) => endpoint.run(workbench, invocation).await,
            Self::ResourceEvents(events) => events.run(workbench, invocation).await,
            Self::Health(health) => health.run(workbench).await,
            Self::Reconcile(timer) => timer.run(workbench, invocation).await,
        }
    }
}

/// The reply to a call that is not what the host's protocol says.
fn bad_envelope(invocation: &Invocation, fault: &EnvelopeFault) -> Reply {
    let function = &invocation.function;
    tracing::error!(event = "host.bad_envelope", function, "{fault}");
    Reply::Failed(fault.to_string())
}

/// Checks that a function has the bindings that take results, what is given up, and rows.
fn check_outputs(folder: &FunctionFolder) -> Result<(), String> {
    for name in [RESULT_BINDING, FAILED_BINDING] {
        let mut outputs = folder.outputs.iter();
        if !outputs.any(|output| output.kind == "queue" && output.name == name) {
            return Err(format!(
                "there must be an output binding of type \"queue\" named {name:?}: the host silently \
                 drops a message that has no binding"
            ));
        }
    }
    audit::check_binding(folder)
}
