//! The command line of the demo.

mod arguments;

use std::{process::ExitCode, sync::Arc};

use anyhow::Result;
use app_process::app::REQUESTS;
use arguments::{Account, Arguments, Command};
use clap::Parser as _;
use demo::{
    demo::{Show, run},
    local_azure::Setup,
    persons::{APPROVER, OPERATOR},
    ports::Ports,
    practice_folder::PracticeFolder,
    running,
    screen::{OutputError, Screen},
};
use functions_host_emulator::LogRecord;

#[tokio::main]
async fn main() -> ExitCode {
    let mut screen = Screen::of_this_process();
    match answer(&mut screen, Arguments::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) if is_closed_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            report(&error);
            ExitCode::FAILURE
        }
    }
}

async fn answer(screen: &mut Screen, arguments: Arguments) -> Result<()> {
    if let Some(account) = arguments.print_env {
        return print_sign_in(screen, account);
    }
    if let Some(Command::Send { port, message }) = arguments.command {
        return send(screen, port, &message).await;
    }
    let ports = arguments.port.map(Ports::from).transpose()?.unwrap_or_default();
    let setup = Setup {
        policy: arguments.policy,
        ports,
        echo: arguments.verbose.then(|| Arc::new(print_record) as _),
    };
    let show = Show { package: arguments.package, setup, once: arguments.once };
    let stopped = tokio::select! {
        ended = run(screen, show) => return ended,
        stopped = stop_signal() => stopped,
    };
    stopped?;
    Ok(screen.line("\nStopped.")?)
}

/// Waits for Ctrl-C, or for the end of the terminal or of the session.
#[cfg(unix)]
async fn stop_signal() -> Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate())?;
    let mut hangup = signal(SignalKind::hangup())?;
    tokio::select! {
        pressed = tokio::signal::ctrl_c() => Ok(pressed?),
        _ = terminate.recv() => Ok(()),
        _ = hangup.recv() => Ok(()),
    }
}

/// Waits for Ctrl-C.
#[cfg(not(unix))]
async fn stop_signal() -> Result<()> {
    Ok(tokio::signal::ctrl_c().await?)
}

fn print_sign_in(screen: &mut Screen, account: Account) -> Result<()> {
    let person = match account {
        Account::Operator => OPERATOR,
        Account::Approver => APPROVER,
    };
    let commands = running::sign_in(&PracticeFolder::of_this_source_tree()?, person)?;
    Ok(screen.line(commands.trim_end())?)
}

async fn send(screen: &mut Screen, port: Option<u16>, message: &str) -> Result<()> {
    let port = match port {
        Some(port) => port,
        None => running::queue_port(&PracticeFolder::of_this_source_tree()?)?,
    };
    let account = storage_emulator::Account::well_known(port)?;
    let id = account.queue(REQUESTS)?.send_identified(message).await?;
    Ok(screen
        .prose(&format!("Sent as message {id}. The terminal of the demo shows the result."))?)
}

fn is_closed_pipe(error: &anyhow::Error) -> bool {
    error.downcast_ref().is_some_and(OutputError::is_closed_pipe)
}

#[expect(clippy::print_stderr, reason = "an error must not mix with the report on stdout")]
fn report(error: &anyhow::Error) {
    eprintln!("error: {error:#}");
}

#[expect(clippy::print_stderr, reason = "the log must not mix with the report on stdout")]
fn print_record(record: &LogRecord) {
    eprintln!("[{:?}] {}: {}", record.level, record.category, record.message);
}
