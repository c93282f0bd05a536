//! The reasons for ignoring an event.

/// The reason why an event leads to no change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Ignored {
    /// The event is in no known schema.
    Unreadable,
    /// The event's type does not concern the broker.
    OtherType,
    /// The subject does not lie in the topic, so Azure did not write the event.
    WrongTopic,
    /// The subject is not a resource.
    NoResource,
    /// Resources of the subject's type have no identity.
    TypeWithoutIdentity,
    /// No rule of the baseline covers the subject, or the policy protects it.
    NoRule,
    /// The broker checked the resource after the event, and nothing was missing.
    Settled,
    /// The resource has no identity.
    NoIdentity,
    /// The identity is protected, or is the broker's own.
    Guarded,
}
