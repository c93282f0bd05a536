//! The codes of warnings about a policy.

use std::fmt;

use crate::directory::nearest;

/// What a warning is about. A policy acknowledges warnings by their codes.
///
/// On the wire: a word in camel case, for example `"privilegedWithoutEnd"`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum WarningCode {
    /// A rule covers every role of an API, also those of the future.
    AnyRole,
    /// A rule is for an API that the policy protects.
    ApiProtected,
    /// A rule that only reads asks for approval.
    ApprovalWithoutEffect,
    /// Another rule allows all that a rule allows.
    CoveredRule,
    /// A rule that assigns nothing has a longest duration.
    DurationWithoutEffect,
    /// A rule has the same effect as another.
    EqualRule,
    /// A rule has expired.
    Expired,
    /// A rule expires within 30 days.
    ExpiresSoon,
    /// No function receives the events of a requester.
    FunctionMissing,
    /// The approvers of a rule cannot approve a request that it covers.
    NeverApproved,
    /// Everyone who can create a resource group can obtain the roles of a rule.
    NewResourceGroups,
    /// A principal of a rule is protected by the policy.
    PrincipalProtected,
    /// A rule without the mark names a privileged role.
    PrivilegedNotMarked,
    /// A rule grants privileged roles without approval.
    PrivilegedWithoutApproval,
    /// A rule grants privileged roles without an end.
    PrivilegedWithoutEnd,
    /// No function reads the queue of a requester.
    QueueWithoutFunction,
    /// A list has an entry twice.
    RepeatedEntry,
    /// The tenant does not have the API of a rule.
    UnknownApi,
    /// The API of a rule does not define a role.
    UnknownRole,
    /// The warning that an entry acknowledges does not occur.
    UnusedAcknowledgement,
    /// A wildcard is for roles of an API that the broker's own tenant does not own.
    WildcardWithoutEffect,
    /// A rule that only reads has a limit of writes.
    WriteLimitWithoutEffect,
}

impl WarningCode {
    /// All codes, in the order of their words.
    pub const ALL: [(Self, &'static str); 22] = [
        (Self::AnyRole, "anyRole"),
        (Self::ApiProtected, "apiProtected"),
        (Self::ApprovalWithoutEffect, "approvalWithoutEffect"),
        (Self::CoveredRule, "coveredRule"),
        (Self::DurationWithoutEffect, "durationWithoutEffect"),
        (Self::EqualRule, "equalRule"),
        (Self::Expired, "expired"),
        (Self::ExpiresSoon, "expiresSoon"),
        (Self::FunctionMissing, "functionMissing"),
        (Self::NeverApproved, "neverApproved"),
        (Self::NewResourceGroups, "newResourceGroups"),
        (Self::PrincipalProtected, "principalProtected"),
        (Self::PrivilegedNotMarked, "privilegedNotMarked"),
        (Self::PrivilegedWithoutApproval, "privilegedWithoutApproval"),
        (Self::PrivilegedWithoutEnd, "privilegedWithoutEnd"),
        (Self::QueueWithoutFunction, "queueWithoutFunction"),
        (Self::RepeatedEntry, "repeatedEntry"),
        (Self::UnknownApi, "unknownApi"),
        (Self::UnknownRole, "unknownRole"),
        (Self::UnusedAcknowledgement, "unusedAcknowledgement"),
        (Self::WildcardWithoutEffect, "wildcardWithoutEffect"),
        (Self::WriteLimitWithoutEffect, "writeLimitWithoutEffect"),
    ];

    /// Reads a code that can be acknowledged. The error says which codes there are.
    pub(super) fn parse_acknowledged(text: &str) -> Result<Self, String> {
        let acknowledged = Self::ALL.iter().filter(|(code, _)| code.can_be_acknowledged());
        if let Some((code, _)) = acknowledged.clone().find(|(_, word)| *word == text) {
            return Ok(*code);
        }
        let words: Vec<_> = acknowledged.map(|(_, word)| *word).collect();
        let similar = nearest(text, words.iter().copied()).into_iter().next();
        let similar = similar.map(|word| format!(" (did you mean {word:?}?)")).unwrap_or_default();
        Err(format!("expected the code of a warning{similar}; the codes are {}", words.join(", ")))
    }

    /// Whether a policy can acknowledge the warning.
    #[must_use]
    pub fn can_be_acknowledged(self) -> bool {
        self != Self::UnusedAcknowledgement
    }

    /// Whether the policy file alone causes the warning, so that every reader of the file finds it.
    #[must_use]
    pub fn is_about_the_file_alone(self) -> bool {
        !matches!(
            self,
            Self::FunctionMissing
                | Self::QueueWithoutFunction
                | Self::UnknownApi
                | Self::UnknownRole
                // Only the tenant knows who owns an API that is not Microsoft's.
                | Self::WildcardWithoutEffect
        )
    }
}

impl fmt::Display for WarningCode {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let known = Self::ALL.iter().find(|(code, _)| code == self);
        formatter.write_str(known.map_or("", |(_, word)| word))
    }
}
