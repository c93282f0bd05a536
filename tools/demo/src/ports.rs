//! The ports of 127.0.0.1 on which the demo listens.

use std::{
    io,
    net::{Ipv4Addr, TcpListener},
};

use anyhow::{Result, bail};

/// The number of ports: the broker over HTTP, three of the storage emulator, and the emulated tenant.
pub const COUNT: u16 = 5;

/// The ports of one demo.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Ports {
    /// The first of five in a row; `None` means any that are free.
    first: Option<u16>,
}

impl Ports {
    /// Five ports in a row.
    ///
    /// # Errors
    ///
    /// If one of them is in use, or does not exist.
    pub fn from(first: u16) -> Result<Self> {
        let Some(end) = first.checked_add(COUNT - 1) else {
            bail!("--port {first} is too high: the demo needs {COUNT} ports in a row");
        };
        for port in first..=end {
            if let Err(error) = TcpListener::bind((Ipv4Addr::LOCALHOST, port)) {
                bail!("{}", refusal(first, port, &error));
            }
        }
        Ok(Self { first: Some(first) })
    }

    /// The port of the broker over HTTP; 0 means any.
    #[must_use]
    pub fn http(self) -> u16 {
        self.first.unwrap_or(0)
    }

    /// The ports of blobs, queues and tables.
    #[must_use]
    pub fn storage(self) -> Option<[u16; 3]> {
        self.first.map(|first| [first + 1, first + 2, first + 3])
    }

    /// The port of the emulated tenant; 0 means any.
    #[must_use]
    pub fn tenant(self) -> u16 {
        self.first.map_or(0, |first| first + 4)
    }
}

fn refusal(first: u16, port: u16, error: &io::Error) -> String {
    if error.kind() == io::ErrorKind::AddrInUse {
        let last = first + (COUNT - 1);
        format!(
            "port {port} is in use: end the program that listens there, or choose another --port; the \
             demo needs {first} to {last}"
        )
    } else {
        format!("port {port} cannot be used: {error}; choose another --port")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_in_use_is_named_with_what_to_do() {
        let taken = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = taken.local_addr().unwrap().port();
        let message = Ports::from(port - 1).unwrap_err().to_string();
        assert!(message.contains(&format!("port {port} is in use")), "{message}");
        assert!(message.contains("choose another --port"), "{message}");
    }

    #[test]
    fn the_last_port_must_exist() {
        let message = Ports::from(u16::MAX).unwrap_err().to_string();
        assert!(message.contains("5 ports in a row"), "{message}");
    }

    #[test]
    fn without_a_wish_any_port_will_do() {
        let any = Ports::default();
        assert_eq!((any.http(), any.storage(), any.tenant()), (0, None, 0));
    }
}
