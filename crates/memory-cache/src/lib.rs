#![doc = include_str!("../README.md")]

mod keyed_lock;
mod timed_cache;

pub use keyed_lock::{KeyGuard, KeyedLock};
pub use timed_cache::TimedCache;
