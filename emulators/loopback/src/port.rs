//! Ports for processes that are told where to listen.

use std::{
    io,
    net::{Ipv4Addr, TcpListener},
    ops::Range,
    sync::atomic::{AtomicU32, Ordering},
};

/// Ports outside every system's ephemeral range (Linux: from 32768, macOS and Windows: from 49152).
/// Between the search and the process that listens, the system cannot give such a port to a socket
/// that asked for any port.
const RANGE: Range<u32> = 15_000..32_000;

/// The distance between the first ports of two processes: more than a test run needs, so that
/// processes that run side by side search in different places.
const PORTS_PER_PROCESS: u32 = 251;

/// Finds a port of 127.0.0.1 on which no process listens. Repeats no port in this process until the
/// whole range has been searched.
///
/// # Errors
///
/// If every port of the range is in use.
pub fn free_port() -> io::Result<u16> {
    static SEARCHED: AtomicU32 = AtomicU32::new(0);
    let first = std::process::id().wrapping_mul(PORTS_PER_PROCESS);
    let length = RANGE.end - RANGE.start;
    for _ in RANGE {
        let next = first.wrapping_add(SEARCHED.fetch_add(1, Ordering::Relaxed));
        let port = u16::try_from(RANGE.start + next % length).map_err(io::Error::other)?;
        if TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok() {
            return Ok(port);
        }
    }
    Err(io::Error::new(io::ErrorKind::AddrInUse, "every port from 15000 to 31999 is in use"))
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
