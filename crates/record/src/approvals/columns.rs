//! The columns of the table of approvals.

use std::collections::{BTreeMap, BTreeSet};

use app_roles::{
    approval::{ApprovalState, ApprovalSubject},
    ids::{ApprovalId, InvocationId},
    names::{ApiName, PrincipalName, RoleName},
    request::Request,
    requester::Requester,
    text::{MessageId, printable, printable_json},
};
use azure_rest::tables::{Entity, literal::set_time};
use serde::de::IgnoredAny;
use serde_json::{Value, json};

use super::{
    cells::{self, UnreadableApproval, required},
    row::{ApprovalRow, ApproverDecision, CarryOut},
};

/// The key of the only row of an approval.
pub(super) const ROW_KEY: &str = "approval";

/// Columns that repeat others, for filters and readers. They must agree with the others.
const DERIVED: [&str; 7] =
    ["PartitionKey", "RowKey", "digest", "isOpen", "requester", "principalId", "requestId"];

impl ApprovalRow {
    /// The row as an entity. Times are rounded down to the 100 ns of the table service.
    #[must_use]
    pub fn to_entity(&self) -> Entity {
        let mut entity = Entity::new();
        let mut add = |name: &str, value: Value| entity.insert(name.to_owned(), value);
        add("PartitionKey", self.id.to_string().into());
        add("RowKey", ROW_KEY.into());
        add("state", json!(self.state));
        add("digest", self.subject.digest().to_string().into());
        add("isOpen", self.is_open().into());
        add("requester", self.requester.to_string().into());
        add("function", printable(&self.function).into());
        add("invocationId", self.invocation_id.to_string().into());
        add("principalId", self.subject.principal_id.to_string().into());
        add("resultIsDue", self.result_is_due.into());
        if let Some(id) = &self.message_id {
            add("messageId", id.to_string().into());
        }
        if let Some(id) = &self.request.request_id {
            add("requestId", id.to_string().into());
        }
        if let Some(carry_out) = &self.carry_out {
            add("carryOutBy", carry_out.invocation_id.to_string().into());
        }
        for (name, time) in [
            ("createdAt", Some(self.created_at)),
            ("expiresAt", Some(self.expires_at)),
            ("approvedAt", self.approved_at),
            ("finishedAt", self.finished_at),
            ("carryOutUntil", self.carry_out.map(|carry_out| carry_out.until)),
        ] {
            if let Some(time) = time {
                set_time(&mut entity, name, time);
            }
        }
        self.set_documents(&mut entity);
        entity
    }

    fn set_documents(&self, entity: &mut Entity) {
        cells::set_json(entity, "subject", &self.subject);
        cells::set_json(entity, "shown", &self.shown);
        cells::set_json(entity, "decisions", &self.decisions);
        cells::set_json(entity, "unsentEvents", &self.unsent_events);
        cells::set_long_text(entity, "request", &printable_json(&self.request.to_json()));
        if let Some(result) = &self.result {
            cells::set_long_text(entity, "result", result);
        }
    }

    /// Reads an entity. Columns that this version does not know are ignored.
    pub fn of_entity(entity: &Entity) -> Result<Self, UnreadableApproval> {
        let id = |column| cells::parsed(entity, column, ApprovalId::parse);
        let requester = |column| cells::parsed(entity, column, Requester::parse);
        let invocation = |column| cells::parsed(entity, column, InvocationId::parse);
        let time = |column| cells::time(entity, column);
        let row = Self {
            id: required("PartitionKey", id)?,
            state: required("state", |column| state(entity, column))?,
            subject: required("subject", |column| cells::json(entity, column))?,
            request: required("request", |column| request(entity, column))?,
            requester: required("requester", requester)?,
            function: required("function", |column| cells::printable_text(entity, column))?,
            invocation_id: required("invocationId", invocation)?,
            message_id: cells::parsed(entity, "messageId", MessageId::parse)?,
            shown: required("shown", |column| cells::json(entity, column))?,
            created_at: required("createdAt", time)?,
            expires_at: required("expiresAt", time)?,
            decisions: required("decisions", |column| decisions(entity, column))?,
            carry_out: carry_out(entity)?,
            approved_at: time("approvedAt")?,
            finished_at: time("finishedAt")?,
            result: result(entity, "result")?,
            result_is_due: required("resultIsDue", |column| cells::flag(entity, column))?,
            unsent_events: required("unsentEvents", |column| cells::json(entity, column))?,
        };
        row.check(entity)?;
        Ok(row)
    }

    /// Whether the columns about the end fit the state. A denial and an expiry count before their result is
    /// recorded.
    fn is_finished_as_its_state_says(&self) -> bool {
        match self.state {
            ApprovalState::Pending | ApprovalState::Approved => self.finished_at.is_none(),
            ApprovalState::Denied | ApprovalState::Expired => true,
            ApprovalState::Done | ApprovalState::Refused => self.finished_at.is_some(),
        }
    }

    /// Whether the columns agree with each other.
    fn check(&self, entity: &Entity) -> Result<(), UnreadableApproval> {
        let written = self.to_entity();
        for column in DERIVED {
            if cells::value(entity, column) != cells::value(&written, column) {
                return Err(UnreadableApproval(column));
            }
        }
        let is_approved = matches!(self.state, ApprovalState::Approved | ApprovalState::Done);
        for (column, agrees) in [
            ("requester", self.requester.to_string() == self.subject.requester),
            ("request", is_about(&self.request, &self.subject)),
            ("shown", self.shown.roles.len() == self.subject.roles.len()),
            ("approvedAt", !is_approved || self.approved_at.is_some()),
            ("finishedAt", self.is_finished_as_its_state_says()),
        ] {
            if !agrees {
                return Err(UnreadableApproval(column));
            }
        }
        Ok(())
    }
}

/// Whether a request names, by ids, exactly what the approvers are shown.
fn is_about(request: &Request, subject: &ApprovalSubject) -> bool {
    request.action == subject.action
        && request.principal == PrincipalName::ObjectId(subject.principal_id)
        && request.api == ApiName::ObjectId(subject.api_id)
        && request
            .roles
            .iter()
            .cloned()
            .eq(subject.roles.iter().map(|role| RoleName::from(role.id)))
}

fn state(
    entity: &Entity,
    column: &'static str,
) -> Result<Option<ApprovalState>, UnreadableApproval> {
    let Some(value) = cells::value(entity, column) else { return Ok(None) };
    serde_json::from_value(value.clone()).map(Some).map_err(|_| UnreadableApproval(column))
}

fn request(entity: &Entity, column: &'static str) -> Result<Option<Request>, UnreadableApproval> {
    let text = cells::long_text(entity, column)?;
    let read = |text: String| Request::decode(text.as_bytes());
    text.map(read).transpose().map_err(|_| UnreadableApproval(column))
}

/// The decisions. No approver may occur twice, because that would count for two.
fn decisions(
    entity: &Entity,
    column: &'static str,
) -> Result<Option<Vec<ApproverDecision>>, UnreadableApproval> {
    let decisions: Option<Vec<ApproverDecision>> = cells::json(entity, column)?;
    let mut approvers = BTreeSet::new();
    let mut all = decisions.iter().flatten();
    if all.all(|decision| approvers.insert(decision.approver)) {
        Ok(decisions)
    } else {
        Err(UnreadableApproval(column))
    }
}

fn carry_out(entity: &Entity) -> Result<Option<CarryOut>, UnreadableApproval> {
    let invocation_id = cells::parsed(entity, "carryOutBy", InvocationId::parse)?;
    let until = cells::time(entity, "carryOutUntil")?;
    match (invocation_id, until) {
        (None, None) => Ok(None),
        (Some(invocation_id), Some(until)) => Ok(Some(CarryOut { invocation_id, until })),
        (Some(_), None) => Err(UnreadableApproval("carryOutUntil")),
        (None, Some(_)) => Err(UnreadableApproval("carryOutBy")),
    }
}

/// The result. It must be a complete JSON object, so that a missing part is noticed.
fn result(entity: &Entity, column: &'static str) -> Result<Option<String>, UnreadableApproval> {
    let text = cells::long_text(entity, column)?;
    let is_object = |text: &str| serde_json::from_str::<BTreeMap<String, IgnoredAny>>(text).is_ok();
    match text {
        Some(text) if !is_object(&text) => Err(UnreadableApproval(column)),
        text => Ok(text),
    }
}
