//! Azurite as a child of this process, with an account for every test.

use std::{
    io::{BufRead as _, BufReader, Read},
    process::{Child, Command, Stdio},
    sync::{
        atomic::{AtomicUsize, Ordering},
        mpsc::{Receiver, RecvTimeoutError, Sender, channel},
    },
    time::{Duration, Instant},
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use sha2::{Digest as _, Sha512};
use tokio::sync::OnceCell;

use crate::ports::free_port;

use super::{
    account::{Account, AccountError, WELL_KNOWN_KEY, WELL_KNOWN_NAME},
    installation::{Installation, InstallationError},
};

/// More than one test binary will ever need. All their names and keys are one environment variable, which
/// has 32,767 characters at most on Windows ("Environment variables", Win32).
const ACCOUNTS: usize = 800;

/// Bytes of an account's key: enough to tell accounts apart.
const KEY_LENGTH: usize = 16;
/// Azurite listens within a second; a busy machine may take many times that.
const START_DEADLINE: Duration = Duration::from_secs(60);
/// A free port can be taken between finding it and listening on it; three in a row are bad luck enough.
const PORT_ATTEMPTS: usize = 3;
/// What Azurite prints last, when blobs, queues and tables all listen.
const LISTENING: &str = "Azurite Table service is successfully listening";

/// A running Azurite, in memory. It ends when this value is dropped, and when this process ends by
/// whatever means.
#[derive(Debug)]
pub struct Azurite {
    child: Child,
    ports: [u16; 3],
    next_account: AtomicUsize,
    installation: Installation,
}

/// Why Azurite does not run.
#[derive(Debug, thiserror::Error)]
pub enum AzuriteError {
    /// It is not installed.
    #[error(transparent)]
    Installation(#[from] InstallationError),
    /// No port was free, or the process could not be started.
    #[error("Azurite cannot be started: {0}")]
    Start(#[from] std::io::Error),
    /// It ended, or did not listen in time.
    #[error("Azurite did not get ready ({reason}); it printed:\n{output}")]
    NotReady {
        /// What happened instead.
        reason: &'static str,
        /// Its stdout and stderr.
        output: String,
    },
    /// The thread that started it did not finish.
    #[error("starting Azurite was interrupted")]
    Interrupted,
    /// All accounts are taken.
    #[error("all {ACCOUNTS} accounts of this Azurite are in use")]
    NoAccountLeft,
    /// An account could not be made.
    #[error(transparent)]
    Account(#[from] AccountError),
}

impl Azurite {
    /// The one of this process; starts it, and installs it if need be, on first use.
    ///
    /// # Errors
    ///
    /// If it cannot be installed or started; the next call tries again.
    pub async fn shared() -> Result<&'static Self, AzuriteError> {
        static SHARED: OnceCell<Azurite> = OnceCell::const_new();
        SHARED.get_or_try_init(Self::start).await
    }

    /// One for the caller alone.
    ///
    /// # Errors
    ///
    /// If it cannot be installed or started.
    pub async fn start() -> Result<Self, AzuriteError> {
        // Threads and not tasks: the shared one serves tests whose runtimes come and go.
        tokio::task::spawn_blocking(start).await.map_err(|_| AzuriteError::Interrupted)?
    }

    /// The next account that nobody has used.
    ///
    /// # Errors
    ///
    /// If none is left.
    pub fn account(&self) -> Result<Account, AzuriteError> {
        let index = self.next_account.fetch_add(1, Ordering::Relaxed);
        if index >= ACCOUNTS {
            return Err(AzuriteError::NoAccountLeft);
        }
        let name = account_name(index);
        Ok(Account::on_this_machine(&name, &account_key(&name), self.ports)?)
    }

    /// The emulator's account that every SDK knows, `devstoreaccount1`.
    ///
    /// # Errors
    ///
    /// If no HTTP client can be made.
    pub fn well_known_account(&self) -> Result<Account, AzuriteError> {
        Ok(Account::on_this_machine(WELL_KNOWN_NAME, WELL_KNOWN_KEY, self.ports)?)
    }

    /// The ports of blobs, queues and tables on 127.0.0.1.
    #[must_use]
    pub fn ports(&self) -> [u16; 3] {
        self.ports
    }

    /// Where its packages are, `@azure/storage-queue` among them.
    #[must_use]
    pub fn installation(&self) -> &Installation {
        &self.installation
    }
}

impl Drop for Azurite {
    fn drop(&mut self) {
        // An error says that it has ended already.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

fn start() -> Result<Azurite, AzuriteError> {
    let installation = Installation::ensure()?;
    let mut attempt = 1;
    loop {
        match start_once(&installation) {
            Err(AzuriteError::NotReady { output, .. })
                if output.contains("EADDRINUSE") && attempt < PORT_ATTEMPTS =>
            {
                attempt += 1;
            }
            result => return result,
        }
    }
}

fn start_once(installation: &Installation) -> Result<Azurite, AzuriteError> {
    let ports = [free_port()?, free_port()?, free_port()?];
    let mut child = command(installation, ports).spawn()?;
    let (lines, printed) = channel();
    forward(child.stdout.take(), lines.clone());
    forward(child.stderr.take(), lines);
    let next_account = AtomicUsize::new(0);
    let installation = installation.clone();
    // From here on, dropping it ends the process.
    let azurite = Azurite { child, ports, next_account, installation };
    wait_until_listening(&printed)?;
    Ok(azurite)
}

fn command(installation: &Installation, ports: [u16; 3]) -> Command {
    let mut command = Command::new("node");
    command.arg("launch.js").args(["--inMemoryPersistence", "--silent", "--disableTelemetry"]);
    // The Rust client is ahead of the versions that this Azurite knows.
    command.arg("--skipApiVersionCheck");
    for (service, port) in ["blob", "queue", "table"].into_iter().zip(ports) {
        command.arg(format!("--{service}Host")).arg("127.0.0.1");
        command.arg(format!("--{service}Port")).arg(port.to_string());
    }
    command
        .env("AZURITE_ACCOUNTS", accounts())
        .current_dir(installation.folder())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

/// Keeps reading after the receiver is gone: a full pipe would stop Azurite.
fn forward(source: Option<impl Read + Send + 'static>, lines: Sender<String>) {
    let Some(source) = source else { return };
    std::thread::spawn(move || {
        for line in BufReader::new(source).lines().map_while(Result::ok) {
            drop(lines.send(line));
        }
    });
}

fn wait_until_listening(printed: &Receiver<String>) -> Result<(), AzuriteError> {
    let deadline = Instant::now() + START_DEADLINE;
    let mut output = String::new();
    let reason = loop {
        match printed.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
            Ok(line) if line.starts_with(LISTENING) => return Ok(()),
            Ok(line) => output = output + &line + "\n",
            Err(RecvTimeoutError::Timeout) => break "too slow",
            Err(RecvTimeoutError::Disconnected) => break "ended",
        }
    };
    Err(AzuriteError::NotReady { reason, output })
}

/// The value of `AZURITE_ACCOUNTS` ("Use the Azurite emulator", custom storage accounts).
fn accounts() -> String {
    let mut accounts = vec![format!("{WELL_KNOWN_NAME}:{WELL_KNOWN_KEY}")];
    accounts.extend((0..ACCOUNTS).map(account_name).map(|name| {
        let key = account_key(&name);
        format!("{name}:{key}")
    }));
    accounts.join(";")
}

fn account_name(index: usize) -> String {
    format!("contoso{index:03}")
}

/// Not a secret: it only has to differ from account to account, so that a mix-up is noticed.
fn account_key(name: &str) -> String {
    let digest = Sha512::digest(name);
    STANDARD.encode(digest.get(..KEY_LENGTH).unwrap_or(&digest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_accounts_are_one_environment_variable_on_windows_too() {
        assert!(accounts().len() < 32_767);
    }
}
