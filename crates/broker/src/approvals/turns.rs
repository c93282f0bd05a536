//! The order in which a run of the timer takes the requests.

use std::collections::BTreeMap;

use app_roles::approval::ApprovalState;
use record::approvals::ApprovalRow;

/// What is left to do for a request. The first kind is done first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Work {
    /// It is approved, and someone waits for the role.
    CarryOut,
    /// It was denied or has expired, and its result is not recorded yet.
    End,
    /// Its result and its events must be sent.
    Send,
    /// It waits for approvers: it may have to be shown to them again, or its time may be over. A flood of
    /// such requests must not delay the others.
    Wait,
}

impl Work {
    fn of(row: &ApprovalRow) -> Self {
        match row.state {
            _ if row.finished_at.is_some() => Self::Send,
            ApprovalState::Approved => Self::CarryOut,
            ApprovalState::Pending => Self::Wait,
            ApprovalState::Denied
            | ApprovalState::Expired
            | ApprovalState::Done
            | ApprovalState::Refused => Self::End,
        }
    }
}

/// Puts requests into the order in which they are worked on. Requesters take turns, so the many requests of
/// one do not delay those of another. Of one requester, the least recently tried comes first, so that
/// failing requests do not block the others.
pub(super) fn in_turn<T>(mut open: Vec<T>, row_of: fn(&T) -> &ApprovalRow) -> Vec<T> {
    open.sort_by_key(|one| {
        let row = row_of(one);
        (row.carry_out.map(|turn| turn.until), row.created_at)
    });
    let mut rounds: BTreeMap<(Work, String), usize> = BTreeMap::new();
    let with_round = open.into_iter().map(|one| {
        let work = Work::of(row_of(&one));
        let round = rounds.entry((work, row_of(&one).requester.to_string())).or_default();
        *round += 1;
        (work, *round, one)
    });
    let mut with_round: Vec<_> = with_round.collect();
    // Within a round, the order from above remains.
    with_round.sort_by_key(|(work, round, _)| (*work, *round));
    with_round.into_iter().map(|(.., one)| one).collect()
}

#[cfg(test)]
mod tests;
