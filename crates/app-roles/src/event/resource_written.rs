//! The event of a resource that was created or changed.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use time::OffsetDateTime;

use super::{envelope::Envelope, ignored::Ignored};
use crate::{
    arm::ArmScope,
    ids::{Guid, ObjectId},
    resource_type::ResourceType,
};

/// The event type of a resource that was created or changed ("Azure subscription as an Event Grid
/// source").
pub const RESOURCE_WRITTEN: &str = "Microsoft.Resources.ResourceWriteSuccess";

/// The event type of another publisher for the same changes ("Azure Resource Notifications - Resource
/// Management events").
pub const RESOURCE_CREATED_OR_UPDATED: &str =
    "Microsoft.ResourceNotifications.Resources.CreatedOrUpdated";

/// A resource that can have an identity was created or changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResourceWritten {
    /// The resource.
    pub resource: ArmScope,
    /// The subscription or resource group that the event subscription belongs to.
    pub topic: ArmScope,
    /// The time of the change.
    pub time: Option<OffsetDateTime>,
    /// The cause of the change, for the log.
    pub cause: Cause,
}

/// The cause of an event, for the log. It decides nothing, because an event proves no identity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Cause {
    /// The object id of the author.
    pub author: Option<ObjectId>,
    /// The id of the operation in Azure's activity log.
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

impl ResourceWritten {
    /// Checks that the subject is a resource that can have an identity and lies in the topic.
    pub(super) fn new(
        subject: &str,
        topic: &str,
        time: Option<OffsetDateTime>,
        data: Option<&RawValue>,
    ) -> Result<Self, Ignored> {
        let resource = ArmScope::parse(subject).map_err(|_| Ignored::NoResource)?;
        let resource_type = ResourceType::of(&resource).ok_or(Ignored::NoResource)?;
        let topic = ArmScope::parse(topic).map_err(|_| Ignored::WrongTopic)?;
        if !topic.contains(&resource) {
            return Err(Ignored::WrongTopic);
        }
        if !resource_type.can_have_identity() {
            return Err(Ignored::TypeWithoutIdentity);
        }
        Ok(Self { resource, topic, time, cause: data.map(cause).unwrap_or_default() })
    }

    /// Writes the event as JSON in ASCII, without its author.
    pub fn to_json(&self) -> Result<String, serde_json::Error> {
        let data = WrittenData { correlation_id: self.cause.correlation_id };
        Envelope::new(RESOURCE_WRITTEN, self.time, data)
            .with_subject(self.topic.as_str(), self.resource.as_str())
            .to_json()
    }
}

/// The data that the broker writes.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct WrittenData {
    #[serde(skip_serializing_if = "Option::is_none")]
    correlation_id: Option<Guid>,
}

/// The data that Azure writes, as far as it is read.
#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase")]
struct ReadData<'a> {
    #[serde(borrow)]
    correlation_id: Option<&'a RawValue>,
    #[serde(borrow)]
    claims: Option<&'a RawValue>,
}

/// The one claim that is read.
#[derive(Deserialize)]
struct Claims {
    #[serde(rename = "http://schemas.microsoft.com/identity/claims/objectidentifier")]
    object_id: Option<String>,
}

fn cause(data: &RawValue) -> Cause {
    let data: ReadData<'_> = serde_json::from_str(data.get()).unwrap_or_default();
    let correlation_id = data.correlation_id.and_then(|id| serde_json::from_str(id.get()).ok());
    Cause { author: data.claims.and_then(author), correlation_id }
}

/// Reads the author from the claims. They are an object or a string that contains one: Azure's
/// libraries have written both.
fn author(claims: &RawValue) -> Option<ObjectId> {
    let claims: Claims = match serde_json::from_str::<String>(claims.get()) {
        Ok(text) => serde_json::from_str(&text).ok()?,
        Err(_) => serde_json::from_str(claims.get()).ok()?,
    };
    ObjectId::parse(&claims.object_id?).ok()
}
