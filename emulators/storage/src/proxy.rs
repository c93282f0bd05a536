//! A proxy in front of Azurite: what storage trouble looks like to a client, in a way that a seed
//! repeats.
//!
//! It knows TCP and nothing of HTTP. A client keeps connections open and sends many requests over
//! each, so a reset may hit any of them, and an answer that is lost may be to a request that took
//! effect.

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

/// A reset comes within so many bytes of answers: Azurite's have some 500, so about one in ten
/// connections that are to be reset loses its first answer, and the others a later one.
const MOST_BYTES_BEFORE_RESET: u64 = 5_000;
/// More than any answer of a queue that is not full of long messages.
const BUFFER: usize = 16 * 1024;

/// What is wrong with the way to the storage service: shares of connections, each from 0 to 1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Trouble {
    /// Closed at once, by a reset.
    pub refuse: f64,
    /// Reset in the middle of an answer, or in place of one, after some requests that went well.
    pub reset: f64,
}

/// A running proxy. Dropping it ends it and resets its connections.
#[derive(Debug)]
pub struct StorageProxy {
    port: u16,
    period: watch::Sender<Period>,
    server: JoinHandle<Infallible>,
}

/// A time with the same trouble throughout. Connections that are open when the next one begins are
/// decided anew: otherwise those that were spared once would be for ever.
#[derive(Clone, Copy, Debug, Default)]
struct Period {
    number: u64,
    trouble: Option<Trouble>,
}

/// What is to become of a connection in a period.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    Spared,
    Refused,
    /// After so many bytes of answers.
    Reset(u64),
}

/// One client, and how its fate is decided.
struct Connection {
    seed: u64,
    number: u64,
    period: watch::Receiver<Period>,
}

impl StorageProxy {
    /// Starts a proxy on a free port of 127.0.0.1, without trouble, before the one service that
    /// listens on `upstream`. The same seed decides the same fate for the connection of the same
    /// number.
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

    /// The port of 127.0.0.1 on which it listens.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Lets trouble begin, change or end. Connections that are open have their fate decided anew.
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
        // A client that is gone before it was accepted needs no proxy.
        let Ok((client, _)) = listener.accept().await else { continue };
        let connection = Connection { seed, number, period: period.clone() };
        connections.spawn(connection.carry(client, upstream));
        number += 1;
    }
}

impl Connection {
    /// Carries bytes both ways until one side ends, or until the connection's fate is met.
    async fn carry(self, mut client: TcpStream, upstream: u16) {
        let ended_well = tokio::select! {
            () = self.until_refused() => false,
            ended_well = self.carry_both_ways(&mut client, upstream) => ended_well,
        };
        if !ended_well {
            // An error says that the client has gone first.
            drop(client.set_zero_linger());
        }
    }

    async fn until_refused(&self) {
        let mut period = self.period.clone();
        let refused = period.wait_for(|period| self.fate(*period) == Fate::Refused).await.map(drop);
        if refused.is_err() {
            // The proxy has ended, and with it this task.
            std::future::pending::<()>().await;
        }
    }

    /// Whether the end was one side's own.
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

    /// Whether the answers ended by themselves.
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
                // What ends with the last byte that is allowed may be a whole answer.
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

/// The same numbers for the same words, whatever else is drawn meanwhile.
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
    fn a_seed_decides_the_same_fates_again_and_another_seed_or_period_others() {
        let trouble = Trouble { refuse: 0.3, reset: 0.5 };
        assert_eq!(fates(7, 1, trouble), fates(7, 1, trouble));
        assert_ne!(fates(7, 1, trouble), fates(8, 1, trouble));
        assert_ne!(fates(7, 1, trouble), fates(7, 2, trouble));
    }

    #[test]
    fn shares_are_of_connections_and_refusals_come_first() {
        let fates = fates(7, 1, Trouble { refuse: 0.5, reset: 1.0 });
        let refused = fates.iter().filter(|fate| **fate == Fate::Refused).count();
        assert!((400..600).contains(&refused), "{refused}");
        assert!(!fates.contains(&Fate::Spared));
    }
}
