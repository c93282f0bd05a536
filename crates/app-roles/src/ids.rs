//! Ids as types of their own, so that a client id cannot stand where an object id belongs.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use uuid::Uuid;

use crate::parsed_string::parsed;

/// Length of a GUID written with hyphens, the only spelling that Graph and ARM use.
const GUID_TEXT_LENGTH: usize = 36;

/// A text that is not a GUID.
///
/// The text itself is not repeated: it may be anything, and errors are logged.
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
            /// Reads the hyphenated spelling, in either case; every other spelling is refused.
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
                parsed(deserializer, Self::parse)
            }
        }
    };
}

guid_newtype! {
    /// The object id of a service principal in this tenant (ARM calls it `principalId`).
    ObjectId
}

guid_newtype! {
    /// The id of an application, the same in every tenant; of a managed identity, its client id.
    AppId
}

guid_newtype! {
    /// The id of an app role, unique within the API that defines it.
    AppRoleId
}

guid_newtype! {
    /// The id that the Functions host gives to one invocation.
    InvocationId
}

guid_newtype! {
    /// A GUID that does not say what kind of id it is.
    Guid
}

impl AppRoleId {
    /// The id of an assignment without a role ("Grant an appRoleAssignment to a service principal").
    pub const DEFAULT_ACCESS: Self = Self(Uuid::nil());
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
    /// Somewhere in the order of ids. Nobody has it.
    #[must_use]
    pub fn random() -> Self {
        Self(Uuid::new_v4())
    }
}

impl InvocationId {
    /// An id for an invocation that came without one.
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
    fn spellings_other_than_the_hyphenated_one_are_refused() {
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
        fn what_is_written_is_read_again_in_either_case(bytes: [u8; 16]) {
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
