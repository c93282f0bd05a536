use std::sync::atomic::{AtomicU64, Ordering::SeqCst};

static NEXT: AtomicU64 = AtomicU64::new(0);

/// A point in the order of events in this process.
///
/// It tells which of two events came first. A clock cannot, because two events may have the same time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Moment(u64);

impl Moment {
    /// A moment later than all others so far.
    #[must_use]
    pub fn now() -> Self {
        Self(NEXT.fetch_add(1, SeqCst))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_later_moment_is_greater() {
        let (first, second) = (Moment::now(), Moment::now());
        assert!(first < second);
    }
}
