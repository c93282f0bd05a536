//! Requests that are posted in the background, as many at once as the host delivers.

use std::time::Duration;

use anyhow::Result;
use app_process::app::most_messages_in_flight;
use futures_util::{Stream, StreamExt as _, stream};
use tokio::{task::JoinHandle, time::interval};

use crate::handler_calls::{Call, client, post_each};

/// Requests that are being posted. Dropping it abandons those that have no answer yet.
pub(crate) struct Flood {
    task: JoinHandle<Result<()>>,
}

impl Flood {
    /// Begins to post the calls in order.
    pub(crate) fn start(calls: Vec<Call>) -> Result<Self> {
        Self::of(stream::iter(calls))
    }

    /// Begins to post the calls in order, one in each interval.
    pub(crate) fn paced(calls: Vec<Call>, every: Duration) -> Result<Self> {
        let ticks = stream::unfold(interval(every), |mut ticks| async {
            ticks.tick().await;
            Some(((), ticks))
        });
        Self::of(stream::iter(calls).zip(ticks).map(|(call, ())| call))
    }

    fn of(calls: impl Stream<Item = Call> + Send + 'static) -> Result<Self> {
        let (client, in_flight) = (client()?, most_messages_in_flight()?);
        let task =
            tokio::spawn(async move { post_each(&client, calls, in_flight).await.map(|_| ()) });
        Ok(Self { task })
    }
}

impl Drop for Flood {
    fn drop(&mut self) {
        self.task.abort();
    }
}
