//! How a running demo tells other terminals where it listens and how to sign in.

use std::net::{SocketAddr, TcpStream};

use anyhow::{Context as _, Result, bail};
use serde::{Deserialize, Serialize};

use crate::{
    local_azure::LocalAzure,
    persons::{APPROVER, OPERATOR, Person},
    practice_folder::PracticeFolder,
    second_terminal,
};

/// The file with the addresses of the running demo.
const FILE: &str = "running.json";

/// The files that sign a terminal in.
const SIGN_IN: [(&str, Person); 2] = [("operator.env", OPERATOR), ("approver.env", APPROVER)];

/// A running demo. Dropping it withdraws its files.
pub struct Running {
    folder: PracticeFolder,
}

/// The addresses of a running demo.
#[derive(Debug, Serialize, Deserialize)]
struct Addresses {
    broker: SocketAddr,
    queues: SocketAddr,
}

impl Running {
    /// Tells other terminals about a demo.
    ///
    /// # Errors
    ///
    /// If the folder cannot be written.
    pub fn announce(azure: &LocalAzure, folder: &PracticeFolder) -> Result<Self> {
        let running = Self { folder: folder.clone() };
        second_terminal::write_program(folder)?;
        for (file, person) in SIGN_IN {
            folder.write(file, &second_terminal::script(azure, person, folder)?)?;
        }
        let http = azure.host.http_url().socket_addrs(|| None)?;
        let broker = *http.first().context("the broker has no address")?;
        let queues = SocketAddr::new(broker.ip(), azure.queue_port);
        folder.write(FILE, &serde_json::to_string(&Addresses { broker, queues })?)?;
        Ok(running)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // A file that remains names a demo that has ended, and the next demo replaces it.
        for name in SIGN_IN.map(|(file, _)| file).into_iter().chain([FILE]) {
            let _ = std::fs::remove_file(self.folder.path().join(name));
        }
    }
}

/// The port of the queues of the demo that runs in this source tree.
///
/// # Errors
///
/// If none runs.
pub fn queue_port(folder: &PracticeFolder) -> Result<u16> {
    Ok(addresses(folder)?.queues.port())
}

/// The commands that sign a POSIX shell in to the demo that runs in this source tree.
///
/// # Errors
///
/// If none runs.
pub fn sign_in(folder: &PracticeFolder, person: Person) -> Result<String> {
    addresses(folder)?;
    let file = SIGN_IN.iter().find(|(_, known)| *known == person).map(|(file, _)| *file);
    let path = folder.path().join(file.unwrap_or_default());
    std::fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))
}

/// Reads the addresses, and checks that the broker is still running, because a killed demo leaves its
/// files.
fn addresses(folder: &PracticeFolder) -> Result<Addresses> {
    let known = std::fs::read(folder.path().join(FILE)).ok();
    let known = known.and_then(|bytes| serde_json::from_slice::<Addresses>(&bytes).ok());
    match known {
        Some(addresses) if TcpStream::connect(addresses.broker).is_ok() => Ok(addresses),
        _ => bail!(
            "no demo is waiting for requests; run `cargo run -p demo` in another terminal, and wait until \
             it says that the broker keeps running"
        ),
    }
}

#[cfg(test)]
mod tests {
    use std::net::{Ipv4Addr, TcpListener};

    use super::*;

    fn folder_of(broker: SocketAddr) -> (tempfile::TempDir, PracticeFolder) {
        let temporary = tempfile::tempdir().unwrap();
        let folder = PracticeFolder::at(temporary.path().to_owned());
        let queues = SocketAddr::new(broker.ip(), 10_001);
        let addresses = serde_json::to_string(&Addresses { broker, queues }).unwrap();
        folder.write(FILE, &addresses).unwrap();
        (temporary, folder)
    }

    #[test]
    fn a_demo_that_was_killed_is_not_taken_for_a_running_one() {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let (_temporary, folder) = folder_of(listener.local_addr().unwrap());
        assert_eq!(queue_port(&folder).unwrap(), 10_001);
        drop(listener);
        let message = queue_port(&folder).unwrap_err().to_string();
        assert!(message.contains("run `cargo run -p demo`"), "{message}");
    }

    #[test]
    fn without_a_demo_the_error_says_how_to_start_one() {
        let temporary = tempfile::tempdir().unwrap();
        let folder = PracticeFolder::at(temporary.path().to_owned());
        let message = sign_in(&folder, OPERATOR).unwrap_err().to_string();
        assert!(message.contains("run `cargo run -p demo`"), "{message}");
    }
}
