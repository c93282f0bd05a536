#![doc = include_str!("../README.md")]

mod fair_semaphore;
mod keyed_lock;
mod moment;
mod round_robin;
mod shared_reads;
mod timed_cache;

pub use fair_semaphore::{FairPermit, FairSemaphore};
pub use keyed_lock::{KeyGuard, KeyedLock};
pub use moment::Moment;
pub use shared_reads::SharedReads;
pub use timed_cache::TimedCache;
