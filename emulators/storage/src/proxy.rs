//! A TCP proxy in front of Azurite that refuses and resets connections, reproducibly by a seed.
//!
//! The proxy does not parse HTTP. Clients send many requests over one connection, so a reset may hit any
//! of them, and a request whose response is lost may have taken effect.

use std::{convert::Infallible, io, net::Ipv4Addr};

use rand::{RngExt as _, SeedableRng as _, rngs::StdRng};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{
        TcpListener, TcpStream,
        tcp::{ReadHalf, WriteHalf},
    },
    sync::watch,
    task::{JoinHandle, JoinSet},
};

/// A reset follows within this many bytes of responses. Azurite's have about 500, so one in ten of the
/// connections that are reset loses its first response, and the others a later one.
const MOST_BYTES_BEFORE_RESET: u64 = 5_000;
/// The buffer's size in bytes: more than most responses.
const BUFFER: usize = 16 * 1024;

/// The shares of connections that fail, from 0 to 1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Trouble {
    /// The share that is reset at once.
    pub refuse: f64,
    /// The share, of the others, that is reset in the middle of a response or instead of one.
    pub reset: f64,
}

/// A running proxy. Dropping it stops it and resets its connections.
#[derive(Debug)]
pub struct StorageProxy {
    port: u16,
    period: watch::Sender<Period>,
    server: JoinHandle<Infallible>,
}

/// A period without a change of trouble. The fate of an open connection is decided again in every
/// period; otherwise a connection that was spared once would never fail.
#[derive(Clone, Copy, Debug, Default)]
struct Period {
    number: u64,
    trouble: Option<Trouble>,
}

/// The fate of a connection in one period.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    Spared,
    Refused,
    /// After this many bytes of responses.
    Reset(u64),
}

/// A client's connection, and the inputs of its fate.
struct Connection {
    seed: u64,
    number: u64,
    period: watch::Receiver<Period>,
}

impl StorageProxy {
    /// Starts a proxy without trouble on a free port of 127.0.0.1, in front of the service that listens
    /// on `upstream`. Equal seeds give equal fates to connections of equal number.
    ///
    /// # Errors
    ///
    /// If no port is free.
    pub async fn start(upstream: u16, seed: u64) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let port = listener.local_addr()?.port();
        let period = watch::Sender::<Period>::default();
        let server = tokio::spawn(serve(listener, upstream, seed, period.subscribe()));
        Ok(Self { port, period, server })
    }

    /// The port of 127.0.0.1 on which the proxy listens.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Starts, changes or ends the trouble, for open connections too.
    pub fn set_trouble(&self, trouble: Option<Trouble>) {
        self.period.send_modify(|period| {
            *period = Period { number: period.number + 1, trouble };
        });
    }
}

impl Drop for StorageProxy {
    fn drop(&mut self) {
        self.server.abort();
    }
}

async fn serve(
    listener: TcpListener,
    upstream: u16,
    seed: u64,
    period: watch::Receiver<Period>,
) -> Infallible {
    let mut connections = JoinSet::new();
    let mut number = 0;
    loop {
        while connections.try_join_next().is_some() {}
        // An error means that the client is gone already.
        let Ok((client, _)) = listener.accept().await else { continue };
        let connection = Connection { seed, number, period: period.clone() };
        connections.spawn(connection.carry(client, upstream));
        number += 1;
    }
}

impl Connection {
    /// Forwards bytes both ways until one side closes the connection or its fate is met.
    async fn carry(self, mut client: TcpStream, upstream: u16) {
        let ended_well = tokio::select! {
            () = self.until_refused() => false,
            ended_well = self.carry_both_ways(&mut client, upstream) => ended_well,
        };
        if !ended_well {
            // An error means that the client is gone already.
            drop(client.set_zero_linger());
        }
    }

    async fn until_refused(&self) {
        let mut period = self.period.clone();
        let refused = period.wait_for(|period| self.fate(*period) == Fate::Refused).await.map(drop);
        if refused.is_err() {
            // The proxy was dropped, which ends this task.
            std::future::pending::<()>().await;
        }
    }

    /// Returns whether one side closed the connection by itself.
    async fn carry_both_ways(&self, client: &mut TcpStream, upstream: u16) -> bool {
        let Ok(mut server) = TcpStream::connect((Ipv4Addr::LOCALHOST, upstream)).await else {
            return false;
        };
        let (mut from_client, mut to_client) = client.split();
        let (mut from_server, mut to_server) = server.split();
        tokio::select! {
            _ = tokio::io::copy(&mut from_client, &mut to_server) => true,
            ended_well = self.carry_answers(&mut from_server, &mut to_client) => ended_well,
        }
    }

    /// Returns whether the server closed the connection by itself.
    async fn carry_answers(&self, from: &mut ReadHalf<'_>, to: &mut WriteHalf<'_>) -> bool {
        let mut buffer = vec![0; BUFFER];
        let (mut period, mut carried) = (0, 0);
        while let Ok(length @ 1..) = from.read(&mut buffer).await {
            let now = *self.period.borrow();
            if period != now.number {
                (period, carried) = (now.number, 0);
            }
            let bytes = buffer.get(..length).unwrap_or_default();
            if let Fate::Reset(limit) = self.fate(now) {
                let allowed = usize::try_from(limit.saturating_sub(carried)).unwrap_or(usize::MAX);
                // A response that ends with the last allowed byte is complete.
                if let Some((beginning, [_, ..])) = bytes.split_at_checked(allowed) {
                    drop(to.write_all(beginning).await);
                    return false;
                }
            }
            if to.write_all(bytes).await.is_err() {
                break;
            }
            carried += length as u64;
        }
        true
    }

    fn fate(&self, period: Period) -> Fate {
        let Some(trouble) = period.trouble else { return Fate::Spared };
        let mut random = random([self.seed, period.number, self.number]);
        if random.random::<f64>() < trouble.refuse {
            return Fate::Refused;
        }
        if random.random::<f64>() < trouble.reset {
            return Fate::Reset(random.random_range(0..MOST_BYTES_BEFORE_RESET));
        }
        Fate::Spared
    }
}

/// A generator whose numbers depend on these words only.
fn random(words: [u64; 3]) -> StdRng {
    let mut seed = [0; 32];
    for (bytes, word) in seed.chunks_exact_mut(8).zip(words) {
        bytes.copy_from_slice(&word.to_le_bytes());
    }
    StdRng::from_seed(seed)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fates(seed: u64, period: u64, trouble: Trouble) -> Vec<Fate> {
        let period = Period { number: period, trouble: Some(trouble) };
        (0..1_000)
            .map(|number| {
                let (_, seen) = watch::channel(period);
                Connection { seed, number, period: seen }.fate(period)
            })
            .collect()
    }

    #[test]
    fn fates_are_reproducible_and_differ_by_seed_and_by_period() {
        let trouble = Trouble { refuse: 0.3, reset: 0.5 };
        assert_eq!(fates(7, 1, trouble), fates(7, 1, trouble));
        assert_ne!(fates(7, 1, trouble), fates(8, 1, trouble));
        assert_ne!(fates(7, 1, trouble), fates(7, 2, trouble));
    }

    #[test]
    fn the_shares_count_connections_and_refusals_come_first() {
        let fates = fates(7, 1, Trouble { refuse: 0.5, reset: 1.0 });
        let refused = fates.iter().filter(|fate| **fate == Fate::Refused).count();
        assert!((400..600).contains(&refused), "{refused}");
        assert!(!fates.contains(&Fate::Spared));
    }
}
