#![doc = include_str!("../README.md")]

mod keyed_lock;
mod moment;
mod shared_reads;
mod timed_cache;

pub use keyed_lock::{KeyGuard, KeyedLock};
pub use moment::Moment;
pub use shared_reads::SharedReads;
pub use timed_cache::TimedCache;
