//! Receives the bodies of calls, in a bounded amount of memory.
//!
//! Many bodies may arrive at the same time, each in many chunks. If each took memory chunk by chunk, all of
//! it could be held by bodies that wait for more, and none could end. So a body takes memory at most twice:
//! for its beginning, and once for the largest rest. The two are separate, and a body that has both waits
//! for nothing. So a body that waits for a rest waits only for bodies that can end.

use bytes::{Buf, Bytes, BytesMut};
use futures_util::{Stream, StreamExt};
use memory_cache::{FairPermit, FairSemaphore};

/// The largest envelope in bytes. A queue message has at most 64 KiB; base64 and double encoding at most
/// triple it. The body of an HTTP request may be larger.
pub(crate) const LARGEST_ENVELOPE: usize = 1024 * 1024;

/// The longest beginning of a body. Nearly all calls have no more: an envelope about one request has less
/// than 8 KiB.
pub(crate) const LONGEST_BEGINNING: usize = 16 * 1024;

/// The size of all beginnings in memory together: twice as many as there are concurrent invocations.
pub(crate) const MOST_OF_BEGINNINGS: usize = 1024 * LONGEST_BEGINNING;

/// The size of everything else in memory together. At 64 KiB a message, tripled by its encodings, 512
/// concurrent invocations take at most 88 MiB.
pub(crate) const MOST_OF_RESTS: usize = 112 * 1024 * 1024;

/// What a call has sent.
pub(crate) enum Body {
    Whole(Bytes),
    /// The envelope is larger than [`LARGEST_ENVELOPE`]. The function decides on the reply, because an HTTP
    /// caller needs a response.
    TooLarge,
    Broken,
}

/// The memory for bodies, one permit for each byte. Functions take turns.
pub(crate) struct BodyMemory {
    pub(crate) beginnings: FairSemaphore<String>,
    pub(crate) rests: FairSemaphore<String>,
}

/// The memory of one body, until it is dropped.
#[derive(Default)]
pub(crate) struct Held {
    beginning: Option<FairPermit<String>>,
    rest: Option<FairPermit<String>>,
}

impl Default for BodyMemory {
    fn default() -> Self {
        Self {
            beginnings: FairSemaphore::new(MOST_OF_BEGINNINGS),
            rests: FairSemaphore::new(MOST_OF_RESTS),
        }
    }
}

impl BodyMemory {
    /// Reads a whole body and keeps it up to the limit, with a permit for each of its bytes. The rest is
    /// read and dropped: the host sends chunks without a length, and reads the response only after it has
    /// sent everything.
    pub(crate) async fn collect<B: Buf>(
        &self,
        function: &str,
        body: impl Stream<Item = Result<B, warp::Error>>,
    ) -> (Body, Held) {
        let (mut body, function) = (std::pin::pin!(body), function.to_owned());
        let (mut collected, mut held, mut too_large) = (BytesMut::new(), Held::default(), false);
        while let Some(chunk) = body.next().await {
            let Ok(mut chunk) = chunk else { return (Body::Broken, Held::default()) };
            let (more, length) = (chunk.remaining(), collected.len() + chunk.remaining());
            too_large |= length > LARGEST_ENVELOPE;
            if too_large {
                (collected, held) = (BytesMut::new(), Held::default());
                continue;
            }
            self.make_room(&mut held, (&function, length)).await;
            collected.extend_from_slice(&chunk.copy_to_bytes(more));
        }
        held.keep(collected.len());
        let body = if too_large { Body::TooLarge } else { Body::Whole(collected.freeze()) };
        (body, held)
    }

    /// Takes memory for a body that has this length so far. The first call is for the beginning: this order
    /// is the same for all bodies.
    async fn make_room(&self, held: &mut Held, (function, length): (&String, usize)) {
        if held.beginning.is_none() {
            held.beginning = Some(self.beginnings.acquire(function, LONGEST_BEGINNING).await);
        }
        if length > LONGEST_BEGINNING && held.rest.is_none() {
            let longest = LARGEST_ENVELOPE - LONGEST_BEGINNING;
            held.rest = Some(self.rests.acquire(function, longest).await);
        }
    }
}

impl Held {
    /// Returns what a body of this length does not need.
    fn keep(&mut self, length: usize) {
        if let Some(beginning) = &mut self.beginning {
            beginning.keep(length.min(LONGEST_BEGINNING));
        }
        if let Some(rest) = &mut self.rest {
            rest.keep(length.saturating_sub(LONGEST_BEGINNING));
        }
    }
}

#[cfg(test)]
mod tests {
    use futures_util::stream;

    use super::*;

    fn chunk(length: usize) -> Result<Bytes, warp::Error> {
        Ok(Bytes::from(vec![b'a'; length]))
    }

    /// The permits that are free: for beginnings, and for the rest.
    fn free(memory: &BodyMemory) -> (usize, usize) {
        (memory.beginnings.free(), memory.rests.free())
    }

    #[tokio::test]
    async fn a_body_that_is_too_large_is_not_kept() {
        let memory = BodyMemory::default();
        let body = stream::iter((0..40).map(|_| chunk(LARGEST_ENVELOPE / 2)));
        let (body, _held) = memory.collect("Echo", body).await;
        assert!(matches!(body, Body::TooLarge));
        assert_eq!(free(&memory), (MOST_OF_BEGINNINGS, MOST_OF_RESTS));
    }

    #[tokio::test]
    async fn a_body_that_has_arrived_holds_a_permit_for_each_of_its_bytes() {
        for length in [0, 1, LONGEST_BEGINNING, LONGEST_BEGINNING + 1, LARGEST_ENVELOPE] {
            let memory = BodyMemory::default();
            let chunks = stream::iter([chunk(length / 2), chunk(length - length / 2)]);
            let (body, held) = memory.collect("Echo", chunks).await;
            assert!(matches!(body, Body::Whole(body) if body.len() == length));
            let (beginnings, rests) = free(&memory);
            assert_eq!(MOST_OF_BEGINNINGS - beginnings + MOST_OF_RESTS - rests, length);
            drop(held);
            assert_eq!(free(&memory), (MOST_OF_BEGINNINGS, MOST_OF_RESTS));
        }
    }
}
