//! A handler's process: started without a host, and looked at from outside.

use std::{
    io::{Read as _, Write as _},
    net::{Ipv4Addr, SocketAddr, TcpStream},
    process::Stdio,
    time::{Duration, Instant},
};

use storage_emulator::ports::free_port;
use tokio::{
    io::AsyncReadExt as _,
    process::{Child, ChildStdout, Command},
};

use crate::{
    Outcome,
    process_status::{self, RESIDENT},
};

/// How long a handler may take until it listens.
const PATIENCE: Duration = Duration::from_secs(30);
/// Between two tries to reach it; what is measured is precise to so much.
const INTERVAL: Duration = Duration::from_micros(100);

/// In units of which the system counts a process's time: 100 in a second, on every Linux (manual page
/// "`proc_pid_stat`", and `USER_HZ` in "`time(7)`").
const TICK: Duration = Duration::from_millis(10);
/// Where the ticks in user and in kernel mode stand, counted from the field after the name.
const USER_TICKS: usize = 11;
const SYSTEM_TICKS: usize = 12;

/// A running handler. It is killed when this is dropped.
pub(super) struct HandlerProcess {
    child: Child,
    port: u16,
    /// From before it was started until it had answered for the first time.
    pub(super) until_listening: Duration,
    pub(super) began: Instant,
}

impl HandlerProcess {
    /// Starts a handler on a free port, with these variables and no others, and waits until it answers
    /// `GET /`.
    pub(super) async fn start(program: &str, environment: &[(String, String)]) -> Outcome<Self> {
        let port = free_port()?;
        let began = Instant::now();
        let mut child = Command::new(program)
            .env_clear()
            .env("FUNCTIONS_CUSTOMHANDLER_PORT", port.to_string())
            .envs(environment.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            // A host reads it from a pipe, too; who writes pays for that.
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .map_err(|error| format!("cannot start {program}: {error}"))?;
        if let Some(stdout) = child.stdout.take() {
            tokio::spawn(drain(stdout));
        }
        tokio::task::spawn_blocking(move || until_it_answers(port)).await??;
        Ok(Self { child, port, until_listening: began.elapsed(), began })
    }

    /// Where a function of it is called.
    pub(super) fn url(&self, function: &str) -> String {
        format!("http://127.0.0.1:{}/{function}", self.port)
    }

    /// How long it has been working on some processor since it was started, precise to two hundredths of
    /// a second.
    pub(super) fn processor_time(&self) -> Outcome<Duration> {
        let path = format!("/proc/{}/stat", self.id()?);
        let stat = read(&path)?;
        processor_time(&stat).ok_or_else(|| format!("{path} is not what Linux writes").into())
    }

    /// How much memory it holds, in kilobytes of 1,024 bytes.
    pub(super) fn resident_kilobytes(&self) -> Outcome<u64> {
        let found = process_status::kilobytes(self.id()?, RESIDENT);
        found.ok_or_else(|| "the system does not say how much memory the handler holds".into())
    }

    pub(super) fn id(&self) -> Outcome<u32> {
        self.child.id().ok_or_else(|| "the handler has ended; look at what it printed".into())
    }
}

async fn drain(mut stdout: ChildStdout) {
    let mut buffer = vec![0; 64 * 1024];
    while stdout.read(&mut buffer).await.is_ok_and(|length| length > 0) {}
}

fn read(path: &str) -> Outcome<String> {
    let read = std::fs::read_to_string(path);
    read.map_err(|error| format!("{path}: {error}; benches look at processes as Linux does").into())
}

/// By a thread that does nothing else: a timer of the runtime would round up to milliseconds.
#[expect(clippy::disallowed_methods, reason = "this thread is for waiting")]
fn until_it_answers(port: u16) -> Outcome {
    let began = Instant::now();
    while began.elapsed() < PATIENCE {
        if answers(port).is_ok_and(|answers| answers) {
            return Ok(());
        }
        std::thread::sleep(INTERVAL);
    }
    Err(format!("the handler did not answer GET / on port {port} within {PATIENCE:?}").into())
}

fn answers(port: u16) -> std::io::Result<bool> {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let mut connection = TcpStream::connect_timeout(&address, PATIENCE)?;
    connection.set_read_timeout(Some(PATIENCE))?;
    connection.write_all(b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n")?;
    let mut status_line = [0; "HTTP/1.1 200".len()];
    connection.read_exact(&mut status_line)?;
    Ok(&status_line == b"HTTP/1.1 200")
}

/// The name of a process may hold anything, even what looks like the end of it; the last one counts.
fn processor_time(stat: &str) -> Option<Duration> {
    let (_, fields) = stat.rsplit_once(')')?;
    let fields: Vec<_> = fields.split_ascii_whitespace().collect();
    let ticks = |index: usize| fields.get(index)?.parse::<u32>().ok();
    Some(TICK * (ticks(USER_TICKS)? + ticks(SYSTEM_TICKS)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_statistics_of_a_process_has_no_time() {
        for stat in ["", "1 (x) S", "1 (x) S 1 1 1 0 -1 4194560 1 0 0 0 many 9"] {
            assert_eq!(processor_time(stat), None, "{stat:?}");
        }
    }

    #[test]
    fn time_in_user_and_in_kernel_mode_is_added_whatever_the_name() {
        let stat = "71 (a (b) c) S 1 71 71 0 -1 4194560 1200 0 0 0 130 20 0 0 20 0 3 0 5000 9 8";
        assert_eq!(processor_time(stat), Some(Duration::from_millis(1500)));
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn this_process_has_taken_time() {
        let stat = read("/proc/self/stat").unwrap();
        assert!(processor_time(&stat).is_some());
    }
}
