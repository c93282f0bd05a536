//! The status of an answer, from what came of each role.

use super::problem::ProblemType;
use app_roles::outcome::{Code, RoleOutcome, Status};
use broker::Decision;

/// The statuses of success (RFC 9110).
pub(super) const OK: u16 = 200;
pub(super) const CREATED: u16 = 201;

/// What is said where nothing is said of the role itself.
const SEE_ROLES: &str = "see roles";

/// Which problem speaks for the request, where its roles have several: what the caller can do least
/// about comes first; and if anything is worth repeating, repeating is the advice.
const BY_WEIGHT: [ProblemType; 7] = [
    ProblemType::Denied,
    ProblemType::Invalid,
    ProblemType::Expired,
    ProblemType::NotFound,
    ProblemType::Ambiguous,
    ProblemType::Unavailable,
    ProblemType::GraphRefused,
];

/// The status of a success, 201 if an assignment was created; or the problem, with what is said of the
/// role that has it.
pub(super) type Verdict = Result<u16, (ProblemType, String)>;

/// What a decision means to the caller.
pub(super) fn verdict(decision: &Decision) -> Verdict {
    let knows_principal = decision.principal.is_some();
    let problems: Vec<_> = decision
        .roles
        .iter()
        .filter_map(|role| Some((problem(role, knows_principal)?, role.message.clone())))
        .collect();
    let heaviest = |kind| problems.iter().find(|(problem, _)| *problem == kind);
    if let Some((kind, message)) = BY_WEIGHT.into_iter().find_map(heaviest) {
        return Err((*kind, message.clone().unwrap_or_else(|| SEE_ROLES.to_owned())));
    }
    if decision.roles.iter().any(|role| role.status == Status::NotAttempted) {
        return Err((ProblemType::Unavailable, SEE_ROLES.to_owned()));
    }
    let created = decision.roles.iter().any(|role| role.status == Status::Assigned);
    Ok(if created { CREATED } else { OK })
}

/// What is in the way of one role.
fn problem(role: &RoleOutcome, knows_principal: bool) -> Option<ProblemType> {
    match role.status {
        Status::Assigned
        | Status::AlreadyAssigned
        | Status::Revoked
        | Status::AlreadyRevoked
        | Status::WouldAssign
        | Status::WouldRevoke
        // Another role's problem.
        | Status::NotAttempted => None,
        Status::Denied => Some(ProblemType::Denied),
        Status::Invalid => Some(ProblemType::Invalid),
        Status::Expired => Some(ProblemType::Expired),
        Status::NotFound => Some(ProblemType::NotFound),
        Status::Ambiguous => Some(ProblemType::Ambiguous),
        Status::Failed => Some(failure(role.code, knows_principal)),
    }
}

/// Whether to repeat the call is of use. Who was asked in vain is Microsoft Graph, but for signing in and
/// for the record.
fn failure(code: Option<Code>, knows_principal: bool) -> ProblemType {
    match code {
        Some(
            Code::Throttled
            | Code::GraphUnavailable
            | Code::NotSignedIn
            | Code::RecordUnavailable
            | Code::Paused,
        ) => ProblemType::Unavailable,
        // One of Graph's replicas knows it already and another one does not.
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
        let roles = roles.iter().map(outcome).collect();
        verdict(&Decision { roles, ..Decision::default() }).map_err(|(kind, _)| kind)
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
    fn among_failures_the_one_that_may_pass_is_the_advice() {
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
    fn only_what_was_created_is_201() {
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
