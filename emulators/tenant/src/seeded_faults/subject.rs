//! The part of a request that decides its seeded faults.

use crate::request_log::Route;

/// The subject of a request. Requests with equal subjects meet the same faults in the same order.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct FaultSubject {
    pub(crate) route: Route,
    /// The principal's id; in reads of service principals, the key or the filter.
    pub(crate) principal: String,
    /// The API and its role; empty if the request names none.
    pub(crate) role: String,
}
