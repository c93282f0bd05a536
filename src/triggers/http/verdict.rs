//! The status of a response, from the outcome of each role.

use super::problem::ProblemType;
use app_roles::{
    outcome::{Code, RoleOutcome, Status},
    result::RequestResult,
};

/// The status codes of success (RFC 9110).
pub(super) const OK: u16 = 200;
pub(super) const CREATED: u16 = 201;
pub(super) const ACCEPTED: u16 = 202;

/// The detail if the role has no message.
const SEE_ROLES: &str = "see roles";

/// The order of problems if the roles of a request have several: the first one found represents the
/// request. Those that the caller can do least about come first. Those that a retry may solve precede a
/// refusal by Graph.
const BY_WEIGHT: [ProblemType; 9] = [
    ProblemType::Denied,
    ProblemType::Invalid,
    ProblemType::Expired,
    ProblemType::NotFound,
    ProblemType::Ambiguous,
    ProblemType::RateLimited,
    ProblemType::RecordUnavailable,
    ProblemType::Unavailable,
    ProblemType::GraphRefused,
];

/// The status of a success, or the problem with the message of its role. 201 means that an assignment was
/// created, and 202 that the request waits for approval.
pub(super) type Verdict = Result<u16, (ProblemType, String)>;

/// The status or the problem of a result.
pub(super) fn verdict(result: &RequestResult) -> Verdict {
    of_roles(&result.roles, result.principal.is_some())
}

fn of_roles(roles: &[RoleOutcome], knows_principal: bool) -> Verdict {
    let problems: Vec<_> = roles
        .iter()
        .filter_map(|role| Some((problem(role, knows_principal)?, role.message.clone())))
        .collect();
    let heaviest = |kind| problems.iter().find(|(problem, _)| *problem == kind);
    if let Some((kind, message)) = BY_WEIGHT.into_iter().find_map(heaviest) {
        return Err((*kind, message.clone().unwrap_or_else(|| SEE_ROLES.to_owned())));
    }
    if roles.iter().any(|role| role.status == Status::NotAttempted) {
        return Err((ProblemType::Unavailable, SEE_ROLES.to_owned()));
    }
    if roles.iter().any(|role| role.status == Status::PendingApproval) {
        return Ok(ACCEPTED);
    }
    let created = roles.iter().any(|role| role.status == Status::Assigned);
    Ok(if created { CREATED } else { OK })
}

/// The problem of one role.
fn problem(role: &RoleOutcome, knows_principal: bool) -> Option<ProblemType> {
    match role.status {
        Status::Assigned
        | Status::AlreadyAssigned
        | Status::Revoked
        | Status::AlreadyRevoked
        | Status::WouldAssign
        | Status::WouldRevoke
        | Status::PendingApproval
        // Another role has the problem.
        | Status::NotAttempted => None,
        // Without a time, the limit never allows it.
        Status::Denied if role.code == Some(Code::RateLimited) && role.not_before.is_some() => {
            Some(ProblemType::RateLimited)
        }
        Status::Denied => Some(ProblemType::Denied),
        Status::Invalid => Some(ProblemType::Invalid),
        Status::Expired => Some(ProblemType::Expired),
        Status::NotFound => Some(ProblemType::NotFound),
        Status::Ambiguous => Some(ProblemType::Ambiguous),
        Status::Failed => Some(failure(role.code, knows_principal)),
        Status::Unknown => Some(ProblemType::Unavailable),
    }
}

/// The problem of a failed role. It says whether a retry may help. A failure with any other code is a
/// refusal by Microsoft Graph.
fn failure(code: Option<Code>, knows_principal: bool) -> ProblemType {
    match code {
        Some(
            Code::Throttled
            | Code::GraphUnavailable
            | Code::NotSignedIn
            | Code::IdentityNotConfirmed
            | Code::Paused,
        ) => ProblemType::Unavailable,
        Some(Code::RecordUnavailable) => ProblemType::RecordUnavailable,
        // One replica of Graph knows the principal already, and another one does not.
        Some(Code::PrincipalNotFound) if knows_principal => ProblemType::Unavailable,
        Some(Code::PrincipalNotFound) => ProblemType::NotFound,
        _ => ProblemType::GraphRefused,
    }
}

#[cfg(test)]
mod tests {
    use Status::{
        AlreadyAssigned, AlreadyRevoked, Ambiguous, Assigned, Denied, Expired, Failed, Invalid,
        NotAttempted, NotFound, Revoked, WouldAssign, WouldRevoke,
    };

    use super::*;

    fn of(roles: &[(Status, Option<Code>)]) -> Result<u16, ProblemType> {
        let outcome = |(status, code): &(Status, Option<Code>)| RoleOutcome {
            code: *code,
            ..RoleOutcome::new(*status)
        };
        let roles: Vec<_> = roles.iter().map(outcome).collect();
        of_roles(&roles, false).map_err(|(kind, _)| kind)
    }

    fn plain(statuses: &[Status]) -> Result<u16, ProblemType> {
        of(&statuses.iter().map(|status| (*status, None)).collect::<Vec<_>>())
    }

    #[test]
    fn a_refusal_outweighs_what_is_only_its_consequence() {
        for (statuses, kind) in [
            (&[NotAttempted, NotFound, Denied][..], ProblemType::Denied),
            (&[Ambiguous, Invalid, NotAttempted], ProblemType::Invalid),
            (&[Ambiguous, NotFound], ProblemType::NotFound),
            (&[NotAttempted, Ambiguous], ProblemType::Ambiguous),
            (&[Expired, Expired], ProblemType::Expired),
        ] {
            assert_eq!(plain(statuses), Err(kind), "{statuses:?}");
        }
    }

    #[test]
    fn a_failure_that_may_pass_outweighs_one_that_will_not() {
        let (quota, busy) = (Some(Code::DirectoryFull), Some(Code::Throttled));
        for roles in [[(Failed, quota), (Failed, busy)], [(Failed, busy), (Failed, quota)]] {
            assert_eq!(of(&roles), Err(ProblemType::Unavailable));
        }
        assert_eq!(of(&[(Assigned, None), (Failed, quota)]), Err(ProblemType::GraphRefused));
        assert_eq!(of(&[(Failed, None)]), Err(ProblemType::GraphRefused));
    }

    #[test]
    fn what_was_not_done_is_never_a_success() {
        for statuses in [&[NotAttempted][..], &[Assigned, NotAttempted], &[Failed, Assigned]] {
            assert!(plain(statuses).is_err(), "{statuses:?}");
        }
    }

    #[test]
    fn only_a_created_assignment_is_201() {
        assert_eq!(plain(&[AlreadyAssigned, Assigned]), Ok(CREATED));
        for statuses in [
            &[AlreadyAssigned][..],
            &[Revoked, AlreadyRevoked],
            &[WouldAssign, AlreadyAssigned],
            &[WouldRevoke],
        ] {
            assert_eq!(plain(statuses), Ok(OK), "{statuses:?}");
        }
    }
}
