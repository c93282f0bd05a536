//! Ports for processes that are told where to listen.

use std::{
    io,
    net::{Ipv4Addr, TcpListener},
    ops::Range,
    sync::atomic::{AtomicU32, Ordering},
};

/// Ports that no system hands out to those who ask for any (Linux does so from 32768, macOS and
/// Windows from 49152). Between finding a port and its process listening there, nobody who asks for
/// any port can take it.
const RANGE: Range<u32> = 15_000..32_000;

/// Apart by more than a test run needs, so that processes side by side look in different places.
const PORTS_PER_PROCESS: u32 = 251;

/// A port of 127.0.0.1 on which nobody listens, and which this process has not found before, until the
/// range has been gone through.
pub fn free_port() -> io::Result<u16> {
    static FOUND: AtomicU32 = AtomicU32::new(0);
    let first = std::process::id().wrapping_mul(PORTS_PER_PROCESS);
    let length = RANGE.end - RANGE.start;
    for _ in RANGE {
        let next = first.wrapping_add(FOUND.fetch_add(1, Ordering::Relaxed));
        let port = u16::try_from(RANGE.start + next % length).map_err(io::Error::other)?;
        if TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok() {
            return Ok(port);
        }
    }
    Err(io::Error::new(io::ErrorKind::AddrInUse, "every port is taken"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_is_found_once_and_can_be_listened_on() {
        let ports: Vec<_> = (0..50).map(|_| free_port().unwrap()).collect();
        let mut different = ports.clone();
        different.sort_unstable();
        different.dedup();
        assert_eq!(different.len(), ports.len());
        assert!(ports.iter().all(|port| RANGE.contains(&u32::from(*port))));
    }
}
