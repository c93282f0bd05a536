//! Tests of a policy, as a file states them.

use app_roles::{
    code::Code,
    duration::AssignmentDuration,
    end::RequestedEnd,
    ids::ObjectId,
    names::{ApiName, PrincipalName},
    request::Action,
    requester::Requester,
};
use time::OffsetDateTime;

use super::{
    super::verdict::Facts,
    words::{ConfirmationWord, DecisionWord},
};

/// The tests of one file.
#[derive(Debug)]
pub(super) struct TestFile {
    /// The file's name, as the operator typed it or as the folder lists it.
    pub(super) name: String,
    pub(super) tests: Vec<TestCase>,
}

/// One test.
#[derive(Debug)]
pub(super) struct TestCase {
    /// The name, unique in its file.
    pub(super) name: String,
    /// The position in the file, from 0.
    pub(super) index: usize,
    pub(super) input: Input,
    pub(super) facts: Facts,
    /// The names that the request has.
    pub(super) names: (PrincipalName, ApiName),
    /// The time of the decision. `None` is the time of the run.
    pub(super) now: Option<OffsetDateTime>,
    pub(super) expected: Expected,
}

/// The question of a test.
#[derive(Debug)]
pub(super) enum Input {
    /// A request to assign or to revoke.
    Change { requester: Requester, action: Action, end: Option<RequestedEnd> },
    /// A request to read.
    Reading { requester: Requester },
    /// The baseline.
    Baseline,
}

/// The expectation of a test. The test does not check what is `None`.
#[derive(Debug)]
pub(super) struct Expected {
    pub(super) decision: DecisionWord,
    /// The rule that decides. For a denial, a rule that lacks at most one thing.
    pub(super) rule: Option<String>,
    pub(super) code: Option<Code>,
    pub(super) end: Option<ExpectedEnd>,
    /// The approvers whose approval counts, sorted.
    pub(super) approvers: Option<Vec<ObjectId>>,
    /// How many must approve.
    pub(super) count: Option<u64>,
    /// How long the request waits.
    pub(super) within: Option<AssignmentDuration>,
    pub(super) confirmation: Option<ConfirmationWord>,
}

/// When an assignment is expected to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ExpectedEnd {
    /// Never.
    None,
    /// This long after the decision.
    After(AssignmentDuration),
    /// At this time.
    At(OffsetDateTime),
}
