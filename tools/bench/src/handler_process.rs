//! A handler process without a host, and its processor time and memory.

use std::{
    io::{Read as _, Write as _},
    net::{Ipv4Addr, SocketAddr, TcpStream},
    process::Stdio,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, bail};
use app_process::process_memory::resident_kilobytes;
use loopback::free_port;
use tokio::{
    io::{AsyncRead, AsyncReadExt as _},
    process::{Child, Command},
};

/// The longest wait until the handler listens.
const PATIENCE: Duration = Duration::from_secs(30);
/// The interval between attempts to connect, and the precision of the start time.
const INTERVAL: Duration = Duration::from_micros(100);

/// The unit in which Linux counts a process's time: 100 in a second (manual page "`proc_pid_stat`", and
/// `USER_HZ` in "`time(7)`").
const TICK: Duration = Duration::from_millis(10);
/// The indices of the ticks in user and in kernel mode, counted from the field after the name.
const USER_TICKS: usize = 11;
const SYSTEM_TICKS: usize = 12;

/// A running handler. It is killed when this is dropped.
pub(crate) struct HandlerProcess {
    child: Child,
    port: u16,
    /// The time from before the start until the first response.
    pub(crate) until_listening: Duration,
    pub(crate) began: Instant,
    printed: Arc<AtomicU64>,
}

impl HandlerProcess {
    /// Starts a handler on a free port with these environment variables only, and waits until it
    /// answers `GET /`.
    pub(crate) async fn start(program: &str, environment: &[(String, String)]) -> Result<Self> {
        let port = free_port()?;
        let printed = Arc::new(AtomicU64::new(0));
        let began = Instant::now();
        let mut child = Command::new(program)
            .env_clear()
            .env("FUNCTIONS_CUSTOMHANDLER_PORT", port.to_string())
            .envs(environment.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            // The host reads both from pipes too, and writing to a pipe takes time.
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .with_context(|| format!("cannot start {program}"))?;
        if let Some(stdout) = child.stdout.take() {
            tokio::spawn(drain(stdout, printed.clone()));
        }
        if let Some(stderr) = child.stderr.take() {
            tokio::spawn(drain(stderr, printed.clone()));
        }
        tokio::task::spawn_blocking(move || wait_until_it_answers(port)).await??;
        Ok(Self { child, port, until_listening: began.elapsed(), began, printed })
    }

    /// The URL of a function.
    pub(crate) fn url(&self, function: &str) -> String {
        format!("http://127.0.0.1:{}/{function}", self.port)
    }

    /// The bytes of log lines since the start, as far as they have been read.
    pub(crate) fn printed(&self) -> u64 {
        self.printed.load(Ordering::Relaxed)
    }

    /// The processor time since the start, to a precision of two hundredths of a second.
    pub(crate) fn processor_time(&self) -> Result<Duration> {
        let path = format!("/proc/{}/stat", self.id()?);
        let stat = read(&path)?;
        processor_time(&stat).with_context(|| format!("{path} has an unknown format"))
    }

    /// The memory that the handler holds, in units of 1,024 bytes.
    pub(crate) fn resident_kilobytes(&self) -> Result<u64> {
        resident_kilobytes(self.id()?).context("the system reports no memory for the handler")
    }

    /// The process id; an error if the handler has ended.
    pub(crate) fn id(&self) -> Result<u32> {
        self.child.id().context("the handler has ended; see its output")
    }
}

async fn drain(mut stream: impl AsyncRead + Unpin, printed: Arc<AtomicU64>) {
    let mut buffer = vec![0; 64 * 1024];
    while let Ok(length @ 1..) = stream.read(&mut buffer).await {
        printed.fetch_add(length as u64, Ordering::Relaxed);
    }
}

fn read(path: &str) -> Result<String> {
    let read = std::fs::read_to_string(path);
    read.with_context(|| format!("cannot read {path}; this figure needs Linux"))
}

/// Blocks a thread, because the runtime's timer would round up to milliseconds.
#[expect(clippy::disallowed_methods, reason = "this thread does nothing else")]
fn wait_until_it_answers(port: u16) -> Result<()> {
    let began = Instant::now();
    while began.elapsed() < PATIENCE {
        if answers(port).is_ok_and(|answers| answers) {
            return Ok(());
        }
        std::thread::sleep(INTERVAL);
    }
    bail!("the handler did not answer GET / on port {port} within {PATIENCE:?}")
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

/// Parses a line of `stat`. A process's name may contain parentheses, so the last one ends it.
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
    fn a_text_in_another_format_has_no_processor_time() {
        for stat in ["", "1 (x) S", "1 (x) S 1 1 1 0 -1 4194560 1 0 0 0 many 9"] {
            assert_eq!(processor_time(stat), None, "{stat:?}");
        }
    }

    #[test]
    fn user_and_kernel_time_are_added_whatever_the_process_name() {
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
