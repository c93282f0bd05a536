//! One invocation: what it does, step by step. It may die between any two steps.

use app_roles::{
    directory::Assignment,
    ids::{AppId, InvocationId},
};
use record::ends::{
    Details,
    rules::{NewEnd, Step},
};
use time::{Duration, OffsetDateTime};

/// The time limit of an invocation, in seconds. It writes nothing after that.
pub(crate) const TIME_LIMIT: i64 = 60;

/// What an invocation does.
#[derive(Debug, Clone)]
pub(crate) enum Work {
    /// Carries out a request. The end is in seconds from the start of the invocation, or of the world.
    Grant { end: Option<i64>, is_duration: bool, message: u8 },
    /// Removes what is held.
    Revoke,
    /// The timer.
    EndAssignments,
}

/// Where an invocation is.
#[derive(Debug, Clone)]
pub(crate) enum Phase {
    /// It is about to read what is held.
    Look,
    /// It is about to change the row, and then continues with `then`.
    Change { fact: Fact, then: Box<Phase> },
    /// It has read the row, and is about to store the change, if the row is the same.
    Store { fact: Fact, then: Box<Phase>, etag: Option<u64>, next: record::ends::rules::Next },
    /// It is about to create the assignment.
    Post,
    /// It is about to remove an assignment.
    Delete(String),
    /// It is about to answer. `about` is the assignment, if it is known.
    Answer { about: Option<String>, end: Option<OffsetDateTime> },
    /// It has answered.
    Done,
    /// It was interrupted, or left its work to another delivery.
    Cut,
}

/// A step that owns what it is about.
#[derive(Debug, Clone)]
pub(crate) enum Fact {
    Announced,
    Found(Assignment),
    Created(Assignment),
    Existed(Option<Assignment>),
    NotWritten,
    Removed(String, OffsetDateTime),
    Gone(String),
    Listed(Option<Assignment>, OffsetDateTime),
}

/// An invocation.
#[derive(Debug, Clone)]
pub(crate) struct Invocation {
    pub(crate) work: Work,
    pub(crate) id: InvocationId,
    pub(crate) started: OffsetDateTime,
    pub(crate) is_first_delivery: bool,
    pub(crate) phase: Phase,
    pub(crate) new_end: Option<NewEnd>,
    /// When its write was announced, until the row says what became of it.
    pub(crate) open_since: Option<i64>,
    /// When it last checked whether a row covers the assignment that it made permanent.
    pub(crate) looked_at: Option<i64>,
}

impl Invocation {
    pub(crate) fn new(work: Work, now: OffsetDateTime, is_first_delivery: bool) -> Self {
        let id = InvocationId::random();
        let new_end = match work {
            Work::Grant { end: Some(end), is_duration, message } => {
                let from = if is_duration { now } else { OffsetDateTime::UNIX_EPOCH };
                Some(NewEnd {
                    end: from + Duration::seconds(end),
                    since: now,
                    until: now + Duration::seconds(TIME_LIMIT),
                    details: details(id, message),
                })
            }
            Work::Grant { end: None, .. } | Work::Revoke | Work::EndAssignments => None,
        };
        Self {
            work,
            id,
            started: now,
            is_first_delivery,
            phase: Phase::Look,
            new_end,
            open_since: None,
            looked_at: None,
        }
    }

    pub(crate) fn is_over(&self) -> bool {
        matches!(self.phase, Phase::Done | Phase::Cut)
    }

    pub(crate) fn step<'a>(&'a self, fact: &'a Fact) -> Step<'a> {
        let end = self.new_end.as_ref();
        match fact {
            Fact::Announced => Step::Announced(end.expect("only an end is announced")),
            Fact::Found(held) => Step::Found(held, end),
            Fact::Created(made) => Step::Created(made, end),
            Fact::Existed(held) => Step::Existed(held.as_ref(), end),
            Fact::NotWritten => Step::NotWritten(self.id),
            Fact::Removed(id, at) => Step::Removed(id, *at),
            Fact::Gone(id) => Step::Gone(id),
            Fact::Listed(held, at) => Step::Listed(held.as_ref(), *at),
        }
    }
}

pub(crate) fn details(invocation_id: InvocationId, message: u8) -> Details {
    Details {
        requester: "queue:app-role-requests".to_owned(),
        request_id: None,
        // Message 0 stands for requests without one.
        message_id: (message > 0).then(|| message.to_string()),
        invocation_id,
        function: "AssignRole".to_owned(),
        rule: "rule".to_owned(),
        reason: None,
        app_role_value: None,
        api_app_id: AppId::parse("c0a70500-0000-4000-8000-0000000000b0").unwrap(),
        api_display_name: None,
        principal_display_name: None,
    }
}
