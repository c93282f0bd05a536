//! Reading response bodies, up to a limit.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::client::causes;

/// The largest body that is accepted from a route. Reading stops at the first byte beyond it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BodyLimit(usize);

impl BodyLimit {
    /// A few fields, or an error: 256 KiB.
    pub const SMALL: Self = Self(256 * 1024);
    /// One object or one page of a list: 8 MiB. The largest known object, the service principal of
    /// Microsoft Graph, takes less than 1 MiB, and a page of 999 objects takes about as much.
    pub const LARGE: Self = Self(8 * 1024 * 1024);
}

/// The number of large bodies that are in memory at once. Further ones wait until one is dropped, so that a
/// hostile or broken service cannot multiply [`BodyLimit::LARGE`] by the number of requests.
const MOST_LARGE_BODIES: usize = 8;

/// Limits how many large bodies are in memory at once.
#[derive(Debug, Clone)]
pub(crate) struct LargeBodies(Arc<Semaphore>);

/// A body that was read completely.
#[derive(Debug)]
pub(crate) struct Body {
    pub(crate) bytes: Vec<u8>,
    /// Present if the body is larger than [`BodyLimit::SMALL`].
    _place: Option<OwnedSemaphorePermit>,
}

impl Default for LargeBodies {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(MOST_LARGE_BODIES)))
    }
}

impl LargeBodies {
    /// Reads the body of a response. The error contains the causes.
    pub(crate) async fn read(
        &self,
        mut response: reqwest::Response,
        BodyLimit(limit): BodyLimit,
    ) -> Result<Body, String> {
        let too_large = || format!("the response is larger than {limit} bytes");
        if response.content_length().is_some_and(|length| length > limit as u64) {
            return Err(too_large());
        }
        let (mut bytes, mut place) = (Vec::new(), None);
        while let Some(chunk) = response.chunk().await.map_err(|error| causes(&error))? {
            let length = bytes.len() + chunk.len();
            if length > limit {
                return Err(too_large());
            }
            if length > BodyLimit::SMALL.0 && place.is_none() {
                place = self.0.clone().acquire_owned().await.ok();
            }
            bytes.extend_from_slice(&chunk);
        }
        Ok(Body { bytes, _place: place })
    }
}
