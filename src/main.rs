//! The binary that the Functions host starts.

use std::{net::Ipv4Addr, path::Path, process::ExitCode};

use app_role_broker::{
    config::{Env, ProcessEnv, Settings, StartFault},
    functions::Functions,
    handler::Handler,
    parent::Parent,
    telemetry, wiring,
};
use app_roles::{VERSION, text::printable};
use broker::LogOutput;
use mimalloc::MiMalloc;
use time::OffsetDateTime;
use tokio::net::TcpListener;

/// A grant makes about two hundred small allocations. Packages are built for musl, whose own allocator
/// returns pages to the system between them: that costs a third of a grant's processor time.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

/// The exit status after a signal, and after the end of the host.
///
/// The host restarts a handler that exits with 200 and does not count this as a crash. It never restarts a
/// handler that exits with 0, and every later call fails.
const RESTART: u8 = 200;

/// Runs on one thread: a grant is a tenth of a millisecond of work, and then waiting.
///
/// More threads would cost more by waking each other than they gain. A panic fails one invocation, because
/// each runs in its own task.
#[expect(clippy::print_stderr, reason = "there is no log yet")]
fn main() -> ExitCode {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = match runtime {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!(
                "app-role-broker cannot start: the operating system refused what it needs: {error}"
            );
            return ExitCode::FAILURE;
        }
    };
    let status = runtime.block_on(run());
    // A look-up of a host name runs on a thread that cannot be interrupted. The end does not wait for it.
    runtime.shutdown_background();
    status
}

async fn run() -> ExitCode {
    let arguments = std::env::args_os().skip(1);
    let arguments: Vec<_> = arguments.map(|text| text.to_string_lossy().into_owned()).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        [] => serve().await,
        ["check"] => check("policy.json"),
        ["check", file] => check(file),
        ["--version"] => print_version(),
        _ => refuse_arguments(),
    }
}

async fn serve() -> ExitCode {
    // First, so that a host that ends during the start is noticed.
    let host = Parent::of_this_process();
    let env = ProcessEnv;
    let log = telemetry::start(env.get("RUST_LOG").as_deref());
    let (handler, listener) = match start(&env, log).await {
        Ok(started) => started,
        Err(faults) => return report(&faults),
    };
    let drained = handler.serve(listener, shutdown_signal(), host.ended()).await;
    tracing::info!(event = "handler.stopped", drained, "stopped by a signal, or without a host");
    ExitCode::from(RESTART)
}

async fn start(env: &dyn Env, log: LogOutput) -> Result<(Handler, TcpListener), Vec<StartFault>> {
    let (settings, functions) = match (Settings::read(env), Functions::read(env)) {
        (Ok(settings), Ok(functions)) => {
            let connections = functions.results.values().map(|queue| queue.connection.as_str());
            (settings.with_queues_of(env, connections), functions)
        }
        (settings, functions) => {
            let faults = [settings.err(), functions.err()];
            return Err(faults.into_iter().flatten().flatten().collect());
        }
    };
    let broker = wiring::broker(&settings, functions.results.clone(), log);
    let broker = broker.map_err(|fault| vec![fault])?;
    let address = (Ipv4Addr::LOCALHOST, settings.port);
    let listener = TcpListener::bind(address).await.map_err(|error| {
        let problem = format!("is {}, where nothing can listen: {error}", settings.port);
        vec![StartFault { name: "FUNCTIONS_CUSTOMHANDLER_PORT".to_owned(), problem }]
    })?;
    tracing::info!(event = "handler.started", port = settings.port, version = VERSION, "listening");
    Ok((Handler::new(&settings, broker, functions), listener))
}

/// Logs why the start failed. The host repeats the last lines of stderr.
fn report(faults: &[StartFault]) -> ExitCode {
    for fault in faults {
        tracing::error!(event = "start.fault", name = fault.name, "cannot start: {fault}");
    }
    ExitCode::FAILURE
}

/// Completes on Ctrl-C, for Core Tools, and on SIGTERM, for containers. The host in Azure ends first, or
/// kills the process with a signal that cannot be handled.
async fn shutdown_signal() {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        if let Ok(mut terminate) = signal(SignalKind::terminate()) {
            tokio::select! {
                _ = tokio::signal::ctrl_c() => return,
                _ = terminate.recv() => return,
            }
        }
    }
    let _ = tokio::signal::ctrl_c().await;
}

/// Validates a policy file and prints its faults, or warnings about it. Each is one printable line,
/// whatever the file contains.
#[expect(clippy::print_stdout, clippy::print_stderr, reason = "the output of check")]
fn check(file: &str) -> ExitCode {
    match wiring::parse_policy(Path::new(file)) {
        Ok(policy) => {
            let warnings = policy.warnings(OffsetDateTime::now_utc());
            for warning in warnings.iter().filter(|warning| warning.is_open()) {
                println!("warning: {}", printable(&warning.to_string()));
            }
            let digest = policy.sha256().unwrap_or_default();
            println!("{} is valid; sha256 {digest}", printable(file));
            ExitCode::SUCCESS
        }
        Err(reason) => {
            for line in reason.lines() {
                eprintln!("{}", printable(&line));
            }
            ExitCode::FAILURE
        }
    }
}

#[expect(clippy::print_stdout, reason = "the output of --version")]
fn print_version() -> ExitCode {
    println!("app-role-broker {VERSION}");
    ExitCode::SUCCESS
}

#[expect(clippy::print_stderr, reason = "the error for a wrong command line")]
fn refuse_arguments() -> ExitCode {
    eprintln!(
        "app-role-broker takes no arguments (the Azure Functions host starts it, see customHandler in \
         host.json), or: check [FILE], which validates a policy; --version"
    );
    ExitCode::from(2)
}
