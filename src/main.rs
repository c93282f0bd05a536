//! The binary that the Functions host starts.

use std::{net::Ipv4Addr, path::Path, process::ExitCode};

use app_role_broker::{
    app::{App, Functions},
    config::{Env, ProcessEnv, Settings, StartFault},
    telemetry, wiring,
};
use app_roles::VERSION;
use mimalloc::MiMalloc;
use tokio::net::TcpListener;

/// A grant asks for some two hundred small pieces of memory. The allocator of musl, for which packages are
/// built, gives pages back to the system and takes them again in between: a third of a grant's time.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

/// Exit status after a signal. The host restarts a handler that ends with 200 and does not count it
/// as a crash; one that ends with 0 it never starts again, and every later call fails.
const RESTART: u8 = 200;

/// One thread: a grant is a tenth of a millisecond of work and then waiting.
///
/// Threads that wake each other for that cost more than they do. A panic stays one failed invocation,
/// since each runs in a task of its own.
#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        [] => serve().await,
        ["check"] => check("policy.json"),
        ["check", file] => check(file),
        ["--version"] => print_version(),
        _ => refuse_arguments(),
    }
}

async fn serve() -> ExitCode {
    let env = ProcessEnv;
    telemetry::start(env.get("RUST_LOG").as_deref());
    let (app, listener) = match start(&env).await {
        Ok(started) => started,
        Err(faults) => return report(&faults),
    };
    let drained = app.serve(listener, shutdown_signal()).await;
    tracing::info!(event = "handler.stopped", drained, "stopped by a signal");
    ExitCode::from(RESTART)
}

async fn start(env: &dyn Env) -> Result<(App, TcpListener), Vec<StartFault>> {
    let (settings, functions) = match (Settings::read(env), Functions::read(env)) {
        (Ok(settings), Ok(functions)) => (settings, functions),
        (settings, functions) => {
            let faults = [settings.err(), functions.err()];
            return Err(faults.into_iter().flatten().flatten().collect());
        }
    };
    let broker = wiring::broker(&settings).map_err(|fault| vec![fault])?;
    let address = (Ipv4Addr::LOCALHOST, settings.port);
    let listener = TcpListener::bind(address).await.map_err(|error| {
        let problem = format!("is {}, where nothing can listen: {error}", settings.port);
        vec![StartFault { name: "FUNCTIONS_CUSTOMHANDLER_PORT".to_owned(), problem }]
    })?;
    tracing::info!(event = "handler.started", port = settings.port, version = VERSION, "listening");
    Ok((App::new(&settings, broker, functions), listener))
}

#[expect(
    clippy::print_stderr,
    reason = "the host shows the last lines of stderr when a start fails"
)]
fn report(faults: &[StartFault]) -> ExitCode {
    for fault in faults {
        tracing::error!(event = "start.fault", name = fault.name, "{fault}");
    }
    let all: Vec<_> = faults.iter().map(ToString::to_string).collect();
    eprintln!("app-role-broker cannot start: {}", all.join("; "));
    ExitCode::FAILURE
}

/// Ends when the process is asked to: Ctrl-C under Core Tools, SIGTERM in a container. The host in
/// Azure asks nothing; it kills.
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

/// Says whether a policy file would be in force, and what in it is probably not meant.
#[expect(clippy::print_stdout, clippy::print_stderr, reason = "the answer to check")]
fn check(file: &str) -> ExitCode {
    match wiring::parse_policy(Path::new(file)) {
        Ok(policy) => {
            for warning in policy.warnings() {
                println!("warning: {warning}");
            }
            println!("{file} is valid; sha256 {}", policy.sha256().unwrap_or_default());
            ExitCode::SUCCESS
        }
        Err(reason) => {
            eprintln!("{reason}");
            ExitCode::FAILURE
        }
    }
}

#[expect(clippy::print_stdout, reason = "the answer to --version")]
fn print_version() -> ExitCode {
    println!("app-role-broker {VERSION}");
    ExitCode::SUCCESS
}

#[expect(clippy::print_stderr, reason = "the answer to a wrong command line")]
fn refuse_arguments() -> ExitCode {
    eprintln!(
        "app-role-broker takes no arguments (the Azure Functions host starts it, see customHandler in \
         host.json), or: check [FILE], which validates a policy; --version"
    );
    ExitCode::from(2)
}
