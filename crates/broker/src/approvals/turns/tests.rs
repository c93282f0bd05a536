use app_roles::{ids::InvocationId, requester::Requester};
use record::approvals::CarryOut;
use time::Duration;

use super::{
    super::sample_row::{BEGAN, row},
    *,
};

/// A request of a queue in a state, which was created at this minute.
fn request(queue: &str, state: ApprovalState, minute: i64) -> ApprovalRow {
    let created_at = BEGAN + Duration::minutes(minute);
    ApprovalRow { requester: Requester::Queue(queue.to_owned()), state, created_at, ..row() }
}

/// Each request in turn, as its queue and its minute.
fn turns(open: Vec<ApprovalRow>) -> Vec<String> {
    let name = |row: ApprovalRow| {
        format!("{} {}", row.requester, (row.created_at - BEGAN).whole_minutes())
    };
    in_turn(open, |row| row).into_iter().map(name).collect()
}

#[test]
fn approved_requests_come_before_all_that_wait() {
    let done = ApprovalRow { finished_at: Some(BEGAN), ..request("sent", ApprovalState::Done, 0) };
    let open = vec![
        request("flood", ApprovalState::Pending, 0),
        request("flood", ApprovalState::Pending, 1),
        done,
        request("denied", ApprovalState::Denied, 2),
        request("expired", ApprovalState::Expired, 3),
        request("approved", ApprovalState::Approved, 4),
    ];
    assert_eq!(
        turns(open),
        [
            "queue:approved 4",
            "queue:denied 2",
            "queue:expired 3",
            "queue:sent 0",
            "queue:flood 0",
            "queue:flood 1"
        ]
    );
}

#[test]
fn the_many_requests_of_one_requester_do_not_delay_those_of_another() {
    for state in [ApprovalState::Pending, ApprovalState::Approved] {
        let mut open: Vec<_> = (0..3).map(|minute| request("flood", state, minute)).collect();
        open.extend([request("other", state, 10), request("third", state, 11)]);
        let expected =
            ["queue:flood 0", "queue:other 10", "queue:third 11", "queue:flood 1", "queue:flood 2"];
        assert_eq!(turns(open), expected);
    }
}

#[test]
fn what_was_tried_least_recently_comes_first_of_a_requester() {
    let tried = |minute, until| {
        let carry_out = Some(CarryOut { invocation_id: InvocationId::random(), until });
        ApprovalRow { carry_out, ..request("team", ApprovalState::Approved, minute) }
    };
    let open = vec![
        tried(0, BEGAN + Duration::hours(2)),
        tried(1, BEGAN + Duration::HOUR),
        request("team", ApprovalState::Approved, 2),
    ];
    assert_eq!(turns(open), ["queue:team 2", "queue:team 1", "queue:team 0"]);
}
