//! Waiting for what other processes do.

use std::{net::Ipv4Addr, time::Duration};

use tokio::{
    net::TcpStream,
    time::{error::Elapsed, interval, timeout},
};

/// The time between two looks. A test that looks without a pause takes the processor from the processes
/// that it waits for.
const INTERVAL: Duration = Duration::from_millis(20);

/// Looks until a look finds something, and returns it.
///
/// # Errors
///
/// If nothing was found within `limit`.
pub async fn until_found<T>(
    limit: Duration,
    mut look: impl AsyncFnMut() -> Option<T>,
) -> Result<T, Elapsed> {
    let found = async {
        let mut looks = interval(INTERVAL);
        loop {
            looks.tick().await;
            if let Some(found) = look().await {
                return found;
            }
        }
    };
    timeout(limit, found).await
}

/// Looks until the condition is met.
///
/// # Errors
///
/// If it was not met within `limit`.
pub async fn until(
    limit: Duration,
    mut condition: impl AsyncFnMut() -> bool,
) -> Result<(), Elapsed> {
    until_found(limit, async || condition().await.then_some(())).await
}

/// Waits until a process listens on this port.
///
/// # Errors
///
/// If no process listened within `limit`.
pub async fn until_listening(limit: Duration, port: u16) -> Result<(), Elapsed> {
    until(limit, async || TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await.is_ok()).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn what_is_found_is_returned_and_a_look_that_finds_nothing_is_repeated() {
        let mut looks = 0;
        let found = until_found(Duration::MAX, async || {
            looks += 1;
            (looks == 3).then_some("found")
        });
        assert_eq!(found.await, Ok("found"));
        assert_eq!(looks, 3);
    }

    #[tokio::test(start_paused = true)]
    async fn a_wait_ends_at_its_limit() {
        let before = tokio::time::Instant::now();
        until(Duration::from_secs(5), async || false).await.unwrap_err();
        assert_eq!(before.elapsed(), Duration::from_secs(5));
    }

    #[tokio::test]
    async fn a_port_is_listened_on_as_soon_as_a_connection_is_accepted() {
        let port = crate::free_port().unwrap();
        until_listening(Duration::ZERO, port).await.unwrap_err();
        let _listener = tokio::net::TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await.unwrap();
        until_listening(Duration::from_secs(60), port).await.unwrap();
    }
}
