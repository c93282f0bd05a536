//! Azurite as a child process, with an account for every test.

use std::{
    io::{BufRead as _, BufReader, Read},
    path::PathBuf,
    process::{Child, Command, Stdio},
    sync::{
        atomic::{AtomicUsize, Ordering},
        mpsc::{Receiver, RecvTimeoutError, Sender, channel},
    },
    time::{Duration, Instant},
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use loopback::free_port;
use pinned_packages::{Installation, InstallationError, Installer, PinnedPackages};
use sha2::{Digest as _, Sha512};
use tokio::sync::{Mutex, OnceCell};

use crate::account::{Account, AccountError, WELL_KNOWN_KEY, WELL_KNOWN_NAME};

/// Azurite and `@azure/storage-queue`. The launcher ends Azurite when its parent ends.
const PACKAGES: PinnedPackages = PinnedPackages {
    name: "azurite",
    files: &[
        ("package.json", include_str!("../azurite/package.json")),
        ("package-lock.json", include_str!("../azurite/package-lock.json")),
        (".npmrc", include_str!("../azurite/.npmrc")),
        ("launch.js", include_str!("../azurite/launch.js")),
    ],
    installer: Installer::Npm,
};

/// The number of accounts of one Azurite. Tests that need more get another Azurite.
///
/// With each message that it gives away or deletes, Azurite sorts all messages of all its accounts. Tests
/// leave messages behind, so an Azurite with hundreds of accounts spends most of its time on old ones.
/// Names and keys are one environment variable, too, which has at most 32,767 characters on Windows
/// ("Environment variables", Win32).
const ACCOUNTS: usize = 40;

/// The length of an account's key in bytes: enough to tell accounts apart.
const KEY_LENGTH: usize = 16;
/// Azurite listens within a second, except on a busy machine.
const START_DEADLINE: Duration = Duration::from_secs(60);
/// Another process can take a free port before Azurite listens on it.
const PORT_ATTEMPTS: usize = 3;
/// The last line that Azurite prints when blobs, queues and tables listen.
const LISTENING: &str = "Azurite Table service is successfully listening";

/// A running Azurite that keeps its data in memory. It ends when this value is dropped, and when this
/// process ends, even by SIGKILL.
#[derive(Debug)]
pub struct Azurite {
    child: Child,
    ports: [u16; 3],
    next_account: AtomicUsize,
    installation: Installation,
    certificate: Option<Certificate>,
}

/// The certificate with which an Azurite serves TLS. It then also accepts tokens of Microsoft Entra
/// ("Use the Azurite emulator", OAuth configuration): it reads their claims, and not their signature.
#[derive(Clone, Debug)]
pub struct Certificate {
    /// The file of the certificate for 127.0.0.1, in PEM.
    pub certificate: PathBuf,
    /// The file of its key, in PEM.
    pub key: PathBuf,
    /// The authorities that clients of the account trust, in PEM.
    pub authorities: Vec<u8>,
}

/// Why Azurite did not start.
#[derive(Debug, thiserror::Error)]
pub enum AzuriteError {
    /// Azurite could not be installed.
    #[error(transparent)]
    Installation(#[from] InstallationError),
    /// No port was free, or the process could not be started.
    #[error("Azurite cannot be started: {0}")]
    Start(#[from] std::io::Error),
    /// Azurite ended, or did not listen in time.
    #[error("Azurite did not become ready ({reason}); it printed:\n{output}")]
    NotReady {
        /// What happened instead: it ended, or was too slow.
        reason: &'static str,
        /// Azurite's stdout and stderr.
        output: String,
    },
    /// The thread that started it did not finish.
    #[error("starting Azurite was interrupted")]
    Interrupted,
    /// Every account is in use.
    #[error("all {ACCOUNTS} accounts of this Azurite are in use")]
    NoAccountLeft,
    /// The account cannot be used.
    #[error(transparent)]
    Account(#[from] AccountError),
}

impl Azurite {
    /// The Azurite that all tests of this process share. The first call installs and starts it.
    ///
    /// # Errors
    ///
    /// If it cannot be installed or started; the next call tries again.
    pub async fn shared() -> Result<&'static Self, AzuriteError> {
        static SHARED: OnceCell<Azurite> = OnceCell::const_new();
        SHARED.get_or_try_init(Self::start).await
    }

    /// Starts an Azurite for the caller alone, and installs it if necessary.
    ///
    /// # Errors
    ///
    /// If it cannot be installed or started.
    pub async fn start() -> Result<Self, AzuriteError> {
        Self::start_with(None, None).await
    }

    /// Starts an Azurite for the caller alone, on these ports of 127.0.0.1: blobs, queues, tables.
    ///
    /// # Errors
    ///
    /// If it cannot be installed or started, for instance because a port is in use.
    pub async fn start_on(ports: [u16; 3]) -> Result<Self, AzuriteError> {
        Self::start_with(Some(ports), None).await
    }

    /// Starts an Azurite for the caller alone, with TLS and tokens.
    ///
    /// # Errors
    ///
    /// If it cannot be installed or started, for instance because of the certificate.
    pub async fn start_encrypted(certificate: Certificate) -> Result<Self, AzuriteError> {
        Self::start_with(None, Some(certificate)).await
    }

    async fn start_with(
        ports: Option<[u16; 3]>,
        certificate: Option<Certificate>,
    ) -> Result<Self, AzuriteError> {
        // Threads and not tasks, because the shared Azurite outlives the runtime of any one test.
        let started = tokio::task::spawn_blocking(move || start(ports, certificate.as_ref())).await;
        started.map_err(|_| AzuriteError::Interrupted)?
    }

    /// An unused account in an Azurite that the tests of this process share. When all accounts of one are
    /// in use, the next Azurite is started.
    ///
    /// # Errors
    ///
    /// If no Azurite can be installed or started; the next call tries again.
    pub async fn shared_account() -> Result<Account, AzuriteError> {
        /// Those with used accounts stay, because tests still use them.
        static STARTED: Mutex<Vec<Azurite>> = Mutex::const_new(Vec::new());
        let mut started = STARTED.lock().await;
        match started.last().map(Self::account) {
            None | Some(Err(AzuriteError::NoAccountLeft)) => {}
            Some(account) => return account,
        }
        let azurite = Self::start().await?;
        let account = azurite.account();
        started.push(azurite);
        account
    }

    /// The next unused account.
    ///
    /// # Errors
    ///
    /// If every account is in use.
    pub fn account(&self) -> Result<Account, AzuriteError> {
        let index = self.next_account.fetch_add(1, Ordering::Relaxed);
        if index >= ACCOUNTS {
            return Err(AzuriteError::NoAccountLeft);
        }
        let name = account_name(index);
        self.open(&name, &account_key(&name))
    }

    /// The account that every SDK knows, `devstoreaccount1`.
    ///
    /// # Errors
    ///
    /// If the HTTP client cannot be built.
    pub fn well_known_account(&self) -> Result<Account, AzuriteError> {
        self.open(WELL_KNOWN_NAME, WELL_KNOWN_KEY)
    }

    fn open(&self, name: &str, key: &str) -> Result<Account, AzuriteError> {
        Ok(match &self.certificate {
            None => Account::on_loopback(name, key, self.ports)?,
            Some(Certificate { authorities, .. }) => {
                Account::encrypted(name, key, self.ports, authorities)?
            }
        })
    }

    /// The ports of blobs, queues and tables on 127.0.0.1.
    #[must_use]
    pub fn ports(&self) -> [u16; 3] {
        self.ports
    }

    /// The folder of Azurite's packages, which include `@azure/storage-queue`.
    #[must_use]
    pub fn installation(&self) -> &Installation {
        &self.installation
    }
}

impl Drop for Azurite {
    fn drop(&mut self) {
        // An error means that Azurite has ended already.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

fn start(
    ports: Option<[u16; 3]>,
    certificate: Option<&Certificate>,
) -> Result<Azurite, AzuriteError> {
    let installation = PACKAGES.ensure()?;
    if let Some(ports) = ports {
        return start_once(&installation, ports, certificate);
    }
    let mut attempt = 1;
    loop {
        let ports = [free_port()?, free_port()?, free_port()?];
        match start_once(&installation, ports, certificate) {
            Err(AzuriteError::NotReady { output, .. })
                if output.contains("EADDRINUSE") && attempt < PORT_ATTEMPTS =>
            {
                attempt += 1;
            }
            result => return result,
        }
    }
}

fn start_once(
    installation: &Installation,
    ports: [u16; 3],
    certificate: Option<&Certificate>,
) -> Result<Azurite, AzuriteError> {
    let mut child = command(installation, ports, certificate).spawn()?;
    let (lines, printed) = channel();
    forward(child.stdout.take(), lines.clone());
    forward(child.stderr.take(), lines);
    let next_account = AtomicUsize::new(0);
    let installation = installation.clone();
    // From here on, an early return ends the process.
    let certificate = certificate.cloned();
    let azurite = Azurite { child, ports, next_account, installation, certificate };
    wait_until_listening(&printed)?;
    Ok(azurite)
}

fn command(
    installation: &Installation,
    ports: [u16; 3],
    certificate: Option<&Certificate>,
) -> Command {
    let mut command = Command::new("node");
    command.arg("launch.js").args(["--inMemoryPersistence", "--silent", "--disableTelemetry"]);
    // The Rust client sends a newer version of the API than this Azurite knows.
    command.arg("--skipApiVersionCheck");
    for (service, port) in ["blob", "queue", "table"].into_iter().zip(ports) {
        command.arg(format!("--{service}Host")).arg("127.0.0.1");
        command.arg(format!("--{service}Port")).arg(port.to_string());
    }
    if let Some(Certificate { certificate, key, .. }) = certificate {
        command.args(["--oauth", "basic", "--cert"]).arg(certificate).arg("--key").arg(key);
    }
    command
        .env("AZURITE_ACCOUNTS", accounts())
        .current_dir(installation.folder())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

/// Reads on after the receiver is gone, because a full pipe would block Azurite.
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

/// The key need not be secret. It differs from account to account, so that a mix-up is noticed.
fn account_key(name: &str) -> String {
    let digest = Sha512::digest(name);
    STANDARD.encode(digest.get(..KEY_LENGTH).unwrap_or(&digest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_accounts_fit_into_an_environment_variable_on_windows() {
        assert!(accounts().len() < 32_767);
    }
}
