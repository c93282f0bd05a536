//! Ids as distinct types, so that a client id cannot be used as an object id.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use uuid::Uuid;

use crate::json::parse_string;

/// Length of a GUID with hyphens, the only spelling that Graph and ARM use.
const GUID_TEXT_LENGTH: usize = 36;

/// The error for a text that is not a GUID.
///
/// It does not repeat the text, which can be anything, because errors are logged.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("expected a GUID: 36 characters such as 11111111-2222-3333-4444-555555555555")]
pub struct NotAGuid;

fn parse_guid(text: &str) -> Result<Uuid, NotAGuid> {
    if text.len() != GUID_TEXT_LENGTH {
        return Err(NotAGuid);
    }
    Uuid::try_parse(text).map_err(|_| NotAGuid)
}

macro_rules! guid_newtype {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        ///
        /// On the wire: a JSON string, a GUID of 36 characters with hyphens.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(Uuid);

        impl $name {
            /// Reads a GUID of 36 characters with hyphens, in either case. Other spellings are refused.
            pub fn parse(text: &str) -> Result<Self, NotAGuid> {
                parse_guid(text).map(Self)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(&self.0, formatter)
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                self.0.serialize(serializer)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                parse_string(deserializer, Self::parse)
            }
        }
    };
}

guid_newtype! {
    /// The object id of a service principal in this tenant (ARM calls it `principalId`).
    ObjectId
}

guid_newtype! {
    /// The id of an application, equal in every tenant. For a managed identity, this is its client id.
    AppId
}

guid_newtype! {
    /// The id of an app role, unique within the API that defines it.
    AppRoleId
}

guid_newtype! {
    /// The Functions host's id of one invocation.
    InvocationId
}

guid_newtype! {
    /// The id of a request that waits for approval.
    ApprovalId
}

guid_newtype! {
    /// A GUID that may be any kind of id.
    Guid
}

impl AppRoleId {
    /// The role id of an assignment without a role ("Grant an appRoleAssignment to a service principal").
    pub const DEFAULT_ACCESS: Self = Self(Uuid::nil());
}

impl Guid {
    /// A GUID derived from a text: equal texts give the same one.
    #[must_use]
    pub fn derived_from(text: &str) -> Self {
        Self(Uuid::new_v5(&Uuid::NAMESPACE_OID, text.as_bytes()))
    }
}

impl From<Guid> for AppRoleId {
    fn from(guid: Guid) -> Self {
        Self(guid.0)
    }
}

impl From<Guid> for ObjectId {
    fn from(guid: Guid) -> Self {
        Self(guid.0)
    }
}

impl From<Guid> for AppId {
    fn from(guid: Guid) -> Self {
        Self(guid.0)
    }
}

impl ObjectId {
    /// A random id that no object has, for a random place in the order of ids.
    #[must_use]
    pub fn random() -> Self {
        Self(Uuid::new_v4())
    }
}

impl ApprovalId {
    /// The id of the request in a queue message, the same in each delivery. The storage service makes
    /// message ids unique.
    #[must_use]
    pub fn of_message(message_id: &str) -> Self {
        Self(Uuid::new_v5(&Uuid::NAMESPACE_OID, message_id.as_bytes()))
    }

    /// A random id.
    #[must_use]
    pub fn random() -> Self {
        Self(Uuid::new_v4())
    }
}

impl InvocationId {
    /// A random id, for an invocation that the host gave none.
    #[must_use]
    pub fn random() -> Self {
        Self(Uuid::new_v4())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_guid_without_hyphens_or_with_decoration_is_refused() {
        for text in [
            "",
            "06b708a9e8304db3a9148e69da51d44f",
            "{06b708a9-e830-4db3-a914-8e69da51d44f}",
            "urn:uuid:06b708a9-e830-4db3-a914-8e69da51d44f",
            "06b708a9-e830-4db3-a914-8e69da51d44",
            "06b708a9-e830-4db3-a914-8e69da51d44g",
            "06b708a9/e830-4db3-a914-8e69da51d44f",
        ] {
            assert_eq!(ObjectId::parse(text), Err(NotAGuid), "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn a_guid_is_read_back_in_either_case(bytes: [u8; 16]) {
            let text = Uuid::from_bytes(bytes).to_string();
            prop_assert_eq!(AppRoleId::parse(&text).unwrap().to_string(), text.clone());
            prop_assert_eq!(AppRoleId::parse(&text.to_uppercase()).unwrap().to_string(), text);
        }

        #[test]
        fn no_text_makes_parsing_panic(text: String) {
            let _ = ObjectId::parse(&text);
        }
    }
}
