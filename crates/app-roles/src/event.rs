//! Events that Event Grid delivers, read leniently: whatever is not about the broker is no fault.
//!
//! An event decides nothing. It says where to look; what is there, Azure Resource Manager and Microsoft
//! Graph say. Of the claims of whoever caused it, which are personal data, only the object id is read,
//! for the log.

mod kept;
#[cfg(test)]
mod tests;
mod wire;

use std::fmt;

use time::OffsetDateTime;

use crate::{
    arm::ArmScope,
    ids::{Guid, ObjectId},
    resource_type::ResourceType,
};

/// Most events of one delivery. Event Grid puts one into a queue message, and at most a megabyte of
/// them into a batch; each may cost several calls.
pub const MOST_EVENTS: usize = 100;

/// A resource was created or changed ("Azure subscription as an Event Grid source").
pub const RESOURCE_WRITTEN: &str = "Microsoft.Resources.ResourceWriteSuccess";

/// The same from another publisher ("Azure Resource Notifications - Resource Management events").
pub const RESOURCE_CREATED_OR_UPDATED: &str =
    "Microsoft.ResourceNotifications.Resources.CreatedOrUpdated";

/// Somebody asks for an assignment by an event of their own; its data is the request.
pub const ASSIGNMENT_REQUESTED: &str = "AppRoleBroker.AssignmentRequested";

/// The broker itself asks whether an identity has what the baseline gives it.
pub const BASELINE_CHECK_REQUESTED: &str = "AppRoleBroker.BaselineCheckRequested";

/// What one event means to the broker.
///
/// ```json
/// { "topic": "/subscriptions/1111…", "subject": "/subscriptions/1111…/providers/…/id-orders",
///   "eventType": "Microsoft.Resources.ResourceWriteSuccess", "eventTime": "2026-08-20T10:00:01Z",
///   "data": { "correlationId": "2222…", "claims": { } } }
/// ```
///
/// The same in the schema of CloudEvents 1.0: `specversion`, `source`, `type` and `time` in place of
/// `topic`, `eventType` and `eventTime`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// A resource was created or changed, and may have an identity.
    ResourceWritten(ResourceWritten),
    /// Somebody asks for an assignment.
    AssignmentRequested(AssignmentRequested),
    /// An identity is to be compared with the baseline.
    BaselineCheckRequested(BaselineCheckRequested),
    /// Nothing.
    Ignored(Ignored),
}

/// A resource was created or changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResourceWritten {
    /// The resource.
    pub resource: ArmScope,
    /// The subscription or resource group whose events these are.
    pub topic: ArmScope,
    /// When it was written.
    pub time: Option<OffsetDateTime>,
    /// What led to it, for the log.
    pub cause: Cause,
}

/// What led to an event, as far as it is read. It decides nothing: an event proves nobody.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Cause {
    /// The object id of whoever wrote the resource.
    pub author: Option<ObjectId>,
    /// By which name Azure's own log knows the operation.
    pub correlation_id: Option<Guid>,
}

impl fmt::Display for Cause {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = |id: Option<String>| id.unwrap_or_else(|| "unknown".to_owned());
        let author = shown(self.author.map(|id| id.to_string()));
        let correlation_id = shown(self.correlation_id.map(|id| id.to_string()));
        write!(formatter, "author {author}, correlation id {correlation_id}")
    }
}

/// Somebody asks for an assignment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AssignmentRequested {
    /// The request, as JSON; what it asks for was not looked at.
    pub request: String,
    /// When the event was published.
    pub time: Option<OffsetDateTime>,
}

/// An identity is to be compared with the baseline.
///
/// ```json
/// { "eventType": "AppRoleBroker.BaselineCheckRequested", "eventTime": "2026-08-20T10:00:01Z",
///   "data": { "principalId": "1111…" } }
/// ```
///
/// It says where to look and nothing else. Whoever makes one up gives nobody more than the baseline does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BaselineCheckRequested {
    /// The identity.
    pub principal: ObjectId,
    /// Since when it may lack something.
    pub time: Option<OffsetDateTime>,
}

/// Why an event leads to nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Ignored {
    /// It is no event of a schema that is known here.
    Unreadable,
    /// It is about something else.
    OtherType,
    /// Its subject does not lie in its topic, so it was not Azure that wrote it.
    WrongTopic,
    /// Its subject is no resource.
    NoResource,
    /// Its subject is of a type that has no identity.
    TypeWithoutIdentity,
    /// No rule of the baseline covers its subject, or the policy protects it.
    NoRule,
    /// The resource was looked at after the event, and had all that it should have.
    Settled,
    /// The resource has no identity.
    NoIdentity,
    /// The identity is protected, or the broker's own.
    Guarded,
}

/// Why a delivery is no list of events.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidEvents {
    /// Not JSON, or neither an object nor an array.
    #[error("neither an event nor an array of events in JSON")]
    Malformed,
    /// More than [`MOST_EVENTS`].
    #[error("{0} events in one delivery; {MOST_EVENTS} are read")]
    TooMany(usize),
}

impl Event {
    /// Reads one event or an array of events, as JSON.
    pub fn decode(text: &[u8]) -> Result<Vec<Self>, InvalidEvents> {
        let events = wire::split(text)?;
        if events.len() > MOST_EVENTS {
            return Err(InvalidEvents::TooMany(events.len()));
        }
        Ok(events.into_iter().map(wire::read).collect())
    }
}

/// A resource that was written, if it may have an identity.
fn resource_written(
    subject: &str,
    topic: &str,
    time: Option<OffsetDateTime>,
) -> Result<ResourceWritten, Ignored> {
    let resource = ArmScope::parse(subject).map_err(|_| Ignored::NoResource)?;
    let kind = ResourceType::of(&resource).ok_or(Ignored::NoResource)?;
    let topic = ArmScope::parse(topic).map_err(|_| Ignored::WrongTopic)?;
    if !topic.contains(&resource) {
        return Err(Ignored::WrongTopic);
    }
    if !kind.can_have_identity() {
        return Err(Ignored::TypeWithoutIdentity);
    }
    Ok(ResourceWritten { resource, topic, time, cause: Cause::default() })
}
