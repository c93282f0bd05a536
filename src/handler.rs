//! The server that the Functions host calls, and its dispatch to use cases.

use std::{collections::HashMap, sync::Arc};

use azure_rest::retry::Deadline;
use broker::Broker;
use function_folders::use_case::UseCase;
use functions_handler::{invocation::Invocation, reply::Reply, server};
use tokio::net::TcpListener;

use crate::{
    app::App,
    config::Settings,
    functions::Functions,
    ignored_events::IgnoredEvents,
    triggers::{approvals, end_assignments, events, health, http, queue, settle_intents, timer},
};

/// The handler: a broker, and the functions that use it.
pub struct Handler {
    app: Arc<App>,
    functions: Arc<HashMap<String, Result<UseCase, String>>>,
}

impl Handler {
    /// A handler that carries out `functions` with `broker`.
    #[must_use]
    pub fn new(settings: &Settings, broker: Broker, functions: Functions) -> Self {
        let Functions { by_name, max_dequeue_count, queues, results: _ } = functions;
        let app = App {
            broker,
            max_dequeue_count,
            easy_auth: settings.easy_auth,
            timing: settings.timing.clone(),
            queues,
            has_faulty_function: by_name.values().any(Result::is_err),
            ignored_events: IgnoredEvents::default(),
        };
        Self { app: Arc::new(app), functions: Arc::new(by_name) }
    }

    /// Serves until `shutdown` or `host_ended` completes. Returns whether all invocations in progress
    /// ended.
    ///
    /// After `shutdown`, invocations in progress have the time of [`Timing::drain`] to end. Without a host,
    /// their answers are lost, so no write to Microsoft Graph is started. Writes in progress are
    /// finished either way, for at most [`Timing::drain`] and [`Timing::drain_writes`].
    ///
    /// [`Timing::drain`]: broker::timing::Timing::drain
    /// [`Timing::drain_writes`]: broker::timing::Timing::drain_writes
    pub async fn serve(
        self,
        listener: TcpListener,
        shutdown: impl Future<Output = ()> + Send + 'static,
        host_ended: impl Future<Output = ()> + Send + 'static,
    ) -> bool {
        let Self { app, functions } = self;
        let deadline = Deadline::after(app.timing.queue_message);
        let (drain, drain_writes) = (app.timing.drain, app.timing.drain_writes);
        // Signs in while the server already listens, because the host waits for the server.
        let sign_in = app.clone();
        tokio::spawn(async move { sign_in.broker.report_sign_in(deadline).await });
        let stopping = stop(app.clone(), shutdown, host_ended);
        let handler = server::handler(move |invocation| {
            let (functions, app) = (functions.clone(), app.clone());
            async move { dispatch(&functions, &app, &invocation).await }
        });
        server::serve(listener, handler, stopping, drain + drain_writes).await
    }
}

/// Completes when the handler must stop. Writes are stopped when the host ends, or when the drain is over.
async fn stop(
    app: Arc<App>,
    shutdown: impl Future<Output = ()> + Send + 'static,
    host_ended: impl Future<Output = ()> + Send + 'static,
) {
    let mut host_ended = Box::pin(host_ended);
    tokio::select! {
        () = shutdown => {
            // The host may end during the drain.
            tokio::spawn(async move {
                let without_host = tokio::time::timeout(app.timing.drain, host_ended).await.is_ok();
                stop_writes(&app, without_host);
            });
        }
        () = &mut host_ended => stop_writes(&app, true),
    }
}

fn stop_writes(app: &App, is_without_host: bool) {
    app.broker.stop_writes();
    if is_without_host {
        tracing::warn!(
            event = "host.gone",
            "the process that started the handler has ended: nothing more is written to Microsoft \
             Graph, and the handler stops"
        );
    }
}

/// The whole program: an invocation of a function, its use case, and the reply.
async fn dispatch(
    functions: &HashMap<String, Result<UseCase, String>>,
    app: &Arc<App>,
    invocation: &Invocation,
) -> Reply {
    let use_case = match functions.get(&invocation.function) {
        Some(Ok(use_case)) => use_case,
        Some(Err(fault)) => {
            tracing::error!(event = "function.faulty", "{fault}");
            return Reply::Failed(fault.clone());
        }
        None => {
            tracing::error!(event = "function.unknown", "a call for a function without a folder");
            return Reply::UnknownFunction;
        }
    };
    match use_case {
        UseCase::RequestQueue { requester } => queue::run(app, requester, invocation).await,
        UseCase::RequestEndpoint => http::run(app, invocation).await,
        UseCase::EventQueue { requester } => events::run_queued(app, requester, invocation).await,
        UseCase::PushedEvents { requester } => events::run_pushed(app, requester, invocation).await,
        UseCase::Health => health::run(app).await,
        UseCase::TimedHealth => health::run_by_timer(app).await,
        UseCase::Reconcile => timer::run(app).await,
        UseCase::EndAssignments => end_assignments::run(app, invocation).await,
        UseCase::SettleIntents => settle_intents::run(app).await,
        UseCase::ApprovalEndpoint => http::approvals::run(app, invocation).await,
        UseCase::FinishApprovals => approvals::run(app, invocation).await,
    }
}
